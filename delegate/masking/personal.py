"""Personal data with a form and a check: e-mail, payment cards, bank accounts, United States numbers.

Each finder is called only where the prefilter found the shape: in ``shapes`` each digit of the text is a 0
and each letter an a, so a pattern begins with a literal and the search for it is fast. Cards, accounts and
Social Security numbers must stand alone: a letter, a digit, or a dash or dot that continues a longer number
on either side is another thing's part.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Final

from delegate.masking import checks
from delegate.masking.hits import Hit

__all__ = ["bank_accounts", "emails", "numbers"]

_LOCAL: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~.-"
_LOCAL_START: Final = "!#$%&'*+/=?^`{|}~.-"
_DOMAIN: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24})"
)
_SERVICE_ACCOUNTS: Final = frozenset({"git", "hg", "svn"})

_CARD: Final = re.compile(
    rb"0000(?:0{8,15}|[ -]0000[ -]0000[ -]0{1,7}|[ -]000000[ -]0{4,5}|\.0000\.0000\.0000)"
)
_ACCOUNT: Final = re.compile(rb"aa00(?:[ -]?[a0]{4}){2,7}(?:[ -]?[a0]{1,3})?")
_SSN: Final = re.compile(rb"000[-.]00[-.]0000")
_CONTEXTS: Final = (
    ("ssn", re.compile(r"[^0-9\n\x00]{0,24}([0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{4})"), "us_ssn", checks.ssn),
    (
        "social security",
        re.compile(r"[^0-9\n\x00]{0,24}([0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{4})"),
        "us_ssn",
        checks.ssn,
    ),
    ("routing", re.compile(r"[^0-9\n\x00]{0,24}([0-9]{4}-?[0-9]{4}-?[0-9])"), "us_aba", checks.aba),
    ("aba", re.compile(r"[^0-9\n\x00]{0,24}([0-9]{4}-?[0-9]{4}-?[0-9])"), "us_aba", checks.aba),
)
"""A word, and the number that it must come before, with its check."""


def emails(text: str, userinfo: Container[int] = ()) -> Iterator[Hit]:
    """An address at each ``@`` that does not end a URI's ``userinfo``: a local part, a domain with a dot."""
    at = text.find("@")
    while at >= 0:
        match = None if at in userinfo else _DOMAIN.match(text, at + 1)
        if match:
            before = text[max(0, at - 64) : at]
            local = before[len(before.rstrip(_LOCAL)) :].lstrip(_LOCAL_START)
            # Of a path or an assignment, only what follows the last separator is an address.
            local = local[max(map(local.rfind, "/=|?&")) + 1 :]
            if local and not _is_remote(text, at - len(local), local, match.end()):
                yield Hit(at - len(local), match.end(), "email", "email", 60)
        at = text.find("@", at + 1)


def _is_remote(text: str, start: int, local: str, end: int) -> bool:
    """Whether this is ``git@host:path`` or ``scheme://user@host``, which name places and no person."""
    return text.endswith("://", 0, start) or (
        local in _SERVICE_ACCOUNTS and text[end : end + 1] in {":", "/"}
    )


def _alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or after.isalnum() or before == "_" or after == "_":
        return False
    if before in {"-", "."} and start > 1 and text[start - 2].isalnum():
        return False
    return not (after in {"-", "."} and text[end + 1 : end + 2].isalnum())


def numbers(text: str, shapes: bytes, lower: str) -> Iterator[Hit]:
    """Cards and Social Security numbers, and routing numbers where a word says so."""
    yield from cards(text, shapes)
    yield from social_security_numbers(text, shapes)
    for word, pattern, kind, check in _CONTEXTS:
        place = lower.find(word)
        while place >= 0:
            match = pattern.match(text, place + len(word))
            if match and _alone(text, *match.span(1)) and check(match[1]):
                yield Hit(*match.span(1), kind, kind.replace("_", "-"), 60)
            place = lower.find(word, place + len(word))


def cards(text: str, shapes: bytes) -> Iterator[Hit]:
    """Numbers of issued ranges and lengths, grouped as they are printed or not at all, with a check digit."""
    for candidate in _CARD.finditer(shapes):
        start, end = candidate.span()
        # Behind "GB82 " stands the rest of an account number.
        if (
            shapes[max(0, start - 5) : start] != b"aa00 "
            and _alone(text, start, end)
            and checks.card(text[start:end])
        ):
            yield Hit(start, end, "credit_card", "card", 65)


def bank_accounts(text: str, shapes: bytes) -> Iterator[Hit]:
    """International bank account numbers, in one piece or in groups of four."""
    for candidate in _ACCOUNT.finditer(shapes):
        start = candidate.start()
        length = checks.iban_length(text[start : start + 2])
        account = _characters(length).match(shapes, start, candidate.end()) if length else None
        if account:
            end = account.end()
            if _alone(text, start, end) and checks.iban(text[start:end]):
                yield Hit(start, end, "iban", "iban", 65)


def _characters(number: int) -> re.Pattern[bytes]:
    """So many letters and digits in a shape, in one piece or in groups; ``re`` remembers the pattern."""
    return re.compile(b"(?:[a0][ -]?){%d}[a0]" % (number - 1))


def social_security_numbers(text: str, shapes: bytes) -> Iterator[Hit]:
    """Numbers that could have been issued, written with dashes or dots."""
    for candidate in _SSN.finditer(shapes):
        start, end = candidate.span()
        number = text[start:end]
        if number[3] == number[6] and _alone(text, start, end):
            if checks.ssn(number):
                yield Hit(start, end, "us_ssn", "us-ssn", 60)
            elif checks.itin(number):
                yield Hit(start, end, "us_itin", "us-itin", 60)
