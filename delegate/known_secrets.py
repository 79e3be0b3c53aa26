"""The secrets this process is known to hold, so that masking can find them exactly.

The rule: whoever holds a secret registers *itself*; the registry keeps a weak reference and asks for the
values only when masking reads them. So a secret lives no longer than its holder, is stored nowhere twice,
and needs no clean-up. Keys, tokens and the client add; masking reads; nobody else does either.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Protocol

__all__ = ["SecretHolder", "add", "generation", "values"]


class SecretHolder(Protocol):
    """An object that holds secrets; it must be weakly referenceable."""

    def __known_secrets__(self) -> Iterable[bytes]:
        """The secrets, as the bytes in which they could leak."""
        ...


class _Held(weakref.ref[SecretHolder]):
    """A reference to one holder, whatever that holder is equal to."""

    __slots__ = ()
    __eq__ = object.__eq__
    __hash__ = object.__hash__


_holders: set[_Held] = set()
_added = count(1)
_last_added = 0


def add(holder: SecretHolder) -> None:
    """Remember ``holder``, which calls this once, for as long as something else keeps it alive."""
    global _last_added  # noqa: PLW0603 - the registry is one for the process
    _holders.add(_Held(holder, _holders.discard))
    _last_added = next(_added)


def generation() -> tuple[int, int]:
    """A pair that changes whenever a holder is added or has died: whether ``values`` must be read anew."""
    return _last_added, len(_holders)


def values() -> Iterator[bytes]:
    """Every secret of every living holder, in no particular order, possibly repeated."""
    for reference in _holders.copy():  # other threads may add meanwhile
        holder = reference()
        if holder is not None:
            yield from holder.__known_secrets__()
