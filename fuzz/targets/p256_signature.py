"""``PublicKey.verify`` of P-256: a signature of 64 bytes, then the key in its text, then the message."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from delegate.errors import SignatureInvalidError
from delegate.keys import PublicKey, Purpose
from fuzz import material
from fuzz.first_step import FirstStep

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_TEXT = material.P256_KEY.public_key.text.encode()
SEEDS = (material.P256_KEY.sign(Purpose.BLOCK, b"m") + _TEXT + b"m", bytes(64) + _TEXT)
FIRST_STEP = FirstStep(within=(PublicKey.from_text,))


def target(data: bytes) -> None:
    """Of (r, s) and (r, n - s) both are good over HTTP or neither is, and elsewhere at most one."""
    signature, text, message = data[:64], data[64 : 64 + len(_TEXT)], data[64 + len(_TEXT) :]
    key = PublicKey.from_text(text.decode("latin-1"))
    twin = signature[:32] + ((_ORDER - int.from_bytes(signature[32:], "big")) % _ORDER).to_bytes(32, "big")
    strict = [_good(key.verify, each, message) for each in (signature, twin)]
    http = [_good(key.verify_http, each, message) for each in (signature, twin)]
    if http[0] != http[1] or sum(strict) != http[0]:
        msg = "a signature has more forms than it should, or fewer"
        raise AssertionError(msg)


def _good(verify: Callable[[bytes, bytes], None], signature: bytes, message: bytes) -> bool:
    with suppress(SignatureInvalidError):
        verify(signature, message)
        return True
    return False
