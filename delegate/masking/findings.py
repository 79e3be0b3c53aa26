"""What masking found, in words that can be shown to anybody: where, what kind, which rule, how often.

The rule: a finding never holds the value, a hash of it, or its length. Its place is a JSON Pointer (RFC
6901) whose parts are the keys on the way, as far as no secret stands in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from delegate.limits import MASKING_MAX_FINDINGS, MASKING_POINTER_PART_MAX_CHARS

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["Action", "Finding", "Sighting", "part", "summary", "tally"]

Action: TypeAlias = Literal["masked", "warned", "blocked"]
"""What was done: replaced by a marker, left as it is, or the whole value refused."""

Sighting: TypeAlias = tuple[str, str, str, Action]
"""One thing found: pointer, kind, detector, and what was done."""

_SHOWN: Final = 3
"""Findings that a message names; an error carries them all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of secret, found by one rule at one place."""

    pointer: str
    """JSON Pointer into the value that was given; empty for the value itself."""
    kind: str
    """What it is, as in its marker: ``credit_card``, ``jwt``, ``depth``."""
    detector: str
    """The id of the rule that found it."""
    count: int
    action: Action

    def to_json(self) -> dict[str, JsonValue]:
        """All of it, as a JSON object."""
        return {
            "pointer": self.pointer,
            "kind": self.kind,
            "detector": self.detector,
            "count": self.count,
            "action": self.action,
        }


def part(name: str) -> str:
    """One part of a pointer: ``/`` and what ``name`` says, escaped and cut to a length."""
    if len(name) > MASKING_POINTER_PART_MAX_CHARS:
        name = name[:MASKING_POINTER_PART_MAX_CHARS] + "..."
    return "/" + name.replace("~", "~0").replace("/", "~1")


def tally(seen: Iterable[Sighting]) -> tuple[Finding, ...]:
    """Findings out of single sightings (pointer, kind, detector, action), in the order they came.

    Places beyond ``MASKING_MAX_FINDINGS`` are counted at the root, so that their number stays bounded.
    """
    counts: dict[Sighting, int] = {}
    for place in seen:
        if place not in counts and len(counts) >= MASKING_MAX_FINDINGS:
            place = ("", *place[1:])  # noqa: PLW2901 - the same sighting, without its place
        counts[place] = counts.get(place, 0) + 1
    return tuple(
        [
            Finding(pointer, kind, detector, count, action)
            for (pointer, kind, detector, action), count in counts.items()
        ]
    )


def summary(findings: Iterable[Finding]) -> str:
    """A few words for a message: the first findings and how many more there are."""
    named = [f"{finding.kind} at {finding.pointer or 'the root'}" for finding in findings]
    more = len(named) - _SHOWN
    return ", ".join(named[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
