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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Holder)

    def __hash__(self) -> int:
        return 0


def test_values_live_as_long_as_their_holder() -> None:
    holder = Holder(b"canary-4711")
    twin = Holder(b"canary-4712")
    known_secrets.add(holder)
    known_secrets.add(twin)
    assert {b"canary-4711", b"canary-4712"} <= set(known_secrets.values())
    del holder
    gc.collect()
    assert b"canary-4711" not in set(known_secrets.values())
    assert b"canary-4712" in set(known_secrets.values()), "equal holders are not one"


def test_a_signing_key_registers_itself() -> None:
    seed = secrets.token_bytes(32)
    key = SigningKey.from_seed(seed)
    assert any(seed in value for value in known_secrets.values())
    del key
    gc.collect()
    assert not any(seed in value for value in known_secrets.values())
