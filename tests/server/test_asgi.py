"""The middleware: what reaches the application, and what a refusal looks like."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from delegate.errors import AuthorityError, ConfigurationError, OutOfScopeError
from delegate.scope import Action
from delegate.server.asgi import GRANT, VERIFIED, DelegateMiddleware
from delegate.server.interface import ASGIApp, Message, Receive, Scope, Send
from delegate.verifier import Grant, Request, Verified
from tests.server.driver import DISCONNECT, STALL, Answer, call, chunked, drive, scope_of
from tests.support.world import HOST, NOW, STRANGER_KEY, World, without

READ = Action("orders.read", operation="read", risk="low")
BODY = b'{"cents":1250}'


class App:
    """An application that remembers what it was called with."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []
        self.bodies: list[bytes] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scopes.append(scope)
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.bodies.append(body)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"served"})

    @property
    def scope(self) -> Scope:
        (scope,) = self.scopes
        return scope


def reading(request: Request, verified: Verified) -> Action | None:
    """Everything below /v1 reads orders."""
    return READ if request.path.startswith(b"/v1/") else None


def protected(app: ASGIApp, world: World | None = None, **options: Any) -> DelegateMiddleware:
    """``app`` behind the middleware; options of the verifier are those it knows."""
    world = world or World()
    middleware = {"exempt", "public", "root_path", "development", "handlers_authorize", "action_for"}
    settings = {name: options.pop(name) for name in middleware & options.keys()}
    if not settings.get("handlers_authorize"):
        settings.setdefault("action_for", reading)
    return DelegateMiddleware(app, world.verifier(**options), **settings)


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def world() -> World:
    return World()


# --- what the application gets ---------------------------------------------------------------------


def test_a_verified_request_is_handed_on(app: App, world: World) -> None:
    headers = world.worker.sign("POST", "/v1/orders?dry=1", body=BODY)
    answer = call(protected(app), "POST", "/v1/orders?dry=1", headers, chunked(BODY[:5], BODY[5:]))
    assert (answer.status, answer.body) == (200, b"served")
    assert app.bodies == [BODY]
    verified, grant = app.scope[VERIFIED], app.scope[GRANT]
    assert isinstance(verified, Verified)
    assert isinstance(grant, Grant)
    assert (grant.agent, grant.root, grant.action) == ("worker-agent", "user:ada", READ)
    assert app.scope["headers"] == headers


def test_s119_the_body_comes_once_and_then_what_follows(world: World) -> None:
    seen: list[Message] = []

    async def handler(_scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([await receive(), await receive()])
        await send({"type": "http.response.start", "status": 200, "headers": []})

    headers = world.worker.sign("POST", "/v1/orders", body=BODY)
    call(protected(handler), "POST", "/v1/orders", headers, chunked(BODY[:3], BODY[3:], b""))
    assert seen == [{"type": "http.request", "body": BODY, "more_body": False}, DISCONNECT]


def test_s114_an_encoded_body_is_handed_on_as_it_arrived(app: App, world: World) -> None:
    packed = gzip.compress(BODY, mtime=0)
    headers = world.worker.sign("POST", "/v1/orders", body=packed, headers={"content-encoding": b"gzip"})
    assert call(protected(app), "POST", "/v1/orders", headers, chunked(packed)).status == 200
    assert app.bodies == [packed]
    decoded = world.worker.sign("POST", "/v1/orders", body=BODY, headers={"content-encoding": b"gzip"})
    answer = call(protected(app), "POST", "/v1/orders", decoded, chunked(packed))
    assert answer.code == "digest_mismatch"


def test_the_headers_are_those_from_before_the_body(app: App, world: World) -> None:
    """'Snapshot the headers before the first body read: one ASGI server appends chunked trailers [...]'"""
    headers = world.worker.sign("POST", "/v1/orders", body=BODY)
    scope = scope_of("POST", "/v1/orders", headers)

    async def with_trailer() -> Answer:
        def messages() -> Iterator[Message]:
            yield {"type": "http.request", "body": BODY, "more_body": True}
            scope["headers"].append((b"x-role", b"admin"))
            yield {"type": "http.request", "body": b"", "more_body": False}

        return await lazily(protected(app), scope, messages())

    assert asyncio.run(with_trailer()).status == 200
    assert (b"x-role", b"admin") in scope["headers"]
    assert app.scope["headers"] == headers


async def lazily(app: ASGIApp, scope: Scope, messages: Iterator[Message]) -> Answer:
    """``drive`` for a client whose messages have effects."""
    answer = Answer()

    async def receive() -> Message:
        return next(messages, DISCONNECT)

    async def send(message: Message) -> None:
        answer.messages.append(message)

    await app(scope, receive, send)
    return answer


def test_what_a_mesh_adds_is_hidden_from_the_handler(app: App, world: World) -> None:
    headers = [*world.worker.sign("GET", "/v1/orders"), (b"Cookie", b"mesh=1")]
    assert call(protected(app), "GET", "/v1/orders", headers).code == "signature_invalid"
    assert call(protected(app, proxy_adds=["cookie"]), "GET", "/v1/orders", headers).status == 200
    assert app.scope["headers"] == headers[:-1]


def test_a_proof_of_somebody_else_is_dropped(app: App) -> None:
    middleware = protected(app, exempt=["/healthz"])
    forged: dict[str, Any] = {VERIFIED: "forged", GRANT: "forged"}
    assert call(middleware, "GET", "/healthz", [(b"host", HOST)], **forged).status == 200
    assert not {VERIFIED, GRANT} & app.scope.keys()


# --- who names the action --------------------------------------------------------------------------


def test_an_unmapped_action_is_denied(app: App, world: World) -> None:
    """'an unmapped route is denied'"""
    answer = call(protected(app), "GET", "/v2/orders", world.worker.sign("GET", "/v2/orders"))
    assert (answer.status, answer.code) == (403, "action_unmapped")
    assert "GET /v2/orders" in answer.problem["detail"]
    assert not app.scopes


def test_out_of_scope_says_which_block(app: App, world: World) -> None:
    def refunding(_request: Request, _verified: Verified) -> Action:
        return Action("refunds.create", operation="financial", risk="high")

    headers = world.sub_worker.sign("GET", "/v1/orders")
    answer = call(protected(app, action_for=refunding), "GET", "/v1/orders", headers)
    assert (answer.status, answer.code, answer.problem["block"]) == (403, "out_of_scope", 1)
    assert len(answer.problem["request_id"]) == 64
    assert not app.scopes


def test_an_action_may_be_named_asynchronously(app: App, world: World) -> None:
    async def named(_request: Request, _verified: Verified) -> Action | None:
        return READ

    headers = world.worker.sign("GET", "/v1/orders")
    assert call(protected(app, action_for=named), "GET", "/v1/orders", headers).status == 200


@pytest.mark.parametrize("order", ["", "o-1\n"])
def test_a_resource_from_the_path_may_be_malformed(app: App, world: World, order: str) -> None:
    def of_order(_request: Request, _verified: Verified) -> Action:
        return Action("orders.read", operation="read", risk="low", resources={"order": [order]})

    headers = world.worker.sign("GET", "/v1/orders")
    answer = call(protected(app, action_for=of_order), "GET", "/v1/orders", headers)
    assert (answer.status, answer.code) == (403, "resource_malformed")


def test_a_defect_while_the_action_is_named_refuses(
    app: App, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "a secret of the server"

    def broken(_request: Request, _verified: Verified) -> Action:
        raise LookupError(secret)

    headers = world.worker.sign("GET", "/v1/orders")
    answer = call(protected(app, action_for=broken), "GET", "/v1/orders", headers)
    assert answer.status == 500
    assert answer.problem == {"type": "about:blank", "title": "Internal Server Error", "status": 500}
    assert not app.scopes
    assert secret in caplog.text


def test_nobody_names_the_action_or_everybody_does(world: World) -> None:
    both: dict[str, Any] = {"action_for": reading, "handlers_authorize": True}
    for options in ({}, both):
        with pytest.raises(ConfigurationError) as caught:
            DelegateMiddleware(App(), world.verifier(), **options)
        assert caught.value.field == "action_for"


def handler_that(authorizes: Action, *, after_start: bool = False) -> ASGIApp:
    async def handler(scope: Scope, _receive: Receive, send: Send) -> None:
        assert GRANT not in scope
        if after_start:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        scope[VERIFIED].authorize(authorizes)
        await send({"type": "http.response.start", "status": 204, "headers": []})

    return handler


def test_a_handler_may_authorize(world: World) -> None:
    delete = Action("orders.delete", operation="write", risk="high")
    headers = world.worker.sign("GET", "/v1/orders")
    allowed = call(protected(handler_that(READ), handlers_authorize=True), "GET", "/v1/orders", headers)
    assert allowed.status == 204
    answer = call(protected(handler_that(delete), handlers_authorize=True), "GET", "/v1/orders", headers)
    assert (answer.status, answer.code) == (403, "out_of_scope")


def test_nothing_is_refused_after_the_answer_has_begun(world: World) -> None:
    delete = Action("orders.delete", operation="write", risk="high")
    handler = handler_that(delete, after_start=True)
    with pytest.raises(OutOfScopeError):
        call(
            protected(handler, handlers_authorize=True),
            "GET",
            "/v1/orders",
            world.worker.sign("GET", "/v1/orders"),
        )


def test_errors_of_the_handler_pass_through_untouched(world: World) -> None:
    class OwnError(AuthorityError):
        """Of a call that the handler made, so not proved here."""

    for error in (ZeroDivisionError(), OwnError("elsewhere")):

        async def broken(_scope: Scope, _receive: Receive, _send: Send, error: Exception = error) -> None:
            raise error

        with pytest.raises(type(error)) as caught:
            call(protected(broken), "GET", "/v1/orders", world.worker.sign("GET", "/v1/orders"))
        assert caught.value is error


# --- who is refused --------------------------------------------------------------------------------


def test_an_unsigned_request(app: App) -> None:
    answer = call(protected(app), "GET", "/v1/orders", [(b"host", HOST)])
    assert (answer.status, answer.code) == (401, "signature_missing")
    assert not app.scopes
    assert answer.received == 0


def test_s64_a_replay_is_refused(app: App, world: World) -> None:
    middleware, headers = protected(app), world.worker.sign("GET", "/v1/orders")
    assert call(middleware, "GET", "/v1/orders", headers).status == 200
    answer = call(middleware, "GET", "/v1/orders", headers)
    assert (answer.status, answer.code, answer.problem["executed"]) == (401, "nonce_replayed", "unknown")
    assert len(app.scopes) == 1


def test_s76_after_a_crash_the_same_bytes_are_refused_and_fresh_ones_served(world: World) -> None:
    crashes = iter([True, False])

    async def handler(_scope: Scope, _receive: Receive, send: Send) -> None:
        if next(crashes):
            raise ZeroDivisionError
        await send({"type": "http.response.start", "status": 200, "headers": []})

    middleware, headers = protected(handler), world.worker.sign("GET", "/v1/orders")
    with pytest.raises(ZeroDivisionError):
        call(middleware, "GET", "/v1/orders", headers)
    assert call(middleware, "GET", "/v1/orders", headers).code == "nonce_replayed"
    assert call(middleware, "GET", "/v1/orders", world.worker.sign("GET", "/v1/orders")).status == 200


def test_s148_unknown_key_and_bad_signature_are_the_same_bytes(app: App, world: World) -> None:
    good = world.worker.sign("GET", "/v1/orders")
    forged = b"dlg=:" + b"A" * 86 + b"==:"
    bad = [(name, forged if name == b"signature" else value) for name, value in good]
    unknown = world.stranger.sign("GET", "/v1/orders")
    not_holder = World().agent("worker-agent", STRANGER_KEY).sign("GET", "/v1/orders")
    mixed = without(good, b"delegation") + [line for line in not_holder if line[0] == b"delegation"]
    answers = [call(protected(app), "GET", "/v1/orders", headers) for headers in (bad, unknown, mixed)]
    assert {(answer.status, answer.code) for answer in answers} == {(401, "signature_invalid")}
    assert len({(answer.body, tuple(answer.messages[0]["headers"])) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("target", "changed", "code"),
    [
        ("/v1/orders", {"raw_path": b"/v1/refunds", "path": "/v1/refunds"}, "signature_invalid"),
        ("/v1/a?admin=1", {"raw_path": b"/v1/a%3Fadmin=1", "path": "/v1/a?admin=1"}, "signature_invalid"),
        ("/v1/a/b", {"raw_path": b"/v1/a%2Fb"}, "target_rejected"),
        ("/v1/orders", {"raw_path": b"//evil/p", "path": "//evil/p"}, "target_rejected"),
        ("/v1/orders", {"raw_path": b"/v1/orders;x=1", "path": "/v1/orders;x=1"}, "signature_invalid"),
        ("/v1/orders", {"raw_path": b"/V1/orders", "path": "/V1/orders"}, "signature_invalid"),
        ("/v1/orders", {"raw_path": b"@google.com/p", "path": "@google.com/p"}, "target_rejected"),
        ("/v1/orders", {"raw_path": b"*", "path": "*"}, "target_rejected"),
        ("/v1/orders", {"raw_path": b"/v1/orders#frag", "path": "/v1/orders#frag"}, "target_rejected"),
        ("/v1/orders", {"query_string": b"a=1"}, "signature_invalid"),
        ("/v1/orders?a=1&b=2", {"query_string": b"b=2&a=1"}, "signature_invalid"),
        ("/v1/orders?a=1;b=2", {"query_string": b"a=1&b=2"}, "signature_invalid"),
        ("/v1/orders?a=+", {"query_string": b"a=%20"}, "signature_invalid"),
        ("/v1/orders", {"method": "DELETE"}, "signature_invalid"),
        ("/v1/orders", {"method": "get"}, "signature_invalid"),
        ("/v1/o", {"root_path": "/api", "raw_path": b"/api/v1/o", "path": "/api/v1/o"}, "target_rejected"),
    ],
    ids=["path", "s83", "s84", "s85", "s87", "s88", "s90", "s91", "s100", "query", "s102", "s103a", "s103b",
         "method", "s104", "s105"],
)  # fmt: skip
def test_s82_targets(app: App, world: World, target: str, changed: dict[str, Any], code: str) -> None:
    headers = world.worker.sign("GET", target)
    assert call(protected(app), "GET", target, headers).status == 200
    method = changed.get("method", "GET")
    rest = {name: value for name, value in changed.items() if name != "method"}
    answer = call(protected(app), method, target, headers, **rest)
    assert (answer.status, answer.code) == (401, code)
    assert len(app.scopes) == 1


@pytest.mark.parametrize(
    ("hosts", "status", "code"),
    [
        ([b"example.com/health?x="], 421, "authority_rejected"),
        ([HOST, HOST], 401, "signature_invalid"),
        ([], 421, "authority_rejected"),
        ([b""], 421, "authority_rejected"),
        ([HOST + b"."], 421, "authority_rejected"),
        ([HOST + b".."], 421, "authority_rejected"),
        ([b"other.example.com"], 421, "authority_rejected"),
        ([b"API.EXAMPLE.COM:443"], 200, ""),
    ],
    ids=["s92", "s93", "s94a", "s94b", "s96a", "s96b", "s97", "s95"],
)
def test_s92_authorities(app: App, world: World, hosts: list[bytes], status: int, code: str) -> None:
    headers = without(world.worker.sign("GET", "/v1/orders"), b"host")
    sent = [*((b"host", host) for host in hosts), *headers]
    answer = call(protected(app), "GET", "/v1/orders", sent)
    assert answer.status == status
    if code:
        assert answer.code == code


def test_s98_forwarded_headers_are_never_read(app: App, world: World) -> None:
    spoofed = [(b"x-forwarded-host", b"evil.example"), (b"forwarded", b"host=evil.example;proto=http")]
    headers = world.worker.sign("GET", "/v1/orders")
    assert call(protected(app), "GET", "/v1/orders", [*headers, *spoofed]).status == 200
    elsewhere = [(name, b"evil.example" if name == b"host" else value) for name, value in headers]
    helped = [*elsewhere, (b"x-forwarded-host", HOST)]
    assert call(protected(app), "GET", "/v1/orders", helped).code == "authority_rejected"


def test_s101_an_empty_query_and_none_are_one(app: App, world: World) -> None:
    for target in ("/v1/orders", "/v1/orders?"):
        headers = world.worker.sign("GET", target)
        assert call(protected(app), "GET", "/v1/orders", headers).status == 200


def test_s105_a_mounted_application_sees_the_outermost_path(app: App, world: World) -> None:
    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        inner = {**scope, "root_path": "/v1", "path": scope["path"].removeprefix("/v1")}
        await protected(app, root_path="/v1")(inner, receive, send)

    assert call(outer, "GET", "/v1/orders", world.worker.sign("GET", "/v1/orders")).status == 200
    answer = call(outer, "GET", "/v1/orders", world.worker.sign("GET", "/orders"))
    assert answer.code == "signature_invalid"


def test_a_path_that_is_routed_differently_is_refused(app: App, world: World) -> None:
    headers = world.worker.sign("GET", "/v1/orders")
    answer = call(protected(app), "GET", "/v1/orders", headers, path="/v1/admin")
    assert answer.code == "target_rejected"
    assert not app.scopes


def test_a_server_without_raw_path_is_refused_by_name(
    app: App, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """'A server without ``raw_path`` is refused by name.'"""
    headers = world.worker.sign("GET", "/v1/orders")
    for missing in (None, "/v1/orders"):
        answer = call(protected(app, exempt=["/v1/orders"]), "GET", "/v1/orders", headers, raw_path=missing)
        assert (answer.status, answer.code) == (503, "unavailable")
    assert "raw_path" in caplog.text
    assert not app.scopes


@pytest.mark.parametrize("lines", [[(b"content-digest", b"sha-256=:AA==:")], []], ids=["s111", "one"])
def test_s111_two_digests(app: App, world: World, lines: list[tuple[bytes, bytes]]) -> None:
    headers = [*world.worker.sign("POST", "/v1/orders", body=BODY), *lines]
    answer = call(protected(app), "POST", "/v1/orders", headers, chunked(BODY))
    assert answer.status == (401 if lines else 200)


# --- the body --------------------------------------------------------------------------------------


def test_a19_s107_a_changed_body(app: App, world: World) -> None:
    middleware, headers = protected(app), world.worker.sign("POST", "/v1/orders", body=BODY)
    answer = call(middleware, "POST", "/v1/orders", headers, chunked(BODY.replace(b"1250", b"9999")))
    assert (answer.status, answer.code) == (401, "digest_mismatch")
    assert not app.scopes
    assert call(middleware, "POST", "/v1/orders", headers, chunked(BODY)).status == 200  # S72


def test_a21_a_stranger_never_makes_the_server_read_a_body(app: App, world: World) -> None:
    headers = world.stranger.sign("POST", "/v1/orders", body=BODY)
    answer = call(protected(app), "POST", "/v1/orders", headers, [STALL])
    assert answer.code == "signature_invalid"
    assert answer.received == 0
    assert answer.headers[b"connection"] == b"close"


def test_a21_s71_a_bad_signature_reaches_no_store(app: App, world: World) -> None:
    class Untouched:
        async def aclaim(self, **_arguments: object) -> int:
            raise AssertionError

    middleware = protected(app, replay=Untouched())
    headers = world.worker.sign("POST", "/v1/orders", body=BODY)
    answer = call(middleware, "PUT", "/v1/orders", headers, chunked(BODY))
    assert (answer.code, answer.received) == ("signature_invalid", 0)
    assert call(middleware, "POST", "/v1/orders", headers, chunked(b"other")).code == "digest_mismatch"
    claimed = call(middleware, "POST", "/v1/orders", headers, chunked(BODY))
    assert (claimed.status, claimed.code) == (503, "replay_store_unavailable")
    assert claimed.headers[b"retry-after"]
    assert not app.scopes


def test_s115_a_body_over_the_limit(app: App, world: World) -> None:
    endless = chunked(*[b"x" * 100] * 50)
    headers = world.worker.sign("POST", "/v1/orders", body=b"x" * 5000)
    answer = call(protected(app, body_limit=250), "POST", "/v1/orders", headers, endless)
    assert (answer.status, answer.code) == (413, "body_too_large")
    assert answer.received == 3
    assert answer.headers[b"connection"] == b"close"
    assert call(protected(app, body_limit=5000), "POST", "/v1/orders", headers, endless).status == 200


def test_s116_a_client_that_leaves_burns_no_nonce(app: App, world: World) -> None:
    middleware, headers = protected(app), world.worker.sign("POST", "/v1/orders", body=BODY)
    half: list[Message] = [{"type": "http.request", "body": BODY[:3], "more_body": True}]
    assert call(middleware, "POST", "/v1/orders", headers, [*half, DISCONNECT]).code == "body_truncated"
    assert call(middleware, "POST", "/v1/orders", headers, chunked(BODY)).status == 200


def test_j5_a_client_that_stalls(app: App, world: World) -> None:
    headers = world.worker.sign("POST", "/v1/orders", body=BODY)
    answer = call(protected(app, body_deadline=0.01), "POST", "/v1/orders", headers, [STALL])
    assert answer.code == "body_truncated"


def test_a_get_with_a_body_nobody_signed(app: App, world: World) -> None:
    headers = world.worker.sign("GET", "/v1/orders")
    answer = call(protected(app), "GET", "/v1/orders", headers, chunked(b"x"))
    assert answer.code == "body_unexpected"


def test_a_body_finished_after_the_expiry_is_refused(app: App, world: World) -> None:
    headers = world.worker.sign("POST", "/v1/orders", body=BODY)
    middleware = protected(app, world)

    def slowly() -> Iterator[Message]:
        yield {"type": "http.request", "body": BODY, "more_body": True}
        world.clock.advance(60)
        yield {"type": "http.request", "body": b"", "more_body": False}

    answer = asyncio.run(lazily(middleware, scope_of("POST", "/v1/orders", headers), slowly()))
    assert answer.code == "expired"
    assert not app.scopes


@pytest.mark.parametrize("version", ["1.1", "2"])
def test_the_connection_is_closed_only_where_a_body_would_follow(
    app: App, world: World, version: str
) -> None:
    with_body = [(b"host", HOST), (b"transfer-encoding", b"chunked")]
    answer = call(protected(app), "POST", "/v1/orders", with_body, http_version=version)
    assert (b"connection" in answer.headers) == (version == "1.1")
    for without_body in ([(b"host", HOST)], [(b"host", HOST), (b"content-length", b"0")]):
        assert b"connection" not in call(protected(app), "GET", "/", without_body).headers
    headers = world.worker.sign("POST", "/v2/orders", body=BODY)
    complete = call(protected(app), "POST", "/v2/orders", headers, chunked(BODY))
    assert complete.code == "action_unmapped"
    assert b"connection" not in complete.headers


# --- who need not sign -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_exempt_paths_pass_unverified(app: App, method: str) -> None:
    assert call(protected(app, exempt=("/healthz",)), method, "/healthz").status == 200
    assert not {VERIFIED, GRANT} & app.scope.keys()


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("POST", "/healthz"),
        ("OPTIONS", "/healthz"),
        ("GET", "/healthz/"),
        ("GET", "/health%7A"),
        ("GET", "/HEALTHZ"),
        ("GET", "/healthz/../v1/orders"),
        ("GET", "//healthz"),
    ],
)
def test_exempt_means_exactly_that(app: App, method: str, target: str) -> None:
    answer = call(protected(app, exempt=("/healthz",)), method, target, [(b"host", HOST)])
    assert answer.code == "signature_missing"
    assert not app.scopes


@pytest.mark.parametrize("path", ["healthz", "/a//b", "/a/../b", "/a?b", ""])
def test_an_exempt_path_that_no_request_can_have(path: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        protected(App(), exempt=[path])
    assert caught.value.field == "exempt"


def test_a_public_request_passes_in_canonical_form_only(app: App) -> None:
    middleware = protected(app, public=lambda scope: scope["path"].startswith("/open"))
    assert call(middleware, "GET", "/open/a").status == 200
    for target in ("/open/../v1", "/open//a", "/open/%2e%2e/v1", "/open%2Fa"):
        assert call(middleware, "GET", target).code == "target_rejected"
    assert call(middleware, "GET", "/v1/orders", [(b"host", HOST)]).code == "signature_missing"
    assert len(app.scopes) == 1


def test_a_defect_in_public_refuses(app: App) -> None:
    def broken(_scope: Scope) -> bool:
        raise ZeroDivisionError

    assert call(protected(app, public=broken), "GET", "/open").status == 500
    assert not app.scopes


# --- other scopes ----------------------------------------------------------------------------------


def test_a_websocket_is_refused(app: App) -> None:
    scope = {"type": "websocket", "path": "/ws", "raw_path": b"/ws", "headers": []}
    answer = asyncio.run(drive(protected(app), scope, [{"type": "websocket.connect"}]))
    assert answer.messages == [{"type": "websocket.close", "code": 1008}]
    assert not app.scopes


def test_lifespan_passes_through(app: App) -> None:
    scope: Scope = {"type": "lifespan", "state": {}}
    asyncio.run(drive(protected(app), scope))
    assert app.scope is scope


def test_an_unknown_scope_is_refused(app: App) -> None:
    with pytest.raises(ConfigurationError):
        asyncio.run(drive(protected(app), {"type": "webtransport"}))
    assert not app.scopes


# --- modes -----------------------------------------------------------------------------------------


def observed(app: ASGIApp, world: World) -> DelegateMiddleware:
    return DelegateMiddleware(app, world.verifier(mode="observe", body_limit=20))


@pytest.mark.parametrize("body", [BODY, b"x" * 50])
def test_an_observer_lets_everything_pass(
    app: App, world: World, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """'``mode="observe"`` verifies and logs but never yields a ``Verified``.'"""
    caplog.set_level(logging.INFO)
    for headers in (world.worker.sign("POST", "/v1/orders", body=body), [(b"host", HOST)]):
        answer = call(observed(app, world), "POST", "/v1/orders", headers, chunked(body[:30], body[30:]))
        assert answer.status == 200
    assert app.bodies == [body, body]
    assert not [scope for scope in app.scopes if {VERIFIED, GRANT} & scope.keys()]
    assert "signature_missing" in caplog.text
    assert ("accepted" in caplog.text) == (body == BODY)


def test_an_observer_outlives_a_server_without_raw_path(app: App, world: World) -> None:
    assert call(observed(app, world), "GET", "/v1/orders", raw_path=None).status == 200


def test_an_event_stream_is_bound_to_the_chain(world: World) -> None:
    async def events(_scope: Scope, _receive: Receive, send: Send) -> None:
        start = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": start})
        for _ in range(10):
            await send({"type": "http.response.body", "body": b".", "more_body": True})
            world.clock.advance(100)

    headers = world.worker.sign("GET", "/v1/orders")
    answer = call(protected(events, world), "GET", "/v1/orders", headers)
    assert answer.body == b"." * 6
    assert answer.ended


def test_development_shows_what_the_server_saw(
    app: App, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """'A development mode shows the server's base.'"""
    middleware = protected(app, development=True)
    assert "development" in caplog.text
    secret = b"Bearer open-sesame"
    headers = world.worker.sign("GET", "/v1/orders", headers={"authorization": secret})
    answer = call(middleware, "GET", "/v1/refunds", headers)
    assert (answer.code, answer.problem["step"]) == ("signature_invalid", 7)
    base = answer.problem["signature_base"]
    assert '"@path": /v1/refunds\n' in base
    assert '"authorization": <18 bytes>\n' in base
    assert "open-sesame" not in base
    assert ';nonce="<masked>";' in base
    token = next(value for name, value in headers if name == b"delegation").decode()
    assert token not in answer.body.decode()
    assert call(middleware, "GET", "/v1/orders", [(b"host", HOST)]).problem["signature_base"] is None
    unknown = call(middleware, "GET", "/v1/orders", world.stranger.sign("GET", "/v1/orders"))
    assert unknown.code == "untrusted_root"


def test_the_base_in_development_knows_the_prefixes(app: App, world: World) -> None:
    middleware = protected(app, development=True, strip_prefix="/internal", public_prefix="/v1")
    headers = world.worker.sign("GET", "/v1/refunds")
    base = call(middleware, "GET", "/internal/orders", headers).problem["signature_base"]
    assert '"@path": /v1/orders\n' in base


def test_j20_no_mode_is_chatty_by_default(app: App, world: World) -> None:
    headers = world.worker.sign("GET", "/v1/orders")
    details = call(protected(app), "GET", "/v1/refunds", headers).problem
    assert details.keys() == {"type", "title", "status", "code", "executed", "retryable", "fix"}


def test_no_refusal_repeats_a_secret(app: App, world: World) -> None:
    headers = world.worker.sign("POST", "/v1/orders", body=BODY)
    values = dict(headers)
    nonce = values[b"signature-input"].partition(b'nonce="')[2].partition(b'"')[0]
    secrets = [values[b"signature"][5:-1], values[b"delegation"][3:-1], nonce]
    middleware = protected(app, development=True)
    answers = [call(middleware, "POST", "/v1/orders", headers, chunked(body)) for body in (b"", BODY, BODY)]
    answers.append(call(middleware, "PUT", "/v1/orders", headers))
    assert [answer.status for answer in answers] == [401, 200, 401, 401]
    assert not [secret for secret in secrets for answer in answers if secret in answer.body]


def test_the_clock_is_the_verifiers(app: App) -> None:
    world = World()
    headers = world.worker.sign("GET", "/v1/orders", now=NOW - 60)
    assert call(protected(app, world), "GET", "/v1/orders", headers).code == "expired"
    fresh = world.worker.sign("GET", "/v1/orders")
    assert call(protected(app, world), "GET", "/v1/orders", fresh).status == 200
