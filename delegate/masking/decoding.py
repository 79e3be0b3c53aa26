"""Looking into encodings: escapes undone with the way back, and encoded runs opened.

``unescape`` undoes one layer of percent encoding (RFC 3986), of backslash escapes (JSON, and ``\\x``), or of
HTML character references, whichever occur, and keeps the way back. ``opened`` gives what a run of base64,
base64url or hexadecimal characters says, when that is text. The scanner calls both down to
``limits.MASKING_DECODING_DEPTH`` under one budget; what is found inside an encoded run masks all of it.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from typing import Final

from delegate.masking.folding import Mapped

__all__ = ["opened", "unescape"]

_ESCAPES: Final = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+"
    r"|(?:\\u[0-9A-Fa-f]{4}){1,2}"
    r"|\\x[0-9A-Fa-f]{2}"
    r"|\\{2}|\\[\"'/nrtbf]"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|amp|lt|gt|quot|apos|commat|colon|equals|lowbar|period|nbsp);"
)
_CONTROLS: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def unescape(text: str) -> Mapped | None:
    """``text`` with one layer of escapes undone; ``None`` when there is none."""
    pieces: list[str] = []
    marks: list[int] = [0]
    origins: list[int] = [0]
    length = done = 0
    for match in _ESCAPES.finditer(text):
        plain = text[done : match.start()]
        pieces.append(plain)
        length += len(plain)
        done = match.start()
        for unit, size in _units(match[0]):
            pieces.append(unit)
            marks += (length, length + len(unit))
            origins += (done, done + size)
            length += len(unit)
            done += size
    if not done:
        return None
    pieces.append(text[done:])
    return Mapped("".join(pieces), marks, origins, len(text))


def _units(escape: str) -> list[tuple[str, int]]:
    """What an escape says, character by character, each with the size of its own escape."""
    kind = escape[:2]
    if kind[0] == "%":
        return _percent(escape)
    if kind == "\\u":
        return _utf16(escape)
    if kind == "\\x":
        return [(_safe(chr(int(escape[2:], 16))), 4)]
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
    first = int(escape[2:6], 16)
    if len(escape) == 6:
        return [(_safe(chr(first)), 6)]
    second = int(escape[8:12], 16)
    if 0xD800 <= first < 0xDC00 <= second < 0xE000:
        return [(chr(0x10000 + ((first - 0xD800) << 10) + second - 0xDC00), 12)]
    return [(_safe(chr(first)), 6), (_safe(chr(second)), 6)]


_HEX_RUN: Final = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2}){10,})")
_TO_STANDARD: Final = str.maketrans("-_", "+/")


def opened(run: str) -> str | None:
    """The text that ``run`` encodes in hexadecimal, base64 or base64url; ``None`` when it is not text."""
    hexadecimal = _HEX_RUN.fullmatch(run)
    if hexadecimal:
        return _as_text(bytes.fromhex(hexadecimal[1]))
    body = run.rstrip("=").translate(_TO_STANDARD)
    if len(body) % 4 == 1:
        body = body[:-1]
    try:
        return _as_text(base64.b64decode(body + "=" * (-len(body) % 4), validate=True))
    except (binascii.Error, ValueError):
        return None


_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def _as_text(octets: bytes) -> str | None:
    if _CONTROL.search(octets):
        return None
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return None
