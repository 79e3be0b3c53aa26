// Two libraries for RFC 9421 that know nothing of this project, asked to verify requests of ours and to sign requests
// in our profile. JSON lines in, JSON lines out.
//
// A question: "peer", "op" ("verify" or "sign"), "message" (method, url, headers as pairs), "jwk" (of the signing key),
// "alg", "now", and to sign "components" and "parameters". The answer: "verified", or "headers" to add. What a library
// throws is its refusal, and is told as "error".

import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { createInterface } from "node:readline";
import { createSignature, verifySignature } from "http-message-sig";
import { createSigner, createVerifier, httpbis } from "http-message-signatures";

const LABEL = "dlg";
const COMPONENTS = ["@method", "@authority", "@path", "@query", "agent-identity"];
const PARAMETERS = ["created", "expires", "nonce", "keyid", "alg", "tag"];
const digests = { ed25519: null, "ecdsa-p256-sha256": "sha256" };

// --- http-message-signatures: signs and verifies with its own use of node:crypto ------------------------------------

const plain = ({ method, url, headers }) => ({ method, url, headers: Object.fromEntries(headers) });

const MESSAGE_SIGNATURES = {
  async verify({ message, jwk, alg }) {
    const key = createVerifier(createPublicKey({ key: jwk, format: "jwk" }), alg);
    const keyLookup = async ({ keyid }) => (keyid === jwk.kid ? { id: keyid, algs: [alg], verify: key } : null);
    const config = { keyLookup, all: true, requiredParams: PARAMETERS, requiredFields: COMPONENTS };
    return (await httpbis.verifyMessage(config, plain(message))) === true;
  },

  async sign({ message, jwk, alg, components, parameters }) {
    const key = createSigner(createPrivateKey({ key: jwk, format: "jwk" }), alg, jwk.kid);
    const dates = { created: new Date(parameters.created * 1000), expires: new Date(parameters.expires * 1000) };
    const params = { params: Object.keys(parameters), paramValues: { ...parameters, ...dates } };
    const config = { key, name: LABEL, fields: components, ...params };
    const { headers } = await httpbis.signMessage(config, plain(message));
    return [["signature-input", headers["Signature-Input"]], ["signature", headers.Signature]];
  },
};

// --- http-message-sig: takes the primitives as functions ------------------------------------------------------------

const descriptor = ({ method, url, headers }) => ({
  kind: "request",
  method,
  targetUri: url,
  fields: headers.map(([name, value]) => ({ name, value })),
});

const MESSAGE_SIG = {
  async verify({ message, jwk, alg, now }) {
    const key = { key: createPublicKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    const verifier = { algorithm: alg, verify: (data, signature) => verify(digests[alg], data, key, signature) };
    const policy = { algorithms: [alg], requiredComponents: COMPONENTS, requiredParameters: PARAMETERS, now };
    const resolveVerifier = ({ parameters }) => {
      if (parameters.keyid !== jwk.kid) throw new Error("another key");
      return verifier;
    };
    return (await verifySignature(descriptor(message), { label: LABEL, policy, resolveVerifier })).label === LABEL;
  },

  async sign({ message, jwk, alg, components, parameters }) {
    const key = { key: createPrivateKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
    const signer = { algorithm: alg, sign: (data) => new Uint8Array(sign(digests[alg], data, key)) };
    const fields = await createSignature(descriptor(message), { label: LABEL, components, parameters, signer });
    return [["signature-input", fields.signatureInput], ["signature", fields.signature]];
  },
};

const PEERS = { "http-message-signatures": MESSAGE_SIGNATURES, "http-message-sig": MESSAGE_SIG };

async function answer(question) {
  const peer = PEERS[question.peer];
  try {
    return question.op === "sign" ? { headers: await peer.sign(question) } : { verified: await peer.verify(question) };
  } catch (error) {
    return { verified: false, error: String(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
