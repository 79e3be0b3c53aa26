"""Encodings opened: each escape with its own place, and of a run as much as is text, to the character."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from delegate.masking.decoding import decodings, unescaped
from delegate.masking.text import TextScanner
from tests.masking.samples import PASSWORD
from tests.masking.units import assert_the_way_back

ESCAPES = (
    *(("%41", "A"), ("%e2%82%ac", "\u20ac"), ("%00", " "), ("%ff", "\udcff")),
    *((r"\n", "\n"), (r"\/", "/"), (r"\\", "\\"), (r"\x41", "A"), (r"\x00", " ")),
    *((r"\u0041", "A"), (r"\u0000", " "), (r"\ud83d\ude00", "\U0001f600")),
    *(("&amp;", "&"), ("&#64;", "@"), ("&#x40;", "@"), ("&colon;", ":"), ("&#0;", "\ufffd")),
)
UNITS = (*ESCAPES, ("a", "a"), ("u", "u"), ("4", "4"), ("\u00e9", "\u00e9"))


@given(st.lists(st.sampled_from(UNITS), max_size=7))
@example([(r"\u0041", "A"), (r"\ud83d\ude00", "\U0001f600"), (r"\ud83d\ude00", "\U0001f600")])
@example([("a", "a"), ("a", "a"), (r"\x41", "A"), ("a", "a"), (r"\n", "\n"), ("a", "a")])
@example([(r"\u0041", "A"), (r"\u0041", "A"), ("a", "a"), (r"\ud83d\ude00", "\U0001f600"), ("a", "a")])
def test_every_part_of_what_was_escaped_leads_back_to_its_own_escapes(units: list[tuple[str, str]]) -> None:
    text = "".join(original for original, _ in units)
    made = list(unescaped(text))
    assert len(made) == any(unit in ESCAPES for unit in units)
    for start, mapped in made:
        assert start == 0
        assert_the_way_back(mapped, units)


@pytest.mark.parametrize(
    ("escape", "said"),
    [
        (r"\ud800\udc00", "\U00010000"),
        (r"\udbff\udfff", "\U0010ffff"),
        (r"\ud800\udfff", "\U000103ff"),
        (r"\udbff\udc00", "\U0010fc00"),
        (r"\ud7ff\udc00", "\ud7ff|\udc00"),
        (r"\udc00\udc00", "\udc00|\udc00"),
        (r"\ud800\udbff", "\ud800|\udbff"),
        (r"\ud800\ue000", "\ud800|\ue000"),
        (r"\u0041\u0000", "A| "),
        (r"\u0000\u0041", " |A"),
    ],
)
def test_two_halves_are_one_character_and_everything_else_is_two(escape: str, said: str) -> None:
    ((start, made),) = unescaped(f"ab{escape}c")
    parts = said.split("|")
    size = len(escape) // len(parts)
    halves = [(escape[:size], parts[0]), (escape[size:], parts[-1])][: len(parts)]
    assert start == 0
    assert_the_way_back(made, [("a", "a"), ("b", "b"), *halves, ("c", "c")])


@pytest.mark.parametrize("before", ["", r"\u0020", r"\u0020\u0020", r"\ud835", r"\ud835\udc29\u0020"])
def test_a_letter_of_two_halves_hides_nothing_whatever_stands_before_it(before: str) -> None:
    letter = r"\ud835\udc29"  # a bold p
    assert [hit.kind for hit in TextScanner().scan(f"{before}{letter}assword={PASSWORD}")] == ["password"]


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ("%41", [(0, "A")]),
        ("\0%41", [(1, "A")]),
        ("a\0b%41c\0d", [(2, "bAc")]),
        ("%41\0b\0%42", [(0, "A"), (6, "B")]),
        ("a", []),
    ],
)
def test_only_the_leaves_with_escapes_are_given(text: str, leaves: list[tuple[int, str]]) -> None:
    assert [(start, made.text) for start, made in unescaped(text)] == leaves


# --- encoded runs ----------------------------------------------------------------------------------

PLAIN = "see here: a text of some length; "


def base64_of(text: str | bytes) -> str:
    octets = text if isinstance(text, bytes) else text.encode()
    return base64.b64encode(octets).decode()


def hexadecimal_of(text: str | bytes) -> str:
    return (text if isinstance(text, bytes) else text.encode()).hex()


def read(run: str, last: int | None = None) -> list[tuple[int, int, str]]:
    return list(decodings(run, 0, len(run) if last is None else last))


@pytest.mark.parametrize("length", [15, 16, 17, 30, 47, 48, 49, 50, 63, 64, 65, 191, 192, 193, 400, 1000])
def test_a_text_is_read_to_its_end(length: int) -> None:
    text = (PLAIN * 40)[:length]
    for run in (base64_of(text), hexadecimal_of(text), "0x" + hexadecimal_of(text)):
        assert read(run) == [(0, len(run), text)]
        assert read(f"a.{run}") == [(2, 2 + len(run), text)]
    url = base64.urlsafe_b64encode(text.encode()).decode()
    assert read(url.rstrip("=")) == [(0, len(url.rstrip("=")), text)]


@pytest.mark.parametrize("length", [15, 30, 48, 60])
def test_a_last_character_that_is_no_octet_yet_counts_for_none(length: int) -> None:
    run = base64_of((PLAIN * 2)[:length]) + "A"
    assert read(run) == [(0, len(run), (PLAIN * 2)[:length])]


@pytest.mark.parametrize("place", range(40, 52))
@pytest.mark.parametrize("character", ["\u00e9", "\u20ac", "\U0001f600"])
def test_a_character_that_the_first_piece_cuts_is_read_whole(place: int, character: str) -> None:
    """The first piece is 64 characters: 48 octets of base64, 32 of hexadecimal."""
    text = (PLAIN * 2)[:place] + character + PLAIN * 2
    later = (PLAIN * 2)[: place - 16] + character + PLAIN * 2
    for run, said in ((base64_of(text), text), (hexadecimal_of(later), later)):
        assert read(run) == [(0, len(run), said)]


@pytest.mark.parametrize("rest", [1, 2, 3, 4, 5, 40])
@pytest.mark.parametrize("length", [20, 21, 22, 44, 45, 46, 47, 48, 60])
def test_what_is_no_text_any_more_is_left(length: int, rest: int) -> None:
    text = (PLAIN * 2)[:length]
    octets = text.encode() + b"\x7f" * rest
    assert read(base64_of(octets)) == [(0, -(-length * 4 // 3), text)]
    assert read(hexadecimal_of(octets)) == [(0, 2 * length, text)]


@pytest.mark.parametrize(("length", "is_read"), [(8, False), (9, True)])
def test_how_short_a_text_is_worth_a_look(length: int, is_read: bool) -> None:  # noqa: FBT001
    octets = PLAIN[:length].encode() + b"\x7f" * 12
    expected = [(0, 12, PLAIN[:length])] if is_read else []
    assert read(base64_of(octets)) == expected


def test_what_begins_behind_the_run_is_none_of_it() -> None:
    run = "a." + base64_of(PLAIN)
    assert read(run, 1) == read(run, 2) == []
    assert read(run, 3) == [(2, len(run), PLAIN)]
