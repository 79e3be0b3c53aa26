"""A bounded memory of chains whose signatures and narrowing were proved.

Only pure functions of exact bytes are kept: these blocks parse to this, this signature verifies under the
key with this id, this block narrows that one. The key is the text itself, so an entry answers for those
bytes and no others. Whatever can change while the bytes stay the same (trust, time, revocation, audience,
ceiling) is decided on every call, from the trust store and never from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from delegate.limits import CHAIN_CACHE_SIZE, TOKEN_MAX_BLOCKS

if TYPE_CHECKING:
    from delegate.token.chain import UnverifiedToken

__all__ = ["ChainCache"]


class ChainCache:
    """A map from token text to its proved chain that forgets what was not used for longest.

    Two generations stand for the order of use: when the young one is full it becomes the old one, whose
    entries are forgotten unless they are used before that happens again. So a look-up is one look into a
    dictionary, needs no lock, and may be made by any number of threads.
    """

    __slots__ = ("_generation", "_old", "_young")

    def __init__(self, size: int = CHAIN_CACHE_SIZE) -> None:
        """Keep at most ``size`` chains; below 2 it keeps none."""
        self._generation = size // 2
        self._young: dict[str, UnverifiedToken] = {}
        self._old: dict[str, UnverifiedToken] = {}

    def get(self, text: str) -> UnverifiedToken | None:
        """The chain proved for exactly this text."""
        chain = self._young.get(text)
        if chain is None:
            chain = self._old.get(text)
            if chain is not None:
                self.add(chain)
        return chain

    def longest_prefix(self, text: str) -> UnverifiedToken | None:
        """The longest proved chain that ``text`` extends: sub-agents of one agent share it."""
        if text.count(".") > 2 * TOKEN_MAX_BLOCKS:  # no token, and each part would cost a look
            return None
        while (cut := text.rpartition(".")[0].rpartition(".")[0]) and "." in cut:
            text = cut
            if (chain := self.get(text)) is not None:
                return chain
        return None

    def add(self, chain: UnverifiedToken) -> None:
        """Keep a chain whose signatures and narrowing have just been proved."""
        if len(self._young) >= self._generation:
            self._old, self._young = self._young, {}
        if self._generation:
            self._young[chain.text] = chain
