"""Rows of the threat list that no other file answers, each beside its positive control."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from delegate.clock import ManualClock
from delegate.errors import (
    AudienceMismatchError,
    ComponentMissingError,
    ConfigurationError,
    CreatedInFutureError,
    DelegateError,
    HolderMismatchError,
    NonceReplayedError,
    OutOfScopeError,
    RevokedError,
    WidenedError,
)
from delegate.replay.memory import MemoryReplayStore
from delegate.replay.sqlite import SQLiteReplayStore
from delegate.scope import Action, Scope
from delegate.token import attenuate
from tests.support.forge import (
    KEYS,
    NARROW,
    NOW,
    ORIGIN,
    OTHER_ORIGIN,
    child_members,
    forge,
    root_members,
)
from tests.support.revocation import demanding, revocations, signed_list
from tests.support.wire import BODY, COMPONENTS, Server, Wire, sign, token, trust_store
from tests.support.world import World


def refusal(wire: Wire, **settings: Any) -> DelegateError:
    with pytest.raises(DelegateError) as refused:
        Server(**settings).deliver(wire)
    return refused.value


def with_token(text: str, agent: str = "agent-1") -> Wire:
    return Wire().with_header("delegation", f't="{text}"').with_header("agent-identity", f'"{agent}"')


# --- the chain -------------------------------------------------------------------------------------


def test_d57_a_block_that_drops_or_states_an_approval_is_refused() -> None:
    """Approvals are reserved, so no chain has one that a child could drop: stating any is refused by name."""
    Server().deliver(sign())
    for position in (0, 1):
        blocks = [root_members(), child_members(1)]
        blocks[position]["apr"] = [{"m": 2, "of": ["a", "b"]}]
        with pytest.raises(DelegateError) as refused:
            forge(*blocks)
        assert (refused.value.code, refused.value.block) == ("approval_required", position)


def test_d102_what_was_checked_is_what_runs() -> None:
    """Other arguments than the signed ones are refused, and the proof names the digest of those that ran."""
    good = sign()
    wounded = replace(good, body=BODY.replace(b"1250", b"9250"))
    assert refusal(wounded).code == "digest_mismatch"
    assert Server().deliver(good).envelope.body_sha256 is not None


def test_d111_tenants_do_not_lend_each_other_trust_and_chains_are_not_added_up() -> None:
    tenant = {"name": "tenant-b", "keys": trust_store().snapshot.issuer("acme").keys}  # type: ignore[union-attr]
    assert refusal(sign(), trust=trust_store(**tenant), tenant="b").code == "untrusted_root"
    Server(tenant="a").deliver(sign())
    second = forge(root_members(), child_members(1, why="a second chain"))
    both = sign().with_line("delegation", f't="{second.text}"')
    assert refusal(both).code == "header_duplicate"


def test_c4_a_circle_of_holders_is_a_chain_like_any_other() -> None:
    def circle(depth: int) -> str:
        back = child_members(2, sub="agent-0", key=KEYS[0].public_key.text, sc=NARROW.to_json())
        return forge(root_members(dep=depth), child_members(1), back).text

    server = Server()
    signer: dict[str, Any] = {"key": KEYS[0], "keyid": f'"{KEYS[0].key_id}"'}
    verified = server.deliver(sign(with_token(circle(2), "agent-0"), **signer))
    read = Action("orders.read", operation="read", risk="low")
    verified.authorize(read)
    with pytest.raises(OutOfScopeError):
        verified.authorize(Action("refunds.create", operation="read", risk="low"))
    deep = sign(with_token(circle(1), "agent-0"), **signer)
    refused = refusal(deep)
    assert (refused.code, refused.block) == ("depth_exceeded", 2)


def test_c15_nobody_renews_with_another_key_after_a_revocation_or_to_more() -> None:
    parent, clock = token(), ManualClock(NOW)
    renewed: dict[str, Any] = {"agent": "agent-2", "holder": KEYS[2].public_key, "clock": clock}
    attenuate(parent, KEYS[1], **renewed)
    with pytest.raises(HolderMismatchError):
        attenuate(parent, KEYS[2], **renewed)
    with pytest.raises(WidenedError):
        attenuate(parent, KEYS[1], **renewed, scope=Scope(tools=["orders.delete"]))
    child = attenuate(parent, KEYS[1], **renewed)
    trust = demanding()
    lists = revocations(trust)
    wire = sign(with_token(child.text, "agent-2"), key=KEYS[2], keyid=f'"{KEYS[2].key_id}"')
    lists.accept(signed_list(1))
    Server(trust=trust, revocation=lists).deliver(wire)
    lists.accept(signed_list(2, tokens=[parent.token_id]))
    assert type(refusal(wire, trust=trust, revocation=lists)) is RevokedError


def test_c13_after_a_revocation_is_in_force_no_thread_accepts() -> None:
    """'0 uses after the revoke call returns', whatever the threads were doing when it was made."""
    trust = demanding()
    lists = revocations(trust)
    lists.accept(signed_list(1))
    wire = sign()
    late: list[str | None] = []
    ready, revoked = threading.Barrier(9), threading.Event()

    def use() -> None:
        server = Server(trust=trust, revocation=lists)
        ready.wait()
        while True:
            over = revoked.is_set()  # read before the request: what is accepted below began afterwards
            code = server.verifier.explain(wire.request(), wire.body).code
            if over:
                late.append(code)
                return

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    ready.wait()
    lists.accept(signed_list(2, tokens=[token().token_id]))
    revoked.set()
    for thread in threads:
        thread.join()
    assert late == ["revoked"] * 8


def test_c7_a_stolen_token_and_an_old_request_are_a_replay_or_expired() -> None:
    server, wire = Server(), sign()
    server.deliver(wire)
    with pytest.raises(NonceReplayedError):
        server.deliver(wire)
    server.clock.advance(60)
    with pytest.raises(DelegateError) as late:
        server.deliver(wire)
    assert late.value.code == "expired"


# --- delegation and binding ------------------------------------------------------------------------


def test_s149_s150_s155_the_request_is_bound_to_a_chain_that_holds_now() -> None:
    Server().deliver(sign())
    assert refusal(sign(key=KEYS[5], keyid=f'"{KEYS[5].key_id}"')).code == "holder_mismatch"
    short = sign(with_token(forge(root_members(iat=NOW - 60, exp=NOW), child_members(1)).text))
    assert refusal(short).code == "delegation_expired"
    wider = sign(with_token(forge(root_members(), child_members(1, exp=NOW + 601)).text))
    assert refusal(wider).code == "widened"


def test_s151_a_path_is_matched_by_whole_segments() -> None:
    scope = Scope(tools=["t"], operations=["read"], resources={"route": {"path": ["/v1/orders/**"]}})

    def action(path: str) -> Action:
        return Action("t", operation="read", risk="low", resources={"route": [path]})

    scope.require_permits(action("/v1/orders/1"), block=0)
    for path in ("/v1/orders-evil", "/v1/orders-evil/1", "/v1/orders"):
        with pytest.raises(OutOfScopeError):
            scope.require_permits(action(path), block=0)


@pytest.mark.parametrize("value", [f"h=:{'A' * 43}=:", "h=:AAAA:", f't="{token().text}", h=:AAAA:'])
def test_s152_s153_s154_tokens_by_reference_are_not_read(value: str) -> None:
    refused = refusal(sign(Wire().with_header("delegation", value)))
    assert (refused.code, refused.component) == ("delegation_malformed", "delegation")
    Server().deliver(sign())


def test_s99_two_authorities_are_never_one() -> None:
    """However a server hands on an HTTP/2 request whose :authority and Host differ."""
    both = sign().with_line("host", "other.example.com")
    assert refusal(both).code == "header_duplicate"
    assert refusal(sign().with_header("host", "other.example.com")).code == "authority_rejected"


# --- time and nonces -------------------------------------------------------------------------------


def test_s54_there_is_no_skew_on_expiry() -> None:
    """The design grants none, so no request is accepted whose nonce could be forgotten."""
    for seconds, accepted in ((59, True), (60, False), (65, False)):
        server = Server()
        server.clock.advance(seconds)
        if accepted:
            server.deliver(sign())
        else:
            with pytest.raises(DelegateError) as refused:
                server.deliver(sign())
            assert refused.value.code == "expired"


def test_s62_a_clock_that_steps_back_reopens_no_nonce() -> None:
    server = Server()
    blocks = root_members(iat=NOW - 200, exp=NOW + 200), child_members(1, iat=NOW - 200)
    old = with_token(forge(*blocks).text)
    wire = sign(old, created=str(NOW - 100), expires=str(NOW + 100))
    server.deliver(wire)
    server.clock.set(NOW - 60)
    with pytest.raises(NonceReplayedError):
        server.deliver(wire)


@pytest.mark.parametrize("back", [3_600, 86_400, NOW])
def test_b14_a_clock_set_back_accepts_nothing_new(back: int) -> None:
    server = Server()
    server.deliver(sign())
    server.clock.set(NOW - back)
    with pytest.raises(CreatedInFutureError):
        server.deliver(sign(nonce='"AAAAAAAAAAAAAAAAAAAAAA"'))


def test_b16_two_servers_30_s_apart_accept_what_both_windows_hold() -> None:
    slow, fast = Server(), Server()
    slow.clock.set(NOW - 30)
    with pytest.raises(CreatedInFutureError):
        slow.deliver(sign())
    fast.deliver(sign())
    slow.clock.set(NOW - 5)
    slow.deliver(sign())


def test_b12_a_nonce_that_was_claimed_before_a_crash_stays_claimed(tmp_path: Path) -> None:
    """A process that dies after the claim: the same bytes are a replay, a fresh signature is not."""
    clock = ManualClock(NOW)
    first = SQLiteReplayStore(tmp_path / "nonces", clock=clock, assume_fresh=True)
    Server(replay=first).deliver(sign())
    first.close()
    again = SQLiteReplayStore(tmp_path / "nonces", clock=clock)
    assert type(refusal(sign(), replay=again)) is NonceReplayedError
    Server(replay=again).deliver(sign(nonce='"AAAAAAAAAAAAAAAAAAAAAA"'))
    again.close()


def test_s170_each_nonce_comes_from_the_system_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process keeps a counter that a fork could share: the source is asked anew for each signature."""
    asked: list[int] = []
    source = os.urandom

    def counted(size: int) -> bytes:
        asked.append(size)
        return source(size)

    worker = World().worker
    monkeypatch.setattr(os, "urandom", counted)
    signatures = {dict(worker.sign("GET", "/"))[b"signature-input"] for _ in range(50)}
    assert len(signatures) == 50
    assert asked.count(16) >= 50


# --- set-up ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", "../a", "a b", "a\n", "a" * 129, "\u0430cme"])
def test_k2_a_tenant_whose_name_could_be_mistaken_is_refused_at_start(name: str) -> None:
    store = MemoryReplayStore(single_process=True, assume_fresh=True)
    with pytest.raises(ConfigurationError) as refused:
        Server(tenant=name, replay=store)
    assert refused.value.field == "tenant"
    Server(tenant="a-b.c", replay=store)


def test_c17_d95_a_token_for_one_server_is_refused_at_another() -> None:
    other = Server(origins=[OTHER_ORIGIN])
    wire = sign().with_header("host", "other.example.com")
    aimed = sign(Wire().with_header("host", "other.example.com"))
    with pytest.raises(DelegateError) as moved:
        other.deliver(wire)
    assert moved.value.code == "signature_invalid"
    with pytest.raises(AudienceMismatchError):
        other.deliver(aimed)
    Server(origins=[ORIGIN]).deliver(sign())


def test_s4_an_uncovered_digest_is_named() -> None:
    less = " ".join(item for item in COMPONENTS.split() if "digest" not in item)
    with pytest.raises(ComponentMissingError) as refused:
        Server().deliver(sign(components=less))
    assert refused.value.component == "content-digest"
