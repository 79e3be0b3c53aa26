"""Passwords in addresses: how long they may be, when a user is one, and where an address may begin."""

from __future__ import annotations

import pytest

from delegate.masking.addresses import passwords_in_addresses

V = "Xk39" + "dk2ss"
RANDOM = "a7Q2xK9mB4tZ" + "8wL3nR6vC1pY"


def found(text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in passwords_in_addresses(text)]


def test_how_long_a_user_and_a_password_may_be() -> None:
    user, password = "u" * 256, (V * 30)[:256]
    assert found(f"https://{user}:{password}@host") == [password]
    assert found(f"https://{user}u:{password}@host") == []
    assert found(f"https://{user}:{password}x@host") == []


def test_how_long_a_user_is_that_is_a_token() -> None:
    assert found(f"https://{RANDOM[:16]}@host/") == [RANDOM[:16]]
    assert found(f"https://{RANDOM[:15]}@host/") == []


@pytest.mark.parametrize("before", ["", "x", "https", "https:// and https"])
def test_an_address_may_begin_anywhere(before: str) -> None:
    assert found(f"{before}://bob:{V}@host") == [V]


@pytest.mark.parametrize("user", ["[MASKED:email]", "MASKED-email", "[MASKED:email:*.org]"])
def test_a_masked_user_hides_no_password(user: str) -> None:
    assert found(f"https://{user}:{V}@host") == [V]
    assert found(f"https://{user}@host") == []


def test_an_address_right_behind_a_scheme() -> None:
    assert found(f"jar://://bob:{V}@host") == [V]


@pytest.mark.parametrize("scheme", ["sqs", "amqp", "redis"])
def test_a_brokers_address_may_have_no_host(scheme: str) -> None:
    for behind in ("", " ", "\n", "\0x"):
        assert found(f"{scheme}://bob:{V}@{behind}") == [V]
        assert found(f"{scheme}://{RANDOM}@{behind}") == []
