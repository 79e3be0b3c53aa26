"""The text form: strict, bounded, one text for each token (design section 6)."""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import re
from base64 import b32encode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from delegate.canonical import canonicalize
from delegate.encoding import b64url_decode, b64url_encode
from delegate.errors import (
    AlgNotAllowedError,
    ApprovalRequiredError,
    BudgetUnmeteredError,
    DelegateError,
    DelegationMalformedError,
    KeyWeakError,
    NonCanonicalError,
    TooLargeError,
    UnsupportedVersionError,
)
from delegate.limits import AUDIENCE_MAX_ORIGINS, TOKEN_MAX_BLOCKS, TOKEN_MAX_BYTES
from delegate.token import parse_unverified
from tests.support.forge import (
    NARROW,
    NOW,
    OTHER_ORIGIN,
    SCOPE,
    chain,
    child_members,
    forge,
    forge_text,
    next_prefix,
    root_members,
)

GOOD = chain(3).text


@given(st.one_of(st.text(), st.text(alphabet="dlg1.AQgw-_=").map(lambda tail: "dlg1." + tail)))
@example(GOOD)
@example("dlg1." + "." * 40)
def test_any_text_gives_a_token_or_a_documented_error(text: str) -> None:
    """'Any bytes given to any parser yield a value or a DelegateError.'"""
    with contextlib.suppress(DelegateError):
        assert parse_unverified(text).text == text


@given(st.binary(max_size=300), st.binary(min_size=64, max_size=64))
@example(canonicalize(root_members()), bytes(64))
def test_any_payload_gives_a_token_or_a_documented_error(payload: bytes, signature: bytes) -> None:
    text = f"dlg1.{b64url_encode(payload)}.{b64url_encode(signature)}"
    with contextlib.suppress(DelegateError):
        assert parse_unverified(text).links[0].block.to_payload() == payload


@pytest.mark.parametrize("length", [1, 2, 4, 11, 16])
def test_d1_chains_are_read_and_re_encode_to_the_same_bytes(length: int) -> None:
    token = chain(length)
    assert len(token.links) == length
    assert token.path == tuple(f"agent-{index}" for index in range(length))
    parts = token.text.split(".")[1::2]
    assert [b64url_encode(link.block.to_payload()) for link in token.links] == parts


@pytest.mark.parametrize(
    ("wound", "error"),
    [
        (lambda text: "", DelegationMalformedError),
        (lambda text: "dlg1", DelegationMalformedError),
        (lambda text: "dlg1.", DelegationMalformedError),
        (lambda text: text + ".", DelegationMalformedError),
        (lambda text: text + "!!", DelegationMalformedError),
        (lambda text: text + "\n", DelegationMalformedError),
        (lambda text: " " + text, DelegationMalformedError),
        (lambda text: text.rpartition(".")[0], DelegationMalformedError),
        (lambda text: text[:-1], DelegationMalformedError),
        (lambda text: text + "=", DelegationMalformedError),
        (lambda text: text.replace("dlg1", "jwt1"), DelegationMalformedError),
        (lambda text: text.replace("dlg1", "dlg2"), UnsupportedVersionError),
        (lambda text: text.replace("dlg1", "DLG1"), DelegationMalformedError),
        (lambda text: text + ".AAAA.AAAA" * 16, TooLargeError),
        (lambda text: text + "A" * 17_000, TooLargeError),
    ],
)
def test_d15_d17_d87_c19_other_texts_are_refused(wound: object, error: type[DelegateError]) -> None:
    assert callable(wound)
    with pytest.raises(error):
        parse_unverified(wound(GOOD))
    assert parse_unverified(GOOD).text == GOOD


def test_d87_every_last_character_has_one_form() -> None:
    """A signature is 64 bytes: its last character carries four stray bits, and all must be zero."""
    *head, last = GOOD.rpartition(".")
    assert b64url_decode(last, size=64)
    accepted = []
    for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=":
        try:
            parse_unverified("".join(head) + last[:-1] + character)
            accepted.append(character)
        except DelegationMalformedError:
            continue
    assert accepted == ["A", "Q", "g", "w"]


@pytest.mark.parametrize("name", ["v", "iss", "kid", "sub", "key", "iat", "exp", "n", "dep", "aud", "sc"])
def test_a17_every_member_of_block_0_is_required(name: str) -> None:
    with pytest.raises(DelegationMalformedError) as refusal:
        forge(root_members(**{name: None}))
    assert (refusal.value.block, refusal.value.field) == (0, name)


@pytest.mark.parametrize("name", ["sub", "key", "iat", "n"])
def test_four_members_of_every_further_block_are_required(name: str) -> None:
    with pytest.raises(DelegationMalformedError) as refusal:
        forge(root_members(), child_members(1, **{name: None}))
    assert (refusal.value.block, refusal.value.field) == (1, name)


@pytest.mark.parametrize("name", ["x-note", "crit", "jwk", "jku", "x5c", "token_id", "chain_id", "d", "nbf"])
@pytest.mark.parametrize("block", [0, 1, 2])
def test_d18_d27_d28_d33_d49_d50_a18_unknown_members_are_refused_in_every_block(
    name: str, block: int
) -> None:
    blocks = [root_members(), child_members(1), child_members(2)]
    blocks[block][name] = "canary-secret"
    with pytest.raises(DelegationMalformedError) as refusal:
        forge(*blocks)
    assert (refusal.value.block, refusal.value.field) == (block, name)
    assert "canary" not in str(refusal.value)


@pytest.mark.parametrize("name", ["v", "iss", "kid", "root"])
def test_only_block_0_states_the_root(name: str) -> None:
    with pytest.raises(DelegationMalformedError) as refusal:
        forge(root_members(), child_members(1, **{name: root_members(root="user:a")[name]}))
    assert (refusal.value.block, refusal.value.field) == (1, name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sub", 7),
        ("sub", ""),
        ("sub", "\u0430gent"),
        ("key", 7),
        ("key", "ed25519:AA"),
        ("iat", "1795175603"),
        ("iat", True),
        ("iat", -1),
        ("iat", NOW * 1000),
        ("exp", NOW),
        ("exp", True),
        ("n", "AAAA"),
        ("n", 5),
        ("dep", True),
        ("dep", -1),
        ("dep", 16),
        ("dep", "3"),
        ("aud", []),
        ("aud", "https://api.example.com"),
        ("aud", ["https://API.example.com"]),
        ("aud", [7]),
        ("sc", []),
        ("sc", "all"),
        ("why", 5),
        ("why", "a\u202eb"),
        ("root", ""),
        ("iss", "acme corp"),
        ("kid", []),
    ],
)
def test_d19_d48_d61_other_types_and_values_are_malformed(name: str, value: object) -> None:
    with pytest.raises(DelegationMalformedError) as refusal:
        forge(root_members(**{name: value}))
    assert refusal.value.block == 0
    assert forge(root_members()).agent == "agent-0"


@pytest.mark.parametrize("value", [1.5, [None], {"a": None}])
def test_d48_floats_and_null_are_outside_the_signed_subset(value: object) -> None:
    with pytest.raises(DelegationMalformedError):
        forge(root_members(sc=value))


def test_d48_null_is_never_unset() -> None:
    payload = canonicalize(child_members(1) | {"exp": None})
    with pytest.raises(DelegationMalformedError) as refusal:
        parse_unverified(forge_text(canonicalize(root_members()), payload))
    assert refusal.value.block == 1


@pytest.mark.parametrize(
    "members", [{"aud": sorted([OTHER_ORIGIN, "https://a"], reverse=True)}, {"aud": ["https://a"] * 2}]
)
def test_sets_are_strictly_ascending(members: dict[str, object]) -> None:
    with pytest.raises(NonCanonicalError) as refusal:
        forge(root_members(**members))
    assert (refusal.value.block, refusal.value.field) == (0, "aud")


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda payload: payload.replace(b",", b", "),
        lambda payload: payload.replace(b'"iat"', b'"\\u0069at"'),
        lambda payload: payload.replace(b'"dep":3', b'"dep":3.0'),
        lambda payload: b" " + payload,
        lambda payload: payload + b"\n",
        lambda payload: b'{"v":1,' + payload[1:].replace(b',"v":1', b""),
    ],
)
def test_d85_a9_equal_meaning_in_other_bytes_is_refused(rewrite: object) -> None:
    assert callable(rewrite)
    payload = canonicalize(root_members())
    assert rewrite(payload) != payload
    with pytest.raises(DelegateError) as refusal:
        parse_unverified(forge_text(rewrite(payload)))
    assert refusal.value.code in {"non_canonical", "delegation_malformed"}
    assert refusal.value.block == 0
    assert parse_unverified(forge_text(payload)).agent == "agent-0"


def test_d82_a3_duplicate_members_are_refused() -> None:
    payload = canonicalize(root_members())
    for double in (b'{"sub":"evil",', b'{"\\u0073ub":"evil",'):
        with pytest.raises(DelegationMalformedError):
            parse_unverified(forge_text(double + payload[1:]))


def test_d89_deep_nesting_is_refused_without_recursion() -> None:
    deep = b'{"a":' * 2000 + b"1" + b"}" * 2000
    with pytest.raises(TooLargeError) as refusal:
        parse_unverified(forge_text(deep))
    assert refusal.value.block == 0


def test_d26_a10_the_algorithm_is_in_the_key() -> None:
    for alg in ("none", "hs256", "rsa", "EdDSA", ""):
        text = root_members()["key"].replace("ed25519", alg)
        with pytest.raises((AlgNotAllowedError, DelegationMalformedError)) as refusal:
            forge(root_members(key=text))
        assert refusal.value.block == 0


def test_d30_a_small_order_holder_key_is_refused() -> None:
    with pytest.raises(KeyWeakError) as refusal:
        forge(root_members(), child_members(1, key="ed25519:" + b64url_encode(b"\x01" + bytes(31))))
    assert refusal.value.block == 1


@pytest.mark.parametrize("version", [0, 2, 99])
def test_a17_another_version_is_refused(version: int) -> None:
    with pytest.raises(UnsupportedVersionError):
        forge(root_members(v=version))


@pytest.mark.parametrize("version", [True, "1"])
def test_a17_a_version_of_another_type_is_refused(version: object) -> None:
    with pytest.raises(DelegateError):
        forge(root_members(v=version))


def test_d60_budgets_and_approvals_are_refused_until_they_can_be_honoured() -> None:
    for name, error in (("bud", BudgetUnmeteredError), ("apr", ApprovalRequiredError)):
        with pytest.raises(error) as refusal:
            forge(root_members(), child_members(1, **{name: {"calls": 1}}))
        assert (refusal.value.block, refusal.value.field) == (1, name)


def test_ids_are_derived_not_claimed() -> None:
    """'token_id = first 16 bytes of SHA-256("delegate/v1/id" 0x00 ‖ prefix_hash ‖ payload)'."""
    token = chain(3)
    prefix = bytes(32)
    for link in token.links:
        digest = hashlib.sha256(b"delegate/v1/id\x00" + prefix + link.payload).digest()
        assert link.token_id == b32encode(digest[:16]).decode().rstrip("=").lower()
        assert re.fullmatch("[a-z2-7]{26}", link.token_id)
        prefix = next_prefix(prefix, link.payload, link.signature)
    assert (token.chain_id, token.token_id) == (token.links[0].token_id, token.links[2].token_id)


def test_d110_the_id_does_not_depend_on_the_blocks_own_signature() -> None:
    token = chain(2)
    head, _, signature = token.text.rpartition(".")
    other = parse_unverified(f"{head}.{b64url_encode(bytes(64))}")
    assert signature
    assert other.token_id == token.token_id


def test_effective_values_are_meets_even_where_a_block_claims_more() -> None:
    token = forge(
        root_members(dep=2, exp=NOW + 100, sc=NARROW.to_json()),
        child_members(1, dep=9, exp=NOW + 900, aud=[OTHER_ORIGIN], sc=SCOPE.to_json()),
        child_members(2, dep=9),
    )
    assert [link.expires_at for link in token.links] == [NOW + 100] * 3
    assert [link.further_hops for link in token.links] == [2, 1, 0]
    assert [sorted(link.audience) for link in token.links][1:] == [[], []]


def test_d45_what_a_block_leaves_out_stays_as_it_is() -> None:
    token = forge(root_members(sc=NARROW.to_json()), child_members(1))
    first, last = token.links
    assert (last.expires_at, last.audience, last.scope) == (first.expires_at, first.audience, first.scope)
    assert last.further_hops == first.further_hops - 1


def test_a_token_is_immutable_shows_no_text_and_compares_by_text() -> None:
    token, again = chain(2), chain(2)
    assert token == again
    assert hash(token) == hash(again)
    assert token != chain(1)
    assert token != token.text
    for part in token.text.split(".")[1:]:
        assert part not in repr(token)
    with pytest.raises(AttributeError):
        token.text = "dlg1"
    with pytest.raises((TypeError, AttributeError)):
        pickle.dumps(token)


def test_a_known_prefix_is_not_read_again() -> None:
    token = chain(3)
    known = parse_unverified(token.text.rsplit(".", 2)[0])
    extended = parse_unverified(token.text, known=known)
    assert extended == token
    assert all(left is right for left, right in zip(known.links, extended.links, strict=False))


def test_the_longest_text_is_read_and_one_character_more_is_too_large() -> None:
    text = "dlg1." + "A" * (TOKEN_MAX_BYTES - len("dlg1."))
    with pytest.raises(DelegationMalformedError):
        parse_unverified(text)
    with pytest.raises(TooLargeError) as refused:
        parse_unverified(text + "A")
    assert refused.value.limit == TOKEN_MAX_BYTES


def test_the_longest_chain_is_read_and_one_block_more_is_too_large() -> None:
    longest = chain(TOKEN_MAX_BLOCKS)
    assert parse_unverified(longest.text) == longest
    with pytest.raises(TooLargeError) as refused:
        parse_unverified(longest.text + ".e30." + "A" * 86)
    assert refused.value.limit == TOKEN_MAX_BLOCKS
    with pytest.raises(TooLargeError):
        parse_unverified(longest.text + ".")


def test_the_widest_audience_is_read_and_one_origin_more_is_malformed() -> None:
    origins = [f"https://{number:02}.example.com" for number in range(AUDIENCE_MAX_ORIGINS + 1)]
    assert len(chain(1, aud=origins[1:]).audience) == AUDIENCE_MAX_ORIGINS
    with pytest.raises(DelegationMalformedError) as refused:
        chain(1, aud=origins)
    assert (refused.value.field, refused.value.limit) == ("aud", AUDIENCE_MAX_ORIGINS)


def test_no_repr_shows_a_nonce_a_signature_or_a_payload() -> None:
    link = chain(2).last
    assert link.block.agent in repr(link)
    for name in ("nonce", "payload", "signature", "prefix_hash", "parent"):
        assert f"{name}=" not in repr(link)
