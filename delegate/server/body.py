"""One request body: read once, within a limit and a deadline, and replayed to the handler.

The rule: what the handler reads is what was verified, byte for byte, in one message; and a sender makes
the server hold at most the limit and one network read beyond it. Nothing is read before it is asked for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from delegate.errors import BodyTruncatedError

if TYPE_CHECKING:
    from delegate.server.interface import Message, Receive
    from delegate.verifier import ReadBody

__all__ = ["RequestBody"]


class RequestBody:
    """The body behind an ASGI ``receive``."""

    __slots__ = ("_kept", "_receive", "_unreplayed", "complete")

    def __init__(self, receive: Receive) -> None:
        """Read nothing yet."""
        self._receive = receive
        self._kept = bytearray()
        self._unreplayed = False
        self.complete = False
        """Whether the whole body has been read."""

    async def read(self, need: ReadBody) -> bytes:
        """The whole body.

        Raises ``need.over_limit()`` at the first byte over the limit, and ``BodyTruncatedError`` when the
        client leaves or the deadline passes before the end.
        """
        try:
            async with asyncio.timeout(need.deadline):
                while not self.complete:
                    await self._read_more(need)
        except TimeoutError:
            msg = f"the body was not complete within {need.deadline} s"
            raise BodyTruncatedError(msg, limit=need.deadline) from None
        return bytes(self._kept)

    async def _read_more(self, need: ReadBody) -> None:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            msg = "the client left before the body was complete"
            raise BodyTruncatedError(msg)
        self._kept += message.get("body", b"")
        self._unreplayed = True
        if len(self._kept) > need.limit:
            raise need.over_limit()
        self.complete = not message.get("more_body", False)

    async def replay(self) -> Message:
        """The handler's ``receive``: what was read comes once and in one piece, then whatever follows."""
        if not self._unreplayed:
            return await self._receive()
        self._unreplayed = False
        body = bytes(self._kept)
        self._kept.clear()
        return {"type": "http.request", "body": body, "more_body": not self.complete}
