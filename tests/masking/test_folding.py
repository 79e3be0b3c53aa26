"""Folding, and the way back: what a place in the folded text stands for, to the character."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from delegate.masking.folding import Mapped, fold
from tests.masking.units import assert_the_way_back

UNITS = (
    *(("a", "a"), ("7", "7"), ("\0", "\0"), ("\u00e9", "e"), ("\uff20", "@"), ("\u0430", "a")),
    *(("\u2010", "-"), ("\u00a0", " "), ("\u2028", "\n"), ("\u0663", "3"), ("\u4e2d", "\u4e2d")),
    *(("\u00df", "ss"), ("\ufb03", "ffi"), ("\u2116", "No"), ("\u33a9", "Pa")),
    *(("\u200b", ""), ("\u0301", ""), ("\u3164", ""), ("\u00ad", "")),
)


@pytest.mark.parametrize(("original", "folded"), UNITS)
def test_what_a_character_folds_to(original: str, folded: str) -> None:
    assert fold(original).text == folded


@given(st.lists(st.sampled_from(UNITS), max_size=8))
@example([("\u00df", "ss"), ("\u200b", "")])
@example([("\u200b", ""), ("\ufb03", "ffi"), ("\u200b", ""), ("a", "a")])
def test_every_part_of_the_folded_text_leads_back_to_its_own_characters(units: list[tuple[str, str]]) -> None:
    assert_the_way_back(fold("".join(original for original, _ in units)), units)


def test_a_text_as_long_as_before_may_still_have_other_places() -> None:
    assert fold("\u00df\u200ba").span(2, 3) == (2, 3)
    assert fold("a\u00e9").marks == (0,)


@pytest.mark.parametrize(
    "units",
    [
        [("%41", "A")],
        [("a", "a"), ("%41", "A")],
        [("%41", "A"), ("b", "b"), ("c", "c")],
        [("a", "a"), ("%41", "A"), ("%42", "B"), ("c", "c")],
    ],
)
def test_what_was_long_and_became_one_character_is_never_cut(units: list[tuple[str, str]]) -> None:
    marks, origins = [0], [0]
    place = start = 0
    for original, became in units:
        if len(original) > 1:
            marks += (place, place + len(became))
            origins += (start, start + len(original))
        place += len(became)
        start += len(original)
    made = Mapped("".join(became for _, became in units), marks, origins, start)
    assert_the_way_back(made, units)
