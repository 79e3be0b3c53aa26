"""Signed answers end to end: httpx, sync and async, against uvicorn on the loopback interface."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

import delegate
from delegate.adapters.fastapi import protect, public, requires
from delegate.client.answers import ServerKeys, VerifiedAnswer
from delegate.client.httpx import ANSWER, AsyncSigningTransport, SigningTransport
from delegate.errors import OutOfScopeError, RedirectRefusedError, ResponseUnboundError
from delegate.keys import SigningKey
from delegate.limits import ANSWER_MAX_BYTES
from tests.integration.test_uvicorn import listening, running
from tests.support.world import World

ANSWER_KEY = SigningKey.from_seed(b"uvicorn: answer key".ljust(32))
TEXT = "a line of text\n" * 100

may_read = requires("orders.read", operation="read", risk="low")
may_export = requires("keys.export", operation="read", risk="low")
Read = Annotated[delegate.Grant, Depends(may_read)]


ROUTES = APIRouter()
"""Every kind of answer."""


@ROUTES.api_route("/small", methods=["GET", "HEAD", "POST"])
async def small(grant: Read) -> dict[str, str]:
    return {"by": grant.agent}


@ROUTES.get("/packed")
async def packed(_grant: Read) -> Response:
    return Response(TEXT, media_type="text/plain")


@ROUTES.get("/nothing")
async def nothing(_grant: Read) -> Response:
    return Response(status_code=204)


@ROUTES.get("/unchanged")
async def unchanged(_grant: Read) -> Response:
    return Response(status_code=304, headers={"ETag": '"x"'})


@ROUTES.get("/streamed")
async def streamed(_grant: Read) -> StreamingResponse:
    return StreamingResponse(iter(["one ", "two"]), media_type="text/plain")


@ROUTES.get("/huge")
async def huge(_grant: Read) -> StreamingResponse:
    pieces = ANSWER_MAX_BYTES // (1 << 20) + 1
    as_it_is = {"Content-Encoding": "identity"}
    return StreamingResponse((b"x" * (1 << 20) for _ in range(pieces)), headers=as_it_is)


@ROUTES.get("/events")
async def events(_grant: Read) -> StreamingResponse:
    return StreamingResponse(iter(["data: 1\n\n"]), media_type="text/event-stream")


@ROUTES.get("/moved")
async def moved(_grant: Read) -> RedirectResponse:
    return RedirectResponse("/small")


@ROUTES.get("/secret")
async def secret(_grant: Annotated[delegate.Grant, Depends(may_export)]) -> None:
    pytest.fail("the handler ran")


@ROUTES.get("/defect")
async def defect(_grant: Read) -> None:
    raise ZeroDivisionError


@ROUTES.get("/open")
@public
async def open_to_all() -> str:
    return "everybody"


@pytest.fixture(scope="module", params=["h11", "httptools"])
def origin(request: pytest.FixtureRequest) -> Iterator[str]:
    with listening() as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        app = FastAPI(openapi_url=None, middleware=[Middleware(GZipMiddleware, minimum_size=500)])
        app.include_router(ROUTES)
        protect(app, World(origin=address).verifier(), answer_key=ANSWER_KEY)
        with running(app, listener, request.param):
            yield address


def get(origin: str, target: str, method: str = "GET", *, key: SigningKey = ANSWER_KEY) -> httpx.Response:
    """The same request twice, sync and async; both end alike."""
    world = World(origin=origin)
    worker = world.worker
    assert worker.token is not None
    entered = (worker.token, worker.key, worker.identity)
    settings: dict[str, Any] = {
        "clock": world.clock,
        "follow_same_origin": True,
        "server_keys": ServerKeys({origin: [key.public_key]}),
    }

    async def asynchronous() -> httpx.Response:
        transport = AsyncSigningTransport(httpx.AsyncHTTPTransport(), **settings)
        async with httpx.AsyncClient(base_url=origin, transport=transport) as api:
            with delegate.with_delegation(entered[0], key=entered[1], identity=entered[2]):
                return await api.request(method, target)

    def synchronous() -> httpx.Response:
        transport = SigningTransport(httpx.HTTPTransport(), **settings)
        with (
            httpx.Client(base_url=origin, transport=transport) as api,
            delegate.with_delegation(entered[0], key=entered[1], identity=entered[2]),
        ):
            return api.request(method, target)

    try:
        answer = asyncio.run(asynchronous())
    except ResponseUnboundError:
        with pytest.raises(ResponseUnboundError):
            synchronous()
        raise
    again = synchronous()
    assert (again.status_code, again.content) == (answer.status_code, answer.content) or again.is_error
    return answer


@pytest.mark.parametrize(
    ("method", "target", "status", "text"),
    [
        ("GET", "/small", 200, '{"by":"worker-agent"}'),
        ("POST", "/small?x=1", 200, '{"by":"worker-agent"}'),
        ("HEAD", "/small", 200, ""),
        ("GET", "/packed", 200, TEXT),
        ("GET", "/nothing", 204, ""),
        ("GET", "/unchanged", 304, ""),
        ("GET", "/streamed", 200, "one two"),
        ("GET", "/moved", 200, '{"by":"worker-agent"}'),
    ],
)
def test_a_whole_answer_is_signed_and_verified(
    origin: str, method: str, target: str, status: int, text: str
) -> None:
    answer = get(origin, target, method)
    assert (answer.status_code, answer.text) == (status, text)
    proof = answer.extensions[ANSWER]
    assert isinstance(proof, VerifiedAnswer)
    assert (proof.key_id, proof.refusal) == (ANSWER_KEY.key_id, None)
    if target == "/packed":
        assert answer.headers["content-encoding"] == "gzip"
        assert int(answer.headers["content-length"]) < len(gzip.compress(TEXT.encode())) + 100


def test_a_refusal_is_signed_and_proves_that_nothing_was_done(origin: str) -> None:
    for target in ("/secret", "/no/such/route"):
        answer = get(origin, target)
        refusal = answer.extensions[ANSWER].refusal
        assert answer.status_code == 403
        assert refusal.executed == "no"
        assert isinstance(refusal, OutOfScopeError) or refusal.code == "action_unmapped"


@pytest.mark.parametrize("target", ["/events", "/huge", "/open"])
def test_what_is_never_signed_is_refused(origin: str, target: str) -> None:
    with pytest.raises(ResponseUnboundError) as caught:
        get(origin, target)
    assert caught.value.executed == "unknown"


def test_an_answer_by_another_key_is_refused(origin: str) -> None:
    with pytest.raises(ResponseUnboundError) as caught:
        get(origin, "/small", key=SigningKey.generate())
    assert caught.value.executed == "unknown"


def test_a_defect_of_the_application_is_a_signed_error(origin: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        answer = get(origin, "/defect")
    assert (answer.status_code, answer.extensions[ANSWER].refusal) == (500, None)


def test_redirects_elsewhere_stay_errors(origin: str) -> None:
    world = World(origin=origin)
    transport = SigningTransport(
        httpx.HTTPTransport(), clock=world.clock, server_keys=ServerKeys({origin: [ANSWER_KEY.public_key]})
    )
    worker = world.worker
    assert worker.token is not None
    with (
        httpx.Client(base_url=origin, transport=transport) as api,
        delegate.with_delegation(worker.token, key=worker.key, identity=worker.identity),
        pytest.raises(RedirectRefusedError),
    ):
        api.get("/moved")
