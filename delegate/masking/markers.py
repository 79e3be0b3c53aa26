"""What stands in place of a secret, and how it is told from an imitation.

    [MASKED:kind]                  the usual marker
    MASKED-kind                    in the userinfo of a URL, which would not parse with brackets
    [MASKED:kind:*1234]            with the last characters, where the policy reveals them
    [MASKED:kind:<pseudonym>]      with a keyed pseudonym (see ``pseudonyms``)

The rule: what one masking wrote, the next leaves alone, so masking twice is masking once. Only a marker
that this policy could have written counts: its kind is known, its pseudonym bears the tag of its key. Any
other is replaced by one that says no more, because what calls itself masked is the first place to hide
something in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from delegate.limits import MASKING_REVEAL_MAX
from delegate.masking.pseudonyms import PseudonymKey

__all__ = ["LIMITS", "Markers", "Marking", "type_marker"]

LIMITS: Final = frozenset({"cycle", "depth", "error", "nodes", "size"})
"""Kinds of what was not searched, rather than found: it is never let through."""

_MARKING: Final = re.compile(
    r"\[MASKED:(?P<kind>[^\[\]:]{0,256})(?::(?P<detail>[^\[\]]{0,256}))?\]"
    r"|MASKED-(?P<bare>[a-z0-9][a-z0-9_.-]{0,39})"
)
_FORGED: Final = "forged"
_REVEALED: Final = re.compile(rf"\*\S{{1,{MASKING_REVEAL_MAX}}}")
_PSEUDONYM: Final = re.compile(r"[a-z2-7]{16}-[a-z2-7]{8}")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://[^\s/?#\"'<>\\]{0,512}\Z")
_HOST_FOLLOWS: Final = re.compile(r"[^\s/?#\"'<>\\@]{0,512}@")
_URL_BACK: Final = 600
"""How far before a secret its scheme may stand: the two bounds above, and the separator."""

_TYPE_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


class Marking(NamedTuple):
    """What looks like a marker in a text, half-open, and whether this policy could have written it."""

    start: int
    end: int
    kind: str
    genuine: bool


class Markers:
    """Writes and recognizes the markers of one policy."""

    __slots__ = ("_kinds", "_pseudonyms", "_reveal")

    def __init__(
        self, kinds: AbstractSet[str], *, pseudonyms: PseudonymKey | None = None, reveal: Mapping[str, int]
    ) -> None:
        """``kinds`` are those that can be found; ``reveal`` says of how many last characters to show."""
        self._kinds = frozenset(kinds) | LIMITS | {_FORGED}
        self._pseudonyms = pseudonyms
        self._reveal = dict(reveal)

    def replacing(self, text: str, start: int, end: int, kind: str) -> str:
        """The marker for the secret at ``[start, end)`` of ``text``."""
        before = text[max(start - _URL_BACK, 0) : start]
        if "://" in before and _HOST_FOLLOWS.match(text, end) and _SCHEME.search(before):
            return f"MASKED-{kind}"
        return self.write(kind, text[start:end])

    def write(self, kind: str, secret: str = "") -> str:
        """The marker for ``secret``; without one, for what was not searched."""
        if self._pseudonyms is None and not self._reveal:
            return f"[MASKED:{kind}]"
        detail = self._detail(kind, secret)
        return f"[MASKED:{kind}:{detail}]" if detail else f"[MASKED:{kind}]"

    def _detail(self, kind: str, secret: str) -> str:
        if self._pseudonyms is not None and secret:
            return self._pseudonyms.name(kind, secret)
        shown = min(self._reveal.get(kind, 0), len(secret) // 4)
        last = f"*{secret[-shown:]}" if shown else ""
        return last if _REVEALED.fullmatch(last) and "]" not in last and "[" not in last else ""

    def find(self, text: str) -> Iterator[Marking]:
        """The markers in ``text``, in order; one of an unknown kind is called ``forged``."""
        for match in _MARKING.finditer(text):
            kind = match["bare"] or match["kind"]
            if kind in self._kinds:
                yield Marking(match.start(), match.end(), kind, self._genuine(kind, match["detail"]))
            elif match["bare"] is None:
                yield Marking(match.start(), match.end(), _FORGED, genuine=False)

    def _genuine(self, kind: str, detail: str | None) -> bool:
        """Whether this policy could have written a marker of ``kind`` with this detail."""
        if detail is None:
            return True
        if self._pseudonyms is not None and _PSEUDONYM.fullmatch(detail):
            return self._pseudonyms.made(kind, detail)
        return bool(_REVEALED.fullmatch(detail)) and len(detail) - 1 <= self._reveal.get(kind, 0)


def type_marker(cls: type) -> str:
    """What stands for an object that is not looked into: the bare name of its class, if it is one."""
    name: str = type.__dict__["__name__"].__get__(cls)
    return f"[OBJECT:{name}]" if _TYPE_NAME.fullmatch(name) else "[OBJECT]"
