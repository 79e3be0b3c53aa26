"""Event streams end with the authority they were opened with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest

from delegate.clock import ManualClock
from delegate.server.interface import Message, Receive, Scope, Send
from delegate.server.stream import BoundAnswer
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
    async def patiently() -> Answer:
        answer, serving = served(handler, clock, expires_in=expires_in)
        await asyncio.wait_for(serving, PATIENCE)
        return answer

    return asyncio.run(patiently())


def served(
    handler: Handler, clock: ManualClock, *, expires_in: int = 60
) -> tuple[Answer, Coroutine[Any, Any, None]]:
    """What is sent, and what serves it."""
    answer = Answer()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await handler(send)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        answer.messages.append(message)

    async def serving() -> None:
        await BoundAnswer(send, expires_at=NOW + expires_in, clock=clock).serve(app, {}, receive)

    return answer, serving()


def this_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


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


def test_a_cancellation_by_somebody_else_passes_through() -> None:
    async def silent(send: Send) -> None:
        await send(EVENTS)
        await asyncio.Event().wait()

    async def cancelled() -> Answer:
        answer, serving = served(silent, ManualClock(NOW))
        task = asyncio.create_task(serving)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return answer

    assert asyncio.run(cancelled()).messages == [EVENTS]


@pytest.mark.parametrize("first", [True, False])
def test_a_cancellation_at_the_same_moment_as_the_end_passes_through(first: bool) -> None:  # noqa: FBT001
    """Whoever cancels the server's task, as at shut-down, is obeyed."""

    async def ending(send: Send) -> None:
        await send(EVENTS)
        try:
            await asyncio.Event().wait()
        finally:
            if not first:
                this_task().cancel()

    async def both() -> int:
        _, serving = served(ending, ManualClock(NOW + 60))

        async def serve() -> None:
            if first:
                asyncio.get_running_loop().call_soon(task.cancel)
            await serving

        task = asyncio.create_task(serve())
        with pytest.raises(asyncio.CancelledError):
            await task
        return task.cancelling()

    assert asyncio.run(both()) == 1


def test_the_task_goes_on_after_its_stream_was_ended() -> None:
    async def silent(send: Send) -> None:
        await send(EVENTS)
        await asyncio.Event().wait()

    async def twice() -> list[int]:
        counts = []
        for _ in range(2):
            answer, serving = served(silent, ManualClock(NOW + 60))
            await serving
            assert answer.messages == [EVENTS, chunk(b"", more=False)]
            counts.append(this_task().cancelling())
            await asyncio.sleep(0)
        return counts

    assert asyncio.run(twice()) == [0, 0]


def test_a_stream_may_be_sent_by_a_task_of_the_handlers_own() -> None:
    async def by_another(send: Send) -> None:
        async def stream() -> None:
            await send(EVENTS)
            clock.set(NOW)
            await send(chunk(b"hello"))
            await asyncio.Event().wait()

        async with asyncio.TaskGroup() as group:
            group.create_task(stream())

    clock = ManualClock(NOW + 60)
    answer, serving = served(by_another, clock)

    asyncio.run(asyncio.wait_for(serving, PATIENCE))
    assert answer.messages == [EVENTS, chunk(b"hello"), chunk(b"", more=False)]


def test_an_answer_that_is_no_stream_needs_no_timer() -> None:
    async def timers(start: Message) -> int:
        async def handler(send: Send) -> None:
            await send(start)

        loop, made = asyncio.get_running_loop(), list[float]()
        call_later = loop.call_later

        def noting(delay: float, *rest: object) -> asyncio.TimerHandle:
            made.append(delay)
            return call_later(delay, *rest)  # type: ignore[arg-type]

        loop.call_later = noting  # type: ignore[method-assign,assignment]
        await served(handler, ManualClock(NOW))[1]
        return len(made)

    assert asyncio.run(timers(JSON)) == 0
    assert asyncio.run(timers(EVENTS)) == 1
