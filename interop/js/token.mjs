// The delegation token dlg1: reading, and what the bytes alone decide (pass one): docs/spec/token.md.

import { ascending, base32, base64url, name, origin, sha256, strictlyAscending, text } from "./bytes.mjs";
import { parseSigned } from "./json.mjs";
import { PublicKey } from "./keys.mjs";
import { refuse, refusing } from "./refusal.mjs";
import { Scope } from "./scope.mjs";

const MAX_CHARACTERS = 16_384;
const MAX_BLOCKS = 16;
const MAX_ORIGINS = 16;
const MAX_HOPS = 15;
export const TIMESTAMP_MAX = 99_999_999_999;

// --- members ---------------------------------------------------------------------------------------

export const integer = (low, high) => (value) =>
  Number.isInteger(value) && value >= low && value <= high ? value : refuse("malformed");
export const seconds = integer(0, TIMESTAMP_MAX);

function audience(value) {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_ORIGINS) refuse("malformed");
  value.forEach(origin);
  return strictlyAscending(value) ? value : refuse("non_canonical");
}

// A refusal of `read` in the words of a token: "malformed" has a name of its own there, and the field is told.
function member(block, field, read) {
  const value = block.get(field);
  if (value === undefined) return undefined;
  return refusing(() => read(value), (refusal) => {
    if (refusal.code === "malformed") refusal.code = "delegation_malformed";
    refusal.field ??= field;
  });
}

const REQUIRED = {
  root: ["v", "iss", "kid", "sub", "key", "iat", "n", "exp", "dep", "aud", "sc"],
  other: ["sub", "key", "iat", "n"],
};
const OPTIONAL = { root: ["root", "why"], other: ["exp", "dep", "aud", "sc", "why"] };

function requireMembers(block, kind) {
  if (block.has("bud")) refuse("budget_unmetered", { field: "bud" });
  if (block.has("apr")) refuse("approval_required", { field: "apr" });
  const missing = ascending(REQUIRED[kind]).find((field) => !block.has(field));
  if (missing !== undefined) refuse("delegation_malformed", { field: missing });
  const known = [...REQUIRED[kind], ...OPTIONAL[kind]];
  const unknown = ascending(block.keys()).find((field) => !known.includes(field));
  if (unknown !== undefined) refuse("delegation_malformed", { field: unknown });
}

function readBlock(payload, isRoot) {
  const block = refusing(() => parseSigned(payload), (refusal) => {
    if (refusal.code === "malformed") refusal.code = "delegation_malformed";
  });
  requireMembers(block, isRoot ? "root" : "other");
  if (isRoot && block.get("v") !== 1) refuse("unsupported_version", { field: "v" });
  const read = (field, reader) => member(block, field, reader);
  const found = { iss: read("iss", name), kid: read("kid", text), root: read("root", text) };
  found.iat = read("iat", seconds);
  found.exp = read("exp", seconds);
  if (found.exp !== undefined && found.exp <= found.iat) refuse("delegation_malformed", { field: "exp" });
  found.sub = read("sub", name);
  found.key = read("key", PublicKey.fromText);
  read("n", (value) => base64url(value, 12));
  found.dep = read("dep", integer(0, MAX_HOPS));
  found.aud = read("aud", audience);
  found.sc = read("sc", Scope.read);
  read("why", text);
  return found;
}

// --- the chain -------------------------------------------------------------------------------------

function readLink(prefix, payloadText, signatureText, isRoot) {
  const part = (field, value, size) => {
    const change = (refusal) => Object.assign(refusal, { code: "delegation_malformed", field });
    return refusing(() => base64url(value, size), change);
  };
  const payload = part("payload", payloadText);
  const signature = part("signature", signatureText, 64);
  const block = readBlock(payload, isRoot);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return {
    ...block,
    signature,
    input: Buffer.concat([Buffer.from("delegate/v1/block\0"), prefix, payload]),
    id: base32(sha256("delegate/v1/id\0", prefix, payload).subarray(0, 16)),
    next: sha256("delegate/v1/prefix\0", prefix, length, payload, signature),
  };
}

// The effective values of a block, of which an optional member that is missing says "as the parent".
function effective(link, above) {
  const least = (stated, inherited) => Math.min(stated ?? inherited, inherited);
  if (above === undefined) return { exp: link.exp, aud: link.aud, sc: link.sc, hops: link.dep };
  return {
    exp: least(link.exp, above.exp),
    aud: above.aud.filter((each) => (link.aud ?? above.aud).includes(each)),
    sc: link.sc ?? above.sc,
    hops: least(link.dep, above.hops - 1),
  };
}

// Everything that is read before any cryptography. Nothing of it is believed yet.
export function parseToken(source) {
  if (source.length > MAX_CHARACTERS) refuse("too_large");
  const [word, ...parts] = source.split(".");
  if (word !== "dlg1") refuse(word.startsWith("dlg") ? "unsupported_version" : "delegation_malformed");
  if (parts.length > 2 * MAX_BLOCKS) refuse("too_large");
  if (parts.length === 0 || parts.length % 2 === 1) refuse("delegation_malformed");
  const links = [];
  let prefix = Buffer.alloc(32);
  for (let at = 0; at < parts.length; at += 2) {
    const block = links.length;
    const place = (refusal) => (refusal.block = block);
    const link = refusing(() => readLink(prefix, parts[at], parts[at + 1], block === 0), place);
    links.push({ ...link, effective: effective(link, links.at(-1)?.effective) });
    prefix = link.next;
  }
  return links;
}

// --- pass one --------------------------------------------------------------------------------------

function requireNarrower(link, parent, block) {
  const widened = (field) => refuse("widened", { block, field });
  const above = parent.effective;
  if (link.iat < parent.iat) widened("iat");
  if (link.exp !== undefined && link.exp > above.exp) widened("exp");
  if (link.aud !== undefined && !link.aud.every((each) => above.aud.includes(each))) widened("aud");
  if (link.sc !== undefined) above.sc.requireContains(link.sc, block);
  if (above.hops === 0) refuse("depth_exceeded", { block, field: "dep" });
  if (link.dep !== undefined && link.dep > above.hops - 1) widened("dep");
}

export function requireProof(links, issuerKey) {
  links.forEach((link, block) => {
    const signer = block === 0 ? issuerKey : links[block - 1].key;
    const change = (refusal) => Object.assign(refusal, { code: "delegation_signature_invalid", block });
    refusing(() => signer.requireSignature(link.signature, link.input), change);
    if (block > 0) requireNarrower(link, links[block - 1], block);
  });
}
