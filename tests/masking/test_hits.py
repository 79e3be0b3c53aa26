"""Hits that overlap become one: what it covers, and whose name it has."""

from __future__ import annotations

import pytest

from delegate.masking.hits import Hit, resolve


@pytest.mark.parametrize(
    ("hits", "one"),
    [
        # the longer, then the higher rank, then the later detector in the alphabet, then the first place
        ([Hit(0, 9, "a", "a", 1), Hit(2, 4, "b", "b", 2)], Hit(0, 9, "a", "a", 1)),
        ([Hit(0, 2, "a", "a", 2), Hit(0, 9, "b", "b", 1)], Hit(0, 9, "b", "b", 1)),
        ([Hit(0, 4, "a", "a", 1), Hit(0, 4, "b", "b", 2)], Hit(0, 4, "b", "b", 2)),
        ([Hit(0, 4, "a", "b", 1), Hit(0, 4, "b", "a", 1)], Hit(0, 4, "a", "b", 1)),
        ([Hit(0, 4, "a", "a", 1), Hit(2, 6, "b", "a", 1)], Hit(0, 6, "a", "a", 1)),
        ([Hit(8, 10, "a", "a", 2), Hit(9, 13, "b", "b", 1)], Hit(8, 13, "b", "b", 1)),
        # what either covers is covered
        ([Hit(0, 5, "a", "a", 1), Hit(3, 6, "b", "b", 2)], Hit(0, 6, "a", "a", 1)),
        ([Hit(0, 3, "a", "a", 2), Hit(2, 6, "b", "b", 1)], Hit(0, 6, "b", "b", 1)),
        ([Hit(0, 3, "a", "a", 2), Hit(2, 5, "b", "b", 1), Hit(4, 6, "c", "c", 3)], Hit(0, 6, "a", "a", 2)),
    ],
)
def test_two_that_overlap(hits: list[Hit], one: Hit) -> None:
    assert resolve(hits) == [one]
    assert resolve(reversed(hits)) == [one]


def test_two_that_touch_stay_two() -> None:
    hits = [Hit(0, 3, "a", "a", 1), Hit(3, 6, "a", "a", 1)]
    assert resolve(hits) == hits
