"""Whatever the client sends verifies, and nothing else does: rows A19, S162 to S168 at large."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.errors import (
    BodyUnexpectedError,
    DelegateError,
    DigestMismatchError,
)
from delegate.verifier import Request
from tests.client.support import ORIGIN, WORKER_KEY, Server, arrived, entered

UNCONSTRAINED = st.text(min_size=0, max_size=12)
VISIBLE = st.text("abzAZ09!#$%&'()*+,-./:;<=>?@[]^_`{|}~\\\"", max_size=12)
PLAIN_SEGMENTS = st.lists(st.from_regex(r"[A-Za-z0-9._~!$&'()*+,;=:@-]{1,8}", fullmatch=True), max_size=4)

urls = st.one_of(
    st.builds("/{}?{}".format, VISIBLE, VISIBLE),
    st.builds("/{}".format, UNCONSTRAINED),
    st.builds(
        lambda parts, query: "/" + "/".join(parts) + query,
        PLAIN_SEGMENTS,
        st.sampled_from(["", "?", "?a=%2F"]),
    ),
    st.builds(
        "https://{}/x".format,
        st.sampled_from(["API.Example.com", "api.example.com:443", "a@api.example.com"]),
    ),
)
header_names = st.sampled_from(
    [
        *("Content-Type", "content-encoding", "Authorization", "Cookie", "Idempotency-Key", "Mcp-Session-Id"),
        *("Content-Digest", "Signature", "Signature-Input", "Agent-Identity", "Delegation", "Host"),
        *("X-HTTP-Method-Override", "Content-Length", "Transfer-Encoding", "Accept", "X-Tenant", "x-tenant"),
    ]
)
header_values = st.one_of(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20).map(str.encode),
    st.sampled_from(
        [b"chunked", b"api.example.com", b"7", b"a\r\nb", b"a\nb", b"\0", b" padded\t", b"", b"\xc3\xa9"]
    ),
    st.just(b"x" * 9000),
)
bodies = st.one_of(st.binary(max_size=200), st.lists(st.binary(max_size=50), max_size=4))
methods = st.sampled_from(
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "CONNECT", "get", "m-x"]
)


@given(
    method=methods,
    url=urls,
    headers=st.lists(st.tuples(header_names, header_values), max_size=4),
    body=bodies,
    cover=st.sets(st.sampled_from(["x-tenant", "host", "accept"]), max_size=2),
)
def test_whatever_is_sent_verifies(
    method: str, url: str, headers: list[tuple[str, bytes]], body: bytes | list[bytes], cover: set[str]
) -> None:
    """ "It refuses what a verifier of this profile would refuse ... a request it signs verifies." """
    server = Server()
    content: Any = body if isinstance(body, bytes) else iter(body)
    raw = [(name.encode(), value) for name, value in headers]
    with server.client(cover=cover, body_limit=150) as api, entered():
        refusal = refusal_of(lambda: api.request(method, url, headers=raw, content=content))
    if refusal is not None:
        assert not server.requests
        assert not isinstance(refusal, DelegateError) or refusal.executed == "no"
        return
    (verified,) = server.verified
    assert server.last.content == (body if isinstance(body, bytes) else b"".join(body))
    assert verified.envelope.method == method.upper()
    assert cover <= set(re.findall(r'"([a-z-]+)"', server.last.headers["signature-input"]))


def refusal_of(call: Callable[[], object]) -> Exception | None:
    """The refusal that ``call`` ends in; anything else that it raises is a failure."""
    try:
        call()
    except (DelegateError, httpx.InvalidURL) as refusal:
        return refusal
    return None


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("body", [b"", b"body", [b"one", b"two"]])
def test_the_plain_ones_are_sent(method: str, body: bytes | list[bytes]) -> None:
    """The property above is not true because nothing is ever sent."""
    server = Server()
    content: Any = body if isinstance(body, bytes) else iter(body)
    with server.client() as api, entered():
        api.request(method, "/v1/orders/7?dry=1", content=content, headers={"X-Tenant": "blue"})
    assert len(server.verified) == 1


# --- one change --------------------------------------------------------------------------------------

SENT_HEADERS = {
    "Content-Type": "application/json",
    "Authorization": "Bearer abc",
    "Cookie": "a=b",
    "Idempotency-Key": '"k-1"',
    "X-Tenant": "blue",
}
BODY = b'{"cents": 1250}'


def signed_request(server: Server) -> httpx.Request:
    """One request as it went over the wire, not yet verified."""
    with server.client(server.see, cover=["x-tenant"]) as api, entered():
        api.post("/v1/refunds/o-1?dry=1", content=BODY, headers=SENT_HEADERS)
    return server.last


def changed_text(value: bytes) -> st.SearchStrategy[bytes]:
    """``value`` with one byte replaced, inserted or removed; always another value."""

    def change(where: int, byte: int, how: str) -> bytes:
        if how == "insert":
            return value[:where] + bytes([byte]) + value[where:]
        rest = value[where + 1 :]
        return value[:where] + rest if how == "remove" else value[:where] + bytes([byte]) + rest

    return st.builds(
        change,
        st.integers(0, max(len(value) - 1, 0)),
        st.integers(0x21, 0x7E),
        st.sampled_from(["replace", "insert", "remove"]),
    ).filter(lambda changed: changed != value)


PARTS = ["method", "path", "query", "body", "host", *(name.lower() for name in SENT_HEADERS)]
OUR_PARTS = ["content-digest", "agent-identity", "delegation", "signature", "signature-input"]


def changed(data: st.DataObject, request: Request, body: bytes, part: str) -> tuple[Request, bytes]:
    """The request with one change in ``part``."""
    parts: dict[str, Any] = {name: getattr(request, name) for name in ("method", "path", "query", "headers")}
    if part == "body":
        return request, data.draw(changed_text(body))
    if part == "method":
        parts[part] = data.draw(changed_text(request.method.encode())).decode()
    elif part in parts:
        parts[part] = data.draw(changed_text(parts[part]))
    else:
        parts["headers"] = [
            (name, data.draw(changed_text(value)) if name.lower() == part.encode() else value)
            for name, value in request.headers
        ]
    return Request(**parts), body


@pytest.mark.parametrize("part", [*PARTS, *OUR_PARTS])
@given(data=st.data())
def test_a19_any_one_change_is_refused(part: str, data: st.DataObject) -> None:
    """ "No ... method, authority, path, query, header or body that the signer did not sign." """
    server = Server()
    sent = signed_request(server)
    request, body = arrived(sent), sent.content
    forged, forged_body = changed(data, request, body, part)
    assert (forged, forged_body) != (request, body)
    if not same_meaning(request, forged, part):
        with pytest.raises(DelegateError) as caught:
            server.verifier.verify(forged, forged_body)
        assert (caught.value.step or 12) < 11  # before the nonce: the client's own try is not burnt
        if part == "body":
            assert isinstance(caught.value, DigestMismatchError | BodyUnexpectedError)
    assert server.verifier.verify(request, body).agent == "worker-agent"  # the positive control, and step 11


def same_meaning(request: Request, forged: Request, part: str) -> bool:
    """The one change that is none: a host is compared without case (RFC 9110 section 4.2.3)."""
    return part == "host" and dict(forged.headers)[b"Host"].lower() == dict(request.headers)[b"Host"].lower()


@pytest.mark.parametrize("parameter", ["created", "expires", "nonce", "keyid", "alg", "tag"])
def test_every_signature_parameter_is_signed(parameter: str) -> None:
    server = Server()
    sent = signed_request(server)
    request, body = arrived(sent), sent.content
    old = dict(request.headers)[b"signature-input"].decode()
    value = re.search(rf';{parameter}=("[^"]*"|\d+)', old)
    assert value
    others: dict[str, Callable[[str], str]] = {
        "created": lambda text: str(int(text) - 1),
        "expires": lambda text: str(int(text) + 1),
        "nonce": lambda text: '"' + base64.urlsafe_b64encode(bytes(16)).decode().rstrip("=") + '"',
        "keyid": lambda text: f'"{text[1:-1][::-1]}"',
        "alg": lambda text: '"ecdsa-p256-sha256"',
        "tag": lambda text: '"delegate-v2"',
    }
    new = old.replace(value[0], f";{parameter}={others[parameter](value[1])}")
    headers = [(name, new.encode() if name == b"signature-input" else text) for name, text in request.headers]
    forged = Request(method=request.method, path=request.path, query=request.query, headers=headers)
    with pytest.raises(DelegateError):
        server.verifier.verify(forged, body)
    assert server.verifier.verify(request, body).key_id == WORKER_KEY.key_id


def test_another_origins_server_refuses_what_was_signed_for_this_one() -> None:
    server, other = Server(), Server("https://other.example")
    sent = signed_request(server)
    headers = [
        (b"Host", b"other.example") if name == b"Host" else (name, value) for name, value in sent.headers.raw
    ]
    request = arrived(sent)
    moved = Request(method=request.method, path=request.path, query=request.query, headers=headers)
    with pytest.raises(DelegateError):
        other.verifier.verify(moved, sent.content)
    assert server.verifier.verify(request, sent.content).envelope.authority == ORIGIN.partition("://")[2]
