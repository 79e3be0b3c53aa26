// Base64 in its one spelling, hashes, order by UTF-8, and names: docs/spec/bytes.md.

import { createHash } from "node:crypto";
import { refuse } from "./refusal.mjs";

export const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

// Decode, encode again, compare: that refuses padding, white space, stray bits and foreign characters at once.
function decode(text, alphabet, size) {
  if (typeof text !== "string") refuse("malformed");
  const bytes = Buffer.from(text, alphabet);
  if (bytes.toString(alphabet) !== text) refuse("malformed");
  if (size !== undefined && bytes.length !== size) refuse("malformed");
  return bytes;
}

export const base64 = (text, size) => decode(text, "base64", size);
export const base64url = (text, size) => decode(text, "base64url", size);

export function base32(bytes) {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => "abcdefghijklmnopqrstuvwxyz234567"[parseInt(group.padEnd(5, "0"), 2)]).join("");
}

// Order of code points, which is that of UTF-8 and not the one of JavaScript's "<".
export const compare = (left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right));
export const ascending = (texts) => [...texts].sort(compare);
export const strictlyAscending = (texts) =>
  texts.every((text, at) => at === 0 || compare(texts[at - 1], text) < 0);

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}$/;
const LABEL = /^[a-z][a-z0-9_.-]{0,63}$/;
const NOT_TEXT = new RegExp(
  "[\\0-\\x1F\\x7F-\\x9F\\xAD\\u034F\\u061C\\u115F-\\u1160\\u17B4-\\u17B5\\u180B-\\u180F\\u200B-\\u200F" +
    "\\u2028-\\u202E\\u2060-\\u206F\\u3164\\uD800-\\uDFFF\\uFDD0-\\uFDEF\\uFEFF\\uFFA0\\uFFF0-\\uFFFB" +
    "\\u{E0000}-\\u{E0FFF}" +
    Array.from({ length: 17 }, (_, n) => `\\u{${n.toString(16)}FFFE}\\u{${n.toString(16)}FFFF}`).join("") +
    "]",
  "u",
);
const TEXT_MAX_BYTES = 256;

const HOST_LABEL = "[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?";
const ORIGIN = new RegExp(
  `^(https?)://(${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[0-9a-f:]{2,39}\\])(?::([1-9][0-9]{0,4}))?$`,
);
const GROUP = /^(?:0|[1-9a-f][0-9a-f]{0,3})$/;
const LOOPBACK = /^(localhost|\[::1\]|127(\.(0|[1-9][0-9]{0,2})){3})$/;
const DEFAULT_PORT = { https: 443, http: 80 };

const matching = (pattern) => (value) =>
  typeof value === "string" && pattern.test(value) ? value : refuse("malformed");

export const name = matching(NAME);
export const label = matching(LABEL);

export function text(value) {
  if (typeof value !== "string" || value === "") refuse("malformed");
  if (Buffer.byteLength(value) > TEXT_MAX_BYTES) refuse("too_large");
  if (NOT_TEXT.test(value)) refuse("malformed");
  return value;
}

// The eight groups of an IPv6 address, of which "::" stands for those that are left out; none where it is no address.
function groupsOf(address) {
  const [head, tail, ...rest] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const stated = [...head, ...(tail ?? [])];
  const left = 8 - stated.length;
  const fits = rest.length === 0 && (tail === undefined ? left === 0 : left > 1);
  if (!fits || !stated.every((group) => GROUP.test(group))) return [];
  return [...head, ...Array(left).fill("0"), ...(tail ?? [])];
}

// RFC 5952 section 4: the first of the longest runs of two zero groups or more is "::".
function shortIpv6(groups) {
  const text = groups.join(":");
  const runs = [...text.matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)];
  const [run] = runs.sort((one, other) => other[0].length - one[0].length);
  if (run === undefined) return text;
  return `${text.slice(0, run.index).replace(/:$/, "")}::${text.slice(run.index + run[0].length).replace(/^:/, "")}`;
}

export function origin(value) {
  const [, scheme, host, port] = ORIGIN.exec(text(value)) ?? refuse("malformed");
  if (port !== undefined && (port > 65535 || Number(port) === DEFAULT_PORT[scheme])) refuse("malformed");
  if (host.startsWith("[") && shortIpv6(groupsOf(host.slice(1, -1))) !== host.slice(1, -1)) refuse("malformed");
  if (scheme === "http" && !LOOPBACK.test(host)) refuse("malformed");
  return value;
}

// What follows "://", and the same with the scheme's default port where the origin states none.
export function authorities(value) {
  const [, scheme, , port] = ORIGIN.exec(value);
  const authority = value.slice(scheme.length + 3);
  return port === undefined ? [authority, `${authority}:${DEFAULT_PORT[scheme]}`] : [authority];
}
