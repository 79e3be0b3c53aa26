"""Samples of ``formats.txt``: what its templates describe, made anew from a seed.

The templates hold no secret, so no scanner of files takes them for a leak; the samples hold none but made-up
ones. They are independent of every scanner's own: a detector is written from the format, not from them.
"""

from __future__ import annotations

import base64
import re
import string
import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

__all__ = ["BENIGN", "FORMATS", "Sample", "samples", "templates"]

FORMATS: Final = Path(__file__).with_name("formats.txt")
BENIGN: Final = Path(__file__).with_name("benign.txt")
_PLACEHOLDER: Final = re.compile(r"\{([ALUdhHwbpsuent])([0-9]{0,3})(\??)\}")
_LOWER: Final = string.ascii_lowercase
_UPPER: Final = string.ascii_uppercase
_ALPHABETS: Final = {
    "A": string.ascii_letters + string.digits,
    "L": _LOWER + string.digits,
    "U": _UPPER + string.digits,
    "d": string.digits,
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "w": string.ascii_letters + string.digits + "-_",
    "b": string.ascii_letters + string.digits + "+/",
}
_FIXED: Final = {"n": "\n", "t": "\t"}
_WORDS: Final = ("river", "Falcon", "copper", "Winter", "tulip", "Ocean", "marble", "Sunset")
_JUDGED: Final = 6
"""Pieces shorter than this tell nothing by themselves, and may be left."""


class Sample(NamedTuple):
    """A text, and what must be gone from it."""

    kind: str
    text: str
    secrets: tuple[str, ...]


def templates(file: Path) -> Iterator[tuple[str, str]]:
    """Class and template of every line of ``FORMATS`` or ``BENIGN``."""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, _, template = line.partition(" | ")
            yield kind, template


def samples(seed: int, kind: str, template: str, count: int) -> Iterator[Sample]:
    """``count`` samples of a template, the same for the same seed."""
    random = Random(f"{seed}{template}")
    for _ in range(count):
        secrets: list[str] = []

        def fill(match: re.Match[str], secrets: list[str] = secrets) -> str:
            piece = _piece(random, match[1], int(match[2] or 0))
            if not match[3] and match[1] not in "snt" and len(piece) >= _JUDGED:
                secrets.append(piece)
            return piece

        yield Sample(kind, _PLACEHOLDER.sub(fill, template), tuple(secrets))


def _piece(random: Random, kind: str, length: int) -> str:
    if kind in _FIXED:
        return _FIXED[kind]
    if kind == "s":
        return random.choice(_WORDS).lower()
    if kind == "u":
        return str(uuid.UUID(int=random.getrandbits(128), version=4))
    if kind == "e":
        return base64.b64encode(f"bob:{_password(random)}".encode()).decode()
    if kind == "p":
        return _password(random)
    alphabet = _ALPHABETS[kind]
    edge = alphabet.rstrip("-_+/")
    return random.choice(edge) + "".join(random.choices(alphabet, k=length - 2)) + random.choice(edge)


def _password(random: Random) -> str:
    """As people and programs choose them: words with a number and a mark, or random."""
    if random.random() < 0.5:
        word = random.choice(_WORDS) + random.choice(("", random.choice(_WORDS)))
        return f"{word}{random.randrange(10, 9999)}{random.choice('!$*_.')}{random.choice(_LOWER)}"
    alphabet = _ALPHABETS["A"] + "!*_-."
    return random.choice(_LOWER) + "".join(random.choices(alphabet, k=random.randrange(8, 18))) + "9"
