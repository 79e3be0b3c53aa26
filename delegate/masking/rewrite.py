"""One text and what was found in it, made into a text that may leave.

The rule: the result, searched again, holds nothing more to mask. A replacement changes what stands beside
the rest, so the result is searched until nothing is found in it, and a text that does not come to rest is
masked whole. (Where a blank, a quote or a bracket stood on either side, the rest ends where it ended before.)
What is a marker already stays as it is, and a hit that touches one takes all of it.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from delegate.limits import MASKING_ROUNDS
from delegate.masking.findings import Action
from delegate.masking.hits import Hit
from delegate.masking.markers import Markers, Marking
from delegate.masking.policy import Mode

__all__ = ["FORGED", "Rewritten", "Seen", "rewrite", "whole"]

_APART: Final = frozenset(string.whitespace) | {*"\"'`,;&|<>()[]{}", "\0", ""}
"""What ends whatever stands before or behind it: no token, number, name or address goes on over it."""

_PADDED: Final = re.compile(r"[A-Za-z0-9+/_$-]{16}={1,2}\Z")
"""An equals sign that may end base64; behind a short name it assigns."""

FORGED = "forged-marker"
"""The detector of what calls itself masked and was not masked by this policy."""

_UNSTABLE = "unstable"


class Seen(NamedTuple):
    """One thing found in a text, and what was done about it."""

    kind: str
    detector: str
    action: Action
    at: int = 0
    """Where in the text; in the one that was changed already, for what turned up only then."""


class Rewritten(NamedTuple):
    """The text that may leave, and what was seen on the way."""

    text: str
    seen: Sequence[Seen]


def whole(text: str, kind: str, detector: str) -> Hit:
    """A hit that is all of ``text``."""
    return Hit(0, len(text), kind, detector, 0)


def rewrite(
    text: str,
    hits: Sequence[Hit],
    *,
    search: Callable[[str], Sequence[Hit]],
    mode_of: Callable[[str], Mode],
    markers: Markers,
) -> Rewritten:
    """Replace what ``hits`` names in ``text`` as ``mode_of`` its kind says, and what turns up then."""
    seen: list[Seen] = []
    given = text
    for _round in range(MASKING_ROUNDS):
        markings = list(markers.find(text)) if "MASKED" in text else ()
        parts: list[str] = []
        place = 0
        apart = True
        for start, end, kind, detector, _ in _settled(hits, markings) if markings else hits:
            mode = mode_of(kind)
            if mode in {"off", "warn"}:
                if mode == "warn" and text is given:
                    seen.append(Seen(kind, detector, "warned", start))
                continue
            seen.append(Seen(kind, detector, "blocked" if mode == "block" else "masked", start))
            marker = markers.write(kind) if detector == FORGED else markers.replacing(text, start, end, kind)
            parts += (text[place:start], marker)
            place = end
            if marker[0] == "[":  # else it is the userinfo of an address, and ends with it
                apart = apart and _stands_apart(text, start, end)
        if not place:
            return Rewritten(text, seen)
        text = "".join((*parts, text[place:]))
        if apart:
            return Rewritten(text, seen)
        hits = search(text)
    return Rewritten(markers.write("error"), [*seen, Seen("error", _UNSTABLE, "masked")])


def _stands_apart(text: str, start: int, end: int) -> bool:
    """Whether nothing goes on from before ``text[start:end]``, or behind it, when that becomes a marker."""
    before = text[start - 1 : start]  # nothing stands before the first
    return text[end : end + 1] in _APART and (
        before in _APART or (before == "=" and not _PADDED.search(text, max(0, start - 18), start))
    )


def _settled(hits: Sequence[Hit], markings: Sequence[Marking]) -> Sequence[Hit]:
    """``hits`` and forged markers in order, each outside of every marker or around all of it."""
    ends = [each.end for each in markings]
    forged = [Hit(each.start, each.end, each.kind, FORGED, 0) for each in markings if not each.genuine]
    settled: list[Hit] = []
    for hit in sorted([*hits, *forged]):
        start, end = hit.start, hit.end
        touched = [*_touched(markings, ends, hit)]
        if hit.detector != FORGED and any(each.start <= start and end <= each.end for each in touched):
            continue
        start = min([start, *(each.start for each in touched)])
        end = max([end, *(each.end for each in touched)])
        if settled and start < settled[-1].end:
            named = hit if settled[-1].detector == FORGED else settled[-1]
            settled[-1] = named._replace(start=settled[-1].start, end=max(end, settled[-1].end))
        else:
            settled.append(hit._replace(start=start, end=end))
    return settled


def _touched(markings: Sequence[Marking], ends: Sequence[int], hit: Hit) -> Iterator[Marking]:
    for index in range(bisect_right(ends, hit.start), len(markings)):
        if markings[index].start >= hit.end:
            return
        yield markings[index]
