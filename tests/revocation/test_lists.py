"""Revocation lists: their bytes, and who may say so."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate import dsse
from delegate.canonical import canonicalize
from delegate.encoding import b32_encode
from delegate.errors import BytesError, DelegateError, TooLargeError
from delegate.keys import Issuer, Purpose, SigningKey, TrustSnapshot, Usage
from delegate.limits import (
    REVOCATION_LIST_MAX_BYTES,
    REVOCATION_MAX_KEYS,
    REVOCATION_MAX_TOKENS,
    TIMESTAMP_MAX,
)
from delegate.revocation import RevocationList
from delegate.scope import Scope
from tests.support.forge import ISSUER_KEY, KEYS, NOW, chain
from tests.support.revocation import (
    LIST_TYPE,
    REVOKER,
    demanding,
    forged_list,
    list_members,
    refused,
    revoking_record,
    signed_list,
)

STRANGER: Final = SigningKey.from_seed(b"\x55" * 32)
TOKEN: Final = chain(3)
TOKEN_ID: Final = TOKEN.token_id
KEY_ID: Final = KEYS[0].key_id


def verify(data: bytes, trust: TrustSnapshot | None = None, now: int = NOW, skew: int = 5) -> RevocationList:
    return RevocationList.verify(data, trust or demanding().snapshot, now=now, skew=skew)


# --- bytes -----------------------------------------------------------------------------------------


def test_a_list_is_read_as_it_was_signed() -> None:
    data = signed_list(7, tokens=[TOKEN_ID], keys=[KEY_ID], next_update_in=60)
    read = verify(data)
    assert read == RevocationList.read(data, REVOKER.public_key)
    assert read == RevocationList(
        issuer="acme",
        kid=REVOKER.key_id,
        version=7,
        issued_at=NOW,
        next_update=NOW + 60,
        tokens=frozenset({TOKEN_ID}),
        keys=frozenset({KEY_ID}),
    )
    assert json.loads(read.payload) == list_members(
        version=7, next_update=NOW + 60, tokens=[TOKEN_ID], keys=[KEY_ID]
    )


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"v": 2}, "unsupported_version", "v"),
        ({"v": None}, "malformed", "v"),
        ({"v": True}, "malformed", "v"),
        ({"more": 1}, "malformed", None),
        ({"keys": None}, "malformed", None),
        ({"iss": "no name"}, "malformed", "iss"),
        ({"kid": KEY_ID}, "malformed", "kid"),
        ({"kid": 7}, "malformed", "kid"),
        ({"version": 0}, "malformed", "version"),
        ({"version": True}, "malformed", "version"),
        ({"issued_at": -1}, "malformed", "issued_at"),
        ({"issued_at": 10**11}, "malformed", "issued_at"),
        ({"next_update": NOW}, "malformed", "next_update"),
        ({"next_update": "soon"}, "malformed", "next_update"),
        ({"tokens": "a"}, "malformed", "tokens"),
        ({"tokens": [1]}, "malformed", "tokens"),
        ({"tokens": [TOKEN_ID.upper()]}, "malformed", "tokens"),
        ({"tokens": ["a" * 25 + "b"]}, "malformed", "tokens"),
        ({"tokens": [TOKEN_ID + "a"]}, "malformed", "tokens"),
        ({"tokens": [TOKEN_ID, TOKEN_ID]}, "non_canonical", "tokens"),
        ({"tokens": ["b" * 25 + "a", "a" * 26]}, "non_canonical", "tokens"),
        ({"keys": [TOKEN_ID]}, "malformed", "keys"),
        ({"keys": ["A" * 42 + "B"]}, "malformed", "keys"),
    ],
)
def test_what_is_no_list_is_refused_though_it_is_signed(
    changes: dict[str, Any], code: str, field: str | None
) -> None:
    error = refused(lambda: verify(forged_list(**changes)))
    assert (error.code, error.field) == (code, field)
    verify(forged_list())


def test_a_list_has_one_spelling() -> None:
    assert refused(lambda: verify(signed_list() + b"\n")).code == "non_canonical"
    spaced = json.dumps(list_members()).encode()
    assert refused(lambda: verify(forged_list(spaced))).code == "non_canonical"
    envelope = json.loads(signed_list())
    assert refused(lambda: verify(json.dumps(envelope).encode())).code == "non_canonical"


def test_the_ids_of_16_and_32_bytes_are_all_of_the_form() -> None:
    ids = [b32_encode(bytes([number]) * 16) for number in range(256)]
    assert len(verify(signed_list(tokens=ids)).tokens) == 256
    keys = [SigningKey.from_seed(bytes([number]) * 32).key_id for number in range(10, 42)]
    assert len(verify(signed_list(keys=keys)).keys) == 32


def test_a_list_of_all_that_is_permitted_fits_and_one_more_is_refused() -> None:
    tokens = [b32_encode(number.to_bytes(16, "big")) for number in range(REVOCATION_MAX_TOKENS + 1)]
    keys = [f"{number:042d}A" for number in range(REVOCATION_MAX_KEYS + 1)]
    data = signed_list(tokens=tokens[:-1], keys=keys[:-1])
    assert len(data) <= REVOCATION_LIST_MAX_BYTES
    assert len(verify(data).tokens) == REVOCATION_MAX_TOKENS
    for field, ids in (("tokens", tokens), ("keys", keys)):
        changes: dict[str, Any] = {field: ids}
        error = refused(partial(signed_list, **changes))
        assert isinstance(error, TooLargeError)
        assert error.field == field
    assert isinstance(refused(lambda: verify(b"x" * (REVOCATION_LIST_MAX_BYTES + 1))), TooLargeError)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(BytesError):
        verify(data)


@given(st.binary(max_size=200))
def test_any_signed_payload_is_refused(payload: bytes) -> None:
    """ "Any input bytes to a parser give a value or a DelegateError, nothing else." """
    with pytest.raises(BytesError):
        verify(forged_list(payload))


JSON = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text("abAB01-_ \u00e9"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
)


@given(st.sampled_from(sorted(list_members())), JSON)
def test_any_member_gives_a_list_or_a_refusal(name: str, value: Any) -> None:
    with suppress(DelegateError):
        found = verify(forged_list(**{name: value}))
        assert canonicalize(list_members(**{name: value})) == found.payload


def test_the_first_and_the_last_second_there_is_are_times_of_a_list() -> None:
    for issued_at, next_update in ((0, 1), (TIMESTAMP_MAX - 1, TIMESTAMP_MAX)):
        data = forged_list(issued_at=issued_at, next_update=next_update)
        found = RevocationList.read(data, REVOKER.public_key)
        assert (found.issued_at, found.next_update) == (issued_at, next_update)
    for issued_at, next_update in ((0, 0), (TIMESTAMP_MAX, TIMESTAMP_MAX + 1)):
        data = forged_list(issued_at=issued_at, next_update=next_update)
        error = refused(lambda data=data: RevocationList.read(data, REVOKER.public_key))  # type: ignore[misc]
        assert (error.code, error.field) == ("malformed", "next_update")


def test_a_refusal_says_which_block_or_that_the_request_names_the_key() -> None:
    found = verify(signed_list(keys=[KEY_ID]))
    for block, field, where in ((None, "keyid", "the request"), (0, "kid", "block 0"), (2, "key", "block 2")):
        error = refused(partial(found.require_key, KEY_ID, block=block, field=field))
        assert str(error) == f"the {field} of {where} is on revocation list 1 of 'acme'"
        assert (error.block, error.field) == (block, field)
        found.require_key(STRANGER.key_id, block=block, field=field)


# --- who may say so --------------------------------------------------------------------------------


def with_record(**changes: Any) -> TrustSnapshot:
    return demanding(revoking_record(**changes)).snapshot


@pytest.mark.parametrize(
    ("data", "trust", "code"),
    [
        (signed_list(key=STRANGER), demanding().snapshot, "key_unknown"),
        (signed_list(issuer="other"), demanding().snapshot, "key_unknown"),
        (signed_list(key=ISSUER_KEY), demanding().snapshot, "key_purpose"),
        (signed_list(), with_record(usages=frozenset({Usage.RESPONSE})), "key_purpose"),
        (signed_list(), with_record(status="repudiated"), "key_revoked"),
        (signed_list(), with_record(status="retired", retired_at=NOW), "key_revoked"),
        (signed_list(), with_record(not_before=NOW + 1), "key_revoked"),
        (signed_list(), with_record(not_after=NOW), "key_revoked"),
        (signed_list(at=NOW + 6), demanding().snapshot, "created_in_future"),
    ],
    ids=[
        *("stranger", "another issuer", "issuing key", "another usage"),
        *("repudiated", "retired", "too early", "too late", "future"),
    ],
)
def test_d107_a_list_that_nobody_may_sign_is_refused(data: bytes, trust: TrustSnapshot, code: str) -> None:
    assert refused(lambda: verify(data, trust)).code == code
    verify(signed_list())
    verify(signed_list(at=NOW + 5))


def test_d107_a_list_that_is_not_signed_is_refused() -> None:
    envelope = json.loads(signed_list())
    for signature, code in ((bytes(64), "signature_invalid"), (b"", "signature_invalid")):
        envelope["signatures"][0]["sig"] = b64encode(signature).decode()
        assert refused(lambda: verify(canonicalize(envelope))).code == code
    envelope["signatures"] = []
    assert refused(lambda: verify(canonicalize(envelope))).code == "malformed"


def test_a_list_whose_contents_were_changed_is_refused() -> None:
    envelope = json.loads(signed_list(tokens=[TOKEN_ID]))
    envelope["payload"] = b64encode(canonicalize(list_members())).decode()
    assert refused(lambda: verify(canonicalize(envelope))).code == "signature_invalid"


def test_d31_a_signature_for_something_else_is_none_for_a_list() -> None:
    payload = canonicalize(list_members())
    for signed_as, code in ((LIST_TYPE, None), (dsse.payload_type("key-claim"), "signature_invalid")):
        envelope = dsse.DsseEnvelope(
            payload_type=LIST_TYPE,
            payload=payload,
            keyid=REVOKER.key_id,
            signature=REVOKER.sign(Purpose.REVOCATION, dsse.pae(signed_as, payload)),
        )
        if code is None:
            verify(envelope.to_bytes())
        else:
            assert refused(partial(verify, envelope.to_bytes())).code == code


def test_d109_a_delegatee_revokes_nobody() -> None:
    """A holder's key is in no record: "Revocation by holders and ancestors is *later*." """
    for holder in KEYS[:3]:
        data = signed_list(key=holder, tokens=[TOKEN.chain_id])
        assert refused(partial(verify, data)).code == "key_unknown"


def test_a_key_that_two_issuers_have_revokes_for_the_one_whose_record_says_so() -> None:
    acme = demanding().snapshot.issuer("acme")
    assert acme is not None
    other = Issuer(
        name="a-first",
        ceiling=Scope.UNRESTRICTED,
        audiences=acme.audiences,
        max_depth=1,
        keys=(revoking_record(usages=frozenset({Usage.RESPONSE})),),
    )
    trust = TrustSnapshot((other, acme))
    verify(signed_list(), trust)
    assert refused(lambda: verify(signed_list(issuer="a-first"), trust)).code == "key_purpose"
    repudiated = TrustSnapshot((replace(other, keys=(revoking_record(status="repudiated"),)), acme))
    assert refused(lambda: verify(signed_list(), repudiated)).code == "key_revoked"
