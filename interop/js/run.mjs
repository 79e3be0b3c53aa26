// Runs cases through this implementation: JSON lines in, JSON lines out.
//
// A line is a case of tests/vectors, with an "id"; its answer has the same id, "expect" ("ok" or what is known of the
// refusal), and "found", what an accepted case tells. Any error that is no refusal ends the run.

import { createInterface } from "node:readline";
import { ascending, base64, base64url, label, name, origin, sha256, text } from "./bytes.mjs";
import { readDsse, requireKeyClaim } from "./dsse.mjs";
import { fromPlain, parseCanonical, parseSigned, parseStrict, write } from "./json.mjs";
import { PublicKey, fromJwks } from "./keys.mjs";
import { Refusal, within } from "./refusal.mjs";
import { MemoryReplayStore } from "./replay.mjs";
import { Revocations, readList } from "./revocation.mjs";
import { verifyResponse } from "./response.mjs";
import { Scope, readAction } from "./scope.mjs";
import { ServerKeys, Trust } from "./trust.mjs";
import { Verifier, requireToken } from "./verifier.mjs";

const bytes = (encoded) => Buffer.from(encoded, "base64");
const scope = (plain) => Scope.read(fromPlain(plain));
const trustOf = (plain) => Trust.read(Buffer.from(JSON.stringify(plain)));

// The lists in force, each accepted at its own time; what is refused changes nothing.
function revocationsOf({ lists }, trust) {
  if (lists === undefined) return undefined;
  const revocations = new Revocations(trust);
  for (const { list, at, refused } of lists) {
    try {
      revocations.accept(Buffer.from(list), at);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== refused) throw error;
    }
  }
  return revocations;
}

const tokenFacts = (links) => ({
  token_id: links.at(-1).id,
  chain_id: links[0].id,
  path: links.map((link) => link.sub),
  expires_at: links.at(-1).effective.exp,
  audience: ascending(links.at(-1).effective.aud),
});

function request(test) {
  const trust = trustOf(test.trust);
  let now = test.now;
  const clock = () => now;
  const replay = new MemoryReplayStore(clock, { epoch: test.epoch, ...test.store });
  for (const claim of test.claims ?? []) replay.claim(claim);
  const verifier = new Verifier({ trust, replay, clock, revocations: revocationsOf(test, trust), server: test.server });
  const readBody = () => {
    now = test.now_after_body ?? test.now;
    return bytes(test.request.body);
  };
  const verified = verifier.verify({ ...test.request, readBody });
  if (test.action !== undefined) verifier.authorize(verified, readAction(test.action), now);
  const path = verified.links?.map((link) => link.sub) ?? [verified.agent];
  return { request_id: verified.requestId, agent: verified.agent, path };
}

// `keys` of a case are the server's own, in service at all times.
function response(test) {
  const { origins } = test.server;
  const records = test.keys.map((key) => ({ key, usages: ["response"], not_before: 0 }));
  const file = { version: 1, origins: Object.fromEntries(origins.map((origin) => [origin, records])) };
  const keys = ServerKeys.read(Buffer.from(JSON.stringify(file)));
  verifyResponse({ ...test, response: { ...test.response, body: bytes(test.response.body) }, keys, origins });
}

const OPERATIONS = {
  "read-json": (test) => {
    const read = { strict: parseStrict, canonical: parseCanonical, signed: parseSigned }[test.reader];
    return { canonical: write(read(bytes(test.bytes))) };
  },
  base64: (test) => ({ hex: { base64, base64url }[test.alphabet](test.text, test.size).toString("hex") }),
  name: (test) => void within(test.kind, () => ({ name, label, text, origin })[test.kind](test.value)),
  "public-key": (test) => ({ key_id: within("key", () => PublicKey.fromText(test.key)).id }),
  signature: (test) => {
    const key = PublicKey.fromText(test.key);
    const parts = [Buffer.from(test.signature, "hex"), bytes(test.message)];
    return void (test.over === "request" ? key.requireHttpSignature(...parts) : key.requireSignature(...parts));
  },
  jwks: (test) => ({ keys: fromJwks(Buffer.from(test.document)).map((key) => key.text) }),
  "trust-file": (test) => void trustOf(test.file),
  scope: (test) => ({ canonical: write(scope(test.scope).toJson()) }),
  contains: (test) => void scope(test.parent).requireContains(scope(test.child), 1),
  meet: (test) => ({ meet: JSON.parse(write(scope(test.left).meet(scope(test.right)).toJson())) }),
  permits: (test) => void scope(test.scope).requirePermits(readAction(test.action), 0),
  token: (test) => {
    const trust = trustOf(test.trust);
    return tokenFacts(requireToken(test.token, { ...test, trust, revocations: revocationsOf(test, trust) }));
  },
  request,
  response,
  replay,
  claim: ({ store, claim }) => store.claim(claim),
  dsse: (test) => {
    const envelope = readDsse(bytes(test.bytes), test.type);
    PublicKey.fromText(test.key).requireSignature(envelope.signature, envelope.input);
    return { payload: envelope.payload.toString(), keyid: envelope.keyid };
  },
  "key-claim": (test) => ({ key: requireKeyClaim(bytes(test.bytes), test).text }),
  "revocation-list": (test) => {
    const list = readList(bytes(test.bytes), trustOf(test.trust), test.now, test.skew);
    return { version: list.version, payload_sha256: list.hash };
  },
};

// A store in memory, claim by claim: each answer is the epoch or the code of the refusal.
function replay({ epoch, quota, capacity, claims }) {
  let now = epoch;
  const store = new MemoryReplayStore(() => now, { epoch, quota, capacity });
  const answers = claims.map(({ clock, claim }) => {
    now = clock;
    const { expect, found } = verdict({ op: "claim", store, claim });
    return expect === "ok" ? found : expect.code;
  });
  return { answers };
}

function verdict(test) {
  try {
    return { expect: "ok", found: OPERATIONS[test.op](test) ?? {} };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { expect: error, found: {} };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const test = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id: test.id, ...verdict(test) })}\n`);
}
