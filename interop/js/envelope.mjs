// The signed request: its headers, our member of Signature-Input, the target and the signature base:
// docs/spec/envelope.md. Text is Latin-1 here, one character for each byte on the wire.

import { authorities, ascending, base64, base64url, name, sha256 } from "./bytes.mjs";
import { INNER_LIST, readByteSequences, readDictionary } from "./fields.mjs";
import { HTTP_ALGORITHMS } from "./keys.mjs";
import { refuse, refusing } from "./refusal.mjs";

// --- headers ---------------------------------------------------------------------------------------

const OPAQUE = [
  "content-type", "content-encoding", "authorization", "cookie",
  "idempotency-key", "mcp-session-id", "mcp-protocol-version",
];
const LINE_MAX = { host: 8192, "content-digest": 8192, "agent-identity": 512, delegation: 6148 };
for (const name of OPAQUE) LINE_MAX[name] = 8192;
const JOINED = ["signature-input", "signature"];
const JOINED_MAX = 8192;

// Step 1. Name in lower case -> its values, without white space at their ends, in the order of the lines.
export function readHeaders(lines) {
  const headers = new Map();
  for (const [given, raw] of lines) {
    const [name, value] = [given.toLowerCase(), raw.replace(/^[ \t]+|[ \t]+$/g, "")];
    const values = headers.get(name) ?? [];
    if (values.length > 0 && Object.hasOwn(LINE_MAX, name)) refuse("header_duplicate", { component: name });
    headers.set(name, [...values, value]);
    const size = JOINED.includes(name) ? headers.get(name).join(", ").length : value.length;
    const limit = JOINED.includes(name) ? JOINED_MAX : (LINE_MAX[name] ?? Infinity);
    if (size > limit) refuse("header_too_large", { component: name });
  }
  return headers;
}

// --- picking our signature -------------------------------------------------------------------------

const MAX_MEMBERS = 4;
const INPUT_MAX = 2048;
const SIGNATURE_MAX = 128;
const TAG = "delegate-v1";
const LIST_AT_FIRST = /^\((?:"(?:[^"\\]|\\[^])*"|[^"()])*\)/;

const joined = (headers, name) =>
  (headers.get(name) ?? refuse("signature_missing", { component: name })).join(", ");

// Step 2: {label, input: text of our member from "(" on, signature: 64 bytes, encoded: the same in base64}.
export function pickSignature(headers, tag = TAG) {
  const [inputText, signatureText] = JOINED.map((name) => joined(headers, name));
  const component = "signature-input";
  const inputs = readDictionary(inputText, LIST_AT_FIRST, "signature_input_malformed", component);
  if (inputs.size > MAX_MEMBERS) refuse("header_too_large", { component });
  let label;
  for (const [each, text] of inputs) {
    const ours = text.slice(LIST_AT_FIRST.exec(text)[0].length).includes(`;tag="${tag}"`);
    if (!ours && !INNER_LIST.test(text)) refuse("signature_input_malformed", { component });
    if (ours && label !== undefined) refuse("signature_ambiguous", { component });
    if (ours) label = each;
  }
  if (label === undefined) refuse("signature_missing", { component });
  const input = inputs.get(label);
  return { label, input, ...readMember(input, () => pickBytes(signatureText, label, `${label}=${input}`)) };
}

// What `read` makes of the list and of the parameters of our member. Whatever it refuses, a member against the RFC's
// grammar is refused for that.
export function readMember(input, read) {
  const change = (refusal) => {
    if (INNER_LIST.test(input)) return;
    Object.assign(refusal, { code: "signature_input_malformed", component: "signature-input", field: undefined });
  };
  return refusing(() => {
    const [list] = LIST_AT_FIRST.exec(input);
    return read(list, input.slice(list.length));
  }, change);
}

function pickBytes(text, label, input) {
  const component = "signature";
  const members = readByteSequences(text, "signature_malformed", component);
  if (members.size > MAX_MEMBERS) refuse("header_too_large", { component });
  const ours = members.get(label) ?? refuse("signature_missing", { component });
  if (input.length > INPUT_MAX) refuse("header_too_large", { component: "signature-input" });
  if (`${label}=:${ours.encoded}:`.length > SIGNATURE_MAX) refuse("header_too_large", { component });
  if (ours.text !== `:${ours.encoded}:`) refuse("signature_malformed", { component, field: label });
  const change = (refusal) => Object.assign(refusal, { code: "signature_malformed", component });
  return { encoded: ours.encoded, signature: refusing(() => base64(ours.encoded, 64), change) };
}

// --- our member of Signature-Input -----------------------------------------------------------------

export const COMPONENT = "@?[a-z0-9!#$%&'*+.^_`|~-]+";
const LIST = new RegExp(`^\\((?:"${COMPONENT}"(?: "${COMPONENT}")*)?\\)$`);
const WITH_PARAMETER = new RegExp(`"(${COMPONENT})";`);
export const MAX_COMPONENTS = 24;
export const DERIVED = ["@method", "@authority", "@path", "@query"];
const ALWAYS = [...DERIVED, "agent-identity"];
const PARAMETERS = ["created", "expires", "nonce", "keyid", "alg", "tag"];
const PARAMETER = /;([a-z*][a-z0-9_.*-]*)(?:=((?:"(?:[^"\\]|\\[^])*"|[^;" ])*))?|[^]+?(?=;|$)/g;
const SECONDS = /^(?:0|[1-9][0-9]{0,10})$/;
const FINER = /^[1-9][0-9]{11,14}$/;
const STRING = /^"([ !#-\[\]-~]*)"$/;

export function parseComponents(list) {
  if (!LIST.test(list)) {
    const found = WITH_PARAMETER.exec(list);
    const [, component] = found ?? refuse("signature_input_malformed", { component: "signature-input" });
    refuse("component_unsupported", { component });
  }
  const components = [...list.matchAll(/"([^"]*)"/g)].map(([, component]) => component);
  if (components.length > MAX_COMPONENTS) refuse("signature_input_malformed", { component: "signature-input" });
  components.forEach((component, at) => {
    if (component.startsWith("@") && !DERIVED.includes(component)) refuse("component_unsupported", { component });
    if (components.lastIndexOf(component) > at) refuse("component_duplicate", { component });
  });
  const missing = ascending(ALWAYS).find((component) => !components.includes(component));
  if (missing !== undefined) refuse("component_missing", { component: missing });
  return components;
}

function readParameter(name, value, tag) {
  const time = name === "created" || name === "expires";
  if (time && FINER.test(value)) refuse("timestamp_unit", { component: name });
  const [whole, inner] = (time ? SECONDS : STRING).exec(value ?? "") ?? refuse("param_malformed", { component: name });
  if (name === "tag" && inner !== tag) refuse("param_malformed", { component: name });
  return time ? Number(whole) : inner;
}

// `wanted`: the names of all parameters, each of which stands there once.
export function parseParameters(text, wanted = PARAMETERS, tag = TAG) {
  const found = {};
  // Each a parameter, or whatever else stands up to the next one, without a name.
  const pieces = [...text.matchAll(PARAMETER)].map(([, name, value]) => ({ name, value }));
  const names = pieces.map(({ name }) => name);
  pieces.forEach(({ name, value }, at) => {
    if (name === undefined) return;
    if (!wanted.includes(name) || names.lastIndexOf(name) > at) refuse("param_malformed", { component: name });
    found[name] = readParameter(name, value, tag);
  });
  if (names.includes(undefined)) refuse("param_malformed", { component: "signature-input" });
  const missing = wanted.find((name) => !(name in found));
  if (missing !== undefined) refuse("param_missing", { component: missing });
  if (!HTTP_ALGORITHMS.has(found.alg)) refuse("alg_not_allowed", { component: "alg" });
  return found;
}

function requireNonce({ nonce }) {
  const change = (refusal) => Object.assign(refusal, { code: "nonce_malformed", component: "nonce" });
  refusing(() => base64url(nonce, 16), change);
}

// {components, parameters} of our member.
export function readInput(input) {
  return readMember(input, (list, rest) => {
    const found = { components: parseComponents(list), parameters: parseParameters(rest) };
    requireNonce(found.parameters);
    return found;
  });
}

// --- what must be covered --------------------------------------------------------------------------

const WHEN_PRESENT = [...OPAQUE, "delegation"];
const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"];
const WITH_BODY = ["POST", "PUT", "PATCH", "DELETE"];

// Step 3, behind readInput.
export function requireCovered({ method, headers, components, mustCover, proxyAdds }) {
  const first = (names, wrong) => ascending(names).find(wrong);
  const uncovered = (name) => !components.includes(name);
  const missing = first(mustCover, uncovered);
  if (missing !== undefined) refuse("component_missing", { component: missing });
  const undigested = WITH_BODY.includes(method) && uncovered("content-digest");
  if (undigested) refuse("component_missing", { component: "content-digest" });
  const twice = first(components, (name) => headers.get(name)?.length > 1);
  if (twice !== undefined) refuse("header_duplicate", { component: twice });
  const override = first(OVERRIDES, (name) => headers.has(name));
  if (override !== undefined) refuse("method_rejected", { component: override });
  const open = first(WHEN_PRESENT, (name) => headers.has(name) && uncovered(name) && !proxyAdds.includes(name));
  if (open !== undefined) refuse("header_not_covered", { component: open });
}

// --- target ----------------------------------------------------------------------------------------

const METHOD = /^(?!CONNECT$)[A-Z][A-Z-]{0,30}[A-Z]$/;
const ESCAPE = "%[0-9A-Fa-f]{2}";
const SEGMENT = `(?:(?!%(?:2[Ff]|5[Cc]|00))(?:[!"$&-.0->@A-[\\]-~]|${ESCAPE}))+`;
const PATH = new RegExp(`^/(?:${SEGMENT}(?:/${SEGMENT})*/?)?$`);
const DOTS = /^(?:\.|%2[Ee]){1,2}$/;
const QUERY = new RegExp(`^(?:[!"$&-~]|${ESCAPE})*$`);
const TARGET_MAX = 8192;
const UTF8 = new TextDecoder("utf-8", { fatal: true });

function isUtf8(path) {
  const bytes = path.replace(/%([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  try {
    return UTF8.decode(Buffer.from(bytes, "latin1")) !== undefined;
  } catch {
    return false;
  }
}

export function requireMethod(method) {
  if (!METHOD.test(method)) refuse("method_rejected", { component: "@method" });
}

export function selectOrigin(origins, host) {
  const named = (origin) => authorities(origin).some((each) => each === host || each === host?.toLowerCase());
  return origins.find(named) ?? refuse("authority_rejected", { component: "@authority" });
}

export function requireTarget(path, query) {
  const rejected = (component) => refuse("target_rejected", { component });
  if (path.length + query.length > TARGET_MAX) rejected("@path");
  if (!PATH.test(path) || path.split("/").some((segment) => DOTS.test(segment)) || !isUtf8(path)) rejected("@path");
  if (!QUERY.test(query)) rejected("@query");
}

// --- time ------------------------------------------------------------------------------------------

export function requireWindow({ created, expires }, { window_max: window, skew }, now) {
  if (expires <= created) refuse("param_malformed", { component: "expires" });
  if (expires - created > window) refuse("window_too_long", { component: "expires" });
  requireNow({ created, expires }, skew, now);
}

export function requireNow({ created, expires }, skew, now) {
  if (created - skew > now) refuse("created_in_future", { component: "created" });
  if (now >= expires) refuse("expired", { component: "expires" });
}

// --- the signature base ----------------------------------------------------------------------------

export const derivedValues = ({ method, origin, path, query }) =>
  new Map([["@method", method], ["@authority", authorities(origin)[0]], ["@path", path], ["@query", `?${query}`]]);

// `lines`: identifier of a component, with its quotes, and its value.
export function joinBase(lines, input) {
  if (lines.some(([, text]) => /[\r\n\0\x80-\xFF]/.test(text))) refuse("malformed", { component: "signature-input" });
  return Buffer.from([...lines, ['"@signature-params"', input]].map((line) => line.join(": ")).join("\n"));
}

// The base and its hash, which is the id of the request.
export function signatureBase({ headers, components, input, ...target }) {
  const derived = derivedValues(target);
  const absent = components.find((name) => !derived.has(name) && !headers.has(name));
  if (absent !== undefined) refuse("component_missing", { component: absent });
  const value = (name) => derived.get(name) ?? headers.get(name)[0];
  const base = joinBase(components.map((name) => [`"${name}"`, value(name)]), input);
  return { base, requestId: sha256(base).toString("hex") };
}

// --- Agent-Identity, Delegation, Content-Digest ----------------------------------------------------

const TEXT = '"([ !#-\\[\\]-~]{1,128})"';
const IDENTITY = new RegExp(`^${TEXT}(?:;run=${TEXT})?(?:;svc=${TEXT})?(?:;wl=${TEXT})?(?:;sid=${TEXT})?$`);

export function readIdentity(headers) {
  const component = "agent-identity";
  const [value] = headers.get(component) ?? refuse("component_missing", { component });
  const [, agent] = IDENTITY.exec(value) ?? refuse("malformed", { component });
  return refusing(() => name(agent), (refusal) => Object.assign(refusal, { component, field: "agent" }));
}

// The text of the token; undefined where the request carries none.
export function readDelegation(headers) {
  const [value] = headers.get("delegation") ?? [];
  if (value === undefined) return undefined;
  return (/^t="([^"]*)"$/.exec(value) ?? refuse("delegation_malformed", { component: "delegation" }))[1];
}

export function requireDigest(headers, body) {
  const component = "content-digest";
  const members = readByteSequences(headers.get(component)[0], "digest_malformed", component);
  if (members.size > MAX_MEMBERS) refuse("header_too_large", { component });
  const ours = members.get("sha-256") ?? refuse("digest_unsupported", { component });
  const change = (refusal) => Object.assign(refusal, { code: "digest_malformed", component });
  const digest = refusing(() => base64(ours.encoded, 32), change);
  if (!digest.equals(sha256(body))) refuse("digest_mismatch", { component });
}
