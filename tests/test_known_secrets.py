"""The registry holds secrets weakly: no longer than their holders live."""

from __future__ import annotations

import gc
import secrets
from collections.abc import Iterable

from delegate import known_secrets
from delegate.keys import SigningKey


class Holder:
    def __init__(self, secret: bytes) -> None:
        self.secret = secret

    def __known_secrets__(self) -> Iterable[bytes]:
        return (self.secret,)


def test_values_live_as_long_as_their_holder() -> None:
    holder = Holder(b"canary-4711")
    known_secrets.add(holder)
    known_secrets.add(holder)
    assert list(known_secrets.values()).count(b"canary-4711") == 1
    del holder
    gc.collect()
    assert b"canary-4711" not in set(known_secrets.values())


def test_a_signing_key_registers_itself() -> None:
    seed = secrets.token_bytes(32)
    key = SigningKey.from_seed(seed)
    assert any(seed in value for value in known_secrets.values())
    del key
    gc.collect()
    assert not any(seed in value for value in known_secrets.values())
