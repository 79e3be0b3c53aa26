"""``SigningKey.from_pem``: a private key in a file."""

from __future__ import annotations

from delegate.keys import SigningKey
from delegate.keys.pem import _is_encrypted
from fuzz import material
from fuzz.first_step import FirstStep

_PASSPHRASE = b"correct horse"
SEEDS = (
    material.HELPER_KEY.export_private_pem(),
    material.HELPER_KEY.export_private_pem(_PASSPHRASE),
    material.P256_KEY.export_private_pem(),
    material.P256_KEY.export_private_pem(_PASSPHRASE),
    material.HELPER_KEY.export_private_pem().replace(b"PRIVATE", b"EC PRIVATE"),
)
FIRST_STEP = FirstStep(within=(_is_encrypted,))


def target(data: bytes) -> None:
    """A key that is read is the same key when it is written and read again."""
    key = SigningKey.from_pem(data, _PASSPHRASE)
    if SigningKey.from_pem(key.export_private_pem()).key_id != key.key_id:
        msg = "the file reads back as another key"
        raise AssertionError(msg)
