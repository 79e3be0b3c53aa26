"""The quick look at a value: all its texts in one list, if it is as plain as nearly all values are.

This is the hot path. It goes through the containers that JSON is made of, by exact type, level by level, and
collects texts; it makes nothing else. Where it meets anything that needs thought (another type, a bound, a
pair, a flag, a secret name over more than a text) it gives up at once, and the full walk begins from the
start. So a clean value costs one pass over its members and one search of its texts. Keys are looked up and
not searched (see ``names``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, NamedTuple

from delegate.limits import MASKING_MAX_DEPTH, MASKING_MAX_ITEMS, MASKING_MAX_NODES
from delegate.masking.leaves import INERT, LARGE
from delegate.masking.names import ODD, VALUE, Names

__all__ = ["Plain", "look"]

_PAIR: Final = 2


class Plain(NamedTuple):
    """A plain value, opened."""

    containers: list[Any]
    """Every container, level by level; the first is a list that holds the value itself."""
    keys: list[str]
    """Every key, of which nothing but known values has to be looked for."""
    texts: list[str]
    """Every other text, container by container."""
    named: list[tuple[int, str]]
    """The texts that stand under a telling name, by index, and the name."""
    first_texts: list[int]
    """For each container, where its texts begin in ``texts``."""
    first_below: list[int]
    """For each container, where those that it holds begin in ``containers``."""

    def holder(self, text: int) -> int:
        """The index of the container that holds a text."""
        return bisect_right(self.first_texts, text) - 1

    def above(self, container: int) -> int:
        """The index of the container that holds a container."""
        return bisect_right(self.first_below, container) - 1

    def depth(self) -> int:
        """How many containers stand within containers, the value itself not counted."""
        depth, container = -1, len(self.containers) - 1  # level by level, so none is deeper than the last
        while container:
            depth, container = depth + 1, self.above(container)
        return depth


_STR: Final = frozenset({str})


def look(  # noqa: C901, PLR0911, PLR0912 - a call for each member would cost more than all of it
    root: object, names: Names
) -> Plain | None:
    """``root`` opened; ``None`` where it needs the full walk. ``names`` gives the meaning of a key."""
    keys: list[str] = []
    texts: list[str] = []
    named: list[tuple[int, str]] = []
    containers: list[Any] = [[root]]
    first_texts: list[int] = []
    first_below: list[int] = []
    text, below, meaning = texts.append, containers.append, names.__getitem__
    room = MASKING_MAX_ITEMS
    for container in islice(containers, MASKING_MAX_NODES):  # which grows meanwhile
        room -= len(container)
        if room < 0:
            return None
        first_texts.append(len(texts))
        first_below.append(len(containers))
        if type(container) is dict:
            keys += container
            if any(map(meaning, container)) and not _telling(container, names, len(texts), named):
                return None
            for value in container.values():
                kind = type(value)
                if kind is str:
                    text(value)
                elif kind is int or kind is float:
                    if not -LARGE < value < LARGE:
                        return None
                elif kind is dict or kind is list or kind is tuple:
                    below(value)
                elif kind not in INERT:
                    return None
        else:
            if len(container) == _PAIR and type(container[0]) is str and names.secret(container[0]):
                return None
            for value in container:
                kind = type(value)
                if kind is str:
                    if "=" in value or value[:1] == "-":
                        return None
                    text(value)
                elif kind is int or kind is float:
                    if not -LARGE < value < LARGE:
                        return None
                elif kind is dict or kind is list or kind is tuple:
                    below(value)
                elif kind not in INERT:
                    return None
    plain = Plain(containers, keys, texts, named, first_texts, first_below)
    if len(containers) > MASKING_MAX_DEPTH and plain.depth() > MASKING_MAX_DEPTH:
        return None
    if len(texts) + len(containers) - 1 > MASKING_MAX_NODES:
        return None
    # A key of a class below ``str`` may say what it likes of its hash, so its meaning was not asked for.
    return plain if {*map(type, keys)} <= _STR else None


def _telling(
    container: dict[str, object], names: Mapping[str, int], place: int, named: list[tuple[int, str]]
) -> bool:
    """Note the texts under telling names, of those that begin at ``place``; false where that is not all."""
    for key, value in container.items():
        meaning = names[key]
        if type(value) is str:
            if meaning >= VALUE:
                return False
            if meaning:
                named.append((place, key))
            place += 1
        elif meaning and (meaning == ODD or (value is not None and type(value) is not bool)):
            return False
    return True
