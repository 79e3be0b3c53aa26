r"""Looking into encodings: escapes undone with the way back, and encoded runs opened.

``unescaped`` undoes one layer of percent encoding (RFC 3986), of backslash escapes (JSON, and ``\x``), or of
HTML character references, whichever occur, and keeps the way back. ``decodings`` gives what the parts of a
run of characters say in base64, base64url or hexadecimal, as far as that is text. The scanner calls both
down to ``limits.MASKING_DECODING_DEPTH`` under one budget; what is found inside an encoded run masks all of
what was read there.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from typing import Final

from delegate.masking.folding import Mapped

__all__ = ["decodings", "unescaped"]

_ESCAPES: Final = re.compile(
    r"%[0-9A-Fa-f]{2}(?:%[0-9A-Fa-f]{2}){0,4096}"
    r"|\\(?:u[dD][89ABab][0-9A-Fa-f]{2}\\u[dD][C-Fc-f][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[\\\"'/nrtbf])"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|commat|colon|equals|lowbar|period|nbsp);"
)
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def unescaped(text: str) -> Iterator[tuple[int, Mapped]]:
    """Each leaf of ``text`` that holds escapes, with one layer of them undone, and where it begins."""
    match = _ESCAPES.search(text)
    while match:
        start = text.rfind("\0", 0, match.start()) + 1
        end = text.find("\0", match.end())
        end = len(text) if end < 0 else end
        yield start, _undone(text[start:end])
        match = _ESCAPES.search(text, end)


def _undone(leaf: str) -> Mapped:
    pieces: list[str] = []
    marks: list[int] = [0]
    origins: list[int] = [0]
    length = done = 0
    for match in _ESCAPES.finditer(leaf):
        plain = leaf[done : match.start()]
        pieces.append(plain)
        length += len(plain)
        done = match.start()
        for unit, size in _units(match[0]):
            pieces.append(unit)
            marks += (length, length + len(unit))
            origins += (done, done + size)
            length += len(unit)
            done += size
    pieces.append(leaf[done:])
    return Mapped("".join(pieces), marks, origins, len(leaf))


def _units(escape: str) -> list[tuple[str, int]]:
    """What an escape says, character by character, each with the size of its own escape."""
    kind = escape[:2]
    if kind[0] == "%":
        return _percent(escape)
    if kind == "\\u":
        return _utf16(escape)
    if kind == "\\x":
        return [(_safe(chr(int(escape[-2:], 16))), 4)]
    if kind[0] == "\\":
        return [(_CONTROLS.get(kind[1], kind[1]), 2)]
    return [(_safe(html.unescape(escape)), len(escape))]


def _safe(character: str) -> str:
    """NUL separates leaves, so an escaped one becomes a blank."""
    return " " if character == "\0" else character


def _percent(escape: str) -> list[tuple[str, int]]:
    octets = bytes.fromhex(escape.replace("%", ""))
    characters = octets.decode("utf-8", "surrogateescape")
    return [(_safe(each), 3 * len(each.encode("utf-8", "surrogateescape"))) for each in characters]


def _utf16(escape: str) -> list[tuple[str, int]]:
    """One character, or the two halves of one (RFC 8259 section 7)."""
    character = bytes.fromhex(escape.replace("\\u", "")).decode("utf-16-be", "surrogatepass")
    return [(_safe(character), len(escape))]


_HEAD: Final = re.compile(r"(?P<hex>(?:0x)?(?:[2-7][0-9A-Fa-f]){10})|(?:[CI-Za-f][A-Za-z0-9+/_-]{3}){5}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_BEHIND: Final = re.compile(r"[_.+=~-]")
_TO_STANDARD: Final = str.maketrans("-_", "+/")
_FIRST_PIECE: Final = 64
_SHORTEST: Final = 9
"""Characters of an encoded text that is worth a look."""


def decodings(text: str, first: int, last: int) -> Iterator[tuple[int, int, str]]:
    """What the run ``text[first:last]`` and the base64 that it begins encode: places, and what they say.

    An encoded part begins with the run or behind a separator, as the encoding of ASCII begins; it may reach
    over slashes, which are no part of a run, and ends where it stops being text. What was read is not read
    again from a later place, so this is linear.
    """
    place = first
    while place < last:
        head = _HEAD.match(text, place)
        end, said = _read(text, place, head) if head else (place, "")
        if len(said) >= _SHORTEST:
            yield place, end, said
            place = end
        separator = _BEHIND.search(text, place, last)
        if separator is None:
            return
        place = separator.end()


def _read(text: str, place: int, head: re.Match[str]) -> tuple[int, str]:
    """As much of the text encoded at ``place`` as is text, and where it ends; in pieces of growing size."""
    hexadecimal = head["hex"] is not None
    start = place + 2 if head[0][:2] == "0x" else place
    size = _FIRST_PIECE
    while True:
        match = (_HEX if hexadecimal else _BASE64).match(text, start, start + size)
        piece = match[0] if match else ""
        octets = bytes.fromhex(piece) if hexadecimal else _base64(piece)
        said, good = _text_in(octets)  # up to three octets may be missing: a character that the piece cuts
        if good < len(octets) - 3 or (good < len(octets) and len(piece) < size):
            return start + (2 * good if hexadecimal else -(-good * 4 // 3)), said
        if len(piece) < size:
            return start + len(piece), said
        size *= 4


def _base64(piece: str) -> bytes:
    body = piece.rstrip("=").translate(_TO_STANDARD)
    body = body[: len(body) - (len(body) % 4 == 1)]
    return base64.b64decode(body + "=" * (-len(body) % 4))


_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def _text_in(octets: bytes) -> tuple[str, int]:
    """The text that ``octets`` begin with, and how many of them it takes."""
    control = _CONTROL.search(octets)
    octets = octets[: control.start()] if control else octets
    try:
        return octets.decode(), len(octets)
    except UnicodeDecodeError as error:
        return octets[: error.start].decode(), error.start
