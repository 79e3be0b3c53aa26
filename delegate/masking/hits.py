"""What a scan finds, and what becomes of findings that overlap.

A ``Hit`` is a half-open place in the original text, what stands there and who says so; never the value. Hits
that overlap become one that covers them all, named by the longest of them, then by the most specific: no
character that any detector meant stays behind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Hit", "resolve"]


class Hit(NamedTuple):
    """``text[start:end]`` is to be masked as ``kind``; a higher ``rank`` is more specific."""

    start: int
    end: int
    kind: str
    detector: str
    rank: int


def resolve(hits: Iterable[Hit]) -> list[Hit]:
    """The hits in order of place, without overlaps."""
    result: list[Hit] = []
    for hit in sorted(set(hits)):
        if result and hit.start < result[-1].end:
            result[-1] = _joined(result[-1], hit)
        else:
            result.append(hit)
    return result


def _joined(one: Hit, other: Hit) -> Hit:
    named = max(one, other, key=lambda hit: (hit.end - hit.start, hit.rank, hit.detector))
    return named._replace(start=min(one.start, other.start), end=max(one.end, other.end))
