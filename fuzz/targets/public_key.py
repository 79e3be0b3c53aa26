"""``PublicKey.from_text``: keys in tokens and configuration."""

from __future__ import annotations

from delegate.keys import PublicKey
from fuzz import material

SEEDS = (
    b"ed25519:Y2Nl4yxnzqj9w-b2vDk0Vo5fsE-bYddeLlubYoMEYtI",
    material.P256_KEY.public_key.text.encode(),
)


def target(data: bytes) -> None:
    """A key that is accepted has one text."""
    text = data.decode("utf-8", "surrogateescape")
    if PublicKey.from_text(text).text != text:
        msg = "two texts name one key"
        raise AssertionError(msg)
