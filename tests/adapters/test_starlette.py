"""Starlette behind ``protect``: its mounts, its classes, and what stands between the gate and a handler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Host, Mount, Route, Router, WebSocketRoute
from starlette.staticfiles import StaticFiles

import delegate
from delegate.adapters.starlette import protect, public, requires
from delegate.errors import ConfigurationError, OutOfScopeError
from delegate.server.interface import ASGIApp, Message, Receive, Scope, Send
from tests.adapters.shops import READ, REFUND, STRANGER, ask, signed
from tests.server.driver import drive
from tests.support.world import World

may_read = requires(**READ)
may_refund = requires(**REFUND, resources=lambda r: {"order": [r.path_params["order"]]})


@may_read
async def read(_request: Request, grant: delegate.Grant) -> Response:
    return JSONResponse({"by": grant.agent})


@may_refund
async def refund(request: Request, grant: delegate.Grant) -> Response:
    return PlainTextResponse(f"{grant.agent} {request.path_params['order']}")


async def raw(_request: Request) -> Response:
    return PlainTextResponse("raw")


@public
async def about(_request: Request) -> Response:
    return PlainTextResponse("about")


@pytest.fixture
def world() -> World:
    return World()


def serving(world: World, *routes: BaseRoute, **options: Any) -> Starlette:
    app = Starlette(routes=routes, **options)
    protect(app, world.verifier())
    return app


def started(app: ASGIApp) -> Message:
    """What the application answers to the start of its life."""
    messages: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    return asyncio.run(drive(app, scope, messages)).messages[0]


# --- what Starlette does by itself -----------------------------------------------------------------


def test_head_asks_for_the_action_of_its_get(world: World) -> None:
    app = serving(world, Route("/v1/orders", read))
    assert signed(app, world.worker, "HEAD", "/v1/orders").status == 200
    assert ask(app, "HEAD", "/v1/orders", STRANGER).code == "signature_missing"
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    assert signed(app, nobody, "HEAD", "/v1/orders").code == "out_of_scope"


@pytest.mark.parametrize(("method", "target"), [("GET", "/v1/orders/"), ("DELETE", "/v1/orders")])
def test_it_redirects_nobody_and_lists_no_methods(world: World, method: str, target: str) -> None:
    app = serving(world, Route("/v1/orders", read))
    assert signed(app, world.worker, method, target).code == "action_unmapped"


def test_mounted_routes_have_their_own_actions(world: World) -> None:
    inner = Starlette(routes=[Route("/refunds/{order}", refund)])
    app = serving(
        world, Mount("/a", Mount("/b", inner)), Host("{name}.example.com", Router([Route("/h", read)]))
    )
    assert signed(app, world.worker, "GET", "/a/b/refunds/o-1").body == b"worker-agent o-1"
    refused = signed(app, world.worker, "GET", "/a/b/refunds/o-9")
    assert (refused.status, refused.code) == (403, "out_of_scope")
    assert signed(app, world.worker, "GET", "/h").status == 200
    assert ask(app, "GET", "/a/b/refunds/o-1", STRANGER).code == "signature_missing"


class Orders(HTTPEndpoint):
    @may_read
    def get(self, _request: Request, grant: delegate.Grant) -> Response:
        return PlainTextResponse(f"got by {grant.agent}")

    @public
    async def options(self, _request: Request) -> Response:
        return PlainTextResponse("options")


class Unmapped(Orders):
    async def delete(self, _request: Request) -> Response:
        return PlainTextResponse("deleted")


def test_each_method_of_a_class_names_its_own_action(world: World) -> None:
    app = serving(world, Route("/orders", Orders))
    assert signed(app, world.worker, "GET", "/orders").body == b"got by worker-agent"
    assert signed(app, world.worker, "HEAD", "/orders").status == 200
    assert ask(app, "OPTIONS", "/orders", STRANGER).status == 200
    assert ask(app, "HEAD", "/orders", STRANGER).code == "signature_missing"
    assert signed(app, world.worker, "DELETE", "/orders").code == "action_unmapped"


def test_what_inherits_from_a_public_class_is_not_public(world: World) -> None:
    @public
    class Page(HTTPEndpoint):
        async def get(self, _request: Request) -> Response:
            return PlainTextResponse("page")

    class Secret(Page):
        async def post(self, _request: Request) -> Response:
            return PlainTextResponse("secret")

    assert ask(serving(world, Route("/page", Page)), "GET", "/page", STRANGER).status == 200
    assert started(serving(world, Route("/page", Secret)))["type"] == "lifespan.startup.failed"


# --- applications that do not start ----------------------------------------------------------------

UNMAPPED: dict[str, BaseRoute] = {
    "handler": Route("/raw", raw),
    "partial": Route("/raw", partial(raw)),
    "class": Route("/raw", Unmapped),
    "websocket": WebSocketRoute("/raw", read),
    "mounted": Mount("/", Mount("/raw", StaticFiles(directory=Path(__file__).parent))),
    "application": Mount("", Starlette(routes=[Route("/raw", raw)])),
    "host": Host("{name}.example.com", Starlette(routes=[Route("/raw", raw)])),
    "both": Route("/raw", public(requires(**READ)(raw))),
}


@pytest.mark.parametrize("what", UNMAPPED)
def test_an_application_with_an_unmapped_route_does_not_start(world: World, what: str) -> None:
    """'the application refuses to start where a route names none and is not marked public'"""
    app = serving(world, Route("/v1/orders", read), Route("/about", about), UNMAPPED[what])
    answer = started(app)
    assert answer["type"] == "lifespan.startup.failed"
    assert "/raw" in answer["message"]
    assert "/about" not in answer["message"]
    with pytest.raises(ConfigurationError) as caught:
        ask(app, "GET", "/about", STRANGER)
    assert caught.value.field == "routes"


def test_an_application_with_every_route_mapped_starts(world: World) -> None:
    lived: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        lived.append("up")
        yield
        lived.append("down")

    files = public(StaticFiles(directory=Path(__file__).parent))
    app = serving(world, Route("/v1/orders", read), Mount("/files", files), lifespan=lifespan)
    assert started(app) == {"type": "lifespan.startup.complete"}
    assert lived == ["up", "down"]
    assert ask(app, "GET", "/files/__init__.py", STRANGER).status == 200
    assert ask(app, "GET", "/files/..%2ftest_starlette.py", STRANGER).code == "target_rejected"


def test_protect_comes_once_and_first(world: World) -> None:
    app = serving(world, Route("/v1/orders", read))
    with pytest.raises(ConfigurationError):
        protect(app, world.verifier())
    served = Starlette(routes=[Route("/v1/orders", read)])
    ask(served, "GET", "/nowhere", STRANGER)
    with pytest.raises(ConfigurationError):
        protect(served, world.verifier())


# --- what stands in between ------------------------------------------------------------------------


class Answering:
    """A middleware that answers some requests itself, as a cache or a redirect does."""

    def __init__(self, app: ASGIApp, answer: Callable[[], ASGIApp | None]) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self.answer() or self.app)(scope, receive, send)


ANSWERS: dict[str, Callable[[], ASGIApp]] = {
    "cache": lambda: PlainTextResponse("of somebody else"),
    "not modified": lambda: Response(status_code=304),
    "redirect": lambda: RedirectResponse("/elsewhere"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_nobody_answers_before_the_action_was_permitted(world: World, what: str) -> None:
    """The fourth lock: a cache knows the address of a request, and not what its sender may do."""
    answers = iter([None, ANSWERS[what]()])
    app = serving(
        world,
        Route("/v1/orders", read),
        middleware=[Middleware(Answering, lambda: next(answers))],
    )
    assert signed(app, world.worker, "GET", "/v1/orders").status == 200
    answer = signed(app, world.worker, "GET", "/v1/orders")
    assert (answer.status, answer.code, answer.problem["executed"]) == (403, "action_unmapped", "unknown")


def test_errors_of_the_application_are_its_own(world: World) -> None:
    busy = Middleware(Answering, lambda: PlainTextResponse("busy", status_code=503))
    app = serving(world, Route("/v1/orders", read), middleware=[busy])
    answer = signed(app, world.worker, "GET", "/v1/orders")
    assert (answer.status, answer.body) == (503, b"busy")


class Swallowing:
    """A middleware that answers for itself, whatever came out of the handler."""

    def __init__(self, app: ASGIApp, status: int) -> None:
        self.app = app
        self.status = status

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def silent(_message: Message) -> None: ...

        await self.app(scope, receive, silent)
        await PlainTextResponse("fine", status_code=self.status)(scope, receive, send)


def swallowing(handler: Any) -> Any:
    """A decorator that answers for itself, whatever was raised below it."""

    async def swallowed(request: Request, grant: delegate.Grant) -> Response:
        with suppress(LookupError):
            await handler(request)
        return PlainTextResponse(grant.agent)

    return swallowed


@pytest.mark.parametrize(("status", "refused"), [(200, 403), (500, 500)])
def test_a_middleware_that_swallows_our_refusal_gives_nothing_away(
    world: World, status: int, refused: int
) -> None:
    may_audit = requires("audit.write", operation="write", risk="low")
    may_find = requires(**READ, resources=lambda r: {"order": [r.path_params["absent"]]})
    app = serving(
        world,
        Route("/refunds/{order}", refund),
        Route("/both", may_read(may_audit(raw_with_grant))),
        Route("/fault", may_read(swallowing(may_find(may_read(raw_with_grant))))),
        middleware=[Middleware(Swallowing, status)],
    )
    assert signed(app, world.worker, "GET", "/refunds/o-1").status == status
    assert signed(app, world.worker, "GET", "/refunds/o-9").status == refused
    for path in ("/both", "/fault"):
        assert signed(app, world.worker, "GET", path).status == refused


def test_a_stream_that_nobody_asked_about_is_ended(world: World) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1
            yield b"x"

    answering = Middleware(Answering, lambda: StreamingResponse(endless()))
    app = serving(world, Route("/v1/orders", read), middleware=[answering])
    assert signed(app, world.worker, "GET", "/v1/orders").code == "action_unmapped"
    assert sent == 1


def test_an_inner_middleware_that_reroutes_opens_nothing(world: World) -> None:
    """The third lock: the router goes elsewhere than the gate thought, and there is still no grant."""

    class Rewriting:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, "path": "/v1/orders"}, receive, send)

    app = serving(
        world, Route("/v1/orders", read), Route("/about", about), middleware=[Middleware(Rewriting)]
    )
    with pytest.raises(ConfigurationError):
        ask(app, "GET", "/about", STRANGER)


def test_all_that_a_handler_requires_must_permit(world: World) -> None:
    may_audit = requires("audit.write", operation="write", risk="low")
    for handler in (may_read(may_audit(raw_with_grant)), may_audit(may_read(raw_with_grant))):
        app = serving(world, Route("/both", handler), Route("/one", may_read(raw_with_grant)))
        assert signed(app, world.worker, "GET", "/one").status == 200
        assert signed(app, world.worker, "GET", "/both").code == "out_of_scope"


async def raw_with_grant(_request: Request, grant: delegate.Grant) -> Response:
    return PlainTextResponse(grant.agent)


def test_an_async_object_is_a_handler(world: World) -> None:
    class Handler:
        async def __call__(self, request: Request, grant: delegate.Grant) -> Response:
            return await raw_with_grant(request, grant)

        __name__ = "handler"

    app = serving(world, Route("/object", may_read(Handler())))
    assert signed(app, world.worker, "GET", "/object").body == b"worker-agent"


async def body_of(request: Request) -> dict[str, list[str]]:
    return {"order": [(await request.json())["order"]]}


def test_resources_may_be_read_from_the_body(world: World) -> None:
    @requires(**READ, resources=body_of)
    async def find(request: Request, grant: delegate.Grant) -> Response:
        return PlainTextResponse(f"{grant.agent} {(await request.json())['order']}")

    app = serving(world, Route("/find", find, methods=["POST"]))
    assert signed(app, world.worker, "POST", "/find", b'{"order":"o-1"}').body == b"worker-agent o-1"
    assert signed(app, world.worker, "POST", "/find", b'{"order":"o-9"}').code == "out_of_scope"


def test_a_refusal_in_a_background_task_is_a_defect_of_the_server(world: World) -> None:
    """The answer has left: nothing can be refused any more, and nobody is told that it was."""
    error = OutOfScopeError("elsewhere")

    async def later() -> None:
        raise error

    @may_read
    async def handler(_request: Request, grant: delegate.Grant) -> Response:
        return PlainTextResponse(grant.agent, background=BackgroundTask(later))

    with pytest.raises(OutOfScopeError) as caught:
        signed(serving(world, Route("/later", handler)), world.worker, "GET", "/later")
    assert caught.value is error


def test_a_refusal_of_a_call_that_the_handler_made_is_a_defect(world: World) -> None:
    """Its caller was not refused, so it must not be told so."""
    error = OutOfScopeError("elsewhere")

    @may_read
    async def handler(_request: Request, grant: delegate.Grant) -> Response:
        raise error

    with pytest.raises(OutOfScopeError) as caught:
        signed(serving(world, Route("/fails", handler)), world.worker, "GET", "/fails")
    assert caught.value is error


def test_requires_without_protect_serves_nobody(world: World) -> None:
    app = Starlette(routes=[Route("/v1/orders", read)])
    with pytest.raises(ConfigurationError) as caught:
        signed(app, world.worker, "GET", "/v1/orders")
    assert caught.value.field == "protect"
