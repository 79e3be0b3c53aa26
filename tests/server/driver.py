"""An ASGI server of a few lines: one request in, every message out, no network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from delegate.server.interface import ASGIApp, Message, Scope
from tests.support.world import Header

DISCONNECT: Message = {"type": "http.disconnect"}
STALL: Message = {"type": "stall"}
"""Instead of a message: the client sends nothing more and stays."""


@dataclass(slots=True)
class Answer:
    """What the application sent."""

    messages: list[Message] = field(default_factory=list)
    received: int = 0
    """How often the application asked for a message."""

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])

    @property
    def ended(self) -> bool:
        return not self.messages[-1].get("more_body", False)

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers[b"content-type"] == b"application/problem+json"
        details: dict[str, Any] = json.loads(self.body)
        assert details["status"] == self.status
        return details

    @property
    def code(self) -> str:
        """The code of a refusal, which the problem and ``WWW-Authenticate`` must name alike."""
        code = str(self.problem["code"])
        assert self.headers[b"www-authenticate"] == f'Delegate error="{code}"'.encode()
        return code


def chunked(*chunks: bytes) -> list[Message]:
    """Body messages, the last of which ends the body."""
    last = len(chunks) - 1
    return [
        {"type": "http.request", "body": chunk, "more_body": index < last}
        for index, chunk in enumerate(chunks)
    ]


def scope_of(method: str, target: str, headers: Sequence[Header], **changes: Any) -> Scope:
    """The scope that a correct server makes."""
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": list(headers),
    } | changes


async def drive(app: ASGIApp, scope: Scope, messages: Iterable[Message] = ()) -> Answer:
    """Run one scope; ``messages`` are what the client sends, and then it disconnects."""
    waiting = iter([*messages] or chunked(b""))
    answer = Answer()

    async def receive() -> Message:
        answer.received += 1
        message = next(waiting, DISCONNECT)
        if message is STALL:
            await asyncio.Event().wait()
        return message

    async def send(message: Message) -> None:
        answer.messages.append(message)

    await app(scope, receive, send)
    return answer


def call(
    app: ASGIApp,
    method: str = "GET",
    target: str = "/",
    headers: Sequence[Header] = (),
    messages: Iterable[Message] = (),
    **changes: Any,
) -> Answer:
    """Make one request; ``changes`` go into the scope."""
    return asyncio.run(drive(app, scope_of(method, target, headers, **changes), messages))
