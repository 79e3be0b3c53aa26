"""``parse_block``: the payload of one block, at the root and below it."""

from __future__ import annotations

from delegate.canonical import parse_signed
from delegate.token.block import parse_block
from fuzz import material
from fuzz.first_step import FirstStep

SEEDS = (
    b"r" + material.ROOT_BLOCK.to_payload(),
    b"c" + material.CHILD_BLOCK.to_payload(),
    b'r{"bud":1}',
)
FIRST_STEP = FirstStep(within=(parse_signed,))


def target(data: bytes) -> None:
    """The first byte chooses the place; a payload that is read is the one encoding of its block."""
    payload = data[1:]
    block = parse_block(payload, 0 if data[:1] == b"r" else 1)
    if block.to_payload() != payload:
        msg = "two payloads are one block"
        raise AssertionError(msg)
