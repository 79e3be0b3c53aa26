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
    for hit in sorted({*hits}):
        if result and hit.start < result[-1].end:
            result[-1] = _joined(result[-1], hit)
        else:
            result.append(hit)
    return result


def _joined(one: Hit, other: Hit) -> Hit:
    """Both as one; ``other`` does not begin before ``one``."""
    start, end = one.start, max(one.end, other.end)
    mine = (one.end - start, one.rank, one.detector)
    named = one if mine >= (other.end - other.start, other.rank, other.detector) else other
    return named if named.start == start and named.end == end else named._replace(start=start, end=end)
