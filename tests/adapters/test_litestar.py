"""Litestar behind ``protect``: its layers, its own handlers, and what stands between gate and handler."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import litestar
import pytest
from litestar import Controller, Litestar, Request, Response, Router, asgi, get, post, websocket
from litestar.config.cors import CORSConfig
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.static_files import create_static_files_router

import delegate
from delegate.adapters.litestar import grants, protect, public, requires
from delegate.errors import ConfigurationError
from delegate.server.interface import ASGIApp, Message, Receive, Scope, Send
from tests.adapters.shops import READ, REFUND, STRANGER, ask, signed
from tests.server.driver import drive
from tests.support.world import World

may_read = requires(**READ)
may_refund = requires(**REFUND, resources=lambda c: {"order": [c.path_params["order"]]})

Granted = NamedDependency[delegate.Grant]


@get("/v1/orders", guards=[may_read])
async def read(grant: Granted) -> str:
    return grant.agent


@get("/raw")
async def raw() -> str:
    return "raw"


@get("/about", opt=public)
async def about() -> str:
    return "about"


@pytest.fixture
def world() -> World:
    return World()


def serving(world: World, *handlers: Any, exempt: tuple[str, ...] = (), **options: Any) -> ASGIApp:
    settings: dict[str, Any] = {"openapi_config": None, "logging_config": None, "dependencies": grants}
    app = Litestar(handlers, **(settings | options))
    protect(app, world.verifier(), exempt=exempt)
    return app  # type: ignore[return-value]  # its types and ours are one at run time


def started(app: ASGIApp) -> Message:
    """What the application answers to the start of its life."""
    messages: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}

    async def run() -> Message:
        answers: list[Message] = []

        async def send(message: Message) -> None:
            answers.append(message)

        waiting = iter(messages)

        async def receive() -> Message:
            return next(waiting)

        try:
            await app(scope, receive, send)
        except (ConfigurationError, ExceptionGroup):
            assert answers[0]["type"] == "lifespan.startup.failed"
        return answers[0]

    return asyncio.run(run())


# --- what Litestar does by itself ------------------------------------------------------------------


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "DELETE"])
def test_handlers_of_its_own_are_denied(world: World, method: str) -> None:
    app = serving(world, read, about, cors_config=CORSConfig(allow_origins=["*"]))
    for path in ("/v1/orders", "/about"):
        assert ask(app, method, path, STRANGER).code == "signature_missing"
        assert signed(app, world.worker, method, path).code == "action_unmapped"


def test_a_guard_of_a_layer_guards_its_options_too(world: World) -> None:
    app = serving(world, Router("/r", route_handlers=[raw], guards=[may_read]))
    assert signed(app, world.worker, "OPTIONS", "/r/raw").status == 204
    assert ask(app, "OPTIONS", "/r/raw", STRANGER).code == "signature_missing"


def test_the_documentation_is_not_public_unless_exempt(world: World) -> None:
    documented = OpenAPIConfig("orders", "1", path="/docs")
    message = started(serving(world, read, openapi_config=documented))["message"]
    pages = re.findall(r"GET (\S+) names no action", message)
    assert "/docs/openapi.json" in pages
    app = serving(world, read, exempt=tuple(pages), openapi_config=documented)
    assert started(app)["type"] == "lifespan.startup.complete"
    assert ask(app, "GET", "/docs/openapi.json", STRANGER).status == 200
    assert ask(app, "POST", "/docs/openapi.json", STRANGER).code == "signature_missing"


class Orders(Controller):
    path = "/c"
    guards = [may_read]  # noqa: RUF012 - as Litestar has it

    @get("/read")
    async def read(self, grant: Granted) -> str:
        return grant.agent

    @post("/refund/{order:str}", guards=[may_refund])
    async def refund(self, grant: Granted) -> str:
        return grant.action.tool


@pytest.mark.parametrize(
    ("add", "path"),
    [
        (lambda: Orders, "/c/read"),
        (lambda: Router("/r", route_handlers=[raw], guards=[may_read]), "/r/raw"),
        (lambda: raw, "/raw"),
    ],
    ids=["controller", "router", "application"],
)
def test_an_action_may_be_named_on_any_layer(world: World, add: Callable[[], Any], path: str) -> None:
    guards = [may_read] if path == "/raw" else []
    app = serving(world, add(), guards=guards)
    assert signed(app, world.worker, "GET", path).status == 200
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    answer = signed(app, nobody, "GET", path)
    assert (answer.status, answer.code) == (403, "out_of_scope")


def test_all_guards_must_permit_and_the_nearest_gives_the_grant(world: World) -> None:
    app = serving(world, Orders)
    assert signed(app, world.worker, "POST", "/c/refund/o-1").body == b"refunds.create"
    assert signed(app, world.worker, "POST", "/c/refund/o-9").code == "out_of_scope"
    assert signed(app, world.sub_worker, "POST", "/c/refund/o-1").code == "out_of_scope"


def test_a_mounted_application_is_guarded(world: World) -> None:
    @asgi("/files", is_mount=True, guards=[may_read], copy_scope=True)
    async def files(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": scope["path"].encode()})

    app = serving(world, files)
    assert signed(app, world.worker, "GET", "/files/a").body == b"/a/"
    assert ask(app, "GET", "/files/a", STRANGER).code == "signature_missing"
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    assert signed(app, nobody, "GET", "/files/a").code == "out_of_scope"


def test_static_files_are_public_or_guarded(world: World) -> None:
    here = Path(__file__).parent
    open_files = create_static_files_router("/open", [here], opt=public)
    closed = create_static_files_router("/closed", [here], guards=[may_read])
    app = serving(world, open_files, closed)
    assert started(app)["type"] == "lifespan.startup.complete"
    assert ask(app, "GET", "/open/__init__.py", STRANGER).status == 200
    assert ask(app, "GET", "/closed/__init__.py", STRANGER).code == "signature_missing"
    assert signed(app, world.worker, "GET", "/closed/__init__.py").status == 200
    assert ask(app, "GET", "/open/..%2ftest_litestar.py", STRANGER).code == "target_rejected"


def test_a_cached_answer_asks_the_guard_first(world: World) -> None:
    """Litestar keeps answers by their address, and looks for one after the guards."""
    served: list[str] = []

    @get("/cached", guards=[may_read], cache=60)
    async def cached(grant: Granted) -> str:
        served.append(grant.agent)
        return "answer"

    app = serving(world, cached)
    for _ in range(2):
        assert signed(app, world.worker, "GET", "/cached").body == b"answer"
    assert served == ["worker-agent"]
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    assert signed(app, nobody, "GET", "/cached").code == "out_of_scope"


# --- applications that do not start ----------------------------------------------------------------


@websocket("/raw")
async def listener(socket: litestar.WebSocket[Any, Any, Any]) -> None: ...


@asgi("/raw", is_mount=True, copy_scope=True)
async def opaque(scope: Scope, receive: Receive, send: Send) -> None: ...


@get("/raw", opt=public, guards=[may_read])
async def contradiction() -> str:
    return "raw"


@get("/raw", opt=public)
async def opened() -> str:
    return "raw"


UNMAPPED: dict[str, Any] = {
    "handler": raw,
    "websocket": listener,
    "mount": opaque,
    "router": Router("/", route_handlers=[Router("/", route_handlers=[raw])]),
    "both": contradiction,
    "both, through layers": Router("/", route_handlers=[opened], guards=[may_read]),
    "static files": create_static_files_router("/raw", [Path(__file__).parent]),
}


@pytest.mark.parametrize("what", UNMAPPED)
def test_an_application_with_an_unmapped_route_does_not_start(world: World, what: str) -> None:
    """'the application refuses to start where a route names none and is not marked public'"""
    app = serving(world, read, about, UNMAPPED[what])
    answer = started(app)
    assert answer["type"] == "lifespan.startup.failed"
    assert "/raw" in answer["message"]
    assert "/about " not in answer["message"]
    with pytest.raises(ConfigurationError) as caught:
        ask(app, "GET", "/about", STRANGER)
    assert caught.value.field == "routes"


def test_an_application_with_every_route_mapped_starts(world: World) -> None:
    lived: list[str] = []
    app = serving(world, read, about, on_startup=[lambda: lived.append("up")])
    assert started(app) == {"type": "lifespan.startup.complete"}
    assert lived == ["up"]


def test_a_handler_registered_while_serving_is_denied(world: World) -> None:
    """'an unmapped route is denied'"""
    app = serving(world, read)
    assert signed(app, world.worker, "GET", "/v1/orders").status == 200
    app.register(raw)  # type: ignore[attr-defined]
    assert signed(app, world.worker, "GET", "/raw").code == "action_unmapped"


def test_protect_comes_once(world: World) -> None:
    app = serving(world, read)
    with pytest.raises(ConfigurationError):
        protect(app, world.verifier())  # type: ignore[arg-type]


# --- what stands in between ------------------------------------------------------------------------


def test_nobody_answers_before_the_action_was_permitted(world: World) -> None:
    """The fourth lock: a middleware of Litestar runs before the guards."""
    answers = iter([False, True])

    def answering(app: Any) -> Any:
        async def middleware(scope: Any, receive: Any, send: Any) -> None:
            if next(answers):
                await send({"type": "http.response.start", "status": 200, "headers": []})
                await send({"type": "http.response.body", "body": b"of somebody else"})
            else:
                await app(scope, receive, send)

        return middleware

    app = serving(world, read, middleware=[answering])
    assert signed(app, world.worker, "GET", "/v1/orders").status == 200
    answer = signed(app, world.worker, "GET", "/v1/orders")
    assert (answer.status, answer.code) == (403, "action_unmapped")


def fine(_request: Request[Any, Any, Any], _error: Exception) -> Response[str]:
    return Response("fine", status_code=200)


@pytest.mark.parametrize("kind", [delegate.DelegateError, Exception, 500])
def test_an_exception_handler_that_says_yes_gives_nothing_away(world: World, kind: Any) -> None:
    @get("/orders/{order:str}", guards=[may_refund], exception_handlers={kind: fine})
    async def handler() -> str:
        return "ran"

    app = serving(world, handler)
    assert signed(app, world.worker, "GET", "/orders/o-1").body == b"ran"
    answer = signed(app, world.worker, "GET", "/orders/o-9")
    assert answer.status == 403
    assert answer.code in {"out_of_scope", "action_unmapped"}


def test_errors_of_the_application_are_its_own(world: World) -> None:
    @get("/fails", guards=[may_read])
    async def fails() -> str:
        msg = "busy"
        raise HTTPException(msg, status_code=503)

    assert signed(serving(world, fails), world.worker, "GET", "/fails").status == 503


def test_a_grant_that_nobody_required_is_a_defect(world: World) -> None:
    @get("/page", opt=public)
    async def page(grant: Granted) -> str:
        return grant.agent

    with pytest.raises(ConfigurationError) as caught:
        ask(serving(world, page), "GET", "/page", STRANGER)
    assert caught.value.field == "guards"


def test_requires_without_protect_serves_nobody(world: World) -> None:
    app: Any = Litestar([read], openapi_config=None, logging_config=None, dependencies=grants)
    assert signed(app, world.worker, "GET", "/v1/orders").status == 500
    assert asyncio.run(drive(app, {"type": "lifespan", "state": {}}, [{}, {}])).messages
