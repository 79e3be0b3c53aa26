"""One delegation and its signers, the same in every run: what the targets that need a signature start from.

Nothing here is random and nothing reads a clock, so a seed is the same bytes today and in a year, and an
input that broke a target breaks it again. The keys are published here and good for nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from delegate.envelope.digest import content_digest
from delegate.keys import Issuer, KeyRecord, Purpose, SigningKey, TrustStore, Usage
from delegate.scope import Scope
from delegate.token.block import Block, Root
from delegate.token.chain import UnverifiedToken, append, block_input

NOW: Final = 1_795_175_603
ORIGIN: Final = "https://api.example.com"
ISSUER_KEY: Final = SigningKey.from_seed(b"\x01" * 32)
WORKER_KEY: Final = SigningKey.from_seed(b"\x02" * 32)
HELPER_KEY: Final = SigningKey.from_seed(b"\x03" * 32)
REVOKER_KEY: Final = SigningKey.from_seed(b"\x05" * 32)
P256_KEY: Final = SigningKey.from_seed(b"\x04" * 32, "p256")
SCOPE: Final = Scope(
    tools=["orders.read", "refunds.create"],
    max_risk="high",
    operations=["financial", "read"],
    sensitivities=["pii"],
    resources={"file": {"path": ["/data/**"]}, "order": {"exact": ["o-1"]}},
)

ROOT_BLOCK: Final = Block(
    agent="worker",
    key=WORKER_KEY.public_key,
    issued_at=NOW,
    nonce=bytes(12),
    expires_at=NOW + 600,
    further_hops=3,
    audience=(ORIGIN,),
    scope=SCOPE,
    why="quarter's end",
    root=Root(issuer="acme", kid=ISSUER_KEY.key_id, principal="user:ann"),
)
CHILD_BLOCK: Final = Block(
    agent="helper",
    key=HELPER_KEY.public_key,
    issued_at=NOW,
    nonce=b"\x01" * 12,
    scope=Scope(tools=["orders.read"], resources={"file": {"path": ["/data/q3/**"]}}),
)


def _handed_on(token: UnverifiedToken | None, block: Block, key: SigningKey) -> UnverifiedToken:
    payload = block.to_payload()
    prefix_hash = token.last.next_prefix_hash if token else bytes(32)
    return append(token, payload, key.sign(Purpose.BLOCK, block_input(prefix_hash, payload)))


ROOT_TOKEN: Final = _handed_on(None, ROOT_BLOCK, ISSUER_KEY)
TOKEN: Final = _handed_on(ROOT_TOKEN, CHILD_BLOCK, WORKER_KEY)
"""From ``acme`` to ``worker`` to ``helper``, who signs requests with ``HELPER_KEY``."""

ISSUER: Final = Issuer(
    name="acme",
    ceiling=SCOPE,
    audiences=(ORIGIN,),
    max_depth=3,
    max_ttl=600,
    revocation="none",
    keys=(KeyRecord(key=ISSUER_KEY.public_key, usages=frozenset({Usage.ISSUE}), not_before=0),),
)
TRUST: Final = TrustStore([ISSUER])

AUDIENCE: Final = "mcp:workspace"
MESSAGE_TOKEN: Final = _handed_on(
    _handed_on(None, ROOT_BLOCK._replace(audience=(AUDIENCE,)), ISSUER_KEY), CHILD_BLOCK, WORKER_KEY
)
"""The same delegation for messages without HTTP."""
MESSAGE_ISSUER: Final = replace(ISSUER, audiences=(AUDIENCE,))

BODY: Final = b'{"cents":1250}'
HEADERS: Final = {
    "host": b"api.example.com",
    "content-type": b"application/json",
    "content-digest": content_digest(BODY),
    "agent-identity": b'"helper";run="rt-1"',
    "delegation": f't="{TOKEN.text}"'.encode(),
    "accept": b"*/*",
}
"""Of a good request, in order, before it is signed."""

COMPONENTS: Final = (
    '("@method" "@authority" "@path" "@query" "content-type" "content-digest" "agent-identity" "delegation")'
)
PARAMETERS: Final = (
    f';created={NOW};expires={NOW + 60};nonce="AAECAwQFBgcICQoLDA0ODw"'
    f';keyid="{HELPER_KEY.key_id}";alg="ed25519";tag="delegate-v1"'
)

__all__ = [
    "AUDIENCE",
    "BODY",
    "CHILD_BLOCK",
    "COMPONENTS",
    "HEADERS",
    "HELPER_KEY",
    "ISSUER",
    "ISSUER_KEY",
    "MESSAGE_ISSUER",
    "MESSAGE_TOKEN",
    "NOW",
    "ORIGIN",
    "P256_KEY",
    "PARAMETERS",
    "REVOKER_KEY",
    "ROOT_BLOCK",
    "ROOT_TOKEN",
    "TOKEN",
    "TRUST",
    "WORKER_KEY",
]
