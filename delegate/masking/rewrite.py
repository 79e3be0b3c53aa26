"""One text and what was found in it, made into a text that may leave.

The rule: the result, searched again, holds nothing more to mask. A replacement changes what stands beside
the rest, so where letters or digits stood against it, the result is searched until nothing is found in it,
and a text that does not come to rest is masked whole. (Where a blank or a sign stood there, the rest ends
where it ended before.) What is a marker already stays as it is, and a hit that touches one takes all of it.
"""

from __future__ import annotations

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

_WORD: Final = frozenset(string.ascii_letters + string.digits + "_+/.-")
"""What may be part of a token, a number or a name, besides all that is not ASCII."""

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
        touching = False
        for start, end, kind, detector, _ in _settled(hits, markings):
            mode = mode_of(kind)
            if mode == "warn" and text is given:
                seen.append(Seen(kind, detector, "warned", start))
            if mode in {"off", "warn"}:
                continue
            seen.append(Seen(kind, detector, "blocked" if mode == "block" else "masked", start))
            forged = detector == FORGED
            parts += (
                text[place:start],
                markers.write(kind) if forged else markers.replacing(text, start, end, kind),
            )
            place = end
            touching = touching or _touches(text, start, end)
        if not place:
            return Rewritten(text, seen)
        text = "".join((*parts, text[place:]))
        if not touching:
            return Rewritten(text, seen)
        hits = search(text)
    return Rewritten(markers.write("error"), [*seen, Seen("error", _UNSTABLE, "masked")])


def _touches(text: str, start: int, end: int) -> bool:
    """Whether letters or digits stand against a hit, so that a rule may see something new in them."""
    before, after = text[start - 1 : start], text[end : end + 1]  # nothing stands before the first
    return before in _WORD or after in _WORD or not (before.isascii() and after.isascii())


def _settled(hits: Sequence[Hit], markings: Sequence[Marking]) -> Sequence[Hit]:
    """``hits`` and forged markers in order, each outside of every marker or around all of it."""
    if not markings:
        return hits
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
