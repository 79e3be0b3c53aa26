"""The applications that the middleware's benchmarks serve: one route each, which answers the same few bytes.

What they differ in is what stands around that route, and whether FastAPI has a dependency to resolve for it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, TypeAlias

from fastapi import Depends, FastAPI, Request

from benchmarks.workload import READ, verifier
from delegate.adapters.fastapi import protect, requires
from delegate.keys import KeyRecord
from delegate.server.asgi import DelegateMiddleware
from delegate.verifier import Grant

__all__ = ["App", "Message", "buffering", "depending", "giving", "guarded", "protected"]

Message: TypeAlias = dict[str, Any]
App: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

ANSWER: Final = {"read": True}

_may_read = requires("orders.read", operation="read", risk="low")


async def _nothing(request: Request) -> Request:
    return request


def buffering() -> App:
    """Reads the body and knows nothing of signatures: what every comparison starts from."""
    return _Buffering(_plain())


def depending() -> App:
    """The same, with a dependency that does nothing: what FastAPI takes for one."""
    app = FastAPI(openapi_url=None)

    @app.post("/v1/orders")
    async def orders(_request: Annotated[Request, Depends(_nothing)]) -> dict[str, bool]:
        return ANSWER

    return _Buffering(app)


def guarded(record: KeyRecord) -> App:
    """``DelegateMiddleware`` around the plain application; it names the action, the route nothing."""
    return DelegateMiddleware(_plain(), verifier(record), action_for=lambda _request, _verified: READ)


def protected(record: KeyRecord) -> App:
    """FastAPI with ``protect``: the middleware, and a dependency of the route that permits its action."""
    app = FastAPI(openapi_url=None)

    @app.post("/v1/orders")
    async def orders(_grant: Annotated[Grant, Depends(_may_read)]) -> dict[str, bool]:
        return ANSWER

    protect(app, verifier(record))
    return app


def _plain() -> FastAPI:
    app = FastAPI(openapi_url=None)

    @app.post("/v1/orders")
    async def orders() -> dict[str, bool]:
        return ANSWER

    return app


class _Buffering:
    """Reads the whole body and hands it on in one piece: what nobody who checks a digest can leave out."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        await self._app(scope, giving(body), send)


def giving(body: bytes) -> Callable[[], Awaitable[Message]]:
    """A ``receive`` that has the whole body."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
