"""``RevocationList.verify``: what an issuer says it has revoked."""

from __future__ import annotations

from dataclasses import replace

from delegate.canonical import parse_signed
from delegate.clock import ManualClock
from delegate.dsse import DsseEnvelope, pae, payload_type
from delegate.keys import KeyRecord, Purpose, TrustSnapshot, Usage
from delegate.revocation import RevocationList
from fuzz import material
from fuzz.first_step import FirstStep

_KEY = material.REVOKER_KEY
_TYPE = payload_type("revocation-list")
_TRUST = TrustSnapshot(
    (
        replace(
            material.ISSUER,
            revocation="required",
            keys=(
                *material.ISSUER.keys,
                KeyRecord(key=_KEY.public_key, usages=frozenset({Usage.REVOKE}), not_before=0),
            ),
        ),
    )
)
_LIST = RevocationList.sign(
    _KEY,
    issuer="acme",
    version=7,
    tokens=[material.TOKEN.token_id, material.ROOT_TOKEN.token_id],
    keys=[material.HELPER_KEY.key_id],
    clock=ManualClock(material.NOW),
)
SEEDS = (_LIST, b"~" + DsseEnvelope.decode(_LIST, payload_type=_TYPE).payload)
FIRST_STEP = FirstStep(within=(parse_signed,))


def _signed(payload: bytes) -> bytes:
    """``payload``, correctly signed by the issuer's key for revoking."""
    signature = _KEY.sign(Purpose.REVOCATION, pae(_TYPE, payload))
    return DsseEnvelope(
        payload_type=_TYPE, payload=payload, keyid=_KEY.key_id, signature=signature
    ).to_bytes()


def target(data: bytes) -> None:
    """After ``~`` stands a payload, which is signed first; a list that is read is the one form of itself."""
    anew = data[:1] == b"~"
    found = RevocationList.verify(_signed(data[1:]) if anew else data, _TRUST, now=material.NOW)
    if not anew and data != _LIST:
        msg = "a list was accepted that nobody signed"
        raise AssertionError(msg)
    if anew and found.payload != data[1:]:
        msg = "two payloads are one list"
        raise AssertionError(msg)
    if found.issuer != "acme":
        msg = "a list of another issuer was accepted"
        raise AssertionError(msg)
