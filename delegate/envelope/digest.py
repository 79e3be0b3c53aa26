"""``Content-Digest`` (RFC 9530): which body was signed.

The digest is over the bytes as they travel, before any content decoding. ``sha-256`` alone decides; other
algorithms may stand beside it and are not looked at.
"""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Final

from delegate.envelope.fields import byte_sequence, decode_bytes, parse_byte_sequences
from delegate.errors import DigestMalformedError, DigestMismatchError, DigestUnsupportedError

__all__ = ["content_digest", "digest_header", "parse_digest", "require_digest"]

_SHA256_BYTES: Final = 32

digest_header: Final = partial(byte_sequence, b"sha-256")
"""The header value that states a digest, 32 bytes of SHA-256."""


def content_digest(body: bytes) -> bytes:
    """The header value for ``body``: ``sha-256=:<44 base64 characters>:``."""
    return digest_header(hashlib.sha256(body).digest())


def parse_digest(value: bytes) -> bytes:
    """The 32 bytes of the sha-256 member; ``DigestMalformedError`` or ``DigestUnsupportedError``."""
    text = value.decode("latin-1")
    member = parse_byte_sequences(text, "content-digest", DigestMalformedError).get("sha-256")
    if member is None:
        msg = "Content-Digest has no sha-256 member"
        raise DigestUnsupportedError(msg, component="content-digest", limit="sha-256")
    return decode_bytes(member[0], _SHA256_BYTES, "content-digest", DigestMalformedError)


def require_digest(body: bytes, value: bytes) -> bytes:
    """Refuse a body that is not the one ``value``, a ``Content-Digest``, was made for; returns its SHA-256.

    A value that reads exactly as ours would is decided by comparing them; any other is parsed, so that
    further algorithms may stand beside sha-256. Raises ``DigestMismatchError`` and what ``parse_digest``
    raises.
    """
    digest = hashlib.sha256(body).digest()
    if value != digest_header(digest) and parse_digest(value) != digest:
        msg = f"the body that arrived ({len(body)} bytes) is not the one that was signed"
        raise DigestMismatchError(msg, component="content-digest")
    return digest
