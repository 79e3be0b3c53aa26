"""Signed answers at the server: which answers are signed, over what, and that nothing else goes out."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import pytest

from delegate.envelope.response import ACCEPT_SIGNATURE, SignedResponse, verify_response
from delegate.errors import ConfigurationError, KeyUnavailableError, UnavailableError
from delegate.keys import PublicKey, Purpose, SigningKey
from delegate.limits import ANSWER_MAX_BYTES
from delegate.scope import Action
from delegate.server.asgi import DelegateMiddleware
from delegate.server.interface import ASGIApp, Message, Receive, Scope, Send
from delegate.verifier import Request, Verified
from tests.server.driver import Answer, call, chunked, scope_of
from tests.support.world import ISSUER_KEY, NOW, Header, World

ANSWER_KEY = SigningKey.from_seed(b"world: answer key".ljust(32))
ASKED = (b"accept-signature", ACCEPT_SIGNATURE.encode())
BODY = b'{"cents":1250}'
OURS = {b"signature", b"signature-input", b"content-digest"}

App = Callable[[Scope, Receive, Send], Any]


def reading(_request: Request, _verified: Verified) -> Action:
    return Action("orders.read", operation="read", risk="low")


def answering(
    status: int = 200, headers: Iterable[Header] = (), chunks: Sequence[bytes] = (b"hello",)
) -> ASGIApp:
    """An application with one answer, in pieces."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [*headers]})
        for index, chunk in enumerate(chunks):
            more = index + 1 < len(chunks)
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

    return app


class Exchange:
    """One signed request to a server that signs, and its answer."""

    def __init__(
        self,
        app: ASGIApp,
        method: str = "GET",
        target: str = "/v1/orders?all=1",
        *,
        body: bytes = b"",
        asked: Iterable[Header] = (ASKED,),
        arrived: bytes | None = None,
        **settings: Any,
    ) -> None:
        world = World()
        verifier = world.verifier()
        options: dict[str, Any] = {"action_for": reading, "answer_key": ANSWER_KEY}
        middleware = DelegateMiddleware(app, verifier, **(options | settings))
        headers = [*world.worker.sign(method, target, body=body), *asked]
        path, _, query = target.encode().partition(b"?")
        self.binding = verifier.binding(Request(method=method, path=path, query=query, headers=headers))
        messages = chunked(body if arrived is None else arrived)
        self.answer: Answer = call(middleware, method, target, headers, messages)

    def proof(self, **changes: Any) -> SignedResponse:
        """What the answer proves to its client; raises for an answer that proves nothing."""
        received: dict[str, Any] = {
            "status": self.answer.status,
            "headers": self.answer.messages[0]["headers"],
            "body": self.answer.body,
            "key_for": only(ANSWER_KEY),
        }
        return verify_response(self.binding, **(received | changes))

    @property
    def is_signed(self) -> bool:
        return bool(OURS & self.answer.headers.keys())


def only(key: SigningKey) -> Callable[[str], PublicKey]:
    return {key.key_id: key.public_key}.__getitem__


# --- what is signed ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "chunks"),
    [
        (200, [(b"content-type", b"text/plain")], [b"hello"]),
        (200, [(b"content-type", b"application/x-ndjson")], [b"1\n", b"2\n", b""]),
        (201, [(b"location", b"/v1/orders/o-9")], [b""]),
        (204, [], [b""]),
        (304, [(b"etag", b'"x"')], [b""]),
        (307, [(b"location", b"https://elsewhere.example/")], [b""]),
        (200, [(b"content-encoding", b"gzip")], [gzip.compress(b"hello")]),
        (500, [], [b"oops"]),
    ],
    ids=["text", "streamed", "created", "204", "304", "redirect", "compressed", "500"],
)
def test_a_whole_answer_is_signed(status: int, headers: list[Header], chunks: list[bytes]) -> None:
    exchange = Exchange(answering(status, headers, chunks))
    assert (exchange.answer.status, exchange.answer.body) == (status, b"".join(chunks))
    assert set(headers) <= set(exchange.answer.messages[0]["headers"])
    proof = exchange.proof()
    assert (proof.key_id, proof.created) == (ANSWER_KEY.key_id, NOW)
    covered = proof.canonical_bytes.decode()
    assert f'"@status": {status}\n' in covered
    assert all(
        f'"{name.decode()}": {value.decode()}\n' in covered for name, value in headers if name != b"etag"
    )
    assert ('"content-digest"' in covered) == (status not in {204, 304})


def test_an_answer_to_head_has_no_digest_and_no_body() -> None:
    """The application answers HEAD as it would GET; what goes out has no body to digest."""
    exchange = Exchange(answering(200, [(b"content-length", b"5")], [b"hello"]), "HEAD")
    assert exchange.answer.body == b""
    assert b"content-digest" not in exchange.answer.headers
    assert exchange.proof()


def test_the_digest_of_the_request_is_covered_where_it_has_one() -> None:
    with_body = Exchange(answering(), "POST", body=BODY)
    assert b'"content-digest";req: sha-256=:' in with_body.proof().canonical_bytes
    assert b'content-digest";req' not in Exchange(answering()).proof().canonical_bytes


def test_headers_of_ours_on_the_applications_answer_are_replaced() -> None:
    stale = [(name, b"x=:AAAA:") for name in sorted(OURS)]
    exchange = Exchange(answering(200, [*stale, (b"x-mine", b"1")]))
    assert exchange.proof()
    names = [name for name, _ in exchange.answer.messages[0]["headers"]]
    assert sorted(names) == sorted([*OURS, b"x-mine"])


@pytest.mark.parametrize(
    "asked",
    [
        [],
        [(b"accept-signature", b'sig1=("@status");tag="another"')],
        [(b"accept", b'x;tag="delegate-response-v1"')],
    ],
    ids=["nothing", "another tag", "another header"],
)
def test_without_the_wish_nothing_is_signed(asked: list[Header]) -> None:
    assert not Exchange(answering(), asked=asked).is_signed
    assert Exchange(answering(), asked=[*asked, ASKED]).is_signed


def test_without_a_key_nothing_is_signed() -> None:
    assert not Exchange(answering(), answer_key=None).is_signed


# --- what is never signed ----------------------------------------------------------------------------


def test_an_event_stream_passes_as_it_comes() -> None:
    headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
    exchange = Exchange(answering(200, headers, [b"data: 1\n\n", b"data: 2\n\n", b""]))
    assert not exchange.is_signed
    assert [message.get("body") for message in exchange.answer.messages] == [
        None,
        b"data: 1\n\n",
        b"data: 2\n\n",
        b"",
    ]


@pytest.mark.parametrize(("over", "signed"), [(0, True), (1, False)])
def test_a_body_over_the_limit_passes_unsigned_and_whole(over: int, signed: bool) -> None:  # noqa: FBT001
    half = b"x" * (ANSWER_MAX_BYTES // 2)
    exchange = Exchange(answering(200, [], [half, half, b"x" * over, b""]))
    assert exchange.is_signed is signed
    assert len(exchange.answer.body) == ANSWER_MAX_BYTES + over
    assert exchange.answer.ended


def test_an_unverified_request_gets_an_unsigned_answer() -> None:
    """A stranger, a public path, and an observer: nobody proved that the request is whose it says."""
    world = World()
    public = {"handlers_authorize": True, "public": lambda _scope: True, "answer_key": ANSWER_KEY}
    for agent, verifier, settings in (
        (world.stranger, world.verifier(), {"action_for": reading, "answer_key": ANSWER_KEY}),
        (world.worker, world.verifier(), public),
        (world.worker, world.verifier(mode="observe"), {"answer_key": ANSWER_KEY}),
    ):
        app = DelegateMiddleware(answering(), verifier, **settings)
        answer = call(app, "GET", "/", [*agent.sign("GET", "/"), ASKED])
        assert not OURS & answer.headers.keys()


def test_an_answer_cannot_take_a_short_cut() -> None:
    """ASGI servers offer to send files, and headers after the body, past everybody."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await answering()(scope, receive, send)

    offered: dict[str, Any] = {
        name: {}
        for name in ("http.response.pathsend", "http.response.zerocopysend", "http.response.trailers")
    }
    world = World()
    middleware = DelegateMiddleware(app, world.verifier(), action_for=reading, answer_key=ANSWER_KEY)
    for asked in ([ASKED], []):
        headers = [*world.worker.sign("GET", "/"), *asked]
        call(middleware, "GET", "/", headers, extensions={**offered, "tls": {}})
    assert [sorted(scope["extensions"]) for scope in seen] == [["tls"], sorted([*offered, "tls"])]


# --- refusals ----------------------------------------------------------------------------------------


def denying(_request: Request, _verified: Verified) -> Action:
    return Action("keys.export", operation="read", risk="low")


def busy(_request: Request, _verified: Verified) -> NoReturn:
    raise UnavailableError


@pytest.mark.parametrize(("action_for", "code"), [(denying, "out_of_scope"), (busy, "unavailable")])
def test_a_refusal_of_a_verified_request_is_signed_and_names_it(action_for: Any, code: str) -> None:
    """Its nonce is claimed, so no other delivery of it was or will be executed."""
    exchange = Exchange(answering(), action_for=action_for)
    assert exchange.answer.code == code
    assert exchange.answer.problem["executed"] == "no"
    assert exchange.proof()
    assert len(exchange.answer.problem["request_id"]) == 64


def test_a_refusal_before_the_nonce_was_claimed_is_signed_and_names_no_request() -> None:
    """Somebody altered the body on its way: the same request may arrive once more, unaltered."""
    exchange = Exchange(answering(), "POST", body=BODY, arrived=b'{"cents":9999}')
    assert exchange.answer.code == "digest_mismatch"
    assert exchange.proof()
    assert "request_id" not in exchange.answer.problem


def test_a_refusal_before_the_signatures_verified_is_not_signed() -> None:
    world = World()
    middleware = DelegateMiddleware(answering(), world.verifier(), action_for=reading, answer_key=ANSWER_KEY)
    late = world.worker.sign("GET", "/", now=NOW - 1000)
    for headers in ([], late, world.stranger.sign("GET", "/")):
        answer = call(middleware, "GET", "/", [*headers, ASKED])
        assert answer.status == 401
        assert not OURS & answer.headers.keys()


def test_a_refusal_that_the_application_raises_late_is_signed_and_claims_nothing() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["delegate.verified"].authorize(denying(None, None))  # type: ignore[arg-type]

    exchange = Exchange(app, action_for=None, handlers_authorize=True)
    assert (exchange.answer.code, exchange.answer.problem["executed"]) == ("out_of_scope", "unknown")
    assert exchange.proof()


# --- faults ------------------------------------------------------------------------------------------


class BrokenSigner:
    """A signer that raises."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.public_key = ANSWER_KEY.public_key

    def sign(self, purpose: Purpose, message: bytes) -> bytes:
        assert purpose is Purpose.RESPONSE
        raise self.error


@pytest.mark.parametrize("error", [KeyUnavailableError("the key service is down"), ValueError(), OSError()])
def test_an_exception_in_the_signer_sends_no_answer_of_the_application(error: Exception) -> None:
    """'Every adapter is crash-tested: an exception inside any hook of ours refuses the request.'"""
    exchange = Exchange(answering(200, [], [b"done"]), answer_key=BrokenSigner(error))
    assert exchange.answer.status == 500
    assert exchange.answer.problem == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
    }
    assert not exchange.is_signed


@pytest.mark.parametrize(
    "headers",
    [
        [(b"location", b"/a"), (b"location", b"/b")],
        [(b"content-type", b"a/b"), (b"content-type", b"c/d")],
        [(b"location", b"/\xc3\xa9")],
        [(b"content-type", b"a/b\r\nx: y")],
    ],
    ids=["two locations", "two types", "not ascii", "line end"],
)
def test_an_answer_that_no_client_would_take_is_not_sent(headers: list[Header]) -> None:
    exchange = Exchange(answering(200, headers))
    assert (exchange.answer.status, exchange.is_signed) == (500, False)


def test_half_an_answer_is_not_sent() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        msg = "a defect of the application"
        raise RuntimeError(msg)

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    world = World()
    middleware = DelegateMiddleware(app, world.verifier(), action_for=reading, answer_key=ANSWER_KEY)
    scope = scope_of("GET", "/", [*world.worker.sign("GET", "/"), ASKED])
    with pytest.raises(RuntimeError):
        asyncio.run(middleware(scope, receive, send))
    assert sent == []


def test_a_key_that_is_trusted_for_something_else_signs_no_answers() -> None:
    verifier = World().verifier()
    with pytest.raises(ConfigurationError) as refused:
        DelegateMiddleware(answering(), verifier, action_for=reading, answer_key=ISSUER_KEY)
    assert refused.value.field == "answer_key"
    DelegateMiddleware(answering(), verifier, action_for=reading, answer_key=ANSWER_KEY)
