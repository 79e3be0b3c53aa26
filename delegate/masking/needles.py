"""Many byte strings looked for in a text at once, at a cost that does not grow with their number.

The text is cut into chunks of a fixed size, as they come: 0 to 7, 8 to 15, and so on. A needle of at least
``2 * size - 1`` bytes that stands in it, wherever it begins, has one whole chunk among its last ``2 * size -
1`` bytes. So for each needle these parts, one for each place that the cut can take, are kept as numbers; and
whether any chunk of a text is one of them is a single set operation over all its chunks. Nearly always none
is, and the search ends there. Otherwise the end of the needle is looked up around the chunk, and compared.

The end and not the beginning, because many tokens begin alike. Nothing is approximate: what is compared is
the needle itself. Two sizes are used, so that long needles, which nearly all are, cost half of what short
ones do.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final, Literal

__all__ = ["SHORTEST", "Needles"]

SHORTEST: Final = 7
"""Bytes that a needle has at least: two chunks of the smaller size, less one."""


class Needles:
    """The needles; reading is safe while another thread adds and removes."""

    __slots__ = ("_long", "_short")

    def __init__(self) -> None:
        """Begin with none."""
        self._short = _Chunks(4, "I")
        self._long = _Chunks(8, "Q")

    def add(self, needles: Iterable[bytes]) -> None:
        """Look for these too. One that was added twice has to be removed twice."""
        for needle in needles:
            self._of(needle).add(needle)

    def remove(self, needles: Iterable[bytes]) -> None:
        """Look for these no longer."""
        for needle in needles:
            self._of(needle).remove(needle)

    def standing_in(self, text: bytes) -> list[bytes]:
        """Those that occur in ``text``, each once."""
        found: list[bytes] = []
        for chunks in (self._long, self._short):
            if chunks.ends:
                found += chunks.standing_in(text)
        return found

    def _of(self, needle: bytes) -> _Chunks:
        return self._long if len(needle) >= self._long.least else self._short


class _Chunks:
    """The needles that are long enough for one size of chunks."""

    __slots__ = ("_format", "_parts", "_size", "ends", "least")

    def __init__(self, size: int, item: Literal["I", "Q"]) -> None:
        self._size = size
        self._format: Literal["I", "Q"] = item
        """Of the numbers that the chunks are read as, in ``memoryview.cast``."""
        self.least = 2 * size - 1
        self._parts: dict[int, int] = {}
        """The parts of all needles as numbers, and how many needles have each."""
        self.ends: dict[bytes, tuple[bytes, ...]] = {}
        """The last ``size`` bytes of needles, and the needles that end so."""

    def add(self, needle: bytes) -> None:
        # First the end, so that a thread that meets a part finds what it belongs to.
        end = needle[-self._size :]
        self.ends[end] = (*self.ends.get(end, ()), needle)
        for part in self._cut(needle):
            self._parts[part] = self._parts.get(part, 0) + 1

    def remove(self, needle: bytes) -> None:
        for part in self._cut(needle):
            if self._parts[part] > 1:
                self._parts[part] -= 1
            else:
                del self._parts[part]
        end = needle[-self._size :]
        left = list(self.ends[end])
        left.remove(needle)
        if left:
            self.ends[end] = tuple(left)
        else:
            del self.ends[end]

    def standing_in(self, text: bytes) -> Iterator[bytes]:
        """The needles in ``text``, each once."""
        size = self._size
        whole = memoryview(text)[: len(text) - len(text) % size]
        chunks = whole.cast(self._format).tolist()
        if self._parts.keys().isdisjoint(chunks):
            return
        found: dict[bytes, None] = {}
        for number, chunk in enumerate(chunks, start=1):
            if chunk in self._parts:
                for end in range(number * size, number * size + size):
                    for needle in self.ends.get(text[end - size : end], ()):
                        if needle not in found and text.endswith(needle, 0, end):
                            found[needle] = None
        yield from found

    def _cut(self, needle: bytes) -> Iterator[int]:
        """The parts of ``needle`` of which one is a chunk of any text that holds it."""
        for end in range(len(needle) - self._size + 1, len(needle) + 1):
            yield int.from_bytes(needle[end - self._size : end], sys.byteorder)
