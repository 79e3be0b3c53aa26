"""Compare canonical JSON, ours and that of ``rfc8785``, on documents drawn at random.

``python -m tools.random_documents --count 1000000 --seed 1`` draws that many values and asks of each:

- ``canonicalize`` and ``rfc8785.dumps`` write the same bytes, or both refuse the value;
- ``require_canonical`` reads these bytes as the value again, or refuses them where a number is one that
  docs/spec/bytes.md lets nobody read back;
- another text of the value, by the standard library, is read and written as the same bytes.

A terminal sees the work move; a pipe sees the result alone, and ``--json`` prints it for programs. Each
document has a number and is drawn from it and the seed, so ``--first N --count 1`` draws document N again.
The exit status is 1 when anything differed.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from math import inf, nan, nextafter
from random import Random
from typing import Any, Final

import rfc8785

from delegate.canonical import canonicalize, parse_strict, require_canonical
from delegate.errors import DelegateError
from delegate.limits import JSON_MAX_DEPTH, JSON_MAX_INTEGER

REDRAW_SECONDS: Final = 0.2
SHOWN_MAX: Final = 10
"""Of the differences; who has ten has all."""

_NODES_MAX: Final = 24
"""Values in one document: small documents, many of them, meet more borders than few large ones."""
_DEEP_SHARE: Final = 0.01
_IMPOSSIBLE_SHARE: Final = 0.02

_ORDER: Final = (
    *("", "a", "b", "A", "1", "~", "\x00", "\t", '"', "\\", "/"),
    *("\x7f", "\x80", "\xe9", "e\u0301", "\u2028", "\ud7ff", "\ue000", "\ufb33", "\ufeff", "\uffff"),
    *("\U00010000", "\U0001f600", "\U0010fc00", "\U0010ffff"),
)
"""What names are made of. From U+E000 on, the order of code points and that of UTF-16 are not the same."""
_RANGES: Final = (
    *((0x00, 0x1F), (0x20, 0x7E), (0x20, 0x7E), (0x7F, 0xFF), (0x100, 0x7FF), (0x800, 0xD7FF)),
    *((0xE000, 0xFFFF), (0x10000, 0x10FFFF), (0x2028, 0x2029)),
)
_BORDERS: Final = (1e-7, 1e-6, 1e-4, 1e-3, 1.0, 1e15, 1e16, 2.0**53, 1e17, 1e20, 1e21, 1e22, 1e300)
"""Where this number or the next is written in another form, here or in Python's own."""
_IMPOSSIBLE: Final[tuple[Any, ...]] = (
    *(
        nan,
        inf,
        -inf,
        JSON_MAX_INTEGER + 1,
        -JSON_MAX_INTEGER - 1,
        2**64,
        "\ud800",
        "a\udfff",
        "\ude00\ud83d",
    ),
    *("a\udfff", "\ude00\ud83d", {"\ud83d": 1}, {1: 2}, {None: 1}, object(), b"bytes", {1, 2}, 1j),
)
"""No JSON, or none that RFC 8785 writes."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What was drawn so far, and what differed."""

    seed: int
    documents: int = 0
    bytes: int = 0
    refused_by_both: int = 0
    not_to_be_read_back: int = 0
    doubles: int = 0
    subnormals: int = 0
    objects_ordered_by_utf16_alone: int = 0
    """Objects whose names stand in another order by code points."""
    seconds: float = 0.0
    differences: list[str] = field(default_factory=list)

    def text(self) -> str:
        """All of it for people."""
        return (
            f"{self.documents:,} documents in {self.seconds:.0f} s, {self.bytes:,} bytes; "
            f"{self.doubles:,} doubles, {self.subnormals:,} of them subnormal;\n"
            f"{self.objects_ordered_by_utf16_alone:,} objects in an order of UTF-16 alone; "
            f"{self.refused_by_both:,} documents refused by both; differences: {len(self.differences):,}"
        )


# --- drawing ---------------------------------------------------------------------------------------


class Drawing:
    """One document, drawn from a seed and its number."""

    def __init__(self, seed: int, number: int) -> None:
        """Draw it: ``value``, and whether that is a value which nobody may write (``is_impossible``)."""
        self._random = Random(f"{seed}/{number}")  # noqa: S311 - no secret is drawn
        self._left = self._random.randrange(1, _NODES_MAX)
        self.is_impossible = self._random.random() < _IMPOSSIBLE_SHARE
        self.value = self._document()

    def _document(self) -> Any:  # noqa: ANN401 - any JSON
        inside = self._random.choice(_IMPOSSIBLE) if self.is_impossible else self._root()
        depth = 0
        if self._random.random() < _DEEP_SHARE:
            depth = self._random.randrange(JSON_MAX_DEPTH - _NODES_MAX)
        elif self.is_impossible:
            depth = self._random.randrange(4)
        for _ in range(depth):
            inside = self._random.choice([[inside], [inside, None], {self._name(): inside}])
        return inside

    def _root(self) -> Any:  # noqa: ANN401 - the same
        """Mostly an object: in a document that is one scalar there is little to get wrong."""
        draw = self._random.choice([self._object] * 7 + [self._array] * 2 + [self._value])
        return draw()

    def _value(self) -> Any:  # noqa: ANN401 - the same
        self._left -= 1
        kind = self._random.randrange(10)
        if kind < 3:
            return self._object()
        if kind == 3:
            return self._array()
        draw = self._random.choice([self._text, self._integer, self._double, self._double, self._word])
        return draw()

    def _object(self) -> dict[str, Any]:
        return {self._name(): self._value() for _ in range(self._size())}

    def _array(self) -> list[Any]:
        return [self._value() for _ in range(self._size())]

    def _size(self) -> int:
        return self._random.randrange(min(8, max(self._left, 0)) + 1)

    def _word(self) -> bool | None:
        return self._random.choice((True, False, None))

    def _name(self) -> str:
        """A few characters out of few, so that names often differ only behind a common beginning."""
        return "".join(self._random.choices(_ORDER, k=self._random.randrange(4)))

    def _text(self) -> str:
        low, high = self._random.choice(_RANGES)
        size = self._random.randrange(12)
        characters = [chr(self._random.randint(low, high)) for _ in range(size)]
        return "".join([*characters, *self._random.choices(_ORDER, k=self._random.randrange(3))])

    def _integer(self) -> int:
        size = 1 << self._random.randrange(54)
        near = self._random.choice((0, size, JSON_MAX_INTEGER)) - self._random.randrange(-2, 3)
        drawn = self._random.choice((near, self._random.randrange(size)))
        return max(-JSON_MAX_INTEGER, min(JSON_MAX_INTEGER, self._random.choice((drawn, -drawn))))

    def _double(self) -> float:
        return self._random.choice((self._bits, self._subnormal, self._border, self._decimal))()

    def _bits(self) -> float:
        """Every exponent as often as every other."""
        bits = self._random.getrandbits(64)
        if bits >> 52 & 0x7FF == 0x7FF:
            bits ^= 1 << 52
        return float(struct.unpack(">d", bits.to_bytes(8, "big"))[0])

    def _subnormal(self) -> float:
        size = self._random.randrange(53)
        bits = self._random.getrandbits(size) | self._random.getrandbits(1) << 63
        return float(struct.unpack(">d", bits.to_bytes(8, "big"))[0])

    def _border(self) -> float:
        number = self._random.choice((*_BORDERS, 10.0 ** self._random.randrange(-320, 309)))
        for _ in range(self._random.randrange(3)):
            number = nextafter(number, self._random.choice((0, inf)))
        return self._random.choice((number, -number)) if number != inf else -0.0

    def _decimal(self) -> float:
        number = self._random.uniform(-1, 1) * 10.0 ** self._random.randrange(-3, 18)
        return round(number, self._random.randrange(-2, 8))


def _inside(value: object) -> Iterator[object]:
    """The value and all values in it."""
    yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _inside(item)


def _is_unreadable(value: object) -> bool:
    """Whether it holds a number that is written as an integer beyond 2^53-1 (docs/spec/bytes.md)."""
    doubles = (abs(each) for each in _inside(value) if isinstance(each, float))
    return any(JSON_MAX_INTEGER < each < 1e21 for each in doubles)


def _has_order_of_its_own(members: dict[str, object]) -> bool:
    return sorted(members) != sorted(members, key=lambda name: name.encode("utf-16-be"))


# --- comparing -------------------------------------------------------------------------------------

Write = Callable[[Any], bytes]


def _theirs(value: object) -> bytes | None:
    """What rfc8785 writes; None where it refuses, whatever it raises for that."""
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # some of what is drawn is no JSON
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, AttributeError, TypeError):
        return None


def _ours(value: object, write: Write) -> bytes | None:
    try:
        return write(value)
    except DelegateError:
        return None


def difference(drawing: Drawing, write: Write = canonicalize) -> str | None:
    """What is wrong with the document as ``write`` writes it; None where nothing is."""
    ours, theirs = _ours(drawing.value, write), _theirs(drawing.value)
    if ours != theirs:
        return f"we write {ours!r}, rfc8785 {theirs!r}"
    if (ours is None) != drawing.is_impossible:
        return f"both write {ours!r}"
    return None if ours is None else _reading(drawing, ours)


def _reading(drawing: Drawing, written: bytes) -> str | None:
    """What is wrong with reading the document again."""
    refused = _is_unreadable(drawing.value)
    other = json.dumps(drawing.value, ensure_ascii=len(written) % 2 == 0, indent=len(written) % 3 or None)
    try:
        value = require_canonical(written)
        same = canonicalize(parse_strict(other.encode()))
    except DelegateError as error:
        return None if refused else f"{written!r} is not read back: {error}"
    if refused:
        return f"{written!r} is read, and holds a number that nobody may read"
    if value != drawing.value:
        return f"{written!r} is read as {value!r}"
    return None if same == written else f"{other!r} is read and written as {same!r}, not {written!r}"


def compare(seed: int, numbers: range, write: Write = canonicalize) -> Iterator[Tally]:
    """The tally after each document; it is one object, which grows."""
    tally, started = Tally(seed=seed), time.monotonic()
    for number in numbers:
        drawing = Drawing(seed, number)
        if found := difference(drawing, write):
            tally.differences.append(f"document {number}: {found}")
        _count(tally, drawing)
        tally.seconds = round(time.monotonic() - started, 1)
        yield tally


def _count(tally: Tally, drawing: Drawing) -> None:
    tally.documents += 1
    tally.refused_by_both += drawing.is_impossible
    if drawing.is_impossible:
        return
    tally.bytes += len(canonicalize(drawing.value))
    tally.not_to_be_read_back += _is_unreadable(drawing.value)
    for value in _inside(drawing.value):
        if isinstance(value, float):
            tally.doubles += 1
            tally.subnormals += 0 < abs(value) < sys.float_info.min
        elif isinstance(value, dict):
            tally.objects_ordered_by_utf16_alone += _has_order_of_its_own(value)


def main() -> None:
    """Read the arguments, compare, and exit with 1 when anything differed."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.random_documents", description="Compare canonical JSON with rfc8785."
    )
    parser.add_argument("--count", type=int, default=10_000, help="of documents")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first document")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    chosen = parser.parse_args()
    live = sys.stdout.isatty() and not chosen.json
    shown, tally = 0.0, Tally(seed=chosen.seed)
    for tally in compare(chosen.seed, range(chosen.first, chosen.first + chosen.count)):
        if live and tally.seconds - shown > REDRAW_SECONDS:
            shown = tally.seconds
            print(f"\r\x1b[K{tally.documents:,} of {chosen.count:,}", end="", flush=True)
    if chosen.json:
        print(json.dumps(asdict(tally), indent=2))
    else:
        print("\r\x1b[K" if live else "", tally.text(), sep="")
        print(*tally.differences[:SHOWN_MAX], sep="\n", end="\n" if tally.differences else "")
    sys.exit(bool(tally.differences))


if __name__ == "__main__":
    main()
