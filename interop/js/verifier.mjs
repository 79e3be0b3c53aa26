// The eleven steps of docs/spec/verification.md, in their order, and the question whether an action is permitted.

import * as envelope from "./envelope.mjs";
import { refuse, refusing } from "./refusal.mjs";
import { parseToken, requireProof } from "./token.mjs";

const SERVER = {
  public_origin: null,
  public_prefix: "",
  strip_prefix: "",
  must_cover: [],
  proxy_adds: [],
  window_max: 300,
  skew: 5,
  body_limit: 1_048_576,
  require_delegation: true,
  tenant: "default",
};

// --- pass two (docs/spec/token.md) -----------------------------------------------------------------

function requireTimes(links, block, now, skew) {
  const link = links[block];
  if (link.iat - skew > now) refuse("delegation_not_yet_valid", { block, field: "iat" });
  if (now >= link.effective.exp) refuse("delegation_expired", { block, field: "exp" });
}

function requireWithinIssuer({ iat, exp, dep, aud, sc }, issuer) {
  const widened = (field) => refuse("widened", { block: 0, field });
  if (exp - iat > issuer.maxTtl) widened("exp");
  if (dep > issuer.maxDepth) widened("dep");
  if (!aud.every((each) => issuer.audiences.includes(each))) widened("aud");
  issuer.ceiling?.requireContains(sc, 0);
}

function requirePassTwo(links, issuer, { origin, now, skew, revocations }) {
  links.forEach((link, block) => {
    if (!link.effective.aud.includes(origin)) refuse("audience_mismatch", { block, field: "aud" });
    requireTimes(links, block, now, skew);
  });
  if (issuer.revocation === "required") requireRevocations(revocations).requireChain(links, now);
  requireWithinIssuer(links[0], issuer);
}

const requireRevocations = (revocations) => revocations ?? refuse("revocation_unavailable");

// A token alone, as a server of `origin` believes it.
export function requireToken(source, { trust, origin, now, skew, revocations }) {
  const links = parseToken(source);
  const { issuer, record } = trust.requireIssuer(links, now);
  requireProof(links, record.key);
  requirePassTwo(links, issuer, { origin, now, skew, revocations });
  return links;
}

// --- a request -------------------------------------------------------------------------------------

export class Verifier {
  constructor({ trust, replay, clock, revocations, server }) {
    Object.assign(this, { trust, replay, clock, revocations, server: { ...SERVER, ...server } });
  }

  // `request`: method, path, query (Latin-1 text), headers (pairs), readBody (to be called once, in step 9).
  verify(request) {
    const state = { ...request, server: this.server };
    const steps = [
      this.headers, this.pick, this.coverage, this.window, this.target, this.signer,
      this.signature, this.chain, this.body, this.clockAgain, this.nonce,
    ];
    steps.forEach((step, at) => refusing(() => step.call(this, state), (refusal) => (refusal.step = at + 1)));
    return state;
  }

  headers(state) {
    state.headers = envelope.readHeaders(state.headers);
  }

  pick(state) {
    Object.assign(state, envelope.pickSignature(state.headers));
  }

  coverage(state) {
    Object.assign(state, envelope.readInput(state.input));
    envelope.requireCovered({ ...state, mustCover: this.server.must_cover, proxyAdds: this.server.proxy_adds });
  }

  window(state) {
    envelope.requireWindow(state.parameters, this.server, this.clock());
  }

  target(state) {
    const { origins, public_origin: origin, public_prefix: prefix, strip_prefix: strip } = this.server;
    envelope.requireMethod(state.method);
    state.origin = origin ?? envelope.selectOrigin(origins, state.headers.get("host")?.[0]);
    const changed = prefix !== "" || strip !== "";
    if (changed && !state.path.startsWith(`${strip}/`)) refuse("target_rejected", { component: "@path" });
    state.path = prefix + state.path.slice(strip.length);
    envelope.requireTarget(state.path, state.query);
  }

  signer(state) {
    const agent = envelope.readIdentity(state.headers);
    const source = envelope.readDelegation(state.headers);
    const { key, name } = source === undefined ? this.direct(state) : this.delegated(state, source);
    if (state.parameters.keyid !== key.id) refuse("holder_mismatch", { component: "keyid" });
    if (state.parameters.alg !== key.algorithm) refuse("alg_key_mismatch", { component: "alg" });
    if (agent !== name) refuse("identity_mismatch", { component: "agent-identity" });
    Object.assign(state, { agent, key });
  }

  delegated(state, source) {
    state.links = parseToken(source);
    const now = this.clock();
    Object.assign(state, this.trust.requireIssuer(state.links, now), { iss: state.links[0].iss });
    return { key: state.links.at(-1).key, name: state.links.at(-1).sub };
  }

  direct(state) {
    if (this.server.require_delegation) refuse("delegation_missing", { component: "delegation" });
    const found = this.trust.requestKeys.get(state.parameters.keyid) ?? refuse("key_unknown", { component: "keyid" });
    this.trust.requireInService(found.record, "request", this.clock());
    Object.assign(state, { iss: found.issuer, issuer: this.trust.issuers.get(found.issuer), record: found.record });
    return { key: found.record.key, name: found.record.agent };
  }

  signature(state) {
    Object.assign(state, envelope.signatureBase(state));
    state.key.requireHttpSignature(state.signature, state.base);
  }

  chain(state) {
    const { links, issuer, origin } = state;
    const now = this.clock();
    if (links !== undefined) {
      requireProof(links, state.record.key);
      requirePassTwo(links, issuer, { origin, now, skew: this.server.skew, revocations: this.revocations });
      return;
    }
    if (!issuer.audiences.includes(origin)) refuse("audience_mismatch", { block: -1, field: "audiences" });
    if (issuer.revocation === "required") requireRevocations(this.revocations).requireKey(state.iss, state.key.id, now);
  }

  body(state) {
    state.body = state.readBody();
    const digested = state.components.includes("content-digest");
    if (!digested && state.body.length > 0) refuse("body_unexpected", { component: "content-digest" });
    if (state.body.length > this.server.body_limit) refuse("body_too_large");
    if (digested) envelope.requireDigest(state.headers, state.body);
  }

  clockAgain(state) {
    state.now = this.clock();
    envelope.requireNow(state.parameters, this.server.skew, state.now);
    state.links?.forEach((_, block) => requireTimes(state.links, block, state.now, this.server.skew));
  }

  nonce(state) {
    const { created, expires, nonce } = state.parameters;
    const epoch = this.replay.claim({
      space: this.server.tenant,
      quota_key: state.links === undefined ? state.key.id : `${state.iss} ${state.links[0].key.id}`,
      key_id: state.key.id,
      nonce: Buffer.from(nonce, "base64url").toString("hex"),
      expires_at: expires,
      now: state.now,
    });
    if (created <= epoch + this.server.skew) refuse("replay_unknown", { component: "created" });
  }

  // Whether the accepted request may do `action` at `now`.
  authorize({ links, issuer, record, parameters }, action, now) {
    const end = links === undefined ? parameters.expires : links.at(-1).effective.exp;
    if (now >= end) refuse("delegation_expired", { field: "exp" });
    if (links === undefined) {
      (record.directScope ?? refuse("out_of_scope", { block: 0, field: "direct_scope" })).requirePermits(action, 0);
    }
    links?.forEach((link, block) => link.sc?.requirePermits(action, block));
    issuer.ceiling?.requirePermits(action, -1);
  }
}
