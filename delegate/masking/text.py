"""The scanner of text: where in a text secrets and personal data stand.

    text ── known values ──────────────────────────────────────────────┐
      │                                                                │
      ├─ not ASCII? folded (folding.py), with the way back             │
      ├─ prefilter.py: which finders could find anything at all        ├─ resolve (hits.py) ─ hits
      ├─ finders: tokens, needles, keys, personal data, assignments    │
      ├─ escapes? undone (decoding.py), scanned again, to depth 3      │
      └─ long runs opened (base64, hex), scanned again, to depth 3 ────┘

One cheap pass says what a text cannot hold, and clean text goes no further. A finder looks only where an
anchor is, at most a bounded way around it, so the whole is linear in the text. A text may be many leaves
joined by NUL: no hit holds one. Both engines answer the same question in the prefilter, over-approximately;
everything after it is the same code, so their findings are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

from delegate.limits import MASKING_DECODED_MAX_BYTES, MASKING_DECODING_DEPTH
from delegate.masking import personal
from delegate.masking.addresses import passwords_in_addresses
from delegate.masking.assignments import assignments, value_hit
from delegate.masking.commands import passwords_in_commands
from delegate.masking.decoding import opened, unescape
from delegate.masking.detectors import STANDARD, Detector
from delegate.masking.folding import Mapped, fold
from delegate.masking.hits import Hit, resolve
from delegate.masking.key_names import KeyClass, classify, kind_of
from delegate.masking.known import KnownValues
from delegate.masking.pem import private_keys
from delegate.masking.prefilter import Prefilter, Signs, runs
from delegate.masking.secret_shape import looks_random
from delegate.masking.tokens import Needles, Prefixes

__all__ = ["Hit", "TextScanner"]


class _Budget:
    """Characters that encoded parts of one text may still decode to."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MASKING_DECODED_MAX_BYTES

    def take(self, text: str) -> bool:
        self.left -= len(text)
        return self.left >= 0


class TextScanner:
    """Immutable once made, and safe to share between threads."""

    __slots__ = ("_entropy", "_known", "_needles", "_prefilter", "_prefixes")

    def __init__(
        self,
        *,
        detectors: Sequence[Detector] = STANDARD,
        engine: Literal["re", "re2"] = "re",
        entropy: bool = False,
        known: KnownValues | None = None,
    ) -> None:
        """Compile ``detectors``. ``entropy`` also finds random runs that no name or form explains."""
        self._prefixes = Prefixes([row for row in detectors if row.prefixes])
        self._needles = Needles([row for row in detectors if row.needles])
        self._prefilter = Prefilter(self._prefixes, self._needles, engine)
        self._entropy = entropy
        self._known = known

    def scan(self, text: str) -> list[Hit]:
        """Every secret in ``text``, in order, without overlaps."""
        hits: list[Hit] = []
        if self._known is not None:
            hits += self._known.find(text)
        if text.isascii():
            hits += self._scan(text, 0, None)
        else:
            folded = fold(text)
            hits += _mapped(folded, self._scan(folded.text, 0, None))
        return _within_leaves(text, resolve(hits)) if hits else []

    def scan_value(self, key: str, value: str) -> list[Hit]:
        """The same for a value under a key name: under a strong name all of it is a secret."""
        sure = classify(key)
        hits = self.scan(value)
        if sure is KeyClass.NONE:
            return hits
        hit = value_hit(value, *_credentials(key, value, sure), key, sure, quoted=True)
        return resolve([*hits, hit]) if hit else hits

    def _scan(self, text: str, depth: int, budget: _Budget | None) -> list[Hit]:
        """One layer: the finders on ``text``, then whatever is encoded in it."""
        signs = self._prefilter(text)
        if not signs.any:
            return []
        hits = list(self._find(text, signs))
        if depth < MASKING_DECODING_DEPTH:
            budget = budget or _Budget()
            if signs.escapes:
                plain = unescape(text)
                if plain is not None and budget.take(plain.text):
                    hits += _mapped(plain, self._scan(plain.text, depth + 1, budget))
            if signs.long_run:
                hits += self._inside_runs(text, signs, depth, budget)
        return hits

    def _find(self, text: str, signs: Signs) -> Iterator[Hit]:
        addresses: set[int] = set()
        if signs.address:
            for hit in passwords_in_addresses(text):
                addresses.add(hit.end)
                yield hit
        if signs.at:
            yield from personal.emails(text, addresses)
        if signs.dashes:
            yield from private_keys(text)
        if signs.long_run:
            yield from self._prefixes.find(text, signs.classes)
        if signs.needles:
            yield from self._needles.find(text, signs.needles)
        if signs.digits:
            yield from personal.cards(text)
        if signs.ssn:
            yield from personal.social_security_numbers(text)
        if signs.iban:
            yield from personal.bank_accounts(text)
        if signs.context:
            yield from personal.routing_numbers(text)
        if signs.names:
            yield from assignments(text, signs.lower)
        if signs.commands:
            yield from passwords_in_commands(text)

    def _inside_runs(self, text: str, signs: Signs, depth: int, budget: _Budget) -> Iterator[Hit]:
        """What long runs say when decoded; a run with a secret inside is one."""
        for start, end in runs(signs.classes):
            run = text[start:end]
            for begin, stop in _encoded(run):
                said = opened(run[begin:stop])
                if said is not None and budget.take(said):
                    inner = self._scan(said, depth + 1, budget) if said.isascii() else self.scan(said)
                    if inner:
                        best = max(inner, key=lambda hit: (hit.end - hit.start, hit.rank))
                        yield best._replace(start=start + begin, end=start + stop)
            if self._entropy and end - start >= 20 and looks_random(run):
                yield Hit(start, end, "high_entropy", "entropy", 10)


_ENCODED: Final = re.compile(r"[A-Za-z0-9+/_-]{15,}={0,2}")


def _encoded(run: str) -> Iterator[tuple[int, int]]:
    """The parts of a run that could be base64 or hexadecimal."""
    for match in _ENCODED.finditer(run):
        yield match.span()


def _mapped(text: Mapped, hits: list[Hit]) -> Iterator[Hit]:
    for hit in hits:
        start, end = text.span(hit.start, hit.end)
        yield hit._replace(start=start, end=end)


def _within_leaves(text: str, hits: list[Hit]) -> list[Hit]:
    """The hits without any NUL: one that crosses leaves is cut into its parts."""
    if "\0" not in text:
        return hits
    parts: list[Hit] = []
    for hit in hits:
        place = hit.start
        for piece in text[hit.start : hit.end].split("\0"):
            if piece:
                parts.append(hit._replace(start=place, end=place + len(piece)))
            place += len(piece) + 1
    return parts


_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,30} {1,4}(?=\S)")


def _credentials(key: str, value: str, sure: KeyClass) -> tuple[int, int]:
    """The part of ``value`` that is masked: all of it, but for the scheme of an ``Authorization`` header."""
    if sure is KeyClass.STRONG and kind_of(key) == "authorization":
        scheme = _SCHEME.match(value)
        if scheme:
            return scheme.end(), len(value)
    return 0, len(value)
