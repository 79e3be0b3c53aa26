"""The walk at the ends of its bounds, where its findings point, and what it keeps of a value."""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any

import pytest

from delegate.limits import (
    MASKING_MAX_DEPTH,
    MASKING_MAX_ITEMS,
    MASKING_MAX_NODES,
    MASKING_STRING_MAX_CHARS,
    MASKING_TOTAL_MAX_CHARS,
)
from delegate.masking import Masker, Policy, shapes, walk
from delegate.masking.hits import Hit
from delegate.masking.walk import NUL, Walk, divided
from tests.masking.samples import CARD, EMAIL, MASKER, TOKEN, Colour, Text, nested

MARK = "[MASKED:email]"
LINE = "lorem ipsum "


def walked(value: object, masker: Masker = MASKER) -> tuple[Any, dict[str, str]]:
    """What the full walk makes of a value, and its findings by pointer."""
    walk = Walk(masker._rules)
    out = walk.run(value)
    return out, {pointer: kind for pointer, kind, _, _ in walk.sightings()}


def filled(chars: int) -> str:
    return (LINE * (chars // len(LINE) + 1))[:chars]


# --- bounds ----------------------------------------------------------------------------------------


def test_how_deep_it_goes() -> None:
    """'depth 32': below the outermost container there may be that many."""
    for leaf, found in ((7, {}), (EMAIL, {"/k" * (MASKING_MAX_DEPTH + 1): "email"})):
        out, places = walked(nested(MASKING_MAX_DEPTH + 1, leaf))
        assert places == found
        assert "depth" not in str(out)
    out, places = walked(nested(MASKING_MAX_DEPTH + 2, 7))
    assert out == nested(MASKING_MAX_DEPTH + 1, "[MASKED:depth]")
    assert places == {"/k" * (MASKING_MAX_DEPTH + 1): "depth"}


def test_a_text_below_the_deepest_container_is_searched() -> None:
    assert walked(nested(MASKING_MAX_DEPTH + 1, [EMAIL]))[1] == {"/k" * (MASKING_MAX_DEPTH + 1): "depth"}
    assert walked(nested(MASKING_MAX_DEPTH, [EMAIL]))[0] == nested(MASKING_MAX_DEPTH, [MARK])


def test_how_many_containers_and_texts_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """'50,000 nodes', the outermost container among them."""
    assert MASKING_MAX_NODES == 50_000
    monkeypatch.setattr(walk, "MASKING_MAX_NODES", 10)
    members: tuple[object, ...] = (b"x", [], 7)
    for member in members:
        most = [member] * 9
        assert walked(most) == (most, {})
    for member in members[:2]:
        assert walked([member] * 10) == ("[MASKED:nodes]", {"": "nodes"})
    assert walked([7] * 10)[1] == {}


def test_what_is_given_up_takes_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second list has too many texts, which then count no more; there is room for one of the next two."""
    monkeypatch.setattr(walk, "MASKING_MAX_NODES", 20)
    first = ["x"] * 14
    out, places = walked([first, ["y"] * 9, ["z"], ["z"]])
    assert (out[1:], places) == (["[MASKED:nodes]", ["z"], "[MASKED:nodes]"], {"/1": "nodes", "/3": "nodes"})
    assert out[0] is first


def test_keys_are_members_but_no_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MASKING_MAX_NODES", 4)
    three = {"a": "x", "b": "y", "c": "z"}
    assert walked(three) == (three, {})
    assert walked(three | {"d": "z"})[0] == "[MASKED:nodes]"


def test_how_many_members_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MASKING_MAX_ITEMS == 250_000
    monkeypatch.setattr(walk, "MASKING_MAX_ITEMS", 10)
    ten: list[object] = [[1] * 4, [2] * 4]
    assert walked(ten) == (ten, {})
    assert walked([[1] * 4, [2] * 5])[0] == [[1] * 4, "[MASKED:nodes]"]
    assert walked([[1] * 4, [EMAIL, *[2] * 3]])[0] == [[1] * 4, [MARK, 2, 2, 2]]
    assert walked([1] * 10)[1] == {}
    assert walked([1] * 11) == ("[MASKED:nodes]", {"": "nodes"})


def test_a_stranger_is_read_no_further_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MASKING_MAX_ITEMS", 10)
    monkeypatch.setattr(shapes, "MASKING_MAX_ITEMS", 10)
    read: list[int] = []

    class Many(collections.UserList[int]):
        def __iter__(self) -> Iterator[int]:
            for number in range(1000):
                read.append(number)
                yield number

    class Pairs(collections.UserDict[int, int]):
        def items(self) -> Any:
            return zip(Many(), Many(), strict=True)

    assert walked([Many()])[0] == ["[MASKED:nodes]"]
    assert read == [*range(10), 10]
    read.clear()
    assert walked([Pairs()])[0] == ["[MASKED:nodes]"]
    assert max(read) == 10


def test_how_long_a_text_may_be() -> None:
    """'256 KiB a string'"""
    longest, longer = filled(MASKING_STRING_MAX_CHARS), filled(MASKING_STRING_MAX_CHARS + 1)
    assert walked([longest, b"x"])[1] == {}
    assert walked([longer, b"x"]) == (["[MASKED:size]", b"x"], {"/0": "size"})


def test_how_long_all_texts_may_be() -> None:
    """'2 MiB in all'; a marker takes as much room as it has characters."""
    eighth = filled(MASKING_TOTAL_MAX_CHARS // 8)
    all_of_it = [eighth] * 8
    assert walked(all_of_it) == (all_of_it, {})
    for more in (b"x", EMAIL):
        assert walked([*all_of_it, more]) == ([*all_of_it, "[MASKED:size]"], {"/8": "size"})
    short = len("[MASKED:size]")
    some = [eighth] * 7
    out, found = walked([filled(MASKING_STRING_MAX_CHARS + 1), *some, eighth[short:]])
    assert found == {"/0": "size"}
    out, found = walked([filled(MASKING_STRING_MAX_CHARS + 1), *some, eighth[short - 1 :]])
    assert found == {"/0": "size", "/8": "size"}
    assert out[1] is eighth


@pytest.mark.parametrize("more", [0, 1])
def test_how_long_a_text_may_become(more: int) -> None:
    grown = len(MARK) - len("a@b.io")
    out, found = walked([filled(MASKING_STRING_MAX_CHARS - 7 - grown + more) + " a@b.io", b"x"])
    assert (out[0] == "[MASKED:size]", found["/0"]) == (bool(more), "size" if more else "email")


@pytest.mark.parametrize("more", [0, 1])
def test_how_long_all_texts_may_become(more: int) -> None:
    eighth, grown = filled(MASKING_TOTAL_MAX_CHARS // 8), len(MARK) - len("a@b.io")
    value = [*[eighth] * 7, eighth[6 + grown - more :], "a@b.io"]
    out, found = walked(value)
    assert out == ("[MASKED:size]" if more else [*value[:-1], MARK])
    assert ("size" in found.values()) is bool(more)


def test_a_text_that_shrinks_makes_room() -> None:
    eighth = filled(MASKING_TOTAL_MAX_CHARS // 8)
    shrinks, room = f"{TOKEN} a@b.io", len(TOKEN) - len("[MASKED:github-token]")
    grown = len(MARK) - len("a@b.io")
    assert room > grown
    value = [*[eighth] * 7, eighth[len(shrinks) :], shrinks]
    assert walked(value)[0] == [*value[:-1], f"[MASKED:github-token] {MARK}"]


def test_a_stranger_that_does_not_change_does_not_overflow() -> None:
    tagged: Any = type("Tagged", (str,), {})("words")
    tagged.note = EMAIL
    eighth = filled(MASKING_TOTAL_MAX_CHARS // 8)
    out, found = walked([*[eighth] * 7, eighth[5:], tagged])
    assert (out[-1], vars(out[-1]), found) == ("words", {}, {})


def test_attributes_on_an_empty_text_do_not_come_back() -> None:
    tagged: Any = type("Tagged", (str,), {})("")
    tagged.note = EMAIL
    (out,) = walked([tagged])[0]
    assert (out, type(out), vars(out)) == ("", type(tagged), {})


def test_an_empty_text_is_no_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MASKING_MAX_NODES", 3)
    for value in (["", "x", "y", b""], [Colour.RED, "x", "y", b"", Colour.RED]):
        assert walked(value) == (value, {})


def test_what_calls_itself_masked_is_looked_at() -> None:
    value = ["[MASKED:nonsense]", "[MASKED:email]", b"[MASKED:nonsense]", "x"]
    out, found = walked(value)
    assert out == ["[MASKED:forged]", "[MASKED:email]", b"[MASKED:forged]", "x"]
    assert found == {"/0": "forged", "/2": "forged"}


# --- where -----------------------------------------------------------------------------------------


WHERE: dict[object, object] = {
    "a": [7, {"b": EMAIL}],
    EMAIL: {"c": [EMAIL]},
    (EMAIL, 1): 2,
    7: (EMAIL,),
    b"k": EMAIL,
    f"{EMAIL} {CARD}": [CARD],
}
POINTERS = {"/a/1/b", f"/{MARK}", f"/{MARK}/c/0", "/tuple/0", "/7/0", "/k", f"/{MARK} [MASKED:credit_card]"}


@pytest.mark.parametrize("mode", ["mask", "warn", "block"])
def test_pointers_are_the_same_whatever_becomes_of_a_finding(mode: Any) -> None:
    """A key that is a secret is masked in pointers although a policy that only warns leaves it."""
    out, found = walked(WHERE, Masker(Policy(mode=mode)))
    assert found.keys() == POINTERS | {f"/{MARK} [MASKED:credit_card]/0"}
    assert (out is WHERE) is (mode == "warn")


def test_keys_that_a_policy_leaves_alone_are_shown() -> None:
    _, found = walked(WHERE, Masker(Policy(kinds={"email": "off"})))
    assert found.keys() == {f"/{EMAIL} [MASKED:credit_card]", f"/{EMAIL} [MASKED:credit_card]/0"}


def test_a_policy_for_a_place_asks_for_the_key_as_it_is() -> None:
    masker = Masker(Policy(paths={f"/{EMAIL}/c": "off", "/a/1": "off", "/7/0": "off", "/k": "off"}))
    assert walked(WHERE, masker)[1].keys() == POINTERS - {f"/{MARK}/c/0", "/a/1/b", "/7/0", "/k"} | {
        f"/{MARK} [MASKED:credit_card]/0"
    }


def test_a_key_that_cannot_be_read_has_a_place_for_policies_too() -> None:
    class Metal(type):
        def __hash__(cls) -> int:
            raise RuntimeError(EMAIL)

    value = {Metal("Key", (), {})(): EMAIL}
    for paths, left in (({"/?": "off"}, [EMAIL]), ({"/Key": "off"}, [MARK])):
        out, _ = walked(value, Masker(Policy(paths=paths)))  # type: ignore[arg-type]
        assert list(out.values()) == left


def test_what_is_given_up_is_blocked_where_a_policy_says_so() -> None:
    for paths, action in (({"/a/0": "block"}, "blocked"), ({"/a/1": "block"}, "masked")):
        walk = Walk(Masker(Policy(paths=paths))._rules)  # type: ignore[arg-type]
        walk.run({"a": [nested(40, 1)]})
        assert [action for *_, action in walk.sightings()] == [action]


def test_members_that_hold_themselves_and_those_that_stand_twice() -> None:
    twice = [b"x"]
    value: list[Any] = [twice, {"a": [twice, twice]}]
    assert walked(value) == (value, {})
    value[1]["a"].append(value)
    assert walked(value) == (
        [twice, {"a": [twice, twice, "[MASKED:cycle]"]}],
        {"/1/a/2": "cycle"},
    )


def test_what_does_not_change_is_the_same_object() -> None:
    clean = {"n": [1, b"x"]}
    out, _ = walked([clean, [EMAIL]])
    assert out[0] is clean
    assert walked(clean)[0] is clean


def test_no_member_is_lost_where_keys_become_the_same() -> None:
    mails = [f"{letter}@example.org" for letter in "abc"]
    out, _ = walked({MARK: 0, **dict.fromkeys(mails, 1), f"{MARK} (3)": 2})
    assert list(out.items()) == [
        (MARK, 0),
        (f"{MARK} (2)", 1),
        (f"{MARK} (4)", 1),
        (f"{MARK} (5)", 1),
        (f"{MARK} (3)", 2),
    ]
    out, _ = walked({mail.encode(): 1 for mail in mails})
    assert list(out) == [MARK.encode(), f"{MARK} (2)".encode(), f"{MARK} (3)".encode()]
    out, _ = walked({(mail,): 1 for mail in mails})
    assert {*out} == {(MARK,), ((MARK,), 2), ((MARK,), 3)}
    out, _ = walked({Text(mail): 1 for mail in mails})
    assert list(out) == [MARK, f"{MARK} (2)", f"{MARK} (3)"]


# --- joined texts ----------------------------------------------------------------------------------


def hit(start: int, end: int) -> Hit:
    return Hit(start, end, "x", "y", 1)


MANY = [hit(place, place + 1) for place in range(17)]


@pytest.mark.parametrize(
    ("texts", "hits", "found"),
    [
        (["ab", "cd"], [], {}),
        (["ab", "cd"], [hit(0, 2)], {0: [hit(0, 2)]}),
        (["ab", "cd"], [hit(1, 2), hit(3, 4), hit(4, 5)], {0: [hit(1, 2)], 1: [hit(0, 1), hit(1, 2)]}),
        (["", "", "cd"], [hit(3, 4)], {2: [hit(1, 2)]}),
        (["", "cd"], [hit(1, 2)], {1: [hit(0, 1)]}),
        (["a\0b", "cd"], [hit(2, 3), hit(4, 5)], {0: [hit(2, 3)], 1: [hit(0, 1)]}),
        (["ab", "c\0d", "ef"], [hit(5, 6), hit(7, 9)], {1: [hit(2, 3)], 2: [hit(0, 2)]}),
        (["a" * 20, "b" * 20], MANY[:16], {0: MANY[:16]}),
        (
            ["a" * 20, "b" * 20],
            [hit(n + 21, n + 22) for n in range(17)],
            {1: [hit(n, n + 1) for n in range(17)]},
        ),
    ],
    ids=str,
)
def test_hits_in_joined_texts(texts: list[str], hits: list[Hit], found: dict[int, list[Hit]]) -> None:
    assert divided(texts, NUL.join(texts), hits) == found
