"""What only aiohttp has: sessions above the middleware, a writer below it. The contract has all the rest."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from delegate.client.aiohttp import SigningMiddleware
from delegate.errors import ConfigurationError, RedirectRefusedError
from tests.client.support import OURS, entered, run
from tests.client.wire import BREAK, Reply, WireServer

Session = aiohttp.ClientSession
CHALLENGE = Reply(401, (("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"'),), b"who?")


def with_session(
    server: WireServer, use: Callable[[Session], Awaitable[Any]], *above: Any, **options: Any
) -> Any:
    """What ``use`` makes of a session that signs, with the middlewares ``above`` ours."""

    async def check() -> Any:
        signing = SigningMiddleware(clock=server.clock)
        options.setdefault("middlewares", [*above, signing])
        async with Session(**options) as session:
            return await use(session)

    with entered(audience=[server.origin]):
        return run(check())


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ("ünï", "ünï".encode()),
        (bytearray(b"array"), b"array"),
        (io.BytesIO(b"x" * 100_000), b"x" * 100_000),
        (io.StringIO("ünï"), "ünï".encode()),
        ({"a": "b c"}, b"a=b+c"),
        (b"", b""),
    ],
)
def test_every_kind_of_body_is_sent_as_it_was_signed(server: WireServer, data: Any, body: bytes) -> None:
    async def use(api: Session) -> None:
        await api.post(server.origin, data=data)

    with_session(server, use)
    assert server.last.body == body
    assert not server.last.chunked


def test_json_forms_files_and_multipart_verify(server: WireServer, tmp_path: Path) -> None:
    path = tmp_path / "name.txt"
    path.write_bytes(b"content")

    async def use(api: Session) -> None:
        await api.put(server.origin, json={"cents": 1250})
        with path.open("rb") as file:
            await api.post(server.origin, data={"f": file, "a": "b"})
        with path.open("rb") as file:
            await api.post(server.origin, data=file)
        with aiohttp.MultipartWriter("mixed") as parts:
            parts.append(b"part")
            await api.post(server.origin, data=parts)

    with_session(server, use)
    wanted = [b'{"cents": 1250}', b"content", b"content", b"part"]
    assert all(want in sent.body for want, sent in zip(wanted, server.requests, strict=True))


def test_s163_what_a_session_adds_is_signed(server: WireServer) -> None:
    async def use(api: Session) -> None:
        await api.post(server.origin, data=b"x", cookies={"c": "d"})

    with_session(server, use, headers={"Authorization": "Bearer t"}, cookies={"a": "b"})
    covered = server.last.headers["signature-input"]
    assert all(f'"{name}"' in covered for name in ("content-type", "authorization", "cookie"))
    assert sorted(server.last.headers["cookie"].split("; ")) == ["a=b", "c=d"]


def test_s163_netrc_is_signed(server: WireServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NO_PROXY", "*")

    async def use(api: Session) -> None:
        await api.get(server.origin)

    with_session(server, use, trust_env=True)
    assert '"authorization"' in server.last.headers["signature-input"]


def test_a_content_type_that_the_caller_wants_left_out_is(server: WireServer) -> None:
    async def use(api: Session) -> None:
        await api.post(server.origin, data=b"x", skip_auto_headers=["Content-Type"])

    with_session(server, use)
    assert "content-type" not in server.last.headers


def test_chunked_is_ignored_and_compress_is_refused(server: WireServer) -> None:
    async def use(api: Session) -> None:
        await api.post(server.origin, data=b"x", chunked=True)
        with pytest.raises(ConfigurationError) as caught:
            await api.post(server.origin, data=b"x", compress="gzip")
        assert caught.value.field == "compress"

    with_session(server, use)
    assert (len(server.requests), server.last.chunked) == (1, False)


def test_expect_100_continue_does_not_hinder_a_further_try(server: WireServer) -> None:
    async def use(api: Session) -> None:
        signing = SigningMiddleware(clock=server.clock, retries=1)
        server.answers.append(BREAK)
        key = {"Idempotency-Key": '"k"'}
        answer = await api.post(server.origin, data=b"x", expect100=True, headers=key, middlewares=[signing])
        assert answer.status == 200

    with_session(server, use)
    assert [sent.headers["expect"] for sent in server.requests] == ["100-continue"] * 2
    assert [sent.body for sent in server.requests] == [b"x", b"x"]


def test_raise_for_status_is_not_disturbed_and_shows_nothing_of_ours(server: WireServer) -> None:
    async def use(api: Session) -> aiohttp.ClientResponseError:
        server.answers.append(Reply(503))
        with pytest.raises(aiohttp.ClientResponseError) as caught:
            await api.post(server.origin, data=b"x")
        return caught.value

    error = with_session(server, use, raise_for_status=True)
    assert error.status == 503
    assert not set(OURS) & {name.lower() for name in error.request_info.headers}
    assert "dlg1." not in repr(error)


# --- redirects and retries above -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Location", "URI", "uri"])
def test_the_other_header_that_aiohttp_follows_is_a_redirect_too(
    server: WireServer, other: WireServer, name: str
) -> None:
    async def use(api: Session) -> None:
        other.answers.append(Reply(302, ((name, server.origin + "/v1/admin"),)))
        with pytest.raises(RedirectRefusedError):
            await api.get(other.origin)
        assert not server.requests
        server.answers.append(Reply(302, ((name, "/v1/admin"),)))
        with pytest.raises(RedirectRefusedError):
            await api.get(server.origin)

    with_session(server, use)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "//{authority}/v1/admin",
        "http:\\\\{authority}/v1/admin",
        "http://user@{authority}/v1/admin",
        "\thttp://{authority}/v1/admin",
        "HTTP://{authority}?/v1/admin",
    ],
)
def test_whatever_a_foreign_host_writes_no_redirect_of_its_is_signed(
    server: WireServer, other: WireServer, location: str
) -> None:
    async def use(api: Session) -> None:
        other.answers.append(Reply(302, (("Location", location.format(authority=server.authority)),)))
        with pytest.raises((RedirectRefusedError, aiohttp.ClientError)):
            await api.get(other.origin)

    with_session(server, use)
    assert not server.requests


def test_a_connection_that_breaks_is_a_client_connection_error_and_no_more(server: WireServer) -> None:
    """Its subclasses would have aiohttp send the request again."""

    async def use(api: Session) -> Exception:
        await api.put(server.origin)
        server.answers.append(BREAK)
        with pytest.raises(aiohttp.ClientConnectionError) as caught:
            await api.put(server.origin)
        return caught.value

    error = with_session(server, use)
    assert type(error) is aiohttp.ClientConnectionError
    assert isinstance(error.__cause__, aiohttp.ServerDisconnectedError)
    assert len(server.requests) == 2


# --- middlewares above -----------------------------------------------------------------------------


def test_a_middleware_above_gets_its_request_back_as_it_was(server: WireServer) -> None:
    seen: list[Any] = []

    async def above(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> Any:
        before = (dict(request.headers), request.url, request.body)
        answer = await handler(request)
        seen.append(before == (dict(request.headers), request.url, request.body))
        return answer

    async def use(api: Session) -> None:
        await api.post(server.origin, data=b"x")

    with_session(server, use, above)
    assert seen == [True]


def test_a_middleware_above_that_asks_again_is_signed_again(server: WireServer) -> None:
    async def use(api: Session) -> None:
        server.answers.append(CHALLENGE)
        answer = await api.post(server.origin, data=io.BytesIO(b"body"))
        assert answer.status == 200

    with_session(server, use, aiohttp.DigestAuthMiddleware("ada", "secret"))
    assert [sent.body for sent in server.requests] == [b"body", b"body"]
    assert '"authorization"' in server.last.headers["signature-input"]
    assert len({verified.envelope.nonce for verified in server.verified}) == 2


def test_a_body_that_was_read_by_an_earlier_try_is_not_sent_as_none(server: WireServer) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"

    async def again(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> Any:
        await handler(request)
        return await handler(request)

    async def use(api: Session) -> None:
        with pytest.raises(aiohttp.ClientPayloadError, match="cannot be read again"):
            await api.post(server.origin, data=chunks())

    with_session(server, use, again)
    assert [sent.body for sent in server.requests] == [b"one"]


def test_s169_two_signing_middlewares_on_one_way_are_refused(server: WireServer) -> None:
    async def use(api: Session) -> None:
        with pytest.raises(ConfigurationError, match="two"):
            await api.get(server.origin)

    with_session(server, use, SigningMiddleware(clock=server.clock))
    assert not server.requests
