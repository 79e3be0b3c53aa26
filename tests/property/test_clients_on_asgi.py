"""Whatever a client can send verifies at a real ASGI server behind our middleware, for every library.

The application is reached by nothing but verified requests, so what it saw is what the server's parser and
our middleware made of the bytes on the wire. A request that a client refuses never leaves it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from socket import create_server
from typing import Any, Final

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from delegate.errors import DelegateError
from delegate.scope import Action
from delegate.server.asgi import GRANT, DelegateMiddleware
from delegate.server.interface import Receive, Scope, Send
from tests.client.ends import ENDS, End
from tests.client.support import Server, entered

PATIENCE: Final = 10.0
"""Seconds after which a test that waits has failed."""


@dataclass(slots=True)
class Seen:
    """An application that keeps what it is called with."""

    requests: list[tuple[str, bytes, bytes, bytes, str]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        assert not message["more_body"]
        agent = scope[GRANT].agent
        self.requests.append(
            (scope["method"], scope["raw_path"], scope["query_string"], message["body"], agent)
        )
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@dataclass(frozen=True, slots=True)
class Running:
    """A server under uvicorn, and one client of each library."""

    origin: str
    seen: Seen
    server: Server


@contextmanager
def running() -> Iterator[Running]:
    with create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server, seen = Server(origin), Seen()
        may_read = Action("orders.read", operation="read", risk="low")
        app = DelegateMiddleware(seen, server.verifier, action_for=lambda *_: may_read)
        uvicorn_server = uvicorn.Server(
            uvicorn.Config(app, http="h11", lifespan="off", log_config=None, ws="none")
        )
        thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield Running(origin, seen, server)
        finally:
            uvicorn_server.should_exit = True
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    with running() as made:
        yield made


@pytest.fixture(scope="module", params=ENDS, ids=lambda end: end.name)
def end(request: pytest.FixtureRequest) -> End:
    chosen: End = request.param
    return chosen


@pytest.fixture(scope="module")
def api(end: End, site: Running) -> Iterator[Any]:
    with end.client(clock=site.server.clock, body_limit=150) as client:
        yield client


TEXT = st.text(max_size=12)
VISIBLE = st.text("abzAZ09!#$%&'()*+,-./:;<=>?@[]^_`{|}~\\\"", max_size=12)
SEGMENTS = st.lists(st.from_regex(r"[A-Za-z0-9._~!$&'()*+,;=:@-]{1,8}", fullmatch=True), max_size=4)
targets = st.one_of(
    st.builds("/{}?{}".format, VISIBLE, VISIBLE),
    st.builds("/{}".format, TEXT),
    st.builds(
        lambda parts, query: "/" + "/".join(parts) + query, SEGMENTS, st.sampled_from(["", "?", "?a=%2f"])
    ),
)
methods = st.sampled_from(
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "CONNECT", "get"]
)
names = st.sampled_from(
    [
        *("Content-Type", "Content-Encoding", "Authorization", "Cookie", "Idempotency-Key", "Accept"),
        *("Content-Digest", "Signature", "Signature-Input", "Agent-Identity", "Delegation", "Host"),
        *("X-HTTP-Method-Override", "Content-Length", "Transfer-Encoding", "X-Tenant", "Connection"),
    ]
)
values = st.one_of(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20).map(str.encode),
    st.sampled_from(
        [b"chunked", b"7", b"a\r\nb", b"a\nb", b"\0", b" padded\t", b"", b"\xc3\xa9", b"x" * 9000]
    ),
)
bodies = st.one_of(st.none(), st.binary(max_size=200), st.lists(st.binary(max_size=50), max_size=4))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=methods,
    target=targets,
    raw=st.booleans(),
    headers=st.dictionaries(names, values, max_size=3),
    body=bodies,
)
def test_any_request_that_a_client_sends_verifies(
    end: End,
    api: Any,
    site: Running,
    method: str,
    target: str,
    raw: bool,  # noqa: FBT001 - drawn
    headers: dict[str, bytes],
    body: bytes | list[bytes] | None,
) -> None:
    """ "It refuses what a verifier of this profile would refuse ... a request it signs verifies." """
    site.seen.requests.clear()
    got, refusal = outcome(end, site, api, method, target, headers=list(headers.items()), body=body, raw=raw)
    if refusal is not None:
        assert not isinstance(refusal, DelegateError) or refusal.executed == "no"
        assert not site.seen.requests
        return
    if got.status == 400:  # uvicorn's own: its parser wants an answer for no such request
        assert not site.seen.requests
        return
    assert got.status == 204, f"a signed request was refused with {got.status}: {got.body!r}"
    ((seen_method, _, _, seen_body, agent),) = site.seen.requests
    whole = b"".join(body) if isinstance(body, list) else body or b""
    assert (seen_method, seen_body, agent) == (method.upper(), whole, "worker-agent")


def outcome(
    end: End, site: Running, api: Any, method: str, target: str, **parts: Any
) -> tuple[Any, Exception | None]:
    """What came back, or the refusal by us or by the library; anything else that is raised is a failure."""
    try:
        with entered(audience=[site.origin]):
            return api.request(method, site.origin + target, **parts), None
    except (DelegateError, ValueError, *end.refusals) as refusal:
        return None, refusal


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", [None, b"body", [b"one", b"two"]])
def test_the_plain_ones_are_sent(api: Any, site: Running, method: str, body: Any) -> None:
    """The property above is not true because nothing is ever sent."""
    site.seen.requests.clear()
    with entered(audience=[site.origin]):
        got = api.request(
            method, f"{site.origin}/v1/orders/7?dry=1", headers=[("X-Tenant", b"blue")], body=body
        )
    assert got.status == 204
    assert [(path, query) for _, path, query, *_ in site.seen.requests] == [(b"/v1/orders/7", b"dry=1")]
