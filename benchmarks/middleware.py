"""A FastAPI application with the middleware, against the same one that only buffers the body.

Both are called as a server calls them (ASGI), in one process and without a network, and both answer the
same few bytes; what is measured is CPU time. ``middleware_cpu_vs_libsodium`` is what the middleware, and the
dependency that permits the action, add to a request, in bare signature verifications. The token has three
hops and is remembered. Two figures beside it say where that goes: ``asgi_middleware_app_us`` is the buffering
application within ``DelegateMiddleware``, without actions, and ``middleware_verify_us`` the verification by
itself, called directly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, FastAPI

from benchmarks.rounds import Candidate, interleave
from benchmarks.workload import AUTHORITY, BODY, READ, Sender, chain, issuing, verifier
from delegate.adapters.fastapi import protect, requires
from delegate.keys import SigningKey
from delegate.server.asgi import DelegateMiddleware
from delegate.verifier import Grant

_Message: TypeAlias = dict[str, Any]
_App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

HOPS: Final = 3
ANSWER: Final = {"read": True}

_may_read = requires("orders.read", operation="read", risk="low")


def _protected(issuer: SigningKey) -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/v1/orders")
    async def orders(_grant: Annotated[Grant, Depends(_may_read)]) -> dict[str, bool]:
        return ANSWER

    protect(app, verifier(issuing(issuer)))
    return app


class _Buffering:
    """Reads the whole body and hands it on in one piece: what nobody who checks a digest can leave out."""

    def __init__(self, app: _App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        await self._app(scope, _giving(body), send)


def _plain() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/v1/orders")
    async def orders() -> dict[str, bool]:
        return ANSWER

    return app


def _giving(body: bytes) -> Callable[[], Awaitable[_Message]]:
    async def receive() -> _Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _scope(sender: Sender) -> _Message:
    """The scope of a freshly signed request, as a server makes it."""
    headers = {"host": AUTHORITY.encode(), "content-type": b"application/json", "accept": b"*/*"}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/v1/orders",
        "raw_path": b"/v1/orders",
        "query_string": b"dry=1",
        "root_path": "",
        "headers": [(name.encode(), value) for name, value in (headers | sender.sign().headers).items()],
        "client": ("192.0.2.1", 50000),
        "server": (AUTHORITY, 443),
        "state": {},
    }


def _served(app: _App, sender: Sender, loop: asyncio.AbstractEventLoop) -> Candidate:
    async def serve(scope: _Message) -> None:
        status: list[int] = []

        async def send(message: _Message) -> None:
            status.extend([message["status"]] if "status" in message else [])

        await app(scope, _giving(BODY), send)
        assert status == [200], status

    return Candidate(prepare=lambda: _scope(sender), work=lambda scope: loop.run_until_complete(serve(scope)))


def measure() -> dict[str, float]:
    """CPU time in microseconds, and what the middleware adds in bare verifications."""
    issuer = SigningKey.generate()
    token, key = chain(issuer, HOPS)
    sender = Sender(key=key, token=token)
    alone, server = verifier(issuing(issuer)), verifier(issuing(issuer))
    guarded = DelegateMiddleware(_plain(), server, action_for=lambda _request, _verified: READ)
    loop = asyncio.new_event_loop()
    try:
        rounds = interleave(
            {
                "middleware_app": _served(_protected(issuer), sender, loop),
                "buffering_app": _served(_Buffering(_plain()), sender, loop),
                "asgi_middleware_app": _served(guarded, sender, loop),
                "middleware_verify": Candidate(
                    prepare=sender.request, work=lambda request: alone.verify(request, BODY)
                ),
                "libsodium": sender.bare(),
            }
        )
    finally:
        loop.close()
    figures = {f"{name}_us": rounds.us(name) for name in rounds.times if name != "libsodium"}
    return figures | {
        "middleware_cpu_vs_libsodium": rounds.added("middleware_app", "buffering_app", "libsodium")
    }
