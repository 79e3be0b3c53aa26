"""The signing transports: what they send, what they refuse, and what they do with the answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import httpx
import pytest

import delegate
from delegate import known_secrets
from delegate.client.context import narrow, with_delegation
from delegate.client.httpx import AsyncSigningTransport, SigningTransport
from delegate.clock import ManualClock
from delegate.envelope.components import COVERED_IF_PRESENT
from delegate.errors import (
    AudienceMismatchError,
    AuthorityRejectedError,
    BodyTooLargeError,
    ComponentMissingError,
    ConfigurationError,
    DelegateError,
    DelegationExpiredError,
    DelegationMissingError,
    DelegationNotYetValidError,
    HeaderDuplicateError,
    MalformedError,
    MethodRejectedError,
    OutOfScopeError,
    RedirectRefusedError,
    SignatureInvalidError,
    TargetRejectedError,
)
from delegate.keys import SigningKey
from delegate.limits import REDIRECTS_MAX, RETRIES_MAX, WINDOW_MAX
from delegate.scope import Action
from delegate.token import attenuate
from tests.client.support import (
    ME,
    NOW,
    ORIGIN,
    OURS,
    READ_ONLY,
    WORKER_KEY,
    Server,
    arrived,
    entered,
    run,
    sub_token,
    token,
)


@pytest.fixture
def server() -> Server:
    return Server()


def ours(request: httpx.Request) -> set[str]:
    """Which headers of ours a request carries."""
    return set(OURS) & set(request.headers)


# --- signing ---------------------------------------------------------------------------------------


def test_a_signed_request_verifies(server: Server) -> None:
    with server.client() as api, entered():
        assert api.post("/v1/refunds/o-1?dry=1", json={"cents": 1250}).status_code == 200
    (verified,) = server.verified
    assert (verified.agent, verified.root, verified.identity) == ("worker-agent", "user:ada", ME)
    assert (verified.envelope.method, verified.envelope.path) == ("POST", "/v1/refunds/o-1")
    assert (verified.envelope.query, verified.envelope.authority) == ("?dry=1", "api.example.com")
    assert (verified.envelope.created, verified.envelope.expires) == (NOW, NOW + 60)
    verified.authorize(Action("refunds.create", operation="financial", risk="high"))


def test_the_example_of_the_design(server: Server) -> None:
    with server.client() as api, delegate.with_delegation(token(), key=WORKER_KEY, identity=ME):
        api.post("/v1/refunds/o-1", json={"cents": 1250}).raise_for_status()
        with delegate.narrow(scope=READ_ONLY, expires_in=60, clock=server.clock):
            api.get("/v1/orders/o-1")
    assert [verified.path for verified in server.verified] == [
        ("worker-agent",),
        ("worker-agent", "worker-agent"),
    ]
    with pytest.raises(OutOfScopeError):
        server.verified[1].authorize(Action("refunds.create", operation="financial", risk="high"))


def test_async_sends_the_same(server: Server) -> None:
    async def check() -> None:
        async with server.async_client() as api, with_delegation(token(), key=WORKER_KEY, identity=ME):
            await api.post("/v1/refunds/o-1", json={"cents": 1250})
            await asyncio.gather(*(api.get(f"/v1/orders/{number}") for number in range(5)))

    run(check())
    assert len({verified.envelope.nonce for verified in server.verified}) == 6


def test_a_chain_of_two_blocks_verifies(server: Server) -> None:
    chain, key = sub_token()
    with server.client() as api, with_delegation(chain, key=key):
        api.get("/v1/orders/o-1")
    assert server.verified[0].path == ("worker-agent", "sub-agent")


def test_the_callers_request_is_untouched(server: Server) -> None:
    """It "signs a copy, never the caller's request"."""
    with server.client() as api, entered():
        request = api.build_request("POST", "/v1/orders", content=b"body", headers={"X-Mine": "1"})
        before = (request.headers.raw, dict(request.extensions), request.url, request.content)
        api.send(request)
        assert (request.headers.raw, request.extensions, request.url, request.content) == before
        assert server.last is not request
        assert not ours(request)
        api.send(request)
    assert len(server.verified) == 2


def test_s168_headers_of_ours_are_dropped_on_entry(server: Server) -> None:
    """It "removes headers of ours on entry"."""
    stale = dict.fromkeys(OURS, "sha-256=:AAAA:")
    with server.client() as api, entered():
        api.post("/v1/orders", content=b"body", headers=stale)
        api.get("/v1/orders", headers={"Content-DIGEST": "sha-256=:AAAA:"})
    assert [len(server.requests[0].headers.get_list(name)) for name in OURS] == [1] * len(OURS)
    assert "content-digest" not in server.last.headers


def test_s163_hooks_and_auth_run_before_and_the_final_value_is_signed(server: Server) -> None:
    def hook(request: httpx.Request) -> None:
        request.headers["Content-Type"] = "application/merge-patch+json"

    settings: dict[str, Any] = {"event_hooks": {"request": [hook]}, "auth": ("ada", "secret")}
    with server.client(client=settings) as api, entered():
        api.patch("/v1/orders", content=b"{}", headers={"Content-Type": "application/json", "Cookie": "a=b"})
    covered = server.last.headers["signature-input"]
    assert server.last.headers["content-type"] == "application/merge-patch+json"
    assert all(f'"{name}"' in covered for name in ("content-type", "authorization", "cookie"))


def test_every_header_that_must_be_covered_is(server: Server) -> None:
    extra = COVERED_IF_PRESENT - {"agent-identity", "delegation"}
    with server.client() as api, entered():
        api.post("/v1/orders", content=b"x", headers={name.title(): "v" for name in extra})
    assert all(f'"{name}"' in server.last.headers["signature-input"] for name in COVERED_IF_PRESENT)


def test_further_headers_are_covered_on_request(server: Server) -> None:
    with server.client(cover=["x-tenant", "host", "content-length"]) as api, entered():
        api.post("/v1/orders", headers={"X-Tenant": "blue"}, content=b"1")
        with pytest.raises(ComponentMissingError) as caught:
            api.post("/v1/orders", content=b"1")
    assert caught.value.component == "x-tenant"
    assert '"x-tenant"' in server.last.headers["signature-input"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_every_method_verifies_without_a_body(server: Server, method: str) -> None:
    with server.client() as api, entered():
        api.request(method, "/v1/orders")
    bodied = method in {"POST", "PUT", "PATCH", "DELETE"}
    assert ("content-digest" in server.last.headers) is bodied
    assert server.last.headers.get("content-length") == ("0" if bodied else None)


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
        ("http://localhost", "http://localhost:80/a"),
    ],
)
def test_s167_the_canonical_authority_equals_the_servers_view(origin: str, url: str) -> None:
    server = Server(origin)
    with server.client() as api, entered(audience=[origin]):
        api.get(url)
    assert server.last.headers.get_list("host") == [origin.partition("://")[2]]
    assert server.verified[0].envelope.authority == origin.partition("://")[2]


def test_s167_userinfo_is_refused_and_not_shown(server: Server) -> None:
    with server.client() as api, entered(), pytest.raises(AuthorityRejectedError) as caught:
        api.get("https://ada:hunter2@api.example.com/v1/orders")
    assert caught.value.executed == "no"
    assert "hunter2" not in str(caught.value)
    assert not server.requests


def test_a_host_header_that_differs_from_the_url_is_refused(server: Server) -> None:
    with server.client() as api, entered():
        api.get("/v1/orders", headers={"Host": "API.example.com:443"})
        assert server.last.headers["host"] == "api.example.com"
        for host in ("other.example", "api.example.com:444", ""):
            with pytest.raises(AuthorityRejectedError) as caught:
                api.get("/v1/orders", headers={"Host": host})
            assert caught.value.component == "@authority"
    assert len(server.requests) == 1


@pytest.mark.parametrize("target", ["/a//b", "/a/%2e%2e/b", "/a%2fb", "/a%zz", "/a?b=%z"])
def test_a_target_that_a_server_would_refuse_is_refused_before_sending(server: Server, target: str) -> None:
    with server.client() as api, entered():
        api.get("/a/b?c=%2f")
        with pytest.raises(TargetRejectedError):
            api.get(target)
    assert len(server.requests) == 1


def test_the_raw_target_is_signed_as_it_is_sent(server: Server) -> None:
    with server.client() as api, entered():
        for target in ("/a?", "/?x", "/%41%7e/ü?q=é&q=%C3%a9", "/a/?b?c", "/" + "a" * 2000):
            api.get(target)
    assert [verified.envelope.path for verified in server.verified][2] == "/%41%7e/%C3%BC"


def test_the_target_extension_cannot_replace_the_signed_path(server: Server) -> None:
    with server.client() as api, entered():
        with pytest.raises(TargetRejectedError):
            api.get("/v1/orders", extensions={"target": b"/v1/admin"})
        api.get("/v1/orders", extensions={"timeout": {"read": 1.0}})
    assert server.last.extensions["timeout"] == {"read": 1.0}
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nX-B: c"),
        ("X-A", "a\nb"),
        ("X-A", "a\rb"),
        ("X-A", "a\0b"),
        ("Cookie", "ä"),
        ("X\nA", "b"),
    ],
)
def test_s165_line_ends_nul_and_non_ascii_never_leave(server: Server, name: str, value: str) -> None:
    raw = [(name.encode(), value.encode())]
    with server.client() as api, entered():
        api.get("/v1/orders", headers=[(b"X-A", b"a"), (b"Cookie", b"a")])
        with pytest.raises(MalformedError):
            api.get("/v1/orders", headers=raw)
    assert len(server.requests) == 1


def test_a_repeated_header_that_must_be_single_is_refused(server: Server) -> None:
    with server.client() as api, entered():
        api.get("/v1/orders", headers=[("X-A", "1"), ("X-A", "2"), ("Cookie", "a")])
        with pytest.raises(HeaderDuplicateError) as caught:
            api.get("/v1/orders", headers=[("Cookie", "a"), ("cookie", "b")])
    assert caught.value.component == "cookie"
    assert server.last.headers.get_list("x-a") == ["1", "2"]


def test_a_method_override_is_refused_before_sending(server: Server) -> None:
    with server.client() as api, entered(), pytest.raises(MethodRejectedError):
        api.post("/v1/orders", headers={"X-HTTP-Method-Override": "DELETE"})
    assert not server.requests


# --- bodies ----------------------------------------------------------------------------------------


def chunks() -> Iterator[bytes]:
    yield b"one,"
    yield b""
    yield b"two"


async def async_chunks() -> AsyncIterator[bytes]:
    for chunk in chunks():
        yield chunk


def test_s166_a_generator_body_is_buffered_and_its_length_stated(server: Server) -> None:
    async def check() -> None:
        async with server.async_client() as api, with_delegation(token(), key=WORKER_KEY):
            await api.post("/v1/orders", content=async_chunks())

    with server.client() as api, entered():
        api.post("/v1/orders", content=chunks())
    run(check())
    for request in server.requests:
        assert request.content == b"one,two"
        assert request.headers["content-length"] == "7"
        assert "transfer-encoding" not in request.headers


def test_a_wrong_length_of_the_callers_is_corrected(server: Server) -> None:
    with server.client() as api, entered():
        api.post("/v1/orders", content=chunks(), headers={"Content-Length": "3"})
        api.post("/v1/orders", content=b"abc", headers={"Transfer-Encoding": "chunked"})
    assert [request.headers["content-length"] for request in server.requests] == ["7", "3"]
    assert "transfer-encoding" not in server.last.headers


def test_forms_and_files_verify(server: Server) -> None:
    with server.client() as api, entered():
        api.post("/v1/orders", data={"a": "b c"})
        api.post("/v1/orders", files={"f": ("name.txt", b"content")}, data={"a": "b"})
    assert len(server.verified) == 2


def test_a_body_over_the_limit_is_refused_while_it_is_read(server: Server) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 100

    async def async_endless() -> AsyncIterator[bytes]:
        for chunk in endless():
            yield chunk

    async def check() -> None:
        async with server.async_client(body_limit=1000) as api, with_delegation(token(), key=WORKER_KEY):
            await api.post("/v1/orders", content=async_endless())

    with server.client(body_limit=1000) as api, entered():
        api.post("/v1/orders", content=b"x" * 1000)
        with pytest.raises(BodyTooLargeError) as caught:
            api.post("/v1/orders", content=endless())
    assert caught.value.limit == 1000
    with pytest.raises(BodyTooLargeError):
        run(check())
    assert len(server.requests) == 1


# --- whether to sign -------------------------------------------------------------------------------


def test_s162_other_hosts_get_none_of_our_headers(server: Server) -> None:
    """ "Other hosts get none of our headers." """
    stale = dict.fromkeys(OURS, "x")
    with server.client(server.see) as api, entered():
        for url in ("https://other.example/", "https://api.example.com:444/", "http://api.example.com/"):
            api.post(url, headers={**stale, "X-Mine": "1"}, content=chunks())
            assert not ours(server.last)
            assert server.last.headers["x-mine"] == "1"
            assert server.last.content == b"one,two"
        api.get("https://ada:hunter2@other.example/", extensions={"target": b"/x"})
        assert not ours(server.last)
        api.get(ORIGIN)
        assert ours(server.last)


def test_another_hosts_redirect_is_not_ours_to_judge(server: Server) -> None:
    server.answers = [httpx.Response(302, headers={"Location": "https://other.example/2"})]
    with server.client(server.see) as api, entered():
        assert api.get("https://other.example/1").status_code == 302


def test_without_a_delegation_nothing_is_sent(server: Server) -> None:
    """ "Where nothing is current, current_delegation() and the transport raise delegation_missing." """
    with server.client(server.see) as api:
        for url in (ORIGIN, "https://other.example/"):
            with pytest.raises(DelegationMissingError):
                api.get(url)
        with entered():
            api.get(ORIGIN)
        with pytest.raises(DelegationMissingError):
            api.get(ORIGIN)
    assert len(server.requests) == 1


def test_stated_origins_are_never_sent_to_unsigned_and_others_are(server: Server) -> None:
    """ "A signing transport never sends unsigned to an origin it should sign for." """
    with server.client(server.see, origins=[ORIGIN, "https://two.example"]) as api:
        api.get("https://other.example/")
        assert not ours(server.last)
        with pytest.raises(DelegationMissingError):
            api.get(ORIGIN)
        with entered():
            api.get(ORIGIN)
            assert ours(server.last)
            with pytest.raises(AudienceMismatchError) as caught:
                api.get("https://two.example/")
            api.get("https://other.example/")
            assert not ours(server.last)
    assert caught.value.block == 0
    assert len(server.requests) == 3


def test_the_effective_audience_decides_not_that_of_one_block(server: Server) -> None:
    key = SigningKey.generate()
    narrowed = delegate.attenuate(
        token(audience=[ORIGIN, "https://two.example"]),
        WORKER_KEY,
        agent="sub-agent",
        holder=key.public_key,
        audience=["https://two.example"],
        clock=server.clock,
    )
    with server.client(server.see) as api, with_delegation(narrowed, key=key):
        api.get(ORIGIN)
        assert not ours(server.last)
        api.get("https://two.example/")
        assert ours(server.last)


def test_a_task_that_outlives_its_delegation_sends_nothing(server: Server) -> None:
    async def worker(api: httpx.AsyncClient, sent: asyncio.Event, left: asyncio.Event) -> None:
        await api.get("/v1/orders")
        sent.set()
        await left.wait()
        await api.get("/v1/orders")

    async def check(**settings: Any) -> None:
        sent, left = asyncio.Event(), asyncio.Event()
        async with server.async_client(**settings) as api:
            async with with_delegation(token(), key=WORKER_KEY):
                task = asyncio.create_task(worker(api, sent, left))
                await sent.wait()
            left.set()
            with pytest.raises(DelegationMissingError, match="closed"):
                await task

    run(check())
    assert len(server.requests) == 1
    server.requests.clear()
    run(check(origins=[]))  # its audience alone tells that the request was to be signed
    assert len(server.requests) == 1


# --- checks of the own token -----------------------------------------------------------------------


def test_an_expired_token_is_not_sent(server: Server) -> None:
    with server.client() as api, entered(expires_in=600):
        server.clock.set(NOW + 599)
        api.get("/v1/orders")
        server.clock.set(NOW + 600)
        with pytest.raises(DelegationExpiredError) as caught:
            api.get("/v1/orders")
        server.clock.set(NOW - 6)
        with pytest.raises(DelegationNotYetValidError):
            api.get("/v1/orders")
    assert (caught.value.block, caught.value.executed) == (0, "no")
    assert len(server.requests) == 1


def test_the_body_of_a_request_that_is_refused_at_once_is_not_touched(server: Server) -> None:
    body = chunks()
    with server.client() as api, entered(expires_in=600):
        server.clock.set(NOW + 600)
        with pytest.raises(DelegationExpiredError):
            api.post("/v1/orders", content=body)
    assert next(body) == b"one,"


def test_a_token_that_expires_while_the_body_is_read_is_not_sent(server: Server) -> None:
    def slow() -> Iterator[bytes]:
        yield b"x"
        server.clock.set(NOW + 600)

    with server.client() as api, entered(expires_in=600), pytest.raises(DelegationExpiredError):
        api.post("/v1/orders", content=slow())
    assert not server.requests


def test_a_named_action_is_checked_against_every_block_before_sending(server: Server) -> None:
    """ "... and scope where the caller names the action (with delegate.action(...) or action_for=)." """
    with server.client() as api, entered():
        with delegate.action("refunds.create", operation="financial", risk="high"):
            api.post("/v1/refunds/o-1")
            with (
                delegate.narrow(scope=READ_ONLY, clock=server.clock),
                pytest.raises(OutOfScopeError) as caught,
            ):
                api.post("/v1/refunds/o-1")
        with delegate.narrow(scope=READ_ONLY, clock=server.clock):
            api.post("/v1/refunds/o-1")  # where nothing is named, the server decides
    assert (caught.value.block, caught.value.executed, caught.value.field) == (1, "no", "tools")
    assert len(server.requests) == 2


def test_action_for_names_the_action_of_a_request(server: Server) -> None:
    def action_for(request: httpx.Request) -> Action | None:
        if request.url.path.startswith("/admin"):
            return Action("admin", operation="read", risk="low")
        return None

    with server.client(action_for=action_for) as api, entered():
        api.get("/v1/orders")
        with pytest.raises(OutOfScopeError):
            api.get("/admin")
        with (
            delegate.action("orders.read", operation="read", risk="low"),
            pytest.raises(OutOfScopeError),
        ):
            api.get("/admin")  # both are asked
    assert len(server.requests) == 1


# --- redirects -------------------------------------------------------------------------------------


class Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body of an answer that nobody has read yet."""

    def __iter__(self) -> Iterator[bytes]:
        return chunks()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return async_chunks()


def redirect(status: int, location: str) -> httpx.Response:
    return httpx.Response(status, headers={"Location": location}, stream=Body())


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("follow", [False, True])
def test_s162_a_redirect_is_an_error(server: Server, status: int, follow: bool) -> None:  # noqa: FBT001
    """ "Redirects are errors by default", whatever the client above would do."""
    with server.client(client={"follow_redirects": follow}) as api, entered():
        for location in ("/v2", "https://other.example/v1"):
            server.answers = [answer := redirect(status, location)]
            with pytest.raises(RedirectRefusedError) as caught:
                api.post("/v1", content=b"x")
            assert caught.value.executed == "unknown"
            assert answer.is_closed
    assert len(server.requests) == 2


def test_what_only_looks_like_a_redirect_is_an_answer(server: Server) -> None:
    server.answers = [httpx.Response(304), redirect(201, "/v1/orders/2"), httpx.Response(307)]
    with server.client() as api, entered():
        assert [api.post("/v1/orders").status_code for _ in range(3)] == [304, 201, 307]


@pytest.mark.parametrize("status", [307, 308])
def test_with_follow_same_origin_it_is_signed_again(server: Server, status: int) -> None:
    server.answers = [redirect(status, "v2?a=b#c"), redirect(status, "HTTPS://API.example.com:443/v3")]
    with server.client(follow_same_origin=True) as api, entered():
        assert api.post("/v1", content=chunks()).status_code == 200
    envelopes = [verified.envelope for verified in server.verified]
    assert [each.path + each.query for each in envelopes] == ["/v1?", "/v2?a=b", "/v3?"]
    assert {request.content for request in server.requests} == {b"one,two"}
    assert {request.method for request in server.requests} == {"POST"}
    assert len({each.nonce for each in envelopes}) == 3


@pytest.mark.parametrize(
    ("status", "location"),
    [
        (301, "/v2"),
        (302, "/v2"),
        (303, "/v2"),
        (307, "https://other.example/v1"),
        (307, "//other.example/v1"),
        (307, "http://api.example.com/v1"),
        (307, "https://api.example.com:444/v1"),
        (307, "https://api.example.com./v1"),
        (307, "https://user@api.example.com/v1"),
        (307, "https://[bad/"),
        (308, "mailto:ada"),
        (308, "/a\tb"),
    ],
)
def test_s162_follow_same_origin_follows_nothing_else(server: Server, status: int, location: str) -> None:
    server.answers = [redirect(status, location)]
    with (
        server.client(server.see, follow_same_origin=True) as api,
        entered(audience=[ORIGIN, "https://other.example"]),
        pytest.raises(RedirectRefusedError) as caught,
    ):
        api.get("/v1")
    assert caught.value.executed == "unknown"
    assert len(server.requests) == 1


def test_redirects_are_bounded(server: Server) -> None:
    server.answers = [redirect(307, f"/{number}") for number in range(REDIRECTS_MAX + 1)]
    with server.client(follow_same_origin=True) as api, entered(), pytest.raises(RedirectRefusedError):
        api.get("/v1")
    assert len(server.requests) == 1 + REDIRECTS_MAX


def test_what_is_refused_after_sending_is_unknown_to_have_happened(server: Server) -> None:
    """ "What is not known to have happened is called unknown, never 'not executed'." """
    server.answers = [redirect(307, "/a//b")]
    with (
        server.client(follow_same_origin=True) as api,
        entered(),
        pytest.raises(TargetRejectedError) as caught,
    ):
        api.post("/v1")
    assert caught.value.executed == "unknown"
    assert TargetRejectedError.executed == "no"


# --- retries ---------------------------------------------------------------------------------------

BROKEN = [httpx.ReadTimeout("slow"), httpx.ConnectError("gone"), httpx.RemoteProtocolError("cut")]


@pytest.mark.parametrize(
    ("method", "headers"),
    [("GET", {}), ("HEAD", {}), ("POST", {"Idempotency-Key": '"k-1"'})],
)
def test_s164_a_retry_is_signed_afresh_and_keeps_its_idempotency_key(
    server: Server, method: str, headers: dict[str, str]
) -> None:
    """ "A retry is signed afresh (new nonce) and keeps its idempotency key." """
    server.answers = list(BROKEN)
    with server.client(retries=3) as api, entered():
        assert api.request(method, "/v1/orders", headers=headers).status_code == 200
    assert len({verified.envelope.nonce for verified in server.verified}) == 4
    assert {request.headers.get("idempotency-key") for request in server.requests} == {
        headers.get("Idempotency-Key")
    }


def test_nothing_else_is_tried_again(server: Server) -> None:
    """ "Automatic retry only for GET/HEAD, with an idempotency key, or on a signed refusal." """
    with server.client(retries=3) as api, entered():
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            server.answers = [failure := httpx.ReadTimeout("slow")]
            with pytest.raises(httpx.ReadTimeout) as caught:
                api.request(method, "/v1/orders")
            assert caught.value is failure
        assert len(server.requests) == 5
        for answer in (httpx.LocalProtocolError("mine"), httpx.ProxyError("proxy"), RuntimeError("bug")):
            server.answers = [answer]
            with pytest.raises(type(answer)):
                api.get("/v1/orders")
        assert len(server.requests) == 8
        for status in (401, 429, 500, 503):
            server.answers = [httpx.Response(status, headers={"Retry-After": "0"})]
            assert api.get("/v1/orders").status_code == status
        assert len(server.requests) == 12


def test_retries_are_off_by_default_and_counted(server: Server) -> None:
    server.answers = list(BROKEN)
    with server.client() as api, entered(), pytest.raises(httpx.ReadTimeout):
        api.get("/v1/orders")
    assert len(server.requests) == 1
    server.answers = list(BROKEN)
    with server.client(retries=2) as api, entered(), pytest.raises(httpx.RemoteProtocolError):
        api.get("/v1/orders")
    assert len(server.requests) == 4


def test_async_retries_and_redirects_alike(server: Server) -> None:
    async def check() -> None:
        settings: dict[str, Any] = {"retries": 1, "follow_same_origin": True}
        async with server.async_client(**settings) as api, with_delegation(token(), key=WORKER_KEY):
            server.answers = [httpx.ReadTimeout("slow"), redirect(307, "/v2")]
            assert (await api.get("/v1")).status_code == 200
            server.answers = [answer := redirect(302, "/v2")]
            with pytest.raises(RedirectRefusedError):
                await api.get("/v1")
            assert answer.is_closed

    run(check())
    assert [verified.envelope.path for verified in server.verified] == ["/v1", "/v1", "/v2", "/v1"]


def test_a_delegation_that_is_closed_between_two_tries_leaves_the_first_unknown(server: Server) -> None:
    block = entered()

    def handle(request: httpx.Request) -> httpx.Response:
        block.__exit__(None, None, None)
        raise BROKEN[0]

    with server.client(handle, retries=1) as api:
        block.__enter__()
        with pytest.raises(DelegationMissingError, match="closed") as caught:
            api.get("/v1/orders")
    assert caught.value.executed == "unknown"


def test_a_token_that_expires_between_two_tries_leaves_the_first_unknown(server: Server) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        server.clock.set(NOW + 600)
        raise BROKEN[0]

    with server.client(handle, retries=1) as api, entered(), pytest.raises(DelegationExpiredError) as caught:
        api.get("/v1/orders")
    assert caught.value.executed == "unknown"


def test_accept_signature_and_date_change_nothing(server: Server) -> None:
    """ "Accept-Signature and Date never change what the client does." """
    told = {"Accept-Signature": 'sig=("@path");created', "Date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    server.answers = [httpx.Response(401, headers=told)]
    with server.client(retries=1) as api, entered():
        assert api.get("/v1/orders").status_code == 401
        api.get("/v1/orders")
    first, second = (verified.envelope for verified in server.verified)
    assert (first.created, first.algorithm) == (second.created, second.algorithm)
    assert len(server.requests) == 2


# --- set-up ----------------------------------------------------------------------------------------


def test_s169_two_signing_transports_on_one_way_are_refused(server: Server) -> None:
    stacked = SigningTransport(
        SigningTransport(httpx.MockTransport(server.handle), clock=server.clock), clock=server.clock
    )
    with httpx.Client(transport=stacked) as api, entered(), pytest.raises(ConfigurationError, match="two"):
        api.get(ORIGIN)
    assert not server.requests


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("lifetime", 0),
        ("lifetime", WINDOW_MAX + 1),
        ("lifetime", True),
        ("retries", -1),
        ("retries", RETRIES_MAX + 1),
        ("origins", ["https://api.example.com/"]),
        ("origins", ["http://api.example.com"]),
        ("cover", ["X-Tenant"]),
    ],
)
def test_settings_out_of_bounds_are_refused(field: str, value: object) -> None:
    inner = httpx.MockTransport(lambda request: httpx.Response(200))
    SigningTransport(inner, lifetime=WINDOW_MAX, retries=RETRIES_MAX, origins=[ORIGIN], cover=["x-tenant"])
    with pytest.raises(ConfigurationError) as caught:
        SigningTransport(inner, **{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_the_lifetime_is_as_set(server: Server) -> None:
    with server.client(lifetime=5) as api, entered():
        api.get("/v1/orders")
    assert server.verified[0].envelope.expires == NOW + 5


def test_the_inner_transport_is_entered_and_closed() -> None:
    seen: list[str] = []

    class Inner(httpx.BaseTransport):
        def __enter__(self) -> Self:
            seen.append("enter")
            return self

        def close(self) -> None:
            seen.append("close")

    class AsyncInner(httpx.AsyncBaseTransport):
        async def __aenter__(self) -> Self:
            seen.append("enter")
            return self

        async def aclose(self) -> None:
            seen.append("close")

    async def check() -> None:
        async with httpx.AsyncClient(transport=AsyncSigningTransport(AsyncInner())):
            pass
        await httpx.AsyncClient(transport=AsyncSigningTransport(AsyncInner())).aclose()

    with httpx.Client(transport=SigningTransport(Inner())):
        pass
    httpx.Client(transport=SigningTransport(Inner())).close()
    assert seen == ["enter", "close", "close"]
    seen.clear()
    run(check())
    assert seen == ["enter", "close", "close"]


# --- what is seen from outside ---------------------------------------------------------------------


def test_nothing_secret_is_in_errors_and_reprs(server: Server) -> None:
    shown: list[str] = []
    with server.client(server.see, origins=[ORIGIN, "https://two.example"], follow_same_origin=True) as api:
        with entered() as handle:
            secrets = [handle.token.text, *(secret.decode("latin-1") for secret in known_secrets.values())]
            shown.append(repr(handle))
            for url, headers in (
                ("https://two.example/", {}),
                ("https://a:pass-w0rd@api.example.com/", {}),
                (ORIGIN, {"Host": "x"}),
                (ORIGIN, {"Cookie": "pass-w0rd-ä"}),
                (ORIGIN + "/a//b", {}),
            ):
                with pytest.raises(DelegateError) as caught:
                    api.get(url, headers={name: value.encode() for name, value in headers.items()})
                shown += [str(caught.value), repr(caught.value)]
            server.answers = [redirect(307, "https://other.example/pass-w0rd")]
            with pytest.raises(DelegateError) as caught:
                api.get(ORIGIN)
            shown.append(str(caught.value))
            sent = server.last.headers
            secrets += [
                "pass-w0rd",
                sent["signature"][5:-1],
                sent["signature-input"].split('nonce="')[1][:22],
            ]
        with pytest.raises(DelegateError) as caught:
            api.get(ORIGIN)
        shown.append(str(caught.value))
    assert len(shown) == 13
    assert not [(text, secret) for text in shown for secret in secrets if secret in text]


def test_the_bytes_on_the_wire_verify() -> None:
    """Through httpx's own transport and a socket: nothing below the signature changes what was signed."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    wire: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            data = b""
            while b"\r\n\r\n" not in data or not data.endswith(b"body"):
                data += connection.recv(65536)
            wire.append(data)
            connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    thread = threading.Thread(target=serve)
    thread.start()
    clock = ManualClock(NOW)
    with (
        httpx.Client(transport=SigningTransport(httpx.HTTPTransport(), clock=clock)) as api,
        entered(audience=[origin]),
    ):
        assert api.post(f"{origin}/v1/ü?a=%C3%a9", content=iter([b"the ", b"body"])).status_code == 204
    thread.join(10)
    listener.close()
    head, _, body = wire[0].partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    method, target, _ = line.split(b" ")
    headers = [tuple(each.split(b": ", 1)) for each in lines]
    request = httpx.Request(method.decode(), origin, headers=headers, stream=httpx.ByteStream(body))  # type: ignore[arg-type]
    path, _, query = target.partition(b"?")
    parsed = arrived(request)
    server = Server(origin)
    raw = type(parsed)(method=parsed.method, path=path, query=query, headers=parsed.headers)
    assert server.verifier.verify(raw, body).agent == "worker-agent"
    with pytest.raises(SignatureInvalidError):
        server.verifier.verify(
            type(parsed)(method="PUT", path=path, query=query, headers=parsed.headers), body
        )


def test_a_p256_holder_signs_and_narrows() -> None:
    key = SigningKey.generate("p256")
    chain = attenuate(token(), WORKER_KEY, agent="ec-agent", holder=key.public_key, clock=ManualClock(NOW))
    server = Server()
    with server.client() as api, with_delegation(chain, key=key):
        api.post("/v1/orders", content=b"body")
        with narrow(scope=READ_ONLY, clock=server.clock):
            api.get("/v1/orders")
    assert [each.envelope.algorithm for each in server.verified] == ["ecdsa-p256-sha256", "ed25519"]
    assert [each.key_id == key.key_id for each in server.verified] == [True, False]
    assert [len(each.path) for each in server.verified] == [2, 3]
