"""What every adapter gives, in each framework: who is served, who is refused, and what a fault does."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import pytest

import delegate
from delegate.envelope.response import ACCEPT_SIGNATURE, verify_response
from delegate.errors import ConfigurationError, DelegateError, MalformedError, OutOfScopeError
from delegate.keys import SigningKey
from delegate.server.interface import ASGIApp
from delegate.verifier import Request
from tests.adapters.shops import READ, SHOPS, STRANGER, Shop, ask, signed
from tests.server.driver import STALL, Answer, call, chunked
from tests.support.world import World

ANSWER_KEY = SigningKey.from_seed(b"shop: answer key".ljust(32))
BODY = b'{"cents":1250}'
Build = Callable[..., Shop]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(params=SHOPS)
def build(request: pytest.FixtureRequest, world: World) -> Build:
    """Makes the shop of one framework."""

    def built(*, verifier: Mapping[str, Any] | None = None, **options: Any) -> Shop:
        shop = Shop()
        shop.app = SHOPS[request.param](world.verifier(**(verifier or {})), shop, **options)
        return shop

    return built


@pytest.fixture
def shop(build: Build) -> Shop:
    return build()


# --- the example of the design ---------------------------------------------------------------------


def test_a_permitted_action_runs(shop: Shop, world: World) -> None:
    answer = signed(shop.app, world.worker, "POST", "/v1/refunds/o-1", BODY)
    assert answer.status == 200
    assert json.loads(answer.body) == {
        "order": "o-1", "cents": 1250, "by": "worker-agent", "for": "user:ada",
    }  # fmt: skip


def test_a_sync_handler_gets_its_grant_too(shop: Shop, world: World) -> None:
    answer = signed(shop.app, world.sub_worker, "GET", "/v1/orders")
    assert json.loads(answer.body) == {"by": "sub-worker", "path": ["worker-agent", "sub-worker"]}


@pytest.mark.parametrize(("agent", "order", "block"), [("worker", "o-9", 0), ("sub_worker", "o-1", 1)])
def test_an_action_out_of_scope(shop: Shop, world: World, agent: str, order: str, block: int) -> None:
    answer = signed(shop.app, getattr(world, agent), "POST", f"/v1/refunds/{order}", BODY)
    assert (answer.status, answer.code) == (403, "out_of_scope")
    assert (answer.problem["block"], len(answer.problem["request_id"])) == (block, 64)
    assert answer.problem["executed"] == "no"
    assert shop.ran == []


def test_a_stranger_is_refused_before_the_body(shop: Shop) -> None:
    answer = ask(shop.app, "POST", "/v1/refunds/o-1", STRANGER, b"{")
    assert (answer.status, answer.code, answer.received) == (401, "signature_missing", 0)
    assert shop.ran == []


def test_s64_the_replay_is_refused(shop: Shop, world: World) -> None:
    headers = world.worker.sign("GET", "/v1/orders")
    assert ask(shop.app, "GET", "/v1/orders", headers).status == 200
    assert ask(shop.app, "GET", "/v1/orders", headers).code == "nonce_replayed"
    assert shop.ran == ["orders"]


def test_a_public_route_is_open_and_has_no_proof(shop: Shop, world: World) -> None:
    for answer in (ask(shop.app, "GET", "/about", STRANGER), signed(shop.app, world.worker, "GET", "/about")):
        assert (answer.status, json.loads(answer.body)) == (200, {"proof": False})


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/v1/orders"),
        ("HEAD", "/v1/orders"),
        ("OPTIONS", "/v1/orders"),
        ("GET", "/nowhere"),
        ("GET", "/"),
        ("GET", "/v1"),
        ("GET", "/schema"),
        ("GET", "/openapi.json"),
    ],
)
def test_nothing_else_is_open(shop: Shop, method: str, target: str) -> None:
    assert ask(shop.app, method, target, STRANGER).code == "signature_missing"


@pytest.mark.parametrize(
    "target", ["/v1/../about", "/about%2F", "//about", "/%2e%2e/about", "/about%2f..%2fv1"]
)
def test_tricks_with_paths(shop: Shop, target: str) -> None:
    assert ask(shop.app, "GET", target, STRANGER).code in {"signature_missing", "target_rejected"}
    assert shop.ran == []


@pytest.mark.parametrize("target", ["/nowhere", "/v1/refunds", "/v1/orders/x"])
def test_an_unmapped_request_is_denied(shop: Shop, world: World, target: str) -> None:
    """'an unmapped route is denied'"""
    answer = signed(shop.app, world.worker, "GET", target)
    assert (answer.status, answer.code, answer.problem["executed"]) == (403, "action_unmapped", "no")


def test_a_path_is_served_as_it_was_signed_or_not_at_all(shop: Shop, world: World) -> None:
    """No framework redirects to, or serves, another spelling that it would have to ask another action for."""
    answer = signed(shop.app, world.worker, "GET", "/v1/orders/")
    assert answer.status in {200, 403}
    assert shop.ran == (["orders"] if answer.status == 200 else [])


def test_s105_a_mounted_server_reads_the_whole_path(build: Build, world: World) -> None:
    """The server's root_path is part of what is signed, and is the one that was configured."""
    shop, target = build(root_path="/api"), "/api/v1/orders"
    headers = world.worker.sign("GET", target)
    answer = call(shop.app, "GET", target, headers, [*chunked(b""), STALL], root_path="/api")
    assert answer.status == 200
    inner = world.worker.sign("GET", "/v1/orders")
    refused = call(shop.app, "GET", target, inner, [*chunked(b""), STALL], root_path="/api")
    assert refused.code == "signature_invalid"
    assert signed(shop.app, world.worker, "GET", "/v1/orders").code == "target_rejected"


def test_a_handler_may_authorize_further(shop: Shop, world: World) -> None:
    shop.further = delegate.Action(READ["tool"], operation="read", risk="low", resources={"order": ["o-9"]})
    answer = signed(shop.app, world.worker, "POST", "/v1/refunds/o-1", BODY)
    assert (answer.status, answer.code, answer.problem["executed"]) == (403, "out_of_scope", "unknown")
    shop.further = delegate.Action(READ["tool"], operation="read", risk="low", resources={"order": ["o-2"]})
    assert signed(shop.app, world.worker, "POST", "/v1/refunds/o-1", BODY).status == 200


def test_development_shows_the_true_code(build: Build, world: World) -> None:
    shop = build(development=True)
    assert signed(shop.app, world.stranger, "GET", "/v1/orders").code == "untrusted_root"
    answer = signed(shop.app, world.worker, "POST", "/v1/refunds/o-9", BODY)
    assert (answer.code, answer.problem["step"]) == ("out_of_scope", None)


@pytest.mark.parametrize(
    ("target", "status"), [("/v1/refunds/o-1", 200), ("/v1/refunds/o-9", 403), ("/nowhere", 403)]
)
def test_answers_and_refusals_are_signed(build: Build, world: World, target: str, status: int) -> None:
    """Of the handler, of its requirement, and of the gate: one key for all of them."""
    shop = build(answer_key=ANSWER_KEY)
    own = world.worker.sign(
        "POST", target, body=BODY, headers={"accept-signature": ACCEPT_SIGNATURE.encode()}
    )
    answer = ask(shop.app, "POST", target, own, BODY)
    assert answer.status == status
    request = Request(method="POST", path=target.encode(), headers=own)
    assert verify_response(
        world.verifier().binding(request),
        status=status,
        headers=answer.messages[0]["headers"],
        body=answer.body,
        key_for={ANSWER_KEY.key_id: ANSWER_KEY.public_key}.__getitem__,
    )
    assert status == 200 or len(answer.problem["request_id"]) == 64


# --- configuration ---------------------------------------------------------------------------------


def test_protect_refuses_an_observer(build: Build) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(verifier={"mode": "observe"})
    assert caught.value.field == "mode"


def test_protect_finds_mistakes_at_once(build: Build) -> None:
    with pytest.raises(ConfigurationError) as caught:
        build(exempt=["healthz"])
    assert caught.value.field == "exempt"


@pytest.mark.parametrize("wrong", [{"risk": "some"}, {"operation": "Read it"}, {"sensitivities": ["P I I"]}])
@pytest.mark.parametrize("framework", SHOPS)
def test_a_name_that_is_none_is_found_at_import(framework: str, wrong: dict[str, Any]) -> None:
    adapter = import_module(f"delegate.adapters.{framework}")
    with pytest.raises(MalformedError):
        adapter.requires(**(READ | wrong))


# --- faults ----------------------------------------------------------------------------------------

HOOKS = [
    "delegate.server.asgi._own_copy",
    "delegate.server.asgi._request",
    "delegate.server.asgi._signed_view",
    "delegate.server.body.RequestBody._take",
    "delegate.server.body.RequestBody.read",
    "delegate.server.body.RequestBody.replay",
    "delegate.server.stream.BoundAnswer.serve",
    "delegate.server.gate.Gate.check",
    "delegate.server.gate.Gate._is_public",
    "delegate.server.gate.Gate._serve",
    "delegate.server.gate.Gate._serve_permitted",
    "delegate.server.gate.Requirement._verified",
    "delegate.server.gate.Requirement._authorize",
    "delegate.server.gate._Asking.__enter__",
    "delegate.server.gate._Asking.__exit__",
    "delegate.verifier.Verifier.averify",
    "delegate.verifier.Verified.authorize",
    "delegate.clock.ManualClock.now",
    "delegate.replay.memory.MemoryReplayStore.aclaim",
]
"""Every place at which something of ours runs for a permitted request, in any framework."""


class FaultError(Exception):
    """Of a hook that is broken."""


def broken(*_args: object, **_options: object) -> Any:
    raise FaultError


def outcome(app: ASGIApp, *request: Any) -> Answer | None:
    """The answer, or ``None`` where the fault reached the server, which closes the connection."""
    try:
        return signed(app, *request)
    except (FaultError, DelegateError):
        return None


@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")  # Django's, where receive() raises
@pytest.mark.parametrize("hook", HOOKS)
def test_an_exception_in_a_hook_refuses(
    build: Build, world: World, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """'an exception inside any hook of ours refuses the request'"""
    request = (world.worker, "POST", "/v1/refunds/o-1", BODY)
    assert signed(build().app, *request).status == 200
    monkeypatch.setattr(hook, broken)
    try:
        shop = build()
    except FaultError:
        return  # it does not start
    answer = outcome(shop.app, *request)
    gc.collect()
    assert answer is None or not answer.messages or answer.status >= 400
    assert shop.ran == []


def test_an_exception_where_resources_are_named_refuses(shop: Shop, world: World) -> None:
    request = (world.worker, "POST", "/v1/refunds/o-1", BODY)
    for fault in (FaultError(), OutOfScopeError("elsewhere"), ConfigurationError("wrong")):

        def failing(fault: Exception = fault) -> None:
            raise fault

        shop.fault = failing
        answer = outcome(shop.app, *request)
        assert answer is None or answer.status >= 400
        assert shop.ran == []
    shop.fault = bool
    assert signed(shop.app, *request).status == 200


@pytest.mark.parametrize(
    "hook", ["delegate.server.gate.public_refusal", "delegate.server.asgi.public_refusal"]
)
def test_an_exception_while_refusing_still_refuses(
    shop: Shop, world: World, hook: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = (world.worker, "POST", "/v1/refunds/o-9", BODY)
    assert signed(shop.app, *request).code == "out_of_scope"
    monkeypatch.setattr(hook, broken)
    answer = outcome(shop.app, *request)
    assert answer is None or answer.status >= 400
    assert shop.ran == []


def test_an_exception_where_public_routes_are_found_opens_nothing(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(build().app, "GET", "/about", STRANGER).status == 200
    monkeypatch.setattr("delegate.server.gate.Gate._is_public", broken)
    shop = build()
    assert ask(shop.app, "GET", "/about", STRANGER).status == 500
    assert shop.ran == []
