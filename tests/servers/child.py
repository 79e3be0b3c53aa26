"""One real server with the middleware in it: ``python -m tests.servers.child <server> <port>``.

Three layers. The innermost says what a handler gets of an accepted request (``x-got``). Around it is
``DelegateMiddleware``. The outermost says what the server gave to the middleware (``x-seen``), whatever the
verdict. Both are headers of the answer, so that the refusal itself stays as it is.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import logging
import sys
from collections.abc import Callable
from typing import Any, Final

from delegate.scope import Action
from delegate.server.asgi import DelegateMiddleware
from delegate.server.interface import ASGIApp, Message, Receive, Scope, Send
from delegate.verifier import Request, Verified
from tests.support.world import World

BODY_LIMIT: Final = 2_000
BODY_DEADLINE: Final = 2.0
_SHOWN: Final = 100
_LOOPBACK: Final = "127.0.0.1"


def reading(_request: Request, _verified: Verified) -> Action:
    """Every request reads orders."""
    return Action("orders.read", operation="read", risk="low")


def shown(data: bytes) -> str:
    """Bytes as text; long ones by their digest, so that a report stays small."""
    return data.decode("latin-1") if len(data) <= _SHOWN else hashlib.sha256(data).hexdigest()


def _report(scope: Scope, body: bytes) -> bytes:
    facts = {
        "method": scope["method"],
        "path": scope["path"].encode("utf-8", "surrogateescape").decode("latin-1"),
        "raw_path": shown(bytes(scope["raw_path"])),
        "query": shown(bytes(scope["query_string"])),
        "root_path": scope.get("root_path", ""),
        "headers": [[shown(bytes(name)), shown(bytes(value))] for name, value in scope["headers"]],
        "body": shown(body),
    }
    return base64.b64encode(json.dumps(facts).encode())


async def handler(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads its body and says what it got."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-got", _report(scope, body))]})
    await send({"type": "http.response.body", "body": b""})


class Recorder:
    """Adds to each answer what the server handed over until then."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = bytearray()
        seen = {**scope, "headers": [*scope["headers"]]}  # before a server can add to its list

        async def receiving() -> Message:
            message = await receive()
            body.extend(message.get("body", b"") if message["type"] == "http.request" else b"<left>")
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], (b"x-seen", _report(seen, bytes(body)))]
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receiving, sending)


def application() -> ASGIApp:
    """The three layers, in a world whose clock stands still."""
    verifier = World().verifier(body_limit=BODY_LIMIT, body_deadline=BODY_DEADLINE)
    return Recorder(DelegateMiddleware(handler, verifier, action_for=reading))


# --- servers, each in the way its own documentation starts it from Python --------------------------


def _uvicorn(http: Any) -> Callable[[ASGIApp, int], None]:
    def run(app: ASGIApp, port: int) -> None:
        import uvicorn  # noqa: PLC0415 - a process loads its own server alone

        uvicorn.run(app, host=_LOOPBACK, port=port, http=http, ws="none", lifespan="off", log_config=None)

    return run


def _hypercorn(app: ASGIApp, port: int) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415

    config = Config()
    config.bind = [f"{_LOOPBACK}:{port}"]
    asyncio.run(serve(app, config))  # type: ignore[arg-type]  # its types and ours are one at run time


def _granian(app: ASGIApp, port: int) -> None:
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.server.embed import Server  # noqa: PLC0415

    server = Server(
        app, address=_LOOPBACK, port=port, interface=Interfaces.ASGINL, websockets=False, log_enabled=False
    )
    asyncio.run(server.serve())


def _daphne(app: ASGIApp, port: int) -> None:
    from daphne.server import Server  # noqa: PLC0415

    Server(app, endpoints=[f"tcp:port={port}:interface={_LOOPBACK}"]).run()


SERVERS: Final[dict[str, Callable[[ASGIApp, int], None]]] = {
    "uvicorn (h11)": _uvicorn("h11"),
    "uvicorn (httptools)": _uvicorn("httptools"),
    "hypercorn": _hypercorn,
    "granian": _granian,
    "daphne": _daphne,
}

if __name__ == "__main__":
    logging.disable()
    SERVERS[sys.argv[1]](application(), int(sys.argv[2]))
