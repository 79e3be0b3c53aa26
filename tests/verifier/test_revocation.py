"""What a revocation list ends, asked of a verifier: blocks and all below them, keys, direct requests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from delegate.encoding import b64url_decode, b64url_encode
from delegate.errors import DelegateError, RevocationUnavailableError, RevokedError
from delegate.keys import Issuer, KeyRecord, SigningKey, TrustStore, Usage
from delegate.revocation import FileSource, Revocations
from delegate.scope import Scope
from delegate.token import UnverifiedToken, parse_unverified
from delegate.verifier.chain import require_chain
from tests.support.forge import (
    ISSUER_KEY,
    KEYS,
    NOW,
    ORIGIN,
    OTHER_ORIGIN,
    child_members,
    forge,
    root_members,
)
from tests.support.revocation import (
    demanding,
    publish,
    revocations,
    revoking_record,
    signed_list,
)
from tests.support.wire import COMPONENTS, Server, Wire, sign

GROUP_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
"""Of Ed25519's base point (RFC 8032 section 5.1)."""

TOKEN: Final = forge(root_members(), child_members(1), child_members(2))
SIBLING: Final = forge(root_members(), child_members(1), child_members(2, why="the other one"))
COUSIN: Final = forge(root_members(), child_members(1, why="the other one"), child_members(2))


def request(token: UnverifiedToken) -> Wire:
    """A good request of the token's holder."""
    index = len(token.links) - 1
    wire = Wire().with_header("delegation", f't="{token.text}"')
    wire = wire.with_header("agent-identity", f'"{token.agent}"')
    return sign(wire, key=KEYS[index], keyid=f'"{KEYS[index].key_id}"')


def outcome(wire: Wire, *lists: bytes, **settings: Any) -> DelegateError | None:
    """What a server says that demands lists and was given these."""
    trust = demanding()
    state = revocations(trust)
    for data in lists:
        state.accept(data)
    try:
        Server(**({"trust": trust, "revocation": state} | settings)).deliver(wire)
    except DelegateError as refusal:
        return refusal
    return None


def revoked(*ids: str) -> bytes:
    return signed_list(tokens=ids)


# --- tokens ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "ended", "kept"),
    [
        (2, [TOKEN], [SIBLING, COUSIN, forge(root_members(), child_members(1))]),
        (1, [TOKEN, SIBLING, forge(root_members(), child_members(1))], [COUSIN, forge(root_members())]),
        (0, [TOKEN, SIBLING, COUSIN, forge(root_members())], [forge(root_members(why="another"))]),
    ],
    ids=["leaf", "middle", "root"],
)
def test_d105_a_token_id_ends_its_block_and_every_descendant(
    block: int, ended: list[UnverifiedToken], kept: list[UnverifiedToken]
) -> None:
    """'A token id kills its block and every descendant.'"""
    data = revoked(TOKEN.links[block].token_id)
    for token in ended:
        refused = outcome(request(token), data)
        assert isinstance(refused, RevokedError)
        assert (refused.block, refused.field, refused.step, refused.proved) == (block, "token_id", 8, True)
    for token in kept:
        assert outcome(request(token), data) is None


def test_d105_no_descendant_minted_later_lives() -> None:
    data = revoked(TOKEN.links[1].token_id)
    deeper = forge(root_members(), child_members(1), child_members(2), child_members(3, iat=NOW))
    assert isinstance(outcome(request(deeper), data), RevokedError)
    assert outcome(request(deeper), signed_list()) is None


def test_the_first_revoked_block_is_named() -> None:
    refused = outcome(request(TOKEN), revoked(TOKEN.token_id, TOKEN.chain_id))
    assert refused is not None
    assert refused.block == 0
    assert TOKEN.chain_id in str(refused)


def test_a_revocation_ends_a_chain_that_was_accepted_before() -> None:
    """'Trust, time, revocation, audience and ceiling are evaluated on every call.'"""
    trust = demanding()
    state = revocations(trust)
    state.accept(signed_list(1))
    server = Server(trust=trust, revocation=state)
    server.deliver(request(TOKEN))
    state.accept(signed_list(2, tokens=[TOKEN.token_id]))
    with pytest.raises(RevokedError):
        server.deliver(request(TOKEN))
    assert server.store.claims == 1, "what is revoked takes no place in the replay store"


def test_d110_no_other_text_of_a_token_has_another_id() -> None:
    head, last = TOKEN.text.rsplit(".", 1)
    signature = b64url_decode(last)
    moved = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    malleated = parse_unverified(f"{head}.{b64url_encode(signature[:32] + moved.to_bytes(32, 'little'))}")
    assert malleated.text != TOKEN.text
    assert malleated.token_id == TOKEN.token_id, "an id does not depend on its own block's signature"
    respelled = Wire().with_header("delegation", f't="{TOKEN.text}="')
    for wire, code in (
        (request(malleated), "delegation_signature_invalid"),
        (sign(respelled), "delegation_malformed"),
        (request(TOKEN), "revoked"),
    ):
        refused = outcome(wire, revoked(TOKEN.token_id))
        assert refused is not None
        assert refused.code == code


# --- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key_id", "block", "field"),
    [
        (ISSUER_KEY.key_id, 0, "kid"),
        (KEYS[0].key_id, 0, "key"),
        (KEYS[1].key_id, 1, "key"),
        (KEYS[2].key_id, 2, "key"),
    ],
)
def test_a_key_id_ends_every_chain_that_names_the_key(key_id: str, block: int, field: str) -> None:
    for token in (TOKEN, SIBLING, COUSIN):
        refused = outcome(request(token), signed_list(keys=[key_id]))
        assert isinstance(refused, RevokedError)
        assert (refused.block, refused.field) == (block, field)
        assert outcome(request(token), signed_list(keys=[KEYS[9].key_id])) is None


CRON: Final = SigningKey.from_seed(b"\x55" * 32)


def direct_trust() -> TrustStore:
    """An issuer whose key ``CRON`` signs requests without a delegation."""
    scope = Scope(tools=["orders.read"], operations=["read"])
    cron = KeyRecord(
        key=CRON.public_key,
        usages=frozenset({Usage.REQUEST}),
        not_before=0,
        agent="cron",
        direct_scope=scope,
    )
    return TrustStore(
        [
            Issuer(
                name="acme",
                ceiling=Scope.UNRESTRICTED,
                audiences=(ORIGIN,),
                max_depth=0,
                keys=(cron, revoking_record()),
            )
        ]
    )


def test_a_direct_request_is_held_to_the_keys_on_the_list() -> None:
    wire = Wire().without_header("delegation").with_header("agent-identity", '"cron"')
    wire = sign(wire, components=COMPONENTS.replace(' "delegation"', ""), key=CRON, keyid=f'"{CRON.key_id}"')
    trust = direct_trust()
    state = revocations(trust)
    server = Server(trust=trust, revocation=state, require_delegation=False)
    with pytest.raises(RevocationUnavailableError):
        server.deliver(wire)
    state.accept(signed_list(1, keys=[KEYS[0].key_id]))
    server.deliver(wire)
    state.accept(signed_list(2, keys=[CRON.key_id]))
    with pytest.raises(RevokedError) as refused:
        server.deliver(wire)
    assert (refused.value.block, refused.value.field, refused.value.step) == (None, "keyid", 8)


# --- lists that are not there ----------------------------------------------------------------------


def test_c14_d108_without_a_recent_list_everything_is_refused() -> None:
    """'Older than the staleness bound or absent -> revocation_unavailable.'"""
    absent = outcome(request(TOKEN))
    old = outcome(request(TOKEN), signed_list(at=NOW - 300))
    for refused in (absent, old, outcome(request(TOKEN), signed_list(), revocation=None)):
        assert isinstance(refused, RevocationUnavailableError)
        assert (refused.step, refused.proved, refused.status) == (8, True, 503)
    assert outcome(request(TOKEN), signed_list(at=NOW - 299)) is None


def test_d108_an_issuer_that_needs_no_list_is_asked_for_none() -> None:
    """'... unless the issuer's record says revocation="none".'"""
    trust = demanding(revocation="none")
    state = revocations(trust)
    assert outcome(request(TOKEN), trust=trust, revocation=state) is None
    state.accept(revoked(TOKEN.token_id))
    assert outcome(request(TOKEN), trust=trust, revocation=state) is None, "its list decides nothing either"


def test_a_list_speaks_of_its_issuers_chains_only() -> None:
    trust = demanding()
    acme = trust.snapshot.issuer("acme")
    assert acme is not None
    trust.replace(trust.snapshot.with_issuer(replace(acme, name="other")))
    state = revocations(trust)
    state.accept(signed_list(issuer="other", tokens=[TOKEN.token_id], keys=[KEYS[0].key_id]))
    refused = outcome(request(TOKEN), trust=trust, revocation=state)
    assert isinstance(refused, RevocationUnavailableError), "another issuer's list is none of ours"
    state.accept(signed_list())
    assert outcome(request(TOKEN), trust=trust, revocation=state) is None


def test_audience_and_time_are_asked_before_revocation_and_the_ceiling_after_it() -> None:
    elsewhere = forge(root_members(aud=[OTHER_ORIGIN]))
    assert code(outcome(request(elsewhere))) == "audience_mismatch"
    trust = demanding(ceiling=Scope())
    state = revocations(trust)
    assert code(outcome(request(TOKEN), trust=trust, revocation=state)) == "revocation_unavailable"
    state.accept(signed_list())
    assert code(outcome(request(TOKEN), trust=trust, revocation=state)) == "widened"


def code(refusal: DelegateError | None) -> str | None:
    return None if refusal is None else refusal.code


def test_a_chain_alone_is_held_to_the_same_list() -> None:
    trust = demanding()
    state = revocations(trust)
    state.accept(signed_list(1))
    require_chain(TOKEN, trust.snapshot, origin=ORIGIN, now=NOW, revocation=state)
    state.accept(signed_list(2, tokens=[TOKEN.chain_id]))
    with pytest.raises(RevokedError):
        require_chain(TOKEN, trust.snapshot, origin=ORIGIN, now=NOW, revocation=state)


def test_c12_two_gateways_with_one_file_refuse_at_their_next_look(tmp_path: Path) -> None:
    trust = demanding()
    path = tmp_path / "acme.revoked"
    publish(path, signed_list(1))
    states = [revocations(trust), revocations(trust)]
    sources = [FileSource(path, state) for state in states]

    def look_and_serve() -> list[str | None]:
        for source in sources:
            source.refresh()
        return [code(outcome(request(TOKEN), trust=trust, revocation=state)) for state in states]

    assert look_and_serve() == [None, None]
    publish(path, signed_list(2, keys=[KEYS[1].key_id]))
    assert look_and_serve() == ["revoked", "revoked"]


def test_a_verification_that_needs_no_list_never_asks_for_one() -> None:
    class Untouchable(Revocations):
        def current(self, issuer: str, *, now: int) -> Any:
            raise AssertionError(issuer)

    trust = demanding(revocation="none")
    state = Untouchable(trust, versions=object())  # type: ignore[arg-type]  # it is never used
    assert outcome(request(TOKEN), trust=trust, revocation=state) is None
