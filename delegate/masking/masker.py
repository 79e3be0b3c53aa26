"""Masking, as programs use it: ``mask_metadata(value)``, or a ``Masker`` with a policy of one's own.

    masked, findings = Masker(Policy(kinds={"email": "off"})).mask(value)

What leaves the process goes through here first: tool arguments shown to reviewers, context, headers,
tracebacks, prompts, log records, and what is written to a ledger, before any digest is taken of it. A value
in which nothing is found comes back as the same object; one in which something is comes back as another,
and the one that was given is never changed. Request bodies are never rewritten.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

from delegate.errors import MaskingBlockedError, MaskingLimitError
from delegate.limits import MASKING_STRING_MAX_CHARS
from delegate.masking.findings import Finding, summary, tally
from delegate.masking.markers import LIMITS
from delegate.masking.policy import Policy
from delegate.masking.probe import texts_of
from delegate.masking.rules import Rules
from delegate.masking.text import Hit
from delegate.masking.walk import NUL, Walk

__all__ = ["Masked", "Masker", "mask_metadata"]

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
        known = self._look(value)
        if known is not None and not known[1]:
            return Masked(value, ())
        walk = Walk(self._rules)
        masked = walk.run(value, known)
        findings = tally(walk.sightings())
        _require_unblocked(findings)
        return Masked(masked, findings)

    def _look(self, value: object) -> tuple[str, list[Hit]] | None:
        """The joined texts of a plain value and what was found in them; ``None`` where it is not plain."""
        rules = self._rules
        if rules.recognizer is not None:
            return None
        try:
            texts = texts_of(value, rules.names, rules.suspect)
            if texts is None:
                return None
            joined = NUL.join(texts)
            if joined.count(NUL) >= len(texts) > 0 or "MASKED" in joined:
                return None
            if len(joined) > MASKING_STRING_MAX_CHARS:  # some text, or all of them, may be over a bound
                return None
            return joined, rules.scanner.scan(joined)
        except Exception:  # noqa: BLE001 - the full walk finds out which part it was
            return None


def mask_metadata(value: object) -> Any:  # noqa: ANN401 - what was given, unless it was over a bound
    """``value`` as it may leave, by the default policy: everything that is found is masked."""
    return _default_masker().mask(value).value


@cache
def _default_masker() -> Masker:
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
