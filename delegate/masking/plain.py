"""A plain value in which something was found, put together again: only what it stands in is made anew.

``probe.look`` opened the value and kept its containers and texts, level by level. From that follows where
each text stands, so nothing is walked a second time: the containers around a text in which something was
found are copied once, and what may leave of the text takes its place in the copy. Then the copies that
changed are put into those around them, from the innermost outwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, Final, NamedTuple, TypeAlias

from delegate.limits import MASKING_STRING_MAX_CHARS, MASKING_TOTAL_MAX_CHARS
from delegate.masking.findings import Sighting, part
from delegate.masking.hits import Hit
from delegate.masking.members import EXEMPT, NO_NAME, Member
from delegate.masking.probe import Plain
from delegate.masking.rules import Rules

__all__ = ["Rebuilding"]

_TEXT: Final = frozenset({str})
_CONTAINERS: Final = frozenset({dict, list, tuple})


_Place: TypeAlias = tuple[tuple[str, ...], str, bool]
"""Where a member stands: the keys and indexes that lead to it, the same as a JSON Pointer, and whether it is
under a governance name, or in a list that is."""

_OUTSIDE: Final[_Place] = ((), "", False)
"""Of the value itself, and of the list that holds it."""


class _Copy(NamedTuple):
    """A container on the way to what was found; what changes, changes in ``members``."""

    members: Any
    """A dict, or a list also of what a tuple holds."""
    texts: Sequence[Any]
    """The keys or indexes of its texts."""
    slot: Any
    """Its own in the container above it."""
    place: _Place


class Rebuilding:
    """One plain value on its way to what may leave of it."""

    __slots__ = ("_below", "_changed", "_chars", "_copies", "_plain", "_rules", "seen")

    def __init__(self, plain: Plain, rules: Rules) -> None:
        """Begin with nothing changed."""
        self._plain = plain
        self._rules = rules
        self._copies: dict[int, _Copy] = {0: _Copy([*plain.containers[0]], (0,), None, _OUTSIDE)}
        self._below: dict[int, Sequence[Any]] = {0: (0,)}
        """The keys or indexes of the containers in a container, where one of them is on the way."""
        self._changed: set[int] = set()
        self._chars = sum(map(len, plain.texts))
        self.seen: list[Sighting] = []

    def run(self, found: Mapping[int, Sequence[Hit]]) -> Any:
        """What may leave, given what was found in the texts, by index.

        Raises ``LookupError`` where the value changed meanwhile, or would grow over its bound.
        """
        plain = self._plain
        names = dict(plain.named)
        for index in sorted(found):
            self._rewrite(index, found[index], names.get(index))
        for which in sorted(self._copies, reverse=True):  # what holds another stands before it
            if which and which in self._changed:
                self._hand_up(which)
        return (self._copies[0].members if self._changed else plain.containers[0])[0]

    def _rewrite(self, index: int, hits: Sequence[Hit], name: str | None) -> None:
        plain, rules = self._plain, self._rules
        text, which = plain.texts[index], plain.holder(index)
        copy = self._copy(which)
        slot = copy.texts[index - plain.first_texts[which]]
        if copy.members[slot] is not text:
            raise LookupError
        parts, pointer, exempt = self._place(which, slot)
        member = Member(name) if name is not None else EXEMPT if exempt else NO_NAME
        new, seen = rules.rewrite(text, rules.counting(text, hits, member), member, parts)
        self.seen += [(pointer, kind, detector, action) for kind, detector, action, _ in seen]
        if new is not text:
            self._chars += len(new) - len(text)
            if len(new) > MASKING_STRING_MAX_CHARS or self._chars > MASKING_TOTAL_MAX_CHARS:
                raise LookupError
            copy.members[slot] = new
            self._changed.add(which)

    def _copy(self, which: int) -> _Copy:
        """The copy of a container; those around it are copied first."""
        copy = self._copies.get(which)
        if copy is None:
            plain = self._plain
            above, container = plain.above(which), plain.containers[which]
            outer = self._copy(above)
            below = self._below.get(above)
            if below is None:
                below = self._below[above] = _slots(outer.members, _CONTAINERS)
            slot = below[which - plain.first_below[above]]
            if outer.members[slot] is not container:
                raise LookupError
            members = dict(container) if type(container) is dict else [*container]
            copy = _Copy(members, _slots(members, _TEXT), slot, self._place(above, slot))
            self._copies[which] = copy
        return copy

    def _place(self, which: int, slot: Any) -> _Place:
        """Where the member under ``slot`` of a container stands."""
        if not which:
            return _OUTSIDE
        parts, pointer, exempt = self._copies[which].place
        if type(slot) is str:
            exempt = self._rules.names.exempt(slot)
        last = str(slot)
        return (*parts, last), pointer + part(last), exempt

    def _hand_up(self, which: int) -> None:
        """Put a changed copy into the one around it."""
        plain, copy = self._plain, self._copies[which]
        above = plain.above(which)
        as_it_was = tuple(copy.members) if type(plain.containers[which]) is tuple else copy.members
        self._copies[above].members[copy.slot] = as_it_was
        self._changed.add(above)


def _slots(members: Any, kinds: frozenset[type]) -> list[Any]:
    """The keys or indexes under which something of these types stands."""
    if type(members) is dict:
        return [*compress(members, map(kinds.__contains__, map(type, members.values())))]
    return [*compress(range(len(members)), map(kinds.__contains__, map(type, members)))]
