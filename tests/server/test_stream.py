"""Event streams end with the authority they were opened with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from delegate.clock import ManualClock
from delegate.server.interface import Message, Receive, Scope, Send
from delegate.server.stream import serve_until
from tests.server.driver import Answer

NOW = 1_800_000_000
PATIENCE = 5.0
"""Seconds after which a stream that does not end has failed its test."""

EVENTS: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"Content-Type", b"text/event-stream; charset=utf-8")],
}
JSON: Message = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"application/json")],
}
Handler = Callable[[Send], Awaitable[None]]


def chunk(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


def serve(handler: Handler, clock: ManualClock, *, expires_in: int = 60) -> Answer:
    answer = Answer()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await handler(send)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answer.messages.append(message)

    served = serve_until(app, {}, receive, send, expires_at=NOW + expires_in, clock=clock)
    asyncio.run(asyncio.wait_for(served, PATIENCE))
    return answer


def ticking(clock: ManualClock, start: Message, cleaned: list[str] | None = None) -> Handler:
    """Ten events, ten seconds apart."""

    async def handler(send: Send) -> None:
        try:
            await send(start)
            for number in range(10):
                await send(chunk(b"%d" % number))
                clock.advance(10)
            await send(chunk(b"", more=False))
        finally:
            if cleaned is not None:
                cleaned.append("cleaned")
                await send(chunk(b"late"))

    return handler


def test_an_event_stream_ends_at_the_expiry() -> None:
    """'an event stream ends at the chain's earliest expiry'"""
    clock, cleaned = ManualClock(NOW), list[str]()
    answer = serve(ticking(clock, EVENTS, cleaned), clock)
    assert answer.body == b"012345"
    assert answer.ended
    assert cleaned == ["cleaned"]


def test_a_stream_that_ends_before_is_left_alone() -> None:
    clock = ManualClock(NOW)
    answer = serve(ticking(clock, EVENTS), clock, expires_in=101)
    assert answer.body == b"0123456789"
    assert answer.ended


def test_any_other_response_is_let_finish() -> None:
    clock = ManualClock(NOW)
    assert serve(ticking(clock, JSON), clock).body == b"0123456789"


def test_a_silent_stream_is_ended_by_the_timer() -> None:
    async def silent(send: Send) -> None:
        await send(EVENTS)
        clock.set(NOW)  # from here on only the timer can know
        await send(chunk(b"hello"))
        await asyncio.Event().wait()

    clock = ManualClock(NOW + 60)
    answer = serve(silent, clock)
    assert answer.messages == [EVENTS, chunk(b"hello"), chunk(b"", more=False)]


def test_what_a_handler_does_after_its_stream_is_its_own() -> None:
    done = list[str]()

    async def background(send: Send) -> None:
        await send(EVENTS)
        await send(chunk(b"all", more=False))
        for _ in range(3):
            await asyncio.sleep(0)  # where a timer that still ran would end the handler
        done.append("done")

    clock = ManualClock(NOW + 60)
    assert serve(background, clock).body == b"all"
    assert done == ["done"]


def test_the_handlers_own_timeout_passes_through() -> None:
    async def broken(send: Send) -> None:
        await send(EVENTS)
        raise TimeoutError

    with pytest.raises(TimeoutError):
        serve(broken, ManualClock(NOW))
