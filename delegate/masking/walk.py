"""The walk over one value in which something may have to be masked: taken apart, searched, put together.

Three passes, none of them recursive:

1. **Taken apart.** Containers are opened level by level. Each text in them becomes a leaf, with the name it
   stands under: its key, a name beside it, or the name of a container above it. Cycles, what is too deep,
   too many or too long, and objects that cannot be looked into become markers here and now.
2. **Searched.** All leaves are joined with NUL between them and searched at once; a leaf that stands under
   a telling name is searched again as its value.
3. **Put together.** From the last container to the first, those in which something changed are made anew.
   What did not change is the same object as before, and nothing that was given is ever changed.

The rule: whatever goes wrong in here masks the part it went wrong in, and is a finding. No member's own code
is run where it can be avoided (see ``shapes``, ``leaves`` and ``state``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from delegate.limits import (
    MASKING_MAX_DEPTH,
    MASKING_MAX_ITEMS,
    MASKING_MAX_NODES,
    MASKING_STRING_MAX_CHARS,
    MASKING_TOTAL_MAX_CHARS,
)
from delegate.masking.findings import Action, Sighting, part
from delegate.masking.hits import Hit
from delegate.masking.leaves import Text, is_inert, text_of
from delegate.masking.markers import type_marker
from delegate.masking.members import NO_NAME, Member, key_text, members
from delegate.masking.rewrite import whole
from delegate.masking.rules import Rules
from delegate.masking.shapes import EXACT, Parts, Shape, shape_of

__all__ = ["NUL", "Walk", "divided"]

NUL: Final = "\0"
"""Between two joined leaves: no hit ever holds it."""

_FEW: Final = 16
"""Hits up to which it is quicker to count the texts before each."""

_SECRET: Final = ("secret", "secret-type")
"""Kind and detector of what its own type calls a secret."""


_UNOPENED: Final = Parts(None, ())


def _opened(value: object, *, named: bool) -> Text | Shape:
    """What a value is: a text, a container, or an object of which only the type is told."""
    shape = EXACT.get(type(value))
    if shape is not None:
        return shape
    text = text_of(value, named=named)
    return text or shape_of(value) or Text(type_marker(type(value)), str, foreign=True)


class _Frame:
    """One container on the way, and what is to become of its members."""

    __slots__ = ("changes", "depth", "member", "parent", "parts", "shape", "shown", "slot", "value")

    def __init__(self, value: object, shape: Shape, parent: _Frame | None, slot: int, member: Member) -> None:
        self.value = value
        self.shape = shape
        self.parent = parent or self
        self.slot = slot
        self.member = member
        self.depth: int = parent.depth + 1 if parent else 0
        self.parts = _UNOPENED
        """What it holds; nothing until it is opened, and where it was given up."""
        self.changes: dict[int, object] = {}
        """New members by slot: the index of a value, or the inverted index of its key."""
        self.shown: dict[int, str] = {}
        """Keys by slot as a pointer may show them, where that is not as they are."""


class _Leaf(NamedTuple):
    """One text, where it stands, and under which name."""

    frame: _Frame
    slot: int
    member: Member
    text: str
    kept: Text


class Walk:
    """Masks one value, once."""

    def __init__(self, rules: Rules) -> None:
        """Begin with nothing seen."""
        self._rules = rules
        self._frames: list[_Frame] = []
        self._leaves: list[_Leaf] = []
        self._items = 0
        self._nodes = 0
        self._chars = 0
        self._overflows = False
        self._seen: list[tuple[_Frame, int, str, str, Action]] = []

    def run(self, value: object) -> object:
        """What may leave of ``value``, whatever it is."""
        root = self._root(value)
        self._visit(root, 0, value, NO_NAME)
        for frame in self._frames:  # grows meanwhile: level by level
            self._open(frame)
        self._search()
        return self._finished(root)

    @staticmethod
    def _root(value: object) -> _Frame:
        root = _Frame([value], EXACT[list], None, 0, NO_NAME)
        root.parts = Parts(None, [value])
        return root

    def _finished(self, root: _Frame) -> object:
        for frame in reversed(self._frames):
            self._close(frame)
        if self._overflows:
            root.changes.clear()
            self._mark(root, 0, "size")
        return root.changes.get(0, root.parts.values[0])

    def sightings(self) -> Iterator[Sighting]:
        """What was found, with pointers that can be shown."""
        for frame, slot, kind, detector, action in self._seen:
            yield self._pointer(frame, slot), kind, detector, action

    # --- taken apart

    def _open(self, frame: _Frame) -> None:
        """Take one container apart, or give it up."""
        leaves, frames, nodes = len(self._leaves), len(self._frames), self._nodes
        try:
            frame.parts = parts = frame.shape.take(frame.value)
            self._items += len(parts.values)
            if self._items <= MASKING_MAX_ITEMS:
                for slot, value, member in members(frame.shape, parts, frame.member, self._rules.names):
                    self._visit(frame, slot, value, member)
            if self._items <= MASKING_MAX_ITEMS and self._nodes <= MASKING_MAX_NODES:
                return
            trouble = "nodes"
        except Exception:  # noqa: BLE001 - whatever a value does, it is masked
            trouble = "error"
        frame.parts, self._nodes = _UNOPENED, nodes
        del self._leaves[leaves:], self._frames[frames:]
        self._mark(frame.parent, frame.slot, trouble)

    def _visit(self, frame: _Frame, slot: int, value: object, member: Member) -> None:
        """Make a member a leaf, a container to open later, or a marker; most are none of these."""
        try:
            named = member.name is not None
            if type(value) is not str and not named and is_inert(value):
                return
            opened = _opened(value, named=named)
        except Exception:  # noqa: BLE001 - the same
            self._mark(frame, slot, "error")
            return
        if isinstance(opened, Text):
            if opened.text or opened.foreign:
                self._nodes += slot >= 0
                self._leaves.append(_Leaf(frame, slot, member, opened.text, opened))
        elif frame.depth > MASKING_MAX_DEPTH:
            self._mark(frame, slot, "depth")
        elif self._on_the_way(frame, value):
            self._mark(frame, slot, "cycle")
        else:
            self._nodes += 1
            self._frames.append(_Frame(value, opened, frame, slot, member))

    @staticmethod
    def _on_the_way(frame: _Frame, value: object) -> bool:
        """Whether ``value`` holds itself; that two members are the same object is no matter."""
        while frame.depth:
            if frame.value is value:
                return True
            frame = frame.parent
        return False

    def _mark(self, frame: _Frame, slot: int, kind: str) -> None:
        """Put a marker in place of what was not searched."""
        frame.changes[slot] = self._rules.markers.write(kind)
        blocks = self._rules.mode_at(self._raw_parts(frame, slot), kind) == "block"
        self._seen.append((frame, slot, kind, kind, "blocked" if blocks else "masked"))

    # --- searched

    def _search(self) -> None:
        """Search the leaves that fit, and rewrite those in which something was found."""
        fitting = [leaf for leaf in self._leaves if self._fits(leaf)]
        for leaf, hits in zip(fitting, self._hits([leaf.text for leaf in fitting]), strict=True):
            member = leaf.member
            if hits is None or member.name is not None or self._rules.recognizer is not None:
                self._settled(leaf, None)
            elif hits or leaf.kept.secret or leaf.kept.foreign or "MASKED" in leaf.text:
                self._settled(leaf, hits)

    def _fits(self, leaf: _Leaf) -> bool:
        """Whether there is room for a text; else a marker takes its place, and room as a text would."""
        size = len(leaf.text)
        if size <= MASKING_STRING_MAX_CHARS and self._chars + size <= MASKING_TOTAL_MAX_CHARS:
            self._chars += size
            return True
        self._chars += len(self._rules.markers.write("size"))
        self._mark(leaf.frame, leaf.slot, "size")
        return False

    def _hits(self, texts: Sequence[str]) -> Sequence[Sequence[Hit] | None]:
        """What was found in each text; ``None`` where it has to be searched by itself."""
        try:
            joined = NUL.join(texts)
            found = divided(texts, joined, self._rules.scanner.scan(joined))
        except Exception:  # noqa: BLE001 - then each text by itself, so that one cannot spoil the others
            return [None] * len(texts)
        return [found.get(index, ()) for index in range(len(texts))]

    def _settled(self, leaf: _Leaf, hits: Sequence[Hit] | None) -> None:
        """Decide over one text, and put what may leave of it in its place; ``None``: search it first."""
        try:
            self._settle(leaf, hits)
        except Exception:  # noqa: BLE001 - whatever goes wrong, the text is masked
            self._mark(leaf.frame, leaf.slot, "error")

    def _settle(self, leaf: _Leaf, hits: Sequence[Hit] | None) -> None:
        rules, frame, slot = self._rules, leaf.frame, leaf.slot
        if leaf.kept.secret:
            hits = [whole(leaf.text, *_SECRET)]
        elif hits is None:
            hits = rules.search(leaf.text, leaf.member)
        else:
            hits = rules.counting(leaf.text, hits, leaf.member)
        done = rules.rewrite(leaf.text, hits, leaf.member, self._raw_parts(frame, slot))
        self._seen += [(frame, slot, *seen[:3]) for seen in done.seen]
        if slot < 0:
            frame.shown[slot] = rules.shown(leaf.text, hits, leaf.member)
        if len(done.text) > MASKING_STRING_MAX_CHARS:
            self._mark(frame, slot, "size")
        elif done.text != leaf.text or leaf.kept.foreign:
            self._chars += len(done.text) - len(leaf.text)
            self._overflows |= done.text != leaf.text and self._chars > MASKING_TOTAL_MAX_CHARS
            frame.changes[slot] = leaf.kept.back(done.text)

    # --- put together

    def _close(self, frame: _Frame) -> None:
        """Make a container anew if something in it changed."""
        if frame.parts is _UNOPENED or not (frame.changes or frame.shape.foreign):
            return
        try:
            made = frame.shape.build(frame.value, self._changed(frame, frame.parts))
            frame.parent.changes[frame.slot] = made
        except Exception:  # noqa: BLE001 - what cannot be made anew is masked
            self._mark(frame.parent, frame.slot, "error")

    @staticmethod
    def _changed(frame: _Frame, parts: Parts) -> Parts:
        values, names = list(parts.values), parts.names
        new_keys = {}
        for slot, new in frame.changes.items():
            if slot >= 0:
                values[slot] = new
            else:
                new_keys[~slot] = new
        if new_keys and names is not None:
            names = _unique(names, new_keys)
        return Parts(names, values)

    # --- where

    def _pointer(self, frame: _Frame, slot: int) -> str:
        """The place as a JSON Pointer, its secret parts masked."""
        found = []
        while frame.depth:
            found.append(part(self._shown(frame, slot)))
            frame, slot = frame.parent, frame.slot
        return "".join(reversed(found))

    def _shown(self, frame: _Frame, slot: int) -> str:
        key = slot if slot < 0 else ~slot
        if key in frame.shown:
            return frame.shown[key]
        changed = frame.changes.get(key)
        return changed if type(changed) is str else self._raw_part(frame, slot)

    def _raw_parts(self, frame: _Frame, slot: int) -> list[str]:
        found = []
        while frame.depth:
            found.append(self._raw_part(frame, slot))
            frame, slot = frame.parent, frame.slot
        return found[::-1]

    @staticmethod
    def _raw_part(frame: _Frame, slot: int) -> str:
        index = slot if slot >= 0 else ~slot
        if frame.parts.names is None:
            return str(index)
        try:
            return key_text(frame.parts.names[index])
        except Exception:  # noqa: BLE001 - a key that cannot be read has no name
            return "?"


def divided(texts: Sequence[str], joined: str, hits: Sequence[Hit]) -> dict[int, list[Hit]]:
    """Hits in joined texts, in order, by the index of the text they are in, and placed in it."""
    found: dict[int, list[Hit]] = {}
    if not hits:
        return found
    if len(hits) > _FEW or joined.count(NUL) >= len(texts):  # so many, or one of the texts holds NUL itself
        starts = [0, *accumulate([len(text) + 1 for text in texts])]
        for hit in hits:
            which = bisect_right(starts, hit.start) - 1
            found.setdefault(which, []).append(_moved(hit, starts[which]))
        return found
    which = place = 0
    for hit in hits:
        which += joined.count(NUL, place, hit.start)
        place = hit.start
        found.setdefault(which, []).append(_moved(hit, joined.rfind(NUL, 0, place) + 1))
    return found


def _moved(hit: Hit, start: int) -> Hit:
    first, end, kind, detector, rank = hit
    return Hit(first - start, end - start, kind, detector, rank)


def _unique(names: Sequence[object], new: dict[int, object]) -> list[object]:
    """Keys with some replaced: a marker that is a key already gets a number, so that no member is lost."""
    found = list(names)
    taken = {each for index, each in enumerate(names) if index not in new}
    for index, key in new.items():
        unique, count = key, 1
        while unique in taken:
            count += 1
            unique = _numbered(key, count)
        found[index] = unique
        taken.add(unique)
    return found


def _numbered(key: object, count: int) -> object:
    """A further key for the same marker."""
    if type(key) is bytes:
        return b"%b (%d)" % (key, count)
    return f"{key} ({count})" if isinstance(key, str) else (key, count)
