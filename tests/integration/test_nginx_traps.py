"""What an attacker sends through nginx, and what nginx itself does to requests.

Outcomes: 'accepted', the code of our refusal, or 'parser' for a refusal of nginx's or uvicorn's own. What is
accepted is always what somebody signed: the handler's view is compared, not only the status.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.front import Front, behind_nginx, nginx_lines, within_frame
from tests.support.nginx import needs_nginx
from tests.support.world import Header, without

pytestmark = needs_nginx

BODY = b'{"cents":1250}'


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


# --- headers ---------------------------------------------------------------------------------------

ADDED: dict[str, tuple[Header, str]] = {
    "s98 X-Forwarded-Host": ((b"X-Forwarded-Host", b"evil.example"), "accepted"),
    "s98 X-Forwarded-Proto": ((b"X-Forwarded-Proto", b"http"), "accepted"),
    "s98 X-Forwarded-Prefix": ((b"X-Forwarded-Prefix", b"/admin"), "accepted"),
    "s98 X-Forwarded-For": ((b"X-Forwarded-For", b"10.0.0.1"), "accepted"),
    "s98 Forwarded": ((b"Forwarded", b"host=evil.example;proto=http"), "accepted"),
    "X-Original-URL": ((b"X-Original-URL", b"/admin"), "accepted"),
    "X-Rewrite-URL": ((b"X-Rewrite-URL", b"/admin"), "accepted"),
    "X-HTTP-Method-Override": ((b"X-HTTP-Method-Override", b"PUT"), "method_rejected"),
    "Authorization": ((b"Authorization", b"Basic eDp5"), "header_not_covered"),
    "Cookie": ((b"Cookie", b"role=admin"), "header_not_covered"),
    "Content-Encoding": ((b"Content-Encoding", b"gzip"), "header_not_covered"),
    "second Content-Type": ((b"Content-Type", b"text/plain"), "header_duplicate"),
    "second Agent-Identity": ((b"Agent-Identity", b'"admin"'), "header_duplicate"),
    "second Host": ((b"Host", b"evil.example"), "parser"),
    "both lengths": ((b"Transfer-Encoding", b"chunked"), "parser"),
    "underscore": ((b"agent_identity", b'"admin"'), "accepted"),
    "hop by hop": ((b"Connection", b"agent-identity"), "accepted"),
}
"""Headers that an attacker adds to a signed request, and the outcome."""


@pytest.mark.parametrize("case", ADDED)
def test_added_headers_change_nothing_that_was_signed(front: Front, case: str) -> None:
    added, outcome = ADDED[case]
    headers = front.sign("POST", "/v1/orders", BODY)
    reply = front.send("POST", "/v1/orders", [*headers, added], BODY)
    assert reply.outcome == outcome
    assert len(front.calls) == (outcome == "accepted")
    for seen in front.calls:
        assert (seen["method"], seen["path"], seen["agent"]) == ("POST", "/v1/orders", "worker-agent")
        assert seen["host"].encode() == front.host
        assert seen["headers"]["agent-identity"] == '"worker-agent"'
        assert "agent_identity" not in seen["headers"]
        assert seen["body"] == hashlib.sha256(BODY).hexdigest()


@pytest.mark.parametrize("name", ["x_tenant", "x.tenant", "te"])
def test_a_signed_header_that_nginx_drops_is_missed(front: Front, name: str) -> None:
    """nginx drops names with an underscore or a dot, and headers that are for one hop."""
    headers = front.sign("GET", "/a", headers={name: b"a"}, cover=frozenset({name}))
    reply = front.send("GET", "/a", headers)
    assert (reply.outcome, reply.details["component"]) == ("component_missing", name)
    good = front.sign("GET", "/a", headers={"x-tenant": b"a"}, cover=frozenset({"x-tenant"}))
    assert front.send("GET", "/a", good).outcome == "accepted"


def test_what_nginx_replaces_is_not_taken_for_what_was_signed(tmp_path: Path) -> None:
    with behind_nginx(tmp_path, nginx_lines("header-added"), "header-added", development=True) as front:
        mine = front.sign("GET", "/a", headers={"authorization": b"Bearer mine"})
        assert front.send("GET", "/a", mine).outcome == "signature_invalid"
        assert front.send_past("GET", "/a", mine).outcome == "accepted"
        unsigned = [*front.sign("GET", "/a"), (b"x-forwarded-for", b"10.0.0.1")]
        assert front.send("GET", "/a", unsigned).outcome == "accepted"
    assert "authorization" not in front.calls[-1]["headers"]
    assert front.calls[0]["headers"]["authorization"] == "Bearer mine"


# --- authority -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "through", "past"),
    [
        (b"evil.example", "parser", "authority_rejected"),
        (b"", "parser", "authority_rejected"),
        (b"localhost", "authority_rejected", "authority_rejected"),
        (b"localhost:1", "authority_rejected", "authority_rejected"),
        (b"localhost.:{port}", "authority_rejected", "authority_rejected"),
        (b"localhost:{port}/x", "parser", "authority_rejected"),
    ],
    ids=["s97 other", "s94 empty", "no port", "other port", "s96 dot", "s92 path"],
)
def test_no_other_host_is_accepted(front: Front, host: bytes, through: str, past: str) -> None:
    headers = without(front.sign("GET", "/a"), b"host")
    other = [(b"host", host.replace(b"{port}", b"%d" % front.port)), *headers]
    assert front.send("GET", "/a", other).outcome == through
    assert front.send_past("GET", "/a", other).outcome == past
    assert not front.calls
    assert front.send("GET", "/a", [(b"host", front.host.upper()), *headers]).outcome == "accepted"


@pytest.mark.parametrize("host", [b"evil.example", b"", b"127.0.0.1"])
def test_with_public_origin_host_says_nothing(tmp_path: Path, host: bytes) -> None:
    """'`public_origin=` (Host ignored)': who signed for it is accepted, for another origin nobody is."""
    with behind_nginx(tmp_path, nginx_lines("host-replaced"), "host-replaced", development=True) as front:
        named = [(b"host", host)]
        theirs = without(front.sign("GET", "/a", origin="https://evil.example"), b"host")
        assert front.send_past("GET", "/a", named + theirs).outcome == "signature_invalid"
        ours = [(b"host", front.host)]
        assert front.send("GET", "/a", ours + theirs).outcome == "signature_invalid"
        good = without(front.sign("GET", "/a"), b"host")
        assert front.send_past("GET", "/a", named + good).outcome == "accepted"
    assert [seen["host"].encode() for seen in front.calls] == [front.host]


def test_the_port_that_nginx_drops_is_missed(tmp_path: Path) -> None:
    lines = within_frame("location / { proxy_pass http://127.0.0.1:8000; proxy_set_header Host $host; }")
    with behind_nginx(tmp_path, lines, {}, development=True) as front:
        assert front.send("GET", "/a", front.sign("GET", "/a")).outcome == "authority_rejected"


# --- target ----------------------------------------------------------------------------------------

TARGETS: dict[str, tuple[str, str, str]] = {
    "s85 two slashes": ("/api//v1/orders", "target_rejected", "accepted"),
    "s81 dot segment": ("/api/x/../v1/orders", "target_rejected", "accepted"),
    "dot": ("/api/./v1/orders", "target_rejected", "accepted"),
    "encoded dots": ("/api/x/%2e%2e/v1/orders", "target_rejected", "accepted"),
    "around the location": ("/x/../api/v1/orders", "parser", "accepted"),
    "s84 encoded slash": ("/api/v1%2Forders", "target_rejected", "accepted"),
    "escaped letter": ("/api/%761/orders", "signature_invalid", "accepted"),
    "escaped prefix": ("/%61pi/v1/orders", "parser", "accepted"),
    "s88 case": ("/api/V1/orders", "signature_invalid", "signature_invalid"),
    "s87 parameter": ("/api/v1/orders;x=1", "signature_invalid", "signature_invalid"),
    "added query": ("/api/v1/orders?admin=1", "signature_invalid", "signature_invalid"),
    "s83 escaped query": ("/api/v1/orders%3Fadmin=1", "signature_invalid", "signature_invalid"),
    "slash at the end": ("/api/v1/orders/", "signature_invalid", "signature_invalid"),
    "prefix twice": ("/api/api/v1/orders", "signature_invalid", "signature_invalid"),
    "without the prefix": ("/v1/orders", "parser", "parser"),
    "beside the prefix": ("/apix/v1/orders", "parser", "parser"),
    "null": ("/api/v1/orders%00", "parser", "parser"),
    "absolute form": ("https://evil.example/api/v1/orders", "parser", "parser"),
    "s100 fragment": ("/api/v1/orders#x", "accepted", "accepted"),
}
"""What is sent where /api/v1/orders was signed; the outcome with the raw and the normalizing arrangement."""


@pytest.mark.parametrize(("name", "column"), [("prefix-removed", 0), ("prefix-removed-normalizing", 1)])
def test_whatever_is_sent_the_handler_sees_what_was_signed(tmp_path: Path, name: str, column: int) -> None:
    """A proxy that normalizes may turn what an attacker sent into what was signed: nothing else passes."""
    with behind_nginx(tmp_path, nginx_lines(name), "prefix-removed", development=True) as front:
        for case, (target, *outcomes) in TARGETS.items():
            reply = front.send("GET", target, front.sign("GET", "/api/v1/orders"))
            assert (case, reply.outcome) == (case, outcomes[column])
    accepted = sum(outcomes[column] == "accepted" for _, *outcomes in TARGETS.values())
    assert [(seen["path"], seen["query"]) for seen in front.calls] == [("/v1/orders", "")] * accepted


def test_a_slash_forgotten_is_refused(tmp_path: Path) -> None:
    lines = within_frame(
        "location /api { proxy_pass http://127.0.0.1:8000/; proxy_set_header Host $http_host; }"
    )
    with behind_nginx(tmp_path, lines, {"public_prefix": "/api"}, development=True) as front:
        assert front.send("GET", "/api/a", front.sign("GET", "/api/a")).outcome == "target_rejected"
        assert front.send("GET", "/apix", front.sign("GET", "/apix")).outcome == "signature_invalid"
        assert front.send("GET", "/apix", front.sign("GET", "/api/x")).outcome == "accepted"
    assert [seen["path"] for seen in front.calls] == ["/x"]
