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

__all__ = ["serve_until"]


async def serve_until(
    app: ASGIApp, scope: Scope, receive: Receive, send: Send, *, expires_at: int, clock: Clock
) -> None:
    """Run ``app`` for one request; if it answers with an event stream, end that at ``expires_at``.

    ``expires_at`` is in seconds since the epoch, by ``clock``. What ``app`` raises passes through.
    """
    timer = asyncio.timeout(None)
    try:
        async with timer:
            await app(scope, receive, _ending(send, timer, expires_at, clock))
    except TimeoutError:
        if not timer.expired():
            raise
    if timer.expired():
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _ending(send: Send, timer: asyncio.Timeout, expires_at: int, clock: Clock) -> Send:
    """``send`` that sets ``timer`` when an event stream starts, and drops what comes after its end."""
    streaming = False

    async def send_until(message: Message) -> None:
        nonlocal streaming
        if message["type"] == "http.response.start":
            streaming = is_event_stream(message.get("headers", ()))
            if streaming:
                _end_in(timer, expires_at - read(clock))
        elif streaming and not timer.expired():
            if not message.get("more_body", False):
                timer.reschedule(None)  # the handler closed the stream; what it does afterwards is its own
                streaming = False
            elif read(clock) >= expires_at:
                _end_in(timer, 0)
                await asyncio.get_running_loop().create_future()  # until the timer cancels the handler
        if not timer.expired():
            await send(message)

    return send_until


def _end_in(timer: asyncio.Timeout, seconds: float) -> None:
    timer.reschedule(asyncio.get_running_loop().time() + seconds)
