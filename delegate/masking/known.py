"""Secrets that are known exactly: what this process holds, in every form in which it may travel.

A value of at least eight characters is looked for as it is, as base64 and base64url in the three alignments
that longer data can give it, in hexadecimal, percent-encoded, and as a JSON string escapes it. The registry
(``delegate.known_secrets``: the library's own keys, tokens and signatures, and what a program registers) is
read anew whenever its holders change, so a secret is kept here no longer than until the next search after
its holder's life.
"""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterable, Iterator
from typing import Final

from delegate import known_secrets
from delegate.masking.hits import Hit

__all__ = ["KnownValues"]

_SHORTEST: Final = 8
"""What is shorter would be found inside words."""


class KnownValues:
    """The exact-match search; one instance may be shared by scanners and threads."""

    __slots__ = ("_current", "_forms")

    def __init__(self) -> None:
        """The registry is read at the first search."""
        self._current: tuple[tuple[int, int], tuple[str, ...]] = ((0, 0), ())
        self._forms: dict[bytes, tuple[str, ...]] = {}

    def find(self, text: str) -> Iterator[Hit]:
        """Every place of every known value in ``text``."""
        for needle in self._needles():
            start = text.find(needle)
            while start >= 0:
                yield Hit(start, start + len(needle), "known_secret", "known-value", 100)
                start = text.find(needle, start + len(needle))

    def stand_in(self, texts: Iterable[str]) -> bool:
        """Whether any known value stands in any of ``texts``."""
        needles = self._needles()
        if not needles:
            return False
        joined = "\0".join(texts)
        return any(needle in joined for needle in needles)

    def _needles(self) -> tuple[str, ...]:
        generation = known_secrets.generation()
        if self._current[0] != generation:
            # One assignment, so that a thread sees an old pair or a new one.
            secrets = {secret for secret in known_secrets.values() if len(secret) >= _SHORTEST}
            # Each request brings a token: only what is new is spelled out, and what is gone is dropped.
            self._forms = forms = {
                secret: self._forms.get(secret) or tuple(_forms(secret)) for secret in secrets
            }
            self._current = (generation, tuple({form: None for each in forms.values() for form in each}))
        return self._current[1]


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
        yield encoded[first:last]
        yield encoded[first:last].translate(_TO_URL)


_TO_URL: Final = str.maketrans("+/", "-_")
