"""What only requests has: sessions above the adapter, urllib3 below it. The contract has all the rest."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPDigestAuth
from urllib3.util import Retry

from delegate.client.requests import SigningAdapter
from delegate.errors import ConfigurationError, RedirectRefusedError
from tests.client.support import entered
from tests.client.wire import BREAK, Reply, WireServer, redirect

CHALLENGE = Reply(401, (("WWW-Authenticate", 'Digest realm="r", nonce="n", qop="auth"'),), b"who?")


def session(server: WireServer, inner: Any = None, **settings: Any) -> requests.Session:
    """A session that signs."""
    adapter = SigningAdapter(inner or HTTPAdapter(), clock=server.clock, **settings)
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", adapter)
    made.mount("http://", adapter)
    return made


@pytest.fixture
def api(server: WireServer) -> Iterator[requests.Session]:
    with session(server) as made, entered(audience=[server.origin]):
        yield made


def test_the_callers_request_is_untouched(api: requests.Session, server: WireServer) -> None:
    """It "signs a copy, never the caller's request"."""
    asked = requests.Request("POST", server.origin + "/v1", data=b"body", headers={"X-Mine": "1"})
    prepared = api.prepare_request(asked)
    before = (dict(prepared.headers), prepared.url, prepared.body)
    answer = api.send(prepared)
    assert (dict(prepared.headers), prepared.url, prepared.body) == before
    assert answer.request is prepared
    api.send(prepared)
    assert len({verified.envelope.nonce for verified in server.verified}) == 2


def test_s163_what_a_session_adds_is_signed(api: requests.Session, server: WireServer) -> None:
    api.cookies.set("a", "b")
    api.headers["Content-Type"] = "application/merge-patch+json"
    api.patch(server.origin + "/v1", data=b"{}", auth=("ada", "secret"))
    covered = server.last.headers["signature-input"]
    assert all(f'"{name}"' in covered for name in ("content-type", "authorization", "cookie"))


def test_s163_netrc_is_signed(
    api: requests.Session, server: WireServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("NO_PROXY", "*")
    api.trust_env = True
    api.get(server.origin + "/v1")
    assert '"authorization"' in server.last.headers["signature-input"]


def test_cookies_of_an_answer_are_kept_and_signed_with_the_next_request(
    api: requests.Session, server: WireServer
) -> None:
    server.answers.append(Reply(200, (("Set-Cookie", "a=b"),)))
    api.get(server.origin + "/v1")
    api.get(server.origin + "/v1")
    assert server.last.headers["cookie"] == "a=b"


def test_a_challenge_is_answered_through_the_adapter(api: requests.Session, server: WireServer) -> None:
    """``HTTPDigestAuth`` sends by itself, through ``response.connection``: not past the signature."""
    server.answers.append(CHALLENGE)
    answer = api.post(server.origin + "/v1", data=io.BytesIO(b"body"), auth=HTTPDigestAuth("ada", "secret"))
    assert answer.status_code == 200
    assert [sent.body for sent in server.requests] == [b"body", b"body"]
    assert '"authorization"' in server.last.headers["signature-input"]
    assert len({verified.envelope.nonce for verified in server.verified}) == 2


@pytest.mark.parametrize(
    ("data", "body"),
    [
        ("ünï", "ünï".encode()),
        (bytearray(b"array"), b"array"),
        (io.BytesIO(b"x" * 100_000), b"x" * 100_000),
        (io.StringIO("ünï"), "ünï".encode()),
        ({"a": "b c"}, b"a=b+c"),
        (iter(["ünï", b"bytes", memoryview(b"view")]), "ünïbytesview".encode()),
        (io.BytesIO(), b""),
    ],
)
def test_every_kind_of_body_is_sent_as_it_was_signed(
    api: requests.Session, server: WireServer, data: Any, body: bytes
) -> None:
    api.post(server.origin + "/v1", data=data)
    assert server.last.body == body
    assert not server.last.chunked


def test_a_file_is_sent_from_where_it_stands(api: requests.Session, server: WireServer) -> None:
    file = io.BytesIO(b"head|body")
    file.seek(5)
    api.post(server.origin + "/v1", data=file)
    assert server.last.body == b"body"


def test_a_body_of_things_that_are_no_bytes_is_not_sent(api: requests.Session, server: WireServer) -> None:
    numbers: Any = iter([5])
    with pytest.raises(TypeError):
        api.post(server.origin + "/v1", data=numbers)
    assert not server.requests


def test_forms_and_files_verify(api: requests.Session, server: WireServer) -> None:
    api.post(server.origin + "/v1", files={"f": ("name.txt", b"content")}, data={"a": "b"})
    assert b"content" in server.last.body


def test_an_answer_can_be_streamed(api: requests.Session, server: WireServer) -> None:
    server.answers.append(Reply(200, (), b"x" * 100_000))
    with api.get(server.origin + "/v1", stream=True) as answer:
        assert len(answer.raw.read(10)) == 10
        assert len(b"".join(answer.iter_content(4096))) == 99_990


# --- urllib3 below ---------------------------------------------------------------------------------


@pytest.mark.parametrize("retries", [1, Retry(3), Retry(total=None, connect=2), Retry(total=1, read=0)])
def test_an_adapter_that_would_send_the_same_nonce_again_is_refused(retries: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SigningAdapter(HTTPAdapter(max_retries=retries))
    assert caught.value.field == "max_retries"


@pytest.mark.parametrize("retries", [0, Retry(0), Retry(total=False)])
def test_an_adapter_that_would_not_is_taken(retries: Any) -> None:
    SigningAdapter(HTTPAdapter(max_retries=retries))


def test_retries_that_are_switched_on_later_are_refused_at_the_request(server: WireServer) -> None:
    inner = HTTPAdapter()
    with session(server, inner) as api, entered(audience=[server.origin]):
        inner.max_retries = Retry(3)
        server.answers.append(BREAK)
        with pytest.raises(ConfigurationError):
            api.get(server.origin)
        inner.max_retries = Retry(0)
        with pytest.raises(requests.ConnectionError):
            api.get(server.origin)
    assert len(server.requests) == 1


def test_s169_two_signing_adapters_on_one_way_are_refused(server: WireServer) -> None:
    inner = SigningAdapter(HTTPAdapter(), clock=server.clock)
    with (
        session(server, inner) as api,
        entered(audience=[server.origin]),
        pytest.raises(ConfigurationError, match="two"),
    ):
        api.get(server.origin)
    assert not server.requests


def test_the_inner_adapter_is_closed() -> None:
    closed: list[bool] = []

    class Inner(HTTPAdapter):
        def close(self) -> None:
            closed.append(True)

    SigningAdapter(Inner()).close()
    assert closed == [True]


# --- how requests reads a URL ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    [
        "//{authority}/v1/admin",
        "http://{authority}\\@other.example/v1/admin",
        "http://user@{authority}/v1/admin",
        "\thttp://{authority}/v1/admin",
        "HTTP://{authority}?/v1/admin",
    ],
)
def test_whatever_a_foreign_host_writes_no_redirect_of_its_is_signed(
    api: requests.Session, server: WireServer, other: WireServer, location: str
) -> None:
    """Parsers of URLs differ; what counts is where requests would connect."""
    other.answers.append(redirect(302, location.format(authority=server.authority)))
    with pytest.raises((RedirectRefusedError, requests.RequestException)):
        api.get(other.origin)
    assert not server.requests


def test_a_url_that_was_written_into_a_prepared_request_is_sent_as_it_was_signed(
    api: requests.Session, server: WireServer
) -> None:
    prepared = api.prepare_request(requests.Request("GET", server.origin))
    prepared.url = server.origin + "/%c3%bc?q=%2f#f"
    api.send(prepared)
    assert server.last.target == b"/%C3%BC?q=%2F"
