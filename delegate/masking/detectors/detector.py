"""One row of the table of detectors, and the ways to write one.

A ``Detector`` is data: what it finds (``kind``), how (``pattern``, in the syntax that `re` and RE2 share: no
look-around, no back-references, every quantifier bounded), what must hold besides (``check``), one example
it finds, one near miss it does not, and where the format is published. When it is tried depends on its
anchor, so that two hundred rows cost little more than one:

- ``prefixes``: one of these literals begins the match, at the beginning of a long run of token characters or
  behind a separator inside one;
- ``needles`` with ``run``: one of these literals is inside a run of at least so many token characters;
- ``needles`` with ``gate``: one of these literals is anywhere. ``gate`` is another literal of any match, one
  that most text lacks, and is looked for first; ``"name"`` stands for any of the stems of key names.

Group 1 of the pattern, where there is one, is what is masked; else all of it. Examples are put together from
parts, so that no scanner of files takes this table for a leak.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from delegate.masking.secret_shape import is_placeholder

__all__ = [
    "ALNUM",
    "B64",
    "B64URL",
    "DIGIT",
    "HEX",
    "LOWER_HEX",
    "TOKEN",
    "UPPER",
    "Detector",
    "found",
    "is_no_placeholder",
    "prefixed",
    "token",
]

ALNUM: Final = "[A-Za-z0-9]"
B64: Final = "[A-Za-z0-9+/=_-]"
B64URL: Final = "[A-Za-z0-9_-]"
TOKEN: Final = "[A-Za-z0-9_=-]"
HEX: Final = "[0-9A-Fa-f]"
LOWER_HEX: Final = "[0-9a-f]"
UPPER: Final = "[A-Z0-9]"
DIGIT: Final = "[0-9]"

_MOST_AT_ONCE: Final = 1000

_SAMPLE: Final = "a7Q2xK9mB4tZ8wL3nR6vC1pY5hD0jF7a1c9e4b2d8f05e6"
"""What examples are made of, as far as an alphabet has it: mixed enough to be taken for random."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """One row: ``id`` is unique, ``kind`` is what a marker says, a higher ``rank`` is more specific."""

    id: str
    kind: str
    pattern: str
    example: str
    counter_example: str
    source: str
    prefixes: tuple[str, ...] = ()
    needles: tuple[str, ...] = ()
    gate: str = ""
    run: int = 0
    check: Callable[[str], bool] | None = None
    rank: int = 75


def token(
    name: str,
    prefixes: str,
    length: int,
    source: str,
    alphabet: str = ALNUM,
    *,
    most: int = 512,
    kind: str = "",
    check: Callable[[str], bool] | None = None,
) -> Detector:
    """A row for a prefix and at least ``length`` characters of ``alphabet``, which most vendors issue.

    ``prefixes`` are separated by blanks. Longer bodies are taken whole, since vendors lengthen their tokens
    without notice, and the head of a secret is no place to stop masking.
    """
    heads = tuple(prefixes.split())
    sample = "".join(re.findall(alphabet, _SAMPLE))
    body = (sample * length)[:length]
    return Detector(
        id=name,
        kind=kind or name,
        pattern=f"(?:{'|'.join(map(_literal, heads))}){repeated(alphabet, length, most)}",
        example=heads[0] + body,
        counter_example=min(heads, key=len) + body[:-1],
        source=source,
        prefixes=heads,
        check=check,
        rank=80,
    )


def prefixed(  # noqa: PLR0917 - a column of the table each
    name: str,
    prefixes: str,
    pattern: str,
    example: tuple[str, ...],
    counter_example: tuple[str, ...],
    source: str,
    *,
    kind: str = "",
    check: Callable[[str], bool] | None = None,
) -> Detector:
    """A row for a token with a form of its own behind its prefix; ``pattern`` is all of it."""
    return Detector(
        id=name,
        kind=kind or name,
        pattern=pattern,
        example="".join(example),
        counter_example="".join(counter_example),
        source=source,
        prefixes=tuple(prefixes.split()),
        check=check,
        rank=80,
    )


def found(  # noqa: PLR0917 - a column of the table each
    name: str,
    needles: str,
    pattern: str,
    example: tuple[str, ...],
    counter_example: tuple[str, ...],
    source: str,
    *,
    gate: str = "",
    run: int = 0,
    kind: str = "",
    check: Callable[[str], bool] | None = None,
    rank: int = 75,
) -> Detector:
    """A row for a pattern that is tried where one of ``needles``, separated by blanks, occurs."""
    return Detector(
        id=name,
        kind=kind or name,
        pattern=pattern,
        example="".join(example),
        counter_example="".join(counter_example),
        source=source,
        needles=tuple(needles.split()),
        gate=gate,
        run=run,
        check=check,
        rank=rank,
    )


def is_no_placeholder(text: str) -> bool:
    """A ``check`` for places in which templates, variables and markers stand as well."""
    return not is_placeholder(text)


def repeated(alphabet: str, least: int, most: int) -> str:
    """``alphabet`` between ``least`` and ``most`` times; RE2 counts no further than a thousand at once.

    Only the end of a pattern may be one of more than a thousand: what follows nothing is never tried again.
    """
    pieces = [f"{alphabet}{{{least},{min(most, _MOST_AT_ONCE)}}}"]
    pieces += [f"{alphabet}{{0,{_MOST_AT_ONCE}}}"] * ((most - 1) // _MOST_AT_ONCE)
    return "".join(pieces)


def _literal(text: str) -> str:
    """``text`` as a pattern that both engines read alike."""
    return "".join("\\" + character if character in ".+*?()[]{}|^$\\" else character for character in text)
