"""``from_jwks``: key sets from outside."""

from __future__ import annotations

import json

from delegate.canonical import parse_strict
from delegate.keys.jwks import from_jwks, to_jwks
from fuzz import material
from fuzz.first_step import FirstStep

SEEDS = (
    b'{"keys":[{"crv":"Ed25519","kty":"OKP","x":"Y2Nl4yxnzqj9w-b2vDk0Vo5fsE-bYddeLlubYoMEYtI"}]}',
    json.dumps(to_jwks([material.P256_KEY.public_key])).encode(),
)
FIRST_STEP = FirstStep(within=(parse_strict,))


def target(data: bytes) -> None:
    """A set that is accepted holds the same keys when it is written and read again."""
    keys = from_jwks(data)
    if from_jwks(json.dumps(to_jwks(keys)).encode()) != keys:
        msg = "the set reads back with other keys"
        raise AssertionError(msg)
