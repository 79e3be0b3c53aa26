"""Minting refuses what verification would refuse, by the same name (design section 6)."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.clock import Clock, ManualClock
from delegate.errors import (
    ConfigurationError,
    DelegateError,
    DelegationExpiredError,
    DelegationMalformedError,
    DepthExceededError,
    HolderMismatchError,
    MalformedError,
    TooLargeError,
    WidenedError,
)
from delegate.keys import SigningKey
from delegate.scope import Scope
from delegate.token import UnverifiedToken, attenuate, attenuate_to_ephemeral, issue, parse_unverified
from delegate.token.verify import prove
from tests.support.forge import ISSUER_KEY, KEYS, NARROW, NOW, ORIGIN, OTHER_ORIGIN, SCOPE

CLOCK = ManualClock(NOW)


def mint(**changes: Any) -> UnverifiedToken:
    settings: dict[str, Any] = {
        "issuer": "acme",
        "agent": "agent-0",
        "holder": KEYS[0].public_key,
        "scope": SCOPE,
        "audience": [ORIGIN],
        "expires_in": 600,
        "further_hops": 3,
        "clock": CLOCK,
    }
    return issue(ISSUER_KEY, **(settings | changes))


def hand_on(token: UnverifiedToken, **changes: Any) -> UnverifiedToken:
    settings: dict[str, Any] = {"agent": "agent-1", "holder": KEYS[1].public_key, "clock": CLOCK}
    return attenuate(token, changes.pop("key", KEYS[0]), **(settings | changes))


def test_a_holder_hands_nothing_on_unless_the_issuer_says_so() -> None:
    token = issue(
        ISSUER_KEY,
        issuer="acme",
        agent="agent-0",
        holder=KEYS[0].public_key,
        scope=SCOPE,
        audience=[ORIGIN],
        expires_in=600,
        clock=CLOCK,
    )
    assert token.last.further_hops == 0


def test_what_is_issued_reads_back_and_proves() -> None:
    token = mint(root="user:alice", why="refund run", audience=[OTHER_ORIGIN, ORIGIN, ORIGIN])
    assert parse_unverified(token.text) == token
    prove(token, ISSUER_KEY.public_key)
    block = token.links[0].block
    root = token.root
    assert (root.issuer, root.kid, root.principal) == ("acme", ISSUER_KEY.key_id, "user:alice")
    assert (block.issued_at, block.expires_at) == (NOW, NOW + 600)
    assert (block.further_hops, block.why) == (3, "refund run")
    assert block.audience == (ORIGIN, OTHER_ORIGIN)


def test_two_tokens_never_share_a_nonce_or_an_id() -> None:
    tokens = [mint() for _ in range(50)]
    assert len({token.links[0].block.nonce for token in tokens}) == 50
    assert len({token.chain_id for token in tokens}) == 50


def test_attenuation_narrows_offline_and_keeps_what_is_not_named() -> None:
    token = hand_on(mint(), scope=NARROW, expires_in=60, further_hops=0, why="one order")
    prove(token, ISSUER_KEY.public_key)
    assert (token.path, token.expires_at, token.last.further_hops) == (("agent-0", "agent-1"), NOW + 60, 0)
    assert token.audience == frozenset({ORIGIN})
    assert token.last.scope == NARROW
    same = hand_on(mint())
    assert (same.expires_at, same.last.scope, same.last.further_hops) == (NOW + 600, SCOPE, 2)


def test_c11_expires_in_is_cut_to_the_parents_end() -> None:
    assert hand_on(mint(), expires_in=9999).expires_at == NOW + 600


def test_d13_d14_cycles_and_self_delegation_are_allowed_and_narrow() -> None:
    there = hand_on(mint(), scope=NARROW)
    back = attenuate(there, KEYS[1], agent="agent-0", holder=KEYS[0].public_key, clock=CLOCK)
    prove(back, ISSUER_KEY.public_key)
    assert (back.path, back.last.scope) == (("agent-0", "agent-1", "agent-0"), NARROW)
    itself = hand_on(mint(), agent="agent-0", holder=KEYS[0].public_key, scope=NARROW)
    prove(itself, ISSUER_KEY.public_key)


def test_d8_d11_only_the_holders_key_attenuates() -> None:
    for key in (ISSUER_KEY, KEYS[1], SigningKey.generate()):
        with pytest.raises(HolderMismatchError) as refusal:
            hand_on(mint(), key=key)
        assert refusal.value.block == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"audience": [ORIGIN, OTHER_ORIGIN]}, "aud"),
        ({"further_hops": 3}, "dep"),
        ({"scope": Scope(tools=["orders.delete"], max_risk="low")}, "tools"),
        ({"scope": Scope(max_risk="critical")}, "max_risk"),
        ({"scope": Scope(max_risk="low", operations=["admin"])}, "operations"),
        ({"scope": Scope(max_risk="low", sensitivities=["secret"])}, "sensitivities"),
        ({"scope": Scope(max_risk="low", resources={"repo": {"exact": ["a"]}})}, "resources.repo"),
        ({"scope": Scope(max_risk="low", resources={"order": {"exact": ["o-9"]}})}, "resources.order"),
    ],
)
def test_d20_d42_d43_d44_widening_is_refused_at_mint_by_name(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(WidenedError) as refusal:
        hand_on(mint(), **changes)
    assert (refusal.value.block, refusal.value.field) == (1, field)


def test_d20_depth_is_refused_at_mint() -> None:
    allowed = hand_on(mint(further_hops=1))
    with pytest.raises(DepthExceededError) as refusal:
        hand_on(allowed, key=KEYS[1], holder=KEYS[2].public_key)
    assert refusal.value.block == 2
    with pytest.raises(DepthExceededError):
        hand_on(mint(further_hops=0))


def test_an_expired_token_is_not_handed_on() -> None:
    with pytest.raises(DelegationExpiredError):
        hand_on(mint(), clock=ManualClock(NOW + 600))
    assert hand_on(mint(), clock=ManualClock(NOW + 599)).expires_at == NOW + 600


def test_d52_a_delegators_slow_clock_never_antedates_its_parent() -> None:
    token = hand_on(mint(), clock=ManualClock(NOW - 20))
    assert token.last.block.issued_at == NOW
    prove(token, ISSUER_KEY.public_key)


@pytest.mark.parametrize("expires_in", [0, -1, 1.5, True, "60"])
def test_a_lifetime_is_a_positive_whole_number(expires_in: object) -> None:
    with pytest.raises(ConfigurationError):
        mint(expires_in=expires_in)


@pytest.mark.parametrize(
    "changes",
    [
        {"agent": "Agent One"},
        {"issuer": ""},
        {"why": "a\x00b"},
        {"root": ""},
        {"audience": []},
        {"audience": ["http://api.example.com"]},
        {"further_hops": 16},
        {"further_hops": -1},
    ],
)
def test_bad_values_are_refused_at_mint(changes: dict[str, Any]) -> None:
    with pytest.raises(DelegateError):
        mint(**changes)


def test_d70_text_that_is_not_nfc_is_refused_at_mint_only() -> None:
    for changes in ({"why": "cafe\u0301"}, {"root": "cafe\u0301"}):
        with pytest.raises(MalformedError):
            mint(**changes)
    assert mint(why="caf\u00e9").links[0].block.why == "caf\u00e9"


def test_an_unrestricted_scope_is_for_ceilings_only() -> None:
    with pytest.raises(DelegationMalformedError) as refusal:
        mint(scope=Scope.UNRESTRICTED)
    assert refusal.value.field == "sc"


def test_the_block_that_outgrows_a_header_is_named() -> None:
    big = Scope(tools=[f"tool-{index:03d}-{'x' * 20}" for index in range(120)], max_risk="low")
    token = mint(scope=big, further_hops=9)
    assert len(token.text) < 6144
    with pytest.raises(TooLargeError) as refusal:
        hand_on(token, scope=big)
    assert (refusal.value.block, refusal.value.limit) == (1, 6144)


def test_a_token_for_messages_alone_may_outgrow_a_header() -> None:
    """'6,144 B of text in a header, 16 KiB elsewhere.'"""

    def minted(tools: int, *audience: str) -> int:
        scope = Scope(tools=[f"tool-{number}-{'x' * 100}" for number in range(tools)])
        return len(mint(scope=scope, audience=audience).text)

    assert 6144 < minted(60, "mcp:workspace") < 16 * 1024
    for tools, audience, limit in ((60, ("mcp:workspace", ORIGIN), 6144), (150, ("mcp:workspace",), 16384)):
        with pytest.raises(TooLargeError) as refusal:
            minted(tools, *audience)
        assert (refusal.value.block, refusal.value.limit) == (0, limit)


def test_sixteen_blocks_and_no_more() -> None:
    token = mint(further_hops=15)
    for index in range(1, 16):
        token = attenuate(token, KEYS[index - 1], agent="a", holder=KEYS[index].public_key, clock=CLOCK)
    assert len(token.links) == 16
    with pytest.raises(TooLargeError) as refusal:
        attenuate(token, KEYS[15], agent="a", holder=KEYS[16].public_key, clock=CLOCK)
    assert refusal.value.block == 16


def test_an_ephemeral_key_is_the_only_one_that_can_use_the_narrowed_token() -> None:
    token, key = attenuate_to_ephemeral(mint(), KEYS[0], scope=NARROW, expires_in=30, clock=CLOCK)
    prove(token, ISSUER_KEY.public_key)
    assert token.holder == key.public_key
    assert token.holder not in {each.public_key for each in KEYS}
    assert (token.agent, token.expires_at) == ("agent-0", NOW + 30)


def test_a_hop_that_narrows_expiry_and_one_scope_field_is_small() -> None:
    """A stated scope is complete, so a hop repeats what it keeps: here that is one tool name."""
    token = mint(scope=Scope(tools=["orders.read", "orders.list"]))
    hop = hand_on(token, agent="worker-12345", scope=Scope(tools=["orders.read"]), expires_in=60)
    assert len(hop.text) - len(token.text) < 350


def test_without_a_clock_the_systems_is_read() -> None:
    before = Clock().now()
    token = mint(clock=None)
    assert before <= token.last.block.issued_at <= Clock().now()
    assert hand_on(token, clock=None).last.block.issued_at >= token.last.block.issued_at


def test_a_lifetime_of_one_second_is_one() -> None:
    assert mint(expires_in=1).last.expires_at == NOW + 1
    assert hand_on(mint(), expires_in=1).last.expires_at == NOW + 1


def test_a_token_as_long_as_a_header_takes_is_minted_and_one_character_more_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    size = len(mint().text)
    monkeypatch.setattr("delegate.token.mint.TOKEN_HEADER_MAX_BYTES", size)
    assert len(mint().text) == size
    with pytest.raises(TooLargeError) as refused:
        mint(why="x")
    assert (refused.value.block, refused.value.limit) == (0, size)
