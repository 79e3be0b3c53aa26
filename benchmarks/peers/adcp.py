"""adcp: the same method, target, headers and body, signed by the same key to AdCP's own profile of RFC 9421.

It does what ours does without a token: window, coverage, key and its purpose, signature, digest, and the
claim of the nonce in memory. Beyond that it parses the body as JSON; ours leaves that to the handler.
"""

from __future__ import annotations

import time
from dataclasses import replace

from adcp.signing import (
    InMemoryReplayStore,
    StaticJwksResolver,
    VerifierCapability,
    VerifyOptions,
    sign_request,
    verify_request_signature,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.rounds import Candidate
from benchmarks.workload import AUTHORITY, URL, Sender


def request(sender: Sender) -> Candidate:
    """Verify a request signed to that profile, with the options kept from request to request."""
    secret = Ed25519PrivateKey.from_private_bytes(sender.key._secret_key[:32])  # noqa: SLF001 - one key for all
    jwk = sender.key.public_key.to_jwk() | {
        "kid": sender.key.key_id,
        "use": "sig",
        "key_ops": ["verify"],
        "adcp_use": "request-signing",
    }
    options = VerifyOptions(
        now=time.time(),
        capability=VerifierCapability(covers_content_digest="required"),
        operation="orders",
        jwks_resolver=StaticJwksResolver({"keys": [jwk]}),
        replay_store=InMemoryReplayStore(),
        signing_profile_version="3.2",
    )
    plain = {"Host": AUTHORITY, "Content-Type": "application/json", "Accept": "*/*"}

    def prepare() -> dict[str, str]:
        signed = sign_request(
            method="POST",
            url=URL,
            headers=plain,
            body=sender.body,
            private_key=secret,
            key_id=sender.key.key_id,
            alg="ed25519",
            cover_content_digest=True,
            signing_profile_version="3.2",
        )
        return {**plain, **signed.as_dict()}

    return Candidate(
        prepare=prepare,
        work=lambda headers: verify_request_signature(
            method="POST",
            url=URL,
            headers=headers,
            body=sender.body,
            options=replace(options, now=time.time()),
        ),
    )
