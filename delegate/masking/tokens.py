"""The table's rows at work, each tried only where its anchor stands.

``Runs`` looks at each long run of token characters: a trie of all prefixes, tried where the run begins and
behind each separator inside it, says which rows could match there, and only these are tried, in place; rows
with needles inside runs follow where the run is long enough for them. ``Gated`` tries a row over the whole
text where its gate and one of its needles occur.
"""

from __future__ import annotations

import re
import string
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib import import_module
from typing import Final, Literal

from delegate.errors import ConfigurationError
from delegate.masking.detectors import Detector
from delegate.masking.hits import Hit
from delegate.masking.linear import is_linear

__all__ = ["DECODABLE", "RUN", "RUN_CHARACTERS", "Gated", "Runs"]

RUN_CHARACTERS: Final = string.ascii_letters + string.digits + "_-.~+="
"""Of which the runs are made that the scanner looks at. No slash, or every address would be one."""

RUN: Final = 20
"""How long a run is at least: the shortest tokens that need no context (AWS key ids) are this long."""

_BEHIND: Final = "[_.+=~-]"
"""Separators in a run: a token may begin behind one."""

DECODABLE: Final = r"(?:0x)?(?:[2-7][0-9A-Fa-f]){10}|(?:[CI-Za-f][A-Za-z0-9+/_-]{3}){5}"
"""How hexadecimal or base64 of ASCII text begins: the first bits of ASCII are 0, so not every digit can."""


class Runs:
    """All rows whose anchor is inside a long run."""

    __slots__ = (
        *("_begins", "_behind", "_inside", "_needle", "_rows", "_shortest", "_start"),
        *("literals", "needles"),
    )

    def __init__(self, rows: Sequence[Detector], engine: Literal["re", "re2"] = "re") -> None:
        """Compile the rows, the trie of their prefixes, and the pattern of their needles."""
        by_prefix: dict[str, list[tuple[Detector, re.Pattern[str]]]] = defaultdict(list)
        for row in rows:
            pattern = _compiled(row, engine)
            for prefix in row.prefixes:
                by_prefix[prefix].append((row, pattern))
        self._rows = {
            literal: [
                (row, pattern, row.rank + min(len(prefix), 16))
                for prefix in by_prefix
                if literal.startswith(prefix)
                for row, pattern in by_prefix[prefix]
            ]
            for literal in by_prefix
        }
        self._inside = [(row, _compiled(row, engine)) for row in rows if row.run]
        self._shortest = min((row.run for row in rows if row.run), default=1 << 30)
        self.literals = tuple(self._rows)
        self.needles = tuple(needle for row in rows if row.run for needle in row.needles)
        trie = _trie(sorted(by_prefix)) or "(?!)"
        self._start = re.compile(f"({trie})|{DECODABLE}")
        self._behind = re.compile(f"{_BEHIND}(?:({trie})|{DECODABLE})")
        self._begins = re.compile(f"[^A-Za-z0-9](?:{trie}|{DECODABLE})")
        self._needle = re.compile("|".join(map(re.escape, self.needles)) or "(?!)")

    def interesting(self, text: str, start: int, end: int) -> bool:
        """Whether the run ``text[start:end]`` may hold a token, or an encoding of text."""
        return (
            # What stands before a run is neither letter nor digit: one search for its beginning and the rest.
            self._begins.search(text, start - 1 if start else 0, end) is not None
            or (not start and self._start.match(text, 0, end) is not None)
            or (end - start >= self._shortest and self._needle.search(text, start, end) is not None)
        )

    def find(self, text: str, start: int, end: int) -> Iterator[Hit]:
        """The tokens in the run ``text[start:end]``."""
        place = start
        match = self._start.match(text, start, end) or self._behind.search(text, start, end)
        while match:
            begin, literal = match.start(1), match[1]
            place = max(match.start() + 1, begin)
            if literal:
                for hit in self._tokens(text, begin, literal):
                    place = max(place, hit.end)
                    yield hit
            match = self._behind.search(text, place, end)
        if end - start >= self._shortest and self._needle.search(text, start, end):
            for row, pattern in self._inside:
                if end - start >= row.run and any(
                    text.find(needle, start, end) >= 0 for needle in row.needles
                ):
                    yield from _matches(row, pattern, text, start, end)

    def _tokens(self, text: str, start: int, literal: str) -> Iterator[Hit]:
        for row, pattern, rank in self._rows[literal]:
            match = pattern.match(text, start)
            if (
                match
                and _ends(text, match.end())
                and (row.check is None or row.check(match[0]))
                and not _is_stand_in(match[0][len(literal) :])
            ):
                yield Hit(start, match.end(), row.kind, row.id, rank)


class Gated:
    """All rows whose needles may be anywhere; ``by_gate`` has each gate with its needles and their rows."""

    __slots__ = ("_patterns", "by_gate")

    def __init__(self, rows: Sequence[Detector], engine: Literal["re", "re2"] = "re") -> None:
        """Compile the rows, and sort their needles by gate."""
        self._patterns = [(row, _compiled(row, engine)) for row in rows]
        gates: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for index, row in enumerate(rows):
            for needle in row.needles:
                gates[_narrowed(row.gate, needle)].append((needle, index))
        self.by_gate = {gate: tuple(entries) for gate, entries in gates.items()}

    def find(self, text: str, indices: Iterable[int]) -> Iterator[Hit]:
        """The matches of the rows at ``indices``."""
        for index in sorted({*indices}):
            row, pattern = self._patterns[index]
            yield from _matches(row, pattern, text, 0, len(text))


def _narrowed(gate: str, needle: str) -> str:
    """A gate of one mark, with its neighbour in the needle: ``t(`` and ``('`` are in less text than ``(``."""
    at = needle.rfind(gate)
    if len(gate) != 1 or at < 0:
        return gate
    return needle[at : at + 2] if at + 1 < len(needle) else needle[-2:]


def _compiled(row: Detector, engine: Literal["re", "re2"]) -> re.Pattern[str]:
    """The pattern of a row, on `re` where it is provably linear there, else on RE2, which always is."""
    try:
        if is_linear(row.pattern):
            return re.compile(row.pattern)
        if engine == "re2":
            compiled: re.Pattern[str] = import_module("re2").compile(row.pattern)
            return compiled
    except Exception as error:
        msg = f"the pattern of detector {row.id!r} is none that its engine reads: {error}"
        raise ConfigurationError(msg, field="pattern") from error
    msg = f'the pattern of detector {row.id!r} is not provably linear: bound it, or use engine="re2"'
    raise ConfigurationError(msg, field="pattern")


_FILLERS: Final = ({"x"}, {"X"}, {"0"})
"""What examples are filled with: ``ghp_xxxx``."""


def _is_stand_in(body: str) -> bool:
    """Whether all that follows a prefix is one character, and separators."""
    return {*body} - {*"-_."} in _FILLERS


def _matches(row: Detector, pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[Hit]:
    group = 1 if pattern.groups else 0
    for match in pattern.finditer(text, start, end):
        first, last = match.span(group)
        if (
            _begins(text, match.start())
            and _ends(text, last)
            and (row.check is None or row.check(match[group]))
        ):
            yield Hit(first, last, row.kind, row.id, row.rank)


def _begins(text: str, start: int) -> bool:
    return start == 0 or not (text[start - 1].isalnum() and text[start].isalnum())


def _ends(text: str, end: int) -> bool:
    """Whether a token may end here: no word goes on."""
    return end == len(text) or not (_in_word(text[end - 1]) and _in_word(text[end]))


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


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
