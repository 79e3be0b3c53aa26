"""One text made into another: modes, what touches what, and when it is searched again."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.limits import MASKING_ROUNDS
from delegate.masking.hits import Hit
from delegate.masking.markers import Markers
from delegate.masking.rewrite import Rewritten, rewrite, whole

MARKERS = Markers({"a", "b"}, reveal={})
A, B = "[MASKED:a]", "[MASKED:b]"
JOINING = "aZ0_+/.-\u00e9:@%!?#$*~^\\"


def hit(start: int, end: int, kind: str = "a") -> Hit:
    return Hit(start, end, kind, kind, 1)


def run(text: str, *hits: Hit, mode: Any = "mask", searched: list[str] | None = None) -> Rewritten:
    """With a search that finds nothing more and notes what it was asked for."""
    asked: list[str] = [] if searched is None else searched
    modes = mode if callable(mode) else lambda _: mode

    def search(changed: str) -> list[Hit]:
        asked.append(changed)
        return []

    return rewrite(text, hits, search=search, mode_of=modes, markers=MARKERS)


def test_a_hit_may_be_all_of_a_text() -> None:
    assert whole("text", "a", "d") == Hit(0, 4, "a", "d", 0)
    assert run("text", whole("text", "a", "d")).text == A


@pytest.mark.parametrize(
    ("text", "hits", "becomes"),
    [
        ("x 12 y", [(2, 4)], f"x {A} y"),
        ("12 y", [(0, 2)], f"{A} y"),
        ("x 12", [(2, 4)], f"x {A}"),
        ("12 34 5", [(0, 2), (3, 5)], f"{A} {A} 5"),
        ("1234", [(0, 2), (2, 4)], f"{A}{A}"),
        ("x", [], "x"),
    ],
    ids=str,
)
def test_hits_are_replaced(text: str, hits: list[tuple[int, int]], becomes: str) -> None:
    done = run(text, *(hit(*span) for span in hits))
    assert done.text == becomes
    assert [seen.at for seen in done.seen] == [start for start, _ in hits]


@pytest.mark.parametrize(
    ("mode", "text", "seen"),
    [("mask", f"x {A} y", "masked"), ("block", f"x {A} y", "blocked"), ("warn", "x 12 y", "warned")],
)
def test_what_becomes_of_a_hit_by_its_mode(mode: str, text: str, seen: str) -> None:
    done = run("x 12 y", hit(2, 4), mode=mode)
    assert (done.text, [tuple(each) for each in done.seen]) == (text, [("a", "a", seen, 2)])


def test_off_says_nothing() -> None:
    assert run("x 12 y", hit(2, 4), mode="off") == ("x 12 y", [])


def test_modes_by_kind() -> None:
    modes = {"a": "warn", "b": "mask"}
    done = run("12 34 56", hit(0, 2), hit(3, 5, "b"), hit(6, 8), mode=modes.__getitem__)
    assert done.text == f"12 {B} 56"
    assert [(seen.action, seen.at) for seen in done.seen] == [("warned", 0), ("masked", 3), ("warned", 6)]


@pytest.mark.parametrize(
    ("text", "again"),
    [
        ("x 12 y", False),
        ("12", False),
        ('"12"', False),
        ("(12):", False),
        *((f"x{mark}12 y", True) for mark in JOINING),
        *((f"  12{mark} y", True) for mark in JOINING),
        *((f"x{mark}12{mark}y", False) for mark in "\t\n \0\"'`,;&|<>()[]{}"),
        (f"{'a' * 15}=12", False),
        (f"{'a' * 16}=12", True),
        (f"{'a' * 15}/==12", True),
        (f"{'a' * 15} ==12", False),
        ("a=12=", True),
        ("a=12 ", False),
        ("a=12 y", False),
    ],
)
def test_what_stands_against_a_word_is_searched_again(text: str, *, again: bool) -> None:
    asked: list[str] = []
    done = run(text, hit(text.index("1"), text.index("1") + 2), searched=asked)
    assert asked == ([done.text] if again else [])


def test_the_userinfo_of_an_address_ends_with_it() -> None:
    asked: list[str] = []
    done = run("x://b:12@c", hit(6, 8), searched=asked)
    assert (done.text, asked) == ("x://b:MASKED-a@c", [])


def test_one_that_touches_is_enough_and_others_count_too() -> None:
    asked: list[str] = []
    run("12x 34", hit(0, 2), hit(4, 6), searched=asked)
    run("12 x34", hit(0, 2), hit(4, 6), searched=asked)
    assert asked == [f"{A}x {A}", f"{A} x{A}"]


def test_a_warning_is_given_once() -> None:
    """What was left as it is turns up in each search; it is reported for the text that was given."""
    rounds = iter([[hit(0, 2, "b"), hit(13, 15)], [hit(0, 2, "b")]])
    done = rewrite(
        "12x3456",
        [hit(0, 2, "b"), hit(3, 5)],
        search=lambda _: next(rounds),
        mode_of={"b": "warn", "a": "mask"}.__getitem__,  # type: ignore[arg-type]
        markers=MARKERS,
    )
    assert [seen.action for seen in done.seen].count("warned") == 1
    assert done.text == f"12x{A}{A}"


def test_how_often_a_text_is_searched() -> None:
    asked: list[str] = []

    def always(text: str) -> list[Hit]:
        asked.append(text)
        start = text.rfind("]") + 1
        return [hit(start, start + 1)]

    for length, rest in ((MASKING_ROUNDS + 1, "x"), (MASKING_ROUNDS, "")):
        asked.clear()
        text = "x" * length
        done = rewrite(
            text,
            always(text),
            search=lambda text: always(text) if not text.endswith("]") else [],
            mode_of=lambda _: "mask",
            markers=MARKERS,
        )
        assert (done.text == "[MASKED:error]") is bool(rest)
        assert len(asked) == MASKING_ROUNDS + len(rest)
