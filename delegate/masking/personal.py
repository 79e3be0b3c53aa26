"""Personal data with a form and a check: e-mail, payment cards, bank accounts, United States numbers.

Each finder is called only where the shape of the text allows a match (``prefilter.py``) and gives places in
the text. Cards, accounts and Social Security numbers must stand alone: a letter, a digit, or a dash or dot
that continues a longer number on either side is another thing's part.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import Final

from delegate.masking import checks
from delegate.masking.hits import Hit

__all__ = ["bank_accounts", "cards", "emails", "routing_numbers", "social_security_numbers"]

_LOCAL: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~.-"
_LOCAL_START: Final = "!#$%&'*+/=?^`{|}~.-"
_DOMAIN: Final = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}(?:xn--[A-Za-z0-9-]{2,59}|[A-Za-z]{2,24})"
)
_SERVICE_ACCOUNTS: Final = frozenset({"git", "hg", "svn"})

_CARD: Final = re.compile(
    r"[0-9]{12,19}"
    r"|[0-9]{4}(?:[ -][0-9]{4}){2}[ -][0-9]{1,7}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5}|[0-9]{4}(?:\.[0-9]{4}){3}"
)
_ACCOUNT: Final = re.compile(r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,3})?")
_SSN: Final = re.compile(r"[0-9]{3}[-.][0-9]{2}[-.][0-9]{4}")
_SSN_IN_CONTEXT: Final = re.compile(
    r"(?i)(?:ssn|social security)[^0-9\n\x00]{0,24}([0-9]{3}[ .-]?[0-9]{2}[ .-]?[0-9]{4})"
)
_ROUTING: Final = re.compile(
    r"(?i)(?:routing|\baba\b|\brtn\b)[^0-9\n\x00]{0,32}([0-9]{4}-?[0-9]{4}-?[0-9])"
)


def emails(text: str, userinfo: Container[int] = ()) -> Iterator[Hit]:
    """An address at each ``@`` that does not end a URI's ``userinfo``: a local part, a domain with a dot."""
    at = text.find("@")
    while at >= 0:
        match = None if at in userinfo else _DOMAIN.match(text, at + 1)
        if match:
            before = text[max(0, at - 64) : at]
            local = before[len(before.rstrip(_LOCAL)) :].lstrip(_LOCAL_START)
            # Of a path or an assignment, only what follows the last separator is an address.
            local = re.split(r"[/=|?&]", local)[-1]
            if local and not _is_remote(text, local, match.end()):
                yield Hit(at - len(local), match.end(), "email", "email", 60)
        at = text.find("@", at + 1)


def _is_remote(text: str, local: str, end: int) -> bool:
    """Whether this is ``git@host:path``, which names a place and no person."""
    return local in _SERVICE_ACCOUNTS and text[end : end + 1] in {":", "/"}


def _alone(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if before.isalnum() or after.isalnum() or before == "_" or after == "_":
        return False
    if before in {"-", "."} and start > 1 and before and text[start - 2].isalnum():
        return False
    return not (after in {"-", "."} and after and text[end + 1 : end + 2].isalnum())


def cards(text: str) -> Iterator[Hit]:
    """Numbers of issued ranges and lengths, grouped as they are printed or not at all, with a check digit."""
    for match in _CARD.finditer(text):
        if _alone(text, *match.span()) and checks.card(match[0]):
            yield Hit(*match.span(), "credit_card", "card", 65)


def bank_accounts(text: str) -> Iterator[Hit]:
    """International bank account numbers, in one piece or in groups of four."""
    position = 0
    while match := _ACCOUNT.search(text, position):
        start, end = match.span()
        position = start + 2
        if text[start - 1 : start].isalnum():
            continue
        length = checks.iban_length(text[start : start + 2])
        if not length:
            continue
        end = _take(text, start, length, end)
        if end and checks.iban(text[start:end]) and not text[end : end + 1].isalnum():
            yield Hit(start, end, "iban", "iban", 65)
            position = end


def _take(text: str, start: int, length: int, limit: int) -> int:
    """Where ``length`` letters and digits from ``start`` end; 0 when there are fewer."""
    for place in range(start, limit):
        length -= text[place].isalnum()
        if not length:
            return place + 1
    return 0


def social_security_numbers(text: str) -> Iterator[Hit]:
    """Numbers that could have been issued, written with dashes or dots."""
    for match in _SSN.finditer(text):
        if match[0][3] == match[0][6] and _alone(text, *match.span()):
            if checks.ssn(match[0]):
                yield Hit(*match.span(), "us_ssn", "us-ssn", 60)
            elif checks.itin(match[0]):
                yield Hit(*match.span(), "us_itin", "us-itin", 60)


def routing_numbers(text: str) -> Iterator[Hit]:
    """Numbers that a word beside them calls a routing number or a Social Security number."""
    for match in _ROUTING.finditer(text):
        number = match[1].replace("-", "")
        if _alone(text, *match.span(1)) and checks.aba(number):
            yield Hit(*match.span(1), "us_aba", "us-aba", 60)
    for match in _SSN_IN_CONTEXT.finditer(text):
        if _alone(text, *match.span(1)) and checks.ssn(match[1]):
            yield Hit(*match.span(1), "us_ssn", "us-ssn", 60)
