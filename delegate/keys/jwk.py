"""One public key as a JSON Web Key (RFC 7517, 7518, 8037): its members, and its thumbprint (RFC 7638).

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
from delegate.keys.algorithm import ALGORITHMS, NAMES, Algorithm

__all__ = ["from_members", "thumbprint", "to_members"]

_PRIVATE_MEMBERS: Final = ("d", "p", "q", "dp", "dq", "qi", "oth", "k")
"""RFC 7518 sections 6.2.2, 6.3.2 and 6.4, and RFC 8037 section 2."""

_COORDINATE_BYTES: Final = 32


def thumbprint(algorithm: Algorithm, raw: bytes) -> str:
    """The RFC 7638 thumbprint (SHA-256) of a public key: 43 base64url characters, the key's id."""
    text = algorithm.thumbprint % _encoded(algorithm, raw)
    return b64url_encode(hashlib.sha256(text.encode()).digest())


def to_members(algorithm: Algorithm, raw: bytes) -> dict[str, str]:
    """The members of a public key, all of them."""
    return {
        "kty": algorithm.kty,
        "crv": algorithm.crv,
        **dict(zip(algorithm.coordinates, _encoded(algorithm, raw), strict=True)),
        "kid": thumbprint(algorithm, raw),
        "alg": algorithm.jose,
        "use": "sig",
    }


def from_members(members: object) -> tuple[Algorithm, bytes]:
    """The algorithm and the raw bytes of a public key.

    Raises ``MalformedError`` (not an object, a private member, a member of the wrong form),
    ``AlgNotAllowedError`` (``kty`` and ``crv`` of something else), ``KeyWeakError`` (a point off the curve),
    ``AlgKeyMismatchError`` (``alg`` of something else) and ``KeyUnknownError`` (``kid`` is not the
    thumbprint).
    """
    if not isinstance(members, Mapping):
        msg = f"a JWK is an object, not {type(members).__name__}"
        raise MalformedError(msg, field="jwk")
    for name in _PRIVATE_MEMBERS:
        if name in members:
            msg = f"the JWK has the private member {name!r}: give the public key only"
            raise MalformedError(msg, field=name)
    algorithm = _algorithm(members)
    raw = algorithm.rule().from_coordinates(*(_coordinate(members, name) for name in algorithm.coordinates))
    _require_purpose(members, algorithm.jose)
    if "kid" in members and members["kid"] != thumbprint(algorithm, raw):
        msg = "the JWK's kid is not its RFC 7638 thumbprint: leave kid out, or give the thumbprint"
        raise KeyUnknownError(msg, field="kid")
    return algorithm, raw


def _encoded(algorithm: Algorithm, raw: bytes) -> tuple[str, ...]:
    return tuple(map(b64url_encode, algorithm.rule().to_coordinates(raw)))


def _algorithm(members: Mapping[object, object]) -> Algorithm:
    for algorithm in ALGORITHMS.values():
        if members.get("kty") == algorithm.kty and members.get("crv") == algorithm.crv:
            return algorithm
    known = " or ".join(f'kty "{each.kty}" with crv "{each.crv}"' for each in ALGORITHMS.values())
    msg = f"the JWK is not a key that is used here: {known}"
    raise AlgNotAllowedError(msg, field="kty", limit=NAMES)


def _coordinate(members: Mapping[object, object], name: str) -> bytes:
    value = members.get(name)
    if type(value) is not str:
        msg = f"the JWK's {name} must be a string, not {type(value).__name__}"
        raise MalformedError(msg, field=name)
    try:
        return b64url_decode(value, size=_COORDINATE_BYTES)
    except MalformedError:
        msg = f"the JWK's {name} must be {_COORDINATE_BYTES} bytes in base64url without padding"
        raise MalformedError(msg, field=name, limit=_COORDINATE_BYTES) from None


def _require_purpose(members: Mapping[object, object], jose: str) -> None:
    if "alg" in members and members["alg"] != jose:
        msg = f'the JWK\'s alg must be "{jose}", or absent'
        raise AlgKeyMismatchError(msg, field="alg", limit=jose)
    if "use" in members and members["use"] != "sig":
        msg = 'the JWK\'s use must be "sig", or absent'
        raise MalformedError(msg, field="use", limit="sig")
    if "key_ops" in members and members["key_ops"] != ["verify"]:
        msg = 'the JWK\'s key_ops must be ["verify"], or absent'
        raise MalformedError(msg, field="key_ops", limit="verify")
