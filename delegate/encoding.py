"""Text for bytes: base64url, base64 and base32, one text for each value (RFC 4648).

The rule: a text that decodes is the one text that encodes its value. Libraries commonly skip characters
they do not know, forgive padding and ignore the spare bits of the last character, so that one token has
many spellings. Here the decoder is the standard library's strict one, which refuses white space, foreign
characters, missing or excess padding and impossible lengths; the other alphabet is made foreign to it, and
the spare bits, which it does not look at, are looked at here.

Errors never repeat the text: it may be a signature or a token.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from delegate.errors import MalformedError

__all__ = ["b32_encode", "b64_decode", "b64_encode", "b64url_decode", "b64url_encode"]

_B64: Final = "base64 with padding"
_B64URL: Final = "base64url without padding"
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
"""base64url to base64; what base64url has not becomes what neither has."""

_PADDING: Final = (b"", b"!", b"==", b"=")
"""What completes a text of this length modulo 4; no value has a text of length 1 modulo 4."""

_WITHOUT_SPARE_BITS: Final = (b"", b"", b"AQgw", b"AEIMQUYcgkosw048")
"""Characters that may end a text of this length modulo 4: those whose unused low bits are zero."""


def b64url_encode(data: bytes) -> str:
    """RFC 4648 section 5 without padding: four characters for three bytes."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def b64url_decode(text: str, *, size: int | None = None) -> bytes:
    """The bytes that ``b64url_encode`` turns into ``text``; exactly ``size`` of them when it is given.

    Raises ``MalformedError`` (``limit`` is ``size``).
    """
    try:
        encoded = text.encode().translate(FROM_URL)
        over = len(encoded) % 4
        data = binascii.a2b_base64(encoded + _PADDING[over], strict_mode=True)
    except ValueError:
        raise _refusal(_B64URL, size) from None
    if (over and encoded[-1] not in _WITHOUT_SPARE_BITS[over]) or (size is not None and len(data) != size):
        raise _refusal(_B64URL, size)
    return data


def b64_encode(data: bytes) -> str:
    """RFC 4648 section 4 with padding, as structured fields and DSSE envelopes write bytes."""
    return binascii.b2a_base64(data, newline=False).decode()


def b64_decode(text: str, *, size: int | None = None) -> bytes:
    """The bytes that ``b64_encode`` turns into ``text``; exactly ``size`` of them when it is given.

    Raises ``MalformedError`` (``limit`` is ``size``).
    """
    try:
        data = binascii.a2b_base64(text)
    except ValueError:
        raise _refusal(_B64, size) from None
    if b64_encode(data) != text or (size is not None and len(data) != size):
        raise _refusal(_B64, size)
    return data


def b32_encode(data: bytes) -> str:
    """RFC 4648 section 6 in lower case without padding: 26 characters for the 16 bytes of a token id."""
    return base64.b32encode(data).rstrip(b"=").lower().decode()


def _refusal(form: str, size: int | None) -> MalformedError:
    of_size = "" if size is None else f" of {size} bytes"
    return MalformedError(f"the text is not {form}{of_size} in its one spelling (RFC 4648)", limit=size)
