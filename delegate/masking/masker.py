"""Masking, as programs use it: ``mask_metadata(value)``, or a ``Masker`` with a policy of one's own.

    masked, findings = Masker(Policy(kinds={"email": "off"})).mask(value)

What leaves the process goes through here first: tool arguments shown to reviewers, context, headers,
tracebacks, prompts, log records, and what is written to a ledger, before any digest is taken of it. A value
in which nothing is found comes back as the same object; one in which something is comes back as another,
and the one that was given is never changed. Request bodies are never rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from delegate.errors import MaskingBlockedError, MaskingLimitError
from delegate.limits import MASKING_STRING_MAX_CHARS, MASKING_TOTAL_MAX_CHARS
from delegate.masking.findings import Finding, summary, tally
from delegate.masking.hits import Hit
from delegate.masking.markers import LIMITS
from delegate.masking.plain import Rebuilding
from delegate.masking.policy import Policy
from delegate.masking.probe import Plain, look
from delegate.masking.rules import Rules
from delegate.masking.streams import pieces
from delegate.masking.text import with_name
from delegate.masking.walk import NUL, Walk, divided

__all__ = ["Masked", "Masker", "default_masker", "mask_metadata"]

_DEFAULT: Final = Policy()


class Masked(NamedTuple):
    """What may leave, and what was found."""

    value: Any
    """The same object as was given where nothing had to be replaced."""
    findings: tuple[Finding, ...]


class Masker:
    """Masks values by one policy. Safe to share between threads; make it once, compiling takes a while."""

    __slots__ = ("_rules",)

    def __init__(self, policy: Policy = _DEFAULT) -> None:
        """Compile ``policy``; raises ``ConfigurationError`` where its detectors or engine cannot be used."""
        self._rules = Rules(policy)

    def mask(self, value: object) -> Masked:
        """``value`` as it may leave, and the findings.

        Raises ``MaskingBlockedError`` where the policy blocks what was found, ``MaskingLimitError`` where
        it blocks what could not be searched; both hold the findings and nothing of the value.
        """
        try:
            plain = look(value, self._rules.names)
            found = None if plain is None else self._found(plain)
            if plain is None or found is None:
                masked, findings = self._walked(value)
            elif found:
                rebuilding = Rebuilding(plain, self._rules)
                masked, findings = rebuilding.run(found), tally(rebuilding.seen)
            else:
                return Masked(value, ())
        except Exception:  # noqa: BLE001 - the full walk finds out which part it was
            masked, findings = self._walked(value)
        _require_unblocked(findings)
        return Masked(masked, findings)

    def mask_stream(self, chunks: Iterable[str]) -> Iterator[Masked]:
        """A text of any length, in parts of the masker's own choosing; findings point at lines, from ``/1``.

        Raises as ``mask`` does, when it comes to the part that the policy blocks.
        """
        for text, seen in pieces(chunks, self._rules):
            findings = tally(seen)
            _require_unblocked(findings)
            yield Masked(text, findings)

    @property
    def policy(self) -> Policy:
        """The policy it was made from."""
        return self._rules.policy

    def _found(self, plain: Plain) -> dict[int, list[Hit]] | None:
        """What was found in the texts of a plain value, by index; ``None`` where it is not so plain."""
        rules, texts = self._rules, plain.texts
        joined = NUL.join(texts)
        if rules.recognizer is not None or not _fits(joined, texts) or rules.known.stand_in(plain.keys):
            return None
        found = divided(texts, joined, rules.scanner.scan(joined))
        for index, name in plain.named:
            hits = with_name(name, texts[index], found.get(index, ()))
            if hits:
                found[index] = hits
        if "MASKED" in joined:  # markers are looked at wherever they stand
            found |= {index: found.get(index, []) for index, text in enumerate(texts) if "MASKED" in text}
        return found

    def _walked(self, value: object) -> tuple[object, tuple[Finding, ...]]:
        walk = Walk(self._rules)
        masked = walk.run(value)
        return masked, tally(walk.sightings())


def _fits(joined: str, texts: list[str]) -> bool:
    """Whether these texts are within their bounds."""
    return len(joined) <= MASKING_STRING_MAX_CHARS or (
        len(joined) <= MASKING_TOTAL_MAX_CHARS and max(map(len, texts)) <= MASKING_STRING_MAX_CHARS
    )


def mask_metadata(value: object) -> Any:
    """``value`` as it may leave, by the default policy: everything that is found is masked."""
    return default_masker().mask(value).value


@cache
def default_masker() -> Masker:
    """The masker of the default policy, made when it is first asked for."""
    return Masker()


def _require_unblocked(findings: tuple[Finding, ...]) -> None:
    blocked = [finding for finding in findings if finding.action == "blocked"]
    if not blocked:
        return
    unsearched = all(finding.kind in LIMITS for finding in blocked)
    msg = f"the policy blocks what was found in the value: {summary(blocked)}"
    error = MaskingLimitError(msg) if unsearched else MaskingBlockedError(msg)
    error.findings = findings
    raise error
