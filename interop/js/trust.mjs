// The trust file, key records, and whether a key is in service: docs/spec/keys.md; and the file of server keys:
// docs/spec/response.md.

import { name, origin } from "./bytes.mjs";
import { parseStrict } from "./json.mjs";
import { PublicKey } from "./keys.mjs";
import { refuse, refusing } from "./refusal.mjs";
import { Scope } from "./scope.mjs";
import { integer, seconds } from "./token.mjs";

const USAGES = ["issue", "request", "response", "revoke", "approve", "checkpoint"];
const STATUSES = ["active", "retired", "repudiated"];
const FILE_MAX_BYTES = 67_108_864;

const configuration = (field) => refuse("configuration", { field });

// Whatever is wrong with a value stops the start, with its path; a part of a scope adds its name to it.
const stopping = (field, read) =>
  refusing(read, (refusal) => {
    const path = refusal.field === undefined ? field : `${field}.${refusal.field}`;
    if (refusal.code !== "configuration") Object.assign(refusal, { code: "configuration", field: path });
  });

// Reads one member at its path.
function take(object, path, member, read, left) {
  const field = path === "" ? member : `${path}.${member}`;
  if (!object.has(member)) return left === undefined ? configuration(field) : left();
  return stopping(field, () => read(object.get(member), field));
}

const optional = (read) => (value, field) => (value === null ? null : read(value, field));
const oneOf = (values) => (value) => (values.includes(value) ? value : refuse("malformed"));
const scope = (value) => (value instanceof Map ? Scope.read(value) : refuse("malformed"));
const flag = (value) => (typeof value === "boolean" ? value : refuse("malformed"));
const array = (item) => (value, field) =>
  (Array.isArray(value) ? value : refuse("malformed")).map((each, at) => {
    const place = `${field}[${at}]`;
    return stopping(place, () => item(each, place));
  });
const list = (item) => (value, field) => {
  const found = array(item)(value, field);
  return found.length > 0 ? found : refuse("malformed");
};

function requireMembers(object, path, known) {
  if (!(object instanceof Map)) configuration(path === "" ? "trust file" : path);
  const unknown = [...object.keys()].find((member) => !known.includes(member));
  if (unknown !== undefined) configuration(path === "" ? unknown : `${path}.${unknown}`);
}

const KEY_MEMBERS = [
  "key", "usages", "not_before", "not_after", "status", "retired_at",
  "agent", "direct_scope", "allow_issue_and_request",
];

function readKey(object, path) {
  requireMembers(object, path, KEY_MEMBERS);
  const read = (member, reader, left) => take(object, path, member, reader, left);
  const none = () => null;
  const record = {
    key: read("key", PublicKey.fromText),
    usages: read("usages", (value) => (Array.isArray(value) ? value.map(oneOf(USAGES)) : refuse("malformed"))),
    notBefore: read("not_before", seconds),
    notAfter: read("not_after", optional(seconds), none),
    status: read("status", oneOf(STATUSES), () => "active"),
    retiredAt: read("retired_at", optional(seconds), none),
    agent: read("agent", optional(name), none),
    directScope: read("direct_scope", optional(scope), none),
  };
  const both = read("allow_issue_and_request", flag, () => false);
  const usages = new Set(record.usages);
  const pair = both && usages.size === 2 && usages.has("issue") && usages.has("request");
  if (usages.size !== record.usages.length || (usages.size !== 1 && !pair)) configuration(`${path}.usages`);
  if (record.notAfter !== null && record.notAfter <= record.notBefore) configuration(`${path}.not_after`);
  if ((record.status === "retired") !== (record.retiredAt !== null)) configuration(`${path}.retired_at`);
  const direct = record.directScope !== null;
  if (direct && (!usages.has("request") || record.agent === null)) configuration(`${path}.direct_scope`);
  return record;
}

function byId(records, path) {
  const found = new Map();
  records.forEach((record, at) => {
    if (found.has(record.key.id)) configuration(`${path}[${at}].key`);
    found.set(record.key.id, record);
  });
  return found;
}

// Name -> what `readOne` makes of it, of the one member beside "version".
function readFile(bytes, member, nameRule, readOne) {
  const document = refusing(() => parseStrict(bytes, FILE_MAX_BYTES), (refusal) => (refusal.code = "configuration"));
  requireMembers(document, "", ["version", member]);
  take(document, "", "version", oneOf([1]));
  const named = take(document, "", member, (value) => (value instanceof Map ? value : refuse("malformed")));
  const read = ([each, value]) => {
    const path = `${member}.${each}`;
    const record = readOne(value, path);
    refusing(() => nameRule(each), (refusal) => Object.assign(refusal, { code: "configuration", field: path }));
    return [each, record];
  };
  return new Map([...named].map(read));
}

const repudiatedIds = (records) =>
  new Set(records.filter(({ status }) => status === "repudiated").map(({ key }) => key.id));

// Key records, "Issuing" (`signed`: the iat) and its shorter sisters (`signed`: now).
function requireInService(record, usage, signed, repudiated) {
  const revoked = (field) => refuse("key_revoked", { field });
  if (!record.usages.includes(usage)) refuse("key_purpose", { field: "usages" });
  if (repudiated.has(record.key.id)) revoked("status");
  if (record.status === "retired" && signed >= record.retiredAt) revoked("retired_at");
  if (signed < record.notBefore) revoked("not_before");
  if (record.notAfter !== null && signed >= record.notAfter) revoked("not_after");
}

// --- the trust file --------------------------------------------------------------------------------

const ISSUER_MEMBERS = ["ceiling", "audiences", "max_depth", "keys", "max_ttl", "revocation"];

function readIssuer(object, path) {
  requireMembers(object, path, ISSUER_MEMBERS);
  const read = (member, reader, left) => take(object, path, member, reader, left);
  const issuer = {
    ceiling: read("ceiling", (value) => (value === "unrestricted" ? null : scope(value))),
    audiences: read("audiences", list(origin)),
    maxDepth: read("max_depth", integer(0, 15)),
    maxTtl: read("max_ttl", integer(1, 31_622_400), () => 3600),
    revocation: read("revocation", oneOf(["required", "none"]), () => "required"),
  };
  issuer.keys = byId(read("keys", array(readKey)), `${path}.keys`);
  const twice = issuer.audiences.findIndex((each, at) => issuer.audiences.indexOf(each) < at);
  if (twice >= 0) configuration(`${path}.audiences[${twice}]`);
  return issuer;
}

export class Trust {
  constructor(issuers) {
    this.issuers = issuers;
    const records = [...issuers].flatMap(([issuer, { keys }]) =>
      [...keys.values()].map((record, at) => ({ issuer, record, path: `issuers.${issuer}.keys[${at}].key` })),
    );
    this.repudiated = repudiatedIds(records.map(({ record }) => record));
    this.requestKeys = new Map();
    for (const each of records.filter(({ record }) => record.usages.includes("request"))) {
      if (this.requestKeys.has(each.record.key.id)) configuration(each.path);
      this.requestKeys.set(each.record.key.id, each);
    }
  }

  static read(bytes) {
    return new Trust(readFile(bytes, "issuers", name, readIssuer));
  }

  requireInService(record, usage, signed) {
    requireInService(record, usage, signed, this.repudiated);
  }

  // Of a parsed chain: its issuer and the record of the key that signed block 0, both in service.
  requireIssuer(links, now) {
    const issuer = this.issuers.get(links[0].iss) ?? refuse("untrusted_root", { block: 0, field: "iss" });
    const record = issuer.keys.get(links[0].kid) ?? refuse("untrusted_root", { block: 0, field: "kid" });
    this.requireInService(record, "issue", links[0].iat);
    const over = record.status === "retired" && now >= record.retiredAt + issuer.maxTtl;
    if (over) refuse("key_revoked", { field: "retired_at" });
    const lost = links.findIndex((link) => this.repudiated.has(link.key.id));
    if (lost >= 0) refuse("key_revoked", { block: lost, field: "key" });
    return { issuer, record };
  }
}

// --- the file of server keys -----------------------------------------------------------------------

export class ServerKeys {
  constructor(origins) {
    this.origins = origins;
    this.repudiated = repudiatedIds([...origins.values()].flatMap((records) => [...records.values()]));
  }

  static read(bytes) {
    const readOrigin = (records, path) => stopping(path, () => byId(array(readKey)(records, path), path));
    return new ServerKeys(readFile(bytes, "origins", origin, readOrigin));
  }

  // The key of that id with which `origin` may sign an answer at `now`.
  signer(origin, id, now) {
    const record = this.origins.get(origin)?.get(id) ?? refuse("key_unknown", { component: "keyid" });
    requireInService(record, "response", now, this.repudiated);
    return record.key;
  }
}
