"""Delegation held to the sentences of the design: at mint, at verification, and by a slow reading of both."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from delegate.clock import ManualClock
from delegate.errors import DelegateError
from delegate.keys import SigningKey
from delegate.scope import Action, Scope
from delegate.token import attenuate, issue, parse_unverified
from delegate.token.verify import prove
from tests.oracles import scope as oracle
from tests.property.test_scope_properties import actions, scopes
from tests.support.forge import KEYS, NOW, ORIGIN, OTHER_ORIGIN, child_members, forge, root_members
from tests.support.wire import Server, Wire, sign, trust_store

CLOCK = ManualClock(NOW)
ISSUER = SigningKey.from_seed(b"\x01" * 32)

stated = st.fixed_dictionaries(
    {},
    optional={
        "scope": scopes,
        "audience": st.lists(st.sampled_from([ORIGIN, OTHER_ORIGIN]), min_size=1, max_size=2, unique=True),
        "expires_at": st.integers(NOW + 1, NOW + 200),
        "further_hops": st.integers(0, 4),
    },
)
"""What a block may state; what it leaves out stays as its parent has it."""


def wider_parts(parent: dict[str, Any], child: dict[str, Any]) -> set[str]:
    """The oracle: in which respects ``child`` claims more than ``parent``, read off one by one."""
    wider = set()
    if child.get("expires_at", 0) > parent["expires_at"]:
        wider.add("exp")
    if not set(child.get("audience", [])) <= set(parent["audience"]):
        wider.add("aud")
    if "scope" in child and not parent["scope"].contains(child["scope"]):
        wider.add("sc")
    if "further_hops" in child and child["further_hops"] > parent["further_hops"] - 1:
        wider.add("dep")
    if parent["further_hops"] == 0:
        wider.add("depth")
    return wider


def members(block: dict[str, Any]) -> dict[str, Any]:
    """``block`` as the members of a payload, whatever minting would say."""
    names = {"scope": "sc", "audience": "aud", "expires_at": "exp", "further_hops": "dep"}
    wire = {names[name]: value for name, value in block.items()}
    if "sc" in wire:
        wire["sc"] = wire["sc"].to_json()
    if "aud" in wire:
        wire["aud"] = sorted(wire["aud"])
    return wire


@given(
    st.fixed_dictionaries(
        {
            "scope": scopes,
            "audience": st.just([ORIGIN]),
            "expires_at": st.integers(NOW + 50, NOW + 150),
            "further_hops": st.integers(0, 3),
        }
    ),
    stated,
)
def test_d56_what_mint_refuses_verification_refuses_and_so_does_the_oracle(
    parent: dict[str, Any], child: dict[str, Any]
) -> None:
    """'Mint-time refusal = verify-time refusal = oracle.'"""
    root = issue(
        ISSUER,
        issuer="acme",
        agent="agent-0",
        holder=KEYS[0].public_key,
        clock=CLOCK,
        expires_in=parent["expires_at"] - NOW,
        **{name: value for name, value in parent.items() if name != "expires_at"},
    )
    at_mint = at_verification = None
    try:
        attenuate(
            root, KEYS[0], agent="agent-1", holder=KEYS[1].public_key, clock=CLOCK,
            **{name: value for name, value in child.items() if name != "expires_at"},
        )  # fmt: skip
    except DelegateError as error:
        at_mint = (error.code, error.block, error.field)
    without_end = {name: value for name, value in child.items() if name != "expires_at"}
    for block in (without_end, child):
        chain = forge(root_members(**members(parent)), child_members(1, **members(block)))
        try:
            prove(chain, ISSUER.public_key)
            at_verification = None
        except DelegateError as error:
            at_verification = (error.code, error.block, error.field)
        assert (at_verification is not None) == bool(wider_parts(parent, block))
        if block is without_end:
            assert at_verification == at_mint


@given(st.lists(scopes, min_size=1, max_size=3), scopes, actions)
def test_a_request_is_authorized_against_every_block_and_the_ceiling(
    chain: list[Scope], ceiling: Scope, wanted: dict[str, Any]
) -> None:
    """'A request is authorized against *every* block of its chain and the issuer's ceiling.'

    Chains that narrow are made by meeting each scope with those before it; the oracle permits what every
    scope permits by itself.
    """
    narrowing = [chain[0].meet(ceiling)]
    for scope in chain[1:]:
        narrowing.append(narrowing[-1].meet(scope))
    blocks = [root_members(sc=narrowing[0].to_json())]
    blocks += [child_members(index, sc=scope.to_json()) for index, scope in enumerate(narrowing[1:], start=1)]
    last = len(blocks) - 1
    token = forge(*blocks)
    wire = Wire().with_header("delegation", f't="{token.text}"')
    wire = wire.with_header("agent-identity", f'"agent-{last}"')
    signed = sign(wire, key=KEYS[last], keyid=f'"{KEYS[last].key_id}"')
    verified = Server(trust=trust_store(ceiling=ceiling)).deliver(signed)
    expected = all(oracle.permits(scope.to_json(), wanted) for scope in [*chain, ceiling])
    try:
        verified.authorize(Action(**wanted))
        permitted = True
    except DelegateError as error:
        assert error.code in {"out_of_scope", "resource_malformed"}  # noqa: PT017 - both outcomes are right
        permitted = False
    assert permitted == expected


@given(st.integers(1, 6), st.data())
def test_what_parses_re_encodes_to_the_same_bytes(length: int, data: st.DataObject) -> None:
    """'One encoding per value: what parses re-encodes to the same bytes.'"""
    blocks = [root_members(dep=15, why=data.draw(st.none() | st.just("a reason")))]
    blocks += [child_members(index) for index in range(1, length)]
    token = forge(*blocks)
    again = parse_unverified(token.text)
    assert [link.block.to_payload() for link in again.links] == [link.payload for link in token.links]
    assert again == token
