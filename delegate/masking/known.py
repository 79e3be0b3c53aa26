"""Secrets that are known exactly: what this process registered, in every form in which it may travel.

A value of at least eight characters is looked for as it is, as base64 and base64url in the three alignments
that longer data can give it, percent-encoded, and as a JSON string escapes it. The registry of the library's
own keys, tokens and signatures (``delegate.known_secrets``) is read anew whenever its holders change, so a
secret is kept here no longer than one scan beyond its holder's life.
"""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Final

from delegate import known_secrets
from delegate.errors import ConfigurationError
from delegate.masking.hits import Hit

__all__ = ["KnownValues"]

SHORTEST: Final = 8


class KnownValues:
    """The exact-match search; one instance may be shared by scanners and threads."""

    def __init__(self, *, registry: bool = True) -> None:
        """An empty set; ``registry`` adds what ``delegate.known_secrets`` holds at each scan."""
        self._registry = registry
        self._own: dict[str, None] = {}
        self._seen: tuple[int, int] | None = None
        self._needles: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """How many values there are; never one of them."""
        return f"<KnownValues: {len(self._own)} values>"

    def register(self, secret: str | bytes) -> None:
        """Add ``secret``. Raises ``ConfigurationError`` when it is shorter than eight characters."""
        octets = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else bytes(secret)
        if len(octets) < SHORTEST:
            msg = "a registered secret has at least 8 characters: a shorter one would be masked inside words"
            raise ConfigurationError(msg, field="secret", limit=SHORTEST)
        self._own |= dict.fromkeys(_forms(octets))
        self._seen = None

    def find(self, text: str) -> Iterator[Hit]:
        """Every place of every known value in ``text``."""
        for needle in self._current():
            start = text.find(needle)
            while start >= 0:
                yield Hit(start, start + len(needle), "known_secret", "known-value", 100)
                start = text.find(needle, start + len(needle))

    def _current(self) -> tuple[str, ...]:
        seen = known_secrets.generation() if self._registry else (0, 0)
        if seen != self._seen:
            registered = _all_forms(known_secrets.values()) if self._registry else ()
            self._needles = tuple(dict.fromkeys((*self._own, *registered)))
            self._seen = seen
        return self._needles


def _all_forms(secrets: Iterable[bytes]) -> Iterator[str]:
    for secret in secrets:
        if len(secret) >= SHORTEST:
            yield from _forms(secret)


def _forms(octets: bytes) -> Iterator[str]:
    """How ``octets`` look inside text: themselves, escaped, and inside base64 at any offset."""
    plain = octets.decode("utf-8", "surrogateescape")
    if plain.isprintable():
        yield plain
        yield urllib.parse.quote(octets, safe="")
        yield urllib.parse.quote_plus(octets)
        yield json.dumps(plain)[1:-1]
    yield octets.hex()
    yield octets.hex().upper()
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + octets).decode().rstrip("=")
        # Characters that also hold bits of a neighbour are left out at both ends.
        first = (0, 2, 3)[offset]
        last = len(encoded) - ((len(octets) + offset) % 3 != 0)
        if last - first >= SHORTEST:
            yield encoded[first:last]
            yield encoded[first:last].translate(_TO_URL)


_TO_URL: Final = str.maketrans("+/", "-_")
