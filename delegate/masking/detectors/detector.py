"""One row of the table of detectors, and the two ways to write one.

A ``Detector`` is data: what it finds (``kind``), how (``pattern``, in the syntax that `re` and RE2 share: no
look-around, no back-references, every quantifier bounded), what must hold besides (``check``), one example
it finds, one near miss it does not, and where the format is published. The row says nothing of when it is
tried; that is its *place*:

- ``prefixes``: literals, one of which begins the match. The scanner looks them up at the beginning of every
  long run of token characters, and behind each separator inside one, so two hundred rows cost what one does;
- ``needles``: literals, one of which occurs in any text with a match. The pattern is tried only where one
  does, and finds its own place.

A row has one or the other. Group 1 of the pattern, where there is one, is what is masked; else all of it.
Examples are put together from parts, so that no scanner of files takes this table for a leak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["ALNUM", "B64", "B64URL", "HEX", "TOKEN", "UPPER", "Detector", "found", "token"]

ALNUM: Final = "[A-Za-z0-9]"
B64: Final = "[A-Za-z0-9+/=_-]"
B64URL: Final = "[A-Za-z0-9_-]"
TOKEN: Final = "[A-Za-z0-9_=-]"
HEX: Final = "[0-9A-Fa-f]"
UPPER: Final = "[A-Z0-9]"

_SAMPLE: Final = "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF"
"""What examples are made of: mixed enough to be taken for random."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One row: ``id`` is unique, ``kind`` is what a marker says, ``rank`` settles overlaps of equal length."""

    id: str
    kind: str
    pattern: str
    example: str
    counter_example: str
    source: str
    prefixes: tuple[str, ...] = ()
    needles: tuple[str, ...] = ()
    check: Callable[[str], bool] | None = None
    rank: int = 70


def _body(alphabet: str, length: int) -> str:
    """``length`` characters of ``alphabet``, the same in every run."""
    sample = _SAMPLE.lower() if alphabet == "[a-z0-9]" else _SAMPLE
    if alphabet == HEX or alphabet == "[0-9a-f]":
        sample = "7a1c9e4b2d8f05e6"
    elif alphabet in {UPPER, "[A-Z2-7]"}:
        sample = "Q7XK2MBTZ3WLNR6VCPY5HDJF4"
    elif alphabet == "[A-Za-z]":
        sample = "aQxKmBtZwLnRvCpYhDjF"
    elif alphabet == "[0-9]":
        sample = "7391846205"
    return (sample * (length // len(sample) + 1))[:length]


def token(  # noqa: PLR0917 - a column of the table each
    id: str,  # noqa: A002 - the name of the column
    prefix: str,
    length: int,
    source: str,
    alphabet: str = ALNUM,
    *,
    most: int = 512,
    kind: str | None = None,
    check: Callable[[str], bool] | None = None,
) -> Detector:
    """A row for ``prefix`` and at least ``length`` characters of ``alphabet``, which most vendors issue.

    Several prefixes are separated by spaces. Longer bodies are taken whole, since vendors lengthen their
    tokens without notice, and the head of a secret is no place to stop masking.
    """
    prefixes = tuple(prefix.split())
    head = "|".join(_escape(each) for each in prefixes)
    return Detector(
        id=id,
        kind=kind or id,
        pattern=f"(?:{head}){alphabet}{{{length},{most}}}",
        example=prefixes[0] + _body(alphabet, length),
        counter_example=prefixes[0] + _body(alphabet, length - 1),
        source=source,
        prefixes=prefixes,
        check=check,
        rank=80,
    )


def found(
    id: str,  # noqa: A002 - the name of the column
    needles: str,
    pattern: str,
    example: tuple[str, ...],
    counter_example: tuple[str, ...],
    source: str,
    *,
    kind: str | None = None,
    check: Callable[[str], bool] | None = None,
    rank: int = 75,
) -> Detector:
    """A row for a pattern that is tried where one of ``needles`` (separated by spaces) occurs."""
    return Detector(
        id=id,
        kind=kind or id,
        pattern=pattern,
        example="".join(example),
        counter_example="".join(counter_example),
        source=source,
        needles=tuple(needles.split(" ")),
        check=check,
        rank=rank,
    )


def _escape(literal: str) -> str:
    """``literal`` as both engines read it: `re.escape` escapes more than RE2 needs, and both accept it."""
    return "".join("\\" + character if character in ".+*?()[]{}|^$\\" else character for character in literal)
