"""The contract of every signing end, third part: answers that must be signed.

What a signed answer proves, and what is refused as one, is decided once and tested with it; here every
library is shown to hand the decision the answer as it came, and to give the caller what was decided on.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

import delegate.limits
from delegate.client.answers import ServerKeys, VerifiedAnswer
from delegate.errors import DelegateError, ResponseUnboundError
from delegate.keys import SigningKey
from tests.client.conftest import Site
from tests.client.support import ANSWER_KEY, NOW
from tests.client.wire import Reply, redirect

PROOF = VerifiedAnswer(ANSWER_KEY.key_id, NOW, None)


@pytest.fixture
def keys(site: Site) -> ServerKeys:
    """The server signs its answers, and the client knows by which key."""
    site.server.signs = True
    return ServerKeys({site.server.origin: [ANSWER_KEY.public_key]})


def refused(site: Site, keys: ServerKeys, method: str = "POST") -> ResponseUnboundError:
    """How a client that wants signed answers refuses the next one."""
    with site.client(server_keys=keys) as api, site.entered():
        with pytest.raises(ResponseUnboundError) as caught:
            api.request(method, site.url())
        assert caught.value.executed == "unknown"
    return caught.value


def test_a_signed_answer_is_handed_out_with_what_it_proves(site: Site, keys: ServerKeys) -> None:
    site.server.answers.append(Reply(201, (("Content-Type", "text/plain"), ("Location", "/v1/2")), b"made"))
    with site.client(server_keys=keys) as api, site.entered():
        got = api.request("POST", site.url(), body=b"x")
    assert (got.status, got.body, got.proof) == (201, b"made", PROOF)
    assert got.headers["location"] == "/v1/2"


def test_an_answer_that_need_not_be_signed_proves_nothing(site: Site, keys: ServerKeys) -> None:
    with site.client() as api, site.entered():
        assert api.request("POST", site.url()).proof is None


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304), ("GET", 200)])
def test_answers_without_a_body_verify(site: Site, keys: ServerKeys, method: str, status: int) -> None:
    site.server.answers.append(Reply(status))
    with site.client(server_keys=keys) as api, site.entered():
        got = api.request(method, site.url())
    assert (got.status, got.body, got.proof) == (status, b"", PROOF)


def test_a_long_answer_verifies_and_the_connection_can_be_used_again(site: Site, keys: ServerKeys) -> None:
    body = bytes(range(256)) * 2000
    with site.client(server_keys=keys) as api, site.entered():
        for _ in range(3):
            site.server.answers.append(Reply(200, (), body))
            assert api.request("GET", site.url()).body == body
    assert len(site.server.verified) == 3


def test_a_compressed_answer_is_verified_as_it_came_and_read_decoded(site: Site, keys: ServerKeys) -> None:
    squeezed = Reply(200, (("Content-Encoding", "gzip"),), gzip.compress(b"plain"))
    site.server.answers.append(squeezed)
    if site.end.name == "aiohttp":
        assert refused(site, keys).__cause__ is not None
        assert site.server.last.headers["accept-encoding"] == "identity"
        return
    with site.client(server_keys=keys) as api, site.entered():
        got = api.request("GET", site.url())
    assert (got.body, got.proof) == (b"plain", PROOF)


def test_cookies_of_a_signed_answer_are_kept(site: Site, keys: ServerKeys) -> None:
    if site.end.name == "aiohttp":
        pytest.skip("aiohttp takes no cookies from a host that is an address")
    site.server.answers.append(Reply(200, (("Set-Cookie", "a=b"), ("Set-Cookie", "c=d"))))
    with site.client(server_keys=keys) as api, site.entered():
        api.request("GET", site.url())
        api.request("GET", site.url())
    assert site.server.last.headers["cookie"] == "a=b; c=d"


SPOILT: dict[str, tuple[Callable[[Reply], Reply], str]] = {
    "stripped": (lambda reply: reply._replace(headers=()), "signature_missing"),
    "another body": (lambda reply: reply._replace(body=b"other"), "digest_mismatch"),
    "another status": (lambda reply: reply._replace(status=202), "signature_invalid"),
}


@pytest.mark.parametrize("how", SPOILT)
def test_an_answer_that_was_changed_on_the_way_is_refused(site: Site, keys: ServerKeys, how: str) -> None:
    site.server.spoil, code = SPOILT[how]
    cause = refused(site, keys).__cause__
    assert isinstance(cause, DelegateError)
    assert cause.code == code
    assert len(site.server.verified) == 1


def test_the_answer_to_another_request_is_refused(site: Site, keys: ServerKeys) -> None:
    kept: list[Reply] = []

    def first_again(reply: Reply) -> Reply:
        kept.append(reply)
        return kept[0]

    site.server.spoil = first_again
    with site.client(server_keys=keys) as api, site.entered():
        assert api.request("GET", site.url()).proof == PROOF
    refused(site, keys, "GET")


def test_an_answer_by_another_key_is_refused(site: Site, keys: ServerKeys) -> None:
    stranger = ServerKeys({site.server.origin: [SigningKey.generate().public_key]})
    cause = refused(site, stranger).__cause__
    assert isinstance(cause, DelegateError)
    assert cause.code == "key_unknown"


def test_an_event_stream_is_refused_by_name(site: Site, keys: ServerKeys) -> None:
    site.server.spoil = lambda reply: Reply(200, (("Content-Type", "text/event-stream"),), b"data: 1\n\n")
    assert refused(site, keys).component == "content-type"


def test_an_answer_over_the_limit_is_refused(
    site: Site, keys: ServerKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("delegate.client.signing.ANSWER_MAX_BYTES", 100)
    assert delegate.limits.ANSWER_MAX_BYTES > 100
    with site.client(server_keys=keys) as api, site.entered():
        site.server.answers.append(Reply(200, (), b"x" * 100))
        api.request("GET", site.url())
    site.server.answers.append(Reply(200, (), b"x" * 101))
    cause = refused(site, keys).__cause__
    assert isinstance(cause, DelegateError)
    assert (cause.code, cause.limit) == ("body_too_large", 100)


def test_an_answer_that_breaks_off_is_none(site: Site, keys: ServerKeys) -> None:
    """No answer came: GET is tried again, POST is not."""
    broken = Reply(200, (), b"half", missing=4)
    with site.client(server_keys=keys, retries=1) as api, site.entered():
        site.server.answers.append(broken)
        assert api.request("GET", site.url()).proof == PROOF
        site.server.answers.append(broken)
        with pytest.raises(site.end.broken_off):
            api.request("POST", site.url())
    assert len(site.server.requests) == 3


def test_a_redirect_counts_only_if_it_is_signed(site: Site, keys: ServerKeys) -> None:
    with site.client(server_keys=keys, follow_same_origin=True) as api, site.entered():
        site.server.answers.append(redirect(307, "/v2"))
        assert api.request("GET", site.url("/v1")).proof == PROOF
    assert [sent.target for sent in site.server.requests] == [b"/v1", b"/v2"]
    site.server.signs = False
    site.server.answers.append(redirect(307, "/v3"))
    refused(site, keys)
    assert len(site.server.requests) == 3
