"""Secrets that are known exactly: what this process holds, in every form in which it may travel.

A value of at least eight bytes is looked for as it is, as base64 and base64url in the three alignments
that longer data can give it, in hexadecimal, percent-encoded, and as a JSON string escapes it. The registry
(``delegate.known_secrets``: the library's own keys, tokens and signatures, and what a program registers) is
read anew whenever its holders change, so a secret is kept here no longer than until the next search after
its holder's life. How a text is searched for thousands of forms at once is ``needles.py``'s.
"""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterable, Iterator
from threading import RLock
from typing import Final

from delegate import known_secrets
from delegate.masking.hits import Hit
from delegate.masking.needles import Needles

__all__ = ["KnownValues"]

_SHORTEST: Final = 8
"""What is shorter would be found inside words."""

_UTF8: Final = ("utf-8", "surrogatepass")


class KnownValues:
    """The exact-match search; one instance may be shared by scanners and threads."""

    __slots__ = ("_forms", "_generation", "_lock", "_needles")

    def __init__(self) -> None:
        """The registry is read at the first search."""
        self._generation = (0, 0)
        self._forms: dict[bytes, tuple[bytes, ...]] = {}
        self._needles = Needles()
        self._lock = RLock()

    def find(self, text: str) -> list[Hit]:
        """Every place of every known value in ``text``."""
        hits: list[Hit] = []
        if not self._any():
            return hits
        octets = text.encode(*_UTF8)
        for needle in self._needles.standing_in(octets):
            form = needle.decode()
            start = text.find(form)
            while start >= 0:
                hits.append(Hit(start, start + len(form), "known_secret", "known-value", 100))
                start = text.find(form, start + len(form))
        return hits

    def stand_in(self, texts: Iterable[str]) -> bool:
        """Whether any known value stands in any of ``texts``."""
        return self._any() and bool(self._needles.standing_in("\0".join(texts).encode(*_UTF8)))

    def _any(self) -> bool:
        """Whether anything is known, by what the registry holds now."""
        generation = known_secrets.generation()
        if self._generation != generation:
            self._follow(generation)
        return bool(self._forms)

    def _follow(self, generation: tuple[int, int]) -> None:
        """Take up what the registry has gained since the last search, and drop what it has lost."""
        with self._lock:  # who comes meanwhile waits, and finds everything taken up
            secrets = {secret for secret in known_secrets.values() if len(secret) >= _SHORTEST}
            for secret in self._forms.keys() - secrets:
                self._needles.remove(self._forms.pop(secret))
            # Each request brings a token: only what is new is spelled out.
            for secret in secrets - self._forms.keys():
                self._forms[secret] = forms = tuple({form.encode(): None for form in _forms(secret)})
                self._needles.add(forms)
            self._generation = generation


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
