"""What reviews of this library found, each with the test that keeps it mended."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Request

import delegate
from delegate import known_secrets
from delegate.adapters.fastapi import protect, requires
from delegate.client.httpx import SigningTransport
from delegate.client.steps import Send
from delegate.envelope.sign import sign_request
from delegate.errors import (
    ConfigurationError,
    DelegateError,
    DelegationMissingError,
    RedirectRefusedError,
    TargetRejectedError,
)
from delegate.identity import Identity
from delegate.keys import SigningKey, Usage
from delegate.scope import Action
from delegate.server.asgi import VERIFIED, DelegateMiddleware
from delegate.server.interface import Receive, Scope
from delegate.server.interface import Send as ASGISend
from delegate.token.cache import Chains
from delegate.verifier import ReadBody, Verifier
from tests.support.forge import KEYS, NOW, ORIGIN, chain
from tests.support.wire import BODY, COMPONENTS, Server, Wire, sign, token, trust_store
from tests.support.world import World

READ = Action("orders.read", operation="read", risk="low", resources={"order": ["o-1"]})


def refusal(wire: Wire, **settings: Any) -> DelegateError:
    with pytest.raises(DelegateError) as refused:
        Server(**settings).deliver(wire)
    return refused.value


# --- the client ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/files/%ff", "/files/%fe"])
def test_no_signed_path_decodes_to_a_replacement_character(path: str) -> None:
    """'refused as `target_rejected`, by the signer and by the verifier'; the character itself is a name."""
    with pytest.raises(TargetRejectedError):
        World().worker.sign("GET", path)
    assert type(refusal(sign(Wire(path=path)))) is TargetRejectedError
    World().worker.sign("GET", "/files/%EF%BF%BD")
    Server().deliver(sign(Wire(path="/files/%EF%BF%BD")))


@pytest.mark.parametrize("origins", [None, ["https://api.example.com"]])
def test_a_foreign_host_does_not_choose_what_is_signed(origins: list[str] | None) -> None:
    """An unsigned answer that redirects to an origin of the token's audience is refused."""
    world, sent = World(), []

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        location = {"/x": "https://api.example.com/v1/refunds/o-1", "/y": "https://evil.example/z"}
        if request.url.path in location:
            return httpx.Response(302, headers={"location": location[request.url.path]})
        return httpx.Response(200)

    worker = world.worker
    assert worker.token is not None
    transport = SigningTransport(httpx.MockTransport(handle), origins=origins, clock=world.clock)
    with (
        httpx.Client(transport=transport, follow_redirects=True) as api,
        delegate.with_delegation(worker.token, key=worker.key, identity=worker.identity),
    ):
        with pytest.raises(RedirectRefusedError):
            api.get("https://evil.example/x")
        assert [request.url.host for request in sent] == ["evil.example"]
        assert api.get("https://evil.example/y").status_code == 200
    assert not any("signature" in request.headers for request in sent)


def test_what_is_bound_runs_later_with_what_was_bound_or_not_at_all() -> None:
    held = chain(1)

    async def who() -> str:
        await asyncio.sleep(0)
        return delegate.current_delegation().token.text

    def generate() -> Iterator[int]:
        yield 1

    async def agenerate() -> AsyncIterator[int]:
        yield 1

    with delegate.with_delegation(held, key=KEYS[0]):
        bound = delegate.bind(lambda: who())  # noqa: PLW0108 - a plain function that returns a coroutine
        for function in (generate, agenerate):
            with pytest.raises(ConfigurationError):
                delegate.bind(function)
        assert asyncio.run(bound()) == held.text
        later = bound()
    with pytest.raises(DelegationMissingError):
        asyncio.run(later)


# --- the verifier ----------------------------------------------------------------------------------


def test_s20_a_covered_method_override_is_refused_too() -> None:
    wire = Wire().with_header("x-http-method-override", "DELETE")
    signed = sign(wire, components=COMPONENTS + ' "x-http-method-override"')
    assert refusal(signed).code == "method_rejected"


def test_a_body_reader_is_held_to_the_limit_it_was_given() -> None:
    bare = Wire(method="GET", body=b"").without_header("content-digest").without_header("content-type")
    wire = sign(bare, components='"@method" "@authority" "@path" "@query" "agent-identity" "delegation"')
    for body, code in ((b"unsigned", "body_unexpected"), ("text", "configuration"), (None, "configuration")):
        with pytest.raises(DelegateError) as refused:
            Server().verifier.verify(wire.request(), lambda _need, body=body: body)  # type: ignore[misc]
        assert refused.value.code == code
    with pytest.raises(DelegateError) as long:
        Server(body_limit=4).verifier.verify(sign().request(), lambda _need: BODY)
    assert long.value.code == "body_too_large"
    with pytest.raises(ConfigurationError):
        Server().verifier.verify(sign().request(), bytearray(BODY))  # type: ignore[arg-type]
    Server().verifier.verify(sign().request(), lambda _need: BODY)


def test_text_with_many_dots_costs_no_look_for_each() -> None:
    class Counting(Chains[object]):
        looks = 0

        def get(self, text: str) -> Any:
            Counting.looks += 1
            return super().get(text)

    chains = Counting(None, 4)
    assert chains.longest_prefix(chain(16).text) is None
    assert Counting.looks == 0
    chains.add("dlg1.another.chain", None)
    assert chains.longest_prefix("." * 6000) is None
    assert Counting.looks == 0
    assert chains.longest_prefix(chain(16).text) is None
    assert Counting.looks == 15


def test_nothing_on_the_way_shows_token_signature_or_nonce() -> None:
    wire = sign()
    signed = sign_request(
        KEYS[1],
        method="GET",
        authority="a",
        path=b"/",
        headers={},
        identity=Identity(agent="agent-1"),
        token=token().text,
        now=NOW,
    )
    verified = Server().deliver(wire)
    text = " ".join(
        repr(each)
        for each in (
            wire.request(),
            signed,
            verified.facts,
            verified.envelope.parameters,
            token().last,
            Send(b"/", [(b"delegation", token().text.encode())], b""),
        )
    )
    assert token().text not in text
    assert repr(token().last.signature)[2:20] not in text
    assert repr(verified.envelope.nonce)[2:10] not in text
    assert dict(wire.headers)["signature"][5:20] not in text


def test_a_path_without_a_slash_is_not_completed_by_a_prefix() -> None:
    for path in ("evil", "*", ""):
        wire = replace(sign(Wire(path="/api" + path)), path=path)
        assert refusal(wire, public_prefix="/api").code == "target_rejected"


@pytest.mark.parametrize("missing", ["trust", "replay"])
def test_a_verifier_without_its_parts_does_not_start(missing: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Server(**{missing: None})
    assert refused.value.field == missing


@pytest.mark.parametrize("now", [float("nan"), 1.5, True, -1, "1"])
def test_authorize_takes_whole_seconds_only(now: Any) -> None:
    verified = Server().deliver(sign())
    with pytest.raises(ConfigurationError):
        verified.authorize(READ, now=now)
    assert verified.authorize(READ, now=NOW).action == READ


def test_the_registry_of_secrets_can_be_read_while_others_add() -> None:
    done = threading.Event()

    def add() -> None:
        while not done.is_set():
            SigningKey.generate()

    adders = [threading.Thread(target=add) for _ in range(3)]
    for adder in adders:
        adder.start()
    try:
        give_up = time.monotonic() + 0.5
        while time.monotonic() < give_up:
            assert all(isinstance(value, bytes) for value in known_secrets.values())
    finally:
        done.set()
        for adder in adders:
            adder.join()


def test_a_direct_keys_validity_is_decided_again_after_the_body() -> None:
    from tests.verifier.test_steps import direct, direct_trust  # noqa: PLC0415 - its world

    server = Server(trust=direct_trust(not_after=NOW + 10), require_delegation=False)
    wire = direct()

    def slowly(_need: ReadBody) -> bytes:
        server.clock.set(NOW + 10)
        return wire.body

    with pytest.raises(DelegateError) as refused:
        server.verifier.verify(wire.request(), slowly)
    assert (refused.value.code, refused.value.step) == ("key_revoked", 10)
    assert Usage.REQUEST


# --- the server end --------------------------------------------------------------------------------


async def call(app: Any, wire: Wire) -> tuple[int, dict[str, Any]]:
    """One request to an ASGI application, as httpx sends it; the answer's status and JSON."""
    headers = [(name.encode(), value.encode()) for name, value in wire.headers]
    target = f"{wire.path}?{wire.query}" if wire.query else wire.path
    url = httpx.URL(ORIGIN).copy_with(raw_path=target.encode())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        answer = await client.send(httpx.Request(wire.method, url, headers=headers, content=wire.body))
    return answer.status_code, answer.json()


async def echo_scope(scope: Scope, receive: Receive, send: ASGISend) -> None:
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    body = httpx.Response(200, json=headers).content
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def test_the_application_sees_the_authority_that_was_signed() -> None:
    """With ``public_origin`` the Host line is ignored, so it must not reach the application either."""
    server = Server(public_origin=ORIGIN)
    seen: list[Any] = []

    def action_for(request: Any, _verified: Any) -> Action:
        seen.append(dict(request.headers))
        return READ

    app = DelegateMiddleware(echo_scope, server.verifier, action_for=action_for)
    wire = sign().with_header("host", "admin.internal")
    status, headers = asyncio.run(call(app, wire))
    assert (status, headers["host"]) == (200, "api.example.com")
    assert seen[0][b"host"] == b"api.example.com"


def test_action_for_sees_what_the_handler_sees() -> None:
    server = Server(proxy_adds=["cookie"])
    seen: list[Any] = []

    def action_for(request: Any, _verified: Any) -> Action:
        seen.append(dict(request.headers))
        return READ

    app = DelegateMiddleware(echo_scope, server.verifier, action_for=action_for)
    _, headers = asyncio.run(call(app, sign().with_header("cookie", "admin=1")))
    assert "cookie" not in headers
    assert b"cookie" not in seen[0]


def application(resources: Any, verifier: Verifier) -> FastAPI:
    app = FastAPI(openapi_url=None)
    may_read = requires("orders.read", operation="read", risk="low", resources=resources)

    @app.post("/v1/orders", dependencies=[Depends(may_read)])
    async def read(request: Request) -> dict[str, str]:
        other = Action("refunds.create", operation="financial", risk="critical")
        request.scope[VERIFIED].authorize(other)
        return {}

    protect(app, verifier)
    return app


@pytest.mark.parametrize("named", [None, {}])
def test_resources_that_name_nothing_are_refused(named: Any) -> None:
    app = application(lambda _request: named, Server().verifier)
    status, problem = asyncio.run(call(app, sign()))
    assert (status, problem["code"], problem["executed"]) == (403, "resource_malformed", "no")


def test_a_refusal_inside_a_handler_leaves_unknown_what_was_executed() -> None:
    """'What is not known to have happened is called unknown' (design rule 10)."""
    app = application(lambda _request: {"order": ["o-1"]}, Server().verifier)
    status, problem = asyncio.run(call(app, sign()))
    assert (status, problem["code"], problem["executed"]) == (403, "out_of_scope", "unknown")


def test_another_verifiers_refusal_is_not_told_as_this_ones() -> None:
    inner = Server(trust=trust_store(revocation="required"))

    async def nested(scope: Scope, receive: Receive, send: ASGISend) -> None:
        inner.deliver(sign())

    app = DelegateMiddleware(nested, Server().verifier, handlers_authorize=True)
    with pytest.raises(DelegateError) as defect:
        asyncio.run(call(app, sign()))
    assert defect.value.proved
    assert defect.value.step == 8
