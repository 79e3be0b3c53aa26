"""A bounded memory of chains whose signatures and narrowing were proved.

Only pure functions of exact bytes are kept: these blocks parse to this, this signature verifies under the
key with this id, this block narrows that one. The key is the text itself, so an entry answers for those
bytes and no others. Whatever can change while the bytes stay the same (trust, time, revocation, audience,
ceiling) is decided on every call, from the trust store and never from here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from delegate.limits import CHAIN_CACHE_SIZE

if TYPE_CHECKING:
    from delegate.token.chain import UnverifiedToken

__all__ = ["ChainCache"]


class ChainCache:
    """A least-recently-used map from token text to its proved chain; safe to share between threads."""

    __slots__ = ("_chains", "_lock", "_size")

    def __init__(self, size: int = CHAIN_CACHE_SIZE) -> None:
        """Keep at most ``size`` chains; 0 keeps none."""
        self._size = size
        self._lock = threading.Lock()
        self._chains: OrderedDict[str, UnverifiedToken] = OrderedDict()

    def get(self, text: str) -> UnverifiedToken | None:
        """The chain proved for exactly this text."""
        with self._lock:
            chain = self._chains.get(text)
            if chain is not None:
                self._chains.move_to_end(text)
            return chain

    def longest_prefix(self, text: str) -> UnverifiedToken | None:
        """The longest proved chain that ``text`` extends: sub-agents of one agent share it."""
        while (cut := text.rpartition(".")[0].rpartition(".")[0]) and "." in cut:
            text = cut
            if (chain := self.get(text)) is not None:
                return chain
        return None

    def add(self, chain: UnverifiedToken) -> None:
        """Keep a chain whose signatures and narrowing have just been proved."""
        with self._lock:
            self._chains[chain.text] = chain
            if len(self._chains) > self._size:
                self._chains.popitem(last=False)
