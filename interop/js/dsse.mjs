// DSSE envelopes (docs/spec/bytes.md), and the key claim, which is one (docs/spec/token.md).

import { base64, name, text } from "./bytes.mjs";
import { parseSigned } from "./json.mjs";
import { PublicKey } from "./keys.mjs";
import { refuse, within } from "./refusal.mjs";
import { seconds } from "./token.mjs";

export function pae(type, payload) {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

// An object of exactly these members.
export function requireExactly(object, members, field) {
  const known = object instanceof Map && object.size === members.length;
  if (!known || !members.every((member) => object.has(member))) refuse("malformed", { field });
}

export const readMember = (object, field, read) => within(field, () => read(object.get(field)));

export const anyString = (value) => (typeof value === "string" ? value : refuse("malformed"));

export function readDsse(bytes, type, limit) {
  const envelope = parseSigned(bytes, limit);
  requireExactly(envelope, ["payload", "payloadType", "signatures"], "envelope");
  readMember(envelope, "payloadType", (value) => value === type || refuse("malformed"));
  const signatures = envelope.get("signatures");
  if (!Array.isArray(signatures) || signatures.length !== 1) refuse("malformed", { field: "signatures" });
  requireExactly(signatures[0], ["keyid", "sig"], "signatures");
  const payload = readMember(envelope, "payload", (value) => base64(value));
  const keyid = readMember(signatures[0], "keyid", anyString);
  const signature = readMember(signatures[0], "sig", (value) => base64(value));
  return { payload, keyid, signature, input: pae(type, payload) };
}

const CLAIM_MAX_SECONDS = 300;

export function requireKeyClaim(bytes, { delegator, agent, challenge, now }) {
  const envelope = readDsse(bytes, "application/vnd.delegate.key-claim+json");
  const claim = parseSigned(envelope.payload);
  requireExactly(claim, ["challenge", "delegator", "exp", "key", "sub"]);
  const ends = (value) => (typeof claim.get("key") === "string" ? seconds(value) : refuse("malformed"));
  const said = { exp: ends, delegator: name, sub: name, key: PublicKey.fromText, challenge: text };
  for (const [member, read] of Object.entries(said)) said[member] = readMember(claim, member, read);
  said.key.requireSignature(envelope.signature, envelope.input);
  if (envelope.keyid !== said.key.id || said.challenge !== challenge) refuse("holder_mismatch", { field: "challenge" });
  if (said.delegator !== delegator || said.sub !== agent) refuse("identity_mismatch", { field: "sub" });
  if (said.exp <= now) refuse("expired", { field: "exp" });
  if (said.exp > now + CLAIM_MAX_SECONDS) refuse("window_too_long", { field: "exp" });
  return said.key;
}
