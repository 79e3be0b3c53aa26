"""http-message-signatures: the very requests that ours verifies, by an independent reading of RFC 9421.

It checks window, signature base, signature and the digest of the body. It claims no nonce, and leaves to
its caller which components must be covered and whom to trust; so it does somewhat less than ours.
"""

from __future__ import annotations

from types import SimpleNamespace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms

from benchmarks.rounds import Candidate
from benchmarks.workload import AUTHORITY, URL, Sender
from delegate.envelope.components import TAG


class _Keys(HTTPSignatureKeyResolver):
    """Trust in one key, decoded once."""

    def __init__(self, sender: Sender) -> None:
        self._keys = {
            sender.key.key_id: Ed25519PublicKey.from_public_bytes(sender.key.public_key.raw),
        }

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:
        return self._keys[key_id]


def request(sender: Sender) -> Candidate:
    """Verify a request that ``sender`` signed."""
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_Keys(sender))

    def prepare() -> SimpleNamespace:
        signed = {name: value.decode() for name, value in sender.sign().headers.items()}
        headers = {"host": AUTHORITY, "content-type": "application/json", "accept": "*/*"} | signed
        return SimpleNamespace(method="POST", url=URL, headers=headers)

    return Candidate(
        prepare=prepare,
        work=lambda message: verifier.verify(message, expect_tag=TAG, body=sender.body),
    )
