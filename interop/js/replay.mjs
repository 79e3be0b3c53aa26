// A replay store in memory: docs/spec/replay.md. Its epoch is the instant it was made, or 0 where an operator says
// that nothing was accepted before.

import { refuse } from "./refusal.mjs";

const MARGIN = 60;
const QUOTA = 100_000;
const CAPACITY = 1_000_000;
const SWEEP = 16;
const SWEEP_FULL = 4096;

export class MemoryReplayStore {
  #records = new Map(); // name -> {owners: of the quota key and of its issuer, expiresAt}
  #shares = new Map(); // owner -> number of records
  #forgottenThrough = -1;

  constructor(clock, { epoch = 0, quota = QUOTA, capacity = CAPACITY, issuer_quota: issuerQuota } = {}) {
    const half = Math.max(Math.floor(capacity / 2), quota);
    Object.assign(this, { clock, epoch, quota, capacity, issuerQuota: issuerQuota ?? half });
  }

  claim({ space, quota_key: payer, key_id: keyId, nonce, expires_at: expiresAt, now }) {
    const clock = this.clock();
    if (expiresAt <= now || expiresAt <= clock) refuse("expired", { component: "expires" });
    const dead = Math.min(now, clock) - MARGIN;
    this.#drop(dead, SWEEP);
    const record = JSON.stringify([space, keyId, nonce]);
    if (this.#records.has(record)) refuse("nonce_replayed", { component: "nonce" });
    if (expiresAt <= this.#forgottenThrough) refuse("replay_unknown", { component: "expires" });
    const owners = [["key", space, payer], ["issuer", space, payer.split(" ")[0]]].map((owner) => JSON.stringify(owner));
    if (this.#full(owners)) this.#drop(dead, SWEEP_FULL);
    if (this.#full(owners)) refuse("replay_capacity", { field: this.#full(owners) });
    this.#records.set(record, { owners, expiresAt });
    owners.forEach((owner) => this.#shares.set(owner, this.#share(owner) + 1));
    return this.epoch;
  }

  #share(owner) {
    return this.#shares.get(owner) ?? 0;
  }

  #full([payer, issuer]) {
    if (this.#share(payer) >= this.quota) return "quota";
    if (this.#share(issuer) >= this.issuerQuota) return "issuer_quota";
    return this.#records.size >= this.capacity ? "capacity" : null;
  }

  // The oldest first; slow and plain, for this store serves tests.
  #drop(dead, count) {
    const old = [...this.#records].filter(([, { expiresAt }]) => expiresAt <= dead);
    old.sort(([, left], [, right]) => left.expiresAt - right.expiresAt);
    for (const [record, { owners, expiresAt }] of old.slice(0, count)) {
      this.#records.delete(record);
      owners.forEach((owner) => this.#shares.set(owner, this.#share(owner) - 1));
      this.#forgottenThrough = Math.max(this.#forgottenThrough, expiresAt);
    }
  }
}
