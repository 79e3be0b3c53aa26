"""``KeyClaim.verify``: how a remote delegatee shows which key it holds."""

from __future__ import annotations

from delegate.canonical import parse_signed
from delegate.clock import ManualClock
from delegate.dsse import DsseEnvelope, pae, payload_type
from delegate.keys import Purpose
from delegate.token import KeyClaim
from fuzz import material
from fuzz.first_step import FirstStep

_TYPE = payload_type("key-claim")
_CLOCK = ManualClock(material.NOW)
_CHALLENGE = "AAECAwQFBgcICQoLDA0ODw"
_CLAIM = KeyClaim.sign(
    material.HELPER_KEY, delegator="worker", agent="helper", challenge=_CHALLENGE, clock=_CLOCK
)
_PAYLOAD = DsseEnvelope.decode(_CLAIM, payload_type=_TYPE).payload
SEEDS = (_CLAIM, b"~" + _PAYLOAD)
FIRST_STEP = FirstStep(within=(parse_signed,))


def _signed(payload: bytes) -> bytes:
    """The claim that ``payload`` makes, correctly signed by the helper."""
    return DsseEnvelope(
        payload_type=_TYPE,
        payload=payload,
        keyid=material.HELPER_KEY.key_id,
        signature=material.HELPER_KEY.sign(Purpose.KEY_CLAIM, pae(_TYPE, payload)),
    ).to_bytes()


def target(data: bytes) -> None:
    """After ``~`` stands a payload, which is signed first; a claim that verifies says what was asked."""
    anew = data[:1] == b"~"
    claim = KeyClaim.verify(
        _signed(data[1:]) if anew else data,
        delegator="worker",
        agent="helper",
        challenge=_CHALLENGE,
        clock=_CLOCK,
    )
    if claim.key != material.HELPER_KEY.public_key or not 0 < claim.expires_at - material.NOW <= 300:
        msg = "a claim to another key, or for longer, was accepted"
        raise AssertionError(msg)
    if not anew and data != _CLAIM:
        msg = "a claim was accepted that nobody signed"
        raise AssertionError(msg)
