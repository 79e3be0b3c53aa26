"""The gate of a worker: what reaches a handler, and what the sender of anything else is told."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.canonical import canonicalize
from delegate.envelope.params import attach
from delegate.errors import ConfigurationError, DelegateError, OutOfScopeError
from delegate.scope import Action
from delegate.server.jsonrpc import INVALID_REQUEST, parse_call
from delegate.server.messages import ActionFor, MessageGate
from delegate.verifier import Grant, Verified
from tests.support.forge import NOW
from tests.support.letter import METHOD, PARAMS, Letter, Worker
from tests.support.wire import CountingStore

READ = Action("orders.read", operation="read", risk="low", resources={"order": ["o-1"]})


def action_for(verified: Verified) -> Action | None:
    return READ if verified.envelope.method == METHOD else None


def call_of(letter: Letter, number: Any = 1) -> bytes:
    members = {
        "jsonrpc": "2.0",
        "id": number,
        "method": letter.method,
        "params": attach(letter.params, letter.envelope()),
    }
    return canonicalize({name: value for name, value in members.items() if value is not None})


class Handler:
    """Notes what it was given, and answers it back."""

    def __init__(self, then: Callable[[Grant], Any] = lambda grant: {"by": grant.agent}) -> None:
        self.grants: list[Grant] = []
        self.then = then

    async def __call__(self, grant: Grant) -> Any:
        self.grants.append(grant)
        return self.then(grant)


def answer(
    data: bytes,
    handler: Handler | None = None,
    *,
    worker: Worker | None = None,
    naming: ActionFor = action_for,
    **settings: Any,
) -> Any:
    gate = MessageGate((worker or Worker()).verifier, action_for=naming, **settings)
    sent = asyncio.run(gate.answer(data, handler or Handler()))
    return None if sent is None else json.loads(sent)


def test_a_permitted_call_reaches_the_handler_with_exactly_what_was_signed() -> None:
    handler = Handler()
    assert answer(call_of(Letter()), handler) == {"jsonrpc": "2.0", "id": 1, "result": {"by": "agent-1"}}
    [grant] = handler.grants
    assert grant.params == PARAMS
    assert (grant.action, grant.verified.envelope.method) == (READ, METHOD)


def test_admit_and_aadmit_give_the_same_grant() -> None:
    first, second = Worker(), Worker()
    one = MessageGate(first.verifier, action_for=action_for).admit(Letter().message())

    async def named(verified: Verified) -> Action | None:
        return action_for(verified)

    two = asyncio.run(MessageGate(second.verifier, action_for=named).aadmit(Letter().message()))
    assert (one.request_id, one.action, one.params) == (two.request_id, two.action, two.params)
    with pytest.raises(ConfigurationError) as refused:
        MessageGate(Worker().verifier, action_for=named).admit(Letter().message())
    assert refused.value.field == "action_for"


REFUSALS: dict[str, tuple[Callable[[], bytes], str, dict[str, Any]]] = {
    "unsigned": (
        lambda: canonicalize({"jsonrpc": "2.0", "id": 1, "method": METHOD, "params": PARAMS}),
        "signature_missing",
        {"status": 401},
    ),
    "no-params": (
        lambda: b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}',
        "signature_missing",
        {"executed": "no"},
    ),
    "expired": (
        lambda: call_of(Letter().changed(created=NOW - 60, expires=NOW)),
        "expired",
        {"executed": "no"},
    ),
    "stranger": (lambda: call_of(Letter().changed(keyid="x")), "signature_invalid", {"status": 401}),
    "other-audience": (
        lambda: call_of(Letter().changed(aud="mcp:other")),
        "authority_rejected",
        {"status": 421},
    ),
    "other-method": (
        lambda: call_of(replace(Letter(), method="tools/list")),
        "signature_invalid",
        {"status": 401},
    ),
    "other-params": (
        lambda: call_of(replace(Letter(), params={**PARAMS, "name": "refunds.create"})),
        "digest_mismatch",
        {"component": "params_sha256"},
    ),
    "unmapped": (
        lambda: call_of(replace(Letter(), method="x").changed(method="x")),
        "action_unmapped",
        {"status": 403},
    ),
}


@pytest.mark.parametrize(("make", "code", "facts"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_answered_with_its_code(
    make: Callable[[], bytes], code: str, facts: dict[str, Any]
) -> None:
    handler = Handler()
    said = answer(make(), handler)
    assert (said["jsonrpc"], said["id"], said["error"]["code"]) == ("2.0", 1, -32001)
    data = said["error"]["data"]
    assert data["code"] == code
    assert {name: data[name] for name in facts} == facts
    assert not handler.grants


def test_a_stranger_learns_no_more_than_over_http() -> None:
    said = answer(call_of(Letter().changed(keyid="x")))["error"]["data"]
    assert "detail" not in said
    shown = answer(call_of(Letter().changed(keyid="x")), development=True)["error"]["data"]
    assert (shown["code"], shown["step"]) == ("holder_mismatch", 6)


def test_out_of_scope_says_where() -> None:
    def refund(_verified: Verified) -> Action:
        return Action("refunds.create", operation="financial", risk="critical")

    said = answer(call_of(Letter()), naming=refund)["error"]["data"]
    assert (said["code"], said["block"], said["field"]) == ("out_of_scope", 0, "max_risk")


def test_a_replay_is_refused() -> None:
    worker = Worker()
    assert "result" in answer(call_of(Letter()), worker=worker)
    said = answer(call_of(Letter()), worker=worker)["error"]["data"]
    assert (said["code"], said["executed"]) == ("nonce_replayed", "unknown")


def test_a_notification_is_obeyed_or_refused_and_never_answered() -> None:
    handler = Handler()
    assert answer(call_of(Letter(), None), handler) is None
    assert len(handler.grants) == 1
    assert answer(call_of(Letter().changed(keyid="x"), None), handler) is None
    assert len(handler.grants) == 1


def boom(_: Any) -> Any:
    msg = "a canary"
    raise RuntimeError(msg)


@pytest.mark.parametrize(
    "case",
    [
        {"naming": boom},
        {"handler": Handler(boom)},
        {"handler": Handler(lambda _grant: {1, 2})},
        {"handler": Handler(lambda _grant: float("nan"))},
    ],
    ids=["action_for", "handler", "result", "nan"],
)
def test_a_defect_is_answered_without_a_word_about_it(
    case: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    said = answer(call_of(Letter()), **case)
    assert said == {"jsonrpc": "2.0", "id": 1, "error": {"code": -32603, "message": "Internal error"}}
    assert [record.levelno for record in caplog.records if record.exc_text] == [logging.ERROR]


class Broken(CountingStore):
    async def aclaim(self, **claim: Any) -> int:
        return int(boom(claim))


def test_a_failing_store_refuses_and_says_unavailable() -> None:
    worker = Worker()
    broken = Worker(replay=Broken(worker.clock), clock=worker.clock)
    said = answer(call_of(Letter()), worker=broken)["error"]["data"]
    assert said["code"] == "replay_store_unavailable"  # the sender is proved by then


def test_a_refusal_by_the_handler_says_that_it_may_have_acted() -> None:
    def asks_more(grant: Grant) -> Any:
        grant.verified.authorize(Action("refunds.create", operation="financial", risk="critical"))

    said = answer(call_of(Letter()), Handler(asks_more))["error"]["data"]
    assert (said["code"], said["executed"]) == ("out_of_scope", "unknown")


def test_a_refusal_that_the_handler_got_from_somebody_else_is_a_defect() -> None:
    def calls_another(_grant: Grant) -> Any:
        raise OutOfScopeError

    assert answer(call_of(Letter()), Handler(calls_another))["error"]["code"] == -32603


def test_an_observing_verifier_has_nothing_to_give() -> None:
    with pytest.raises(ConfigurationError) as refused:
        MessageGate(Worker(mode="observe").verifier, action_for=action_for)
    assert refused.value.field == "mode"


NO_CALLS = [
    b"",
    b"[]",
    b"1",
    b"{}",
    b'{"jsonrpc":"1.0","id":1,"method":"a"}',
    b'{"jsonrpc":"2.0","id":1}',
    b'{"jsonrpc":"2.0","id":1,"method":7}',
    b'{"jsonrpc":"2.0","id":null,"method":"a"}',
    b'{"jsonrpc":"2.0","id":true,"method":"a"}',
    b'{"jsonrpc":"2.0","id":1.5,"method":"a"}',
    b'{"jsonrpc":"2.0","id":1,"method":"a","extra":1}',
    b'{"jsonrpc":"2.0","id":1,"result":{}}',
    b'{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}',
    b'[{"jsonrpc":"2.0","id":1,"method":"a"}]',
    b'{"jsonrpc":"2.0","id":1,"method":"a","params":{"_meta":{"delegate/envelope":1}}}',
]


@pytest.mark.parametrize("data", NO_CALLS)
def test_what_is_no_call_is_refused(data: bytes) -> None:
    handler = Handler()
    assert answer(data, handler) == json.loads(INVALID_REQUEST)
    assert not handler.grants
    with pytest.raises(DelegateError):
        parse_call(data)


@given(st.binary(max_size=200) | st.from_regex(rb'\{"jsonrpc":"2.0","id":[0-9"a]*,"method":.*\}'))
def test_any_bytes_are_a_call_or_are_refused(data: bytes) -> None:
    try:
        call = parse_call(data)
    except DelegateError:
        return
    assert call.message.envelope is None


def test_the_same_gate_serves_many_at_once() -> None:
    worker = Worker()
    gate = MessageGate(worker.verifier, action_for=action_for)

    async def all_at_once() -> list[bytes | None]:
        waiting: list[Awaitable[bytes | None]] = [
            gate.answer(call_of(Letter()), Handler()) for _ in range(20)
        ]
        return list(await asyncio.gather(*waiting))

    answers = [json.loads(sent or b"{}") for sent in asyncio.run(all_at_once())]
    assert sum("result" in sent for sent in answers) == 1
