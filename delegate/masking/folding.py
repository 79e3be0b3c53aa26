"""Folding: letters that look alike become one, and what is not seen disappears.

Non-ASCII text is folded before it is scanned, so that a fullwidth ``＠``, a Cyrillic ``а``, Arabic digits, a
no-break hyphen or a zero-width space hide nothing. Each character folds by itself: compatibility forms by
NFKD (Unicode Standard Annex 15) without their marks, decimal digits by value, dashes to ``-``, spaces to a
space, format characters and joiners to nothing, and a table of letters that pass for Latin ones.

``fold`` gives the folded text and where each of its characters came from; ``Mapped.span`` turns a place in
the folded text into the place in the original that it stands for. NUL stays NUL.
"""

# ruff: noqa: RUF001, RUF002 - the table is of letters that look like others

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Mapped", "fold"]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A text made from another, and the way back.

    ``marks`` and ``origins`` are ascending: the character at ``marks[i]`` of ``text`` begins at
    ``origins[i]`` of the original, and from there on both advance alike until the next mark.
    """

    text: str
    marks: Sequence[int]
    origins: Sequence[int]
    length: int
    """Characters of the original."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The part of the original that ``text[start:end]`` stands for; whole units, never half of one."""
        first = bisect_right(self.marks, start) - 1
        begin = self.origins[first] + self._into(first, start)
        last = bisect_right(self.marks, end - 1) - 1
        final = self.origins[last] + self._into(last, end - 1)
        stop = final + 1
        if last + 1 < len(self.marks) and self.marks[last + 1] == end:
            stop = self.origins[last + 1]
        return begin, stop

    def _into(self, index: int, place: int) -> int:
        """Characters past mark ``index``, but never into the next unit of the original."""
        past = place - self.marks[index]
        end = self.origins[index + 1] if index + 1 < len(self.origins) else self.length
        return min(past, end - self.origins[index] - 1)


_LOOKALIKES: Final = {
    letter: latin
    for latin, letters in (
        ("a", "аα"),
        ("b", "вβ"),
        ("c", "с"),
        ("d", "ԁđ"),
        ("e", "еѐёε"),
        ("g", "ɡց"),
        ("h", "һнհ"),
        ("i", "іїιı"),
        ("j", "ј"),
        ("k", "кκ"),
        ("l", "ӏł"),
        ("m", "м"),
        ("o", "оοøօ"),
        ("p", "рρ"),
        ("q", "ԛզ"),
        ("r", "г"),
        ("s", "ѕ"),
        ("t", "тτ"),
        ("y", "уγ"),
        ("v", "ѵν"),
        ("w", "ԝω"),
        ("x", "хχ"),
        ("A", "АΑ"),
        ("B", "ВΒ"),
        ("C", "С"),
        ("E", "ЕΕ"),
        ("H", "НΗ"),
        ("I", "ІΙꓲ"),
        ("J", "Ј"),
        ("K", "КΚ"),
        ("M", "МΜ"),
        ("O", "ОΟ"),
        ("P", "РΡ"),
        ("S", "Ѕ"),
        ("T", "ТΤ"),
        ("Y", "УҮΥ"),
        ("X", "ХΧ"),
        ("G", "Ԍ"),
        ("n", "ηո"),
        ("u", "υս"),
        ("Z", "Ζ"),
        ("N", "Ν"),
        ("ss", "ß"),
        ("/", "⁄∕"),
        (".", "․。｡"),
        ("!", "ǃ"),
        (",", "、"),
        ('"', "“”„«»"),
        ("'", "‘’‚՝"),
        ("-", "−˗ー"),
        (":", "∶꞉"),
        ("%", "٪"),
        ("*", "∗"),
    )
    for letter in letters
}

_GONE: Final = frozenset({"Cf", "Mn", "Me"})
_DASH_AND_SPACE: Final = {"Pd": "-", "Zs": " ", "Zl": "\n", "Zp": "\n"}
_INVISIBLE: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5")


class _Fold(dict[str, str]):
    """Character to what it folds to, worked out once; it can hold no more than Unicode has characters."""

    def __missing__(self, character: str) -> str:
        folded = self[character] = _folded(character)
        return folded


def _folded(character: str) -> str:
    if character.isascii():
        return character
    if character in _LOOKALIKES:
        return _LOOKALIKES[character]
    category = unicodedata.category(character)
    if category in _GONE or character in _INVISIBLE:
        return ""
    if category in _DASH_AND_SPACE:
        return _DASH_AND_SPACE[category]
    if category == "Nd":
        return str(unicodedata.decimal(character))
    plain = "".join(
        part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)
    )
    return _LOOKALIKES.get(plain, plain) if plain.replace("\0", "") else character


_FOLD: Final = _Fold()


def fold(text: str) -> Mapped:
    """The text as a reader would see it, with the way back to the original."""
    units = [_FOLD[character] for character in text]
    folded = "".join(units)
    if len(folded) == len(text) and all(units):
        return Mapped(folded, (0,), (0,), len(text))
    marks: list[int] = [0]
    origins: list[int] = [0]
    place = 0
    for index, unit in enumerate(units):
        if len(unit) != 1:
            marks += (place, place + len(unit))
            origins += (index, index + 1)
        place += len(unit)
    return Mapped(folded, marks, origins, len(text))
