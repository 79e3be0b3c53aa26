"""What is masked and what becomes of it: an immutable value, checked when it is made.

A mode says what becomes of a finding: ``mask`` replaces it, ``warn`` leaves it and reports it, ``block``
refuses the whole value, ``off`` neither looks nor reports. It is set for everything (``mode``), for a kind
(``kinds``) and for a place (``paths``); the place decides before the kind, and the longer place before the
shorter. What could not be searched (the kinds of ``markers.LIMITS``) is masked even under ``warn`` and
``off``: it may be blocked, but nothing unsearched gets through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

from delegate.errors import ConfigurationError
from delegate.limits import MASKING_REVEAL_MAX
from delegate.masking.detectors import STANDARD, Detector
from delegate.masking.exempt import plain_name
from delegate.masking.markers import LIMITS
from delegate.masking.pseudonyms import PseudonymKey

__all__ = ["Mode", "Policy", "Recognizer"]

Mode: TypeAlias = Literal["mask", "warn", "block", "off"]

Recognizer: TypeAlias = Callable[[str], Iterable[tuple[int, int, str]]]
"""Finds what needs more than patterns, names above all: (start, end, kind), half-open, in the text."""

_MODES: Final = frozenset(get_args(Mode))
_ENGINES: Final = frozenset({"re", "re2"})
_KIND: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,39}")
_POINTER: Final = re.compile(r"(?:/(?:[^~/]|~[01])*)*")
_ANY: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Everything a ``Masker`` is made from. Raises ``ConfigurationError`` for what it does not know."""

    mode: Mode = "mask"
    kinds: Mapping[str, Mode] = field(default_factory=dict)
    """Mode by kind: ``{"email": "off"}``."""
    paths: Mapping[str, Mode] = field(default_factory=dict)
    """Mode by place, a JSON Pointer for the value there and all below it; ``*`` is any one part."""
    exempt: frozenset[str] = frozenset()
    """Further key names, in any spelling, treated as the governance names are (see ``exempt.py``)."""
    allow: frozenset[str] = frozenset()
    """Texts that are no secret although they look like one; a known secret stays one."""
    detectors: Sequence[Detector] = STANDARD
    engine: Literal["re", "re2"] = "re"
    entropy: bool = False
    """Also mask what only looks random, outside of any context: more is found, and more that is none."""
    pseudonyms: PseudonymKey | None = None
    """Give equal secrets equal names, under this key."""
    reveal: Mapping[str, int] = field(default_factory=dict)
    """Last characters to show by kind, such as ``{"credit_card": 4}``; at most a quarter of the value."""
    recognizer: Recognizer | None = None
    """Called for every text of a policy that has one. What it raises masks the text."""
    recognizes: frozenset[str] = frozenset({"person", "place", "organization"})
    """The kinds that ``recognizer`` gives; for another the text is masked whole."""

    def __post_init__(self) -> None:
        """Check every setting and keep copies that nobody else can change."""
        _require(_is_one(self.mode, _MODES), "mode", self.mode)
        for setting in ("kinds", "paths"):
            modes: Mapping[str, Mode] = getattr(self, setting)
            for name, mode in modes.items():
                _require(_is_one(mode, _MODES), setting, mode)
                _require((_KIND if setting == "kinds" else _POINTER).fullmatch(name), setting, name)
        for kind, shown in self.reveal.items():
            _require(type(shown) is int and 0 <= shown <= MASKING_REVEAL_MAX, "reveal", shown)
            _require(_KIND.fullmatch(kind), "reveal", kind)
        for kind in self.recognizes:
            _require(_KIND.fullmatch(kind), "recognizes", kind)
        _require(_is_one(self.engine, _ENGINES), "engine", self.engine)
        for setting in ("kinds", "paths", "reveal"):
            object.__setattr__(self, setting, MappingProxyType(dict(getattr(self, setting))))
        object.__setattr__(self, "exempt", frozenset(map(plain_name, self.exempt)))
        object.__setattr__(self, "allow", frozenset(self.allow))
        object.__setattr__(self, "recognizes", frozenset(self.recognizes))
        object.__setattr__(self, "detectors", tuple(self.detectors))

    def places(self) -> tuple[tuple[tuple[str, ...], Mode], ...]:
        """``paths`` taken apart, the most telling first: more parts, then fewer that may be anything."""
        taken = [(_parts(pointer), mode) for pointer, mode in self.paths.items()]
        return tuple(sorted(taken, key=lambda rule: (-len(rule[0]), rule[0].count(_ANY))))


def mode_at(
    policy: Policy, places: Iterable[tuple[tuple[str, ...], Mode]], parts: Sequence[str], kind: str
) -> Mode:
    """The mode for a finding of ``kind`` at the place with these pointer parts."""
    mode = next((mode for place, mode in places if _covers(place, parts)), None)
    if mode is None:
        mode = policy.kinds.get(kind, policy.mode)
    return "mask" if kind in LIMITS and mode != "block" else mode


def _covers(place: Sequence[str], parts: Sequence[str]) -> bool:
    return len(place) <= len(parts) and all(
        wanted in (_ANY, part) for wanted, part in zip(place, parts, strict=False)
    )


def _parts(pointer: str) -> tuple[str, ...]:
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _is_one(given: object, known: frozenset[str]) -> bool:
    """Whether ``given``, of whatever type, is one of the ``known``."""
    return isinstance(given, str) and given in known


def _require(holds: object, setting: str, given: object) -> None:
    if not holds:
        shown = ascii(given)[:40] if isinstance(given, str | int) else type(given).__name__
        msg = f"{setting}= of a masking policy does not take {shown}"
        raise ConfigurationError(msg, field=setting)
