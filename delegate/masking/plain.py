"""A plain value in which something was found, put together again: only what it stands in is made anew.

``probe.look`` opened the value and kept its containers and texts, level by level. From that follows where
each text stands, so nothing is walked a second time: each text in which something was found is rewritten, the
container it stands in is copied once, and the containers above that, up to the value itself.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from delegate.limits import MASKING_STRING_MAX_CHARS, MASKING_TOTAL_MAX_CHARS
from delegate.masking.findings import Sighting, part
from delegate.masking.hits import Hit
from delegate.masking.members import EXEMPT, NO_NAME, Member
from delegate.masking.probe import Plain
from delegate.masking.rules import Rules

__all__ = ["Rebuilding"]


class Rebuilding:
    """One plain value on its way to what may leave of it."""

    __slots__ = ("_made", "_parents", "_places", "_plain", "_rules", "_starts", "seen")

    def __init__(self, plain: Plain, rules: Rules) -> None:
        """Work out where everything stands."""
        self._plain = plain
        self._rules = rules
        self._starts, self._parents = plain.layout()
        self._made: dict[int, Any] = {}
        self._places: dict[int, tuple[str, ...]] = {0: ()}
        self.seen: list[Sighting] = []

    def run(self, found: Mapping[int, Sequence[Hit]]) -> Any:
        """What may leave, given what was found in the texts, by index.

        Raises ``LookupError`` where the value changed meanwhile, or would grow over its bound.
        """
        named = dict(self._plain.named)
        chars = sum(map(len, self._plain.texts))
        for index, hits in sorted(found.items()):
            text = self._plain.texts[index]
            new = self._rewritten(index, text, hits, named.get(index))
            chars += len(new) - len(text)
            if chars > MASKING_TOTAL_MAX_CHARS or len(new) > MASKING_STRING_MAX_CHARS:
                raise LookupError
        for which in sorted(self._made, reverse=True):  # grows upwards, to containers that come later here
            self._hand_up(which)
        (value,) = self._made.get(0, self._plain.containers[0])
        return value

    def _rewritten(self, index: int, text: str, hits: Sequence[Hit], name: str | None) -> str:
        which = bisect_right(self._starts, index) - 1
        slot, there = _nth(self._plain.containers[which], index - self._starts[which], _TEXT)
        if there is not text:
            raise LookupError
        place = (*self._place(which), str(slot)) if which else ()
        member = self._member(slot, name)
        done = self._rules.rewrite(text, self._rules.counting(text, hits, member), member, place)
        if done.seen:
            pointer = "".join(map(part, place))
            self.seen += [(pointer, *seen[:3]) for seen in done.seen]
        if done.text is not text:
            self._copy(which)[slot] = done.text
        return done.text

    def _member(self, slot: int | str, name: str | None) -> Member:
        if name is not None:
            return Member(name)
        return EXEMPT if type(slot) is str and self._rules.names.exempt(slot) else NO_NAME

    def _place(self, which: int) -> tuple[str, ...]:
        """The keys and indexes that lead to a container."""
        place = self._places.get(which)
        if place is None:
            above = self._parents[which]
            place = (*self._place(above), str(self._slot(which))) if above else ()
            self._places[which] = place
        return place

    def _slot(self, which: int) -> Any:
        """Under which key or index a container stands in the one above it."""
        above = self._parents[which]
        first = self._parents.index(above, 1)  # the members of one container stand side by side
        slot, there = _nth(self._plain.containers[above], which - first, _CONTAINERS)
        if there is not self._plain.containers[which]:
            raise LookupError
        return slot

    def _copy(self, which: int) -> Any:
        """The new container in place of ``which``, and those above it."""
        made = self._made.get(which)
        if made is None:
            container = self._plain.containers[which]
            made = self._made[which] = dict(container) if type(container) is dict else list(container)
            if which:
                self._copy(self._parents[which])
        return made

    def _hand_up(self, which: int) -> None:
        """Put a finished container into the one above it."""
        if which:
            made = self._made[which]
            finished = tuple(made) if type(self._plain.containers[which]) is tuple else made
            self._made[self._parents[which]][self._slot(which)] = finished


_TEXT: Final = frozenset({str})
_CONTAINERS: Final = frozenset({dict, list, tuple})


def _nth(container: Any, nth: int, kinds: frozenset[type]) -> tuple[Any, object]:
    """Key or index, and member: the ``nth`` of those of these types. Raises ``LookupError`` for none."""
    for slot, member in _slots(container):
        if type(member) in kinds:
            if not nth:
                return slot, member
            nth -= 1
    raise LookupError


def _slots(container: Any) -> Iterator[tuple[Any, object]]:
    return iter(container.items()) if type(container) is dict else enumerate(container)
