"""What it would cost to open an encrypted private key (PBES2, RFC 8018), read before the cost is paid.

The rule: the file says how much work its passphrase takes, so whoever wrote the file chooses how long we
work. An EncryptedPrivateKeyInfo (RFC 5958) is opened only when its key derivation is PBKDF2 of at most
5,000,000 iterations, or scrypt (RFC 7914) of at most N * r * p = 2^20. Older schemes are not opened at all.

Only what leads to those numbers is read, in DER: definite lengths, each in its shortest form. So there is
one way to read them, and the library that decrypts sees the same.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from math import prod
from typing import Final

from delegate.errors import AlgNotAllowedError, MalformedError, TooLargeError
from delegate.limits import KEY_PBKDF2_MAX_ITERATIONS, KEY_SCRYPT_MAX_COST

__all__ = ["require_affordable"]

_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_OID: Final = 0x06
_SEQUENCE: Final = 0x30

_PBES2: Final = bytes.fromhex("2a864886f70d01050d")
_PBKDF2: Final = bytes.fromhex("2a864886f70d01050c")
_SCRYPT: Final = bytes.fromhex("2b06010401da47040b")
_COSTS: Final = {  # KDF: (how many integers after the salt make its cost, their product at most)
    _PBKDF2: (1, KEY_PBKDF2_MAX_ITERATIONS),
    _SCRYPT: (3, KEY_SCRYPT_MAX_COST),
}
_LONG: Final = 0x80
"""From here on the byte after the tag counts the bytes of the length (X.690 section 8.1.3.5)."""


def require_affordable(der: bytes) -> None:
    """Refuse an EncryptedPrivateKeyInfo that would take too long to open.

    Raises ``TooLargeError`` (``limit`` is the bound of its key derivation), ``AlgNotAllowedError`` for
    another scheme than PBES2 with PBKDF2 or scrypt, and ``MalformedError`` for what is not one at all.
    """
    (info,) = _read(der, _SEQUENCE)
    scheme, _ = _read(info, _SEQUENCE, _OCTETS)
    (_, parameters) = _named(scheme, frozenset({_PBES2}))
    kdf, _ = _read(parameters, _SEQUENCE, _SEQUENCE)
    name, parameters = _named(kdf, _COSTS.keys())
    numbers, limit = _COSTS[name]
    _salt, *rest = _read(parameters, _OCTETS, *[_INTEGER] * numbers, open_end=True)
    factors = [int.from_bytes(number, "big", signed=True) for number in rest[:numbers]]
    if min(factors) < 1:
        raise _malformed()
    if prod(factors) > limit:
        msg = f"the key file asks for more than {limit} rounds of work before it opens: encrypt it anew"
        raise TooLargeError(msg, field="pem", limit=limit)


def _named(identifier: bytes, known: AbstractSet[bytes]) -> tuple[bytes, bytes]:
    """The name of an AlgorithmIdentifier, which must be ``known``, and its parameters."""
    name, *_ = _read(identifier, _OID, open_end=True)
    if name not in known:
        msg = "the key file is encrypted in a way that is not opened here: use PBES2 with PBKDF2 or scrypt"
        raise AlgNotAllowedError(msg, field="pem", limit="PBES2")
    _, parameters = _read(identifier, _OID, _SEQUENCE)
    return name, parameters


def _read(data: bytes, *tags: int, open_end: bool = False) -> list[bytes]:
    """The contents of the elements in ``data``, which have ``tags``; with ``open_end`` more may follow."""
    elements = []
    while data:
        tag, contents, data = _split(data)
        elements.append((tag, contents))
    found = tuple(tag for tag, _ in elements)
    if found[: len(tags)] != tags or (len(found) > len(tags) and not open_end):
        raise _malformed()
    return [contents for _, contents in elements]


def _split(data: bytes) -> tuple[int, bytes, bytes]:
    """(tag, contents, what follows) of the first element."""
    head, size = 2, data[1] if len(data) > 1 else _LONG
    if size >= _LONG:
        head += size - _LONG
        size = int.from_bytes(data[2:head], "big")
        if size < _LONG or data[2] == 0:  # indefinite, or not the shortest form
            raise _malformed()
    if len(data) < head + size:
        raise _malformed()
    return data[0], data[head : head + size], data[head + size :]


def _malformed() -> MalformedError:
    msg = "the PEM block does not hold an encrypted PKCS#8 private key"
    return MalformedError(msg, field="pem")
