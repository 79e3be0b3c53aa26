r"""Resource matchers: which values of one resource type a scope names, and what narrower means for them.

The matcher stands in the signed bytes beside its patterns (``{"path": ["/data/**"]}``), so that every
reader of a chain reads the patterns by the same rule. There are two:

- ``exact``: a value is listed or it is not. Nothing in a pattern is special.
- ``path``: absolute, ``/``-separated. ``*`` is one whole segment; ``**``, only at the end, is one or more
  trailing segments. So ``/data/**`` holds ``/data/a`` and ``/data/a/b``, but neither ``/data`` nor
  ``/database/x``.

The rules (design section 6, Resource matchers):

- A value is never a pattern: a ``*`` in a value is an ordinary character.
- A child pattern is contained in *one* parent pattern. This may refuse what a union of parent patterns
  would hold (``/**`` under ``/*`` and ``/*/**``), and never accepts what it would not.
- Patterns stand in reduced normal form: ascending by UTF-8 bytes, none contained in another. Python
  compares text by code point, which is the same order.
- A path has one spelling. What some system would fold into another path (``.``, ``..`` and empty
  segments, escapes, ``\``, trailing dots and spaces, ``~``, drive letters) is refused, never normalized.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import ClassVar, Final, TypeAlias

from delegate.errors import MalformedError, NonCanonicalError, ResourceMalformedError, TooLargeError
from delegate.limits import SCOPE_MAX_PATTERNS, SCOPE_MAX_PATTERNS_PER_TYPE
from delegate.names import require_label, require_text

__all__ = [
    "MATCHERS",
    "ExactPatterns",
    "PathPatterns",
    "Patterns",
    "normalize",
    "parse",
    "require_all_fit",
    "too_many",
]

_SEGMENT: Final = r"(?!~)[^/\\%{also}]++(?<![. ])"
_VALUE: Final = re.compile(rf"(?!/[A-Za-z]:)(?:/{_SEGMENT.format(also='')})++")
_PATTERN: Final = re.compile(
    rf"(?!/[A-Za-z]:)(?:/(?:{_SEGMENT.format(also='*')}|\*(?!\*)))*+(?:/\*\*)?",
)
_PATH_RULE: Final = (
    "absolute, with segments that are not empty, do not begin with '~' or end in '.' or a space, "
    "hold no '%' or backslash, and no drive letter first"
)

_set: Final = object.__setattr__
_Trie: TypeAlias = dict[str, "_Trie"]
_ONE: Final = "*"
_MANY: Final = "**"
_END: Final = ""
"""The key that ends a pattern in the trie; no segment is empty."""


@dataclass(frozen=True, slots=True)
class Patterns(ABC):
    """The patterns that a scope grants for one resource type, in reduced normal form.

    The constructor expects patterns that ``require_pattern`` has passed; it sorts them and drops those
    that are repeated or contained in another. Equal means: same matcher, same patterns.
    """

    matcher: ClassVar[str]
    patterns: tuple[str, ...]

    @staticmethod
    @abstractmethod
    def require_pattern(value: object, name: str, /) -> str:
        """``value`` as a pattern of this matcher, or ``MalformedError`` with ``field=name``."""

    @abstractmethod
    def require_value(self, value: str, name: str, block: int) -> None:
        """Raise ``ResourceMalformedError`` when text asked for is no value of this matcher."""

    @abstractmethod
    def matches(self, value: str) -> bool:
        """Whether a pattern holds ``value``."""

    @abstractmethod
    def covers(self, pattern: str) -> bool:
        """Whether one pattern of these holds everything that ``pattern`` holds."""

    @abstractmethod
    def meet(self, other: Patterns) -> Patterns:
        """The patterns for what both hold; ``other`` has the same matcher."""


@dataclass(frozen=True, slots=True)
class ExactPatterns(Patterns):
    """Values that are listed, and no others."""

    matcher: ClassVar[str] = "exact"
    _values: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Reduce: equal values are the only ones that contain each other."""
        values = frozenset(self.patterns)
        _set(self, "patterns", tuple(sorted(values)))
        _set(self, "_values", values)

    require_pattern = staticmethod(require_text)
    """Any text of 1 to 256 bytes without hidden characters."""

    def require_value(self, value: str, name: str, block: int) -> None:
        """Every text is a value."""

    def matches(self, value: str) -> bool:
        """Equality, code point by code point."""
        return value in self._values

    def covers(self, pattern: str) -> bool:
        """A pattern here is a value."""
        return pattern in self._values

    def meet(self, other: Patterns) -> ExactPatterns:
        """What both list."""
        return ExactPatterns(tuple(self._values.intersection(other.patterns)))


@dataclass(frozen=True, slots=True)
class PathPatterns(Patterns):
    """Absolute paths with whole-segment wildcards.

    Patterns without a wildcard are looked up in a set; those with one stand in a trie of segments, so
    that a path is read once however many patterns there are.
    """

    matcher: ClassVar[str] = "path"
    _texts: frozenset[str] = field(init=False, repr=False, compare=False)
    _trie: _Trie = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Reduce: taken from the general to the special, a pattern that is held already is dropped."""
        trie: _Trie = {}
        kept: set[str] = set()
        several = len(self.patterns) > 1
        for pattern in sorted(self.patterns, key=_from_general_to_special) if several else self.patterns:
            if not (trie and _holds(trie, pattern, deep=pattern.endswith(_MANY))):
                kept.add(pattern)
                if _ONE in pattern:
                    _insert(trie, pattern)
        _set(self, "patterns", tuple(sorted(kept)))
        _set(self, "_texts", frozenset(kept))
        _set(self, "_trie", trie)

    @staticmethod
    def require_pattern(value: object, name: str, /) -> str:
        """A canonical path in which ``*``, and ``**`` at the end, may stand as whole segments."""
        text = require_text(value, name)
        if _PATTERN.fullmatch(text) is None:
            msg = (
                f'{name}: "{text}" is not a path pattern: {_PATH_RULE}; '
                "'*' and, at the end, '**' only as whole segments"
            )
            raise MalformedError(msg, field=name)
        return text

    def require_value(self, value: str, name: str, block: int) -> None:
        """A canonical path; the characters of wildcards are ordinary here."""
        if _VALUE.fullmatch(value) is None:
            msg = f'{name}: "{value}" is not a canonical path: {_PATH_RULE}'
            raise ResourceMalformedError(msg, field=name, block=block)

    def matches(self, value: str) -> bool:
        """Segment by segment; ``value`` is canonical."""
        return value in self._texts or _holds(self._trie, value, deep=False)

    def covers(self, pattern: str) -> bool:
        """Whether one pattern of these holds every path that ``pattern`` holds."""
        return pattern in self._texts or _holds(self._trie, pattern, deep=pattern.endswith(_MANY))

    def meet(self, other: Patterns) -> PathPatterns:
        """Every pair's common pattern, reduced."""
        pairs = (_meet_of_two(mine, theirs) for mine in self.patterns for theirs in other.patterns)
        return PathPatterns(tuple(pattern for pattern in pairs if pattern is not None))


def _from_general_to_special(pattern: str) -> tuple[bool, int, int]:
    """A sort key by which a pattern never comes after one that it contains.

    A special pattern follows from a general one by turning ``**`` into segments, which loses it or
    lengthens the text, or a ``*`` into a literal, which is no shorter and is one ``*`` less.
    """
    return not pattern.endswith(_MANY), len(pattern), -pattern.count(_ONE)


def _insert(trie: _Trie, pattern: str) -> None:
    """Add ``pattern`` to ``trie``."""
    node = trie
    for segment in pattern[1:].split("/"):
        node = node.setdefault(segment, {})
    node[_END] = {}


def _holds(trie: _Trie, text: str, *, deep: bool) -> bool:
    """Whether one pattern in ``trie`` holds every path that ``text`` stands for.

    ``text`` is a path, or a pattern read as if its wildcards were literals: a ``*`` of a pattern takes
    any one segment, so also a ``*``; a literal takes itself alone. Only a last ``**`` (``deep``) is more
    than one segment, and only a ``**`` holds it.
    """
    nodes = [trie]
    for segment in text[1:].split("/"):
        following: list[_Trie] = []
        for node in nodes:
            if _MANY in node:
                return True
            if segment in node:
                following.append(node[segment])
            if _ONE in node and segment != _ONE:
                following.append(node[_ONE])
        if not following:
            return False
        nodes = following
    return not deep and any(_END in node for node in nodes)


def _meet_of_two(left: str, right: str) -> str | None:
    """The pattern for the paths that both hold, or ``None``: two patterns never share more than one.

    A ``**`` is a ``*`` after which any number may follow. So the shorter of two patterns is filled up
    with ``*`` where it ends in ``**``, and has nothing in common with the longer where it does not.
    """
    deep = left.endswith(_MANY), right.endswith(_MANY)
    ours, theirs = (text.replace(_MANY, _ONE)[1:].split("/") for text in (left, right))
    if (len(ours) < len(theirs) and not deep[0]) or (len(theirs) < len(ours) and not deep[1]):
        return None
    common: list[str] = []
    for mine, other in zip_longest(ours, theirs, fillvalue=_ONE):
        if mine != other and _ONE not in {mine, other}:
            return None
        common.append(other if mine == _ONE else mine)
    if all(deep):
        common[-1] = _MANY
    return "/" + "/".join(common)


MATCHERS: Final[Mapping[str, type[Patterns]]] = {kind.matcher: kind for kind in (ExactPatterns, PathPatterns)}
"""Name in the signed bytes -> class: the closed set of matchers."""


def _matcher(value: object, name: str) -> tuple[type[Patterns], object]:
    """The one matcher that ``value`` states, and what it states for it."""
    if (type(value) is dict or isinstance(value, Mapping)) and len(value) == 1:
        [(matcher, items)] = value.items()
        if matcher in MATCHERS:
            return MATCHERS[matcher], items
    msg = f'{name} must state exactly one matcher: {{"exact": [...]}} or {{"path": [...]}}'
    raise MalformedError(msg, field=name, limit=tuple(MATCHERS))


def too_many(count: int, limit: int, name: str) -> TooLargeError:
    """The refusal of ``name`` for having more entries than ``limit``."""
    return TooLargeError(f"{name} has {count} entries, the limit is {limit}", field=name, limit=limit)


def require_all_fit(resources: Mapping[str, Patterns]) -> None:
    """Hold patterns that were made, not read, to the limits of one scope."""
    for kind, granted in resources.items():
        if len(granted.patterns) > SCOPE_MAX_PATTERNS_PER_TYPE:
            raise too_many(len(granted.patterns), SCOPE_MAX_PATTERNS_PER_TYPE, f"resources.{kind}")
    count = sum(len(granted.patterns) for granted in resources.values())
    if count > SCOPE_MAX_PATTERNS:
        raise too_many(count, SCOPE_MAX_PATTERNS, "resources")


def parse(value: object) -> dict[str, Patterns]:
    """Read ``{type: {matcher: [patterns]}}`` from signed bytes, after JSON parsing.

    Raises ``MalformedError``, ``TooLargeError``, and ``NonCanonicalError`` for a part that is nothing and
    for patterns that are not their own reduced normal form; ``field`` is ``resources.<type>``.
    """
    if type(value) is not dict:
        msg = f"resources must be an object, not {type(value).__name__}"
        raise MalformedError(msg, field="resources")
    if not value:
        msg = "resources is empty: leave it out"
        raise NonCanonicalError(msg, field="resources")
    resources: dict[str, Patterns] = {}
    count = 0
    for kind, stated in value.items():
        name = f"resources.{require_label(kind, 'resources')}"
        resources[kind] = granted = _parse_type(stated, name)
        count += len(granted.patterns)
        if count > SCOPE_MAX_PATTERNS:
            raise too_many(count, SCOPE_MAX_PATTERNS, "resources")
    return resources


def _parse_type(value: object, name: str) -> Patterns:
    kind, items = _matcher(value, name)
    if type(items) is not list:
        msg = f"{name} must list its patterns in an array, not {type(items).__name__}"
        raise MalformedError(msg, field=name)
    if len(items) > SCOPE_MAX_PATTERNS_PER_TYPE:
        raise too_many(len(items), SCOPE_MAX_PATTERNS_PER_TYPE, name)
    for item in items:
        kind.require_pattern(item, name)
    granted = kind(tuple(items))
    if not items or [*granted.patterns] != items:
        msg = f"{name} must list at least one pattern, strictly ascending, none contained in another"
        raise NonCanonicalError(msg, field=name)
    return granted


def normalize(value: Mapping[str, Mapping[str, Iterable[str]]]) -> dict[str, Patterns]:
    """Take resources as a person writes them: any order, repeated or contained patterns, empty types.

    Raises ``MalformedError`` and ``TooLargeError``.
    """
    resources = {
        kind: granted
        for kind, stated in value.items()
        if (granted := _normalize_type(stated, f"resources.{require_label(kind, 'resources')}")).patterns
    }
    require_all_fit(resources)
    return resources


def _normalize_type(value: object, name: str) -> Patterns:
    kind, items = _matcher(value, name)
    if isinstance(items, str) or not isinstance(items, Iterable):
        msg = f"{name} must list its patterns, not be {type(items).__name__}"
        raise MalformedError(msg, field=name)
    return kind(tuple([kind.require_pattern(item, name) for item in items]))
