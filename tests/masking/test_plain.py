"""A plain value made anew: the same as the full walk makes of it, and nothing looked at twice."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.limits import MASKING_STRING_MAX_CHARS, MASKING_TOTAL_MAX_CHARS
from delegate.masking import plain
from delegate.masking.hits import Hit
from delegate.masking.plain import Rebuilding
from delegate.masking.probe import look
from delegate.masking.walk import Walk
from tests.masking.samples import CARD, EMAIL, MASKER, PASSWORD, TOKEN, findings, masked

MARK = "[MASKED:email]"
RULES = MASKER._rules


def rebuilt(value: object, found: dict[int, list[Hit]]) -> Any:
    opened = look(value, RULES.names)
    assert opened is not None
    return Rebuilding(opened, RULES).run(found)


@pytest.mark.parametrize(
    "value",
    [
        EMAIL,
        [EMAIL],
        (EMAIL, 1),
        {"a": EMAIL, "b": [1, {"c": (EMAIL, "x")}], "d": {"e": EMAIL}},
        [[], [1], [[EMAIL]], "x", [EMAIL, [EMAIL]]],
        {"password": PASSWORD, "note": "x", "token": TOKEN},
        {"agent_id": EMAIL, "agent": [EMAIL, [EMAIL, {"mail": EMAIL}], TOKEN], "other": [EMAIL]},
        {"agent_id": {"mail": EMAIL, "key_id": [str(CARD)]}},
        [{"run_id": [[EMAIL]]}, {"a": {"run_id": EMAIL}}],
        {"a/b~c": {"": [EMAIL]}},
        (((EMAIL,), "x"), [((EMAIL, ()),)]),
    ],
    ids=repr,
)
def test_what_the_full_walk_makes_of_it(value: object) -> None:
    assert look(value, RULES.names) is not None
    walk = Walk(RULES)
    assert masked(value) == walk.run(value)
    assert sorted({(each.pointer, each.kind) for each in findings(value)}) == sorted(
        {(pointer, kind) for pointer, kind, _, _ in walk.sightings()}
    )


def test_a_text_by_itself() -> None:
    assert rebuilt(EMAIL, {0: [Hit(0, len(EMAIL), "email", "email", 1)]}) == MARK
    assert [each.pointer for each in findings(EMAIL)] == [""]


def test_texts_are_found_by_their_number() -> None:
    """Without falling back on the full walk, which would find them too."""
    value = ["x", [7, {"a": "y", "b": "a@b.io"}], (["z"], "a@b.io")]
    hits = [Hit(0, 6, "email", "email", 1)]
    assert look(value, RULES.names).texts == ["x", "a@b.io", "y", "a@b.io", "z"]  # type: ignore[union-attr]
    assert rebuilt(value, {1: hits}) == [*value[:2], (["z"], MARK)]
    assert rebuilt(value, {1: hits, 3: hits}) == ["x", [7, {"a": "y", "b": MARK}], (["z"], MARK)]


def test_what_does_not_change_is_the_same_object() -> None:
    clean, list_of_it = {"n": [1, "x"]}, ["y"]
    out = masked({"a": clean, "b": (list_of_it, EMAIL)})
    assert out == {"a": clean, "b": (list_of_it, MARK)}
    assert out["a"] is clean
    assert out["b"][0] is list_of_it


def test_each_container_is_gone_through_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many containers beside each other, something in each: linear, not quadratic."""
    slots, sizes = plain._slots, []

    def counted(members: Any, kinds: frozenset[type]) -> list[Any]:
        sizes.append(len(members))
        return slots(members, kinds)

    monkeypatch.setattr(plain, "_slots", counted)
    assert masked([[EMAIL] for _ in range(100)]) == [[MARK]] * 100
    assert sum(sizes) == 100 + 100 + 100  # the outer one for its texts and for its lists


@pytest.mark.parametrize("more", [0, 1])
def test_how_long_a_text_may_become(more: int) -> None:
    """A text that would grow over its bound is left to the full walk, which gives it up."""
    grown = len(MARK) - len("a@b.io")
    text = "x" * (MASKING_STRING_MAX_CHARS - 7 - grown + more) + " a@b.io"
    hits = {0: [Hit(len(text) - 6, len(text), "email", "email", 1)]}
    if more:
        with pytest.raises(LookupError):
            rebuilt([text], hits)
    else:
        assert len(rebuilt([text], hits)[0]) == MASKING_STRING_MAX_CHARS


@pytest.mark.parametrize("more", [0, 1])
def test_how_long_all_texts_may_become(more: int) -> None:
    grown = len(MARK) - len("a@b.io")
    eighth = "x" * (MASKING_TOTAL_MAX_CHARS // 8)
    value = [*[eighth] * 7, eighth[6 + grown - more :], "a@b.io"]
    hits = {8: [Hit(0, 6, "email", "email", 1)]}
    if more:
        with pytest.raises(LookupError):
            rebuilt(value, hits)
    else:
        assert rebuilt(value, hits)[8] == MARK
