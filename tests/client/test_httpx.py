"""What only httpx and httpx2 have: extensions, inner transports, hooks. The contract has all the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import httpx2
import pytest

import delegate.client.httpx
import delegate.client.httpx2
from delegate.errors import ConfigurationError, RedirectRefusedError, TargetRejectedError
from tests.client.support import ORIGIN, Server, entered, run

FAMILY = {
    "httpx": SimpleNamespace(lib=httpx, ours=delegate.client.httpx),
    "httpx2": SimpleNamespace(lib=httpx2, ours=delegate.client.httpx2),
}


class Api:
    """Clients of one library that sign, before a stand-in for the network."""

    def __init__(self, lib: Any, ours: Any) -> None:
        self.lib, self.ours = lib, ours
        self.server = Server()
        self.answers: list[Any] = []
        """What it answers instead of 200, in order; an exception is a connection that broke."""

    def client(self, *, inner: Any = None, options: dict[str, Any] | None = None, **settings: Any) -> Any:
        transport = self.ours.SigningTransport(
            inner or self.lib.MockTransport(self.handle), clock=self.server.clock, **settings
        )
        return self.lib.Client(base_url=ORIGIN, transport=transport, **options or {})

    def async_client(self, **settings: Any) -> Any:
        inner = self.lib.MockTransport(self.handle)
        transport = self.ours.AsyncSigningTransport(inner, clock=self.server.clock, **settings)
        return self.lib.AsyncClient(base_url=ORIGIN, transport=transport)

    def handle(self, request: Any) -> Any:
        self.server.handle(request)
        answer = self.answers.pop(0) if self.answers else self.lib.Response(200)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def last(self) -> Any:
        return self.server.requests[-1]


@pytest.fixture(params=FAMILY)
def api(request: pytest.FixtureRequest) -> Api:
    library = FAMILY[request.param]
    return Api(library.lib, library.ours)


def test_a_transport_is_one_of_its_library(api: Api) -> None:
    """So that a type checker takes it, and ``isinstance`` does."""
    inner = api.lib.MockTransport(api.handle)
    assert isinstance(api.ours.SigningTransport(inner), api.lib.BaseTransport)
    assert isinstance(api.ours.AsyncSigningTransport(inner), api.lib.AsyncBaseTransport)


def test_the_callers_request_is_untouched(api: Api) -> None:
    """It "signs a copy, never the caller's request"."""
    with api.client() as client, entered():
        request = client.build_request("POST", "/v1/orders", content=b"body", headers={"X-Mine": "1"})
        before = (request.headers.raw, dict(request.extensions), request.url, request.content)
        answer = client.send(request)
        assert (request.headers.raw, request.extensions, request.url, request.content) == before
        assert answer.request is request
        assert api.last is not request
        client.send(request)
    assert len(api.server.verified) == 2


def test_s163_hooks_and_auth_run_before_and_the_final_value_is_signed(api: Api) -> None:
    def hook(request: Any) -> None:
        request.headers["Content-Type"] = "application/merge-patch+json"

    options = {"event_hooks": {"request": [hook]}, "auth": ("ada", "secret")}
    with api.client(options=options) as client, entered():
        client.patch(
            "/v1/orders", content=b"{}", headers={"Content-Type": "application/json", "Cookie": "a=b"}
        )
    covered = api.last.headers["signature-input"]
    assert api.last.headers["content-type"] == "application/merge-patch+json"
    assert all(f'"{name}"' in covered for name in ("content-type", "authorization", "cookie"))


def test_a_challenge_is_answered_with_a_signature_of_its_own(api: Api) -> None:
    api.answers = [api.lib.Response(401, headers={"WWW-Authenticate": 'Digest realm="r", nonce="n"'})]
    with api.client(options={"auth": api.lib.DigestAuth("ada", "secret")}) as client, entered():
        assert client.post("/v1/orders", content=b"body").status_code == 200
    assert '"authorization"' in api.last.headers["signature-input"]
    assert len({verified.envelope.nonce for verified in api.server.verified}) == 2


def test_the_target_extension_cannot_replace_the_signed_path(api: Api) -> None:
    with api.client() as client, entered():
        with pytest.raises(TargetRejectedError):
            client.get("/v1/orders", extensions={"target": b"/v1/admin"})
        client.get("/v1/orders", extensions={"timeout": {"read": 1.0}})
    assert api.last.extensions["timeout"] == {"read": 1.0}
    assert len(api.server.requests) == 1


def test_forms_and_files_verify(api: Api) -> None:
    with api.client() as client, entered():
        client.post("/v1/orders", data={"a": "b c"})
        client.post("/v1/orders", files={"f": ("name.txt", b"content")}, data={"a": "b"})
    assert len(api.server.verified) == 2


def test_s169_two_signing_transports_on_one_way_are_refused(api: Api) -> None:
    inner = api.ours.SigningTransport(api.lib.MockTransport(api.handle), clock=api.server.clock)
    with api.client(inner=inner) as client, entered(), pytest.raises(ConfigurationError, match="two"):
        client.get(ORIGIN)
    assert not api.server.requests


@pytest.mark.parametrize("name", ["LocalProtocolError", "ProxyError", "UnsupportedProtocol"])
def test_a_failure_that_is_no_missing_answer_is_not_tried_again(api: Api, name: str) -> None:
    api.answers = [getattr(api.lib, name)("no")]
    with api.client(retries=3) as client, entered(), pytest.raises(getattr(api.lib, name)):
        client.get("/v1/orders")
    assert len(api.server.requests) == 1


@pytest.mark.parametrize("name", ["ReadTimeout", "ConnectError", "RemoteProtocolError"])
def test_a_missing_answer_is(api: Api, name: str) -> None:
    api.answers = [getattr(api.lib, name)("slow")]
    with api.client(retries=1) as client, entered():
        assert client.get("/v1/orders").status_code == 200
    assert len(api.server.requests) == 2


def unread(lib: Any) -> Any:
    """A body of an answer that nobody has read yet."""

    class Body(lib.SyncByteStream, lib.AsyncByteStream):  # type: ignore[misc]  # the library is a parameter
        def __iter__(self) -> Iterator[bytes]:
            yield b"gone"

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"gone"

    return Body()


def test_a_response_that_the_caller_does_not_see_is_closed(api: Api) -> None:
    def redirect() -> Any:
        api.answers = [api.lib.Response(302, headers={"Location": "/v2"}, stream=unread(api.lib))]
        return api.answers[0]

    async def check() -> None:
        async with api.async_client() as client:
            answer = redirect()
            with pytest.raises(RedirectRefusedError):
                await client.get("/v1")
            assert answer.is_closed

    with entered():
        with api.client() as client:
            answer = redirect()
            with pytest.raises(RedirectRefusedError):
                client.get("/v1")
            assert answer.is_closed
        run(check())


def test_the_inner_transport_is_entered_and_closed(api: Api) -> None:
    seen: list[str] = []

    def note(word: str) -> Callable[..., Any]:
        return lambda *_: seen.append(word)

    def note_async(word: str) -> Callable[..., Any]:
        async def noted(*_: object) -> None:
            await asyncio.sleep(0)
            seen.append(word)

        return noted

    lib, ours = api.lib, api.ours
    methods = {"__enter__": note("enter"), "close": note("close")}
    inner = type("Inner", (lib.BaseTransport,), methods)()
    methods = {"__aenter__": note_async("enter"), "aclose": note_async("close")}
    async_inner = type("AsyncInner", (lib.AsyncBaseTransport,), methods)()

    async def check() -> None:
        async with lib.AsyncClient(transport=ours.AsyncSigningTransport(async_inner)):
            pass
        await lib.AsyncClient(transport=ours.AsyncSigningTransport(async_inner)).aclose()

    with lib.Client(transport=ours.SigningTransport(inner)):
        pass
    lib.Client(transport=ours.SigningTransport(inner)).close()
    assert seen == ["enter", "close", "close"]
    seen.clear()
    run(check())
    assert seen == ["enter", "close", "close"]
