"""The two passes that make a chain believable; each reject beside its positive control."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from delegate.encoding import b64url_decode, b64url_encode
from delegate.errors import (
    AudienceMismatchError,
    DelegateError,
    DelegationExpiredError,
    DelegationNotYetValidError,
    DelegationSignatureInvalidError,
    DepthExceededError,
    WidenedError,
)
from delegate.keys import Issuer, SigningKey
from delegate.scope import Scope
from delegate.token import parse_unverified
from delegate.token.verify import prove, require_current, require_within_ceiling
from tests.support.forge import (
    ISSUER_KEY,
    KEYS,
    NARROW,
    NOW,
    ORIGIN,
    OTHER_ORIGIN,
    SCOPE,
    chain,
    child_members,
    forge,
    root_members,
)

ACME = Issuer(name="acme", ceiling=SCOPE, audiences=(ORIGIN,), max_depth=15, max_ttl=600)


def prove_text(text: str) -> None:
    prove(parse_unverified(text), ISSUER_KEY.public_key)


def blocks_of(text: str) -> list[str]:
    parts = text.split(".")[1:]
    return [".".join(pair) for pair in zip(parts[::2], parts[1::2], strict=True)]


def joined(blocks: list[str]) -> str:
    return ".".join(["dlg1", *blocks])


@pytest.mark.parametrize("length", [1, 2, 4, 11, 16])
def test_d1_good_chains_prove(length: int) -> None:
    prove_text(chain(length).text)


@pytest.mark.parametrize("length", [2, 3, 4, 5, 6])
def test_c2_d2_d3_d12_no_rearrangement_of_a_chain_proves(length: int) -> None:
    """'A spliced, reordered, dropped or truncated-and-extended chain has a bad signature.'"""
    good = blocks_of(chain(length).text)
    prove_text(joined(good))
    arrangements = {
        arrangement
        for size in (length - 1, length, length + 1)
        for arrangement in itertools.islice(itertools.product(range(length), repeat=size), 3000)
        if arrangement != tuple(range(size))
    }
    for arrangement in arrangements:
        with pytest.raises(DelegateError) as refusal:
            prove_text(joined([good[index] for index in arrangement]))
        assert refusal.value.code in {"delegation_signature_invalid", "delegation_malformed"}


def test_c3_a_child_of_one_chain_does_not_fit_under_another() -> None:
    one = blocks_of(forge(root_members(), child_members(1)).text)
    two = blocks_of(forge(root_members(iat=NOW - 1), child_members(1)).text)
    for text in (joined([one[0], two[1]]), joined([two[0], one[1]])):
        with pytest.raises(DelegationSignatureInvalidError) as refusal:
            prove_text(text)
        assert refusal.value.block == 1
    prove_text(joined(one))
    prove_text(joined(two))


def test_d25_every_flipped_bit_is_refused() -> None:
    text = forge(root_members(), child_members(1)).text
    prove_text(text)
    for index, pair in enumerate(text.split(".")[1:]):
        raw = bytearray(parse_part(pair))
        for position in range(len(raw)):
            for bit in (1, 0x80):
                raw[position] ^= bit
                parts = text.split(".")
                parts[1 + index] = b64url_encode(bytes(raw))
                with pytest.raises(DelegateError):
                    prove_text(".".join(parts))
                raw[position] ^= bit


def parse_part(text: str) -> bytes:
    return b64url_decode(text)


@pytest.mark.parametrize("signer", [ISSUER_KEY, KEYS[1], KEYS[5]])
def test_d8_d10_d11_a_block_signed_by_anyone_but_its_delegator_is_refused(signer: SigningKey) -> None:
    blocks = (root_members(), child_members(1))
    with pytest.raises(DelegationSignatureInvalidError) as refusal:
        prove(forge(*blocks, keys=(ISSUER_KEY, signer)), ISSUER_KEY.public_key)
    assert refusal.value.block == 1
    prove(forge(*blocks, keys=(ISSUER_KEY, KEYS[0])), ISSUER_KEY.public_key)


def test_block_0_must_be_signed_by_the_issuers_key() -> None:
    with pytest.raises(DelegationSignatureInvalidError) as refusal:
        prove(forge(root_members(), keys=(KEYS[0],)), ISSUER_KEY.public_key)
    assert refusal.value.block == 0


def wider(**changes: object) -> dict[str, Any]:
    return NARROW.to_json() | changes


WIDENINGS = [
    ({"iat": NOW - 1}, "iat"),
    ({"exp": NOW + 601}, "exp"),
    ({"aud": [ORIGIN, OTHER_ORIGIN]}, "aud"),
    ({"aud": [OTHER_ORIGIN]}, "aud"),
    ({"dep": 3}, "dep"),
    ({"dep": 15}, "dep"),
    ({"sc": wider(max_risk="medium")}, "max_risk"),
    ({"sc": wider(tools=["orders.read", "refunds.create"])}, "tools"),
    ({"sc": wider(operations=["financial", "read"])}, "operations"),
    ({"sc": wider(sensitivities=["personal"])}, "sensitivities"),
    ({"sc": wider(resources={"order": {"exact": ["o-2"]}})}, "resources.order"),
    ({"sc": wider(resources={"file": {"path": ["/data/**"]}})}, "resources.file"),
    ({"sc": wider(resources={"file": {"exact": ["/data/q3/a"]}})}, "resources.file"),
    ({"sc": wider(resources={"repo": {"exact": ["a"]}})}, "resources.repo"),
]


@pytest.mark.parametrize(("changes", "field"), WIDENINGS)
@pytest.mark.parametrize("deep", [False, True])
def test_c1_d20_d42_d43_d44_d51_d52_a_block_that_widens_is_refused_by_name(
    changes: dict[str, Any], field: str, *, deep: bool
) -> None:
    """'Besides, a block that widens anything is refused by name.'"""
    above = [root_members(sc=NARROW.to_json())]
    if deep:
        above.append(child_members(1, dep=2))
        changes = {"dep": 2} if changes == {"dep": 3} else changes
    with pytest.raises(WidenedError) as refusal:
        prove(forge(*above, child_members(len(above), **changes)), ISSUER_KEY.public_key)
    assert (refusal.value.block, refusal.value.field) == (len(above), field)
    prove(forge(*above, child_members(len(above))), ISSUER_KEY.public_key)


def test_equal_is_not_wider() -> None:
    members = {"iat": NOW, "exp": NOW + 600, "aud": [ORIGIN], "dep": 2, "sc": SCOPE.to_json()}
    prove(forge(root_members(), child_members(1, **members)), ISSUER_KEY.public_key)


def test_d47_nothing_cannot_become_something() -> None:
    nothing = Scope(max_risk="low").to_json()
    with pytest.raises(WidenedError):
        prove(forge(root_members(sc=nothing), child_members(1, sc=NARROW.to_json())), ISSUER_KEY.public_key)
    prove(forge(root_members(sc=nothing), child_members(1, sc=nothing)), ISSUER_KEY.public_key)


def test_d20_depth_exactly_at_the_limit_and_one_more() -> None:
    blocks = [root_members(dep=2)] + [child_members(index) for index in range(1, 4)]
    prove(forge(*blocks[:3]), ISSUER_KEY.public_key)
    with pytest.raises(DepthExceededError) as refusal:
        prove(forge(*blocks), ISSUER_KEY.public_key)
    assert refusal.value.block == 3


def test_the_first_failure_ends_it_block_0_first() -> None:
    both = forge(root_members(), child_members(1, exp=NOW + 999), child_members(2), keys=(ISSUER_KEY,))
    with pytest.raises(WidenedError) as refusal:
        prove(both, ISSUER_KEY.public_key)
    assert refusal.value.block == 1
    with pytest.raises(DelegationSignatureInvalidError) as first:
        prove(both, KEYS[3].public_key)
    assert first.value.block == 0


@pytest.mark.parametrize("length", [1, 2, 3, 10])
@pytest.mark.parametrize("expired", [0, -1])
def test_d53_an_expired_block_is_named_at_every_depth(length: int, expired: int) -> None:
    blocks = [root_members(dep=15, exp=NOW + 500)]
    blocks += [child_members(index) for index in range(1, length)]
    if expired == -1 and length > 1:
        blocks[-1]["exp"] = NOW + 400
    token, end = forge(*blocks), NOW + (400 if expired == -1 and length > 1 else 500)
    require_current(token, origin=ORIGIN, now=end - 1, skew=5)
    with pytest.raises(DelegationExpiredError) as refusal:
        require_current(token, origin=ORIGIN, now=end, skew=5)
    assert refusal.value.block == (length - 1 if end == NOW + 400 else 0)


def test_d99_skew_is_granted_to_issuing_and_never_to_expiry() -> None:
    token = chain(1)
    for now in (NOW - 5, NOW, NOW + 599):
        require_current(token, origin=ORIGIN, now=now, skew=5)
    with pytest.raises(DelegationNotYetValidError) as early:
        require_current(token, origin=ORIGIN, now=NOW - 6, skew=5)
    assert (early.value.block, early.value.field) == (0, "iat")
    with pytest.raises(DelegationExpiredError):
        require_current(token, origin=ORIGIN, now=NOW + 600, skew=5)


def test_d52_a_block_of_the_future_is_named() -> None:
    token = chain(2, iat=NOW + 50)
    with pytest.raises(DelegationNotYetValidError) as refusal:
        require_current(token, origin=ORIGIN, now=NOW, skew=5)
    assert refusal.value.block == 1
    require_current(token, origin=ORIGIN, now=NOW + 45, skew=5)


@pytest.mark.parametrize(
    "origin", [OTHER_ORIGIN, "https://api.example.com.evil", "http://api.example.com", ""]
)
def test_a16_c17_d95_another_audience_is_refused(origin: str) -> None:
    with pytest.raises(AudienceMismatchError) as refusal:
        require_current(chain(2), origin=origin, now=NOW, skew=5)
    assert (refusal.value.block, refusal.value.field) == (0, "aud")


def test_the_block_that_drops_an_origin_is_named() -> None:
    both = sorted([ORIGIN, OTHER_ORIGIN])
    token = forge(root_members(aud=both), child_members(1, aud=[ORIGIN]))
    require_current(token, origin=ORIGIN, now=NOW, skew=5)
    with pytest.raises(AudienceMismatchError) as refusal:
        require_current(token, origin=OTHER_ORIGIN, now=NOW, skew=5)
    assert refusal.value.block == 1


def test_a_chain_that_no_block_alone_refuses_is_refused_as_a_whole() -> None:
    """Doubt means no: the last link is asked first, and here it is none of the links."""
    token = forge(root_members(), child_members(1, exp=NOW + 60))
    require_current(token, origin=ORIGIN, now=NOW + 59, skew=5)
    object.__setattr__(token, "links", token.links[:1])
    require_current(token, origin=ORIGIN, now=NOW + 59, skew=5)
    with pytest.raises(DelegationExpiredError, match="as a whole") as refusal:
        require_current(token, origin=ORIGIN, now=NOW + 60, skew=5)
    assert (refusal.value.block, refusal.value.field, refusal.value.limit) == (1, "exp", NOW + 60)


def test_d55_without_the_subset_check_the_meet_still_decides() -> None:
    """'The first alone is sound': a widened child gains nothing even where nobody refuses it by name."""
    token = forge(root_members(), child_members(1, exp=NOW + 9999, aud=[ORIGIN, OTHER_ORIGIN]))
    with pytest.raises(DelegationExpiredError):
        require_current(token, origin=ORIGIN, now=NOW + 600, skew=5)
    with pytest.raises(AudienceMismatchError):
        require_current(token, origin=OTHER_ORIGIN, now=NOW, skew=5)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"exp": NOW + 601}, "exp"),
        ({"dep": 4}, "dep"),
        ({"aud": [ORIGIN, OTHER_ORIGIN]}, "aud"),
        ({"sc": SCOPE.to_json() | {"max_risk": "critical"}}, "max_risk"),
        ({"sc": SCOPE.to_json() | {"tools": ["orders.delete", "orders.read"]}}, "tools"),
    ],
)
def test_d20_block_0_stays_within_the_issuers_ceiling(changes: dict[str, Any], field: str) -> None:
    ceiling = Issuer(name="acme", ceiling=SCOPE, audiences=(ORIGIN,), max_depth=3, max_ttl=600)
    require_within_ceiling(forge(root_members()), ceiling)
    with pytest.raises(WidenedError) as refusal:
        require_within_ceiling(forge(root_members(**changes)), ceiling)
    assert (refusal.value.block, refusal.value.field) == (0, field)


def test_an_unrestricted_ceiling_is_spelled_out() -> None:
    ceiling = Issuer(name="acme", ceiling=Scope.UNRESTRICTED, audiences=(ORIGIN,), max_depth=15, max_ttl=600)
    require_within_ceiling(chain(1), ceiling)


def test_a12_malleated_signatures_are_refused() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    token = chain(1)
    signature = token.last.signature
    scalar = int.from_bytes(signature[32:], "little") + order
    malleated = signature[:32] + scalar.to_bytes(32, "little")
    head = token.text.rpartition(".")[0]
    with pytest.raises(DelegationSignatureInvalidError):
        prove_text(f"{head}.{b64url_encode(malleated)}")
    prove_text(token.text)


def test_a_refusal_says_who_should_have_signed_and_who_allows_how_much() -> None:
    wrong = forge(root_members(), child_members(1), keys=(KEYS[5], KEYS[5]))
    for token, key, whose in (
        (wrong, ISSUER_KEY, "block 0 is not signed by the key of the issuer"),
        (wrong, KEYS[5], "block 1 is not signed by the key of block 0's holder"),
    ):
        with pytest.raises(DelegationSignatureInvalidError, match=whose):
            prove(token, key.public_key)
    with pytest.raises(WidenedError, match=r"states dep 3, block 0 allows 2$") as refusal:
        prove(forge(root_members(dep=3), child_members(1, dep=3)), ISSUER_KEY.public_key)
    assert refusal.value.limit == 2
