"""What every row of the table is asked, alone: whether it takes a text, and how long a token may be."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.text import TextScanner
from delegate.masking.tokens import RUN

__all__ = ["assert_example", "assert_lengths", "assert_shortest", "lengths", "others", "taken"]


def taken(row: Detector, text: str) -> list[str]:
    """What the row alone masks in a text."""
    return [
        text[hit.start : hit.end] for hit in TextScanner(detectors=[row]).scan(text) if hit.detector == row.id
    ]


def lengths(rows: Iterable[Detector], numbers: str) -> list[object]:
    """Rows with the least and, where it is fixed, the greatest length, from ``name:least-most`` each."""
    by_name = {row.id: row for row in rows}
    cases: list[object] = []
    for entry in numbers.split():
        name, _, bounds = entry.partition(":")
        least, _, most = bounds.partition("-")
        cases.append(pytest.param(by_name[name], int(least), int(most or 0), id=name))
    return cases


def others(rows: Iterable[Detector], numbers: str) -> list[object]:
    """The rows that are not among those."""
    named = {entry.partition(":")[0] for entry in numbers.split()}
    return [pytest.param(row, id=row.id) for row in rows if row.id not in named]


def assert_lengths(row: Detector, least: int, most: int) -> None:
    """Behind its prefix a token has at least so many characters, and at most, where ``most`` is not 0."""
    sample = row.example.removeprefix(row.prefixes[0])
    head = min((prefix for prefix in row.prefixes if len(prefix) + least >= RUN), key=len)
    lengths = [least] if not most else [least, most]
    for length in lengths:
        token = head + _body(sample, length)
        assert taken(row, f"see {token} there") == [token]
    for length in [least - 1, most + 1][: len(lengths)]:
        assert taken(row, f"see {head}{_body(sample, length)} there") == []


def _body(sample: str, length: int) -> str:
    """So many of the characters that an example is made of."""
    return (sample * (length // len(sample) + 1))[:length]


def assert_shortest(row: Detector, token: str) -> None:
    """This is taken, alone in its run, and is not any more without its last character."""
    assert taken(row, f"see {token} there") == [token]
    assert taken(row, f"see {token[:-1]} there") == []


def assert_example(row: Detector) -> None:
    """The example is taken and the near miss is not."""
    found = taken(row, f"see {row.example} there")
    assert len(found) == 1
    assert found[0].strip() in row.example
    assert taken(row, f"see {row.counter_example} there") == []
