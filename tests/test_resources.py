"""The matchers ``exact`` and ``path``, case by case, as a scope uses them."""

from __future__ import annotations

import time
from collections import UserDict
from types import MappingProxyType
from typing import Any

import pytest

from delegate.errors import MalformedError, OutOfScopeError, ResourceMalformedError, TooLargeError
from delegate.resources import ExactPatterns, PathPatterns, Patterns
from delegate.scope import Action, Scope


def granting(matcher: str, *patterns: str) -> Scope:
    return Scope(tools=["t"], operations=["o"], resources={"file": {matcher: patterns}})


def paths(*patterns: str) -> Scope:
    return granting("path", *patterns)


def stated(matcher: str, *patterns: str) -> Any:
    """A scope in signed bytes that grants ``patterns``."""
    return {"max_risk": "low", "resources": {"file": {matcher: [*patterns]}}}


def written(form: Any) -> Scope:
    """The same parts as a person would write them."""
    return Scope(**form)


def touch(*values: str) -> Action:
    return Action("t", operation="o", risk="low", resources={"file": values})


def allows(scope: Scope, *values: str) -> bool:
    try:
        scope.require_permits(touch(*values), block=0)
    except OutOfScopeError:
        return False
    return True


# --- paths -----------------------------------------------------------------------------------------


def test_d64_one_star_is_one_segment() -> None:
    assert allows(paths("/data/*"), "/data/a")
    assert not allows(paths("/data/*"), "/data/a/b")
    assert allows(paths("/data/**"), "/data/a", "/data/a/b")


def test_d65_two_stars_are_one_or_more_segments() -> None:
    assert not allows(paths("/data/**"), "/data")
    assert not allows(paths("/data/**"), "/database/x")
    assert allows(paths("/data", "/data/**"), "/data", "/data/x")


NOT_CANONICAL = {
    "d66": ["/data/../etc/passwd", "/data/./x", "/data//x", "/data/x/..", "/..", "/.", "/data/..."],
    "d67": ["/data/%2e%2e/x", "/data%2Fx", "/data/%252e", "/100%"],
    "d68": [
        "/data\\..\\x",
        "C:",
        "/C:/x",
        "/c:x",
        "//host/share",
        "/data/",
        "/data/x.",
        "/data/x ",
        "/ ",
        "/~",
        "/a/~b/c",
        "/",
    ],
    "relative": ["data/x", "data", "./data", "~/x"],
}
CASES = [(row, path) for row, listed in NOT_CANONICAL.items() for path in listed]


@pytest.mark.parametrize(("row", "path"), CASES)
def test_d66_d67_d68_a_path_that_is_not_canonical_is_never_normalized(row: str, path: str) -> None:
    scope = paths("/**")
    assert allows(scope, "/data/x.txt", "/data/x y/.hidden/a~b/d:e", "/é")
    with pytest.raises(ResourceMalformedError) as refused:
        scope.require_permits(touch(path), block=0)
    assert refused.value.field == "resources.file"


@pytest.mark.parametrize(("row", "path"), CASES)
def test_d75_a_pattern_that_is_not_canonical_is_refused_at_mint_and_verify(row: str, path: str) -> None:
    for read in (Scope.from_json, written):
        with pytest.raises(MalformedError) as refused:
            read(stated("path", path))
        assert refused.value.field == "resources.file"


@pytest.mark.parametrize(
    "pattern",
    ["/d*", "/*d", "/a*b", "/**/a", "/a/**/b", "/***", "/a/***", "/**/**", "**", "*", "/a/*b/c", "/a/**b"],
)
def test_d73_d78_a_wildcard_is_a_whole_segment(pattern: str) -> None:
    paths("/*", "/*/a/*/**")
    with pytest.raises(MalformedError) as refused:
        paths(pattern)
    assert refused.value.field == "resources.file"


@pytest.mark.parametrize("value", ["/data/*", "/data/**", "/*/a", "/**"])
def test_d71_c9_a_wildcard_in_a_value_is_a_literal(value: str) -> None:
    assert not allows(paths("/data/a", "/data/b/**", "/x/a"), value)
    assert not allows(paths("/data/a/**"), value)


def test_d71_a_literal_star_is_one_ordinary_segment() -> None:
    assert allows(paths("/data/*"), "/data/*", "/data/**")
    assert not allows(paths("/data/*"), "/data/**/x")
    assert allows(paths("/data/**"), "/data/**/x")


@pytest.mark.parametrize("sign", ["*", "+", "/", ","])
def test_c9_signs_of_other_pattern_languages_are_literals(sign: str) -> None:
    scope = granting("exact", "a", "b")
    assert allows(scope, "a", "b")
    assert not any(allows(scope, value) for value in (f"a{sign}b", sign, f"a{sign}"))


HIDDEN = [
    "\x00",
    "\n",
    "\r",
    "\t",
    "\x1b",
    "\x7f",
    "\x85",
    "\u2028",
    "\u202e",
    "\u200b",
    "\u200d",
    "\ufeff",
    "\ud800",
]


@pytest.mark.parametrize("hidden", HIDDEN, ids=ascii)
@pytest.mark.parametrize("matcher", ["exact", "path"])
def test_d69_hidden_characters_are_refused(matcher: str, hidden: str) -> None:
    text = f"/data/a{hidden}b"
    with pytest.raises(ResourceMalformedError) as asked:
        touch(text)
    assert asked.value.field == "resources.file"
    with pytest.raises(MalformedError) as granted:
        Scope.from_json(stated(matcher, text))
    assert granted.value.field == "resources.file"


LOOKALIKES = [
    ("\u00e9", "e\u0301"),
    ("a", "\u0430"),
    ("i", "\u0131"),
    ("a", "A"),
    ("a", "\uff41"),
    ("..", "\uff0e\uff0e"),
]


@pytest.mark.parametrize(("one", "other"), LOOKALIKES, ids=ascii)
@pytest.mark.parametrize("matcher", ["exact", "path"])
def test_d70_lookalikes_never_match(matcher: str, one: str, other: str) -> None:
    scope = granting(matcher, f"/x{one}x")
    assert allows(scope, f"/x{one}x")
    assert not allows(scope, f"/x{other}x")


def test_d70_fullwidth_dots_and_slashes_are_no_dots_and_slashes() -> None:
    assert not allows(paths("/data/*/b"), "/data/\uff0e\uff0e\uff0fb")
    assert allows(paths("/data/*"), "/data/\uff0e\uff0e\uff0fb")


def test_d70_what_is_not_nfc_is_refused_at_mint_only() -> None:
    composed, decomposed = paths("/\u00e9"), paths("/e\u0301")
    composed.require_mintable()
    assert Scope.from_json(decomposed.to_json()) == decomposed
    with pytest.raises(MalformedError) as refused:
        decomposed.require_mintable()
    assert (refused.value.field, refused.value.limit) == ("resources.file", "NFC")


def test_path_rules_hold_only_where_the_grant_is_by_path() -> None:
    scope = granting("exact", "../x", "50%")
    assert allows(scope, "../x", "50%")


# --- patterns within patterns ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parent", "child", "contained"),
    [
        ("/data/**", "/data/q3/**", True),
        ("/data/*", "/data/**", False),
        ("/data/**", "/data/*", True),
        ("/data/*/x", "/data/y/x", True),
        ("/data/y/x", "/data/*/x", False),
        ("/data/**", "/data", False),
        ("/data/**", "/database/x", False),
        ("/*/**", "/**", False),
        ("/**", "/*/**", True),
        ("/*/**", "/a", False),
        ("/*/x/**", "/a/x/*/y", True),
    ],
)
def test_d73_patterns_within_patterns(parent: str, child: str, contained: bool) -> None:  # noqa: FBT001
    assert paths(parent).contains(paths(child)) is contained


def test_d78_long_and_pathological_patterns_take_no_time() -> None:
    long = "/" + "*a" * 5000
    crossing = sorted(
        f"/*/{'/'.join(word)}" for word in zip(*[[f"n{index}" for index in range(64)]] * 20, strict=True)
    )
    start = time.perf_counter()
    with pytest.raises(TooLargeError):
        Scope.from_json(stated("path", long))
    stars = paths("/*" * 128)
    assert allows(stars, "/*" * 128)
    assert not allows(stars, "/*" * 127)
    assert paths(*crossing).resources
    assert time.perf_counter() - start < 0.5


# --- the patterns themselves -----------------------------------------------------------------------


@pytest.mark.parametrize("patterns", [ExactPatterns(("/b", "/a")), PathPatterns(("/b", "/a"))])
def test_patterns_are_values_that_show_their_patterns_alone(patterns: Patterns) -> None:
    assert repr(patterns) == f"{type(patterns).__name__}(patterns=('/a', '/b'))"
    assert patterns == type(patterns)(("/a", "/b"))
    assert hash(patterns) == hash(type(patterns)(("/a", "/b")))
    assert patterns != type(patterns)(("/a",))


@pytest.mark.parametrize("patterns", [ExactPatterns(("/a",)), PathPatterns(("/a", "/b/*", "/c/**"))])
def test_the_answers_are_true_and_false(patterns: Patterns) -> None:
    for ask in (patterns.matches, patterns.covers):
        assert ask("/a") is True
        for other in ("/b", "/b/c/d", "/c", "/d"):
            assert ask(other) is False


@pytest.mark.parametrize("read_only", [MappingProxyType, UserDict])
def test_a_person_may_write_any_mapping(read_only: Any) -> None:
    resources = read_only({"file": read_only({"exact": ["/a"]})})
    assert Scope(resources=resources) == Scope(resources={"file": {"exact": ["/a"]}})
    with pytest.raises(MalformedError):
        Scope(resources=read_only({"file": read_only({"exact": ["/a"], "path": ["/a"]})}))


def test_two_patterns_are_reduced_whichever_comes_first() -> None:
    for given in (("/a/b", "/a/**"), ("/a/**", "/a/b")):
        assert PathPatterns(given).patterns == ("/a/**",)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("/a/*", "/a/b", "/a/b"),
        ("/*/a", "/b/*", "/b/a"),
        ("/a/**", "/a/b", "/a/b"),
        ("/a/**", "/a/b/c", "/a/b/c"),
        ("/a/**", "/a/*/c", "/a/*/c"),
        ("/a/**", "/*/b/*", "/a/b/*"),
        ("/a/**", "/*/b/**", "/a/b/**"),
        ("/**", "/a", "/a"),
        ("/**", "/*/**", "/*/**"),
        ("/a/**", "/a", None),
        ("/a/b", "/a/b/c", None),
        ("/a/b/**", "/a/*", None),
        ("/*/**", "/a", None),
        ("/a/*", "/b/*", None),
    ],
)
def test_what_two_patterns_have_in_common(one: str, other: str, both: str | None) -> None:
    expected = PathPatterns((both,) if both else ())
    assert PathPatterns((one,)).meet(PathPatterns((other,))) == expected
    assert PathPatterns((other,)).meet(PathPatterns((one,))) == expected
