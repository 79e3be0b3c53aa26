"""A real server: uvicorn on the loopback interface, with each of its two HTTP/1.1 parsers.

What a parser refuses or changes before the application is called differs between them. What must not
differ: nothing is accepted with a method, authority, path, query, header or body that nobody signed.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any, Literal

import pytest
import uvicorn
from fastapi import FastAPI

from delegate.adapters.fastapi import protect
from delegate.clock import ManualClock
from delegate.scope import Action
from delegate.server.asgi import GRANT, DelegateMiddleware
from delegate.server.interface import ASGIApp, Receive, Scope, Send
from delegate.verifier import Request, Verified
from tests.support.world import NOW, Agent, Header, World, without

Parser = Literal["h11", "httptools"]
Outcome = str
"""'accepted', the code of our refusal, or 'parser' for a refusal of uvicorn's own."""

BODY = b'{"cents":1250}'
PATIENCE = 10.0
"""Seconds after which a test that waits has failed."""


class CountingClock(ManualClock):
    """A clock that tells a waiting test each time it is read."""

    __slots__ = ("reads",)

    def __init__(self) -> None:
        super().__init__(NOW)
        self.reads = threading.Semaphore(0)

    def now(self) -> int:
        self.reads.release()
        return super().now()


@dataclass(frozen=True, slots=True)
class Served:
    """A running server and the world it trusts."""

    port: int
    world: World
    clock: CountingClock

    @property
    def host(self) -> bytes:
        return b"127.0.0.1:%d" % self.port

    @property
    def worker(self) -> Agent:
        return self.world.worker

    def sign(self, agent: Agent, method: str, target: str, body: bytes = b"") -> list[Header]:
        return agent.sign(method, target, body=body, origin=self.world.origin)

    def forget_reads(self) -> None:
        """Whatever read the clock so far."""
        while self.clock.reads.acquire(blocking=False):
            pass

    def await_step_4(self) -> None:
        """Wait until one more request has had its headers read and its window checked."""
        assert self.clock.reads.acquire(timeout=PATIENCE)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def exchange(self, request: bytes) -> Reply:
        """Send bytes as they are on a connection of their own; read one answer."""
        with closing(self.connect()) as connection:
            connection.sendall(request)
            return reply_on(connection)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def details(self) -> dict[str, Any]:
        details: dict[str, Any] = json.loads(self.body)
        return details

    @property
    def outcome(self) -> Outcome:
        if self.status == 200:
            return "accepted"
        if self.headers.get("content-type") == "application/problem+json":
            return str(self.details["code"])
        return "parser"


def reply_on(connection: socket.socket) -> Reply:
    with closing(HTTPResponse(connection)) as response:
        response.begin()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Reply(response.status, headers, response.read())


def raw(method: str, target: str, headers: list[Header], body: bytes = b"") -> bytes:
    lines = b"".join(b"%b: %b\r\n" % line for line in headers)
    return f"{method} {target} HTTP/1.1\r\n".encode() + lines + b"\r\n" + body


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what it saw of the request."""
    message = await receive()
    seen = {
        "agent": scope[GRANT].agent,
        "path": scope["path"],
        "host": dict(scope["headers"])[b"host"].decode(),
        "headers": [name.decode() for name, _ in scope["headers"]],
        "body": message["body"].decode(),
        "more": message["more_body"],
    }
    payload = json.dumps(seen).encode()
    start = [(b"content-length", b"%d" % len(payload)), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": start})
    await send({"type": "http.response.body", "body": payload})


def reading(_request: Request, _verified: Verified) -> Action:
    return Action("orders.read", operation="read", risk="low")


@contextmanager
def running(
    app: ASGIApp, listener: socket.socket, parser: Parser, **settings: Any
) -> Iterator[uvicorn.Server]:
    """uvicorn in a thread, on a socket that already accepts connections; ``settings`` are uvicorn's own."""
    config = uvicorn.Config(app, http=parser, lifespan="off", log_config=None, ws="none", **settings)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@pytest.fixture(scope="module", params=["h11", "httptools"])
def parser(request: pytest.FixtureRequest) -> Parser:
    choice: Parser = request.param
    return choice


@pytest.fixture(scope="module")
def shared(parser: Parser) -> Iterator[Served]:
    with listening() as listener:
        port: int = listener.getsockname()[1]
        clock = CountingClock()
        world = World(origin=f"http://127.0.0.1:{port}", clock=clock)
        middleware = DelegateMiddleware(echo, world.verifier(body_limit=100_000), action_for=reading)
        with running(middleware, listener, parser):
            yield Served(port, world, clock)


@pytest.fixture
def served(shared: Served) -> Served:
    shared.clock.set(NOW)
    return shared


def test_a_signed_post_is_accepted_and_its_replay_refused(served: Served) -> None:
    request = raw(
        "POST", "/v1/orders?dry=1", served.sign(served.worker, "POST", "/v1/orders?dry=1", BODY), BODY
    )
    first, second = served.exchange(request), served.exchange(request)
    assert first.outcome == "accepted"
    assert (first.details["agent"], first.details["body"]) == ("worker-agent", BODY.decode())
    assert not first.details["more"]
    assert (second.status, second.outcome) == (401, "nonce_replayed")
    assert second.headers["www-authenticate"] == 'Delegate error="nonce_replayed"'


def test_two_requests_on_one_connection(served: Served) -> None:
    with closing(served.connect()) as connection:
        for _ in range(2):
            connection.sendall(raw("POST", "/a", served.sign(served.worker, "POST", "/a", BODY), BODY))
            assert reply_on(connection).outcome == "accepted"


TARGET, SIGNATURE = "target_rejected", "signature_invalid"
SENT_INSTEAD_OF_A: dict[str, tuple[str, Outcome, Outcome]] = {
    "s85 two slashes": ("//a", TARGET, TARGET),
    "s81 dot segment": ("/x/../a", TARGET, TARGET),
    "encoded dots": ("/%2e%2e/a", TARGET, TARGET),
    "s84 encoded slash": ("/a%2Fb", TARGET, TARGET),
    "escaped letter": ("/%61", SIGNATURE, SIGNATURE),
    "added query": ("/a?admin=1", SIGNATURE, SIGNATURE),
    "s83 escaped query": ("/a%3Fadmin=1", SIGNATURE, SIGNATURE),
    "s88 case": ("/A", SIGNATURE, SIGNATURE),
    "s87 parameter": ("/a;x=1", SIGNATURE, SIGNATURE),
    "s91 asterisk": ("*", TARGET, TARGET),
    "s90 no slash": ("@google.com/p", TARGET, "parser"),
    "absolute form, other path": ("http://evil.example/b", TARGET, SIGNATURE),
    "backslash": ("/x\\..\\a", TARGET, TARGET),
    "space": ("/a b", "parser", "parser"),
}
"""What is sent where ``GET /a`` was signed; the outcome with h11, and with httptools."""


@pytest.mark.parametrize("attack", SENT_INSTEAD_OF_A)
def test_no_other_target_is_accepted(served: Served, parser: Parser, attack: str) -> None:
    target, *outcomes = SENT_INSTEAD_OF_A[attack]
    headers = served.sign(served.worker, "GET", "/a")
    assert served.exchange(raw("GET", target, headers)).outcome == outcomes[parser == "httptools"]
    assert served.exchange(raw("GET", "/a", headers)).outcome == "accepted"


@pytest.mark.parametrize(
    "target", ["http://{host}/a", "http://evil.example/a", "/a#frag"], ids=["own", "other", "s100"]
)
def test_what_httptools_drops_from_a_target_no_handler_sees(
    served: Served, parser: Parser, target: str
) -> None:
    """The application gets the scope of ``GET /a`` for the signed authority, which is what was signed."""
    headers = served.sign(served.worker, "GET", "/a")
    reply = served.exchange(raw("GET", target.replace("{host}", served.host.decode()), headers))
    assert reply.outcome == {"h11": "target_rejected", "httptools": "accepted"}[parser]
    if parser == "httptools":
        assert (reply.details["path"], reply.details["host"]) == ("/a", served.host.decode())


AUTHORITY = "authority_rejected"


@pytest.mark.parametrize(
    ("hosts", "outcomes"),
    [
        ([b"evil.example"], (AUTHORITY, AUTHORITY)),
        ([b"{host}", b"evil.example"], ("parser", SIGNATURE)),
        ([b"{host}", b"{host}"], ("parser", SIGNATURE)),
        ([], ("parser", AUTHORITY)),
        ([b""], (AUTHORITY, AUTHORITY)),
        ([b"{host}/health?x="], (AUTHORITY, AUTHORITY)),
        ([b"{host}."], (AUTHORITY, AUTHORITY)),
        ([b"user@{host}"], (AUTHORITY, AUTHORITY)),
    ],
    ids=["other", "s93 two", "s93 same twice", "s94 none", "s94 empty", "s92 path", "s96 dot", "user"],
)
def test_no_other_authority_is_accepted(
    served: Served, parser: Parser, hosts: list[bytes], outcomes: tuple[Outcome, Outcome]
) -> None:
    headers = without(served.sign(served.worker, "GET", "/a"), b"host")
    sent = [*((b"host", host.replace(b"{host}", served.host)) for host in hosts), *headers]
    assert served.exchange(raw("GET", "/a", sent)).outcome == outcomes[parser == "httptools"]
    right = [(b"host", served.host), *headers]
    assert served.exchange(raw("GET", "/a", right)).outcome == "accepted"


def test_a_trailer_adds_no_header(served: Served) -> None:
    """httptools puts trailers into the list of headers that the application already has."""
    headers = without(served.sign(served.worker, "POST", "/a", BODY), b"content-length")
    framed = [*headers, (b"transfer-encoding", b"chunked"), (b"trailer", b"x-role")]
    served.forget_reads()
    with closing(served.connect()) as connection:
        connection.sendall(raw("POST", "/a", framed))
        served.await_step_4()
        connection.sendall(b"%x\r\n%b\r\n0\r\nx-role: admin\r\ncookie: a=b\r\n\r\n" % (len(BODY), BODY))
        reply = reply_on(connection)
    assert reply.outcome == "accepted"
    assert reply.details["body"] == BODY.decode()
    assert not {"x-role", "cookie"} & set(reply.details["headers"])


@pytest.mark.parametrize(
    ("late", "outcomes"), [(True, ["expired", "expired"]), (False, ["accepted", "nonce_replayed"])]
)
def test_the_same_bytes_on_two_connections(served: Served, late: bool, outcomes: list[str]) -> None:  # noqa: FBT001
    """'The same bytes on two connections, both bodies finished after `expires`: none accepted'"""
    request = raw("POST", "/a", served.sign(served.worker, "POST", "/a", BODY), BODY)
    served.forget_reads()
    with closing(served.connect()) as one, closing(served.connect()) as two:
        for connection in (one, two):
            connection.sendall(request[:-3])
        for _ in range(2):  # both have passed step 4 and wait for the rest of their bodies
            served.await_step_4()
        if late:
            served.clock.advance(60)
        for connection in (one, two):
            connection.sendall(request[-3:])
        assert sorted(reply_on(connection).outcome for connection in (one, two)) == outcomes


@pytest.mark.parametrize("expect", [[(b"expect", b"100-continue")], []], ids=["expect", "plain"])
def test_a_stranger_never_makes_the_server_read_a_body(served: Served, expect: list[Header]) -> None:
    """The refusal comes while the server still has not seen a byte of the body."""
    stranger = served.world.stranger
    headers = served.sign(stranger, "POST", "/a", BODY)
    with closing(served.connect()) as connection:
        connection.sendall(raw("POST", "/a", [*headers, *expect]))
        reply = reply_on(connection)
        assert (reply.status, reply.outcome) == (401, "signature_invalid")
        assert reply.headers["connection"] == "close"
        assert connection.recv(1) == b""
    known = served.sign(served.worker, "POST", "/a", BODY)
    with closing(served.connect()) as connection:
        connection.sendall(raw("POST", "/a", [*known, (b"expect", b"100-continue")]))
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"[:25]
        connection.sendall(BODY)
        assert reply_on(connection).outcome == "accepted"


def test_s115_an_endless_body_is_cut(served: Served) -> None:
    headers = without(served.sign(served.worker, "POST", "/a", BODY), b"content-length")
    chunk = b"%x\r\n%b\r\n" % (60_000, b"x" * 60_000)
    request = raw("POST", "/a", [*headers, (b"transfer-encoding", b"chunked")], chunk * 2)
    reply = served.exchange(request)  # the client has not ended its body
    assert (reply.status, reply.outcome) == (413, "body_too_large")


def test_an_application_with_an_unmapped_route_never_serves(parser: Parser) -> None:
    """'the application refuses to start'"""
    app = FastAPI(openapi_url=None)
    app.add_api_route("/raw", lambda: "raw")
    protect(app, World().verifier())
    config = uvicorn.Config(app, http=parser, log_config=None, port=0, host="127.0.0.1")
    server = uvicorn.Server(config)
    with pytest.raises(SystemExit):
        server.run()
    assert not server.started
