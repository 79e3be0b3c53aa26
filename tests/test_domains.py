"""One table of signing inputs, no two alike (design section 4): every ordered pair is tried.

One key signs one message of each type. Each signature is then presented as each other type, by the code
that reads that type, over the very message that was signed wherever the format can carry it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest

from delegate import dsse
from delegate.canonical import canonicalize
from delegate.clock import ManualClock
from delegate.encoding import b64_encode
from delegate.errors import DelegateError
from delegate.keys import Purpose
from delegate.revocation import RevocationList
from delegate.token import KeyClaim
from delegate.token.chain import append, block_input
from delegate.token.verify import require_signature
from tests.support.answer import (
    COVERED,
    REQUEST,
    WireAnswer,
    answer_base,
    answer_parameters,
    receive,
    sign_answer,
)
from tests.support.forge import ISSUER_KEY, KEYS, NOW, root_members
from tests.support.letter import Letter, Worker, good_members
from tests.support.wire import COMPONENTS, Server, Wire, base_of, parameters, sign, token

KEY = KEYS[1]
BLOCK = canonicalize(root_members(kid=KEY.key_id))
CLAIM_TYPE = dsse.payload_type("key-claim")
CLAIM = canonicalize(
    {
        "delegator": "agent-0",
        "sub": "agent-1",
        "key": KEY.public_key.text,
        "challenge": "c" * 22,
        "exp": NOW + 60,
    }
)

LIST_TYPE = dsse.payload_type("revocation-list")
LIST = RevocationList(
    issuer="acme", kid=KEY.key_id, version=1, issued_at=NOW, next_update=NOW + 60, tokens=frozenset()
)
MESSAGE_TYPE = dsse.payload_type("message")
MESSAGE = canonicalize(good_members())

ANSWER = WireAnswer()
INPUTS: dict[str, bytes] = {
    "block": block_input(bytes(32), BLOCK),
    "request": base_of(Wire(), COMPONENTS, parameters()),
    "response": answer_base(ANSWER, REQUEST, COVERED, answer_parameters(keyid=f'"{KEY.key_id}"')),
    "key-claim": dsse.pae(CLAIM_TYPE, CLAIM),
    "approval": dsse.pae(dsse.payload_type("approval"), CLAIM),
    "revocation-list": dsse.pae(LIST_TYPE, LIST.payload),
    "message": dsse.pae(MESSAGE_TYPE, MESSAGE),
}


def read_block(signature: bytes) -> None:
    require_signature(append(None, BLOCK, signature).last, KEY.public_key)


def read_request(signature: bytes) -> None:
    Server().deliver(sign().with_header("signature", f"dlg=:{b64_encode(signature)}:"))


def read_response(signature: bytes) -> None:
    signed = sign_answer(ANSWER, key=KEY, keyid=f'"{KEY.key_id}"')
    receive(signed.with_header("signature", f"srv=:{b64_encode(signature)}:"), key=KEY)


def enveloped(kind: str, payload: bytes, signature: bytes) -> bytes:
    return dsse.DsseEnvelope(
        payload_type=kind, payload=payload, keyid=KEY.key_id, signature=signature
    ).to_bytes()


def read_claim(signature: bytes) -> None:
    data = enveloped(CLAIM_TYPE, CLAIM, signature)
    KeyClaim.verify(data, delegator="agent-0", agent="agent-1", challenge="c" * 22, clock=ManualClock(NOW))


def read_list(signature: bytes) -> None:
    RevocationList.read(enveloped(LIST_TYPE, LIST.payload, signature), KEY.public_key)


def read_message(signature: bytes) -> None:
    envelope = enveloped(MESSAGE_TYPE, MESSAGE, signature)
    Worker().verifier.verify(replace(Letter().message(), envelope=envelope))


READERS: dict[str, Callable[[bytes], None]] = {
    "block": read_block,
    "request": read_request,
    "response": read_response,
    "key-claim": read_claim,
    "revocation-list": read_list,
    "message": read_message,
}


@pytest.mark.parametrize(("made", "presented"), [*product(INPUTS, READERS)])
def test_a15_d31_a_signature_counts_as_what_it_was_made_for_and_as_nothing_else(
    made: str, presented: str
) -> None:
    """'Every ordered pair is tested: a signature for one is refused as any other.'"""
    signature = KEY.sign(Purpose.BLOCK, INPUTS[made])
    if made == presented:
        READERS[presented](signature)
        return
    with pytest.raises(DelegateError) as refused:
        READERS[presented](signature)
    assert refused.value.code in {"signature_invalid", "delegation_signature_invalid"}


def test_the_beginnings_differ() -> None:
    """No input of one type is one of another: their first bytes tell them apart, and DSSE's types besides."""
    assert INPUTS["block"].startswith(b"delegate/v1/block\0")
    http = {"request", "response"}
    assert all(INPUTS[name].startswith(b'"') for name in http)
    assert all(value.startswith(b"DSSEv1 ") for name, value in INPUTS.items() if name not in {"block", *http})
    assert len(set(INPUTS.values())) == len(INPUTS)
    assert token().root.kid == ISSUER_KEY.key_id


def test_a_request_and_a_response_of_the_same_components_are_told_apart_by_their_tags() -> None:
    """Both bases begin with a quote: what no signer can make alike is their last line."""
    last = [INPUTS[name].rpartition(b"\n")[2] for name in ("request", "response")]
    assert last[0].endswith(b';tag="delegate-v1"')
    assert last[1].endswith(b';tag="delegate-response-v1"')
