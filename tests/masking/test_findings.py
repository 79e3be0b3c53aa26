"""Findings: parts of pointers, and what a message says of them."""

from __future__ import annotations

import pytest

from delegate.limits import MASKING_MAX_FINDINGS, MASKING_POINTER_PART_MAX_CHARS
from delegate.masking.findings import Finding, Sighting, part, summary, tally

LONGEST = "k" * MASKING_POINTER_PART_MAX_CHARS


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a/b~c", "/a~1b~0c"),
        ("", "/"),
        (LONGEST, f"/{LONGEST}"),
        (LONGEST + "k", f"/{LONGEST}..."),
    ],
    ids=["escaped", "empty", "longest", "longer"],
)
def test_a_part_of_a_pointer_is_cut_where_it_is_longer_than_it_may_be(name: str, shown: str) -> None:
    assert part(name) == shown


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, ""),
        (1, "email at /0"),
        (3, "email at /0, email at /1, email at /2"),
        (4, "email at /0, email at /1, email at /2 and 1 more"),
        (5, "email at /0, email at /1, email at /2 and 2 more"),
    ],
)
def test_a_message_names_three_and_counts_the_rest(count: int, words: str) -> None:
    findings = [Finding(f"/{number}", "email", "email", 1, "blocked") for number in range(count)]
    assert summary(findings) == words


def test_a_message_calls_the_root_by_name() -> None:
    assert summary([Finding("", "size", "size", 1, "masked")]) == "size at the root"


def test_places_are_counted_at_the_root_from_the_bound_on() -> None:
    seen: list[Sighting] = [(f"/{n}", "email", "email", "masked") for n in range(MASKING_MAX_FINDINGS)]
    assert [each.pointer for each in tally(seen)] == [place[0] for place in seen]
    more = tally([*seen, ("/more", "email", "email", "masked"), seen[0]])
    assert (len(more), more[0].count) == (MASKING_MAX_FINDINGS + 1, 2)
    assert (more[-1].pointer, more[-1].count) == ("", 1)
