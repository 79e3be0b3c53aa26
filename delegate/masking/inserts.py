"""Secrets in the rows of an SQL insert: ``INSERT INTO users (name, password) VALUES ('bob', '...')``.

The name of a value stands in another list, so both are read: the columns, of which some are secret by their
names, and row by row as many values. A row that is not read to its end gives nothing and ends the reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from delegate.masking.hits import Hit
from delegate.masking.key_names import KeyClass, classify
from delegate.masking.values import value_hit

__all__ = ["secrets_in_inserts"]

_INTO: Final = re.compile(
    r"into\s{1,8}[\w.`\"\[\]]{1,128}\s{0,8}\((?P<columns>[\w\s.,`\"\[\]]{1,4096})\)\s{0,8}values\s{0,8}"
)
_VALUE: Final = re.compile(
    r"\s{0,8}(?:[NEX]?'(?P<text>(?:[^'\\\x00]|\\[^\x00]|''){0,8192})'|(?P<other>(?:[^'(),;\x00]|\([^'()\x00]{0,64}\)){0,256}))\s{0,8}"
)
_BETWEEN_ROWS: Final = re.compile(r"\)\s{0,8},\s{0,8}")
_QUOTES: Final = '`"[] \t\r\n'


def secrets_in_inserts(text: str, lower: str) -> Iterator[Hit]:
    """The values of columns with secret names; ``lower`` is the text in lower case."""
    if "values" not in lower:
        return
    done = 0
    for into in _INTO.finditer(lower):
        first, last = into.span("columns")
        columns = [name.strip(_QUOTES) for name in text[first:last].split(",")]
        classes = [classify(name) for name in columns]
        if first >= done and set(classes) != {KeyClass.NONE}:  # no row is read twice, or time were quadratic
            hits, done = _rows(text, into.end(), columns, classes)
            yield from hits


def _rows(text: str, place: int, columns: list[str], classes: list[KeyClass]) -> tuple[list[Hit], int]:
    """The secrets of all rows from ``place`` on, and where the reading ended."""
    hits: list[Hit] = []
    while (row := _row(text, place, len(columns))) is not None:
        values, place = row
        for (start, end), name, sure in zip(values, columns, classes, strict=True):
            if sure is not KeyClass.NONE and (hit := value_hit(text, start, end, name, sure)) is not None:
                hits.append(hit)
        between = _BETWEEN_ROWS.match(text, place)
        if between is None:
            break
        place = between.end()
    return hits, place


def _row(text: str, place: int, number: int) -> tuple[list[tuple[int, int]], int] | None:
    """Where the values of one row stand, and where its closing parenthesis."""
    values: list[tuple[int, int]] = []
    before = "("
    for _ in range(number):
        value = _VALUE.match(text, place + 1) if text.startswith(before, place) else None
        if value is None:
            return None
        values.append(value.span("text" if value["text"] is not None else "other"))
        place, before = value.end(), ","
    return (values, place) if text.startswith(")", place) else None
