"""FastAPI behind ``protect``: who is served, who is refused, and which applications do not start."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response, WebSocket
from fastapi.middleware.cors import CORSMiddleware
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Host, Mount, Route

import delegate
from delegate.adapters.fastapi import protect, public, requires
from delegate.errors import ConfigurationError, MalformedError, OutOfScopeError
from delegate.server.interface import ASGIApp, Message, Receive, Scope, Send
from tests.server.driver import Answer, call, chunked, drive
from tests.support.world import HOST, Agent, World

STRANGER = [(b"host", HOST)]
may_read = requires("orders.read", operation="read", risk="low")
may_refund = requires(
    "refunds.create",
    operation="financial",
    risk="high",
    resources=lambda r: {"order": [r.path_params["order"]]},
)
Reader = Annotated[delegate.Grant, Depends(may_read)]
Refunder = Annotated[delegate.Grant, Depends(may_refund)]


class Refund(BaseModel):
    cents: int


def bare() -> FastAPI:
    """An application without the documentation pages."""
    return FastAPI(openapi_url=None)


def shop(world: World) -> FastAPI:
    """The server of the design, and a page for everybody."""
    app = bare()

    @app.get("/v1/orders")
    def orders(grant: Reader) -> dict[str, object]:
        return {"by": grant.agent, "path": grant.path}

    @app.post("/v1/refunds/{order}")
    async def refund(order: str, body: Refund, grant: Refunder) -> dict[str, object]:
        return {"order": order, "cents": body.cents, "by": grant.agent, "for": grant.root}

    @app.get("/about")
    @public
    async def about(request: Request) -> dict[str, bool]:
        return {"proof": any(key in request.scope for key in ("delegate.verified", "delegate.grant"))}

    protect(app, world.verifier())
    return app


@pytest.fixture
def world() -> World:
    return World()


def signed(app: ASGIApp, agent: Agent, method: str, target: str, body: bytes = b"") -> Answer:
    return call(app, method, target, agent.sign(method, target, body=body), chunked(body))


# --- the example of the design ---------------------------------------------------------------------


def test_a_permitted_action_runs(world: World) -> None:
    answer = signed(shop(world), world.worker, "POST", "/v1/refunds/o-1", b'{"cents":1250}')
    assert answer.status == 200
    assert answer.body == b'{"order":"o-1","cents":1250,"by":"worker-agent","for":"user:ada"}'


def test_a_sync_handler_gets_its_grant_too(world: World) -> None:
    answer = signed(shop(world), world.sub_worker, "GET", "/v1/orders")
    assert answer.body == b'{"by":"sub-worker","path":["worker-agent","sub-worker"]}'


@pytest.mark.parametrize(
    ("agent", "order", "code", "block"),
    [("worker", "o-9", "out_of_scope", 0), ("sub_worker", "o-1", "out_of_scope", 1)],
)
def test_an_action_out_of_scope(world: World, agent: str, order: str, code: str, block: int) -> None:
    answer = signed(shop(world), getattr(world, agent), "POST", f"/v1/refunds/{order}", b'{"cents":1}')
    assert (answer.status, answer.code) == (403, code)
    assert (answer.problem["block"], len(answer.problem["request_id"])) == (block, 64)


def test_a_stranger_is_refused_before_the_body(world: World) -> None:
    answer = call(shop(world), "POST", "/v1/refunds/o-1", STRANGER, chunked(b"{"))
    assert (answer.status, answer.code, answer.received) == (401, "signature_missing", 0)


def test_the_replay_is_refused(world: World) -> None:
    app, headers = shop(world), world.worker.sign("GET", "/v1/orders")
    assert call(app, "GET", "/v1/orders", headers).status == 200
    assert call(app, "GET", "/v1/orders", headers).code == "nonce_replayed"


# --- public routes ---------------------------------------------------------------------------------


def test_a_public_route_is_open_and_has_no_proof(world: World) -> None:
    app = shop(world)
    assert call(app, "GET", "/about").body == b'{"proof":false}'
    assert signed(app, world.worker, "GET", "/about").body == b'{"proof":false}'


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/about"),
        ("HEAD", "/about"),
        ("OPTIONS", "/about"),
        ("GET", "/about/"),
        ("GET", "/v1/orders"),
        ("OPTIONS", "/v1/orders"),
        ("GET", "/nowhere"),
        ("GET", "/"),
        ("GET", "/openapi.json"),
    ],
)
def test_nothing_else_is_open(world: World, method: str, target: str) -> None:
    assert call(shop(world), method, target, STRANGER).code == "signature_missing"


@pytest.mark.parametrize(
    "target", ["/v1/../about", "/about%2F", "//about", "/%2e%2e/about", "/about%2f..%2fv1"]
)
def test_tricks_with_paths(world: World, target: str) -> None:
    assert call(shop(world), "GET", target, STRANGER).code in {"signature_missing", "target_rejected"}


def test_the_order_of_routes_decides_as_in_the_router(world: World) -> None:
    """A protected route before a public one that matches as well, and the other way round."""

    async def named(name: str, grant: Reader) -> str:
        return "protected"

    @public
    async def anybody(name: str) -> str:
        return "public"

    for first, second, status in ((named, anybody, 401), (anybody, named, 200)):
        app = bare()
        app.add_api_route("/things/{name}", first)
        app.add_api_route("/things/{name:path}", second)
        protect(app, world.verifier())
        assert call(app, "GET", "/things/a", STRANGER).status == status


def test_public_stands_above_or_below(world: World) -> None:
    app = bare()

    @public
    @app.get("/above")
    def above() -> str:
        return "above"

    class Pages:
        @public
        def page(self) -> str:
            return "page"

    app.add_api_route("/page", Pages().page)
    protect(app, world.verifier())
    assert [call(app, "GET", path).status for path in ("/above", "/page")] == [200, 200]


# --- verified, but nobody named an action ----------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/nowhere"), ("DELETE", "/v1/orders"), ("HEAD", "/v1/orders"), ("GET", "/v1/orders/")],
)
def test_an_unmapped_request_is_denied(world: World, method: str, target: str) -> None:
    answer = signed(shop(world), world.worker, method, target)
    assert (answer.status, answer.code) == (403, "action_unmapped")


def test_a_route_added_while_serving_is_denied(world: World) -> None:
    """'an unmapped route is denied'"""
    app = shop(world)
    assert signed(app, world.worker, "GET", "/v1/orders").status == 200
    app.add_api_route("/late", lambda: "late")
    assert signed(app, world.worker, "GET", "/late").code == "action_unmapped"
    assert call(app, "GET", "/late", STRANGER).code == "signature_missing"


def test_static_files_of_low_priority_are_denied(world: World, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("files")
    app = bare()
    if not hasattr(app, "frontend"):
        pytest.skip("this FastAPI has no frontend()")
    app.frontend("/", directory=str(tmp_path))
    protect(app, world.verifier())
    assert signed(app, world.worker, "GET", "/index.html").code == "action_unmapped"


# --- where actions may be named --------------------------------------------------------------------


def through_router(app: FastAPI) -> None:
    router = APIRouter(prefix="/v1", dependencies=[Depends(may_read)])
    router.add_api_route("/orders", lambda: "ok")
    app.include_router(router)


def through_inclusion(app: FastAPI) -> None:
    router = APIRouter()
    router.add_api_route("/orders", lambda: "ok")
    app.include_router(router, prefix="/v1", dependencies=[Depends(may_read)])


def through_nested_routers(app: FastAPI) -> None:
    inner, outer = APIRouter(), APIRouter(dependencies=[Depends(may_read)])
    inner.add_api_route("/orders", lambda: "ok")
    outer.include_router(inner)
    app.include_router(outer, prefix="/v1")


def through_a_route(app: FastAPI) -> None:
    app.add_api_route("/v1/orders", lambda: "ok", dependencies=[Depends(may_read)])


def agent_of(grant: Reader) -> str:
    return grant.agent


def through_a_dependency_of_a_dependency(app: FastAPI) -> None:
    def named(by: Annotated[str, Depends(agent_of)]) -> str:
        return by

    app.add_api_route("/v1/orders", named)


def through_a_mounted_application(app: FastAPI) -> None:
    inner = bare()
    through_a_route(inner)
    app.mount("/outer", Starlette(routes=[Mount("/inner", inner)]))
    app.mount("/mount", Mount("/mount", inner))


THROUGH: Mapping[str, Callable[[FastAPI], None]] = {
    name.removeprefix("through_"): value
    for name, value in list(globals().items())
    if name.startswith("through_")
}


@pytest.mark.parametrize("way", THROUGH)
def test_an_action_may_be_named(world: World, way: str) -> None:
    app = bare()
    THROUGH[way](app)
    protect(app, world.verifier())
    target = "/outer/inner/v1/orders" if "mounted" in way else "/v1/orders"
    assert signed(app, world.worker, "GET", target).status == 200
    if "mounted" in way:
        assert signed(app, world.worker, "GET", "/mount/mount/v1/orders").status == 200
    assert call(app, "GET", target, STRANGER).code == "signature_missing"
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    answer = signed(app, nobody, "GET", target)
    assert (answer.status, answer.code) == (403, "out_of_scope")


def test_all_requirements_must_permit(world: World) -> None:
    app = FastAPI(openapi_url=None, dependencies=[Depends(may_read)])
    router = APIRouter(dependencies=[Depends(requires("audit.write", operation="write", risk="low"))])
    app.add_api_route("/one", lambda: "ok")
    router.add_api_route("/two", lambda: "ok")
    app.include_router(router)
    protect(app, world.verifier())
    assert signed(app, world.worker, "GET", "/one").status == 200
    assert signed(app, world.worker, "GET", "/two").code == "out_of_scope"


async def async_resources(request: Request) -> Mapping[str, Sequence[str]]:
    return {"order": [(await request.json())["order"]]}


def test_resources_may_be_read_from_the_body(world: World) -> None:
    app = bare()
    may = requires("orders.read", operation="read", risk="low", resources=async_resources)
    app.add_api_route("/find", lambda: "ok", methods=["POST"], dependencies=[Depends(may)])
    protect(app, world.verifier())
    assert signed(app, world.worker, "POST", "/find", b'{"order":"o-1"}').status == 200
    assert signed(app, world.worker, "POST", "/find", b'{"order":"o-9"}').code == "out_of_scope"
    assert signed(app, world.worker, "POST", "/find", b'{"order":""}').code == "resource_malformed"


def test_a_defect_in_resources_is_no_permission(world: World) -> None:
    app = bare()
    may = requires("orders.read", operation="read", risk="low", resources=lambda r: {"order": [r.nothing]})  # type: ignore[attr-defined]
    app.add_api_route("/find", lambda: "ok", dependencies=[Depends(may)])
    protect(app, world.verifier())
    with pytest.raises(AttributeError):
        signed(app, world.worker, "GET", "/find")


@pytest.mark.parametrize("wrong", [{"risk": "some"}, {"operation": "Read it"}, {"sensitivities": ["P I I"]}])
def test_a_name_that_is_none_is_found_at_import(wrong: dict[str, Any]) -> None:
    with pytest.raises(MalformedError):
        requires("orders.read", **({"operation": "read", "risk": "low"} | wrong))


# --- applications that do not start ----------------------------------------------------------------


def raw_route(app: FastAPI) -> None:
    app.router.routes.append(Route("/raw", lambda _request: PlainTextResponse("raw")))


def websocket(app: FastAPI) -> None:
    @app.websocket("/raw")
    async def endpoint(socket: WebSocket) -> None: ...


def included(app: FastAPI) -> None:
    router = APIRouter(prefix="/raw")
    router.add_api_route("", lambda: "raw")
    outer = APIRouter()
    outer.include_router(router)
    app.include_router(outer)


def mounted(app: FastAPI) -> None:
    app.mount("/", Starlette(routes=[Mount("/raw", StaticFiles(directory=Path(__file__).parent))]))


def mounted_application(app: FastAPI) -> None:
    inner = bare()
    inner.add_api_route("/raw", lambda: "raw")
    app.mount("", inner)


def opaque(app: FastAPI) -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None: ...

    app.mount("/raw", application)


def of_a_host(app: FastAPI) -> None:
    app.router.routes.append(
        Host("{name}.example.com", Starlette(routes=[Route("/raw", lambda _request: Response())]))
    )


def dependency_that_is_none(app: FastAPI) -> None:
    app.add_api_route("/raw", lambda: "raw", dependencies=[Depends(lambda: None)])


def contradiction(app: FastAPI) -> None:
    app.add_api_route("/raw", public(lambda: "raw"), dependencies=[Depends(may_read)])


UNMAPPED: Sequence[Callable[[FastAPI], None]] = (
    raw_route,
    websocket,
    included,
    mounted,
    mounted_application,
    opaque,
    of_a_host,
    dependency_that_is_none,
    contradiction,
)


def started(app: ASGIApp) -> Message:
    """What the application answers to the start of its life."""
    messages: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    return asyncio.run(drive(app, scope, messages)).messages[0]


@pytest.mark.parametrize("add", UNMAPPED, ids=lambda add: add.__name__)
def test_an_application_with_an_unmapped_route_does_not_start(
    world: World, add: Callable[[FastAPI], None]
) -> None:
    """'the application refuses to start where a route names none and is not marked public'"""
    app = shop(world)
    add(app)  # after protect(), which must not matter
    answer = started(app)
    assert answer["type"] == "lifespan.startup.failed"
    assert "/raw" in answer["message"]
    assert "/about" not in answer["message"]
    with pytest.raises(ConfigurationError) as caught:
        call(app, "GET", "/about")
    assert caught.value.field == "routes"


def test_an_application_with_every_route_mapped_starts(world: World) -> None:
    lived: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        lived.append("up")
        yield
        lived.append("down")

    app = FastAPI(openapi_url=None, lifespan=lifespan)
    through_a_route(app)
    app.mount("/files", public(StaticFiles(directory=Path(__file__).parent)))
    protect(app, world.verifier())
    assert started(app) == {"type": "lifespan.startup.complete"}
    assert lived == ["up", "down"]
    assert call(app, "GET", "/files/__init__.py").status == 200
    assert call(app, "GET", "/files/..%2ftest_fastapi.py", STRANGER).code == "target_rejected"


def test_the_documentation_is_not_public_unless_exempt(world: World) -> None:
    app = FastAPI()
    through_a_route(app)
    protect(app, world.verifier())
    message = started(app)["message"]
    assert [path for path in ("/docs", "/openapi.json", "/redoc") if path not in message] == []

    open_app = FastAPI(docs_url=None, redoc_url=None)
    through_a_route(open_app)
    protect(open_app, world.verifier(), exempt=["/openapi.json"])
    assert started(open_app)["type"] == "lifespan.startup.complete"
    assert call(open_app, "GET", "/openapi.json").status == 200
    assert call(open_app, "POST", "/openapi.json", STRANGER).code == "signature_missing"


def test_exempt_opens_reading_only(world: World) -> None:
    app = bare()
    app.add_api_route("/healthz", lambda: "ok", methods=["GET", "POST"])
    protect(app, world.verifier(), exempt=["/healthz"])
    assert call(app, "GET", "/healthz").status == 200
    assert call(app, "POST", "/healthz", STRANGER).code == "signature_missing"
    assert signed(app, world.worker, "POST", "/healthz").code == "action_unmapped"


# --- protect itself --------------------------------------------------------------------------------


def test_protect_is_outermost_whatever_is_added_later(world: World) -> None:
    seen: list[str] = []
    app = shop(world)

    @app.middleware("http")
    async def watch(request: Request, call_next: Callable[[Request], Any]) -> Any:
        seen.append(request.url.path)
        return await call_next(request)

    app.add_middleware(CORSMiddleware, allow_origins=["*"])
    assert call(app, "GET", "/v1/orders", STRANGER).code == "signature_missing"
    assert not seen
    assert signed(app, world.worker, "GET", "/v1/orders").status == 200
    assert seen == ["/v1/orders"]


def test_protect_comes_once_and_first(world: World) -> None:
    app = shop(world)
    with pytest.raises(ConfigurationError):
        protect(app, world.verifier())
    served = bare()
    call(served, "GET", "/")
    with pytest.raises(ConfigurationError):
        protect(served, world.verifier())


def test_protect_refuses_an_observer(world: World) -> None:
    with pytest.raises(ConfigurationError) as caught:
        protect(bare(), world.verifier(mode="observe"))
    assert caught.value.field == "mode"


def test_protect_finds_mistakes_at_once(world: World) -> None:
    with pytest.raises(ConfigurationError) as caught:
        protect(bare(), world.verifier(), exempt=["healthz"])
    assert caught.value.field == "exempt"


def test_an_application_that_served_cannot_be_mounted(world: World) -> None:
    inner = bare()
    through_a_route(inner)
    call(inner, "GET", "/nowhere")
    app = bare()
    app.mount("/inner", inner)
    protect(app, world.verifier())
    with pytest.raises(ConfigurationError):
        signed(app, world.worker, "GET", "/inner/v1/orders")


def test_requires_without_protect_serves_nobody(world: World) -> None:
    app = bare()
    through_a_route(app)
    with pytest.raises(ConfigurationError) as caught:
        signed(app, world.worker, "GET", "/v1/orders")
    assert caught.value.field == "protect"


def test_an_inner_middleware_that_reroutes_opens_nothing(world: World) -> None:
    """The third lock: the router goes elsewhere than the gate thought, and there is still no grant."""

    class Rewriting:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await self.app({**scope, "path": "/v1/orders"}, receive, send)

    app = shop(world)
    app.add_middleware(Rewriting)
    with pytest.raises(ConfigurationError):
        call(app, "GET", "/about")


def failing(error: Exception) -> FastAPI:
    app = bare()

    @app.get("/fails")
    async def fails(grant: Reader) -> None:
        raise error

    return app


def test_a_refusal_of_a_call_that_the_handler_made_is_a_defect(world: World) -> None:
    """Its caller was not refused, so it must not be told so."""
    error = OutOfScopeError("elsewhere")
    app = failing(error)
    protect(app, world.verifier())
    with pytest.raises(OutOfScopeError) as caught:
        signed(app, world.worker, "GET", "/fails")
    assert caught.value is error


def test_a_handler_may_authorize_further(world: World) -> None:
    app = bare()

    @app.get("/further/{order}")
    async def further(order: str, grant: Reader) -> str:
        more = delegate.Action("orders.read", operation="read", risk="low", resources={"order": [order]})
        return grant.verified.authorize(more).agent

    protect(app, world.verifier())
    assert signed(app, world.worker, "GET", "/further/o-1").status == 200
    assert signed(app, world.worker, "GET", "/further/o-9").code == "out_of_scope"


def test_development_shows_the_true_code(world: World) -> None:
    app = bare()
    through_a_route(app)
    protect(app, world.verifier(), development=True)
    assert signed(app, world.stranger, "GET", "/v1/orders").code == "untrusted_root"
