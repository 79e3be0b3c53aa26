"""Changes to an input that keep its shape, so that what comes out gets past the first look at it.

libFuzzer changes bytes, and a byte changed in canonical JSON or in base64 is nearly always a syntax error.
Now and then this does the same. Else it looks for what the parsers here read (the parts of a token; a JSON
object, behind whatever stands before it; base64 of one inside a string), changes one value in it and writes
the whole anew; of several lines it changes, drops, repeats or moves one; in any other text it changes a
character for another of the text, or what stands there as base64. No target has a mutator of its own.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import deepcopy
from random import Random
from typing import Any, Final

__all__ = ["mutated"]

Mutate = Callable[[bytes, int], bytes]

_VALUES: Final[tuple[Any, ...]] = (
    *(0, 1, -1, 2**53 - 1, 2**53, 1.5, True, None),
    *("", "a", "é", "\x00", "*", "/**"),
    *([], {}),
)
"""What borders are made of, in the grammars that are read here."""
_TOKEN: Final = b"dlg1."
_TOKEN_INSIDE: Final = re.compile(rb"dlg1(?:\.[A-Za-z0-9_-]+)+")
_BASE64: Final = re.compile(rb"[A-Za-z0-9_-]{4,}|[A-Za-z0-9+/]{4,}={0,2}")
_SEED_SHARE: Final = 0.3
"""Of a small parser libFuzzer keeps few inputs, most of them refused at once, and would go on with those."""
_BYTES_SHARE: Final = 0.1
"""Small, since one syntax error decides over all changes made with it."""
_TOKEN_SHARE: Final = 0.5
"""Of the changes to a text that has a token in it; the others meet what stands around it."""
_FRAME: Final = b"-----"
_BODY_SHARE: Final = 0.7
"""Of the changes to lines between frames; the others meet the frames too."""
_DEPTH_MAX: Final = 8
"""Of the walk to the value that is changed: no format here is deeper."""


def mutated(data: bytes, limit: int, number: int, *, seeds: Sequence[bytes], otherwise: Mutate) -> bytes:
    """Another input of at most ``limit`` bytes, the same for the same ``number``.

    ``seeds`` are good inputs of the target, ``otherwise`` changes bytes, as libFuzzer does.
    """
    random = Random(number)  # noqa: S311 - no secret is drawn
    if random.random() < _SEED_SHARE:
        data = random.choice(seeds)
    if random.random() >= _BYTES_SHARE:
        for shape in (_token, _document, _lines, _text):
            with suppress(ValueError, RecursionError):
                found = shape(data, random, otherwise)
                if found and len(found) <= limit:
                    return found
    return otherwise(data, limit)


def _token(data: bytes, random: Random, otherwise: Mutate) -> bytes | None:
    """A token with one payload changed; None where ``data`` is none."""
    parts = data.split(b".")
    if not data.startswith(_TOKEN) or len(parts) < 2:
        return None
    at = random.randrange(1, len(parts), 2)
    payload = urlsafe_b64decode(parts[at] + b"=" * (-len(parts[at]) % 4))
    parts[at] = urlsafe_b64encode(_document(payload, random, otherwise) or payload).rstrip(b"=")
    return b".".join(parts)


def _document(data: bytes, random: Random, otherwise: Mutate) -> bytes | None:
    """The JSON object in ``data`` with one value changed; None where there is none.

    One that is a small part of the input, such as the body of a request, is left alone as often.
    """
    head, brace, tail = data.partition(b"{")
    if not brace or random.random() * len(data) > len(brace + tail):
        return None
    value = _changed(json.loads(brace + tail), random, otherwise, _DEPTH_MAX)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return head + text.encode("utf-8", "surrogatepass")


def _lines(data: bytes, random: Random, otherwise: Mutate) -> bytes | None:
    """The lines of ``data`` with one of them changed, whatever its length; None where there are no two."""
    rows = data.split(b"\n")
    if len(rows) < 2:
        return None
    at = random.choice(_without_frames(rows, random) or range(len(rows)))
    kind = random.randrange(12)
    if kind < 3:
        row = rows[at] if kind == 0 else rows.pop(at)
        if kind < 2:
            rows.insert(random.randrange(len(rows) + 1), row)
    else:
        rows[at] = _document(rows[at], random, otherwise) or _text(rows[at], random, otherwise)
    return b"\n".join(rows)


def _without_frames(rows: Sequence[bytes], random: Random) -> list[int]:
    """The lines between the frames of PEM, mostly: where a frame is changed, nothing is read."""
    framed = [at for at, row in enumerate(rows) if row.startswith(_FRAME)]
    if not framed or random.random() >= _BODY_SHARE:
        return []
    return [at for at in range(len(rows)) if at not in framed]


def _text(data: bytes, random: Random, otherwise: Mutate) -> bytes:
    """The text in ``data`` with a character changed, or a token in it, or a byte of what is base64 in it."""
    if (token := _TOKEN_INSIDE.search(data)) and random.random() < _TOKEN_SHARE:
        changed = _token(token[0], random, otherwise) or token[0]
        return data[: token.start()] + changed + data[token.end() :]
    runs = [*_BASE64.finditer(data)]
    if runs and random.random() < 0.7:
        run = max(runs, key=lambda run: len(run[0])) if random.random() < 0.8 else random.choice(runs)
        return data[: run.start()] + _reencoded(run[0], random, otherwise) + data[run.end() :]
    return _changed_text(data.decode("latin-1"), random, otherwise).encode("latin-1")


def _reencoded(run: bytes, random: Random, otherwise: Mutate) -> bytes:
    """Base64 of other bytes, mostly as many, in the same alphabet; a run that is none is a ``ValueError``."""
    padded = run.rstrip(b"=") + b"=" * (-len(run.rstrip(b"=")) % 4)
    url = run != padded or not {*b"-_"}.isdisjoint(run)
    inside = bytearray((urlsafe_b64decode if url else b64decode)(padded))
    if random.random() < _BYTES_SHARE:
        inside[:] = otherwise(bytes(inside), len(inside) + 8)
    else:
        inside[random.randrange(len(inside))] ^= 1 << random.randrange(8)
    return urlsafe_b64encode(inside).rstrip(b"=") if url else b64encode(inside)


def _changed(value: Any, random: Random, otherwise: Mutate, depth: int) -> Any:  # noqa: ANN401 - any JSON
    """``value`` with one value inside it changed, added or left out."""
    if depth and isinstance(value, dict | list) and value and random.random() < 0.9:
        return _changed_inside(value, random, otherwise, depth)
    if isinstance(value, int) and not isinstance(value, bool) and random.random() < 0.7:
        return value + random.choice([-1, 1, -60, 60, 3600])
    if isinstance(value, str) and random.random() < 0.7:
        return _changed_text(value, random, otherwise)
    return deepcopy(random.choice(_VALUES))


def _changed_inside(value: Any, random: Random, otherwise: Mutate, depth: int) -> Any:  # noqa: ANN401 - the same
    at = random.choice(list(value) if isinstance(value, dict) else range(len(value)))
    kind = random.randrange(10)
    if kind == 0:
        del value[at]
    elif kind == 1 and isinstance(value, dict):
        value[_changed_text(at, random, otherwise)] = value.pop(at)
    elif kind == 1:
        value.append(value[at])
    else:
        value[at] = _changed(value[at], random, otherwise, depth - 1)
    return value


def _changed_text(text: str, random: Random, otherwise: Mutate) -> str:
    """Another text; one that is base64 of a document stays that."""
    with suppress(Base64Error, ValueError):
        inside = b64decode(text, validate=True)
        if inside.startswith(b"{") and (document := _document(inside, random, otherwise)):
            return b64encode(document).decode()
    if random.random() < _BYTES_SHARE:
        return otherwise(text.encode(), len(text) + 8).decode("utf-8", "replace")
    at = random.randrange(len(text) + 1)
    drawn, left_out = random.choice([(1, 1), (1, 1), (1, 1), (1, 0), (0, 1)])
    return text[:at] + "".join(random.choices(text or "a", k=drawn)) + text[at + left_out :]
