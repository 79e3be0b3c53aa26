"""Tokens that minting would refuse: any members, signed by any key, in any place of a chain.

``forge`` signs whatever it is given, correctly, so a test that uses it shows that the *content* is refused
and not the signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from delegate.canonical import canonicalize
from delegate.encoding import b64url_encode
from delegate.keys import Purpose, SigningKey
from delegate.scope import Scope
from delegate.token.chain import PREFIX, UnverifiedToken, block_input, parse_unverified

NOW: Final = 1_795_175_603
ORIGIN: Final = "https://api.example.com"
OTHER_ORIGIN: Final = "https://other.example.com"
ISSUER_KEY: Final = SigningKey.from_seed(b"\x01" * 32)
KEYS: Final = tuple(SigningKey.from_seed(bytes([100 + index]) * 32) for index in range(17))
"""Holders' keys: block i delegates to ``KEYS[i]``."""
SCOPE: Final = Scope(
    tools=["orders.read", "refunds.create"],
    max_risk="high",
    operations=["financial", "read"],
    sensitivities=["personal"],
    resources={"file": {"path": ["/data/**"]}, "order": {"exact": ["o-1", "o-2"]}},
)
NARROW: Final = Scope(
    tools=["orders.read"],
    max_risk="low",
    operations=["read"],
    resources={"file": {"path": ["/data/q3/**"]}, "order": {"exact": ["o-1"]}},
)


def root_members(**changes: object) -> dict[str, Any]:
    """The members of a good block 0; a change to ``None`` leaves the member out."""
    members = {
        "v": 1,
        "iss": "acme",
        "kid": ISSUER_KEY.key_id,
        "sub": "agent-0",
        "key": KEYS[0].public_key.text,
        "iat": NOW,
        "exp": NOW + 600,
        "n": b64url_encode(bytes(12)),
        "dep": 3,
        "aud": [ORIGIN],
        "sc": SCOPE.to_json(),
    }
    return _changed(members, changes)


def child_members(index: int, **changes: object) -> dict[str, Any]:
    """The members of a good block ``index`` that takes nothing away."""
    members = {
        "sub": f"agent-{index}",
        "key": KEYS[index].public_key.text,
        "iat": NOW,
        "n": b64url_encode(bytes([index]) * 12),
    }
    return _changed(members, changes)


def _changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (members | changes).items() if value is not None}


def forge_text(*payloads: bytes, keys: tuple[SigningKey, ...] = ()) -> str:
    """The text of a chain of these payloads, block i signed by ``keys[i]`` or else by its rightful key."""
    text, prefix = PREFIX, bytes(32)
    for index, payload in enumerate(payloads):
        rightful = ISSUER_KEY if index == 0 else KEYS[index - 1]
        key = keys[index] if index < len(keys) else rightful
        signature = key.sign(Purpose.BLOCK, block_input(prefix, payload))
        text = f"{text}.{b64url_encode(payload)}.{b64url_encode(signature)}"
        prefix = next_prefix(prefix, payload, signature)
    return text


def next_prefix(prefix: bytes, payload: bytes, signature: bytes) -> bytes:
    """The hash chain, written here a second time from the specification."""
    size = len(payload).to_bytes(4, "big")
    return hashlib.sha256(b"delegate/v1/prefix\x00" + prefix + size + payload + signature).digest()


def forge(*blocks: Mapping[str, Any], keys: tuple[SigningKey, ...] = ()) -> UnverifiedToken:
    """A chain of blocks with these members."""
    return parse_unverified(forge_text(*(canonicalize(dict(block)) for block in blocks), keys=keys))


def chain(length: int, **changes: object) -> UnverifiedToken:
    """A good chain of ``length`` blocks; ``changes`` go into its last."""
    blocks = [root_members(dep=15)] + [child_members(index) for index in range(1, length)]
    blocks[-1] = _changed(blocks[-1], changes)
    return forge(*blocks)
