"""The table's rows at work: literals that begin tokens, and literals that occur in them.

``Prefixes`` looks at each long run of token characters once: a trie of all prefixes, tried where the run
begins and behind each separator inside it, says which rows could match there, and only these are tried, in
place. ``Needles`` tries a row over the text where one of its literals occurs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from delegate.masking.detectors import Detector
from delegate.masking.hits import Hit

__all__ = ["GATES", "RUN", "RUN_CHARACTERS", "Needles", "Prefixes"]

RUN_CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~+/="
"""Of which the runs are made that the scanner looks at."""

RUN: Final = 15
"""How long a run is at least: the shortest account number (Norway), shorter than any token of the table."""

GATES: Final = "~|$@:=._-+/ "


class Prefixes:
    """All rows that begin with a literal."""

    __slots__ = ("_at", "_behind", "_rows")

    def __init__(self, rows: Sequence[Detector]) -> None:
        """Compile the rows and the trie of their prefixes."""
        compiled = {row: re.compile(row.pattern) for row in rows}
        by_prefix: dict[str, list[tuple[Detector, re.Pattern[str]]]] = defaultdict(list)
        for row, pattern in compiled.items():
            for prefix in row.prefixes:
                by_prefix[prefix].append((row, pattern))
        self._rows = {
            literal: [entry for prefix, entries in by_prefix.items() if literal.startswith(prefix) for entry in entries]
            for literal in by_prefix
        }
        trie = _trie(sorted(by_prefix))
        self._at = re.compile(trie)
        self._behind = re.compile(f"[_./+=~-](?=({trie}))")

    @property
    def literals(self) -> tuple[str, ...]:
        """Every prefix of every row."""
        return tuple(self._rows)

    def find(self, text: str, classes: bytes) -> Iterator[Hit]:
        """The tokens in each long run; ``classes`` as ``prefilter.classes`` gives them."""
        at, behind = self._at.match, self._behind.search
        needle = b"x" * RUN
        start = classes.find(needle)
        while start >= 0:
            end = classes.find(b" ", start)
            if end < 0:
                end = len(classes)
            match = at(text, start)
            place = yield from self._tokens(text, start, match[0]) if match else _nothing(start)
            inner = behind(text, place, end)
            while inner:
                place = yield from self._tokens(text, inner.start(1), inner[1])
                inner = behind(text, max(place, inner.end()), end)
            start = classes.find(needle, end)

    def _tokens(self, text: str, start: int, literal: str) -> Iterator[Hit]:
        """The hits at ``start``, and where the search goes on."""
        end = start
        for row, pattern in self._rows[literal]:
            match = pattern.match(text, start)
            if match and _ends(text, match.end()) and (row.check is None or row.check(match[0])):
                yield Hit(start, match.end(), row.kind, row.id, row.rank + len(literal) // 8)
                end = max(end, match.end())
        return end  # noqa: B901 - read by `yield from`


def _nothing(place: int) -> Iterator[Hit]:
    yield from ()
    return place  # noqa: B901 - read by `yield from`


def _ends(text: str, end: int) -> bool:
    """Whether a token may end here: nothing that continues a word follows."""
    return not (text[end : end + 1].isalnum() or text[end : end + 1] == "_")


def _trie(literals: Sequence[str]) -> str:
    """A pattern for the longest of ``literals`` at a place, which tries each character once."""
    heads: dict[str, list[str]] = defaultdict(list)
    for literal in literals:
        if literal:
            heads[literal[0]].append(literal[1:])
    branches = [re.escape(head) + _trie(tails) for head, tails in heads.items()]
    if not branches:
        return ""
    joined = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{joined})?" if "" in literals else joined


class Needles:
    """All rows that are tried where a literal occurs anywhere in the text."""

    __slots__ = ("_patterns", "by_gate", "literals")

    def __init__(self, rows: Sequence[Detector]) -> None:
        """Compile the rows, and sort their literals by the rarest sign in each."""
        self._patterns = [(row, re.compile(row.pattern)) for row in rows]
        self.literals = tuple((literal, index) for index, row in enumerate(rows) for literal in row.needles)
        gates: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for literal, index in self.literals:
            gates[next((gate for gate in GATES if gate in literal), "")].append((literal, index))
        self.by_gate = tuple((gate, tuple(entries)) for gate, entries in gates.items())

    def find(self, text: str, indices: frozenset[int]) -> Iterator[Hit]:
        """The matches of the rows at ``indices``."""
        for index in indices:
            row, pattern = self._patterns[index]
            group = 1 if pattern.groups else 0
            for match in pattern.finditer(text):
                start, end = match.span(group)
                if _begins(text, start) and _ends(text, end) and (row.check is None or row.check(match[group])):
                    yield Hit(start, end, row.kind, row.id, row.rank)


def _begins(text: str, start: int) -> bool:
    return not text[start - 1 : start].isalnum() or start == 0
