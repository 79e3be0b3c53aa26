"""What trying every server and framework found, each with the test that keeps it mended."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import Depends, FastAPI, Request, Response

import delegate
from delegate.adapters.fastapi import protect, requires
from tests.server.driver import call, chunked
from tests.support.world import World


def test_a_root_path_from_a_header_reroutes_nobody() -> None:
    """One server takes the root path from a header of the request, which nobody signs; routers cut it off."""
    world, routed = World(), []
    app = FastAPI(openapi_url=None)
    may_read = requires("orders.read", operation="read", risk="low")
    for path in ("/v1/orders", "/orders"):
        app.add_api_route(path, lambda path=path: routed.append(path), dependencies=[Depends(may_read)])
    protect(app, world.verifier())
    headers = world.worker.sign("GET", "/v1/orders")
    answer = call(app, "GET", "/v1/orders", headers, root_path="/v1")
    assert (answer.status, answer.code) == (401, "target_rejected")
    assert routed == []
    assert call(app, "GET", "/v1/orders", headers).status == 200
    assert routed == ["/v1/orders"]


@pytest.mark.parametrize("cached", [200, 204, 304])
def test_a_cache_before_the_handler_gives_nothing_away(cached: int) -> None:
    """A middleware of the framework runs before its dependencies: it would answer whom nobody had asked."""
    world = World()
    app = FastAPI(openapi_url=None)
    app.add_api_route(
        "/v1/orders",
        lambda: "secret",
        dependencies=[Depends(requires("orders.read", operation="read", risk="low"))],
    )

    @app.middleware("http")
    async def cache(request: Request, call_next: Any) -> Any:
        if "x-hit" in request.headers:
            return Response("secret" if cached == 200 else None, status_code=cached)
        return await call_next(request)

    protect(app, world.verifier())
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    for agent, hit, expected in ((world.worker, False, 200), (nobody, False, 403), (nobody, True, 403)):
        headers = [*agent.sign("GET", "/v1/orders"), *([(b"x-hit", b"1")] if hit else [])]
        answer = call(app, "GET", "/v1/orders", headers)
        assert answer.status == expected
        assert (b"secret" in answer.body) == (expected == 200)


def test_the_handler_gets_values_as_they_were_signed() -> None:
    """One server leaves white space after a value in it, which no signature covers (RFC 9421 section 2.1)."""
    world, seen = World(), []
    app = FastAPI(openapi_url=None)

    async def handler(request: Request) -> None:
        seen.append(request.headers["content-type"])

    may_read = requires("orders.read", operation="read", risk="low")
    app.add_api_route("/v1/orders", handler, methods=["POST"], dependencies=[Depends(may_read)])
    protect(app, world.verifier())
    headers = world.worker.sign("POST", "/v1/orders", body=b"{}")
    padded = [(name, value + b" \t") for name, value in headers]
    assert call(app, "POST", "/v1/orders", padded, chunked(b"{}")).status == 200
    assert seen == ["application/json"]
