"""Verified is another type than parsed, and only the verifier makes it (design rule 7)."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from delegate.errors import BodyTooLargeError, BodyUnexpectedError, DelegateError
from delegate.scope import Action
from delegate.verifier import Claim, Grant, ReadBody, Verified
from delegate.verifier.proof import _Proof
from tests.support.forge import NARROW, NOW, SCOPE, child_members, forge, root_members
from tests.support.wire import Server, Wire, sign, trust_store

READ = Action("orders.read", operation="read", risk="low", resources={"order": ["o-1"]})


def verified() -> Verified:
    return Server().deliver(sign())


PROOFS: dict[str, Callable[[], Any]] = {"Verified": verified, "Grant": lambda: verified().authorize(READ)}


@pytest.mark.parametrize("make", PROOFS.values(), ids=PROOFS.keys())
def test_a_proof_is_not_made_copied_changed_or_stored_by_anybody_else(make: Callable[[], Any]) -> None:
    """'Calling, copying with changes or unpickling them raises.'"""
    proof = make()
    attempts: list[Callable[[], Any]] = [
        type(proof),
        lambda: type(proof)(verified=proof),
        lambda: copy.copy(proof),
        lambda: copy.deepcopy(proof),
        lambda: dataclasses.replace(proof),
        lambda: proof.__replace__(action=None),
        lambda: pickle.dumps(proof),
        lambda: proof.__setstate__({}),
        lambda: setattr(proof, "action", None),
        lambda: setattr(proof, "token", None),
        lambda: delattr(proof, "verified"),
        lambda: type("Mine", (type(proof),), {}),
    ]
    for attempt in attempts:
        with pytest.raises(TypeError):
            attempt()
    assert not hasattr(proof, "__dict__")
    assert issubclass(type(proof), _Proof)


def test_a_grant_says_who_on_whose_behalf_and_what() -> None:
    token = forge(root_members(root="user:alice"), child_members(1))
    proof = Server().deliver(sign(Wire().with_header("delegation", f't="{token.text}"')))
    grant = proof.authorize(READ)
    assert isinstance(grant, Grant)
    assert (grant.agent, grant.root, grant.issuer) == ("agent-1", "user:alice", "acme")
    assert (grant.path, grant.action) == (("agent-0", "agent-1"), READ)
    assert (grant.chain_id, grant.token_id) == (token.chain_id, token.token_id)
    assert (grant.request_id, grant.key_id) == (proof.envelope.request_id, proof.envelope.key_id)
    assert grant.expires_at == NOW + 600
    assert len(grant.request_id) == 64
    assert token.text not in repr(grant) + repr(proof)


def test_every_block_and_the_ceiling_must_permit() -> None:
    """'Every block's scope and the ceiling permit the action that the server names.'"""
    refund = Action("refunds.create", operation="financial", risk="high", resources={"order": ["o-1"]})
    narrow = NARROW.to_json()
    cases = {
        0: (forge(root_members(sc=narrow), child_members(1)), SCOPE),
        1: (forge(root_members(), child_members(1, sc=narrow)), SCOPE),
    }
    for block, (token, ceiling) in cases.items():
        server = Server(trust=trust_store(ceiling=ceiling))
        proof = server.deliver(sign(Wire().with_header("delegation", f't="{token.text}"')))
        proof.authorize(READ)
        with pytest.raises(DelegateError) as refused:
            proof.authorize(refund)
        assert (refused.value.code, refused.value.block) == ("out_of_scope", block)


def test_authority_ends_with_the_chain() -> None:
    server = Server()
    proof = server.deliver(sign())
    proof.authorize(READ, now=NOW + 599)
    with pytest.raises(DelegateError) as refused:
        proof.authorize(READ, now=NOW + 600)
    assert refused.value.code == "delegation_expired"
    server.clock.advance(600)
    with pytest.raises(DelegateError):
        proof.authorize(READ)


ACTIONS = {
    "tool": (Action("orders.delete", operation="read", risk="low"), "tools"),
    "d76-case": (Action("Orders.read", operation="read", risk="low"), "tools"),
    "operation": (Action("orders.read", operation="write", risk="low"), "operations"),
    "risk": (Action("orders.read", operation="read", risk="critical"), "max_risk"),
    "sensitivity": (
        Action("orders.read", operation="read", risk="low", sensitivities=["secret"]),
        "sensitivities",
    ),
    "type": (
        Action("orders.read", operation="read", risk="low", resources={"repo": ["a"]}),
        "resources.repo",
    ),
    "value": (
        Action("orders.read", operation="read", risk="low", resources={"order": ["o-3"]}),
        "resources.order",
    ),
    "d79-one-of-two": (
        Action("orders.read", operation="read", risk="low", resources={"order": ["o-1", "o-3"]}),
        "resources.order",
    ),
}


@pytest.mark.parametrize(("action", "field"), ACTIONS.values(), ids=ACTIONS.keys())
def test_what_is_not_listed_is_not_permitted(action: Action, field: str) -> None:
    with pytest.raises(DelegateError) as refused:
        verified().authorize(action)
    assert (refused.value.code, refused.value.field) == ("out_of_scope", field)
    verified().authorize(READ)


def test_d66_a_resource_with_dots_is_refused_not_normalized() -> None:
    for value in ("/data/../etc/passwd", "/data/./x", "/data//x", "/data/%2e%2e/x", "/data\\x"):
        with pytest.raises(DelegateError) as refused:
            verified().authorize(
                Action("orders.read", operation="read", risk="low", resources={"file": [value]})
            )
        assert refused.value.code == "resource_malformed"
    verified().authorize(Action("orders.read", operation="read", risk="low", resources={"file": ["/data/x"]}))


def test_what_the_steps_and_the_store_are_given_shows_who_and_nothing_that_was_signed() -> None:
    facts = verified().facts
    assert repr(facts) == "<Facts about a request of 'agent-1'>"
    claim = Claim(key_id="k1", nonce=b"n" * 16)
    assert repr(claim) == "<Claim of k1>"


def test_the_typed_view_of_a_request_has_the_token_it_came_with() -> None:
    proof = verified()
    assert proof.token is not None
    assert proof.envelope.delegation == proof.token.text
    assert proof.envelope.delegation_sha256 == hashlib.sha256(proof.token.text.encode()).digest()


def test_a_body_that_is_too_long_names_the_limit() -> None:
    unexpected, over = ReadBody(0, 1).over_limit(), ReadBody(7, 1).over_limit()
    assert (type(unexpected), unexpected.limit) == (BodyUnexpectedError, 0)
    assert (type(over), over.limit) == (BodyTooLargeError, 7)
