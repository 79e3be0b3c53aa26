"""What changed on the way: the signature base that was signed, held against the one a server rebuilt.

A server in development mode answers a bad signature with its base (RFC 9421 section 2.5). Both are one line
a component, so the lines that differ name what a proxy changed. The server masks what is secret in its
base, the nonce and headers that carry authority, and the same is masked here before the two are compared:
of a token only the length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from delegate.token.picture import visible

__all__ = ["Difference", "compare"]

_LINE: Final = re.compile(r'"([^"\n]+)": (.*)', re.DOTALL)
_NONCE: Final = re.compile(r';nonce="[^"]*"')
_MASKED: Final = ';nonce="<masked>"'
_MASKED_VALUE: Final = re.compile(r"<[0-9]+ bytes>")
_SECRET: Final = frozenset({"authorization", "cookie", "delegation"})
_SHOWN: Final = 200
"""Characters of a value that are shown: more would hide the rest."""

_HINTS: Final = {
    "@authority": "a proxy rewrites Host: set public_origin= on the server",
    "@path": "something on the way rewrites the path: hand it on as the client wrote it",
    "@query": "something on the way rewrites the query: switch that off",
    "@method": "something on the way changes the method: switch that off",
    "content-digest": "something on the way changes the digest or drops it: let the header through",
    "content-encoding": "something on the way compresses bodies: switch that off for this server",
}
_HINT: Final = "something on the way changes this header: let it through as it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One component that arrived in another form; ``None`` where it is absent."""

    component: str
    signed: str | None
    arrived: str | None

    @property
    def hint(self) -> str:
        """What to do about it."""
        if self.component == "@path" and self.signed and self.arrived:
            return _path_hint(self.signed, self.arrived)
        return _HINTS.get(self.component, _HINT)

    def describe(self) -> str:
        """One line: the component, what was signed, and what arrived."""
        return f"{self.component}: signed {_shown(self.signed)}, arrived {_shown(self.arrived)}"


def _path_hint(signed: str, arrived: str) -> str:
    """The setting that answers this change of the path, where one does."""
    if signed.endswith(arrived):
        return (
            f"a proxy takes a prefix away: set public_prefix={signed.removesuffix(arrived)!r} on the server"
        )
    if arrived.endswith(signed):
        return (
            f"a proxy puts a prefix in front: set strip_prefix={arrived.removesuffix(signed)!r} on the server"
        )
    if unquote_to_bytes(signed).endswith(unquote_to_bytes(arrived)):
        return "a proxy decodes the path and encodes it in its own way: hand it on as the client wrote it"
    return _HINTS["@path"]


def compare(signed: str, arrived: str) -> tuple[Difference, ...]:
    """The components in which two signature bases differ, in the order they were signed in."""
    ours, theirs = _components(signed), _components(arrived)
    return tuple(
        Difference(component=name, signed=ours.get(name), arrived=theirs.get(name))
        for name in ours | theirs
        if ours.get(name) != theirs.get(name)
    )


def _components(base: str) -> dict[str, str]:
    matches = (_LINE.fullmatch(line) for line in _NONCE.sub(_MASKED, base).split("\n"))
    return {match[1]: _masked(match[1], match[2]) for match in matches if match}


def _masked(component: str, value: str) -> str:
    """The value, or the length of one that carries authority, as a server writes it."""
    if component not in _SECRET or _MASKED_VALUE.fullmatch(value):
        return value
    return f"<{len(value)} bytes>"


def _shown(value: str | None) -> str:
    if value is None:
        return "nothing"
    text = visible(value)
    return f'"{text[:_SHOWN]}{"..." if len(text) > _SHOWN else ""}"'
