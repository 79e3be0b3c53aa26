"""Every bit of a token and of a request, flipped: nothing that was not signed is believed (D25, A1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from delegate.errors import DelegateError
from delegate.keys import TrustStore, trust_file
from delegate.token import parse_unverified
from delegate.verifier.chain import require_chain
from tests.support.wire import BODY, Server, Wire
from tests.vectors.case import ascii_json
from tests.vectors.generate.requests import signed
from tests.vectors.generate.token import chain
from tests.vectors.generate.world import NOW, ORIGIN, TRUST

UNSIGNED = {"accept"}
STORE = TrustStore(trust_file.parse(ascii_json(TRUST).encode()))


def flips(text: str) -> list[str]:
    """``text`` with each of its bits flipped, one at a time."""
    raw = text.encode("latin-1")
    return [
        (raw[:at] + bytes([raw[at] ^ 1 << bit]) + raw[at + 1 :]).decode("latin-1")
        for at in range(len(raw))
        for bit in range(8)
    ]


def believed(text: str) -> bool:
    try:
        require_chain(parse_unverified(text), STORE.snapshot, origin=ORIGIN, now=NOW)
    except DelegateError:
        return False
    return True


def accepted(wire: Wire) -> bool:
    try:
        Server(trust=STORE).deliver(wire)
    except DelegateError:
        return False
    return True


def test_d25_a1_no_flipped_bit_of_a_token_is_believed() -> None:
    text = chain(2)
    assert believed(text)
    assert [flipped for flipped in flips(text) if believed(flipped)] == []


@pytest.mark.parametrize("name", [name for name, _ in signed().headers])
def test_a1_d25_no_flipped_bit_of_a_signed_header_is_believed(name: str) -> None:
    wire = signed()
    assert accepted(wire)
    found = [value for value in flips(dict(wire.headers)[name]) if accepted(wire.with_header(name, value))]
    harmless = {"host": {value for value in found if value.lower() == "api.example.com"}}
    if name not in UNSIGNED:
        assert set(found) == harmless.get(name, set())


def test_a1_a19_no_flipped_bit_of_the_target_or_the_body_is_believed() -> None:
    wire = signed()
    wounded = [
        *(replace(wire, method=text) for text in flips(wire.method)),
        *(replace(wire, path=text) for text in flips(wire.path)),
        *(replace(wire, query=text) for text in flips(wire.query)),
        *(replace(wire, body=text.encode("latin-1")) for text in flips(BODY.decode())),
    ]
    assert [each for each in wounded if accepted(each)] == []
