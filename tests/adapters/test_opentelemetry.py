"""Spans and metrics as a program's SDK gets them, by its exporters in memory."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest
from opentelemetry.trace import StatusCode, use_span

from delegate.adapters.opentelemetry import OpenTelemetryObserver
from delegate.client.httpx import SigningTransport
from delegate.clock import ManualClock
from delegate.errors import DelegateError
from delegate.scope import Action
from delegate.verifier import ReadBody
from tests.client.support import NOW as CLIENT_NOW
from tests.client.support import ORIGIN, entered
from tests.support.letter import Letter, Worker
from tests.support.telemetry import Telemetry
from tests.support.wire import Server, sign

READ = Action("orders.read", operation="read", risk="low")


def test_a_verification_is_a_span_with_names_and_ids() -> None:
    telemetry = Telemetry()
    proof = Server(observer=telemetry.observer).deliver(sign())
    proof.authorize(READ)
    verified, authorized = telemetry.spans
    who = {
        "delegate.issuer": "acme",
        "delegate.agent": "agent-1",
        "delegate.path": ("agent-0", "agent-1"),
        "delegate.request_id": proof.request_id,
        "delegate.chain_id": proof.chain_id,
        "delegate.key_id": proof.key_id,
    }
    verdict = {"delegate.verdict": "accepted"}
    assert verified == ("delegate verify", {"delegate.operation": "verify"} | verdict | who)
    assert authorized == (
        "delegate authorize",
        {"delegate.operation": "authorize", "delegate.tool": "orders.read"} | verdict | who,
    )


def test_a_refusal_is_a_span_with_its_code_and_step() -> None:
    telemetry = Telemetry()
    with pytest.raises(DelegateError):
        Server(observer=telemetry.observer).deliver(replace(sign(), path="/other"))
    [(_, attributes)] = telemetry.spans
    assert attributes == {
        "delegate.operation": "verify",
        "delegate.verdict": "refused",
        "delegate.code": "signature_invalid",
        "delegate.step": 7,
    }
    [span] = telemetry.exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.UNSET  # the server did what it is for


def test_a_failure_marks_its_span() -> None:
    telemetry = Telemetry()

    def broken(_need: ReadBody) -> bytes:
        raise KeyError

    with pytest.raises(KeyError):
        Server(observer=telemetry.observer).verifier.verify(sign().request(), broken)
    [span] = telemetry.exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR


def test_a_span_is_a_child_of_the_current_one() -> None:
    telemetry = Telemetry()
    outer = telemetry.tracers.get_tracer("t").start_span("request")
    with use_span(outer, end_on_exit=True):
        Server(observer=telemetry.observer).deliver(sign())
    inner, _ = telemetry.exporter.get_finished_spans()
    assert inner.parent is not None
    assert inner.parent.span_id == outer.get_span_context().span_id


def test_metrics_tell_apart_what_is_few() -> None:
    telemetry = Telemetry()
    server, worker = Server(observer=telemetry.observer), Worker(observer=telemetry.observer)
    server.deliver(sign())
    worker.take(Letter())
    for _ in range(2):
        with pytest.raises(DelegateError):
            server.deliver(sign())
    counted = {
        (point.attributes["delegate.verdict"], point.attributes.get("delegate.code")): point.value
        for point in telemetry.points("delegate.operations")
    }
    assert counted == {("accepted", None): 2, ("refused", "nonce_replayed"): 2}
    for name in ("delegate.operations", "delegate.operation.duration"):
        for point in telemetry.points(name):
            few = {"delegate.operation", "delegate.verdict", "delegate.code", "delegate.step"}
            assert point.attributes.keys() <= few


def test_the_duration_is_in_seconds() -> None:
    telemetry = Telemetry()
    Server(observer=telemetry.observer).deliver(sign())
    [point] = telemetry.points("delegate.operation.duration")
    assert point.count == 1
    assert 0 < point.sum < 10


def test_the_signing_end_has_its_spans_and_counts() -> None:
    telemetry = Telemetry()
    transport = SigningTransport(
        httpx.MockTransport(lambda _request: httpx.Response(200)),
        clock=ManualClock(CLIENT_NOW),
        observer=telemetry.observer,
    )
    with httpx.Client(base_url=ORIGIN, transport=transport) as api, entered():
        api.get("/v1/orders")
    [(name, attributes)] = telemetry.spans
    assert (name, attributes["delegate.agent"]) == ("delegate sign", "worker-agent")
    [point] = telemetry.points("delegate.operations")
    assert (point.value, point.attributes["delegate.operation"]) == (1, "sign")


def test_without_an_sdk_it_does_nothing() -> None:
    Server(observer=OpenTelemetryObserver()).deliver(sign())
