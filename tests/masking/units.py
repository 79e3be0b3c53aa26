"""A text made from another in units: what each place in it stands for, worked out without marks."""

from __future__ import annotations

from collections.abc import Iterable

from delegate.masking.folding import Mapped

__all__ = ["assert_the_way_back"]


def assert_the_way_back(made: Mapped, units: Iterable[tuple[str, str]]) -> None:
    """``units`` are the pieces of the original, with what each became."""
    places: list[tuple[int, int]] = []
    start = 0
    text = ""
    for original, became in units:
        places += [(start, start + len(original))] * len(became)
        start += len(original)
        text += became
    assert made.text == text
    for first in range(len(text)):
        for last in range(first, len(text)):
            assert made.span(first, last + 1) == (places[first][0], places[last][1])
