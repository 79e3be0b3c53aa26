"""P-256 keys from fixed numbers, and the other signature that ECDSA gives for free."""

from __future__ import annotations

from typing import Final

from delegate.keys import SigningKey

N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the group (FIPS 186-5, SEC 2 section 2.4.2)."""

P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B

KEYS: Final = tuple(SigningKey.from_seed(bytes([150 + index]) * 32, "p256") for index in range(17))


def split(signature: bytes) -> tuple[int, int]:
    """r and s of a signature."""
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")


def join(r: int, s: int) -> bytes:
    """The signature of r and s, below 2^256."""
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def other_s(signature: bytes) -> bytes:
    """(r, n - s): verifies wherever (r, s) does, unless a rule says otherwise."""
    r, s = split(signature)
    return join(r, N - s)
