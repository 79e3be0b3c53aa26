"""A masker that looks into request bodies: it warns or blocks, and never rewrites."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from delegate.client.httpx import SigningTransport
from delegate.errors import ConfigurationError, MaskingBlockedError, MaskingLimitError
from delegate.masking import Masker, Policy
from tests.client.support import ORIGIN, Server, entered
from tests.masking.samples import EMAIL, PASSWORD, TOKEN

BLOCK = Masker(Policy(mode="block"))
WARN = Masker(Policy(mode="warn"))


def post(masker: Masker, **body: Any) -> Server:
    server = Server()
    with server.client(body_masker=masker) as api, entered():
        api.post("/v1/orders", **body).raise_for_status()
    return server


BODIES: list[dict[str, Any]] = [
    {"json": {"note": [f"mail {EMAIL}"]}},
    {"data": {"password": PASSWORD}},
    {"content": f"token {TOKEN}"},
    {"content": b"\xff " + TOKEN.encode()},
    {"content": "{" + TOKEN, "headers": {"Content-Type": "application/problem+json; charset=utf-8"}},
    {"content": '{"a": 1, "a": "' + TOKEN + '"}', "headers": {"Content-Type": "application/json"}},
    {"content": b"\xff" + TOKEN.encode(), "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_block_refuses_to_send(body: dict[str, Any]) -> None:
    """'the signing transport can be told to warn or to block on findings in them'"""
    with pytest.raises(MaskingBlockedError) as caught:
        post(BLOCK, **body)
    assert caught.value.executed == "no"
    assert caught.value.findings
    assert not any(secret in str(caught.value) for secret in (TOKEN, PASSWORD, EMAIL))


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_warn_sends_what_was_given_and_says_where(
    body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """'Request bodies are never rewritten'"""
    with caplog.at_level(logging.WARNING, logger="delegate.client"):
        server = post(WARN, **body)
    expected = httpx.Request("POST", ORIGIN, **body).read()
    assert server.last.content == expected
    assert f"body for {ORIGIN} holds" in caplog.text
    assert not any(secret in caplog.text for secret in (TOKEN, PASSWORD, EMAIL))


def test_a_clean_body_passes(caplog: pytest.LogCaptureFixture) -> None:
    post(BLOCK, json={"cents": 1250})
    post(BLOCK)
    post(WARN, json={"cents": 1250})
    assert "body for" not in caplog.text


def test_a_body_that_cannot_be_searched_is_blocked() -> None:
    with pytest.raises(MaskingLimitError):
        post(BLOCK, content=b"x" * 300_000)


@pytest.mark.parametrize(
    "policy",
    [Policy(), Policy(mode="warn", kinds={"email": "mask"}), Policy(mode="off", paths={"/a": "mask"})],
)
def test_a_masker_that_would_rewrite_is_refused(policy: Policy) -> None:
    with pytest.raises(ConfigurationError) as caught:
        SigningTransport(httpx.MockTransport(lambda _: httpx.Response(200)), body_masker=Masker(policy))
    assert caught.value.field == "body_masker"
