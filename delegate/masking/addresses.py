"""Passwords in addresses: the userinfo of a URI (RFC 3986 section 3.2.1), and of JDBC's own forms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from delegate.masking.hits import Hit
from delegate.masking.secret_shape import is_placeholder, looks_random

__all__ = ["passwords_in_addresses"]

_USERINFO: Final = re.compile(
    r"(?P<user>\[MASKED:[^\s/?#@\"'<>\\\x00\[\]]{1,128}\]|[^\s/?#@:\"'<>\\\x00\[\]]{0,256})"
    r"(?::(?P<password>[^\s/?#\"'<>\x00]{1,256}))?@(?P<host>[^\s\x00])?"
)
_LONGEST: Final = 256 + 1 + 256 + 1
"""Characters of a user, a colon, a password and an at sign."""

_TOKEN_MIN: Final = 16
_NO_PASSWORDS: Final = frozenset({"x-oauth-basic", "api_token"})
"""What stands where a password would when the user is the token."""

_ORACLE: Final = re.compile(r"jdbc:oracle:thin:[^\s/@\x00]{1,64}/([^\s@\x00]{1,128})@")


def passwords_in_addresses(text: str) -> Iterator[Hit]:
    """The password of each ``scheme://user:password@host``; a user that is a token stands for one."""
    place = text.find("://")
    while place >= 0:
        near = text.find("@", place + 3, place + 3 + _LONGEST) >= 0
        match = _USERINFO.match(text, place + 3) if near else None
        if match:
            for group in _groups(match):
                value = match[group]
                if value and _is_secret(value, group):
                    yield Hit(*match.span(group), "url-password", "url-userinfo", 72)
        place = text.find("://", place + 3)
    for match in _ORACLE.finditer(text) if "jdbc:oracle" in text else ():
        yield Hit(*match.span(1), "url-password", "jdbc-oracle", 72)


def _groups(match: re.Match[str]) -> tuple[str, ...]:
    """What may be secret: the user alone, or with a password that only says that there is none.

    A broker's address may have no host (``sqs://id:secret@``); a user alone needs one.
    """
    password = match["password"]
    if password is None:
        return ("user",) if match["host"] else ()
    return ("user", "password") if password in _NO_PASSWORDS else ("password",)


_CHOSEN: Final = frozenset({"password", "passwd", "pass", "pwd", "secret", "test", "private"})
"""Placeholders elsewhere; between a colon and an at sign, bad passwords."""


def _is_secret(value: str, group: str) -> bool:
    if group == "user":
        return looks_random(value) and len(value) >= _TOKEN_MIN
    # A marker is no secret, but its hit keeps the rest of the address from being taken for an e-mail's.
    return value.lower() in _CHOSEN or value.startswith("MASKED-") or not is_placeholder(value)
