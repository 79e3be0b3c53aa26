// Revocation lists: reading one, which one is in force, what it ends: docs/spec/revocation.md.

import { name, sha256, strictlyAscending } from "./bytes.mjs";
import { anyString, readDsse, readMember, requireExactly } from "./dsse.mjs";
import { parseSigned } from "./json.mjs";
import { refuse, refusing } from "./refusal.mjs";
import { integer, seconds } from "./token.mjs";

const TYPE = "application/vnd.delegate.revocation-list+json";
const LIST_MAX_BYTES = 4_194_304;
const MAX_TOKENS = 65_536;
const MAX_KEYS = 16_384;
const TOKEN_ID = /^[a-z2-7]{25}[aeimquy4]$/;
const KEY_ID = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const STALENESS = 300;
const SKEW = 5;

function texts(value) {
  if (!Array.isArray(value) || value.some((each) => typeof each !== "string")) refuse("malformed");
  return strictlyAscending(value) ? new Set(value) : refuse("non_canonical");
}

function readPayload(payload, keyid) {
  const list = parseSigned(payload, LIST_MAX_BYTES);
  if (!Number.isInteger(list.get("v"))) refuse("malformed", { field: "v" });
  if (list.get("v") !== 1) refuse("unsupported_version", { field: "v" });
  requireExactly(list, ["v", "iss", "kid", "version", "issued_at", "next_update", "tokens", "keys"]);
  const read = (member, reader) => readMember(list, member, reader);
  const found = {
    iss: read("iss", name),
    kid: read("kid", anyString),
    version: read("version", integer(1, Number.MAX_SAFE_INTEGER)),
    issuedAt: read("issued_at", seconds),
    nextUpdate: read("next_update", seconds),
    tokens: read("tokens", texts),
    keys: read("keys", texts),
    hash: sha256(payload).toString("hex"),
  };
  if (found.kid !== keyid) refuse("malformed", { field: "kid" });
  if (found.nextUpdate <= found.issuedAt) refuse("malformed", { field: "next_update" });
  for (const [field, pattern, limit] of [["tokens", TOKEN_ID, MAX_TOKENS], ["keys", KEY_ID, MAX_KEYS]]) {
    if (found[field].size > limit) refuse("too_large", { field });
    if ([...found[field]].some((each) => !pattern.test(each))) refuse("malformed", { field });
  }
  return found;
}

function requireListKey(list, trust, now) {
  const record = trust.issuers.get(list.iss)?.keys.get(list.kid) ?? refuse("key_unknown", { field: "iss" });
  trust.requireInService(record, "revoke", now);
}

export function readList(bytes, trust, now, skew = SKEW) {
  const envelope = readDsse(bytes, TYPE, LIST_MAX_BYTES);
  const holders = [...trust.issuers.values()].map((issuer) => issuer.keys.get(envelope.keyid));
  const record = holders.find((each) => each !== undefined) ?? refuse("key_unknown", { field: "kid" });
  record.key.requireSignature(envelope.signature, envelope.input);
  const list = readPayload(envelope.payload, envelope.keyid);
  requireListKey(list, trust, now);
  if (list.issuedAt - skew > now) refuse("created_in_future", { field: "issued_at" });
  return list;
}

// The lists in force, one for each issuer.
export class Revocations {
  #lists = new Map();

  constructor(trust) {
    this.trust = trust;
  }

  accept(bytes, now) {
    const list = readList(bytes, this.trust, now);
    const last = this.#lists.get(list.iss);
    const older = last !== undefined && list.version < last.version;
    const other = last !== undefined && list.version === last.version && list.hash !== last.hash;
    if (older || other) refuse("revocation_unavailable", { field: "version" });
    this.#lists.set(list.iss, list);
  }

  #inForce(iss, now) {
    const unavailable = (field) => refuse("revocation_unavailable", { field });
    const list = this.#lists.get(iss) ?? unavailable("issued_at");
    const goodUntil = Math.min(list.nextUpdate, list.issuedAt + STALENESS);
    if (!(list.issuedAt - SKEW <= now && now < goodUntil)) unavailable("issued_at");
    const change = (refusal) => Object.assign(refusal, { code: "revocation_unavailable", field: "kid" });
    refusing(() => requireListKey(list, this.trust, now), change);
    return list;
  }

  requireChain(links, now) {
    const { keys, tokens } = this.#inForce(links[0].iss, now);
    if (keys.has(links[0].kid)) refuse("revoked", { block: 0, field: "kid" });
    links.forEach((link, block) => {
      if (tokens.has(link.id)) refuse("revoked", { block, field: "token_id" });
      if (keys.has(link.key.id)) refuse("revoked", { block, field: "key" });
    });
  }

  requireKey(iss, keyid, now) {
    if (this.#inForce(iss, now).keys.has(keyid)) refuse("revoked", { field: "keyid" });
  }
}
