"""Signed answers at the client: which are taken, which are refused, and what the caller then knows."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from delegate.client.answers import ServerKeys, VerifiedAnswer
from delegate.client.httpx import ANSWER
from delegate.envelope.response import RequestBinding, sign_response
from delegate.errors import (
    ConfigurationError,
    DelegateError,
    DelegationMissingError,
    OutOfScopeError,
    RedirectRefusedError,
    ResponseUnboundError,
    UnavailableError,
)
from delegate.keys import KeyRecord, SigningKey, Usage, server_file
from delegate.limits import ANSWER_MAX_BYTES
from delegate.server.problem import public_refusal
from tests.client.support import (
    ANSWER_KEY,
    NOW,
    ORIGIN,
    SERVER_KEYS,
    WORKER_KEY,
    SigningServer,
    arrived,
    entered,
    run,
)

OTHER_KEY = SigningKey.from_seed(b"another-" * 4)


@pytest.fixture
def server() -> SigningServer:
    return SigningServer()


def post(server: SigningServer, **settings: Any) -> httpx.Response:
    with server.client(**settings) as api, entered():
        answer: httpx.Response = api.post("/v1/refunds/o-1", json={"cents": 1})
    return answer


def refused(call: Callable[[], object]) -> tuple[ResponseUnboundError, str]:
    """The refusal of an answer, and the code of its cause."""
    with pytest.raises(ResponseUnboundError) as caught:
        call()
    assert caught.value.executed == "unknown"
    cause = caught.value.__cause__
    return caught.value, cause.code if isinstance(cause, DelegateError) else ""


def changed(answer: httpx.Response, *, status: int | None = None, **headers: str | None) -> httpx.Response:
    """``answer`` with another status or other headers; ``None`` removes one."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [(n, v) for n, v in answer.headers.raw if n.decode().lower() not in names]
    lines += [(n.encode(), v.encode()) for n, v in names.items() if v is not None]
    return httpx.Response(status or answer.status_code, headers=lines, stream=answer.stream)


# --- taken -------------------------------------------------------------------------------------------


def test_a_signed_answer_is_handed_out_with_what_it_proves(server: SigningServer) -> None:
    server.answers = [httpx.Response(201, json={"order": "o-1"}, headers={"Location": "/v1/orders/o-1"})]
    answer = post(server)
    assert (answer.status_code, answer.json()) == (201, {"order": "o-1"})
    assert answer.headers["location"] == "/v1/orders/o-1"
    assert answer.extensions[ANSWER] == VerifiedAnswer(ANSWER_KEY.key_id, NOW, None)


def test_the_async_twin(server: SigningServer) -> None:
    async def main() -> httpx.Response:
        async with server.async_client() as api:
            with entered():
                return await api.get("/v1/orders")

    server.answers = [httpx.Response(200, text="all of them")]
    answer: httpx.Response = run(main())
    assert (answer.text, answer.extensions[ANSWER].key_id) == ("all of them", ANSWER_KEY.key_id)
    server.spoil = lambda spoilt: changed(spoilt, status=201)
    assert refused(lambda: run(main()))[1] == "signature_invalid"


def test_the_async_twin_closes_what_it_read(server: SigningServer) -> None:
    closed: list[bool] = []

    class Stream(httpx.AsyncByteStream):
        def __init__(self, body: bytes) -> None:
            self.body = body

        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield self.body

        async def aclose(self) -> None:
            closed.append(True)

    async def main() -> None:
        async with server.async_client() as api:
            with entered():
                await api.get("/v1/orders")

    server.spoil = lambda answer: httpx.Response(200, headers=answer.headers.raw, stream=Stream(b""))
    run(main())
    assert closed == [True]
    server.spoil = lambda answer: httpx.Response(200, stream=Stream(b"x" * (ANSWER_MAX_BYTES + 1)))
    assert refused(lambda: run(main()))[1] == "body_too_large"
    assert closed == [True, True]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("status", [200, 204, 304, 500])
def test_every_kind_of_answer(server: SigningServer, method: str, status: int) -> None:
    content = b"" if method == "HEAD" or status in {204, 304} else b"x"
    server.answers = [httpx.Response(status, content=content)]
    with server.client() as api, entered():
        answer = api.request(method, "/v1/orders")
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.extensions[ANSWER].refusal is None


def test_a_compressed_answer_is_verified_packed_and_read_unpacked(server: SigningServer) -> None:
    server.answers = [
        httpx.Response(200, headers={"Content-Encoding": "gzip"}, content=gzip.compress(b"hello"))
    ]
    assert post(server).content == b"hello"


def test_a_streamed_answer_is_read_whole_before_a_byte_is_handed_out(server: SigningServer) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"one "
        yield b"two"

    server.answers = [httpx.Response(200, content=pieces())]
    with server.client() as api, entered(), api.stream("GET", "/v1/orders") as answer:
        assert b"".join(answer.iter_raw()) == b"one two"


def test_the_wish_goes_out_to_these_origins_only(server: SigningServer) -> None:
    server.answers = [httpx.Response(200)]
    post(server)
    assert 'tag="delegate-response-v1"' in server.last.headers["accept-signature"]
    mine = {"Accept-Signature": 'a=();tag="mine"'}
    with server.client(server_keys=None) as api, entered():
        api.get("/", headers=mine)
    assert server.last.headers["accept-signature"] == mine["Accept-Signature"]
    with server.client() as api, entered():
        api.get("/", headers=mine)
    assert server.last.headers.get_list("accept-signature") != [mine["Accept-Signature"]]
    assert len(server.last.headers.get_list("accept-signature")) == 1


def test_answers_of_other_origins_need_no_signature() -> None:
    server = SigningServer()
    other = ServerKeys({"https://other.example": [ANSWER_KEY.public_key]})
    server.spoil = lambda answer: changed(answer, signature=None)
    assert post(server, server_keys=other).status_code == 200
    assert refused(lambda: post(server))[1] == "signature_missing"


# --- refused -----------------------------------------------------------------------------------------

SPOILT: dict[str, tuple[Callable[[httpx.Response], httpx.Response], str]] = {
    "stripped": (lambda answer: changed(answer, signature=None), "signature_missing"),
    "status": (lambda answer: changed(answer, status=202), "signature_invalid"),
    "location": (lambda answer: changed(answer, location="/elsewhere"), "header_not_covered"),
    "content-type": (lambda answer: changed(answer, content_type="text/html"), "signature_invalid"),
    "content-encoding": (lambda answer: changed(answer, content_encoding="gzip"), "header_not_covered"),
    "body": (
        lambda answer: httpx.Response(
            answer.status_code, headers=answer.headers.raw, stream=httpx.ByteStream(b"forged")
        ),
        "digest_mismatch",
    ),
}


@pytest.mark.parametrize("change", SPOILT)
def test_a_changed_answer_is_refused(server: SigningServer, change: str) -> None:
    server.answers = [httpx.Response(200, text="real"), httpx.Response(200, text="real")]
    assert post(server).text == "real"
    server.spoil, code = SPOILT[change]
    error, cause = refused(lambda: post(server))
    assert cause == code
    assert ORIGIN in str(error)
    assert len(server.verified) == 2  # it was executed, which the caller cannot know


def test_an_answer_by_any_other_key_is_refused() -> None:
    """'Nothing else can sign an answer': the server's other keys cannot, nor those of another server."""
    for key in (OTHER_KEY, WORKER_KEY):
        assert refused(lambda key=key: post(SigningServer(key)))[1] == "key_unknown"  # type: ignore[misc]
    two = ServerKeys({ORIGIN: [ANSWER_KEY.public_key], "https://other.example": [OTHER_KEY.public_key]})
    assert refused(lambda: post(SigningServer(OTHER_KEY), server_keys=two))[1] == "key_unknown"
    assert post(SigningServer(), server_keys=two).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"not_before": NOW + 1},
        {"not_after": NOW},
        {"status": "retired", "retired_at": NOW},
        {"status": "repudiated"},
    ],
    ids=["early", "late", "retired", "repudiated"],
)
def test_a_key_out_of_service_signs_no_answer(server: SigningServer, changes: dict[str, Any]) -> None:
    settings: dict[str, Any] = {"usages": frozenset({Usage.RESPONSE}), "not_before": 0, **changes}
    keys = ServerKeys({ORIGIN: [KeyRecord(key=ANSWER_KEY.public_key, **settings)]})
    assert refused(lambda: post(server, server_keys=keys))[1] == "key_revoked"


def test_s157_an_answer_to_another_request_is_refused(server: SigningServer) -> None:
    """'An answer to request A never verifies for request B', not even for the same request signed again."""
    kept: list[httpx.Response] = []

    def keep(answer: httpx.Response) -> httpx.Response:
        kept.append(answer)
        return kept[0]

    server.spoil = keep
    assert post(server).status_code == 200
    assert refused(lambda: post(server))[1] == "signature_invalid"


def test_an_event_stream_is_refused_by_name_and_not_read(server: SigningServer) -> None:
    """'A client that requires signed answers refuses it by name.'"""
    closed: list[bool] = []

    class Events(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            pytest.fail("an event stream was read")

        def close(self) -> None:
            closed.append(True)

    server.spoil = lambda _answer: httpx.Response(
        200, headers={"Content-Type": "Text/Event-Stream"}, stream=Events()
    )
    error, cause = refused(lambda: post(server))
    assert (error.component, cause) == ("content-type", "")
    assert "event stream" in str(error)
    assert closed


def test_an_endless_answer_is_refused_at_the_limit_and_closed(server: SigningServer) -> None:
    closed: list[bool] = []

    class Endless(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(3 + ANSWER_MAX_BYTES // (1 << 20)):
                yield b"x" * (1 << 20)
            pytest.fail("it was read far beyond the limit")

        def close(self) -> None:
            closed.append(True)

    server.spoil = lambda _answer: httpx.Response(200, stream=Endless())
    error, cause = refused(lambda: post(server))
    assert (cause, error.limit) == ("body_too_large", ANSWER_MAX_BYTES)
    assert closed


def test_a_connection_that_breaks_in_the_answer_is_no_answer(server: SigningServer) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        msg = "gone"
        raise httpx.ReadError(msg)

    spoilt = [httpx.Response(200, content=broken())]
    server.spoil = lambda answer: spoilt.pop() if spoilt else answer
    with server.client(retries=1) as api, entered():
        assert api.get("/v1/orders").status_code == 200
    spoilt.append(httpx.Response(200, content=broken()))
    with pytest.raises(httpx.ReadError):
        post(server, retries=1)


def test_a_defect_while_reading_closes_the_answer_and_passes_through(server: SigningServer) -> None:
    class Defect(httpx.SyncByteStream):
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            raise ZeroDivisionError

        def close(self) -> None:
            Defect.closed = True

    server.spoil = lambda _answer: httpx.Response(200, stream=Defect())
    with pytest.raises(ZeroDivisionError):
        post(server)
    assert Defect.closed


def test_an_origin_that_must_answer_is_never_sent_to_unsigned(server: SigningServer) -> None:
    with server.client(origins=["https://third.example"]) as api, pytest.raises(DelegationMissingError):
        api.get("/v1/orders")
    assert server.requests == []


# --- redirects ---------------------------------------------------------------------------------------


def test_a_signed_redirect_is_followed_and_a_forged_one_is_not(server: SigningServer) -> None:
    redirect = httpx.Response(307, headers={"Location": "/v1/moved"})
    server.answers = [redirect, httpx.Response(200, text="here")]
    assert post(server, follow_same_origin=True).text == "here"
    assert server.last.url.path == "/v1/moved"
    server.answers = [redirect]
    with pytest.raises(RedirectRefusedError):
        post(server)
    server.spoil = lambda answer: changed(answer, status=307, location="/v1/moved")
    assert refused(lambda: post(server, follow_same_origin=True))[1] == "header_not_covered"


def test_no_other_host_sends_the_caller_to_an_origin_that_must_answer(server: SigningServer) -> None:
    """Its target would be chosen by a host that nobody verified."""
    redirect = httpx.Response(307, headers={"Location": f"{ORIGIN}/v1/orders"})
    server.answers = [redirect, redirect]
    settings: dict[str, Any] = {"origins": ["https://third.example"]}
    with server.client(server.see, **settings) as api, pytest.raises(RedirectRefusedError):
        api.get("https://elsewhere.example/")
    with server.client(server.see, server_keys=None, **settings) as api:
        assert api.get("https://elsewhere.example/").status_code == 307


# --- signed refusals ---------------------------------------------------------------------------------


class RefusingServer(SigningServer):
    """Answers each verified request with the next refusal, as the middleware would."""

    def __init__(self, *refusals: DelegateError, names_the_request: bool = True) -> None:
        super().__init__()
        self.refusals = [*refusals]
        self.names_the_request = names_the_request

    def answer(self) -> httpx.Response:
        if not self.refusals:
            return super().answer()
        error = self.refusals.pop(0)
        error.proved = True
        request_id = self.verified[-1].request_id if self.names_the_request else None
        problem = public_refusal(error, request_id=request_id)
        return httpx.Response(problem.status, headers=problem.headers, content=problem.body)


def executed_unknown(error: DelegateError) -> DelegateError:
    error.executed = "unknown"
    return error


def refusal_in(answer: httpx.Response) -> DelegateError:
    refusal: DelegateError | None = answer.extensions[ANSWER].refusal
    assert refusal is not None
    return refusal


def test_a_signed_refusal_of_this_request_proves_that_nothing_was_done() -> None:
    answer = post(RefusingServer(OutOfScopeError("tool 'x' is outside scope")))
    assert answer.status_code == 403
    refusal = refusal_in(answer)
    assert isinstance(refusal, OutOfScopeError)
    assert (str(refusal), refusal.executed) == ("tool 'x' is outside scope", "no")


@pytest.mark.parametrize(
    "server",
    [
        RefusingServer(OutOfScopeError(), names_the_request=False),
        RefusingServer(executed_unknown(OutOfScopeError())),
    ],
    ids=["names no request", "does not know"],
)
def test_a_signed_refusal_that_does_not_prove_it_leaves_it_unknown(server: RefusingServer) -> None:
    """A refusal before the nonce was claimed may be of another delivery than the one that was executed."""
    refusal = refusal_in(post(server))
    assert (refusal.code, refusal.executed) == ("out_of_scope", "unknown")


def test_a_refusal_that_a_server_passes_on_from_elsewhere_proves_nothing() -> None:
    """A tool that calls a tool, and answers with what it was answered."""
    elsewhere = post(RefusingServer(UnavailableError()))
    server = SigningServer()
    passed_on = httpx.Response(503, headers=elsewhere.headers.raw, content=elsewhere.content)
    server.answers = [changed(passed_on, signature=None, signature_input=None, content_digest=None)]
    assert refusal_in(post(server, retries=2)).executed == "unknown"
    assert len(server.requests) == 1


def test_a_refusal_that_proves_it_is_tried_again_whatever_the_method() -> None:
    """'Automatic retry only for GET/HEAD, with an idempotency key, or on a *signed* refusal.'"""
    server = RefusingServer(UnavailableError(), UnavailableError())
    assert post(server, retries=2).status_code == 200
    assert len({verified.envelope.nonce for verified in server.verified}) == 3
    server = RefusingServer(UnavailableError(), UnavailableError())
    assert post(server, retries=1).status_code == 503
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "server",
    [
        RefusingServer(UnavailableError(), names_the_request=False),
        RefusingServer(executed_unknown(UnavailableError())),
        RefusingServer(OutOfScopeError()),
    ],
    ids=["before the claim", "unknown", "not retryable"],
)
def test_any_other_refusal_is_handed_out_at_once(server: RefusingServer) -> None:
    answer = post(server, retries=3)
    assert answer.extensions[ANSWER].refusal is not None
    assert len(server.requests) == 1


def test_an_unsigned_refusal_proves_nothing_and_is_not_tried_again() -> None:
    server = RefusingServer(UnavailableError())
    server.spoil = lambda answer: changed(answer, signature=None)
    assert refused(lambda: post(server, retries=3))[1] == "signature_missing"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"code": 1}',
        b'{"code": "no_such_code", "type": "urn:delegate:problem:no_such_code"}',
        b'{"code": "unavailable", "type": "about:blank"}',
        b'{"code": ["unavailable"]}',
    ],
)
def test_a_problem_of_the_applications_own_is_no_refusal(server: SigningServer, body: bytes) -> None:
    headers = {"Content-Type": "application/problem+json"}
    server.answers = [httpx.Response(503, headers=headers, content=body)]
    assert post(server, retries=1).extensions[ANSWER].refusal is None


# --- keys of servers ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "servers",
    [
        {},
        {ORIGIN: []},
        {"api.example.com": [ANSWER_KEY.public_key]},
        {ORIGIN: [ANSWER_KEY.public_key, ANSWER_KEY.public_key]},
        {ORIGIN: [ANSWER_KEY]},
        {ORIGIN: [KeyRecord(key=ANSWER_KEY.public_key, usages=frozenset({Usage.REVOKE}), not_before=0)]},
    ],
    ids=["none", "no key", "no origin", "twice", "a private key", "another usage"],
)
def test_server_keys_that_could_be_misread_are_refused(servers: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ServerKeys(servers)
    assert caught.value.field == "server_keys"
    assert repr(SERVER_KEYS) == f"ServerKeys({ORIGIN})"
    assert SERVER_KEYS.origins == {ORIGIN}


def test_server_keys_from_a_file(tmp_path: Path, server: SigningServer) -> None:
    record = KeyRecord(key=ANSWER_KEY.public_key, usages=frozenset({Usage.RESPONSE}), not_before=0)
    path = tmp_path / "servers.json"
    server_file.save(path, {ORIGIN: [record]})
    assert server_file.load(path) == {ORIGIN: (record,)}
    assert post(server, server_keys=ServerKeys.load(path)).status_code == 200
    document = json.loads(path.read_text())
    document["origins"][ORIGIN][0]["usages"] = ["issue"]
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigurationError):
        ServerKeys.load(path)
    document["origins"][ORIGIN][0]["use"] = "sig"
    path.write_text(json.dumps(document))
    with pytest.raises(ConfigurationError) as caught:
        ServerKeys.load(path)
    assert caught.value.field is not None
    assert ORIGIN in caught.value.field


def test_a_request_is_bound_as_it_was_sent(server: SigningServer) -> None:
    """The server signs for what it saw; a hop that rewrote it is noticed by the client."""
    seen: list[RequestBinding] = []

    def elsewhere(request: httpx.Request) -> httpx.Response:
        server.see(request)
        own = server.verifier.binding(arrived(request))
        seen.append(own._replace(target={**own.target, "@path": b"/v1/elsewhere"}))
        added = sign_response(ANSWER_KEY, seen[0], status=200, headers=[], body=b"", now=NOW)
        return httpx.Response(200, headers=[(name.encode(), value) for name, value in added.items()])

    with server.client(elsewhere) as api, entered():
        assert refused(lambda: api.get("/v1/orders"))[1] == "signature_invalid"
