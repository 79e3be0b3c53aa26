"""DSSE: the pre-authentication encoding, and envelopes with exactly one signature."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate.dsse import DsseEnvelope, pae, payload_type
from delegate.errors import DelegateError, MalformedError, NonCanonicalError, TooLargeError

KIND = payload_type("key-claim")
ENVELOPE = DsseEnvelope(payload_type=KIND, payload=b'{"v":1}', keyid="k" * 43, signature=bytes(range(64)))


def _wire(**changes: object) -> bytes:
    """The envelope's canonical JSON with members replaced, or dropped where the change is None."""
    members: dict[str, Any] = json.loads(ENVELOPE.to_bytes()) | changes
    kept = {name: value for name, value in members.items() if value is not None}
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _signature(**changes: object) -> dict[str, object]:
    return {"keyid": "k", "sig": base64.b64encode(bytes(64)).decode()} | changes


def test_type_of_a_kind() -> None:
    assert payload_type("revocation-list") == "application/vnd.delegate.revocation-list+json"


def test_the_protocols_own_example() -> None:
    """The example of the DSSE protocol text."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_lengths_are_counted_in_bytes() -> None:
    assert pae("\u00e9", "\u20ac".encode()) == b"DSSEv1 2 \xc3\xa9 3 \xe2\x82\xac"
    assert pae("", b"") == b"DSSEv1 0  0 "


@given(st.lists(st.tuples(st.text("ab 1"), st.binary(max_size=8)), min_size=2, max_size=2, unique=True))
def test_no_two_pairs_share_an_input(pairs: list[tuple[str, bytes]]) -> None:
    first, second = pairs
    assert pae(*first) != pae(*second)


def test_no_other_signing_input_begins_like_this_one() -> None:
    """Design section 4: one table, no two alike."""
    assert ENVELOPE.signing_input.startswith(b"DSSEv1 ")
    assert not ENVELOPE.signing_input.startswith((b"delegate/v1/block\0", b'"'))


def test_envelope_reads_back() -> None:
    assert DsseEnvelope.decode(ENVELOPE.to_bytes(), payload_type=KIND) == ENVELOPE
    assert ENVELOPE.signing_input == pae(KIND, b'{"v":1}')
    assert ENVELOPE.to_bytes() == (
        b'{"payload":"eyJ2IjoxfQ==","payloadType":"application/vnd.delegate.key-claim+json",'
        b'"signatures":[{"keyid":"' + b"k" * 43 + b'","sig":"' + base64.b64encode(bytes(range(64))) + b'"}]}'
    )


def test_repr_shows_neither_payload_nor_signature() -> None:
    assert repr(ENVELOPE) == f"DsseEnvelope(payload_type='{KIND}', keyid='{'k' * 43}')"


def test_equal_by_all_four_parts() -> None:
    assert hash(replace(ENVELOPE)) == hash(ENVELOPE)
    assert replace(ENVELOPE, signature=bytes(64)) != ENVELOPE


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (_wire(payloadType=payload_type("receipt")), "payloadType"),
        (_wire(payloadType=7), "payloadType"),
        (_wire(payload=None), "envelope"),
        (_wire(extra="x"), "envelope"),
        (_wire(signatures=[]), "signatures"),
        (_wire(signatures=[_signature(), _signature()]), "signatures"),
        (_wire(signatures=_signature()), "signatures"),
        (_wire(signatures=["x"]), "signatures"),
        (_wire(signatures=[{"sig": ""}]), "signatures"),
        (_wire(signatures=[_signature(cert="x")]), "signatures"),
        (_wire(signatures=[_signature(keyid=1)]), "keyid"),
        (_wire(signatures=[_signature(sig="AA")]), "sig"),
        (_wire(signatures=[_signature(sig=True)]), "sig"),
        (_wire(payload="eyJ2IjoxfQ"), "payload"),
        (_wire(payload="eyJ2IjoxfR=="), "payload"),
        (_wire(payload=["eyJ2IjoxfQ=="]), "payload"),
        (b"[]", None),
        (b"", None),
    ],
)
def test_refused_envelopes(data: bytes, field: str | None) -> None:
    assert DsseEnvelope.decode(_wire(), payload_type=KIND) == ENVELOPE
    with pytest.raises(MalformedError) as refusal:
        DsseEnvelope.decode(data, payload_type=KIND)
    assert refusal.value.field == field


def test_one_signed_thing_is_one_text() -> None:
    with pytest.raises(NonCanonicalError):
        DsseEnvelope.decode(ENVELOPE.to_bytes() + b"\n", payload_type=KIND)
    with pytest.raises(NonCanonicalError):
        DsseEnvelope.decode(ENVELOPE.to_bytes().replace(b"kkk", b"\\u006bkk", 1), payload_type=KIND)


def test_size_is_checked_first() -> None:
    size = len(ENVELOPE.to_bytes())
    assert DsseEnvelope.decode(ENVELOPE.to_bytes(), payload_type=KIND, max_bytes=size) == ENVELOPE
    with pytest.raises(TooLargeError) as refusal:
        DsseEnvelope.decode(ENVELOPE.to_bytes(), payload_type=KIND, max_bytes=size - 1)
    assert refusal.value.limit == size - 1


@given(st.text(st.characters()), st.binary(), st.text(st.characters()), st.binary())
def test_what_decodes_re_encodes(kind: str, payload: bytes, keyid: str, signature: bytes) -> None:
    envelope = DsseEnvelope(payload_type=kind, payload=payload, keyid=keyid, signature=signature)
    try:
        data = envelope.to_bytes()
    except MalformedError:
        assert any("\ud800" <= char <= "\udfff" for char in kind + keyid)
        return
    assert DsseEnvelope.decode(data, payload_type=kind) == envelope


@given(
    st.binary() | st.integers(0, 300).map(lambda at: ENVELOPE.to_bytes()[:at] + ENVELOPE.to_bytes()[at + 1 :])
)
def test_any_bytes_give_an_envelope_or_a_documented_error(data: bytes) -> None:
    try:
        envelope = DsseEnvelope.decode(data, payload_type=KIND)
    except DelegateError:
        return
    assert envelope.to_bytes() == data


def test_its_repr_shows_neither_payload_nor_signature() -> None:
    assert "keyid=" in repr(ENVELOPE)
    assert "payload=" not in repr(ENVELOPE)
    assert "signature=" not in repr(ENVELOPE)


def test_the_refusal_of_two_signatures_names_the_limit() -> None:
    text = ENVELOPE.to_bytes()
    one = text[text.index(b"[") + 1 : text.index(b"]")]
    with pytest.raises(MalformedError) as refusal:
        DsseEnvelope.decode(text.replace(one, one + b"," + one), payload_type=KIND)
    assert (refusal.value.field, refusal.value.limit) == ("signatures", 1)
