"""The ways to write a row: what each makes of its columns, and patterns that both engines count alike."""

from __future__ import annotations

import re

import pytest
import re2

from delegate.masking.detectors import Detector
from delegate.masking.detectors.detector import found, prefixed, repeated, token
from tests.masking.detectors.rows import taken

BODY = "a7Q2xK9mB4tZ" + "8wL3nR6vC1pY5hD0jF7a1c9e4b2d8f05e6"


def test_a_token_has_an_example_for_its_first_prefix_and_a_near_miss_for_its_shortest() -> None:
    row = token("acme-key", "acme_live_ ac_ acme_", 30, "acme.example")
    assert (row.id, row.kind, row.source) == ("acme-key", "acme-key", "acme.example")
    assert row.prefixes == ("acme_live_", "ac_", "acme_")
    assert row.example == "acme_live_" + BODY[:30]
    assert row.counter_example == "ac_" + BODY[:29]
    assert not row.needles
    assert row.check is None


def test_a_token_may_be_of_another_kind_alphabet_and_length() -> None:
    row = token(
        "acme-hex", "ac_", 100, "acme.example", "[0-9a-f]", most=110, kind="acme-key", check=str.islower
    )
    assert (row.id, row.kind, row.check) == ("acme-hex", "acme-key", str.islower)
    assert len(row.example) == 103
    assert set(row.example[3:]) <= set("0123456789abcdef")
    body = "a1b2c3" * 20
    assert [length for length in (99, 100, 110, 111) if taken(row, "ac_" + body[:length])] == [100, 110]
    assert taken(row, "ac_" + body[:100] + "x") == []


def test_how_long_a_token_is_at_most_where_nobody_says() -> None:
    row = token("acme-key", "ac_", 30, "acme.example")
    assert taken(row, "ac_" + "a" * 512) == ["ac_" + "a" * 512]
    assert taken(row, "ac_" + "a" * 513) == []


@pytest.mark.parametrize("mark", ".+*?()[]{}|^$\\")
def test_a_mark_in_a_prefix_is_only_a_mark(mark: str) -> None:
    row = token("acme-key", f"ac{mark}", 30, "acme.example")
    for engine in (re, re2):
        assert engine.fullmatch(row.pattern, f"ac{mark}{BODY[:30]}")
        assert not engine.fullmatch(row.pattern, f"ac#{BODY[:30]}")
        assert not engine.fullmatch(row.pattern, f"ac{BODY[:30]}")


@pytest.mark.parametrize("kind", ["", "acme-key"])
def test_other_rows_are_what_their_columns_say(kind: str) -> None:
    columns = ("acme-id", "ac_ id_", "(?:ac|id)_x", ("ac_", "x"), ("ac_", "y"), "acme.example")
    for row in (prefixed(*columns, kind=kind), found(*columns, kind=kind)):
        assert (row.id, row.kind) == ("acme-id", kind or "acme-id")
        assert (row.pattern, row.source) == ("(?:ac|id)_x", "acme.example")
        assert (row.example, row.counter_example) == ("ac_x", "ac_y")
        assert sorted((row.prefixes, row.needles)) == [(), ("ac_", "id_")]
    assert prefixed(*columns).prefixes
    assert prefixed(*columns, check=str.islower).check is str.islower
    assert prefixed(*columns).check is None
    assert found(*columns).needles


def test_a_row_with_a_needle_is_tried_anywhere_unless_it_asks_for_a_run() -> None:
    columns = ("acme-id", "ac_", "ac_x{2,9}", ("ac_", "xx"), ("ac_", "y"), "acme.example")
    own = Detector(
        id="own",
        kind="own",
        pattern="ac_x{2,9}",
        example="-",
        counter_example="-",
        source="-",
        needles=("ac_",),
    )
    for row in (found(*columns), own):
        assert taken(row, "ac_xx") == ["ac_xx"]
    row = found(*columns, run=24)
    assert taken(row, "ac_xx") == []
    assert taken(row, "-" * 18 + ".ac_xx") == ["ac_xx"]
    assert taken(row, "-" * 17 + ".ac_xx") == []


def test_a_form_of_its_own_outweighs_a_place_of_its_own() -> None:
    columns = ("acme-id", "ac_ id_", "(?:ac|id)_x", ("ac_", "x"), ("ac_", "y"), "acme.example")
    assert token("acme-key", "ac_", 30, "-").rank == prefixed(*columns).rank > found(*columns).rank
    assert found(*columns, rank=90).rank == 90


@pytest.mark.parametrize(
    ("least", "most", "bound"),
    [
        (3, 9, 9),
        (1, 999, 999),
        (10, 1000, 1000),
        (1, 1001, 2000),
        (40, 2000, 2000),
        (1, 2001, 3000),
    ],
)
def test_repeated(least: int, most: int, bound: int) -> None:
    """More than a thousand at once are counted in thousands, for RE2."""
    pattern = repeated("[ab]", least, most)
    for engine in (re, re2):
        for length in (0, least - 1, least, most, bound, bound + 1):
            match = engine.match(pattern, "a" * length)
            assert (match.end() if match else -1) == (min(length, bound) if length >= least else -1)
