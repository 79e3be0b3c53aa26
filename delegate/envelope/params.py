"""The parameters of a message: the one form that is signed, and where the envelope travels beside them.

The digest of an envelope is over the RFC 8785 encoding of the parameters, in full: floats and null may stand
in them, since they are digested here and never signed themselves. What that encoding reads as *is* the
value: a handler gets it and no other, so ``1.0`` and ``1``, or two orders of members, are one message.

A transport that has no place for an envelope beside the parameters carries it inside of them, as text, under
``_meta`` (the member that MCP sets aside for such things): our *entry*. The parameters are then those
without our entry, and without a ``_meta`` that would be left empty.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from delegate.canonical import canonicalize, parse_strict
from delegate.encoding import b64url_decode
from delegate.errors import DigestMalformedError, DigestMismatchError, MalformedError

if TYPE_CHECKING:
    from delegate.canonical import JsonValue

__all__ = ["ENTRY", "META", "attach", "canonical_params", "detach", "require_params_digest"]

META: Final = "_meta"
ENTRY: Final = "delegate/envelope"
"""The name of our entry in ``_meta``: a prefix and a name, as MCP writes such keys."""

_SHA256_BYTES: Final = 32


def canonical_params(params: JsonValue) -> bytes:
    """The RFC 8785 encoding of ``params``, which reads back.

    Raises ``MalformedError`` for what JSON cannot say, or cannot say so that it can be read again (``1e20``),
    and ``TooLargeError``.
    """
    data = canonicalize(params)
    parse_strict(data)
    return data


def detach(params: JsonValue) -> tuple[str | None, JsonValue]:
    """Our entry in ``params`` (``None`` where there is none) and the parameters without it.

    ``params`` itself is not changed. Raises ``MalformedError`` for an entry that is not a string.
    """
    if type(params) is not dict:
        return None, params
    meta = params.get(META)
    if type(meta) is not dict:
        return None, params
    entry = meta.get(ENTRY)
    if entry is not None and type(entry) is not str:
        msg = f"the entry {ENTRY!r} must be a string, not {type(entry).__name__}"
        raise MalformedError(msg, field=ENTRY)
    kept = {name: value for name, value in meta.items() if name != ENTRY}
    rest = {name: value for name, value in params.items() if name != META}
    return entry, rest | ({META: kept} if kept else {})


def attach(params: JsonValue, entry: str) -> dict[str, JsonValue]:
    """A copy of ``params``, which have no entry of ours, that carries ``entry``.

    Raises ``MalformedError`` where there is no place for it: parameters, or a ``_meta``, that are no object.
    """
    if type(params) is not dict:
        msg = f"only an object can carry an envelope in {META}, not {type(params).__name__}"
        raise MalformedError(msg, field="params")
    meta = params.get(META, {})
    if type(meta) is not dict:
        msg = f"{META} must be an object, not {type(meta).__name__}"
        raise MalformedError(msg, field=META)
    return params | {META: meta | {ENTRY: entry}}


def require_params_digest(params: bytes, stated: str) -> bytes:
    """Refuse canonical ``params`` other than those of the digest ``stated``; returns their SHA-256.

    Raises ``DigestMalformedError`` or ``DigestMismatchError``.
    """
    try:
        expected = b64url_decode(stated, size=_SHA256_BYTES)
    except MalformedError:
        msg = "params_sha256 is not 32 bytes in canonical base64url"
        raise DigestMalformedError(msg, component="params_sha256", limit=_SHA256_BYTES) from None
    digest = hashlib.sha256(params).digest()
    if digest != expected:
        msg = f"the parameters that arrived ({len(params)} bytes) are not those that were signed"
        raise DigestMismatchError(msg, component="params_sha256")
    return digest
