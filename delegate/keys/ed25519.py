"""The one Ed25519 rule of the library, and the proof at start-up that this machine keeps it.

RFC 8032 leaves room: implementations differ on small-order points, on points written in a second way, and
on the cofactor, so that one signature is good here and bad there. The rule (design section 3) leaves none:

1. a public key is 32 bytes and a signature 64, R then S;
2. S is below the group order L (RFC 8032 section 5.1.7), so S + L is not a second signature;
3. A and R are written canonically (y below p, no sign on x = 0) and are not of small order;
4. R = SB - kA, without the cofactor, compared as bytes.

libsodium (under PyNaCl) refuses all of this by itself today; OpenSSL (under ``cryptography``) accepts
small-order points, and with one such key a signature that is good for every message. Releases and build
options change such things, so rules 1 to 3 are checked here first, and either library then gives the same
answer. Off-curve keys are not looked for: no signature verifies under them.

Importing this file runs ``self_test``; it is the only file that imports ``nacl``.
"""

from __future__ import annotations

import secrets
from typing import Final

from nacl._sodium import ffi, lib  # type: ignore[import-not-found]  # compiled, and without a stub
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from delegate.errors import ConfigurationError, KeyWeakError, MalformedError, SignatureInvalidError

__all__ = [
    "KEY_BYTES",
    "REFUSED_POINTS",
    "SIGNATURE_BYTES",
    "from_coordinates",
    "generate",
    "keypair",
    "require_strong",
    "self_test",
    "sign",
    "to_coordinates",
    "verify",
    "verify_http",
]

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_ORDER_8_Y: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER_Y: Final = (0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y)
REFUSED_POINTS: Final = frozenset(
    (y | sign << 255).to_bytes(KEY_BYTES, "little")
    for y in (*_SMALL_ORDER_Y, *range(_P, 2**255))
    for sign in (0, 1)
)
"""All 48 encodings that neither A nor R may have: the eight points of small order with either sign bit,
and every y from p to 2^255 - 1. Being so few, they make rule 3 one set look-up."""

_ORDER_BIG_ENDIAN: Final = _ORDER.to_bytes(KEY_BYTES, "big")
_open: Final = lib.crypto_sign_open
_NOWHERE: Final = ffi.NULL
"""Where libsodium writes the message that it has verified, and its length: it is here already (ADR 35)."""

_S_REVERSED: Final = slice(None, 31, -1)
"""S is little-endian; read backwards it compares with L as bytes do."""

_PUBLISHED: Final = frozenset(
    bytes.fromhex(key)
    for key in (
        "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb",  # RFC 9421 B.1.4
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",  # RFC 8032 7.1, RFC 8037 A
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",  # RFC 8032 7.1
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",  # RFC 8032 7.1
        "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e",  # RFC 8032 7.1
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",  # RFC 8032 7.1, 7.3
        "dfc9425e4f968f7f0c29f0259cf5f9aed6851c2bb4ad8bfb860cfee0ab248292",  # RFC 8032 7.2
        "0f1d1274943b91415889152e893d80e93275a1fc0b65fd71b4b0dda10ad7d772",  # RFC 8032 7.2
        "7d4d0e7f6153a69b6242b522abbee685fda4420f8834b108c3bdae369ef549fa",  # Wycheproof
        "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29",  # a seed of 32 zero bytes
    )
)
"""Keys whose private half is in print: whoever trusts one trusts every reader."""


def require_strong(public_key: bytes) -> None:
    """Refuse a public key that nobody can hold alone: rules 1 and 3, and the keys in print.

    Raises ``MalformedError`` for another length than 32 bytes, else ``KeyWeakError``.
    """
    if len(public_key) != KEY_BYTES:
        msg = f"an Ed25519 public key is {KEY_BYTES} bytes, not {len(public_key)}"
        raise MalformedError(msg, field="key", limit=KEY_BYTES)
    if public_key in REFUSED_POINTS:
        msg = "the Ed25519 public key is of small order or not canonical; generate a new one: delegate keygen"
        raise KeyWeakError(msg, field="key")
    if public_key in _PUBLISHED:
        msg = (
            "the Ed25519 key is a published test key, anyone can sign with it; generate one: delegate keygen"
        )
        raise KeyWeakError(msg, field="key")


def verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check ``signature`` (64 bytes) over ``message`` under ``public_key`` (32 bytes), all four rules.

    Raises ``SignatureInvalidError``, whatever the reason. Published test keys are not refused here but
    at ``require_strong``, so that published vectors verify without a back door.
    """
    if (
        len(signature) != SIGNATURE_BYTES
        or len(public_key) != KEY_BYTES
        or public_key in REFUSED_POINTS
        or signature[:32] in REFUSED_POINTS
        or signature[_S_REVERSED] >= _ORDER_BIG_ENDIAN
    ):
        raise SignatureInvalidError(limit="strict Ed25519")
    signed = signature + message
    if _open(_NOWHERE, _NOWHERE, signed, len(signed), public_key) != 0:
        raise SignatureInvalidError


verify_http: Final = verify
"""The ``ed25519`` of RFC 9421 section 3.3.6: under this rule a signature has one form anyway."""


def generate() -> bytes:
    """A new seed of 32 bytes from the system's random source."""
    return secrets.token_bytes(KEY_BYTES)


def keypair(seed: bytes) -> tuple[bytes, bytes]:
    """(public key, secret key) of a 32-byte seed; the secret key is the seed and the public key."""
    if len(seed) != KEY_BYTES:
        msg = f"an Ed25519 seed is {KEY_BYTES} bytes, not {len(seed)}"
        raise MalformedError(msg, field="seed", limit=KEY_BYTES)
    public_key, secret_key = crypto_sign_seed_keypair(seed)
    return public_key, secret_key


def sign(secret_key: bytes, message: bytes) -> bytes:
    """The 64-byte signature over ``message`` by ``secret_key``, as ``keypair`` gives it."""
    signed: bytes = crypto_sign(message, secret_key)
    return signed[:SIGNATURE_BYTES]


def to_coordinates(public_key: bytes) -> tuple[bytes]:
    """The one coordinate of a key as JWK has it (RFC 8037 section 2): its bytes."""
    return (public_key,)


def from_coordinates(x: bytes) -> bytes:
    """The key of that coordinate."""
    return x


_GOOD_KEY: Final = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
_GOOD_SIGNATURE: Final = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
_IDENTITY: Final = b"\x01" + bytes(31)
_SELF_TEST: Final = (
    ("RFC 8032 section 7.1 test 2", _GOOD_KEY, _GOOD_SIGNATURE, b"\x72", True),
    ("the same over another message", _GOOD_KEY, _GOOD_SIGNATURE, b"\x73", False),
    ("the small-order key that signs everything", _IDENTITY, _IDENTITY + bytes(32), b"any", False),
)


def self_test() -> None:
    """Verify one good, one bad and one small-order vector.

    Raises ``ConfigurationError`` when any answer is wrong: a library that verifies wrongly must never
    get as far as a request.
    """
    for name, public_key, signature, message, expected in _SELF_TEST:
        if _accepts(public_key, signature, message) is not expected:
            msg = f"Ed25519 self-test failed on {name}: repair the installation of PyNaCl"
            raise ConfigurationError(msg, field="PyNaCl", limit=expected)


def _accepts(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        verify(public_key, signature, message)
    except SignatureInvalidError:
        return False
    return True


self_test()
