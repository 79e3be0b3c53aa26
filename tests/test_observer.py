"""The hook for whoever counts: what it is told, and that it never decides towards yes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from delegate.client.httpx import SigningTransport
from delegate.client.messages import sign_message
from delegate.clock import ManualClock
from delegate.errors import ConfigurationError, DelegateError, OutOfScopeError
from delegate.observer import NOBODY, Event, Observer, Operation, Watch, log_fields
from delegate.scope import Action
from delegate.server.asgi import DelegateMiddleware
from delegate.server.messages import MessageGate
from delegate.verifier import ReadBody, Verified
from tests.client.support import NOW as CLIENT_NOW
from tests.client.support import ORIGIN, WORKER_KEY, entered
from tests.server.driver import call, chunked
from tests.support.forge import KEYS
from tests.support.letter import AUDIENCE, METHOD, Letter, Worker
from tests.support.wire import BODY, Server, sign

CANARY = "a canary"
READ = Action("orders.read", operation="read", risk="low")
REFUND = Action("refunds.create", operation="financial", risk="critical")


class Notes:
    """An observer that notes what it is told."""

    def __init__(self) -> None:
        self.begun: list[Operation] = []
        self.events: list[Event] = []

    def begin(self, operation: Operation, /) -> Callable[[Event], None]:
        self.begun.append(operation)
        return self.events.append


class BreaksAtBegin(Notes):
    def begin(self, operation: Operation, /) -> Callable[[Event], None]:
        super().begin(operation)
        raise KeyError(CANARY)


class BreaksAtEnd(Notes):
    def begin(self, operation: Operation, /) -> Callable[[Event], None]:
        super().begin(operation)

        def end(event: Event) -> None:
            self.events.append(event)
            raise KeyError(CANARY)

        return end


class ReturnsNothing:
    def begin(self, _operation: Operation, /) -> Any:
        return None


BROKEN: list[Callable[[], Any]] = [BreaksAtBegin, BreaksAtEnd, ReturnsNothing]

WHO = {
    "issuer": "acme",
    "agent": "agent-1",
    "path": ("agent-0", "agent-1"),
    "key_id": KEYS[1].key_id,
}


def of(event: Event, *names: str) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}


# --- what it is told -------------------------------------------------------------------------------


def test_an_acceptance_says_who() -> None:
    notes = Notes()
    proof = Server(observer=notes).deliver(sign())
    [event] = notes.events
    assert (event.operation, event.verdict, event.code, event.step) == ("verify", "accepted", None, None)
    assert of(event, *WHO) == WHO
    assert (event.request_id, event.chain_id) == (proof.request_id, proof.chain_id)


def test_a_refusal_says_the_code_and_the_step_and_nobodys_word() -> None:
    notes = Notes()
    with pytest.raises(DelegateError):
        Server(observer=notes).deliver(replace(sign(), body=b"{}"))
    [event] = notes.events
    assert event == Event(operation="verify", verdict="refused", code="digest_mismatch", step=9)


def test_what_is_authorized_is_told_with_its_tool() -> None:
    notes = Notes()
    proof = Server(observer=notes).deliver(sign())
    assert proof.authorize(READ).action == READ
    with pytest.raises(OutOfScopeError):
        proof.authorize(REFUND)
    granted, refused = notes.events[1:]
    assert (granted.operation, granted.verdict, granted.tool) == ("authorize", "accepted", "orders.read")
    assert (refused.verdict, refused.code, refused.block, refused.tool) == (
        "refused",
        "out_of_scope",
        0,
        "refunds.create",
    )
    assert of(granted, *WHO) == of(refused, *WHO) == WHO


def test_messages_and_the_async_driver_are_told_of_as_well() -> None:
    notes = Notes()
    worker = Worker(observer=notes)
    asyncio.run(worker.verifier.averify(Letter().message()))
    with pytest.raises(DelegateError):
        asyncio.run(worker.verifier.averify(Letter().message()))
    assert [(event.verdict, event.code) for event in notes.events] == [
        ("accepted", None),
        ("refused", "nonce_replayed"),
    ]


def test_an_exception_of_somebody_else_is_a_failure() -> None:
    notes = Notes()

    def broken(_need: ReadBody) -> bytes:
        raise KeyError(CANARY)

    with pytest.raises(KeyError):
        Server(observer=notes).verifier.verify(sign().request(), broken)
    assert [(event.verdict, event.code) for event in notes.events] == [("failed", None)]


def test_a_cancelled_verification_ends_its_operation() -> None:
    notes = Notes()
    server = Server(observer=notes)

    async def cancelled() -> None:
        async def never(_need: ReadBody) -> bytes:
            await asyncio.Event().wait()
            return b""

        task = asyncio.create_task(server.verifier.averify(sign().request(), never))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert [event.verdict for event in notes.events] == ["failed"]


def test_observing_tells_and_a_dry_run_does_not() -> None:
    notes = Notes()
    server = Server(observer=notes)
    server.verifier.explain(sign().request(), BODY)
    assert notes.begun == []
    server.verifier.observe(sign().request(), BODY)
    asyncio.run(server.verifier.aobserve(sign().request(), BODY))
    assert [event.verdict for event in notes.events] == ["accepted", "refused"]


def client(observer: Observer, answers: list[httpx.Request]) -> httpx.Client:
    def handle(request: httpx.Request) -> httpx.Response:
        answers.append(request)
        return httpx.Response(200)

    transport = SigningTransport(
        httpx.MockTransport(handle), clock=ManualClock(CLIENT_NOW), observer=observer
    )
    return httpx.Client(base_url=ORIGIN, transport=transport)


def test_the_signing_client_tells_of_each_signature() -> None:
    notes, sent = Notes(), list[httpx.Request]()
    with client(notes, sent) as api, entered() as delegation:
        api.get("/v1/orders", params={"q": "canary"})
    [event] = notes.events
    assert (event.operation, event.verdict, event.agent) == ("sign", "accepted", "worker-agent")
    assert (event.issuer, event.key_id) == ("issuer", WORKER_KEY.key_id)
    assert event.chain_id == delegation.token.chain_id
    assert event.request_id is not None


def test_a_signed_message_is_told_of_and_so_is_one_that_is_not_signed() -> None:
    notes = Notes()
    clock = ManualClock(CLIENT_NOW)
    with entered(audience=[AUDIENCE]):
        signed = sign_message("m", 1, audience=AUDIENCE, clock=clock, observer=notes)
        with pytest.raises(DelegateError):
            sign_message("m", 1, audience="mcp:other", clock=clock, observer=notes)
    assert [(event.verdict, event.code) for event in notes.events] == [
        ("accepted", None),
        ("refused", "audience_mismatch"),
    ]
    assert notes.events[0].request_id == signed.envelope.request_id


# --- it never decides towards yes ------------------------------------------------------------------


@pytest.mark.parametrize("make", BROKEN)
def test_an_observer_that_raises_refuses_what_would_have_been_accepted(make: Callable[[], Any]) -> None:
    """'An exception inside any hook of ours refuses the request.'"""
    server = Server(observer=make())
    with pytest.raises(ConfigurationError) as refused:
        server.deliver(sign())
    assert refused.value.field == "observer"
    assert "canary" not in str(refused.value)
    assert refused.value.__cause__ is None
    with pytest.raises(ConfigurationError):
        asyncio.run(server.verifier.averify(sign(nonce='"AQIDBAUGBwgJCgsMDQ4PEA"').request(), BODY))


@pytest.mark.parametrize("make", BROKEN[1:])
def test_an_observer_that_raises_after_a_refusal_changes_nothing(
    make: Callable[[], Any], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DelegateError) as refused:
        Server(observer=make()).deliver(replace(sign(), body=b"{}"))
    assert (refused.value.code, refused.value.step) == ("digest_mismatch", 9)
    [record] = [record for record in caplog.records if record.name == "delegate.observer"]
    assert record.levelno == logging.ERROR
    assert "canary" not in caplog.text


@pytest.mark.parametrize("make", BROKEN)
def test_an_observer_that_raises_gives_no_grant(make: Callable[[], Any]) -> None:
    proof = Server().deliver(sign())
    object.__setattr__(proof, "facts", proof.facts._replace(observer=make()))
    with pytest.raises(ConfigurationError):
        proof.authorize(READ)
    with pytest.raises(DelegateError) as refused:
        proof.authorize(REFUND)
    assert refused.value.code in {"out_of_scope", "configuration"}


@pytest.mark.parametrize("make", BROKEN)
def test_an_observer_that_raises_signs_nothing(make: Callable[[], Any]) -> None:
    sent = list[httpx.Request]()
    with client(make(), sent) as api, entered(), pytest.raises(ConfigurationError) as refused:
        api.get("/v1/orders")
    assert (sent, refused.value.executed) == ([], "no")
    with entered(audience=[AUDIENCE]), pytest.raises(ConfigurationError):
        sign_message("m", 1, audience=AUDIENCE, clock=ManualClock(CLIENT_NOW), observer=make())


@pytest.mark.parametrize("make", BROKEN)
def test_over_the_wire_it_is_unavailable(make: Callable[[], Any]) -> None:
    def action_for(verified: Verified) -> Action | None:
        return READ if verified.envelope.method == METHOD else None

    gate = MessageGate(Worker(observer=make()).verifier, action_for=action_for)
    with pytest.raises(ConfigurationError) as refused:
        gate.admit(Letter().message())
    assert gate.refusal(refused.value)["code"] == "unavailable"


class BreaksAt(Notes):
    """Fails at one kind of operation only."""

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self.operation = operation

    def begin(self, operation: Operation, /) -> Callable[[Event], None]:
        end = super().begin(operation)
        if operation == self.operation:
            raise KeyError(CANARY)
        return end


@pytest.mark.parametrize("operation", ["verify", "authorize"])
def test_no_application_runs_for_a_request_that_was_not_observed(operation: Operation) -> None:
    ran = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        ran.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def served(observer: Observer | None) -> int:
        wire = sign()
        protected = DelegateMiddleware(
            application, Server(observer=observer).verifier, action_for=lambda _request, _verified: READ
        )
        lines = wire.request().headers
        target = f"{wire.path}?{wire.query}"
        return call(protected, wire.method, target, lines, chunked(wire.body)).status

    assert (served(Notes()), len(ran)) == (200, 1)
    assert (served(BreaksAt(operation)), len(ran)) == (503, 1)


def test_what_is_no_observer_is_a_mistake_in_the_set_up() -> None:
    for wrong in (object(), "notes", print):
        with pytest.raises(ConfigurationError) as refused:
            Server(observer=wrong)
        assert refused.value.field == "observer"


# --- small parts -----------------------------------------------------------------------------------


def test_a_watch_passes_on_what_it_is_told_and_interrupts() -> None:
    notes = Notes()

    def interrupted() -> None:
        with Watch(notes, "sign") as watch:
            watch.tell(agent="a")
            watch.tell(issuer="i")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert notes.events == [Event(operation="sign", verdict="failed", agent="a", issuer="i")]
    with Watch(NOBODY, "sign") as watch:
        watch.tell(agent="a")


def test_the_fields_of_a_log_record_are_those_of_an_event() -> None:
    error = OutOfScopeError("no", block=0, field="tools")
    error.step = None
    assert log_fields(error, agent="a", issuer=None) == {
        "delegate_code": "out_of_scope",
        "delegate_block": 0,
        "delegate_agent": "a",
    }
    assert log_fields() == {}
    assert Event(operation="sign", verdict="accepted", step=0).known() == {
        "operation": "sign",
        "verdict": "accepted",
        "step": 0,
    }
