"""``verification_steps`` for a message: an envelope against a fixed trust store, at a fixed time.

An input is an envelope, or after ``~`` a payload, which the holder signs first, so that what lies behind the
signature is reached as well.
"""

from __future__ import annotations

from delegate.canonical import JsonValue, canonicalize_signed, parse_signed, parse_strict
from delegate.clock import ManualClock
from delegate.dsse import DsseEnvelope, pae
from delegate.envelope import dsse
from delegate.envelope.params import canonical_params
from delegate.envelope.target import Origins
from delegate.envelope.verify import EnvelopeRules
from delegate.errors import DelegateError
from delegate.identity import Identity
from delegate.keys import Purpose, TrustStore
from delegate.verifier import Message, ReadBody, Verified
from delegate.verifier.policy import Policy
from delegate.verifier.steps import verification_steps
from fuzz import material
from fuzz.first_step import FirstStep

_METHOD = "tools/call"
_PARAMS: JsonValue = {"name": "orders.read", "arguments": {"order": "o-1", "rate": 0.25, "note": None}}
_POLICY = Policy(
    trust=TrustStore([material.MESSAGE_ISSUER]),
    origins=Origins([]),
    audiences=frozenset({material.AUDIENCE}),
    rules=EnvelopeRules(),
    clock=ManualClock(material.NOW),
    whole_body=ReadBody(1 << 20, 30.0),
    no_body=ReadBody(0, 30.0),
)


def _seed() -> bytes:
    signed = dsse.sign_message(
        material.HELPER_KEY,
        audience=material.AUDIENCE,
        method=_METHOD,
        params=canonical_params(_PARAMS),
        identity=Identity(agent="helper", run="rt-1"),
        token=material.MESSAGE_TOKEN.text,
        now=material.NOW,
    )
    return signed.text.encode()


def _sign(payload: bytes) -> bytes:
    """The envelope of ``payload``, signed by the helper under the key id that it states."""
    try:
        stated = parse_strict(payload)
    except DelegateError:
        stated = None
    keyid = stated.get("keyid") if isinstance(stated, dict) else None
    return DsseEnvelope(
        payload_type=dsse.TYPE,
        payload=payload,
        keyid=keyid if isinstance(keyid, str) else "",
        signature=material.HELPER_KEY.sign(Purpose.MESSAGE, pae(dsse.TYPE, payload)),
    ).to_bytes()


_SEED = parse_signed(DsseEnvelope.decode(_seed(), payload_type=dsse.TYPE).payload)
_PAYLOAD = canonicalize_signed(_SEED | {"nonce": "AAECAwQFBgcICQoLDA0ODw"})
"""With a nonce that every process draws alike: a seed is the same bytes wherever it is replayed."""
_SIGNED = _sign(_PAYLOAD)
SEEDS = (_SIGNED, b"~" + _PAYLOAD)
FIRST_STEP = FirstStep(within=(parse_signed,))


def _verify(envelope: bytes) -> Verified:
    """Drive the steps as a worker does, with a store that has seen nothing."""
    steps = verification_steps(_POLICY, Message(method=_METHOD, params=_PARAMS, envelope=envelope))
    next(steps)
    try:
        steps.send(0)
    except StopIteration as end:
        if isinstance(end.value, Verified):
            return end.value
    msg = "the steps ended without a proof and without a refusal"
    raise AssertionError(msg)


def target(data: bytes) -> None:
    """What is accepted was signed, for this audience, method and parameters, and has one spelling."""
    anew = data[:1] == b"~"
    verified = _verify(_sign(data[1:]) if anew else data)
    if not anew and data != _SIGNED:
        msg = "a message was accepted that nobody signed"
        raise AssertionError(msg)
    envelope = verified.envelope
    if (envelope.authority, envelope.method, verified.params) != (material.AUDIENCE, _METHOD, _PARAMS):
        msg = "another message was verified than the one that arrived"
        raise AssertionError(msg)
    if not 0 < envelope.expires - envelope.created <= 300:
        msg = "a message was accepted for longer than a server permits"
        raise AssertionError(msg)
