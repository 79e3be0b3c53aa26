"""Signing messages under the current delegation."""

from __future__ import annotations

from typing import Any

import pytest

import delegate
from delegate.client.messages import sign_message, sign_params
from delegate.clock import ManualClock
from delegate.envelope.params import ENTRY, META, detach
from delegate.errors import (
    AudienceMismatchError,
    ConfigurationError,
    DelegateError,
    DelegationExpiredError,
    DelegationMissingError,
    MalformedError,
    MethodRejectedError,
    OutOfScopeError,
)
from delegate.keys import Purpose
from delegate.scope import Action
from delegate.verifier import Message
from tests.client.support import ISSUER_KEY, ME, NOW, ORIGIN, READ_ONLY, SCOPE, WORKER_KEY, entered, token
from tests.support.letter import AUDIENCE, PARAMS, Worker
from tests.support.wire import issuing_record, trust_store

CLOCK = ManualClock(NOW)
READ = Action("orders.read", operation="read", risk="low")
REFUND = Action("refunds.create", operation="financial", risk="high")


def worker() -> Worker:
    trust = trust_store(
        name="issuer", audiences=(AUDIENCE, ORIGIN), ceiling=SCOPE, keys=(issuing_record(ISSUER_KEY),)
    )
    made = Worker(trust=trust)
    made.clock.set(NOW)
    return made


def call(method: str = "tools/call", params: Any = PARAMS, **settings: Any) -> dict[str, Any]:
    defaults: dict[str, Any] = {"audience": AUDIENCE, "clock": CLOCK}
    return sign_params(method, params, **(defaults | settings))


def arrived(params: Any, method: str = "tools/call") -> Message:
    envelope, rest = detach(params)
    return Message(method=method, params=rest, envelope=envelope)


def test_what_is_signed_verifies_and_says_who() -> None:
    with entered(audience=[AUDIENCE]):
        params = call()
    proof = worker().verifier.verify(arrived(params))
    assert (proof.agent, proof.identity, proof.root) == ("worker-agent", ME, "user:ada")
    assert (proof.envelope.created, proof.envelope.expires) == (NOW, NOW + 60)
    assert proof.params == PARAMS
    assert {name: value for name, value in params.items() if name != META} == PARAMS
    assert META not in PARAMS


def test_the_envelope_alone_for_a_queue_that_carries_it_beside() -> None:
    with entered(audience=[AUDIENCE]):
        signed = sign_message("orders.read", None, audience=AUDIENCE, clock=CLOCK, lifetime=5)
    proof = worker().verifier.verify(Message(method="orders.read", params=None, envelope=signed.text))
    assert proof.request_id == signed.envelope.request_id
    assert (proof.params, proof.envelope.expires) == (None, NOW + 5)
    for secret in (signed.text, token().text, signed.envelope.nonce.hex()):
        assert secret not in repr(signed) + repr(signed.envelope)


def test_what_stands_beside_our_entry_is_signed_and_kept() -> None:
    with entered(audience=[AUDIENCE]):
        params = call(params={"name": "x", META: {"progressToken": 7, ENTRY: "an older one"}})
    proof = worker().verifier.verify(arrived(params))
    assert proof.params == {"name": "x", META: {"progressToken": 7}}
    params[META]["progressToken"] = 8
    with pytest.raises(DelegateError) as refused:
        worker().verifier.verify(arrived(params))
    assert refused.value.code == "digest_mismatch"


def test_s170_each_signing_has_a_nonce_of_its_own() -> None:
    with entered(audience=[AUDIENCE]):
        nonces = {sign_message("m", 1, audience=AUDIENCE, clock=CLOCK).envelope.nonce for _ in range(20)}
    assert len(nonces) == 20


def test_a_narrowed_delegation_signs_with_its_own_key() -> None:
    taking = worker()
    with entered(audience=[AUDIENCE]), delegate.narrow(scope=READ_ONLY, expires_in=30, clock=CLOCK):
        proof = taking.verifier.verify(arrived(call()))
    assert len(proof.path) == 2
    assert proof.key_id != WORKER_KEY.key_id
    proof.authorize(READ)
    with pytest.raises(OutOfScopeError):
        proof.authorize(REFUND)


def test_where_nothing_is_current_nothing_is_signed() -> None:
    with pytest.raises(DelegationMissingError):
        call()
    with entered(audience=[AUDIENCE]) as left:
        call()
    with pytest.raises(DelegationMissingError):
        left.require_open()
    with pytest.raises(DelegationMissingError):
        call()


def test_a_token_for_another_audience_signs_nothing() -> None:
    for audience in ([ORIGIN], ["mcp:other"]):
        with entered(audience=audience), pytest.raises(AudienceMismatchError):
            call()
    with entered(audience=[ORIGIN, AUDIENCE]):
        call()
        with pytest.raises(MalformedError):
            call(audience=ORIGIN)  # a web origin takes requests, not messages


def test_an_expired_token_signs_nothing() -> None:
    with entered(audience=[AUDIENCE]), pytest.raises(DelegationExpiredError):
        call(clock=ManualClock(NOW + 600))


def test_what_the_token_does_not_permit_is_not_signed() -> None:
    with entered(audience=[AUDIENCE], scope=READ_ONLY):
        call(action=READ)
        with pytest.raises(OutOfScopeError):
            call(action=REFUND)
        with delegate.action(REFUND), pytest.raises(OutOfScopeError):
            call()


class NeverAsked:
    """A signer that must not be asked."""

    public_key = WORKER_KEY.public_key

    def sign(self, purpose: Purpose, message: bytes) -> bytes:
        raise AssertionError(purpose)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"method": "tools call"}, MethodRejectedError),
        ({"method": ""}, MethodRejectedError),
        ({"params": [1]}, MalformedError),
        ({"params": {META: 1}}, MalformedError),
        ({"params": {"a": float("nan")}}, MalformedError),
        ({"params": {"a": 1e20}}, MalformedError),
        ({"params": {"a": {1, 2}}}, MalformedError),
        ({"lifetime": 0}, ConfigurationError),
        ({"lifetime": 301}, ConfigurationError),
        ({"lifetime": 1.5}, ConfigurationError),
    ],
)
def test_what_a_worker_would_refuse_is_refused_before_the_key_is_asked(
    changes: dict[str, Any], error: type[DelegateError]
) -> None:
    with (
        delegate.with_delegation(token(audience=[AUDIENCE]), key=NeverAsked()),
        pytest.raises(error),
    ):
        call(**changes)
