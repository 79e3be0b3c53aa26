"""The contract of every signing end, first part: what is signed, what is refused, what stands on the wire.

Each test runs over httpx and httpx2 (sync and async), requests and aiohttp, against a server that keeps the
bytes it gets and verifies them; a request that does not verify there fails the test it was sent by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import delegate
from delegate.client.context import with_delegation
from delegate.envelope.components import COVERED_IF_PRESENT
from delegate.errors import (
    AuthorityRejectedError,
    BodyTooLargeError,
    ComponentMissingError,
    HeaderDuplicateError,
    MalformedError,
    MethodRejectedError,
    OutOfScopeError,
    SignatureInvalidError,
    TargetRejectedError,
)
from delegate.keys import SigningKey
from delegate.scope import Action
from delegate.token import attenuate
from delegate.verifier import Request
from tests.client.conftest import Site
from tests.client.ends import End
from tests.client.support import ME, NOW, OURS, READ_ONLY, WORKER_KEY, Server, entered, sub_token, token
from tests.client.wire import WireServer

CHUNKS = [b"one,", b"", b"two"]

# --- signing ---------------------------------------------------------------------------------------


def test_a_signed_request_verifies(site: Site) -> None:
    with site.client() as api, site.entered():
        got = api.request("POST", site.url("/v1/refunds/o-1?dry=1"), body=b'{"cents": 1250}')
    assert got.status == 200
    (verified,) = site.server.verified
    assert (verified.agent, verified.root, verified.identity) == ("worker-agent", "user:ada", ME)
    assert (verified.envelope.method, verified.envelope.path) == ("POST", "/v1/refunds/o-1")
    assert (verified.envelope.query, verified.envelope.authority) == ("?dry=1", site.server.authority)
    assert (verified.envelope.created, verified.envelope.expires) == (NOW, NOW + 60)
    verified.authorize(Action("refunds.create", operation="financial", risk="high"))


def test_one_other_byte_on_the_wire_does_not_verify(site: Site) -> None:
    """The positive control of this whole suite: its server would notice."""
    with site.client() as api, site.entered():
        site.server.verify = False
        api.request("POST", site.url(), body=b"body")
    sent, verifier = site.server.last.request(), site.server.server.verifier
    other = Request(method="PUT", path=sent.path, query=sent.query, headers=sent.headers)
    with pytest.raises(SignatureInvalidError):
        verifier.verify(other, b"body")
    assert verifier.verify(sent, b"body").agent == "worker-agent"


def test_a_narrowed_delegation_and_a_chain_of_two_blocks_verify(site: Site) -> None:
    chain, key = sub_token(audience=[site.server.origin])
    with site.client() as api:
        with site.entered():
            api.request("POST", site.url())
            with delegate.narrow(scope=READ_ONLY, expires_in=60, clock=site.server.clock):
                api.request("GET", site.url())
        with with_delegation(chain, key=key):
            api.request("GET", site.url())
    paths = [verified.path for verified in site.server.verified]
    assert paths == [("worker-agent",), ("worker-agent", "worker-agent"), ("worker-agent", "sub-agent")]
    with pytest.raises(OutOfScopeError):
        site.server.verified[1].authorize(Action("refunds.create", operation="financial", risk="high"))


def test_a_p256_holder_signs_and_narrows(site: Site) -> None:
    key, clock = SigningKey.generate("p256"), site.server.clock
    wide = token(audience=[site.server.origin])
    chain = attenuate(wide, WORKER_KEY, agent="ec-agent", holder=key.public_key, clock=clock)
    with site.client() as api, with_delegation(chain, key=key):
        api.request("POST", site.url(), body=b"body")
        with delegate.narrow(scope=READ_ONLY, clock=clock):
            api.request("GET", site.url())
    verified = site.server.verified
    assert [each.envelope.algorithm for each in verified] == ["ecdsa-p256-sha256", "ed25519"]
    assert [each.key_id == key.key_id for each in verified] == [True, False]
    assert [len(each.path) for each in verified] == [2, 3]


def test_every_request_has_a_nonce_of_its_own(site: Site) -> None:
    with site.client() as api, site.entered():
        for _ in range(5):
            api.request("GET", site.url())
    assert len({verified.envelope.nonce for verified in site.server.verified}) == 5


def test_s168_headers_of_ours_are_dropped_on_entry(site: Site) -> None:
    """It "removes headers of ours on entry"."""
    stale = [(name.title(), "sha-256=:AAAA:") for name in OURS]
    with site.client() as api, site.entered():
        api.request("POST", site.url(), body=b"body", headers=stale)
        api.request("GET", site.url(), headers=[("Content-DIGEST", "sha-256=:AAAA:")])
    assert [len(site.server.requests[0].every(name)) for name in OURS] == [1] * len(OURS)
    assert "content-digest" not in site.server.last.headers


def test_every_header_that_must_be_covered_is(site: Site) -> None:
    extra = COVERED_IF_PRESENT - {"agent-identity", "delegation"}
    with site.client() as api, site.entered():
        api.request("POST", site.url(), body=b"x", headers=[(name.title(), "v") for name in sorted(extra)])
    assert all(f'"{name}"' in site.server.last.headers["signature-input"] for name in COVERED_IF_PRESENT)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
def test_a_content_type_that_the_library_adds_by_itself_is_covered(site: Site, method: str) -> None:
    with site.client() as api, site.entered():
        api.request(method, site.url(), body=b"bytes")
        api.request(method, site.url(), body=list(CHUNKS))
        api.request(method, site.url())
    for sent in site.server.requests:
        assert ("content-type" in sent.headers) is ('"content-type"' in sent.headers["signature-input"])


def test_further_headers_are_covered_on_request(site: Site) -> None:
    with site.client(cover=["x-tenant", "host", "content-length"]) as api, site.entered():
        api.request("POST", site.url(), headers=[("X-Tenant", "blue")], body=b"1")
        with pytest.raises(ComponentMissingError) as caught:
            api.request("POST", site.url(), body=b"1")
    assert caught.value.component == "x-tenant"
    assert '"x-tenant"' in site.server.last.headers["signature-input"]
    assert len(site.server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_verifies_without_a_body(site: Site, method: str) -> None:
    with site.client() as api, site.entered():
        api.request(method, site.url())
    bodied = method in {"POST", "PUT", "PATCH", "DELETE"}
    sent = site.server.last
    assert ("content-digest" in sent.headers) is bodied
    assert sent.headers.get("content-length") == ("0" if bodied else None)
    assert not sent.chunked


# --- target and authority --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        ("https://api.example.com", "HTTPS://API.Example.COM:443/a"),
        ("https://api.example.com:8443", "https://api.example.com:8443/a"),
        ("https://[2001:db8::1]", "https://[2001:DB8::1]/a"),
        ("https://[2001:db8::1]:8443", "https://[2001:DB8::1]:8443/a"),
        ("https://xn--bcher-kva.example", "https://Bücher.example/a"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/a"),
        ("http://localhost", "http://localhost:80/a#fragment"),
    ],
)
def test_s167_the_canonical_authority_equals_the_servers_view(end: End, origin: str, url: str) -> None:
    server = Server(origin)
    with entered(audience=[origin]):
        lines = end.signed(url, clock=server.clock)
    assert [value for name, value in lines if name.lower() == "host"] == [origin.partition("://")[2]]
    headers = [(name.encode(), value.encode()) for name, value in lines]
    request = Request(method="GET", path=b"/a", query=b"", headers=headers)
    assert server.verifier.verify(request, b"").envelope.authority == origin.partition("://")[2]


def test_a_websocket_handshake_is_a_request_to_the_same_origin(end: End) -> None:
    """It "never sends unsigned to an origin it should sign for"; RFC 6455 opens with such a request."""
    if end.name == "requests":
        pytest.skip("requests knows no ws: it has no adapter for it, and sends nothing")
    with entered(audience=["https://api.example.com"]):
        lines = end.signed("wss://api.example.com/a", clock=Server().clock)
    assert set(OURS) - {"content-digest"} <= {name.lower() for name, _ in lines}


def test_s167_userinfo_is_refused_and_not_shown(site: Site) -> None:
    with site.client() as api, site.entered():
        url = f"http://ada:hunter2@{site.server.authority}/v1"
        if site.end.name == "aiohttp":  # turns it into this header before any middleware is asked
            api.request("GET", url)
            assert '"authorization"' in site.server.last.headers["signature-input"]
            return
        with pytest.raises(AuthorityRejectedError) as caught:
            api.request("GET", url)
    assert caught.value.executed == "no"
    assert "hunter2" not in str(caught.value)
    assert not site.server.requests


def test_a_host_header_that_differs_from_the_url_is_refused(site: Site) -> None:
    with site.client() as api, site.entered():
        api.request("GET", site.url(), headers=[("Host", site.server.authority)])
        for host in ("other.example", f"127.0.0.1:{site.server.port + 1}", ""):
            with pytest.raises(AuthorityRejectedError) as caught:
                api.request("GET", site.url(), headers=[("Host", host)])
            assert caught.value.component == "@authority"
    assert len(site.server.requests) == 1
    assert site.server.last.every("host") == [site.server.authority]


@pytest.mark.parametrize("target", ["/a//b", "/a/%2e%2e/b", "/a%2fb", "/a%5cb", "/a%zz", "/a?b=%z"])
def test_a_target_that_a_server_would_refuse_is_refused_before_sending(site: Site, target: str) -> None:
    with site.client() as api, site.entered():
        api.request("GET", site.url("/a/b?c=%2F"), raw=True)
        with pytest.raises(TargetRejectedError):
            api.request("GET", site.url(target), raw=True)
    assert len(site.server.requests) == 1


@pytest.mark.parametrize(
    "target",
    ["/a?", "/?x", "/%41%7e/ü?q=é&q=%C3%a9", "/a/?b?c", "/a b?c d", "/a#b", "/a;b=c?%3d=%26", "/c%c3%bc"],
)
def test_the_raw_target_is_signed_as_it_is_sent(site: Site, target: str) -> None:
    with site.client() as api, site.entered():
        api.request("GET", site.url(target))
    envelope = site.server.verified[0].envelope
    path, _, query = site.server.last.target.decode().partition("?")
    assert (envelope.path, envelope.query) == (path, f"?{query}")


def test_a_long_target_verifies(site: Site) -> None:
    with site.client() as api, site.entered():
        api.request("GET", site.url("/" + "a" * 2000))
    assert len(site.server.last.target) == 2001


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", b"a\r\nX-B: c"),
        ("X-A", b"a\nb"),
        ("X-A", b"a\rb"),
        ("X-A", b"a\0b"),
        ("Cookie", "ä".encode()),
        ("X\nA", b"b"),
    ],
)
def test_s165_line_ends_nul_and_non_ascii_never_leave(site: Site, name: str, value: bytes) -> None:
    with site.client() as api, site.entered():
        api.request("GET", site.url(), headers=[("X-A", b"a"), ("Cookie", b"a")])
        with pytest.raises((MalformedError, *site.end.refusals)):
            api.request("GET", site.url(), headers=[(name, value)])
    assert len(site.server.requests) == 1


def test_a_header_that_its_library_cannot_write_never_leaves(site: Site) -> None:
    """requests writes Latin-1, aiohttp UTF-8; the bytes of httpx need no writing."""
    with site.client() as api, site.entered():
        value = {"requests": "\u20ac", "aiohttp": "\udcff"}.get(site.end.name)
        if value is None:
            api.request("GET", site.url(), headers=[("X-A", b"\xff")])
            return
        with pytest.raises(MalformedError) as caught:
            api.request("GET", site.url(), headers=[("X-A", value)])
    assert caught.value.component == "X-A"
    assert not site.server.requests


def test_a_repeated_header_that_must_be_single_is_refused(site: Site) -> None:
    if not site.end.repeats_headers:
        pytest.skip("requests holds headers in a dictionary: none can stand there twice")
    with site.client() as api, site.entered():
        api.request("GET", site.url(), headers=[("X-A", "1"), ("X-A", "2"), ("Cookie", "a")])
        with pytest.raises(HeaderDuplicateError) as caught:
            api.request("GET", site.url(), headers=[("Cookie", "a"), ("Cookie", "b")])
    assert caught.value.component == "cookie"
    assert site.server.last.every("x-a") == ["1", "2"]


def test_a_method_that_a_server_would_refuse_is_refused_before_sending(site: Site) -> None:
    with site.client() as api, site.entered():
        with pytest.raises(MethodRejectedError):
            api.request("POST", site.url(), headers=[("X-HTTP-Method-Override", "DELETE")])
        with pytest.raises(MethodRejectedError):
            api.request("CONNECT", site.url())
    assert not site.server.requests


@pytest.mark.parametrize("target", ["/", "", "/v1/a?b=c", "/%c3%bc/~x?q=%2f", "/a?"])
def test_through_a_proxy_the_target_behind_the_origin_is_what_was_signed(
    site: Site, other: WireServer, target: str
) -> None:
    """A proxy is sent the absolute form and sends on what stands behind the origin (RFC 9112 3.2.2)."""
    with site.client(proxy=other.origin) as api, site.entered():
        api.request("POST", site.url(target), body=b"body")
    sent = other.last
    assert sent.target.startswith(site.server.origin.encode())
    behind = replace(sent, target=sent.target.removeprefix(site.server.origin.encode()) or b"/")
    assert site.server.server.verifier.verify(behind.request(), b"body").agent == "worker-agent"
    assert not site.server.requests


# --- bodies ----------------------------------------------------------------------------------------


def test_s166_a_generator_body_is_buffered_and_its_length_stated(site: Site) -> None:
    with site.client() as api, site.entered():
        api.request("POST", site.url(), body=list(CHUNKS))
    sent = site.server.last
    assert (sent.body, sent.headers["content-length"], sent.chunked) == (b"one,two", "7", False)


def test_a_wrong_framing_of_the_callers_is_corrected(site: Site) -> None:
    with site.client() as api, site.entered():
        api.request("POST", site.url(), body=list(CHUNKS), headers=[("Content-Length", "3")])
        api.request("POST", site.url(), body=b"abc", headers=[("Transfer-Encoding", "chunked")])
    assert [sent.body for sent in site.server.requests] == [b"one,two", b"abc"]
    assert [sent.headers["content-length"] for sent in site.server.requests] == ["7", "3"]
    assert not any(sent.chunked for sent in site.server.requests)


def test_a_body_over_the_limit_is_refused_while_it_is_read(site: Site) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 100

    with site.client(body_limit=1000) as api, site.entered():
        api.request("POST", site.url(), body=b"x" * 1000)
        for body in (endless(), b"x" * 1001):
            with pytest.raises(BodyTooLargeError) as caught:
                api.request("POST", site.url(), body=body)
            assert caught.value.limit == 1000
    assert len(site.server.requests) == 1


def test_the_lifetime_is_as_set(site: Site) -> None:
    with site.client(lifetime=5) as api, site.entered():
        api.request("GET", site.url())
    assert site.server.verified[0].envelope.expires == NOW + 5
