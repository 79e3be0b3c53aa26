"""Passwords on command lines: where they begin and end, how short they may be, and for which command."""

from __future__ import annotations

import pytest

from delegate.masking.commands import passwords_in_commands

V = "Xk39" + "dk2ss"


def found(text: str) -> list[str]:
    return [text[hit.start : hit.end] for hit in passwords_in_commands(text)]


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"curl -u bob:{V} x", V),
        (f"curl -u :{V} x", V),
        (f"curl -u bob:'{V}' x", f"'{V}'"),
        (f"curl -u {V}: x", f"{V}:"),
        (f"curl -u '{V}': x", f"'{V}':"),
        (f"smbclient //host/share -U bob%{V}", V),
        (f"mysql -p{V} db", V),
    ],
)
def test_the_password_is_found_without_the_user_and_a_user_without_password_is_one(
    text: str, secret: str
) -> None:
    assert found(text) == [secret]


def test_how_short_a_pair_may_be() -> None:
    assert found("curl -u abc: x") == ["abc:"]
    assert found("curl -u 123: x") == ["123:"]
    assert found("curl -u 12: x") == []


def test_a_flag_before_every_command_does_not_end_the_search() -> None:
    assert found(f" -u x\ncurl -u bob:{V} x") == [V]
    assert found(f" -px\nmysql -p{V} db") == [V]


def test_a_command_of_another_leaf_is_none() -> None:
    assert found(f"curl\0 -u bob:{V}") == []
    assert found(f"x\0curl -u bob:{V}") == found(f"\0curl -u bob:{V}") == [V]


@pytest.mark.parametrize(
    "user", ["[MASKED:email]", "'[MASKED:email]", "[MASKED:email:*.org]", "MASKED-email"]
)
def test_a_masked_user_hides_no_password(user: str) -> None:
    quote = "'" if user.startswith("'") else ""
    assert found(f"curl -u {user}:{V}{quote} x") == [f"{V}{quote}"]
    assert found(f"curl -u {user}:[MASKED:password]{quote} x") == []
    assert found(f"curl -u {user}:{quote} x") == []


@pytest.mark.parametrize(
    "pair", ["$KEY:", "'${KEY}':", '"":""', "jane:[MASKED:password]", "jane:x[MASKED:a]y"]
)
def test_what_stands_in_for_a_password_stays(pair: str) -> None:
    assert found(f"curl -u {pair} x") == []
