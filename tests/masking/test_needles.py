"""Many needles at once: the same as looking for each of them, at any place, for any mixture of lengths."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.masking.known import KnownValues
from delegate.masking.needles import SHORTEST, Needles
from tests.masking.counting import calls_in
from tests.masking.holder import Holder

LENGTHS = (7, 8, 14, 15, 16, 40)
OCTETS = st.binary(min_size=SHORTEST, max_size=40) | st.text("ab", min_size=SHORTEST, max_size=20).map(
    str.encode
)


def made(*needles: bytes) -> Needles:
    found = Needles()
    found.add(needles)
    return found


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("place", range(17))
def test_a_needle_is_found_wherever_it_stands(length: int, place: int) -> None:
    needle = bytes(range(65, 65 + length))
    others = [bytes(reversed(range(65, 65 + size))) for size in LENGTHS]
    needles = made(needle, *others)
    for after in (b"", b".", b"." * 20):
        assert needles.standing_in(b"." * place + needle + after) == [needle]
        assert needles.standing_in(b"." * place + needle[:-1] + b"!" + after) == []
        assert needles.standing_in(b"." * place + b"!" + needle[1:] + after) == []


@given(st.lists(OCTETS, max_size=8), st.lists(OCTETS, max_size=4), st.lists(OCTETS, max_size=4))
def test_it_finds_what_looking_for_each_finds(
    needles: list[bytes], gone: list[bytes], between: list[bytes]
) -> None:
    """'it must stay exact', also after some were taken back, and where one holds another"""
    found = made(*needles, *gone)
    found.remove(gone)
    text = b"".join(piece for pair in zip(between, [*needles, *gone], strict=False) for piece in pair)
    for each in (text, text[1:], text[:-1], text * 2):
        assert sorted(found.standing_in(each)) == sorted({*needles} & {n for n in needles if n in each})


def test_how_short_a_needle_may_be() -> None:
    needle = b"7 bytes"
    assert len(needle) == SHORTEST == Needles()._short.least
    assert made(needle).standing_in(b"of " + needle) == [needle]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_needle_has_one_part_for_each_place_of_the_cut(length: int) -> None:
    """And the larger size is that of every needle which is long enough for it."""
    needle = bytes(range(65, 65 + length))
    needles = made(needle)
    chunks, size = (needles._long, 8) if length >= 15 else (needles._short, 4)
    ends = range(length - size + 1, length + 1)
    assert [part.to_bytes(size, sys.byteorder) for part in chunks._parts] == [
        needle[end - size : end] for end in ends
    ]


def test_nothing_is_kept_of_what_was_taken_back() -> None:
    found = made(b"longer than fifteen bytes", b"shorter", b"shorter")
    found.remove([b"longer than fifteen bytes", b"shorter"])
    assert found.standing_in(b"shorter") == [b"shorter"]
    found.remove([b"shorter"])
    for chunks in (found._short, found._long):
        assert not chunks.ends
        assert not chunks._parts


def test_known_values_stand_in_any_text() -> None:
    holder = Holder(b"correct-horse", "\u5bc6\u7801\u5bc6".encode())
    known = KnownValues()
    for text, start in (("\ud83d \u00e9 correct-horse \u00e9", 4), ("\udc80\u5bc6\u7801\u5bc6", 1)):
        (hit,) = known.find(text)
        assert hit.start == start
        assert known.stand_in(["a", text])
    assert not known.stand_in(["correct-", "horse"])
    del holder


def test_a_clean_value_costs_the_same_however_many_secrets_are_known() -> None:
    """Counted in calls of functions, which a busy machine does not change."""
    text = "a clean text of some length, in which there is nothing to find " * 10
    calls = []
    for number in (10, 1_000):
        holder = Holder(*(b"secret-of-its-own-%d" % each for each in range(number)))
        known = KnownValues()
        assert list(known.find("see secret-of-its-own-7!"))
        calls.append(calls_in(lambda known=known: list(known.find(text))))  # type: ignore[misc]
        del holder
    few, many = calls
    assert few == many > 0
