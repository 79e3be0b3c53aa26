"""The table of detectors: every row finds its example and not its near miss, in both dialects alike."""

from __future__ import annotations

import re
from typing import Final

import pytest
import re2

from delegate.masking.detectors import STANDARD, Detector
from delegate.masking.detectors.optional import COUNTRIES, NETWORK, PHONE
from delegate.masking.text import TextScanner
from delegate.masking.tokens import RUN, RUN_CHARACTERS
from tests.masking.vectors import masked

OPTIONAL: Final = (*NETWORK, *PHONE, *(row for rows in COUNTRIES.values() for row in rows))
ALL: Final = (*STANDARD, *OPTIONAL)
EVERYTHING: Final = TextScanner()
ids = pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ALL])


@ids
def test_a_row_finds_its_example_and_not_its_near_miss(row: Detector) -> None:
    alone = TextScanner(detectors=[row])
    hits = alone.scan(f"see {row.example} there")
    assert [hit.kind for hit in hits if hit.detector == row.id] == [row.kind]
    assert [hit for hit in alone.scan(f"see {row.counter_example} there") if hit.detector == row.id] == []


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in STANDARD])
def test_among_all_rows_the_example_keeps_its_kind(row: Detector) -> None:
    assert row.kind in {hit.kind for hit in EVERYTHING.scan(row.example)}


@ids
def test_a_pattern_is_one_source_for_both_engines(row: Detector) -> None:
    """ "one pattern source for both": no look-around, no back-reference, and the same match."""
    options = re2.Options()
    options.max_mem = 64 << 20
    for text in (row.example, row.counter_example, f"x{row.example}"):
        ours, theirs = re.search(row.pattern, text), re2.compile(row.pattern, options).search(text)
        assert (ours and ours.span()) == (theirs and theirs.span())


@ids
def test_a_pattern_is_bounded(row: Detector) -> None:
    """ "every quantifier bounded" """
    assert re.search(r"(?<!\\)[*+](?![^\[]*\])", row.pattern) is None


@ids
def test_a_row_has_one_anchor(row: Detector) -> None:
    assert bool(row.prefixes) != bool(row.needles)
    assert not (row.run and row.gate)
    assert row.source
    assert row.kind == row.kind.lower()


def test_ids_are_unique() -> None:
    assert len({row.id for row in ALL}) == len(ALL)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in STANDARD if row.prefixes])
def test_an_example_with_a_prefix_begins_a_long_run(row: Detector) -> None:
    """Or the scanner would never look at it."""
    run = len(row.example) - len(row.example.lstrip(RUN_CHARACTERS))
    assert run >= RUN
    assert row.example.startswith(row.prefixes)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in STANDARD if row.needles])
def test_an_example_with_a_needle_holds_it_and_its_gate(row: Detector) -> None:
    assert any(needle in row.example for needle in row.needles)
    assert row.gate in row.example or row.gate == "name"


def test_no_kind_is_missing_from_the_scanners_own_list() -> None:
    scanner = TextScanner(detectors=ALL)
    for row in ALL:
        assert {hit.kind for hit in scanner.scan(row.example)} <= scanner.kinds


@pytest.mark.parametrize("row", STANDARD, ids=[row.id for row in STANDARD])
def test_a_marker_in_the_place_of_the_secret_is_not_found_again(row: Detector) -> None:
    scanner = TextScanner()
    hits = scanner.scan(row.example)
    assert hits
    assert scanner.scan(masked(row.example, hits)) == []
