"""Chains and requests in which Ed25519 and P-256 meet: any mixture verifies, and no mix-up does."""

from __future__ import annotations

import datetime as dt
from base64 import b64decode, b64encode
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from hypothesis import given
from hypothesis import strategies as st

from delegate import dsse
from delegate.clock import ManualClock
from delegate.encoding import b64url_encode
from delegate.errors import (
    AlgKeyMismatchError,
    AlgNotAllowedError,
    DelegateError,
    DelegationMalformedError,
    DelegationSignatureInvalidError,
    HolderMismatchError,
    KeyWeakError,
    NonceReplayedError,
    SignatureInvalidError,
    SignatureMalformedError,
)
from delegate.keys import SigningKey
from delegate.revocation import RevocationList
from delegate.token import KeyClaim, UnverifiedToken, attenuate, issue, parse_unverified
from delegate.token.chain import append
from delegate.token.verify import prove
from tests.support import forge, p256
from tests.support.forge import NOW, ORIGIN, SCOPE, child_members, root_members
from tests.support.p256 import other_s
from tests.support.revocation import demanding, revoking_record
from tests.support.wire import Server, Wire, issuing_record, parameters, sign, trust_store

CLOCK: Final = ManualClock(NOW)
ISSUERS: Final = (forge.ISSUER_KEY, p256.KEYS[16])
PAIRS: Final = tuple(zip(forge.KEYS, p256.KEYS, strict=True))
"""For each place in a chain a key of either algorithm."""
HTTP_ALG: Final = {"ed25519": "ed25519", "p256": "ecdsa-p256-sha256"}


def mint(issuer: SigningKey, holders: list[SigningKey]) -> UnverifiedToken:
    """A chain handed on from one holder to the next."""
    token = issue(
        issuer,
        issuer="acme",
        agent="agent-0",
        holder=holders[0].public_key,
        scope=SCOPE,
        audience=[ORIGIN],
        expires_in=600,
        further_hops=15,
        clock=CLOCK,
    )
    for index, (giver, taker) in enumerate(pairwise(holders), start=1):
        token = attenuate(token, giver, agent=f"agent-{index}", holder=taker.public_key, clock=CLOCK)
    return token


def request(token: UnverifiedToken, key: SigningKey, **changes: str | None) -> Wire:
    """A request with this token, signed by this key."""
    wire = Wire().with_header("delegation", f't="{token.text}"')
    wire = wire.with_header("agent-identity", f'"{token.agent}"')
    stated: dict[str, str | None] = {"keyid": f'"{key.key_id}"', "alg": f'"{HTTP_ALG[key.public_key.alg]}"'}
    return sign(wire, key=key, params=parameters(**(stated | changes)))


def server(issuer: SigningKey) -> Server:
    return Server(trust=trust_store(keys=(issuing_record(issuer),)))


def with_signature(wire: Wire, signature: bytes) -> Wire:
    return wire.with_header("signature", f"dlg=:{b64encode(signature).decode()}:")


def signature_of(wire: Wire) -> bytes:
    return b64decode(dict(wire.headers)["signature"].removeprefix("dlg=:").removesuffix(":"))


# --- any mixture -----------------------------------------------------------------------------------


@given(st.sampled_from(ISSUERS), st.lists(st.integers(0, 1), min_size=1, max_size=6))
def test_any_chain_of_both_algorithms_verifies(issuer: SigningKey, choice: list[int]) -> None:
    """Block i is signed by the key that block i-1 states, whatever its algorithm (design section 6)."""
    holders = [PAIRS[index][chosen] for index, chosen in enumerate(choice)]
    token = parse_unverified(mint(issuer, holders).text)
    prove(token, issuer.public_key)
    verified = server(issuer).deliver(request(token, holders[-1]))
    assert verified.key_id == holders[-1].key_id
    assert verified.envelope.algorithm == HTTP_ALG[holders[-1].public_key.alg]
    assert verified.path == tuple(f"agent-{index}" for index in range(len(holders)))


@given(st.sampled_from(ISSUERS), st.lists(st.integers(0, 1), min_size=1, max_size=4), st.data())
def test_in_no_place_the_key_of_the_other_algorithm_will_do(
    issuer: SigningKey, choice: list[int], data: st.DataObject
) -> None:
    holders = [PAIRS[index][chosen] for index, chosen in enumerate(choice)]
    rightful = [issuer, *holders[:-1]]
    other = [ISSUERS[1 - ISSUERS.index(issuer)]]
    other += [PAIRS[index][1 - chosen] for index, chosen in enumerate(choice[:-1])]
    wrong = data.draw(st.integers(0, len(rightful) - 1))
    blocks = [root_members(dep=15, kid=issuer.key_id, key=holders[0].public_key.text)]
    blocks += [
        child_members(index, key=key.public_key.text) for index, key in enumerate(holders[1:], start=1)
    ]
    prove(forge.forge(*blocks, keys=tuple(rightful)), issuer.public_key)
    rightful[wrong] = other[wrong]
    with pytest.raises(DelegationSignatureInvalidError) as refused:
        prove(forge.forge(*blocks, keys=tuple(rightful)), issuer.public_key)
    assert refused.value.block == wrong


# --- one signature, one form -----------------------------------------------------------------------

KEY: Final = p256.KEYS[0]
TOKEN: Final = mint(p256.KEYS[16], [KEY])


@pytest.mark.parametrize("index", [0, 1, 2])
def test_s134_a_high_s_in_a_block_is_refused(index: int) -> None:
    """Block signatures: r||s with s <= n/2 (design section 6)."""
    issuer, holders = p256.KEYS[16], list(p256.KEYS[:3])
    rebuilt = None
    for link in mint(issuer, holders).links:
        signature = other_s(link.signature) if link.index == index else link.signature
        rebuilt = append(rebuilt, link.payload, signature)
        if link.index == index:
            break
    assert rebuilt is not None
    with pytest.raises(DelegationSignatureInvalidError) as refused:
        prove(parse_unverified(rebuilt.text), issuer.public_key)
    assert refused.value.block == index
    with pytest.raises(DelegationSignatureInvalidError):
        server(issuer).deliver(request(rebuilt, holders[index]))
    server(issuer).deliver(request(mint(issuer, holders[: index + 1]), holders[index]))


def test_s134_a_high_s_in_a_key_claim_is_refused() -> None:
    named: dict[str, Any] = {
        "delegator": "agent-0",
        "agent": "agent-1",
        "challenge": "c" * 22,
        "clock": CLOCK,
    }
    claim = KeyClaim.sign(KEY, **named)
    assert KeyClaim.verify(claim, **named).key == KEY.public_key
    envelope = dsse.DsseEnvelope.decode(claim, payload_type=dsse.payload_type("key-claim"))
    with pytest.raises(SignatureInvalidError):
        KeyClaim.verify(replace(envelope, signature=other_s(envelope.signature)).to_bytes(), **named)


def test_s134_a_high_s_in_a_revocation_list_is_refused() -> None:
    trust = demanding(revoking_record(KEY)).snapshot
    data = RevocationList.sign(KEY, issuer="acme", version=1, clock=CLOCK)
    assert RevocationList.verify(data, trust, now=NOW).kid == KEY.key_id
    envelope = dsse.DsseEnvelope.decode(data, payload_type=dsse.payload_type("revocation-list"))
    with pytest.raises(SignatureInvalidError):
        RevocationList.verify(
            replace(envelope, signature=other_s(envelope.signature)).to_bytes(), trust, now=NOW
        )


@pytest.mark.parametrize("first", ["as signed", "other s"])
def test_s134_in_an_envelope_either_s_is_good_once(first: str) -> None:
    """High s is good for RFC 9421, and the replay key is the nonce, never the signature's bytes."""
    signed = request(TOKEN, KEY)
    twin = with_signature(signed, other_s(signature_of(signed)))
    tries = [signed, twin] if first == "as signed" else [twin, signed]
    door = server(p256.KEYS[16])
    assert door.deliver(tries[0]).key_id == KEY.key_id
    for again in tries:
        with pytest.raises(NonceReplayedError):
            door.deliver(again)


@pytest.mark.parametrize(("r", "s"), [(0, 0), (0, 1), (1, 0), (p256.N, 1), (1, p256.N), (1, 1)])
def test_s132_numbers_out_of_range_are_no_signature(r: int, s: int) -> None:
    wire = request(TOKEN, KEY)
    server(p256.KEYS[16]).deliver(wire)
    with pytest.raises(SignatureInvalidError):
        server(p256.KEYS[16]).deliver(with_signature(wire, p256.join(r, s)))
    forged = append(None, TOKEN.last.payload, p256.join(r, s))
    with pytest.raises(DelegationSignatureInvalidError):
        prove(forged, p256.KEYS[16].public_key)


@pytest.mark.parametrize("size", [0, 63, 65, 70, 72])
def test_s133_a_signature_is_64_bytes_on_the_wire_too(size: int) -> None:
    wire = request(TOKEN, KEY)
    with pytest.raises(SignatureMalformedError):
        server(p256.KEYS[16]).deliver(with_signature(wire, (signature_of(wire) * 2)[:size]))
    text = TOKEN.text.rpartition(".")[0] + "." + b64url_encode((TOKEN.last.signature * 2)[:size])
    with pytest.raises(DelegationMalformedError) as refused:
        parse_unverified(text)
    assert refused.value.field == "signature"


# --- algorithms that do not fit --------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 1])
def test_s127_the_message_does_not_choose_the_algorithm(place: int) -> None:
    """The algorithm is a property of the key's record, never of the message (design rule 5)."""
    key, other = PAIRS[3][place], PAIRS[3][1 - place]
    token = mint(forge.ISSUER_KEY, [key])
    server(forge.ISSUER_KEY).deliver(request(token, key))
    stated = f'"{HTTP_ALG[other.public_key.alg]}"'
    for signer in (key, other):
        wire = request(token, signer, keyid=f'"{key.key_id}"', alg=stated)
        with pytest.raises(AlgKeyMismatchError) as refused:
            server(forge.ISSUER_KEY).deliver(wire)
        assert refused.value.limit == key.public_key.alg
    with pytest.raises(HolderMismatchError):
        server(forge.ISSUER_KEY).deliver(request(token, other))
    posing = request(token, other, keyid=f'"{key.key_id}"', alg=f'"{HTTP_ALG[key.public_key.alg]}"')
    with pytest.raises(SignatureInvalidError):
        server(forge.ISSUER_KEY).deliver(posing)


def written(alg: str, raw: bytes) -> str:
    return f"{alg}:{b64url_encode(raw)}"


@pytest.mark.parametrize(
    ("key", "refusal"),
    [
        (written("p256", forge.KEYS[0].public_key.raw), DelegationMalformedError),
        (written("ed25519", KEY.public_key.raw), DelegationMalformedError),
        (written("p256", b"\x04" + KEY.public_key.raw[1:]), DelegationMalformedError),
        (written("p256", b"\x02" + bytes(31) + b"\x01"), KeyWeakError),
        (written("p256", b"\x02" + b"\xff" * 32), KeyWeakError),
        (written("P256", KEY.public_key.raw), AlgNotAllowedError),
        (written("p384", KEY.public_key.raw), AlgNotAllowedError),
        (KEY.public_key.text + "A", DelegationMalformedError),
        (KEY.public_key.text + "=", DelegationMalformedError),
    ],
)
def test_a_block_states_a_key_in_its_one_form(key: str, refusal: type[DelegateError]) -> None:
    assert forge.forge(root_members(key=KEY.public_key.text)).holder == KEY.public_key
    with pytest.raises(refusal) as refused:
        forge.forge(root_members(key=key))
    assert type(refused.value) is refusal
    assert (refused.value.block, refused.value.field) == (0, "key")


# --- another library -------------------------------------------------------------------------------


class Resolver(HTTPSignatureKeyResolver):
    """Knows the one key, as ``cryptography`` has it."""

    def resolve_public_key(self, key_id: str) -> ec.EllipticCurvePublicKey:
        assert key_id == KEY.key_id
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), KEY.public_key.raw)


class Message:
    """A request as that library takes one."""

    def __init__(self, wire: Wire) -> None:
        self.method = wire.method
        self.url = f"https://{dict(wire.headers)['host']}{wire.path}?{wire.query}"
        self.headers = dict(wire.headers)


def test_another_library_verifies_our_p256_requests() -> None:
    """Any RFC 9421 library in any language verifies a request of ours (design section 7)."""
    now = int(dt.datetime.now(tz=dt.UTC).timestamp())
    oracle = HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Resolver())
    for signature in (lambda own: own, other_s):
        wire = request(TOKEN, KEY, created=str(now - 1), expires=str(now + 60))
        wire = with_signature(wire, signature(signature_of(wire)))
        results = oracle.verify(Message(wire), max_age=dt.timedelta(seconds=60), expect_tag="delegate-v1")
        assert [result.label for result in results] == ["dlg"]
        with pytest.raises(InvalidSignature):
            oracle.verify(Message(replace(wire, query="dry=2")))
