"""A policy made ready: what every walk asks, worked out once, and never changed afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from delegate.masking.hits import Hit, resolve
from delegate.masking.known import KnownValues
from delegate.masking.markers import Markers
from delegate.masking.members import Member
from delegate.masking.names import Names
from delegate.masking.policy import Mode, Policy, mode_at
from delegate.masking.rewrite import Rewritten, rewrite
from delegate.masking.text import TextScanner

__all__ = ["Rules"]

_CERTAIN: Final = 70
"""Rank of what has a form of its own; below it stand numbers, addresses and what a name only suggests."""

_BLANK: Final = re.compile(r"\s")
_RECOGNIZED: Final = "recognizer"
_KNOWN: Final = "known-value"


def _masks(_: str) -> Mode:
    """The mode of a policy that says nothing else."""
    return "mask"


class Rules:
    """Everything a walk needs to know."""

    __slots__ = ("_everywhere", "_places", "known", "markers", "names", "policy", "recognizer", "scanner")

    def __init__(self, policy: Policy) -> None:
        """Compile ``policy``; raises ``ConfigurationError`` where its detectors or engine cannot be used."""
        self.policy = policy
        self._places = policy.places()
        uniform = policy.mode == "mask" and not policy.kinds and not policy.paths
        self._everywhere: Callable[[str], Mode] | None = _masks if uniform else None
        self.recognizer = policy.recognizer
        self.known = KnownValues()
        self.scanner = TextScanner(
            detectors=policy.detectors, engine=policy.engine, entropy=policy.entropy, known=self.known
        )
        self.names = Names(policy.exempt, self.scanner.scan)
        kinds = self.scanner.kinds | policy.recognizes
        self.markers = Markers(kinds, pseudonyms=policy.pseudonyms, reveal=policy.reveal)

    def mode_at(self, place: Sequence[str], kind: str) -> Mode:
        """The mode for ``kind`` at the place with these pointer parts."""
        return mode_at(self.policy, self._places, place, kind)

    def search(self, text: str, member: Member) -> Sequence[Hit]:
        """What counts of everything that is found in one text, its name and the recognizer asked too."""
        if member.name is None:
            hits = self.scanner.scan(text)
        elif member.offset == 0:
            hits = self.scanner.scan_value(member.name, text)
        else:
            hits = [hit for hit in self.scanner.scan(text) if hit.end <= member.offset]
            value = self.scanner.scan_value(member.name, text[member.offset :])
            hits += [
                hit._replace(start=hit.start + member.offset, end=hit.end + member.offset) for hit in value
            ]
        if self.recognizer is not None:
            hits = resolve([*hits, *self._recognized(text)])
        return self.counting(text, hits, member)

    def _recognized(self, text: str) -> Iterator[Hit]:
        for start, end, kind in self.policy.recognizer(text) if self.policy.recognizer else ():
            if kind not in self.policy.recognizes or not 0 <= start < end <= len(text):
                msg = "the recognizer gave a kind or a place that it may not give"
                raise ValueError(msg)
            yield Hit(start, end, kind, _RECOGNIZED, 0)

    def counting(self, text: str, hits: Sequence[Hit], member: Member) -> Sequence[Hit]:
        """``hits`` without those that the policy allows, or that are guesses under a governance name."""
        if hits and member.exempt and not _BLANK.search(text):
            hits = [hit for hit in hits if hit.rank >= _CERTAIN]
        if self.policy.allow:
            allow = self.policy.allow
            hits = [hit for hit in hits if hit.detector == _KNOWN or text[hit.start : hit.end] not in allow]
        return hits

    def rewrite(self, text: str, hits: Sequence[Hit], member: Member, place: Sequence[str]) -> Rewritten:
        """The text that may leave from ``place``, and what was done."""
        return rewrite(
            text,
            hits,
            search=lambda changed: self.search(changed, member),
            mode_of=self._everywhere or (lambda kind: self.mode_at(place, kind)),
            markers=self.markers,
        )

    def shown(self, text: str, hits: Sequence[Hit], member: Member) -> str:
        """A key as a pointer may show it: masked, whatever the mode, unless that is ``off``."""
        return rewrite(
            text,
            hits,
            search=lambda changed: self.search(changed, member),
            mode_of=lambda kind: "off" if self.policy.kinds.get(kind) == "off" else "mask",
            markers=self.markers,
        ).text
