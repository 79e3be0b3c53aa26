"""What a hostile key file may cost: its numbers are read before the work is done."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import (
    AlgNotAllowedError,
    DelegateError,
    KeyUnavailableError,
    MalformedError,
    TooLargeError,
)
from delegate.keys import SigningKey
from delegate.keys.pbes2 import require_affordable
from delegate.limits import KEY_PBKDF2_MAX_ITERATIONS, KEY_SCRYPT_MAX_COST

PBES2: Final = "2a864886f70d01050d"
PBKDF2: Final = "2a864886f70d01050c"
SCRYPT: Final = "2b06010401da47040b"
HMAC_SHA256: Final = "2a864886f70d0209"
AES_256_CBC: Final = "60864801650304012a"
PBE_SHA1_3DES: Final = "2a864886f70d010c0103"


def tlv(tag: int, *contents: bytes) -> bytes:
    """One element in DER."""
    data = b"".join(contents)
    size = len(data)
    if size < 0x80:
        return bytes([tag, size]) + data
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + data


def sequence(*contents: bytes) -> bytes:
    return tlv(0x30, *contents)


def integer(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    return tlv(0x06, bytes.fromhex(dotted))


SALT: Final = tlv(0x04, bytes(8))
PRF: Final = sequence(oid(HMAC_SHA256), b"\x05\x00")
CIPHER: Final = sequence(oid(AES_256_CBC), tlv(0x04, bytes(16)))


def pbkdf2(*parts: bytes) -> bytes:
    return sequence(oid(PBKDF2), sequence(*parts))


def scrypt(*numbers: int) -> bytes:
    return sequence(oid(SCRYPT), sequence(SALT, *map(integer, numbers)))


def encrypted(kdf: bytes, *, scheme: str = PBES2, data: bytes = bytes(64)) -> bytes:
    """An EncryptedPrivateKeyInfo around ``data``."""
    return sequence(sequence(oid(scheme), sequence(kdf, CIPHER)), tlv(0x04, data))


def pem(der: bytes) -> bytes:
    return b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n%b\n-----END ENCRYPTED PRIVATE KEY-----\n" % b64encode(
        der
    )


def never() -> str:
    raise AssertionError


@pytest.mark.parametrize(
    ("good", "bad", "limit"),
    [
        (
            pbkdf2(SALT, integer(KEY_PBKDF2_MAX_ITERATIONS), PRF),
            pbkdf2(SALT, integer(KEY_PBKDF2_MAX_ITERATIONS + 1), PRF),
            KEY_PBKDF2_MAX_ITERATIONS,
        ),
        (
            pbkdf2(SALT, integer(2048), b"\x05\x00"),
            pbkdf2(SALT, integer(2**31 - 1)),
            KEY_PBKDF2_MAX_ITERATIONS,
        ),
        (pbkdf2(SALT, integer(2048)), pbkdf2(SALT, integer(2**31 - 1)), KEY_PBKDF2_MAX_ITERATIONS),
        (
            pbkdf2(SALT, integer(20_000), integer(32), PRF),
            pbkdf2(SALT, integer(2**40_000), PRF),
            KEY_PBKDF2_MAX_ITERATIONS,
        ),
        (scrypt(2**17, 8, 1), scrypt(2**17, 8, 2), KEY_SCRYPT_MAX_COST),
        (scrypt(2**14, 8, 1, 32), scrypt(2**30, 8, 1), KEY_SCRYPT_MAX_COST),
        (scrypt(2, 1, 2**19), scrypt(2, 1, 2**20), KEY_SCRYPT_MAX_COST),
    ],
)
def test_the_work_a_file_asks_for_is_bounded(good: bytes, bad: bytes, limit: int) -> None:
    require_affordable(encrypted(good))
    with pytest.raises(TooLargeError) as refused:
        require_affordable(encrypted(bad))
    assert (refused.value.field, refused.value.limit) == ("pem", limit)


def test_nobody_is_asked_for_a_passphrase_that_would_open_it_in_an_hour() -> None:
    for der in (encrypted(pbkdf2(SALT, integer(2**31 - 1), PRF)), encrypted(scrypt(2**40, 8, 1))):
        with pytest.raises(TooLargeError):
            SigningKey.from_pem(pem(der), never)
    with pytest.raises(KeyUnavailableError):
        SigningKey.from_pem(pem(encrypted(pbkdf2(SALT, integer(2048), PRF))), "wrong")


@pytest.mark.parametrize(
    "der",
    [
        encrypted(pbkdf2(SALT, integer(2048)), scheme=PBE_SHA1_3DES),
        sequence(sequence(oid(PBE_SHA1_3DES), sequence(SALT, integer(2**31 - 1))), tlv(0x04, bytes(64))),
        sequence(sequence(oid(PBE_SHA1_3DES)), tlv(0x04, bytes(64))),
        encrypted(sequence(oid(HMAC_SHA256), sequence(SALT, integer(1)))),
    ],
)
def test_another_encryption_is_refused_by_name(der: bytes) -> None:
    with pytest.raises(AlgNotAllowedError) as refused:
        SigningKey.from_pem(pem(der), never)
    assert (refused.value.field, refused.value.limit) == ("pem", "PBES2")


GOOD: Final = encrypted(pbkdf2(SALT, integer(2048), PRF))


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80",
        GOOD[:-1],
        GOOD + b"\0",
        GOOD + GOOD,
        b"\x30\x82" + len(GOOD[2:]).to_bytes(2, "big") + GOOD[2:],  # not the shortest length
        b"\x30\x83\x00" + len(GOOD[3:]).to_bytes(2, "big") + GOOD[3:],
        b"\x30\x80" + GOOD[2:] + b"\0\0",  # indefinite
        sequence(sequence(oid(PBES2), sequence(pbkdf2(SALT, integer(1)), CIPHER))),
        sequence(tlv(0x04, bytes(64)), sequence(oid(PBES2))),
        sequence(sequence(oid(PBES2)), tlv(0x04, bytes(64))),
        sequence(sequence(tlv(0x04, bytes.fromhex(PBES2)), sequence()), tlv(0x04)),
        encrypted(pbkdf2(SALT)),
        encrypted(pbkdf2(integer(2048), SALT)),
        encrypted(pbkdf2(SALT, integer(0))),
        encrypted(pbkdf2(SALT, integer(-1))),
        encrypted(pbkdf2(SALT, b"\x02\x00")),
        encrypted(pbkdf2(sequence(SALT), integer(2048))),
        encrypted(scrypt(2**14, 8)),
        encrypted(scrypt(-(2**14), -8, 1)),
        encrypted(scrypt(2**14, 0, 1)),
    ],
)
def test_what_is_not_one_is_malformed(der: bytes) -> None:
    require_affordable(GOOD)
    with pytest.raises(MalformedError) as refused:
        require_affordable(der)
    assert refused.value.field == "pem"


def test_a_length_of_128_has_one_form() -> None:
    """X.690 section 8.1.3: up to 127 in one byte, from 128 on in two or more; a lone 80 is indefinite."""
    kdf = pbkdf2(SALT, integer(2048))
    [whole] = [der for size in range(100) if len(der := encrypted(kdf, data=bytes(size))) == 131]
    assert whole.startswith(b"\x30\x81\x80")
    require_affordable(whole)
    for head in (b"\x30\x80", b"\x30\x82\x00\x80", b"\x30\x81\x7f"):
        with pytest.raises(MalformedError):
            require_affordable(head + whole[3:])


def test_the_body_is_read_in_one_way() -> None:
    """Base64 that two decoders could read differently never reaches the second."""
    body = pem(GOOD)
    with pytest.raises(KeyUnavailableError):
        SigningKey.from_pem(body, "wrong")
    for wound in (
        body.replace(b"=\n", b"\n"),
        body.replace(b"-----\nM", b"-----\n=M"),
        body.replace(b"=\n", b"==\n"),
    ):
        assert wound != body
        with pytest.raises(MalformedError, match="not canonical base64"):
            SigningKey.from_pem(wound, never)


@given(st.binary(max_size=200) | st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)))
def test_any_bytes_pass_or_are_refused(change: bytes | tuple[int, int]) -> None:
    der = bytearray(GOOD)
    if isinstance(change, bytes):
        der = bytearray(change)
    else:
        der[change[0]] = change[1]
    try:
        require_affordable(bytes(der))
    except DelegateError:
        return
