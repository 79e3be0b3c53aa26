"""Event streams end with the authority they were opened with (design section 7, Streams).

A response is one act and is let finish. An event stream is an open line: when the chain's earliest expiry
comes, the handler is cancelled at the place where it waits, and the stream is closed in good order. The
end is noticed by a timer and, where the verifier's clock runs ahead of it, at the next event.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from delegate.clock import Clock, read
from delegate.envelope.response import is_event_stream

if TYPE_CHECKING:
    from delegate.server.interface import ASGIApp, Message, Receive, Scope, Send

__all__ = ["BoundAnswer"]


class BoundAnswer:
    """The answer to one request, with a timer only where it is an event stream."""

    __slots__ = ("_clock", "_expires_at", "_send", "_streaming", "_task", "_timer", "begun", "ended")

    def __init__(self, send: Send, *, expires_at: int, clock: Clock) -> None:
        """``expires_at`` is in seconds since the epoch, by ``clock``; make it in the task that serves."""
        self._send = send
        self._expires_at = expires_at
        self._clock = clock
        self._task = _this_task()
        self._timer: asyncio.TimerHandle | None = None
        self._streaming = False
        self.begun = False
        """Whether anything of it was sent."""
        self.ended = False
        """Whether it was an event stream, and the authority ended before it."""

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        """Run ``app``; if it answers with an event stream, end that at the expiry.

        What ``app`` raises passes through, and so does a cancellation by anybody else.
        """
        cancellations = self._task.cancelling()
        try:
            await app(scope, receive, self.send)
        except (asyncio.CancelledError, TimeoutError):
            if not self.ended or self._task.cancelling() - 1 > cancellations:
                raise
        finally:
            self._stop_timer()
            if self.ended:
                self._task.uncancel()
        if self.ended:
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(self, message: Message) -> None:
        """The handler's ``send``: drops what comes after the end."""
        self.begun = True
        if message["type"] == "http.response.start":
            self._streaming = is_event_stream(message.get("headers", ()))
            if self._streaming:
                self._end_in(self._expires_at - read(self._clock))
        elif self._streaming and not self.ended:
            await self._follow(message)
        if not self.ended:
            await self._send(message)

    async def _follow(self, message: Message) -> None:
        """What one more message of an event stream means for it."""
        if not message.get("more_body", False):
            self._stop_timer()  # the handler closed the stream; what it does afterwards is its own
            self._streaming = False
        elif read(self._clock) >= self._expires_at:
            self._end_in(0)
            await asyncio.get_running_loop().create_future()  # until the timer cancels the handler

    def _end_in(self, seconds: float) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._end)

    def _end(self) -> None:
        self.ended = True
        self._task.cancel()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        msg = "an ASGI application runs in a task of asyncio"
        raise RuntimeError(msg)
    return task
