r"""The alphabets of names: which strings may stand in signed bytes at all.

Names that two people must be able to compare by eye (agents, tools, issuers) are ASCII, so that no
homoglyph, combining mark or case rule is ever in play. Free text (resource values, ``why``) is Unicode
compared by code point, without the characters that hide or reorder others. Nothing is normalized: a
string is in its one form or it is refused (design section 5).

Every function returns its argument, typed as ``str``, or raises ``MalformedError`` (``TooLargeError``
for length) naming the field.
"""

from __future__ import annotations

import re
import unicodedata
from ipaddress import IPv6Address
from typing import Final

from delegate.errors import MalformedError, TooLargeError
from delegate.limits import LABEL_MAX_CHARS, NAME_MAX_CHARS, STRING_MAX_BYTES

__all__ = [
    "is_origin",
    "require_audience",
    "require_label",
    "require_message_audience",
    "require_name",
    "require_nfc",
    "require_origin",
    "require_text",
]

_NAME: Final = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:/@+-]{{0,{NAME_MAX_CHARS - 1}}}")
_LABEL: Final = re.compile(rf"[a-z][a-z0-9_.-]{{0,{LABEL_MAX_CHARS - 1}}}")
_HIDDEN: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # invisible fillers and marks
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, line and paragraph ends, bidi
    "\u3164\ufeff\uffa0\ufff0-\ufffb"  # fillers, BOM, interlinear annotation
    "\ufdd0-\ufdef"  # noncharacters
    "\U000e0000-\U000e0fff"  # tags and further selectors
    "\ud800-\udfff"  # surrogates
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_PORT_MAX: Final = 65535
_ORIGIN: Final = re.compile(
    r"(https?)://"
    r"((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
    r"|\[[0-9a-f:]{2,39}\]))"
    r"(?::([1-9][0-9]{0,4}))?"
)
_ZERO_GROUPS: Final = re.compile(r"\b0(?::0)+\b")
_LOOPBACK: Final = re.compile(r"localhost|127(?:\.(?:0|[1-9][0-9]{0,2})){3}|\[::1\]")
_DEFAULT_PORT: Final = {"http": "80", "https": "443"}
_MESSAGE_AUDIENCE: Final = re.compile(
    rf"(?=.{{1,{NAME_MAX_CHARS}}}\Z)(?!https?:)[a-z][a-z0-9+-]*:[A-Za-z][A-Za-z0-9._:/@+-]*"
)
"""No dot before the colon and no digit behind it, so a host and its port are not taken for a URI."""


def require_name(value: object, field: str) -> str:
    """An agent id, tool or issuer name: ``[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,127}``."""
    if type(value) is str and _NAME.fullmatch(value) is not None:
        return value
    raise _not_of_form(value, field, _NAME.pattern)


def require_label(value: object, field: str) -> str:
    """An operation, sensitivity, resource type or unit: ``[a-z][a-z0-9_.-]{0,63}``."""
    if type(value) is str and _LABEL.fullmatch(value) is not None:
        return value
    raise _not_of_form(value, field, _LABEL.pattern)


def _not_of_form(value: object, field: str, form: str) -> MalformedError:
    if type(value) is not str:
        msg = f"{field} must be a string, not {type(value).__name__}"
    else:
        msg = f"{field} {value[:NAME_MAX_CHARS]!r} is not of the form {form}"
    return MalformedError(msg, field=field, limit=form)


def require_text(value: object, field: str) -> str:
    """A resource value, pattern, ``root`` or ``why``: 1 to 256 UTF-8 bytes, no hidden characters."""
    if type(value) is not str:
        msg = f"{field} must be a string, not {type(value).__name__}"
        raise MalformedError(msg, field=field)
    if value.isascii() and value.isprintable() and 0 < len(value) <= STRING_MAX_BYTES:
        return value  # nearly every text, in a fraction of the time
    if hidden := _HIDDEN.search(value):
        msg = f"{field} holds U+{ord(hidden[0]):04X} at index {hidden.start()}: hidden characters are refused"
        raise MalformedError(msg, field=field)
    size = len(value.encode())
    if size > STRING_MAX_BYTES:
        msg = f"{field} is {size} bytes, the limit is {STRING_MAX_BYTES}"
        raise TooLargeError(msg, field=field, limit=STRING_MAX_BYTES)
    if not value:
        msg = f"{field} is empty"
        raise MalformedError(msg, field=field)
    return value


def require_nfc(value: str, field: str) -> str:
    """Text that is already in Unicode NFC: asked at mint only, since the tables differ between runtimes."""
    if not unicodedata.is_normalized("NFC", value):
        msg = f"{field} is not in Unicode normalization form C"
        raise MalformedError(msg, field=field, limit="NFC")
    return value


def _is_canonical_ipv6(text: str) -> bool:
    try:
        return _short_ipv6(IPv6Address(text).packed) == text
    except ValueError:
        return False


def _short_ipv6(address: bytes) -> str:
    """RFC 5952 section 4: the first of the longest runs of zero groups is ``::``, and nothing is dotted.

    The standard library's own text of an address that holds one of IPv4 differs between versions of Python.
    """
    text = address.hex(":", 2)
    text = ":".join(group.lstrip("0") or "0" for group in text.split(":"))
    runs = [*_ZERO_GROUPS.finditer(text)]
    if not runs:
        return text
    longest = max(runs, key=lambda run: len(run[0]))
    return f"{text[: longest.start()].rstrip(':')}::{text[longest.end() :].lstrip(':')}"


def require_origin(value: object, field: str) -> str:
    """A web origin (RFC 6454) in its one form: lower case, no default port, no path.

    ``https://api.example.com``; ``http`` for loopback hosts only, since anything else would send proofs
    and bodies in the clear.
    """
    text = require_text(value, field)
    match = _ORIGIN.fullmatch(text)
    if match is None:
        msg = f"{field} {text!r} is not an origin such as https://api.example.com (lower case, no path)"
        raise MalformedError(msg, field=field)
    scheme, host, port = match.groups()
    if host.startswith("[") and not _is_canonical_ipv6(host[1:-1]):
        msg = f"{field} {text!r} does not hold an IPv6 address in its short form (RFC 5952)"
        raise MalformedError(msg, field=field)
    if port is not None and (int(port) > _PORT_MAX or port == _DEFAULT_PORT[scheme]):
        msg = f"{field} {text!r} must leave out port {port}"
        raise MalformedError(msg, field=field)
    if scheme == "http" and _LOOPBACK.fullmatch(host) is None:
        msg = f"{field} {text!r} must use https: http is for loopback hosts only"
        raise MalformedError(msg, field=field)
    return text


def is_origin(audience: str) -> bool:
    """Whether an audience is a web origin; any other is one of messages."""
    return audience.startswith(("https:", "http:"))


def require_message_audience(value: object, field: str) -> str:
    """Who takes messages where there is no HTTP: a URI (RFC 3986) such as ``mcp:workspace``.

    1 to 128 characters: a scheme of lower-case letters, digits, ``+`` and ``-``, other than ``http`` and
    ``https``, a colon, and a path that begins with a letter. It is compared byte for byte.
    """
    if type(value) is str and _MESSAGE_AUDIENCE.fullmatch(value) is not None:
        return value
    raise _not_of_form(value, field, "scheme:path, such as mcp:workspace")


def require_audience(value: object, field: str) -> str:
    """What a token may be for: a web origin, or an audience of messages."""
    if type(value) is str and not is_origin(value) and _MESSAGE_AUDIENCE.fullmatch(value):
        return value
    return require_origin(value, field)
