"""One public key as a JSON Web Key (RFC 7517, RFC 8037): its members, and its thumbprint (RFC 7638).

The rule: a JWK that comes in is data, never an instruction. ``x5u``, ``x5c`` and other members that are not
listed here are ignored, as RFC 7517 section 4 asks, and never followed; a private or symmetric member is
refused by its name alone, so that no value of it reaches a message; ``alg``, ``use``, ``key_ops`` and
``kid``, where present, must say what this library says of the key.

This file knows names, bytes and text. ``key.py`` makes keys of them, ``jwks.py`` sets.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

from delegate.encoding import b64url_decode, b64url_encode
from delegate.errors import AlgKeyMismatchError, AlgNotAllowedError, KeyUnknownError, MalformedError
from delegate.keys.ed25519 import KEY_BYTES

__all__ = ["from_members", "thumbprint", "to_members"]

_PRIVATE_MEMBERS: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""RFC 7518 sections 6.2.2, 6.3.2 and 6.4, and RFC 8037 section 2."""

_ALG: Final = "Ed25519"
"""RFC 9864 section 2.2; the older ``EdDSA`` names two curves and so is refused."""


def thumbprint(raw: bytes) -> str:
    """The RFC 7638 thumbprint (SHA-256) of an Ed25519 key: 43 base64url characters, the key's id."""
    text = f'{{"crv":"Ed25519","kty":"OKP","x":"{b64url_encode(raw)}"}}'
    return b64url_encode(hashlib.sha256(text.encode()).digest())


def to_members(raw: bytes) -> dict[str, str]:
    """The members of an Ed25519 public key, all of them."""
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": b64url_encode(raw),
        "kid": thumbprint(raw),
        "alg": _ALG,
        "use": "sig",
    }


def from_members(members: object) -> bytes:
    """The 32 raw bytes of an Ed25519 public key.

    Raises ``MalformedError`` (not an object, a private member, a member of the wrong form),
    ``AlgNotAllowedError`` (``kty`` and ``crv`` of something else), ``AlgKeyMismatchError`` (``alg`` of
    something else) and ``KeyUnknownError`` (``kid`` is not the thumbprint).
    """
    if not isinstance(members, Mapping):
        msg = f"a JWK is an object, not {type(members).__name__}"
        raise MalformedError(msg, field="jwk")
    for name in _PRIVATE_MEMBERS:
        if name in members:
            msg = f"the JWK has the private member {name!r}: give the public key only"
            raise MalformedError(msg, field=name)
    if members.get("kty") != "OKP" or members.get("crv") != "Ed25519":
        msg = 'the JWK is not an Ed25519 key: kty must be "OKP" and crv "Ed25519"'
        raise AlgNotAllowedError(msg, field="kty", limit="ed25519")
    raw = _point(members.get("x"))
    _require_purpose(members)
    if "kid" in members and members["kid"] != thumbprint(raw):
        msg = "the JWK's kid is not its RFC 7638 thumbprint: leave kid out, or give the thumbprint"
        raise KeyUnknownError(msg, field="kid")
    return raw


def _point(x: object) -> bytes:
    if type(x) is not str:
        msg = f"the JWK's x must be a string, not {type(x).__name__}"
        raise MalformedError(msg, field="x")
    try:
        return b64url_decode(x, size=KEY_BYTES)
    except MalformedError:
        msg = f"the JWK's x must be {KEY_BYTES} bytes in base64url without padding"
        raise MalformedError(msg, field="x", limit=KEY_BYTES) from None


def _require_purpose(members: Mapping[object, object]) -> None:
    if "alg" in members and members["alg"] != _ALG:
        msg = f'the JWK\'s alg must be "{_ALG}" (RFC 9864), or absent'
        raise AlgKeyMismatchError(msg, field="alg", limit=_ALG)
    if "use" in members and members["use"] != "sig":
        msg = 'the JWK\'s use must be "sig", or absent'
        raise MalformedError(msg, field="use", limit="sig")
    if "key_ops" in members and members["key_ops"] != ["verify"]:
        msg = 'the JWK\'s key_ops must be ["verify"], or absent'
        raise MalformedError(msg, field="key_ops", limit="verify")
