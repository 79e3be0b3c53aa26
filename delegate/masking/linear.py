"""Whether a pattern is provably linear: trying it at one place never costs more than a fixed number of steps.

A pattern is read as the `re` module parses it, and its *paths* are counted: the ways in which one text could
be divided among its parts, which is how often a matcher that goes back may try again. A literal or a class
has one; a choice has the sum of its branches; a sequence the product of its parts; a repetition has a path
for each number of times. A repetition of one class has a single path where the next character cannot be of
that class, and at the end of the pattern, where nothing is ever tried again. Steps are paths times the
longest match. Too many steps, an unbounded repetition before the end, a look-around or a back-reference, and
nothing is proved.
"""

from __future__ import annotations

import re
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined] # the only way to the parser's own names
from re import _parser  # type: ignore[attr-defined] # no other parser agrees with `re` in everything
from typing import Any, Final

__all__ = ["is_linear"]

_MOST_STEPS: Final = 200_000
"""At one place, in the worst case; real texts need a handful."""

_OPEN: Final = 50_000
"""What a match without end is counted as: the repetition at its end is tried once."""

_ASCII: Final = frozenset(range(128))
_BEYOND: Final = 128
"""Stands for every character that is not ASCII."""


_SAMPLES: Final = "\u00e9\u4e2d\u0663\u2003\u2022\u212a\u017f"
"""A letter, an ideograph, a digit, a space, a sign, and the two that are ASCII letters in another case."""


class _UnprovedError(Exception):
    """Something of which nothing is proved."""


@lru_cache(maxsize=1024)
def is_linear(pattern: str) -> bool:
    """Whether ``pattern`` is provably linear. Raises ``re.error`` when it is no pattern."""
    re.compile(pattern)
    parsed = _parser.parse(pattern)
    try:
        longest: int = min(parsed.getwidth()[1], _OPEN)
        return _sequence(list(parsed), follows=None) * longest <= _MOST_STEPS
    except _UnprovedError:
        return False


def _sequence(items: list[Any], follows: frozenset[int] | None) -> int:
    """The paths of a sequence; ``follows`` is what can come next, ``None`` for the end of the pattern."""
    paths = 1
    for index, item in enumerate(items):
        rest = items[index + 1 :]
        last = follows is None and all(_is_open_end(each) for each in rest)
        paths *= _item(item, None if last else _first(rest) or follows or frozenset())
        if paths > _MOST_STEPS:
            raise _UnprovedError
    return paths


def _is_open_end(item: Any) -> bool:
    """Whether ``item`` may match nothing and never fails."""
    kind, argument = item
    return kind is op.MAX_REPEAT and argument[0] == 0


def _item(item: Any, follows: frozenset[int] | None) -> int:
    kind, argument = item
    if kind in {op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY, op.AT}:
        return 1
    if kind is op.SUBPATTERN:
        return _sequence(list(argument[3]), follows)
    if kind is op.BRANCH:
        return sum(_sequence(list(branch), follows) for branch in argument[1])
    if kind is op.MAX_REPEAT:
        least, most, items = argument
        return _repetition(least, most, items, follows)
    raise _UnprovedError


def _repetition(least: int, most: int, items: Any, follows: frozenset[int] | None) -> int:
    single = len(items) == 1 and items[0][0] in {op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY}
    if single and follows is None:
        return 1
    if most is op.MAXREPEAT or most > _OPEN:
        raise _UnprovedError
    if single and follows and not follows & _characters(items[0]):
        return 1
    inner = 1 if single else _sequence(list(items), frozenset())
    return sum(min(inner**times, _MOST_STEPS) for times in range(least, most + 1))


def _first(items: list[Any]) -> frozenset[int]:
    """What the first character of a sequence can be; nothing, where that is not known."""
    for kind, argument in items:
        if kind is op.AT:
            continue
        if kind is op.SUBPATTERN:
            return _first(list(argument[3]))
        if kind is op.MAX_REPEAT and argument[0] > 0:
            return _first(list(argument[2]))
        if kind in {op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY}:
            return _characters((kind, argument))
        return frozenset()
    return frozenset()


def _characters(item: Any) -> frozenset[int]:
    """The characters of a class, letters of both cases together."""
    kind, argument = item
    if kind is op.ANY:
        return _ASCII | {_BEYOND}
    text = _class_text(kind, argument)
    pattern = re.compile(text, re.IGNORECASE)
    found = {code for code in _ASCII if pattern.fullmatch(chr(code))}
    beyond = not text.isascii() or any(pattern.fullmatch(character) for character in _SAMPLES)
    return frozenset(found | {_BEYOND} if beyond else found)


def _class_text(kind: Any, argument: Any) -> str:
    """A class as a pattern again."""
    members = argument if kind is op.IN else [(kind, argument)]
    parts: list[str] = []
    negated = ""
    for each, value in members:
        if each in {op.NEGATE, op.NOT_LITERAL}:
            negated = "^"
        if each in {op.LITERAL, op.NOT_LITERAL}:
            parts.append(re.escape(chr(value)))
        elif each is op.RANGE:
            parts.append(f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}")
        elif each is op.CATEGORY:
            parts.append(_CATEGORIES[str(value)])
    return f"[{negated}{''.join(parts)}]"


_CATEGORIES: Final = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}
