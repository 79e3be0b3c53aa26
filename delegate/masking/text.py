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

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from delegate.limits import MASKING_DECODED_MAX_BYTES, MASKING_DECODING_DEPTH
from delegate.masking import key_names, personal
from delegate.masking.addresses import passwords_in_addresses
from delegate.masking.assignments import assignments
from delegate.masking.commands import passwords_in_commands
from delegate.masking.decoding import decodings, unescaped
from delegate.masking.detectors import STANDARD, Detector
from delegate.masking.folding import Mapped, fold
from delegate.masking.hits import Hit, resolve
from delegate.masking.inserts import secrets_in_inserts
from delegate.masking.key_names import KeyClass, classify, kind_of
from delegate.masking.known import KnownValues
from delegate.masking.manifests import kubernetes_secrets
from delegate.masking.pem import private_keys
from delegate.masking.prefilter import Signs, prefilter
from delegate.masking.secret_shape import looks_random
from delegate.masking.tokens import Gated, Runs
from delegate.masking.values import credentials, value_hit

__all__ = ["Hit", "TextScanner", "with_name"]


_KINDS: Final = key_names.KINDS | {
    *("credit_card", "email", "iban", "us_aba", "us_itin", "us_ssn", "high_entropy", "known_secret"),
    *("private-key", "url-password"),
}
"""Kinds that no row of the table of detectors has."""


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

    __slots__ = ("_entropy", "_gated", "_kinds", "_known", "_prefilter", "_runs")

    def __init__(
        self,
        *,
        detectors: Sequence[Detector] = STANDARD,
        engine: Literal["re", "re2"] = "re",
        entropy: bool = False,
        known: KnownValues | None = None,
    ) -> None:
        """Compile ``detectors``. ``entropy`` also finds random runs that no name or form explains.

        Raises ``ConfigurationError`` for a pattern that is not provably linear, unless ``re2`` runs it.
        """
        self._runs = Runs([row for row in detectors if row.prefixes or row.run], engine)
        self._gated = Gated([row for row in detectors if row.needles and not row.run], engine)
        self._prefilter = prefilter(self._runs, self._gated, engine)
        self._kinds = _KINDS | {row.kind for row in detectors}
        self._entropy = entropy
        self._known = known

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind that a hit can have."""
        return self._kinds

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
        return with_name(key, value, self.scan(value))

    def _scan(self, text: str, depth: int, budget: _Budget | None) -> list[Hit]:
        """One layer: the finders on ``text``, then whatever is encoded in it."""
        signs = self._prefilter(text, every_run=self._entropy)
        if signs is None:
            return []
        hits = self._find(text, signs)
        if depth == MASKING_DECODING_DEPTH:
            return hits
        budget = budget or _Budget()
        if signs.escapes:
            for start, plain in unescaped(text):
                if budget.take(plain.text):
                    hits += _mapped(plain, self._layer(plain.text, depth, budget), start)
        for start, end in signs.runs:
            hits += self._encoded(text, start, end, depth, budget)
        return hits

    def _layer(self, text: str, depth: int, budget: _Budget) -> list[Hit]:
        """One layer further in; decoding may have given other letters than ASCII."""
        if text.isascii():
            return self._scan(text, depth + 1, budget)
        folded = fold(text)
        return list(_mapped(folded, self._scan(folded.text, depth + 1, budget)))

    def _find(self, text: str, signs: Signs) -> list[Hit]:
        hits: list[Hit] = []
        for start, end in signs.runs:
            hits += self._runs.find(text, start, end)
        if signs.gated:
            hits += self._gated.find(text, signs.gated)
        if signs.at:
            passwords = list(passwords_in_addresses(text))
            hits += passwords
            hits += personal.emails(text, {hit.end for hit in passwords})
        if signs.dashes:
            hits += private_keys(text)
        if signs.names:
            hits += assignments(text, signs.lower, signs.names)
            hits += kubernetes_secrets(text, signs.lower)
            hits += secrets_in_inserts(text, signs.lower)
        if signs.flags:
            hits += passwords_in_commands(text)
        if signs.numbers:
            hits += personal.numbers(text, signs.shapes, signs.lower)
        if signs.accounts:
            hits += personal.bank_accounts(text, signs.shapes)
        return hits

    def _encoded(self, text: str, first: int, last: int, depth: int, budget: _Budget) -> Iterator[Hit]:
        """What a long run says when decoded: with a secret inside, the whole encoded part is one."""
        for start, end, said in decodings(text, first, last):
            if budget.take(said):
                inner = self._layer(said, depth, budget)
                if inner:
                    best = max(inner, key=lambda hit: (hit.end - hit.start, hit.rank))
                    yield best._replace(start=start, end=end)
        if self._entropy and looks_random(text[first:last]):
            yield Hit(first, last, "high_entropy", "entropy", 10)


def _mapped(text: Mapped, hits: list[Hit], place: int = 0) -> Iterator[Hit]:
    for hit in hits:
        start, end = text.span(hit.start, hit.end)
        yield hit._replace(start=place + start, end=place + end)


def _within_leaves(text: str, hits: list[Hit]) -> list[Hit]:
    """The hits without any NUL: what a pattern of the user's finds across leaves is cut into its parts."""
    if "\0" not in text or not any("\0" in text[hit.start : hit.end] for hit in hits):
        return hits
    parts: list[Hit] = []
    for hit in hits:
        place = hit.start
        for piece in text[hit.start : hit.end].split("\0"):
            if piece:
                parts.append(hit._replace(start=place, end=place + len(piece)))
            place += len(piece) + 1
    return parts


def with_name(key: str, value: str, hits: Sequence[Hit]) -> list[Hit]:
    """What ``value`` holds under a key name, given what a scan of it found."""
    sure = classify(key)
    if sure is KeyClass.NONE:
        return [*hits]
    start = credentials(value, 0) if kind_of(key) == "authorization" else 0
    hit = value_hit(value, start, len(value), key, sure)
    if hit is None:
        return [*hits]
    return resolve([*hits, hit]) if hits else [hit]
