"""Text for bytes: base64url, base64 and base32, one text for each value (RFC 4648).

The rule: a text that decodes is the one text that encodes its value. Libraries commonly skip characters
they do not know, forgive padding and ignore the spare bits of the last character, so that one token has
many spellings. Here a decoder encodes its own answer again and compares: that one comparison refuses
white space, the other alphabet, missing or excess padding, spare bits that are set and impossible lengths.

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
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")


def b64url_encode(data: bytes) -> str:
    """RFC 4648 section 5 without padding: four characters for three bytes."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").translate(_TO_URL).decode()


def b64url_decode(text: str, *, size: int | None = None) -> bytes:
    """The bytes that ``b64url_encode`` turns into ``text``; exactly ``size`` of them when it is given.

    Raises ``MalformedError`` (``limit`` is ``size``).
    """
    try:
        # Two padding characters complete every length that exists; the decoder ignores what is too many.
        data = binascii.a2b_base64(text.encode().translate(_FROM_URL) + b"==")
    except ValueError:
        raise _refusal(_B64URL, size) from None
    if b64url_encode(data) != text or (size is not None and len(data) != size):
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
