"""Every client library over TLS, against uvicorn: a request accepted, its answer verified.

TLS is the real one, on the loopback interface: the server's certificate is given by an authority of the
test's own, the client trusts that authority and checks the host, and the origin begins with ``https://``.
A client that trusts another authority says so and sends nothing.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
import requests

import delegate
import delegate.client.aiohttp
import delegate.client.httpx
import delegate.client.httpx2
import delegate.client.requests
from delegate.client.answers import ServerKeys, VerifiedAnswer
from delegate.errors import ResponseUnboundError
from delegate.keys import SigningKey
from delegate.server.asgi import GRANT, DelegateMiddleware
from delegate.server.interface import Receive, Scope, Send
from tests.client.ends import proof_of
from tests.integration.test_uvicorn import BODY, listening, reading, running
from tests.support.authority import Authority
from tests.support.world import World

ANSWER_KEY = SigningKey.from_seed(b"tls: answer key".ljust(32))


@dataclass(frozen=True, slots=True)
class Site:
    """A running server, who vouches for it, and what it handled."""

    origin: str
    world: World
    authority: Authority
    handled: list[dict[str, Any]]

    def settings(self, answer_key: SigningKey = ANSWER_KEY) -> dict[str, Any]:
        """Of every signing end: answers of the origin must be signed by this key."""
        return {
            "clock": self.world.clock,
            "server_keys": ServerKeys({self.origin: [answer_key.public_key]}),
        }

    def entered(self) -> Any:
        worker = self.world.worker
        assert worker.token is not None
        return delegate.with_delegation(worker.token, key=worker.key, identity=worker.identity)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    authority = Authority.make(tmp_path_factory.mktemp("authority"))
    certificate, key = authority.certify("localhost")
    handled: list[dict[str, Any]] = []

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        seen = {"scheme": scope["scheme"], "agent": scope[GRANT].agent, "body": message["body"].decode()}
        handled.append(seen)
        payload = json.dumps(seen).encode()
        start = [(b"content-length", b"%d" % len(payload)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 201, "headers": start})
        await send({"type": "http.response.body", "body": payload})

    with listening() as listener:
        origin = f"https://localhost:{listener.getsockname()[1]}"
        world = World(origin=origin)
        app = DelegateMiddleware(handler, world.verifier(), action_for=reading, answer_key=ANSWER_KEY)
        with running(app, listener, "h11", ssl_certfile=str(certificate), ssl_keyfile=str(key)):
            yield Site(origin, world, authority, handled)


# --- the libraries ---------------------------------------------------------------------------------

Answer = tuple[int, bytes, VerifiedAnswer | None]
Post = Callable[[str, Authority, dict[str, Any]], Answer]
"""Sends ``BODY`` to a URL, trusting one authority, with the settings of the signing end."""


def with_httpx(library: Any, ours: Any) -> Post:
    def post(url: str, authority: Authority, settings: dict[str, Any]) -> Answer:
        inner = library.HTTPTransport(verify=authority.trusted())
        with library.Client(transport=ours.SigningTransport(inner, **settings), trust_env=False) as api:
            got = api.post(url, content=BODY, headers={"Content-Type": "application/json"})
            return got.status_code, got.content, proof_of(got)

    return post


def with_async_httpx(library: Any, ours: Any) -> Post:
    async def send(url: str, authority: Authority, settings: dict[str, Any]) -> Answer:
        transport = ours.AsyncSigningTransport(
            library.AsyncHTTPTransport(verify=authority.trusted()), **settings
        )
        async with library.AsyncClient(transport=transport, trust_env=False) as api:
            got = await api.post(url, content=BODY, headers={"Content-Type": "application/json"})
            return got.status_code, got.content, proof_of(got)

    return lambda *parts: asyncio.run(send(*parts))


def with_requests(url: str, authority: Authority, settings: dict[str, Any]) -> Answer:
    adapter = delegate.client.requests.SigningAdapter(requests.adapters.HTTPAdapter(), **settings)
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(authority.certificate)
        session.mount("https://", adapter)
        got = session.post(url, data=BODY, headers={"Content-Type": "application/json"})
        return got.status_code, got.content, proof_of(got)


def with_aiohttp(url: str, authority: Authority, settings: dict[str, Any]) -> Answer:
    async def send() -> Answer:
        signing = delegate.client.aiohttp.SigningMiddleware(**settings)
        connector = aiohttp.TCPConnector(ssl=authority.trusted())
        async with (
            aiohttp.ClientSession(middlewares=[signing], connector=connector) as session,
            session.post(url, data=BODY, headers={"Content-Type": "application/json"}) as got,
        ):
            return got.status, await got.read(), proof_of(got)

    return asyncio.run(send())


LIBRARIES: dict[str, tuple[Post, type[Exception]]] = {
    "httpx": (with_httpx(httpx, delegate.client.httpx), httpx.ConnectError),
    "httpx-async": (with_async_httpx(httpx, delegate.client.httpx), httpx.ConnectError),
    "httpx2": (with_httpx(httpx2, delegate.client.httpx2), httpx2.ConnectError),
    "httpx2-async": (with_async_httpx(httpx2, delegate.client.httpx2), httpx2.ConnectError),
    "requests": (with_requests, requests.exceptions.SSLError),
    "aiohttp": (with_aiohttp, aiohttp.ClientConnectionError),
}
"""How each posts, and the exception by which it says that no connection came about."""

every_library = pytest.mark.parametrize("library", LIBRARIES)


@every_library
def test_a_signed_request_is_accepted_and_its_answer_verified(site: Site, library: str) -> None:
    post, _ = LIBRARIES[library]
    with site.entered():
        status, body, proof = post(f"{site.origin}/v1/orders?dry=1", site.authority, site.settings())
    seen = {"scheme": "https", "agent": "worker-agent", "body": BODY.decode()}
    assert (status, json.loads(body)) == (201, seen)
    assert site.handled[-1] == seen
    assert proof is not None
    assert (proof.key_id, proof.refusal) == (ANSWER_KEY.key_id, None)


@every_library
def test_an_answer_by_another_key_is_refused(site: Site, library: str) -> None:
    """TLS says which host it is, and not that the host's application said this."""
    post, _ = LIBRARIES[library]
    with site.entered(), pytest.raises(ResponseUnboundError) as caught:
        post(f"{site.origin}/v1/orders", site.authority, site.settings(SigningKey.generate()))
    assert caught.value.executed == "unknown"


@every_library
def test_a_client_that_trusts_another_authority_sends_nothing(
    site: Site, library: str, tmp_path: Path
) -> None:
    post, no_connection = LIBRARIES[library]
    before = len(site.handled)
    with site.entered(), pytest.raises(no_connection, match=r"(?i)certificate.verify.failed"):
        post(f"{site.origin}/v1/orders", Authority.make(tmp_path), site.settings())
    assert len(site.handled) == before


def test_without_tls_the_server_is_not_to_be_talked_to(site: Site) -> None:
    """So what the tests above saw went through TLS."""
    port = int(site.origin.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP/1.1" not in plain.recv(100)
