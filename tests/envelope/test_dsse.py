"""What signing a message refuses before it leaves, beside the most that it takes; what a repr shows."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.envelope import dsse
from delegate.envelope.dsse import MessageMembers, SignedMessage, sign_message
from delegate.errors import (
    ComponentUnsupportedError,
    ConfigurationError,
    MalformedError,
    MethodRejectedError,
    ParamMalformedError,
    TimestampUnitError,
)
from delegate.identity import Identity
from delegate.limits import TIMESTAMP_MAX, WINDOW_MAX
from tests.support.forge import KEYS, NOW
from tests.support.letter import AUDIENCE, Letter, mail_token


def signed(**changes: Any) -> SignedMessage:
    settings: dict[str, Any] = {
        "audience": AUDIENCE,
        "method": "tools/call",
        "params": b"{}",
        "identity": Identity(agent="agent-1"),
        "token": mail_token().text,
        "now": NOW,
    }
    return sign_message(KEYS[1], **(settings | changes))


@pytest.mark.parametrize("lifetime", [1, WINDOW_MAX])
def test_a_lifetime_within_the_window_is_signed(lifetime: int) -> None:
    message = signed(lifetime=lifetime)
    assert message.envelope.expires == NOW + lifetime
    assert dsse.read(dsse.decode(message.text.encode())).parameters.expires == NOW + lifetime


@pytest.mark.parametrize("lifetime", [-1, 0, WINDOW_MAX + 1, True, 1.5])
def test_any_other_lifetime_is_refused(lifetime: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        signed(lifetime=lifetime)
    assert (refused.value.field, refused.value.limit) == ("lifetime", WINDOW_MAX)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"audience": "https://api.example.com"}, MalformedError),
        ({"audience": ""}, MalformedError),
        ({"method": "two words"}, MethodRejectedError),
    ],
)
def test_what_a_verifier_would_refuse_is_not_signed(changes: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        signed(**changes)
    signed()


def read(letter: Letter) -> MessageMembers:
    return dsse.read(dsse.decode(letter.envelope().encode()))


def test_the_first_and_the_last_second_there_is_are_times_and_no_others() -> None:
    for second in (0, TIMESTAMP_MAX):
        assert read(Letter().changed(created=second)).parameters.created == second
    for second, error in ((-1, ParamMalformedError), (TIMESTAMP_MAX + 1, TimestampUnitError)):
        with pytest.raises(error) as refused:
            read(Letter().changed(created=second))
        assert refused.value.component == "created"


def test_an_unknown_member_is_named_by_its_first_32_characters() -> None:
    for name in ("x" * 32, "x" * 33):
        with pytest.raises(ComponentUnsupportedError) as refused:
            read(Letter().changed(**{name: 1}))
        assert refused.value.component == "x" * 32


def test_no_repr_shows_nonce_signature_or_token() -> None:
    message = signed()
    members = dsse.read(dsse.decode(message.text.encode()))
    assert repr(message) == "<SignedMessage of 'agent-1': tools/call>"
    assert repr(members) == "<MessageMembers 'tools/call' for 'mcp:workspace'>"
    assert members.delegation == mail_token().text
