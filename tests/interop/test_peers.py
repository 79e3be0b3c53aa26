"""Requests of ours verify in two npm libraries for RFC 9421, and theirs, made to our profile, verify in ours.

The libraries know nothing of this project. They are pinned by version and hash in
``interop/js/peers/package-lock.json`` and installed by ``make interop``.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from delegate.client.context import with_delegation
from delegate.client.httpx import SigningTransport
from delegate.encoding import b64url_encode
from delegate.errors import SignatureInvalidError
from delegate.identity import Identity
from delegate.keys import SigningKey, to_jwks
from delegate.token import issue
from tests.interop.node import FOLDER, needs_peers, run
from tests.support import forge, p256
from tests.support.wire import COMPONENTS, Server, Wire

pytestmark = needs_peers

PROGRAM: Final = FOLDER / "peers" / "run.mjs"
PEERS: Final = ("http-message-signatures", "http-message-sig")
KEYS: Final = {
    "ed25519": (bytes([100]) * 32, forge.KEYS[0]),
    "ecdsa-p256-sha256": (bytes([150]) * 32, p256.KEYS[0]),
}
"""Algorithm -> seed and key."""


def jwk(alg: str) -> dict[str, str]:
    """The key pair of ``alg``, as Node.js reads it."""
    seed, key = KEYS[alg]
    [public] = to_jwks([key.public_key])["keys"]
    return {**public, "d": b64url_encode(seed)}


def sent(method: str, url: str, key: SigningKey, **options: Any) -> list[httpx.Request]:
    """What our client puts on the wire, now, for one request."""
    token = issue(
        forge.ISSUER_KEY,
        issuer="acme",
        agent="agent-0",
        holder=key.public_key,
        scope=forge.SCOPE,
        audience=[forge.ORIGIN],
        expires_in=600,
    )
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    with (
        httpx.Client(transport=SigningTransport(httpx.MockTransport(answer))) as client,
        with_delegation(token, key=key, identity=Identity(agent="agent-0", run="rt-1")),
    ):
        client.request(method, url, **options)
    return seen


def question(op: str, peer: str, alg: str, message: dict[str, Any], **more: Any) -> dict[str, Any]:
    """One line for the program."""
    return {"op": op, "peer": peer, "alg": alg, "jwk": jwk(alg), "message": message, **more}


def wounds(message: dict[str, Any]) -> list[dict[str, Any]]:
    """``message`` with one thing changed that is signed."""
    headers = message["headers"]
    agent = [[name, '"agent-9"' if name == "agent-identity" else value] for name, value in headers]
    url = message["url"]
    return [
        message | {"method": "PATCH"},
        message | {"url": url.replace("/v1", "/v2")},
        message | {"url": url + ("&" if "?" in url else "?") + "z=1"},
        message | {"url": url.replace("api.", "other.")},
        message | {"headers": agent},
    ]


@pytest.mark.parametrize("alg", KEYS)
@pytest.mark.parametrize("peer", PEERS)
def test_what_our_client_sends_verifies_in_theirs(peer: str, alg: str) -> None:
    key = KEYS[alg][1]
    requests = [
        *sent("GET", f"{forge.ORIGIN}/v1/orders", key),
        *sent("GET", f"{forge.ORIGIN}/v1/orders?", key),
        *sent("POST", f"{forge.ORIGIN}/v1/orders/a%20b?dry=1&dry=%2f", key, json={"cents": 1250}),
        *sent("DELETE", f"{forge.ORIGIN}/v1/", key, headers={"Idempotency-Key": '"k"', "Cookie": "a=b"}),
    ]
    good = [
        {
            "method": request.method,
            "url": str(request.url),
            "headers": [[name.lower(), value] for name, value in request.headers.items()],
        }
        for request in requests
    ]
    wounded = [wound for message in good for wound in wounds(message)]
    now = int(time.time())
    answers = run(PROGRAM, [question("verify", peer, alg, message, now=now) for message in good + wounded])
    assert answers[: len(good)] == [{"verified": True}] * len(good)
    assert [answer["verified"] for answer in answers[len(good) :]] == [False] * len(wounded)


@pytest.mark.parametrize("alg", KEYS)
def test_what_they_sign_in_our_profile_verifies_in_ours(alg: str) -> None:
    key = KEYS[alg][1]
    token = forge.forge(forge.root_members(key=key.public_key.text))
    unsigned = (
        Wire().with_header("agent-identity", '"agent-0"').with_header("delegation", f't="{token.text}"')
    )
    message = {
        "method": unsigned.method,
        "url": f"{forge.ORIGIN}{unsigned.path}?{unsigned.query}",
        "headers": [list(line) for line in unsigned.headers],
    }
    lines = [
        question(
            "sign",
            peer,
            alg,
            message,
            components=[item.strip('"') for item in COMPONENTS.split()],
            parameters={
                "created": forge.NOW,
                "expires": forge.NOW + 60,
                "nonce": b64url_encode(bytes([number]) * 16),
                "keyid": key.key_id,
                "alg": alg,
                "tag": "delegate-v1",
            },
        )
        for number, peer in enumerate(PEERS)
    ]
    server = Server()
    for answer in run(PROGRAM, lines):
        signed = unsigned
        for name, value in answer["headers"]:
            signed = signed.with_header(name, value)
        with pytest.raises(SignatureInvalidError):
            server.deliver(replace(signed, path="/v1/other"))
        assert server.deliver(signed).agent == "agent-0"
