"""Lists over HTTP: what is asked for, what is refused, and that the last good list stays in force."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.client.revocation import HTTPSource
from delegate.errors import ConfigurationError, DelegateError, RevocationUnavailableError
from delegate.limits import REVOCATION_LIST_MAX_BYTES
from delegate.revocation import Revocations
from tests.support.forge import NOW
from tests.support.revocation import revocations, signed_list

URL: Final = "https://acme.example.com/revoked?list=1"
HOSTILE_TAGS: Final = ('"' + "a" * 257 + '"', "naked", '"a\tb"', "*")


class Publisher:
    """A server of lists that answers what it is told, and remembers what it was asked."""

    def __init__(self, **settings: Any) -> None:
        self.answer: httpx.Response | Exception = httpx.Response(404)
        self.requests: list[httpx.Request] = []
        self.state = revocations()
        self.source = HTTPSource(URL, self.state, transport=httpx.MockTransport(self._handle), **settings)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        if not self.answer.is_closed:
            return self.answer
        body = httpx.ByteStream(self.answer.content)  # as from a socket: not read yet
        return httpx.Response(self.answer.status_code, headers=self.answer.headers, stream=body)

    def look(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer
        self.source.refresh()

    def refusal(self, answer: httpx.Response | Exception) -> DelegateError:
        with pytest.raises(DelegateError) as refused:
            self.look(answer)
        return refused.value

    @property
    def version(self) -> int:
        return self.state.current("acme", now=NOW).version


def published(version: int, **headers: str) -> httpx.Response:
    return httpx.Response(200, content=signed_list(version), headers=headers)


def test_a_list_is_fetched_and_in_force() -> None:
    publisher = Publisher()
    publisher.look(published(3))
    assert publisher.version == 3
    (request,) = publisher.requests
    assert (request.method, str(request.url)) == ("GET", URL)
    assert request.headers["accept-encoding"] == "identity"
    assert "if-none-match" not in request.headers


@pytest.mark.parametrize("tag", ['"v1"', 'W/"v1"', '""'])
def test_what_is_unchanged_is_not_sent_again(tag: str) -> None:
    publisher = Publisher()
    publisher.look(published(1, etag=tag))
    publisher.look(httpx.Response(304))
    assert publisher.requests[1].headers["if-none-match"] == tag
    assert publisher.version == 1
    publisher.look(published(2, etag='"v2"'))
    publisher.look(httpx.Response(304))
    assert publisher.requests[3].headers["if-none-match"] == '"v2"'
    assert publisher.version == 2


def test_the_tag_of_a_refused_list_is_not_kept() -> None:
    publisher = Publisher()
    publisher.look(published(2, etag='"good"'))
    assert publisher.refusal(published(1, etag='"bad"')).field == "version"
    publisher.look(httpx.Response(304))
    assert publisher.requests[2].headers["if-none-match"] == '"good"'


@pytest.mark.parametrize("tag", HOSTILE_TAGS)
def test_a_tag_of_another_form_is_not_sent_back(tag: str) -> None:
    publisher = Publisher()
    publisher.look(published(1, etag=tag))
    publisher.look(published(1))
    assert "if-none-match" not in publisher.requests[1].headers


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    publisher = Publisher()
    refused = publisher.refusal(httpx.Response(status, headers={"location": "https://evil.example.com/"}))
    assert isinstance(refused, RevocationUnavailableError)
    assert refused.field == "url"
    assert len(publisher.requests) == 1
    assert str(status) in str(refused)


FAILURES: Final = (
    *(httpx.Response(status) for status in (204, 304, 400, 404, 500, 503)),
    httpx.Response(206, content=signed_list(9)),
    httpx.Response(200, content=b""),
    httpx.Response(200, content=b"<html>"),
    httpx.ConnectError("down"),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("nonsense"),
)


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_c14_a_server_that_fails_leaves_the_last_list_in_force(failure: httpx.Response | Exception) -> None:
    publisher = Publisher()
    assert isinstance(publisher.refusal(failure), DelegateError)
    with pytest.raises(RevocationUnavailableError):
        _ = publisher.version
    publisher.look(published(1))
    assert isinstance(publisher.refusal(failure), DelegateError)
    assert publisher.version == 1


def test_a_message_names_no_query() -> None:
    publisher = Publisher()
    assert "list=1" not in str(publisher.refusal(httpx.Response(500))) + repr(publisher.source)
    assert "acme.example.com/revoked" in repr(publisher.source)


def test_a_body_over_the_limit_is_given_up_before_it_ends() -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1 << 16
            yield bytes(1 << 16)

    refused = Publisher(deadline=60).refusal(httpx.Response(200, content=endless()))
    assert isinstance(refused, RevocationUnavailableError)
    assert sent <= REVOCATION_LIST_MAX_BYTES + (1 << 17)


def test_a_body_that_drips_is_given_up_at_the_deadline() -> None:
    def dripping() -> Iterator[bytes]:
        while True:
            yield b"{"

    refused = Publisher(deadline=0.01).refusal(httpx.Response(200, content=dripping()))
    assert isinstance(refused, RevocationUnavailableError)
    assert "0.01 s" in str(refused)


def test_an_encoded_body_is_not_decoded() -> None:
    packed = httpx.ByteStream(gzip.compress(signed_list(1)))
    refused = Publisher().refusal(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=packed))
    assert refused.code == "malformed"


@given(st.binary(max_size=300), st.sampled_from([200, 206, 304, 418]))
def test_any_answer_gives_a_list_or_a_refusal(body: bytes, status: int) -> None:
    with suppress(DelegateError):
        Publisher().look(httpx.Response(status, content=body))


def test_a_closed_source_refuses() -> None:
    publisher = Publisher()
    with publisher.source:
        publisher.look(published(1))
    assert isinstance(publisher.refusal(published(2)), RevocationUnavailableError)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://acme.example.com/l",
            "ftp://acme.example.com/l",
            "acme.example.com/l",
            "/l",
            "",
            "https://",
        ),
        *("https://u:p@acme.example.com/l", "https://acme.example.com/l#x", "https://[::1", "file:///l"),
        *("https://acme.example.com:99999/l", "https://\N{SNOWMAN}.example.com\x00/", None),
    ],
)
def test_an_address_that_must_not_be_used_is_refused(url: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        HTTPSource(url, revocations())
    assert refused.value.field == "url"
    assert "u:p" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://[2001:db8::1]:8443/l?x=1", "http://localhost:8080/l"])
def test_an_address_that_may_be_used(url: str) -> None:
    HTTPSource(url, revocations()).close()


@pytest.mark.parametrize("deadline", [0, -1, float("inf"), float("nan"), "2", True])
def test_a_deadline_that_makes_no_sense_is_refused(deadline: Any) -> None:
    with pytest.raises(ConfigurationError):
        HTTPSource(URL, revocations(), deadline=deadline)


# --- over a socket ---------------------------------------------------------------------------------


class Handler(BaseHTTPRequestHandler):
    """Serves the server's ``data``, or 304 to who has it."""

    server: Server

    def do_GET(self) -> None:
        tag = f'"{len(self.server.statuses)}"'
        status = 304 if self.headers["if-none-match"] == (self.server.tag or "none") else 200
        self.server.statuses.append(status)
        self.send_response(status)
        if status == 200:
            self.server.tag = tag
            self.send_header("etag", tag)
            self.send_header("content-length", str(len(self.server.data)))
        self.end_headers()
        self.wfile.write(self.server.data if status == 200 else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


class Server(ThreadingHTTPServer):
    data = b""
    tag: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses: list[int] = []


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_c12_a_list_at_a_url_is_fetched_asked_after_and_replaced(server: Server) -> None:
    state: Revocations = revocations()
    with HTTPSource(f"http://127.0.0.1:{server.server_port}/acme", state) as source:
        server.data = signed_list(1)
        source.refresh()
        source.refresh()
        assert state.current("acme", now=NOW).version == 1
        server.data, server.tag = signed_list(2), None
        source.refresh()
        assert state.current("acme", now=NOW).version == 2
    assert server.statuses == [200, 304, 200]
