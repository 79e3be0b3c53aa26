"""A policy made ready: what counts of what was found, under which name, at which place."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.masking import Policy
from delegate.masking.hits import Hit
from delegate.masking.members import EXEMPT, NO_NAME, Member
from delegate.masking.rules import Rules
from tests.masking.samples import EMAIL, PASSWORD, TOKEN

RULES = Rules(Policy())


def spans(hits: Any) -> list[tuple[int, int, str]]:
    return [(hit.start, hit.end, hit.kind) for hit in hits]


@pytest.mark.parametrize(
    ("text", "rank", "counts"),
    [("word", 69, False), ("word", 70, True), ("two words", 69, True), ("two\twords", 1, True)],
)
def test_guesses_do_not_count_under_a_governance_name(text: str, rank: int, *, counts: bool) -> None:
    hits = [Hit(0, 3, "x", "x", rank)]
    assert RULES.counting(text, hits, EXEMPT) == (hits if counts else [])
    assert RULES.counting(text, hits, NO_NAME) == hits
    assert RULES.counting(text, [], EXEMPT) == []


def test_allowed_texts_do_not_count_unless_they_are_known() -> None:
    rules = Rules(Policy(allow=frozenset({"abc"})))
    hits = [Hit(0, 3, "x", "x", 1), Hit(4, 7, "x", "x", 1), Hit(0, 3, "x", "known-value", 1)]
    assert rules.counting("abc abd", hits, NO_NAME) == hits[1:]


def test_a_value_is_searched_under_its_name_from_where_it_begins() -> None:
    assert spans(RULES.search(PASSWORD, NO_NAME)) == []
    assert spans(RULES.search(PASSWORD, Member("password"))) == [(0, len(PASSWORD), "password")]
    for before in (":", "--x="):
        text = before + PASSWORD
        found = spans(RULES.search(text, Member("password", len(before))))
        assert found == [(len(before), len(text), "password")]


def test_what_stands_before_a_value_is_searched_without_its_name() -> None:
    text = f"{EMAIL}{PASSWORD}"
    assert spans(RULES.search(text, Member("password", len(EMAIL)))) == [(len(EMAIL), len(text), "password")]
    text = f"{EMAIL}:{PASSWORD}"
    place = len(EMAIL) + 1
    assert spans(RULES.search(text, Member("password", place))) == [
        (0, len(EMAIL), "email"),
        (place, len(text), "password"),
    ]
    text = f"{EMAIL}=={PASSWORD}"
    assert spans(RULES.search(text, Member("password", len(EMAIL)))) == [
        (0, len(EMAIL), "email"),
        (len(EMAIL), len(text), "password"),
    ]


@pytest.mark.parametrize(("start", "end", "may"), [(0, 4, True), (3, 4, True), (-1, 2, False), (0, 5, False)])
def test_where_a_recognizer_may_point(start: int, end: int, *, may: bool) -> None:
    rules = Rules(Policy(recognizer=lambda _: [(start, end, "person")]))
    if may:
        assert spans(rules.search("Jane", NO_NAME)) == [(start, end, "person")]
    else:
        with pytest.raises(ValueError, match="recognizer"):
            rules.search("Jane", NO_NAME)


def test_what_a_recognizer_says_is_less_certain_than_a_form() -> None:
    rules = Rules(Policy(recognizer=lambda text: [(0, len(text), "person")]))
    assert spans(rules.search(TOKEN, NO_NAME)) == [(0, len(TOKEN), "github-token")]


@pytest.mark.parametrize(
    ("settings", "mode"),
    [
        ({}, "mask"),
        ({"mode": "warn"}, "warn"),
        ({"kinds": {"x": "off"}}, "off"),
        ({"kinds": {"y": "off"}}, "mask"),
        ({"paths": {"/a": "warn"}}, "warn"),
        ({"paths": {"/b": "warn"}}, "mask"),
        ({"paths": {"/a/b": "warn"}}, "mask"),
    ],
    ids=str,
)
def test_which_mode_decides(settings: dict[str, Any], mode: str) -> None:
    rules = Rules(Policy(**settings))
    assert rules.mode_at(["a"], "x") == mode
    hits = [Hit(0, 3, "x", "x", 1)]
    done = rules.rewrite("abc", hits, NO_NAME, ["a"])
    assert (done.text == "abc") is (mode != "mask")
    assert len(done.seen) == (mode != "off")
    assert (rules.shown("abc", hits, NO_NAME) == "abc") is (settings.get("kinds") == {"x": "off"})
