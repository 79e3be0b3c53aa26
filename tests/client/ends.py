"""Every signing end under one small interface, so that one suite holds all of them to the same rules.

An ``End`` makes clients of one library, with everything that library would do on its own switched on:
redirects are followed, connections are kept. A client of an async library runs its calls on a loop of its
own, each in the context of the caller.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import aiohttp
import httpx
import httpx2
import requests
import yarl
from requests.adapters import HTTPAdapter

import delegate.client.aiohttp
import delegate.client.httpx
import delegate.client.httpx2
import delegate.client.requests
from delegate.client.answers import VerifiedAnswer

ANSWERS: Final = {
    "httpx": delegate.client.httpx.ANSWER,
    "httpx2": delegate.client.httpx2.ANSWER,
    "requests": delegate.client.requests.ANSWER,
    "aiohttp": delegate.client.aiohttp.ANSWER,
}

Body = bytes | list[bytes] | Iterator[bytes] | None
Headers = Sequence[tuple[str, str | bytes]]


@dataclass(frozen=True, slots=True)
class Got:
    """What the caller of a client is given."""

    status: int
    body: bytes
    headers: Any
    response: Any
    proof: VerifiedAnswer | None = None
    """What a signed answer proves, from where the library's file says that it stands."""


class Client(Protocol):
    """One client; ``raw``: the URL exactly as it stands here, if the library can be told so."""

    def request(
        self, method: str, url: str, *, headers: Headers = (), body: Body = None, raw: bool = False
    ) -> Got: ...


class AsyncClient(Client, Protocol):
    """The same, for tests that run on a loop themselves."""

    async def send(
        self, method: str, url: str, *, headers: Headers = (), body: Body = None, raw: bool = False
    ) -> Got: ...

    def run(self, coroutine: Any) -> Any: ...


class End(Protocol):
    """One library, sync or async."""

    name: Any
    asynchronous: Any
    repeats_headers: Any
    """Whether a header can stand in a request twice."""
    broken_off: Any
    """By this exception the library says that an answer broke off."""
    no_answer: Any
    """By this exception the library says that an answer did not come."""
    refusals: Any
    """By these exceptions it refuses a request itself, before it sends."""

    def client(self, *, proxy: str | None = None, **settings: Any) -> AbstractContextManager[Any]: ...

    def signed(self, url: str, **settings: Any) -> list[tuple[str, str]]:
        """The headers of a GET as they are handed to the layer below ours, which sends nothing."""
        ...


class NotSentError(Exception):
    """What stands in for the layer below ours raises it."""


async def aiter_of(body: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in body:
        yield chunk


def proof_of(response: Any) -> VerifiedAnswer | None:
    extensions = getattr(response, "extensions", vars(response))
    found: VerifiedAnswer | None = extensions.get(ANSWERS[type(response).__module__.partition(".")[0]])
    return found


def unread(body: Body) -> Any:
    """A body as it is given to a sync library: a list stands for a generator."""
    return iter(body) if isinstance(body, list) else body


def async_unread(body: Body) -> Any:
    """The same for an async library."""
    return body if body is None or isinstance(body, bytes) else aiter_of(body)


class Loop:
    """Runs calls of one client on one loop, each in the context of the caller."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner

    def run(self, coroutine: Any) -> Any:
        return self._runner.run(coroutine, context=contextvars.copy_context())

    send: Any

    def request(self, method: str, url: str, **parts: Any) -> Got:
        got: Got = self.run(self.send(method, url, **parts))
        return got


@contextmanager
def on_a_loop(make: Any) -> Iterator[Any]:
    """The async context manager that ``make`` gives, entered and left on a loop of its own."""
    with asyncio.Runner() as runner:

        async def enter() -> tuple[AbstractAsyncContextManager[Any], Any]:
            manager = make()
            return manager, await manager.__aenter__()

        manager, client = runner.run(enter())
        try:
            yield runner, client
        finally:
            runner.run(manager.__aexit__(None, None, None))


# --- httpx and httpx2 --------------------------------------------------------------------------------


class HttpxEnd:
    """httpx or httpx2, sync."""

    asynchronous = False
    repeats_headers = True

    def __init__(self, library: Any, ours: Any) -> None:
        self.name = library.__name__
        self._library, self._ours = library, ours
        self.no_answer = self.broken_off = library.TransportError
        self.refusals = (library.InvalidURL, library.UnsupportedProtocol, library.LocalProtocolError)

    @contextmanager
    def client(self, *, proxy: str | None = None, **settings: Any) -> Iterator[Any]:
        transport = self._ours.SigningTransport(
            self._library.HTTPTransport(proxy=proxy, verify=False), **settings
        )
        with self._library.Client(transport=transport, follow_redirects=True, trust_env=False) as client:
            yield HttpxClient(client)

    def signed(self, url: str, **settings: Any) -> list[tuple[str, str]]:
        seen: list[tuple[str, str]] = []

        def below(request: Any) -> Any:
            seen.extend(request.headers.multi_items())
            return self._library.Response(200)

        transport = self._ours.SigningTransport(self._library.MockTransport(below), **settings)
        with self._library.Client(transport=transport) as client:
            client.get(url)
        return seen


class HttpxClient:
    def __init__(self, client: Any) -> None:
        self.client = client

    def request(
        self, method: str, url: str, *, headers: Headers = (), body: Body = None, raw: bool = False
    ) -> Got:
        got = self.client.request(method, url, headers=encode(headers), content=unread(body))
        return Got(got.status_code, got.content, got.headers, got, proof_of(got))


class AsyncHttpxEnd(HttpxEnd):
    """httpx or httpx2, async."""

    asynchronous = True

    def __init__(self, library: Any, ours: Any) -> None:
        super().__init__(library, ours)
        self.name += "-async"

    @contextmanager
    def client(self, *, proxy: str | None = None, **settings: Any) -> Iterator[Any]:
        def make() -> Any:
            inner = self._library.AsyncHTTPTransport(proxy=proxy, verify=False)
            transport = self._ours.AsyncSigningTransport(inner, **settings)
            return self._library.AsyncClient(transport=transport, follow_redirects=True, trust_env=False)

        with on_a_loop(make) as (runner, client):
            yield AsyncHttpxClient(runner, client)


class AsyncHttpxClient(Loop):
    def __init__(self, runner: asyncio.Runner, client: Any) -> None:
        super().__init__(runner)
        self.client = client

    async def send(
        self, method: str, url: str, *, headers: Headers = (), body: Body = None, raw: bool = False
    ) -> Got:
        got = await self.client.request(method, url, headers=encode(headers), content=async_unread(body))
        return Got(got.status_code, got.content, got.headers, got, proof_of(got))


def encode(headers: Headers) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value if isinstance(value, bytes) else value.encode()) for name, value in headers]


# --- requests ----------------------------------------------------------------------------------------


class RequestsEnd:
    """requests."""

    name = "requests"
    asynchronous = False
    repeats_headers = False
    no_answer = broken_off = requests.ConnectionError
    refusals = (requests.RequestException,)

    @contextmanager
    def client(self, *, proxy: str | None = None, **settings: Any) -> Iterator[Any]:
        adapter = delegate.client.requests.SigningAdapter(HTTPAdapter(), **settings)
        with requests.Session() as session:
            session.trust_env = False
            session.proxies = {} if proxy is None else {"all": proxy}
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            yield RequestsClient(session)

    def signed(self, url: str, **settings: Any) -> list[tuple[str, str]]:
        seen: list[tuple[str, str]] = []

        class Below(HTTPAdapter):
            def send(
                self, request: requests.PreparedRequest, *args: Any, **sending: Any
            ) -> requests.Response:
                seen.extend((name, str(value)) for name, value in request.headers.items())
                raise NotSentError

        session = requests.Session()
        adapter = delegate.client.requests.SigningAdapter(Below(), **settings)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        with contextlib.suppress(NotSentError):
            session.get(url)
        return seen


class RequestsClient:
    def __init__(self, session: requests.Session) -> None:
        self.client = session

    def request(
        self, method: str, url: str, *, headers: Headers = (), body: Body = None, raw: bool = False
    ) -> Got:
        prepared = self.client.prepare_request(
            requests.Request(method, url, headers=dict(headers), data=unread(body))
        )
        if raw:
            prepared.url = url
        got = self.client.send(prepared)
        return Got(got.status_code, got.content, got.headers, got, proof_of(got))


# --- aiohttp -----------------------------------------------------------------------------------------


class AiohttpEnd:
    """aiohttp."""

    name = "aiohttp"
    asynchronous = True
    repeats_headers = True
    no_answer = aiohttp.ClientConnectionError
    broken_off = aiohttp.ClientPayloadError
    refusals = (aiohttp.ClientError, ValueError)

    @contextmanager
    def client(self, *, proxy: str | None = None, **settings: Any) -> Iterator[Any]:
        def make() -> Any:
            signing = delegate.client.aiohttp.SigningMiddleware(**settings)
            return aiohttp.ClientSession(middlewares=[signing], proxy=proxy)

        with on_a_loop(make) as (runner, client):
            yield AiohttpClient(runner, client)

    def signed(self, url: str, **settings: Any) -> list[tuple[str, str]]:
        seen: list[tuple[str, str]] = []

        async def below(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> Any:
            seen.extend(request.headers.items())
            raise NotSentError

        async def send() -> None:
            signing = delegate.client.aiohttp.SigningMiddleware(**settings)
            async with aiohttp.ClientSession(middlewares=[signing, below]) as session:
                await session.get(url)

        with contextlib.suppress(NotSentError):
            asyncio.run(send())
        return seen


class AiohttpClient(Loop):
    def __init__(self, runner: asyncio.Runner, client: aiohttp.ClientSession) -> None:
        super().__init__(runner)
        self.client = client

    async def send(
        self, method: str, url: str, *, headers: Headers = (), body: Body = None, raw: bool = False
    ) -> Got:
        text = [(name, decode(value)) for name, value in headers]
        where = yarl.URL(url, encoded=raw)
        async with self.client.request(method, where, headers=text, data=async_unread(body)) as got:
            return Got(got.status, await got.read(), got.headers, got, proof_of(got))


def decode(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


ENDS: Final[tuple[End, ...]] = (
    HttpxEnd(httpx, delegate.client.httpx),
    AsyncHttpxEnd(httpx, delegate.client.httpx),
    HttpxEnd(httpx2, delegate.client.httpx2),
    AsyncHttpxEnd(httpx2, delegate.client.httpx2),
    RequestsEnd(),
    AiohttpEnd(),
)
