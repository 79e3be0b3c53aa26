"""A claim with a value for everything, for the contract of the replay stores and for its worker processes."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from delegate.errors import DelegateError
from delegate.replay import AsyncReplayStore, ReplayStore

START: Final = 1_700_000_000
NONCE: Final = bytes(range(16))


class Store(ReplayStore, AsyncReplayStore, Protocol):
    """Both twins."""


class Claim(NamedTuple):
    """The arguments of a claim, with something to say for each."""

    nonce: bytes = NONCE
    key_id: str = "key"
    space: str = "tenant"
    quota_key: str = "issuer"
    expires_at: int = START + 60

    def on(self, store: Store, now: int) -> int:
        return store.claim(**self._asdict(), now=now)

    def code(self, store: Store, now: int) -> str:
        """ "" when accepted, else the code of the refusal."""
        try:
            self.on(store, now)
        except DelegateError as error:
            return error.code
        return ""
