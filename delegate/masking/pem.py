r"""Private keys in PEM armour (RFC 7468), OpenPGP armour (RFC 9580), SSH armour (RFC 4716) and OpenVPN's.

From the line that begins the key to the one that ends it, also where line breaks became the two characters
``\n``, or each line is a leaf of its own. Without the last line, as far as the key goes on; without the
first, as far back as there are lines of a key. Words between the two lines are no key: they explain one.
Each frame is looked at once and no search passes the next one, so frames without a partner cost no more
than other text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from delegate.masking.hits import Hit

__all__ = ["private_keys"]

_LABEL: Final = "(?:[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?|OpenVPN [A-Za-z0-9 -]{1,40})"
_FRAME: Final = re.compile(f"-{{4,5}} ?(?:(?P<begin>BEGIN)|END) {_LABEL} ?-{{4,5}}")
_END: Final = re.compile("-{4,5} ?END [A-Za-z0-9 -]{0,40}-{4,5}")
_MARK: Final = r"(?:[\s\"',>|#*;-]|\\[nr])"
"""What may stand between two lines of a key: a break, and the marks of who quotes it."""

_CUT: Final = re.compile(
    r"(?:[A-Za-z0-9+/=:,\s]|\\[nr]|-(?!-)){0,16384}"
    f"(?:{_MARK}{{1,32}}[A-Za-z0-9+/=]{{32,128}}){{0,1024}}(?:{_MARK}{{1,32}}[A-Za-z0-9+/]{{1,64}}={{1,2}})?"
)
_LONGEST: Final = 65536

_MARKS: Final = "[ `'\".,;:()]{1,8}"
_WORD: Final = f"(?:[a-z]{{1,20}}{_MARKS})"
_WORDS: Final = re.compile(f"{_MARKS}{_WORD}{{0,40}}")
_SENTENCE: Final = re.compile(f"{_MARKS}{_WORD}{{3}}")

_LINE: Final = re.compile(r"\\[nr]|(?P<line>[A-Za-z0-9+/=]{1,16384})")
_BETWEEN: Final = re.compile(f"{_MARK}{{0,32}}")
_LEAVES: Final = re.compile(r"(?:\0[A-Za-z0-9+/=:,\s-]{0,128}){1,1024}")
_LONG: Final = 32
"""Characters of each line of a key but the last one: longer than a word."""


def private_keys(text: str) -> Iterator[Hit]:
    """Every private key, with its armour."""
    floor = 0
    frame = _FRAME.search(text)
    while frame:
        key = _key(text, frame, floor)
        floor = frame.end()
        if key:
            yield Hit(*key, "private-key", "pem-private-key", 95)
            floor = key[1]
        frame = _FRAME.search(text, floor)


def _key(text: str, frame: re.Match[str], floor: int) -> tuple[int, int] | None:
    """Where the key stands that ``frame`` begins or ends; before ``floor`` is another's."""
    start, end = frame.span()
    if frame["begin"]:
        stop = _end_of_key(text, end)
        return None if stop is None else (start, stop)
    first = _start_of_key(text, floor, start)
    return None if first is None else (first, end)


def _end_of_key(text: str, start: int) -> int | None:
    """Where the key ends whose first line ends at ``start``; ``None`` where words follow."""
    dashes = text.find("----", start, start + _LONGEST)
    end = _END.match(text, dashes) if dashes >= 0 else None
    if end is None:
        body = _CUT.match(text, start)
        return None if _SENTENCE.match(text, start) or body is None else body.end()
    if _WORDS.fullmatch(text, start, dashes):
        return None
    nul = text.find("\0", start, end.end())
    return end.end() if nul < 0 or _is_list_of_lines(text, nul, dashes) else nul


def _is_list_of_lines(text: str, start: int, end: int) -> bool:
    """Whether the leaves from one NUL to the next frame are the lines of a key."""
    return _LEAVES.fullmatch(text, start, end) is not None and any(
        len(line) >= _LONG for line in _LINE.findall(text, start, end)
    )


def _start_of_key(text: str, floor: int, end: int) -> int | None:
    """Where the key begins whose last line begins at ``end``, as far as its first line is missing."""
    start, place = None, end
    lines = [line.span() for line in _LINE.finditer(text, floor, end) if line["line"]]
    for first, after in reversed(lines):
        is_long = after - first >= _LONG
        if not _BETWEEN.fullmatch(text, after, place) or not (is_long or place == end):
            break
        place, start = first, first if is_long else start
    return start
