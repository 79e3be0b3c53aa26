"""Rows at work: where a token may begin and end, and which rows are tried where."""

from __future__ import annotations

import string
from typing import Any

import pytest

from delegate.errors import ConfigurationError
from delegate.masking.detectors import Detector
from delegate.masking.tokens import Gated, Runs, _narrowed, _trie

LETTERS = string.ascii_lowercase
KEY = "ab_" + LETTERS[:20]


def row(pattern: str, **settings: Any) -> Detector:
    given: dict[str, Any] = {"id": "x", "kind": "x", "example": "", "counter_example": "", "source": "x"}
    return Detector(**given | {"pattern": pattern, "rank": 75} | settings)


PREFIXED = row("ab_[a-z]{20}", prefixes=("ab_",))


def tokens(text: str, *rows: Detector, start: int = 0, end: int | None = None) -> list[str]:
    runs = Runs(rows or (PREFIXED,))
    return [text[hit.start : hit.end] for hit in runs.find(text, start, len(text) if end is None else end)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (KEY, 1),
        *((f"x{mark}{KEY}", 1) for mark in "_.+=~-"),
        *((f"{KEY}{mark}x", 1) for mark in ".+=~-"),
        (f"{KEY}_x", 0),
        (f"{KEY}_", 0),
        (f"{KEY}x", 0),
        (f"{KEY}1", 0),
        (f"{KEY}\u00e9", 0),
        (f"x{KEY}", 0),
        (f"{KEY}-{KEY}.{KEY}", 3),
        (f"ab_-{KEY}", 1),
        (f"ab_ab_{KEY}", 1),
        (f"-{KEY}", 1),
        (f"--{KEY}", 1),
        (KEY[:-1], 0),
    ],
)
def test_where_a_token_with_a_prefix_may_stand(text: str, found: int) -> None:
    assert tokens(text) == [KEY] * found


def test_a_token_that_ends_in_a_mark_ends_before_any_word() -> None:
    padded = row("ab_[a-z]{19}=", prefixes=("ab_",))
    token = "ab_" + LETTERS[:19] + "="
    assert tokens(f"{token}x", padded) == [token]
    dashed = row("ab_[a-z]{18}-[a-z]", prefixes=("ab_",))
    token = "ab_" + LETTERS[:18] + "-a"
    assert (tokens(f"{token}x", dashed), tokens(f"{token}-", dashed)) == ([], [token])


@pytest.mark.parametrize(
    ("body", "found"),
    [
        *((filler * 20, 0) for filler in "xX0"),
        *((filler * 20, 1) for filler in "ay1"),
        ("x" * 19 + "y", 1),
        ("x" * 10 + "X" * 10, 1),
        ("xxxx-xxxx_xxxx.xxxxx", 0),
        ("-" * 20, 1),
        (LETTERS[:8] + "x" * 12, 1),
    ],
)
def test_one_character_all_along_stands_for_a_token(body: str, found: int) -> None:
    mine = row("ab_[A-Za-z0-9_.-]{20}", prefixes=("ab_",))
    longer = row("ab_cd_[a-z]{20}", prefixes=("ab_cd_",), id="y")
    assert tokens("ab_" + body, mine) == ["ab_" + body] * found
    assert tokens("ab_cd_" + "x" * 20, longer) == []


def test_only_the_run_is_looked_at() -> None:
    text = f"{KEY}.{KEY} {KEY}"
    assert tokens(text, start=len(KEY) + 1, end=2 * len(KEY) + 1) == [KEY]
    assert tokens(text, start=len(KEY), end=2 * len(KEY) + 1) == [KEY]
    assert tokens(text, end=len(KEY)) == [KEY]


def test_a_row_is_tried_behind_longer_prefixes_of_others_too() -> None:
    other = row("ab_cd_[a-z]{20}", prefixes=("ab_cd_",), id="y", check=lambda _: False)
    mine = row("ab_[a-z_]{23}", prefixes=("ab_",))
    assert tokens("ab_cd_" + LETTERS[:20], other, mine) == ["ab_cd_" + LETTERS[:20]]


def test_what_a_row_checks() -> None:
    asked: list[str] = []

    def check(text: str) -> bool:
        asked.append(text)
        return text.endswith("t")

    checked = row("ab_[a-z]{20}", prefixes=("ab_",), check=check)
    assert tokens(f"{KEY}.{KEY[:-1]}z", checked) == [KEY]
    assert asked == [KEY, KEY[:-1] + "z"]
    inside = row("q[a-z]{4}", needles=("q",), run=5, check=lambda text: text == "qabcd")
    assert tokens("..qabcd..qabce..", inside) == ["qabcd"]


def test_a_longer_prefix_is_more_specific_up_to_sixteen() -> None:
    for prefix, rank in (("ab_", 78), ("a" * 15 + "_", 91), ("a" * 16 + "_", 91), ("a" * 40 + "_", 91)):
        runs = Runs([row(f"{prefix}[a-z]{{20}}", prefixes=(prefix,))])
        text = prefix + LETTERS[:20]
        assert [hit.rank for hit in runs.find(text, 0, len(text))] == [rank]


INSIDE = row("[a-z]{3}Q9[a-z]{15}", needles=("Q9",), run=20)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("abcQ9" + LETTERS[:15], 1),
        ("-abcQ9" + LETTERS[:15], 1),
        ("abcQ9" + LETTERS[:14], 0),
        ("abcQ9" + LETTERS[:14] + "-", 0),
        ("abcQ9" + LETTERS[:16], 0),
        ("abcQ8" + LETTERS[:15], 0),
        ("xabcQ9" + LETTERS[:15], 0),
        ("--abcQ9" + LETTERS[:15] + "--", 1),
    ],
)
def test_a_token_with_a_needle_inside(text: str, found: int) -> None:
    assert len(tokens(text, INSIDE)) == found


def test_each_row_has_its_own_least_run() -> None:
    short = row("Q9[a-z]{3}", needles=("Q9",), run=5)
    long = row("Q9[a-z]{4}", needles=("Q9",), run=8)
    assert tokens("Q9abc", short, long) == ["Q9abc"]
    assert tokens(".Q9abcd", short, long) == []
    assert tokens("..Q9abcd", short, long) == ["Q9abcd"]
    assert tokens("Q9ab", short, long) == []
    other = row("Q8[a-z]{3}", needles=("Q8",), run=5)
    assert tokens("Q9abc.Q8abc", short, other) == ["Q9abc", "Q8abc"]
    assert tokens("Q9abc.Q8abc", short, other, end=5) == ["Q9abc"]


@pytest.mark.parametrize(
    ("text", "start", "end", "may_hold"),
    [
        (KEY, 0, 23, True),
        ("." + KEY, 1, 24, True),
        ("x." + KEY, 0, 25, True),
        ("y" * 25, 0, 25, False),
        (" " + "y" * 25, 1, 26, False),
        ("6b656b65" * 4, 0, 32, True),
        (" " + "6b656b65" * 4, 1, 33, True),
        ("abcQ9" + LETTERS[:15], 0, 20, True),
        ("abcQ9" + LETTERS[:15], 0, 19, False),
        ("..." + LETTERS[:15] + "Q9", 0, 19, False),
        ("-" + KEY, 0, 24, True),
        (f".{KEY} {'y' * 25}", 25, 50, False),
        (" " * 30 + "abcQ9" + LETTERS[:14], 30, 49, False),
    ],
)
def test_which_runs_are_looked_at(text: str, start: int, end: int, *, may_hold: bool) -> None:
    assert Runs([PREFIXED, INSIDE]).interesting(text, start, end) is may_hold


def test_the_length_of_a_run_is_that_of_the_run() -> None:
    long = row("Q9[a-z]{3}", needles=("Q9",), run=20)
    short = row("Q9[a-z]{4}", needles=("Q9",), run=5)
    text = " " * 30 + "..Q9abc.."
    assert tokens(text, long, start=30) == []
    assert tokens(text, long, short, start=30) == []
    assert tokens(text + "." * 11, long, short, start=30) == ["Q9abc"]


def test_a_token_behind_the_first_separator_of_what_may_be_an_encoding() -> None:
    mine = row("bcd_[a-f]{14}", prefixes=("bcd_",))
    token = "bcd_" + "abcdefcdefabcd"
    assert tokens(f"a-{token}", mine) == [token]
    assert tokens("x." + "6b656b65" * 4 + f".{token}", mine) == [token]


def test_without_rows_no_run_but_an_encoding_is_looked_at() -> None:
    nothing = Runs([])
    assert not nothing.interesting(KEY, 0, len(KEY))
    assert nothing.interesting("6b656b65" * 4, 0, 32)
    assert [*nothing.find(KEY, 0, len(KEY))] == []


# --- anywhere --------------------------------------------------------------------------------------


def gated(text: str, *rows: Detector) -> list[str]:
    found = Gated(rows)
    return [text[hit.start : hit.end] for hit in found.find(text, range(len(rows)))]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id:12", ["id:12"]),
        ("(id:12)", ["id:12"]),
        ("xid:12", []),
        ("1id:12", []),
        ("_id:12", ["id:12"]),
        ("id:123", []),
        ("id:12_", []),
        ("id:12-", ["id:12"]),
        ("id:12 id:34,id:56", ["id:12", "id:34", "id:56"]),
    ],
)
def test_a_match_begins_and_ends_where_words_do(text: str, found: list[str]) -> None:
    assert gated(text, row("id:[0-9]{2}", needles=("id:",), gate=":")) == found


def test_a_group_is_what_is_masked() -> None:
    grouped = row("id:([0-9]{2});", needles=("id:",), gate=":", check=lambda text: text != "34")
    assert gated("id:12;id:34;id:56", grouped) == ["12"]
    assert gated("id:12;id:34; id:56;", grouped) == ["12", "56"]


def test_each_row_is_asked_once() -> None:
    rows = [row("a:[0-9]", needles=("a:", ":"), gate=":"), row("b:[0-9]", needles=("b:",), gate=":")]
    found = Gated(rows)
    assert [hit.start for hit in found.find("b:1 a:2", [1, 0, 1, 0])] == [4, 0]
    assert [hit.start for hit in found.find("b:1 a:2", [1])] == [0]


@pytest.mark.parametrize(
    ("gate", "needle", "narrowed"),
    [
        ("(", "login('", "('"),
        ("(", "connect(", "t("),
        ("(", "(", "("),
        ("(", "(x", "(x"),
        ("(", "a(bc", "(b"),
        ("(", "a(b(c", "(c"),
        ("(", "login", "("),
        ("name", "password", "name"),
        ("ss", "pass", "ss"),
    ],
)
def test_a_gate_of_one_mark_takes_a_neighbour(gate: str, needle: str, narrowed: str) -> None:
    assert _narrowed(gate, needle) == narrowed


@pytest.mark.parametrize(
    ("literals", "pattern"),
    [
        ([], ""),
        (["a"], "a"),
        (["ab", "ac"], "a(?:b|c)"),
        (["a", "ab"], "a(?:b)?"),
        (["a.", "b"], r"(?:a\.|b)"),
        (["", "a"], "(?:a)?"),
    ],
    ids=str,
)
def test_a_trie_tries_each_character_once(literals: list[str], pattern: str) -> None:
    assert _trie(literals) == pattern


@pytest.mark.parametrize(
    ("pattern", "why"), [("ab_(?:a|a)*b", "not provably linear"), ("ab_[", "none that its")]
)
def test_a_pattern_that_is_not_bounded_or_none_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        Runs([row(pattern, prefixes=("ab_",))])
    assert caught.value.field == "pattern"
    assert tokens("ab_aab", row("ab_(?:a|b){1,9}", prefixes=("ab_",))) == ["ab_aab"]


def test_a_pattern_that_is_not_bounded_runs_on_the_other_engine() -> None:
    runs = Runs([row("ab_(?:a|b)*b", prefixes=("ab_",))], "re2")
    assert [(hit.start, hit.end) for hit in runs.find("ab_aab", 0, 6)] == [(0, 6)]
    with pytest.raises(ConfigurationError, match="none that its"):
        Runs([row("ab_[", prefixes=("ab_",))], "re2")
