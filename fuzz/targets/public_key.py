"""``PublicKey.from_text``: keys in tokens and configuration."""

from __future__ import annotations

from delegate.encoding import b64url_decode
from delegate.keys import PublicKey
from delegate.keys.algorithm import find_algorithm
from fuzz import material
from fuzz.first_step import FirstStep

SEEDS = (
    b"ed25519:Y2Nl4yxnzqj9w-b2vDk0Vo5fsE-bYddeLlubYoMEYtI",
    material.P256_KEY.public_key.text.encode(),
)
FIRST_STEP = FirstStep(within=(b64url_decode, find_algorithm), by=(PublicKey.from_text,))


def target(data: bytes) -> None:
    """A key that is accepted has one text."""
    text = data.decode("utf-8", "surrogateescape")
    if PublicKey.from_text(text).text != text:
        msg = "two texts name one key"
        raise AssertionError(msg)
