"""Between the connections: bodies, limits, HTTP/2 by hand, compressed answers and lost ones, with nginx.

nginx reads a request, may keep it, and sends another one of its own making. What must hold: a body that
arrives is the body that was signed, whatever framed it; and a request that was repeated ran once.
"""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from delegate.limits import BODY_MAX_BYTES_DEFAULT
from tests.integration.test_uvicorn import PATIENCE, listening, raw, reply_on
from tests.support.front import Front, behind_nginx, nginx_lines, within_frame
from tests.support.nginx import needs_nginx
from tests.support.world import Header, without

pytestmark = needs_nginx

BODY = b'{"cents":1250}'
PASSING = "proxy_pass http://127.0.0.1:8000; proxy_set_header Host $http_host;"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    """The arrangement that hands everything on, in development mode: strangers are told the true code."""
    folder = tmp_path_factory.mktemp("kept")
    with behind_nginx(folder, nginx_lines("host-kept"), "host-kept", development=True) as front:
        yield front


@pytest.fixture
def front(kept: Front) -> Front:
    kept.calls.clear()
    return kept


# --- bodies ----------------------------------------------------------------------------------------


def chunked(body: bytes) -> bytes:
    """Two chunks, and a trailer that nobody signed."""
    parts = (body[:5], body[5:])
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nx-role: admin\r\n\r\n"


@pytest.mark.parametrize("buffering", ["", "proxy_request_buffering off; proxy_http_version 1.1;"])
def test_a_chunked_body_arrives_as_it_was_signed(tmp_path: Path, buffering: str) -> None:
    lines = within_frame(f"location / {{ {PASSING} {buffering} }}")
    framed = [(b"transfer-encoding", b"chunked")]
    with behind_nginx(tmp_path, lines, {}, development=True) as front:
        for body, outcome in ((BODY, "accepted"), (BODY.replace(b"1250", b"9250"), "digest_mismatch")):
            headers = without(front.sign("POST", "/a", BODY), b"content-length")
            assert front.send("POST", "/a", headers + framed, chunked(body)).outcome == outcome
        reply = front.send("GET", "/a", front.sign("GET", "/a") + framed, chunked(BODY))
        assert reply.outcome == "body_unexpected"
    assert [seen["body"] for seen in front.calls] == [hashlib.sha256(BODY).hexdigest()]
    assert "x-role" not in front.calls[0]["headers"]


def test_nginx_answers_100_continue_itself(front: Front) -> None:
    expecting = [*front.sign("POST", "/a", BODY), (b"expect", b"100-continue")]
    with closing(front.connect()) as connection:
        connection.sendall(raw("POST", "/a", expecting))
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert reply_on(connection).outcome == "accepted"
    assert "expect" not in front.calls[0]["headers"]


def test_a_body_of_the_limit_passes_and_a_longer_one_does_not(front: Front) -> None:
    """The page's `client_max_body_size 1m` is the Verifier's default: the same bodies pass both."""
    body = bytes(BODY_MAX_BYTES_DEFAULT)
    assert front.send("POST", "/a", front.sign("POST", "/a", body), body).outcome == "accepted"
    longer = body + b"\0"
    with closing(front.connect()) as connection:
        connection.sendall(raw("POST", "/a", front.sign("POST", "/a", longer)))  # the body is not waited for
        reply = reply_on(connection)
    assert (reply.status, reply.outcome) == (413, "parser")
    assert len(front.calls) == 1


def test_a_body_that_nginx_lets_through_is_cut_by_the_server(tmp_path: Path) -> None:
    lines = within_frame(f"location / {{ {PASSING} client_max_body_size 8m; }}")
    body = bytes(20_001)
    with behind_nginx(tmp_path, lines, {"body_limit": 20_000}) as front:
        reply = front.send("POST", "/a", front.sign("POST", "/a", body), body)
        assert (reply.status, reply.outcome) == (413, "body_too_large")
        assert front.send("POST", "/a", front.sign("POST", "/a", body[1:]), body[1:]).outcome == "accepted"


# --- limits of nginx -------------------------------------------------------------------------------


def test_our_longest_headers_fit_into_nginx(front: Front) -> None:
    """`large_client_header_buffers` is four of 8 KiB: one line of ours needs at most one of them."""
    headers = [*front.sign("GET", "/a"), (b"x-long", b"a" * 8150)]
    assert front.send("GET", "/a", headers).outcome == "accepted"
    headers = [*front.sign("GET", "/a"), (b"x-long", b"a" * 8192)]
    assert (front.send("GET", "/a", headers).status, len(front.calls)) == (400, 1)


def test_a_target_is_shorter_behind_nginx(front: Front) -> None:
    target = "/" + "a" * 8000
    assert front.send("GET", target, front.sign("GET", target)).outcome == "accepted"
    target = "/" + "a" * 8191
    assert front.send("GET", target, front.sign("GET", target)).status == 414
    assert front.send_past("GET", target, front.sign("GET", target)).outcome == "accepted"


# --- HTTP/2 by hand --------------------------------------------------------------------------------


def send_http2(front: Front, headers: list[Header]) -> int | None:
    """The status of the answer to one GET; ``None`` where the stream or the connection is reset."""
    settings = h2.config.H2Configuration(
        header_encoding=None, validate_outbound_headers=False, normalize_outbound_headers=False
    )
    state = h2.connection.H2Connection(settings)
    state.initiate_connection()
    state.send_headers(1, headers, end_stream=True)
    with closing(front.connect("h2")) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        connection.sendall(state.data_to_send())
        while data := connection.recv(65_536):
            for event in state.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    return int(dict(event.headers)[b":status"])
                if isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                    return None
            connection.sendall(state.data_to_send())
    return None


HTTP2: dict[str, tuple[dict[bytes, bytes], str]] = {
    "honest": ({}, "accepted"),
    "host instead of authority": ({b":authority": b"", b"host": b"{host}"}, "accepted"),
    "s99 other host beside": ({b"host": b"evil.example"}, "nginx"),
    "s99 other authority": ({b":authority": b"evil.example", b"host": b"{host}"}, "nginx"),
    "other authority alone": ({b":authority": b"evil.example"}, "nginx"),
    "no authority": ({b":authority": b""}, "nginx"),
    "two slashes": ({b":path": b"//a"}, "refused"),
    "other path": ({b":path": b"/b"}, "refused"),
    "added query": ({b":path": b"/a?b"}, "refused"),
    "absolute path": ({b":path": b"http://evil.example/a"}, "nginx"),
    "other method": ({b":method": b"PUT"}, "refused"),
    "method in lower case": ({b":method": b"get"}, "nginx"),
    "line end in a value": ({b"x-a": b"a\r\ncookie: role=admin"}, "nginx"),
    "name in upper case": ({b"X-Role": b"admin"}, "nginx"),
    "cookie": ({b"cookie": b"role=admin"}, "refused"),
}
"""What is changed in a signed GET of /a (an empty value: left out), and who refuses it: we, or nginx."""


@pytest.mark.parametrize("name", ["host-kept", "host-replaced"])
def test_http2_says_nothing_that_was_not_signed(tmp_path: Path, name: str) -> None:
    with behind_nginx(tmp_path, nginx_lines(name), name) as front:
        for case, (changes, outcome) in HTTP2.items():
            pseudo = {b":method": b"GET", b":scheme": b"https", b":authority": front.host, b":path": b"/a"}
            fields = pseudo | {key: value.replace(b"{host}", front.host) for key, value in changes.items()}
            sent = [line for line in fields.items() if line[1]]
            status = send_http2(front, sent + without(front.sign("GET", "/a"), b"host"))
            assert (case, {200: "accepted", 401: "refused"}.get(status or 0, "nginx")) == (case, outcome)
    assert [(seen["method"], seen["path"], seen["query"]) for seen in front.calls] == [("GET", "/a", "")] * 2
    assert {seen["host"].encode() for seen in front.calls} == {front.host}


# --- answers ---------------------------------------------------------------------------------------


def test_compressed_answers_leave_requests_alone(tmp_path: Path) -> None:
    gzip = (
        "gzip on; gzip_proxied any; gzip_min_length 1; gzip_types application/json application/problem+json;"
    )
    lines = within_frame(f"location / {{ {PASSING} {gzip} }}")
    with behind_nginx(tmp_path, lines, {}) as front, front.client() as client:
        answer = client.post("/a", content=BODY)
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.json()["body"] == hashlib.sha256(BODY).hexdigest()


@contextmanager
def losing_answers(front_of: list[Front]) -> Iterator[int]:
    """A hop that hands a request to the server, waits for the answer, and loses it; gives its port."""
    with listening() as listener:
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                connection, _ = listener.accept()
                with connection:
                    if stopped.is_set():
                        return
                    request = connection.recv(65_536)
                    with closing(socket.create_connection(("127.0.0.1", front_of[0].backend))) as server:
                        server.sendall(request)
                        while server.recv(65_536):
                            pass

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            stopped.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join(PATIENCE)
            assert not thread.is_alive()


NGINX_DEFAULT = "error timeout"


@pytest.mark.parametrize(
    ("policy", "method", "status", "outcome"),
    [
        ("off", "GET", 502, "parser"),
        ("off", "POST", 502, "parser"),
        (NGINX_DEFAULT, "GET", 401, "nonce_replayed"),
        (NGINX_DEFAULT, "POST", 502, "parser"),
        (f"{NGINX_DEFAULT} non_idempotent", "POST", 401, "nonce_replayed"),
    ],
)
def test_a_request_that_nginx_repeats_runs_once(
    tmp_path: Path, policy: str, method: str, status: int, outcome: str
) -> None:
    """The answer is lost after the handler ran, and nginx asks the next server, which has the same store."""
    fronts: list[Front] = []
    with losing_answers(fronts) as port:
        upstream = (
            f"upstream tools {{ server 127.0.0.1:{port} max_fails=0; server 127.0.0.1:8000 backup; }}\n"
        )
        location = "proxy_pass http://tools; proxy_set_header Host $http_host;"
        lines = within_frame(f"location / {{ {location} proxy_next_upstream {policy}; }}")
        with behind_nginx(tmp_path, lines, {}, extra=upstream) as front:
            fronts.append(front)
            body = BODY if method == "POST" else b""
            reply = front.send(method, "/a", front.sign(method, "/a", body), body)
    assert (reply.status, reply.outcome) == (status, outcome)
    assert len(front.calls) == 1
    if outcome == "nonce_replayed":
        assert reply.details["executed"] == "unknown"
