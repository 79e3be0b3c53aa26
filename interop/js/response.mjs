// The answer that a server signed for one request: docs/spec/response.md, Verification. Text is Latin-1 here, one
// character for each byte on the wire.

import { ascending } from "./bytes.mjs";
import {
  COMPONENT, DERIVED, MAX_COMPONENTS, derivedValues, joinBase, parseParameters, pickSignature, readHeaders, readInput,
  readMember, requireDigest, selectOrigin,
} from "./envelope.mjs";
import { refuse } from "./refusal.mjs";

const TAG = "delegate-response-v1";
const PARAMETERS = ["created", "keyid", "alg", "tag"];
const LABEL = "[a-z*][a-z0-9_.*-]*";
const ITEM = `"${COMPONENT}"(?:;req(?:;key="${LABEL}")?)?`;
const LIST = new RegExp(`^\\((?:${ITEM}(?: ${ITEM})*)?\\)$`);
const ITEMS = new RegExp(`"(${COMPONENT})"(;req(?:;key="${LABEL}")?)?`, "g");
const WITH_PARAMETER = new RegExp(`"(${COMPONENT})";(?!req(?:;key="${LABEL}")?[ )])`);
const WHEN_PRESENT = ["content-type", "content-encoding", "location"];
const WITHOUT_CONTENT = [204, 304];

// --- the request that was sent ---------------------------------------------------------------------

// The origin that was asked, and what an answer may say of the request: component as it stands in the list, without
// the quotes, and its value.
function readRequest({ method, path, query, headers: lines }, origins) {
  const headers = readHeaders(lines);
  const { label, input, encoded } = pickSignature(headers);
  const origin = selectOrigin(origins, headers.get("host")?.[0]);
  const values = new Map();
  for (const [name, value] of derivedValues({ method, origin, path, query })) values.set(`${name};req`, value);
  values.set(`signature;req;key="${label}"`, `:${encoded}:`);
  const digested = readInput(input).components.includes("content-digest");
  if (digested) values.set("content-digest;req", headers.get("content-digest")[0]);
  return { method, origin, values };
}

// --- step 3: our member ----------------------------------------------------------------------------

// Each component is {name, parameters, id}; its id is how it stands in the list, without the quotes.
function parseComponents(list, sent) {
  if (!LIST.test(list)) {
    const [, component] = WITH_PARAMETER.exec(list) ?? refuse("signature_input_malformed", { component: "signature-input" });
    refuse("component_unsupported", { component });
  }
  const components = [...list.matchAll(ITEMS)].map(([, name, parameters = ""]) => ({ name, id: name + parameters }));
  if (components.length > MAX_COMPONENTS) refuse("signature_input_malformed", { component: "signature-input" });
  const ids = components.map(({ id }) => id);
  components.forEach(({ name, id }, at) => {
    const plain = name === id && (name === "@status" || !name.startsWith("@"));
    if (!plain && !sent.has(id)) refuse("component_unsupported", { component: name });
    if (ids.lastIndexOf(id) > at) refuse("component_duplicate", { component: id });
  });
  const missing = ascending(["@status", ...sent.keys()]).find((id) => !ids.includes(id));
  if (missing !== undefined) refuse("component_missing", { component: missing });
  return components;
}

// --- step 4: what must be covered ------------------------------------------------------------------

function requireCovered({ headers, ids, hasContent }) {
  const first = (names, wrong) => ascending(names).find(wrong);
  if (hasContent && !ids.includes("content-digest")) refuse("component_missing", { component: "content-digest" });
  const twice = first(ids, (id) => headers.get(id)?.length > 1);
  if (twice !== undefined) refuse("header_duplicate", { component: twice });
  const open = WHEN_PRESENT.find((name) => headers.has(name) && !ids.includes(name));
  if (open !== undefined) refuse("header_not_covered", { component: open });
}

// --- the whole answer ------------------------------------------------------------------------------

// `request` is the one that was sent, to one of `origins`; `keys` are ServerKeys.
export function verifyResponse({ request, response, keys, origins, now }) {
  const sent = readRequest(request, origins);
  const headers = readHeaders(response.headers);
  const { input, signature } = pickSignature(headers, TAG);
  const { components, parameters } = readMember(input, (list, rest) => ({
    components: parseComponents(list, sent.values),
    parameters: parseParameters(rest, PARAMETERS, TAG),
  }));
  const ids = components.map(({ id }) => id);
  const hasContent = sent.method !== "HEAD" && !WITHOUT_CONTENT.includes(response.status);
  requireCovered({ headers, ids, hasContent });
  const key = keys.signer(sent.origin, parameters.keyid, now);
  if (parameters.alg !== key.algorithm) refuse("alg_key_mismatch", { component: "alg" });
  key.requireHttpSignature(signature, signatureBase({ status: response.status, headers, components, input, sent }));
  if (hasContent) requireDigest(headers, response.body);
  else if (response.body.length > 0) refuse("body_unexpected", { component: "content-digest" });
}

function signatureBase({ status, headers, components, input, sent }) {
  const value = (id) => {
    if (id === "@status") return String(status);
    return sent.values.get(id) ?? (headers.get(id) ?? refuse("component_missing", { component: id }))[0];
  };
  return joinBase(components.map(({ name, id }) => [`"${name}"${id.slice(name.length)}`, value(id)]), input);
}
