"""What signing refuses before a request leaves, each beside the most that it takes; what a repr shows."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.envelope.sign import SignedRequest, sign_request
from delegate.envelope.verify import pick_signature, read_member
from delegate.errors import ConfigurationError, HeaderTooLargeError
from delegate.identity import Identity
from delegate.limits import SIGNATURE_INPUT_MAX_BYTES, TOKEN_HEADER_MAX_BYTES, WINDOW_MAX
from tests.support.forge import KEYS, NOW
from tests.support.wire import sign as sign_by_hand


def signed(**changes: Any) -> SignedRequest:
    settings: dict[str, Any] = {
        "method": "GET",
        "authority": "api.example.com",
        "path": b"/v1/orders",
        "headers": {"host": b"api.example.com"},
        "identity": Identity(agent="agent-1"),
        "token": None,
        "now": NOW,
    }
    return sign_request(KEYS[1], **(settings | changes))


@pytest.mark.parametrize("lifetime", [1, WINDOW_MAX])
def test_a_lifetime_within_the_window_is_signed(lifetime: int) -> None:
    assert signed(lifetime=lifetime).envelope.expires == NOW + lifetime


@pytest.mark.parametrize("lifetime", [-1, 0, WINDOW_MAX + 1])
def test_any_other_lifetime_is_refused(lifetime: int) -> None:
    with pytest.raises(ConfigurationError) as refused:
        signed(lifetime=lifetime)
    assert (refused.value.field, refused.value.limit) == ("lifetime", WINDOW_MAX)


def test_a_token_as_long_as_the_header_takes_is_signed_and_one_character_more_is_refused() -> None:
    longest = "A" * TOKEN_HEADER_MAX_BYTES
    assert signed(token=longest).headers["delegation"] == f't="{longest}"'.encode()
    with pytest.raises(HeaderTooLargeError) as refused:
        signed(token=longest + "A")
    assert (refused.value.component, refused.value.limit) == ("delegation", TOKEN_HEADER_MAX_BYTES)


def covering(size: int) -> SignedRequest:
    """A request that covers one more header, with a name of ``size`` characters."""
    name = "x" * size
    return signed(headers={"host": b"api.example.com", name: b"1"}, cover=frozenset({name}))


def test_a_signature_input_at_its_limit_is_signed_and_one_byte_more_is_refused() -> None:
    size = SIGNATURE_INPUT_MAX_BYTES - len(covering(1).headers["signature-input"]) + 1
    assert len(covering(size).headers["signature-input"]) == SIGNATURE_INPUT_MAX_BYTES
    with pytest.raises(HeaderTooLargeError) as refused:
        covering(size + 1)
    assert (refused.value.component, refused.value.limit) == ("signature-input", SIGNATURE_INPUT_MAX_BYTES)


def test_no_repr_shows_nonce_signature_or_token() -> None:
    made = signed(token="A" * 100)
    picked = pick_signature({name: value.encode() for name, value in sign_by_hand().headers})
    member = read_member(picked)
    for shown in (repr(made), repr(made.envelope), repr(made.parameters), repr(picked), repr(member)):
        assert "A" * 20 not in shown
        assert made.headers["signature"].decode()[5:30] not in shown
        assert str(made.parameters.nonce) not in shown
        assert "nonce" not in shown
        assert "signature=" not in shown
    assert "agent-1" in repr(made)
    assert "agent-1" in repr(made.envelope)
    assert "/v1" not in repr(made.envelope)
    assert str(NOW) not in repr(made.envelope)
    assert "'dlg'" in repr(picked)
    assert repr(member).startswith("<SignedMember over @method, @authority, @path, ")
    assert str(NOW) in repr(made.parameters)


def test_the_typed_view_names_what_was_signed() -> None:
    envelope = signed().envelope
    assert (envelope.created, envelope.expires) == (NOW, NOW + 60)
    assert (envelope.key_id, envelope.algorithm) == (KEYS[1].key_id, "ed25519")
    assert len(envelope.nonce) == 16
    assert envelope.nonce != signed().envelope.nonce
    assert envelope.delegation_sha256 is None
