"""The P-256 rule of the library (ECDSA with SHA-256, FIPS 186-5), and the proof that this machine keeps it.

The rule (design sections 3 and 6):

1. a public key is a compressed point (SEC 1 section 2.3.3): 33 bytes, the first 02 or 03, x below p, and on
   the curve, whose order is prime, so no point of it is small;
2. a signature is 64 bytes, r then s, big-endian, both above 0 and below the group order n;
3. where a signature is part of what others hash or compare (token blocks, DSSE objects), s is at most n/2:
   if (r, s) verifies, so does (r, n - s), and one of the two must not exist. An HTTP signature may have
   either (RFC 9421 section 3.3.4), as other libraries write both; what counts there once is the nonce, and
   never the signature.

What is signed here always has the low s, and the k of RFC 6979, so one message has one signature. An OpenSSL
that cannot derive k (before 3.2) draws it at random instead: no verifier sees a difference.

OpenSSL does the arithmetic; rules 1 and 2 are checked here first wherever that needs none. Importing this
file runs ``self_test``; ``algorithm.py`` imports it when the first P-256 key is met, and not before.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NoReturn

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from delegate.errors import (
    ConfigurationError,
    DelegateError,
    KeyWeakError,
    MalformedError,
    SignatureInvalidError,
)
from delegate.limits import P256_POINTS_KEPT

__all__ = [
    "DETERMINISTIC",
    "KEY_BYTES",
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

KEY_BYTES: Final = 33
SIGNATURE_BYTES: Final = 64

_NUMBER_BYTES: Final = 32
_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_CURVE: Final = ec.SECP256R1()
_VERIFYING: Final = ec.ECDSA(SHA256())

# Big-endian numbers of one length compare as bytes do.
_ZERO_BYTES: Final = bytes(_NUMBER_BYTES)
_P_BYTES: Final = _P.to_bytes(_NUMBER_BYTES, "big")
_ORDER_BYTES: Final = _ORDER.to_bytes(_NUMBER_BYTES, "big")
_HALF_ORDER_BYTES: Final = (_ORDER // 2).to_bytes(_NUMBER_BYTES, "big")

_PUBLISHED: Final = frozenset(
    bytes.fromhex(x)
    for x in (
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",  # the generator: a private 1
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6",  # RFC 6979 A.2.5
        "a885586552c2acf6471878cfd7b0935b4ffe0fd2dfc341248ea17bc41e058af0",  # RFC 9421 B.1.3
        "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445",  # RFC 7515 A.3
        "30a0424cd21c2944838a2d75c92b37e76ea20d9f00893a3b4eee8a3c0aafec3e",  # RFC 7517 A.1
        "808d060082c176eed3e776a4ac598cc8672c1779f974eecc9b03411ca5b9495d",  # RFC 7518 C
        "c1e349cb61ec70248ce801034c3834e1b88ebe1161cb25af38741f785fcfc4c4",  # RFC 7518 C
        "65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d",  # RFC 8152 C.7.1
        "98f50a4ff6c05861c8860d13a638ea56c3f5ad7590bbfbf054e1c7b4d91d6280",  # RFC 8152 C.7.1
        "bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff",  # RFC 8152 C.7.1
        "d38374c62db586c872bc1a7b235ebbb1b13f6d7ab2aa400f7de7dd92530eef06",  # Wycheproof
    )
)
"""The x of keys whose private half is in print. Who knows d knows n - d, so y does not matter."""


def require_strong(public_key: bytes) -> None:
    """Refuse a public key that is no point, or that nobody can hold alone: rule 1, and the keys in print.

    Raises ``MalformedError`` for another form than 33 bytes beginning with 02 or 03, else ``KeyWeakError``.
    """
    _point(public_key)
    if public_key[1:] in _PUBLISHED:
        msg = "the P-256 key is a published test key, anyone can sign with it; generate one: delegate keygen"
        raise KeyWeakError(msg, field="key")


@lru_cache(maxsize=P256_POINTS_KEPT)
def _point(public_key: bytes) -> ec.EllipticCurvePublicKey:
    """The point of a compressed key, y worked out; a refusal is never cached."""
    if len(public_key) != KEY_BYTES or public_key[0] not in {2, 3}:
        msg = f"a P-256 public key is a compressed point: 02 or 03, then x, {KEY_BYTES} bytes in all"
        raise MalformedError(msg, field="key", limit=KEY_BYTES)
    try:
        if public_key[1:] < _P_BYTES:
            return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public_key)
    except ValueError:
        pass
    msg = "the P-256 public key is not a point of the curve; generate a new one: delegate keygen"
    raise KeyWeakError(msg, field="key")


def verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    """Check ``signature`` (64 bytes) over ``message`` under ``public_key`` (33 bytes), all three rules.

    Raises ``SignatureInvalidError``, whatever the reason. Published test keys are not refused here but
    at ``require_strong``, so that published vectors verify without a back door.
    """
    if signature[_NUMBER_BYTES:] > _HALF_ORDER_BYTES:
        raise SignatureInvalidError(limit="P-256 with s at most n/2")
    verify_http(public_key, signature, message)


def verify_http(public_key: bytes, signature: bytes, message: bytes) -> None:
    """As ``verify``, with either s: the ``ecdsa-p256-sha256`` of RFC 9421."""
    r, s = signature[:_NUMBER_BYTES], signature[_NUMBER_BYTES:]
    if (
        len(signature) != SIGNATURE_BYTES
        or not _ZERO_BYTES < r < _ORDER_BYTES
        or not _ZERO_BYTES < s < _ORDER_BYTES
    ):
        raise SignatureInvalidError(limit="strict P-256")
    try:
        _point(public_key).verify(
            encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big")), message, _VERIFYING
        )
    except (InvalidSignature, MalformedError, KeyWeakError):
        raise SignatureInvalidError from None


def generate() -> bytes:
    """A new private number from the system's random source: 32 bytes, 1 to n - 1."""
    return (1 + secrets.randbelow(_ORDER - 1)).to_bytes(_NUMBER_BYTES, "big")


def keypair(seed: bytes) -> tuple[bytes, ec.EllipticCurvePrivateKey]:
    """(public key, private key) of a private number: 32 bytes, big-endian, 1 to n - 1.

    Raises ``MalformedError``.
    """
    if len(seed) != _NUMBER_BYTES or not _ZERO_BYTES < seed < _ORDER_BYTES:
        msg = f"a P-256 private key is {_NUMBER_BYTES} bytes, a number from 1 to n - 1"
        raise MalformedError(msg, field="seed", limit=_NUMBER_BYTES)
    private = ec.derive_private_key(int.from_bytes(seed, "big"), _CURVE)
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint), private


def _signing() -> tuple[ec.ECDSA, bool]:
    """How to sign, and whether that is deterministic."""
    try:
        return ec.ECDSA(SHA256(), deterministic_signing=True), True
    except UnsupportedAlgorithm:  # OpenSSL before 3.2
        return ec.ECDSA(SHA256()), False


_SIGNING, DETERMINISTIC = _signing()


def sign(private: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """The 64-byte signature over ``message``, its s at most n/2, by ``private``, as ``keypair`` gives it."""
    r, s = decode_dss_signature(private.sign(message, _SIGNING))
    return r.to_bytes(_NUMBER_BYTES, "big") + min(s, _ORDER - s).to_bytes(_NUMBER_BYTES, "big")


def to_coordinates(public_key: bytes) -> tuple[bytes, bytes]:
    """(x, y) of a compressed key, 32 bytes each (RFC 7518 section 6.2.1); raises as ``require_strong``."""
    point = _point(public_key).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return point[1 : 1 + _NUMBER_BYTES], point[1 + _NUMBER_BYTES :]


def from_coordinates(x: bytes, y: bytes) -> bytes:
    """The compressed key of (x, y), 32 bytes each; raises ``KeyWeakError`` when that is not on the curve."""
    public_key = bytes([2 | y[-1] & 1]) + x
    if to_coordinates(public_key) != (x, y):
        msg = "the P-256 public key is not a point of the curve; generate a new one: delegate keygen"
        raise KeyWeakError(msg, field="key")
    return public_key


_SEED: Final = bytes.fromhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
_TEST: Final = bytes.fromhex(
    "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
    "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"
)
_SAMPLE: Final = bytes.fromhex(
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
)
_SELF_TEST: Final = (
    ("RFC 6979 A.2.5 'test'", verify, _TEST, b"test", True),
    ("the same over another message", verify, _TEST, b"Test", False),
    ("RFC 6979 A.2.5 'sample', whose s is high, where s must be low", verify, _SAMPLE, b"sample", False),
    ("RFC 6979 A.2.5 'sample' as an HTTP signature", verify_http, _SAMPLE, b"sample", True),
)
_OFF_CURVE: Final = b"\x02" + (1).to_bytes(_NUMBER_BYTES, "big")


def self_test() -> None:
    """Verify good and bad vectors, refuse a point off the curve, and sign a vector again.

    Raises ``ConfigurationError`` when any answer is wrong: a library that verifies wrongly must never
    decide about a key.
    """
    public_key, private = keypair(_SEED)
    for name, check, signature, message, expected in _SELF_TEST:
        if _accepts(check, public_key, signature, message) is not expected:
            _fail(name, expected=expected)
    if _accepts(require_strong, _OFF_CURVE):
        _fail("a point off the curve", expected=False)
    signature = sign(private, b"test")
    if not _accepts(verify, public_key, signature, b"test") or (DETERMINISTIC and signature != _TEST):
        _fail("signing RFC 6979 A.2.5 'test'", expected=True)


def _fail(name: str, *, expected: bool) -> NoReturn:
    msg = f"P-256 self-test failed on {name}: repair the installation of cryptography"
    raise ConfigurationError(msg, field="cryptography", limit=expected)


def _accepts(check: Callable[..., None], *arguments: bytes) -> bool:
    try:
        check(*arguments)
    except DelegateError:
        return False
    return True


self_test()
