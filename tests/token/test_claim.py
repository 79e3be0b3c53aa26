"""Key claims: a delegator binds authority only to a key that its delegatee has just used."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delegate import dsse
from delegate.canonical import canonicalize
from delegate.clock import ManualClock
from delegate.errors import (
    DelegateError,
    ExpiredError,
    HolderMismatchError,
    IdentityMismatchError,
    MalformedError,
    SignatureInvalidError,
    WindowTooLongError,
)
from delegate.keys import Purpose, SigningKey
from delegate.limits import TIMESTAMP_MAX
from delegate.token import KeyClaim
from tests.support.forge import KEYS, NOW

CLOCK = ManualClock(NOW)
CHALLENGE = "c" * 22
TYPE = dsse.payload_type("key-claim")


def claim(key: SigningKey = KEYS[1], **changes: str) -> bytes:
    names: dict[str, Any] = {"delegator": "agent-0", "agent": "agent-1", "challenge": CHALLENGE}
    return KeyClaim.sign(key, clock=CLOCK, **(names | changes))


def check(data: bytes, *, now: int = NOW) -> KeyClaim:
    return KeyClaim.verify(
        data, delegator="agent-0", agent="agent-1", challenge=CHALLENGE, clock=ManualClock(now)
    )


def forged(signer: SigningKey = KEYS[1], keyid: str | None = None, **changes: object) -> bytes:
    members: dict[str, Any] = {"delegator": "agent-0", "sub": "agent-1", "key": signer.public_key.text}
    members |= {"challenge": CHALLENGE, "exp": NOW + 60} | changes
    payload = canonicalize({name: value for name, value in members.items() if value is not None})
    signature = signer.sign(Purpose.KEY_CLAIM, dsse.pae(TYPE, payload))
    return dsse.DsseEnvelope(
        payload_type=TYPE, payload=payload, keyid=keyid or signer.key_id, signature=signature
    ).to_bytes()


def test_a_claim_answers_its_challenge() -> None:
    checked = check(claim())
    assert (checked.agent, checked.key, checked.expires_at) == ("agent-1", KEYS[1].public_key, NOW + 300)
    assert CHALLENGE not in repr(checked)
    assert check(forged()).key == KEYS[1].public_key


def test_challenges_are_random() -> None:
    assert len({KeyClaim.new_challenge() for _ in range(100)}) == 100
    assert len(KeyClaim.new_challenge()) == 22


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (claim(challenge="d" * 22), HolderMismatchError),
        (claim(delegator="agent-9"), IdentityMismatchError),
        (claim(agent="agent-9"), IdentityMismatchError),
        (forged(keyid=KEYS[2].key_id), HolderMismatchError),
        (forged(signer=KEYS[2], key=KEYS[1].public_key.text), SignatureInvalidError),
        (forged(exp=NOW + 301), WindowTooLongError),
        (forged(exp="soon"), MalformedError),
        (forged(exp=True), MalformedError),
        (forged(extra="x"), MalformedError),
        (forged(exp=None), MalformedError),
        (forged(sub="Agent 1"), MalformedError),
    ],
)
def test_anything_else_is_refused(data: bytes, error: type[DelegateError]) -> None:
    with pytest.raises(error):
        check(data)


def test_a_claim_ends() -> None:
    check(claim(), now=NOW + 299)
    with pytest.raises(ExpiredError):
        check(claim(), now=NOW + 300)


def test_a15_d31_a_signature_of_another_type_is_no_key_claim() -> None:
    other = dsse.payload_type("approval")
    good = dsse.DsseEnvelope.decode(claim(), payload_type=TYPE)
    signature = KEYS[1].sign(Purpose.KEY_CLAIM, dsse.pae(other, good.payload))
    data = dsse.DsseEnvelope(
        payload_type=TYPE, payload=good.payload, keyid=good.keyid, signature=signature
    ).to_bytes()
    with pytest.raises(SignatureInvalidError):
        check(data)


@given(st.binary(max_size=400))
def test_any_bytes_give_a_documented_error(data: bytes) -> None:
    with pytest.raises(DelegateError):
        check(data)


def test_without_a_clock_the_systems_is_read() -> None:
    names: dict[str, Any] = {"delegator": "agent-0", "agent": "agent-1", "challenge": CHALLENGE}
    data = KeyClaim.sign(KEYS[1], **names)
    assert KeyClaim.verify(data, **names).agent == "agent-1"
    with pytest.raises(ExpiredError):
        KeyClaim.verify(claim(), **names)


def test_the_first_and_the_last_second_there_is_are_times_and_no_others() -> None:
    with pytest.raises(ExpiredError):
        check(forged(exp=0))
    with pytest.raises(WindowTooLongError):
        check(forged(exp=TIMESTAMP_MAX))
    for other in (-1, TIMESTAMP_MAX + 1):
        with pytest.raises(MalformedError) as refused:
            check(forged(exp=other))
        assert refused.value.field == "exp"
