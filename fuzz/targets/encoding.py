"""``b64url_decode`` and ``b64_decode``: strict base64, one text for one value."""

from __future__ import annotations

from delegate.encoding import b64_decode, b64_encode, b64url_decode, b64url_encode
from fuzz.first_step import FirstStep

SEEDS = (b":AAECAwQFBgcICQoLDA0ODw", b":-_8", b";AAECAwQFBgcICQoLDA0ODw==", b";+/8=")
FIRST_STEP = FirstStep(within=(b64url_decode, b64_decode))


def target(data: bytes) -> None:
    """The first byte chooses the alphabet; what decodes encodes to the same text."""
    text = data[1:].decode("utf-8", "surrogateescape")
    decode, encode = (b64url_decode, b64url_encode) if data[:1] == b":" else (b64_decode, b64_encode)
    if encode(decode(text)) != text:
        msg = "two texts decode to one value"
        raise AssertionError(msg)
