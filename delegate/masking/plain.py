"""A plain value in which something was found, put together again: only what it stands in is made anew.

``probe.look`` opened the value and kept its containers and texts, level by level. From that follows where
each text stands, so nothing is walked a second time: each text in which something was found is rewritten, the
container it stands in is copied once, and the containers above that, up to the value itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from delegate.limits import MASKING_STRING_MAX_CHARS, MASKING_TOTAL_MAX_CHARS
from delegate.masking.findings import Sighting, part
from delegate.masking.hits import Hit
from delegate.masking.members import EXEMPT, NO_NAME, Member
from delegate.masking.probe import Plain
from delegate.masking.rules import Rules

__all__ = ["Rebuilding"]


class _Place(NamedTuple):
    """Where a container stands."""

    parts: tuple[str, ...]
    """The keys and indexes that lead to it."""
    pointer: str
    """The same as a JSON Pointer."""


_VALUE: Final = _Place((), "")
"""Of the value itself, and of the list that holds it."""


class Rebuilding:
    """One plain value on its way to what may leave of it."""

    __slots__ = ("_made", "_places", "_plain", "_rules", "_slots", "seen")

    def __init__(self, plain: Plain, rules: Rules) -> None:
        """Begin with nothing changed."""
        self._plain = plain
        self._rules = rules
        self._made: dict[int, Any] = {}
        self._places = {0: _VALUE}
        self._slots: dict[tuple[int, frozenset[type]], list[Any]] = {}
        self.seen: list[Sighting] = []

    def run(self, found: Mapping[int, Sequence[Hit]]) -> Any:
        """What may leave, given what was found in the texts, by index.

        Raises ``LookupError`` where the value changed meanwhile, or would grow over its bound.
        """
        texts = self._plain.texts
        named = dict(self._plain.named)
        chars = sum(map(len, texts))
        for index in sorted(found):
            new = self._rewritten(index, found[index], named.get(index))
            chars += len(new) - len(texts[index])
            if chars > MASKING_TOTAL_MAX_CHARS or len(new) > MASKING_STRING_MAX_CHARS:
                raise LookupError
        for which in sorted(self._made, reverse=True):  # grows upwards, to containers that come later here
            self._hand_up(which)
        (value,) = self._made.get(0, self._plain.containers[0])
        return value

    def _rewritten(self, index: int, hits: Sequence[Hit], name: str | None) -> str:
        plain, rules = self._plain, self._rules
        text, which = plain.texts[index], plain.holder(index)
        container = plain.containers[which]
        slot = self._nth(which, _TEXT, index - plain.first_texts[which])
        if container[slot] is not text:
            raise LookupError
        above = self._place(which)
        place = (*above.parts, str(slot)) if which else ()
        member = Member(name) if name is not None else self._unnamed(which, slot)
        new, seen = rules.rewrite(text, rules.counting(text, hits, member), member, place)
        if seen:
            pointer = above.pointer + part(place[-1]) if which else ""
            self.seen += [(pointer, each.kind, each.detector, each.action) for each in seen]
        if new is not text:
            self._copy(which)[slot] = new
        return new

    def _unnamed(self, which: int, slot: int | str) -> Member:
        """What is known of a text that no name calls a secret: in lists, from the key that they are under."""
        while which and type(slot) is int:
            slot, which = self._slot(which), self._plain.above(which)
        return EXEMPT if type(slot) is str and self._rules.names.exempt(slot) else NO_NAME

    def _nth(self, which: int, kinds: frozenset[type], nth: int) -> Any:
        """Under which key or index a container holds its ``nth`` member of these types."""
        slots = self._slots.get((which, kinds))
        if slots is None:
            slots = self._slots[which, kinds] = _slots(self._plain.containers[which], kinds)
        return slots[nth]

    def _slot(self, which: int) -> Any:
        """Under which key or index a container stands in the one above it."""
        plain = self._plain
        above = plain.above(which)
        slot = self._nth(above, _CONTAINERS, which - plain.first_below[above])
        if plain.containers[above][slot] is not plain.containers[which]:
            raise LookupError
        return slot

    def _place(self, which: int) -> _Place:
        place = self._places.get(which)
        if place is None:
            above = self._plain.above(which)
            place = _VALUE
            if above:
                holder, slot = self._place(above), str(self._slot(which))
                place = _Place((*holder.parts, slot), holder.pointer + part(slot))
            self._places[which] = place
        return place

    def _copy(self, which: int) -> Any:
        """The new container in place of ``which``, and those above it."""
        made = self._made.get(which)
        if made is None:
            container = self._plain.containers[which]
            made = self._made[which] = dict(container) if type(container) is dict else list(container)
            if which:
                self._copy(self._plain.above(which))
        return made

    def _hand_up(self, which: int) -> None:
        """Put a finished container into the one above it."""
        if which:
            made = self._made[which]
            finished = tuple(made) if type(self._plain.containers[which]) is tuple else made
            self._made[self._plain.above(which)][self._slot(which)] = finished


_TEXT: Final = frozenset({str})
_CONTAINERS: Final = frozenset({dict, list, tuple})


def _slots(container: Any, kinds: frozenset[type]) -> list[Any]:
    """The keys or indexes of a container under which it holds something of these types."""
    slots = container.items() if type(container) is dict else enumerate(container)
    return [slot for slot, member in slots if type(member) in kinds]
