"""One request body: read once, within a limit and a deadline, and replayed to the handler.

The rule: what the handler reads is what was verified, byte for byte, in one message; and a sender makes
the server hold at most the limit and one network read beyond it. Nothing is read before it is asked for.

A server that has the first part of a body gives it without waiting, and mostly that is the whole. So the
deadline is set only where there is something to wait for: setting one costs more than reading such a body.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from delegate.errors import BodyTruncatedError
from delegate.server.begun import Begun

if TYPE_CHECKING:
    from delegate.server.interface import Message, Receive
    from delegate.verifier import ReadBody

__all__ = ["RequestBody"]


class RequestBody:
    """The body behind an ASGI ``receive``."""

    __slots__ = ("_kept", "_receive", "complete")

    def __init__(self, receive: Receive) -> None:
        """Read nothing yet."""
        self._receive = receive
        self._kept: bytes | bytearray | None = None
        """What was read and not replayed; ``None`` where that is nothing, not even an empty message."""
        self.complete = False
        """Whether the whole body has been read."""

    async def read(self, need: ReadBody) -> bytes:
        """The whole body.

        Raises ``need.over_limit()`` at the first byte over the limit, and ``BodyTruncatedError`` when the
        client leaves or the deadline passes before the end.
        """
        if not self.complete:
            first = Begun(self._receive())
            if first.done:
                self._take(first.result, need)
            if not self.complete:
                await self._read_in_time(first, need)
        body = bytes(self._kept or b"")
        if self._kept is not None:
            self._kept = body
        return body

    async def _read_in_time(self, first: Begun[Message], need: ReadBody) -> None:
        """Read on, from where the first message is waited for."""
        try:
            async with asyncio.timeout(need.deadline):
                if not first.done:
                    self._take(await first, need)
                while not self.complete:
                    self._take(await self._receive(), need)
        except TimeoutError:
            msg = f"the body was not complete within {need.deadline} s"
            raise BodyTruncatedError(msg, limit=need.deadline) from None

    def _take(self, message: Message, need: ReadBody) -> None:
        """Keep one message; raises as ``read`` does."""
        if message["type"] == "http.disconnect":
            msg = "the client left before the body was complete"
            raise BodyTruncatedError(msg)
        part = bytes(message.get("body", b""))
        if self._kept is None:
            self._kept = part  # mostly that is all
        else:  # in one growing piece: a client that sends byte by byte must not make an object of each
            self._kept = bytearray(self._kept) if isinstance(self._kept, bytes) else self._kept
            self._kept += part
        if len(self._kept) > need.limit:
            raise need.over_limit()
        self.complete = not message.get("more_body", False)

    async def replay(self) -> Message:
        """The handler's ``receive``: what was read comes once and in one piece, then whatever follows."""
        if self._kept is None:
            return await self._receive()
        body = bytes(self._kept)
        self._kept = None
        return {"type": "http.request", "body": body, "more_body": not self.complete}
