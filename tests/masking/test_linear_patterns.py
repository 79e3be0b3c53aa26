"""Patterns of the user's: provably linear, or refused, or run by the engine that always is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from delegate.errors import ConfigurationError
from delegate.masking.detectors import STANDARD, Detector
from delegate.masking.detectors.optional import COUNTRIES, NETWORK, PHONE
from delegate.masking.linear import is_linear
from delegate.masking.text import TextScanner

LINEAR = (
    "abc",
    "a|b|cd",
    "x[0-9]{1,20}y",
    "(a{1,3}){1,3}b",
    "a*",
    "xa+",
    "x.{0,20}y",
    r"^\bx\d{1,9}-\w{1,9}$",
    r"[^a]{1,50}a",
    r"\D{1,9}\S{1,9}\W{1,9}\s{1,9}",
    "(ab){2,5}c",
    "a{1,50}(?:b|c)d",
    "a{1,50}(b)",
    "a{1,50}b{1,2}",
    "a{1,50}b{0,2}c",
    "[\u0400-\u04ff]{1,9}\u0451",
    "a{1,9}$",
    "(?i:k){1,50}\u212a",
    "a{1,50}.",
    "a{1,1000}(b)",
    "a{1,1000}b{1,2}a",
    "a{0,50000}b",
)
UNPROVED = (
    "(a+)+b",
    "(a|a)*b",
    "a+b",
    "a.*b",
    "a{1,1000}a{1,1000}b",
    "a{1,99}a{1,99}a{1,99}b",
    "(a{0,20}){0,20}b",
    "(?=a)b",
    r"(a)\1",
    "(a|aa){1,60}c",
    "a{0,60000}b",
    ".{0,400}x.{0,400}y",
    "(?>a)b",
    "a{1,1000}b{0,2}a",
    "[^a]{1,1000}\u00e9",
    "[\u0400-\u04ff]{1,1000}\u0451",
    "a{0,50001}b",
)

THOUSAND = "(?:ab|cd)" * 3 + "(?:ab|cd|ef|gh|ij)" * 3
"""Of two characters each, and 1,000 paths."""

STEPS = (
    (THOUSAND + "x" * 188, 200_000),
    (THOUSAND + "x" * 189, 201_000),
    (THOUSAND + "x" * 179 + "y{0,9}", 200_000),
    (THOUSAND + "x" * 179 + "y{0,9}z", 201_000),
    (THOUSAND + "x" * 178 + "y{0,9}z", 200_000),
    ("(?:ab|cd|ef)(?:" + "|".join(f"{each:03}" for each in range(163)) + ")" + "x" * 404, 200_001),
    ("a{1,400}a" + "x" * 99, 200_000),
    ("a{1,401}a" + "x" * 98, 200_500),
    # places have no width, but they can be tried in as many ways
    (r"(?:^|\b)" * 6 + r"(?:^|\b|\B|$|\A)" * 5, 200_000),
    (r"(?:^|\b)" * 18, 262_144),
)
"""Patterns with the paths times the longest match, or the paths alone where nothing is matched."""


@pytest.mark.parametrize("pattern", LINEAR)
def test_linear(pattern: str) -> None:
    assert is_linear(pattern)


@pytest.mark.parametrize("pattern", UNPROVED)
def test_not_proved(pattern: str) -> None:
    assert is_linear(pattern) is False


@pytest.mark.parametrize(("pattern", "steps"), STEPS)
def test_how_many_steps_are_too_many(pattern: str, steps: int) -> None:
    assert is_linear(pattern) is (steps <= 200_000)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=row.id)
        for row in (*STANDARD, *NETWORK, *PHONE, *(each for rows in COUNTRIES.values() for each in rows))
    ],
)
def test_every_row_of_ours_is(row: Detector) -> None:
    assert is_linear(row.pattern)


def test_what_is_no_pattern_is_an_error() -> None:
    with pytest.raises(re.error):
        is_linear("(")


def custom(pattern: str, **anchor: Any) -> Detector:
    return Detector(
        id="ours", kind="ours", pattern=pattern, example="-", counter_example="-", source="-", **anchor
    )


@pytest.mark.parametrize(
    "anchor", [{"needles": ("a",)}, {"needles": ("a",), "run": 20}, {"prefixes": ("a",)}]
)
def test_a_users_pattern_is_refused_unless_the_linear_engine_runs_it(anchor: dict[str, Any]) -> None:
    """ "a user's pattern is refused when it is not provably linear, unless the linear engine runs it" """
    row = custom("(?:a+)+b", **anchor)
    with pytest.raises(ConfigurationError, match="not provably linear"):
        TextScanner(detectors=[row])
    scanner = TextScanner(detectors=[row], engine="re2")
    assert [hit.kind for hit in scanner.scan("see " + "a" * 30 + "b there")] == ["ours"]
    assert scanner.scan("a" * 5000) == []


@pytest.mark.parametrize("engine", ["re", "re2"])
def test_what_the_engine_cannot_read_is_refused(engine: str) -> None:
    with pytest.raises(ConfigurationError, match="none that its engine reads"):
        TextScanner(detectors=[custom("(", needles=("a",))], engine=engine)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        TextScanner(detectors=[custom("(?=a)a", needles=("a",))], engine=engine)  # type: ignore[arg-type]
