// The Ed25519 and the P-256 rule, keys in text, key ids and JWK Sets: docs/spec/keys.md.
//
// Node's crypto computes; every rule that libraries see differently is asked here first.

import { createPublicKey, verify as nodeVerify } from "node:crypto";
import { base64url, sha256 } from "./bytes.mjs";
import { parseStrict } from "./json.mjs";
import { PUBLISHED_ED25519, PUBLISHED_P256 } from "./published.mjs";
import { refuse, refusing, within } from "./refusal.mjs";

const number = (bytes) => BigInt(`0x${bytes.toString("hex")}`);
const littleEndian = (bytes) => number(Buffer.from(bytes).reverse());

// --- Ed25519 ---------------------------------------------------------------------------------------

const ED_P = 2n ** 255n - 19n;
const ED_L = 2n ** 252n + 27742317777372353535851937790883648493n;
const ED_C = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const ED_SMALL = new Set([0n, 1n, ED_P - 1n, ED_C, ED_P - ED_C]);

function weakEncoding(bytes) {
  const y = littleEndian(bytes) & (2n ** 255n - 1n);
  return y >= ED_P || ED_SMALL.has(y);
}

class Ed25519 {
  static word = "ed25519";
  static httpName = "ed25519";

  constructor(bytes) {
    if (bytes.length !== 32) refuse("malformed");
    if (weakEncoding(bytes) || PUBLISHED_ED25519.has(bytes.toString("hex"))) refuse("key_weak");
    this.bytes = bytes;
    this.jwk = { crv: "Ed25519", kty: "OKP", x: bytes.toString("base64url") };
  }

  verifies(signature, message) {
    if (signature.length !== 64 || weakEncoding(signature.subarray(0, 32))) return false;
    if (littleEndian(signature.subarray(32)) >= ED_L) return false;
    return nodeVerify(null, message, createPublicKey({ key: this.jwk, format: "jwk" }), signature);
  }

  verifiesHttp(signature, message) {
    return this.verifies(signature, message);
  }
}

// --- P-256 -----------------------------------------------------------------------------------------

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function power(base, exponent) {
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n, base = (base * base) % P) {
    if (exponent & 1n) result = (result * base) % P;
  }
  return result;
}

const curve = (x) => (((x * x - 3n) * x + B) % P + P) % P;
const coordinate = (value) => Buffer.from(value.toString(16).padStart(64, "0"), "hex");

class P256 {
  static word = "p256";
  static httpName = "ecdsa-p256-sha256";

  constructor(bytes) {
    if (bytes.length !== 33 || (bytes[0] !== 2 && bytes[0] !== 3)) refuse("malformed");
    const x = number(bytes.subarray(1));
    const root = power(curve(x), (P + 1n) / 4n); // p = 3 mod 4
    if (x >= P || (root * root) % P !== curve(x)) refuse("key_weak");
    if (PUBLISHED_P256.has(bytes.toString("hex", 1))) refuse("key_weak");
    const y = (root & 1n) === BigInt(bytes[0] & 1) ? root : P - root;
    this.bytes = bytes;
    const [xText, yText] = [coordinate(x), coordinate(y)].map((part) => part.toString("base64url"));
    this.jwk = { crv: "P-256", kty: "EC", x: xText, y: yText };
  }

  verifiesHttp(signature, message) {
    if (signature.length !== 64) return false;
    const [r, s] = [number(signature.subarray(0, 32)), number(signature.subarray(32))];
    if (r === 0n || r >= N || s === 0n || s >= N) return false;
    const key = createPublicKey({ key: this.jwk, format: "jwk" });
    return nodeVerify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
  }

  // Over our own formats the low s alone.
  verifies(signature, message) {
    return signature.length === 64 && number(signature.subarray(32)) <= N / 2n && this.verifiesHttp(signature, message);
  }
}

// --- a public key ----------------------------------------------------------------------------------

const ALGORITHMS = [Ed25519, P256];
export const HTTP_ALGORITHMS = new Set(ALGORITHMS.map((algorithm) => algorithm.httpName));

export class PublicKey {
  #key;

  constructor(key) {
    this.#key = key;
    this.algorithm = key.constructor.httpName;
    this.text = `${key.constructor.word}:${key.bytes.toString("base64url")}`;
    // The members of `jwk` stand in ascending order: this is the text that RFC 7638 hashes.
    this.id = sha256(JSON.stringify(key.jwk)).toString("base64url");
  }

  static fromText(value) {
    if (typeof value !== "string") refuse("malformed");
    const [, word, rest] = /^([^:]*):([^]*)$/.exec(value) ?? refuse("malformed");
    const algorithm = ALGORITHMS.find((each) => each.word === word) ?? refuse("alg_not_allowed");
    return new PublicKey(new algorithm(base64url(rest)));
  }

  requireSignature(signature, message) {
    if (!this.#key.verifies(signature, message)) refuse("signature_invalid");
  }

  requireHttpSignature(signature, message) {
    if (!this.#key.verifiesHttp(signature, message)) refuse("signature_invalid");
  }
}

// --- JWK Sets --------------------------------------------------------------------------------------

const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

function rawKey(jwk) {
  const kind = `${jwk.get("kty")}/${jwk.get("crv")}`;
  const part = (name) => within(name, () => base64url(jwk.get(name), 32));
  if (kind === "OKP/Ed25519") return new Ed25519(part("x"));
  if (kind !== "EC/P-256") refuse("alg_not_allowed", { field: "kty" });
  const [x, y] = [part("x"), part("y")];
  const key = new P256(Buffer.concat([Buffer.of(2 + (y[31] & 1)), x]));
  return key.jwk.y === y.toString("base64url") ? key : refuse("key_weak");
}

function fromJwk(jwk) {
  if (!(jwk instanceof Map)) refuse("malformed");
  const secret = PRIVATE.find((name) => jwk.has(name));
  if (secret !== undefined) refuse("malformed", { field: secret });
  const key = new PublicKey(within("key", () => rawKey(jwk)));
  const must = (name, good, code) => jwk.has(name) && !good(jwk.get(name)) && refuse(code, { field: name });
  must("alg", (alg) => alg === { ed25519: "Ed25519", "ecdsa-p256-sha256": "ES256" }[key.algorithm], "alg_key_mismatch");
  must("use", (use) => use === "sig", "malformed");
  must("key_ops", (ops) => Array.isArray(ops) && ops.length === 1 && ops[0] === "verify", "malformed");
  must("kid", (kid) => kid === key.id, "key_unknown");
  return key;
}

export function fromJwks(bytes) {
  const document = parseStrict(bytes);
  if (!(document instanceof Map) || !Array.isArray(document.get("keys"))) refuse("malformed", { field: "keys" });
  const keys = new Map();
  document.get("keys").forEach((jwk, at) => {
    const path = `keys[${at}]`;
    const place = (refusal) => (refusal.field = refusal.field === undefined ? path : `${path}.${refusal.field}`);
    const key = refusing(() => fromJwk(jwk), place);
    if (keys.has(key.id)) refuse("malformed", { field: path });
    keys.set(key.id, key);
  });
  return [...keys.values()];
}
