"""``DsseEnvelope.decode``: signed documents."""

from __future__ import annotations

from delegate.canonical import parse_signed
from delegate.dsse import DsseEnvelope, payload_type
from fuzz.first_step import FirstStep

_TYPE = payload_type("key-claim")
SEEDS = (
    DsseEnvelope(payload_type=_TYPE, payload=b'{"v":1}', keyid="A" * 43, signature=bytes(64)).to_bytes(),
)
FIRST_STEP = FirstStep(within=(parse_signed,))


def target(data: bytes) -> None:
    """What decodes encodes to the same bytes."""
    if DsseEnvelope.decode(data, payload_type=_TYPE).to_bytes() != data:
        msg = "two encodings decode to one envelope"
        raise AssertionError(msg)
