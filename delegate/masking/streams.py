"""Text of any length, masked as it comes: logs, dumps, the output of a tool.

The text is searched in windows that overlap by more than the longest secret has, each with some of what
stands before it; what leaves is cut where no secret is, at the end of a line if there is one. So a secret
that spans lines, or the place where two chunks meet, is found as if the text had come in one piece.

The pointer of a finding is ``/<line>``, the first line being 1.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from delegate.limits import MASKING_CONTEXT_CHARS, MASKING_OVERLAP_CHARS, MASKING_WINDOW_CHARS
from delegate.masking.findings import Sighting
from delegate.masking.hits import Hit
from delegate.masking.members import NO_NAME
from delegate.masking.rewrite import whole
from delegate.masking.rules import Rules

__all__ = ["Piece", "pieces"]

Piece = tuple[str, list[Sighting]]
"""A part of the text as it may leave, and what was found in it: pointer, kind, detector, action."""

_LINE_END: Final = re.compile("\n")
_ERROR: Final = ("error", "error")


def pieces(chunks: Iterable[str], rules: Rules) -> Iterator[Piece]:
    """The text of ``chunks`` as it may leave, in parts of its own size."""
    before, window, line = "", "", 1
    for chunk in chunks:
        for start in range(0, len(chunk), MASKING_WINDOW_CHARS):
            window += chunk[start : start + MASKING_WINDOW_CHARS]
            if len(window) >= MASKING_WINDOW_CHARS:
                hits = _hits(before, window, rules)
                cut = _cut(window, hits)
                yield _piece(window[:cut], hits, line, rules)
                line += window.count("\n", 0, cut)
                before, window = window[:cut][-MASKING_CONTEXT_CHARS:], window[cut:]
    if window:
        yield _piece(window, _hits(before, window, rules), line, rules)


def _hits(before: str, window: str, rules: Rules) -> Sequence[Hit]:
    """What stands in ``window``, which follows on ``before``."""
    try:
        hits = rules.search(before + window, NO_NAME)
    except Exception:  # noqa: BLE001 - what cannot be searched is masked
        return [whole(window, *_ERROR)]
    moved = (hit._replace(start=hit.start - len(before), end=hit.end - len(before)) for hit in hits)
    return [hit._replace(start=max(hit.start, 0)) for hit in moved if hit.end > 0]


def _cut(window: str, hits: Sequence[Hit]) -> int:
    """Where to cut: behind a line that ends before the overlap, and not within a hit."""
    latest = len(window) - MASKING_OVERLAP_CHARS
    cut = window.rfind("\n", 0, latest) + 1 or latest
    for hit in hits:
        if hit.start < cut < hit.end:
            cut = hit.start or hit.end
    return cut


def _piece(text: str, hits: Sequence[Hit], line: int, rules: Rules) -> Piece:
    """``text``, which begins on ``line``, without its secrets; ``hits`` may lie beyond its end."""
    done = rules.rewrite(text, [hit for hit in hits if hit.end <= len(text)], NO_NAME, [])
    ends = [match.end() for match in _LINE_END.finditer(text)]
    return done.text, [(f"/{line + bisect_right(ends, seen.at)}", *seen[:3]) for seen in done.seen]
