"""A bounded memory of chains that were proved, and what was found out about them.

Only pure functions of exact bytes and of one trust snapshot are kept: these blocks parse to this, this
signature verifies under the key with this id, this block narrows that one, this root is trusted and stays
within its issuer's ceiling. An entry is found by the end of its text and compared with all of it, so it
answers for those bytes and no others; and all entries are forgotten when another snapshot is asked about,
so they answer for that trust and no other. Whatever can change besides (time, revocation, the audience
that is asked for) is decided on every call and never from here.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from delegate.limits import CHAIN_CACHE_SIZE, TOKEN_MAX_BLOCKS

__all__ = ["ChainCache", "Chains"]

_Entry = TypeVar("_Entry")

_KEY_CHARS: Final = 32
"""Chains that end alike end in one signature and are one chain: hashing more would tell no more apart."""


class Chains(Generic[_Entry]):
    """A map from token text to what was found out, which forgets what was not used for longest.

    Two generations stand for the order of use: when the young one is full it becomes the old one, whose
    entries are forgotten unless they are used before that happens again. So a look-up is one look into a
    dictionary, needs no lock, and may be made by any number of threads.
    """

    __slots__ = ("_generation", "_old", "_young", "basis")

    def __init__(self, basis: object, size: int) -> None:
        """Keep at most ``size`` entries, found out under ``basis``; below 2 none."""
        self.basis = basis
        self._generation = size // 2
        self._young: dict[str, tuple[str, _Entry]] = {}
        self._old: dict[str, tuple[str, _Entry]] = {}

    def get(self, text: str) -> _Entry | None:
        """What was found out about exactly this text."""
        key = text[-_KEY_CHARS:]
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is None or found[0] != text:
                return None
            self.add(*found)
        known, entry = found
        return entry if known == text else None

    def longest_prefix(self, text: str) -> _Entry | None:
        """The entry of the longest chain that ``text`` extends: sub-agents of one agent share it."""
        empty = not (self._young or self._old)
        if empty or text.count(".") > 2 * TOKEN_MAX_BLOCKS:  # no token, and each part would cost a look
            return None
        while (cut := text.rpartition(".")[0].rpartition(".")[0]) and "." in cut:
            text = cut
            if (entry := self.get(text)) is not None:
                return entry
        return None

    def add(self, text: str, entry: _Entry) -> None:
        """Keep what has just been found out about a chain."""
        if len(self._young) >= self._generation:
            self._old, self._young = self._young, {}
        if self._generation:
            self._young[text[-_KEY_CHARS:]] = (text, entry)


class ChainCache(Generic[_Entry]):
    """The chains of one verifier, forgotten together when its trust changes."""

    __slots__ = ("_chains", "_size")

    def __init__(self, size: int = CHAIN_CACHE_SIZE) -> None:
        """Keep at most ``size`` chains; below 2 none."""
        self._size = size
        self._chains: Chains[_Entry] = Chains(None, size)

    def under(self, basis: object) -> Chains[_Entry]:
        """The chains found out under ``basis``, an immutable trust snapshot; none, if that is a new one.

        A thread that is still at work under an earlier snapshot fills chains that nobody asks any more.
        """
        chains = self._chains
        if chains.basis is not basis:
            chains = self._chains = Chains(basis, self._size)
        return chains
