"""The judgement over a value under a telling name: from where to where, of which kind, and what is none."""

from __future__ import annotations

import pytest

from delegate.masking.hits import Hit
from delegate.masking.key_names import KeyClass
from delegate.masking.values import credentials, value_hit
from tests.masking.samples import PASSWORD

RANDOM = "a7Q2xK9mB4tZ" + "8wL3nR6vC1pY"
STRONG, WEAK = KeyClass.STRONG, KeyClass.WEAK


def hit(value: str, name: str, sure: KeyClass, *, quoted: bool = True) -> Hit | None:
    return value_hit(value, 0, len(value), name, sure, quoted=quoted)


def test_blanks_around_a_value_are_none_of_it() -> None:
    text = f"x= \t{PASSWORD} \n;"
    found = value_hit(text, 2, len(text) - 1, "password", STRONG)
    assert found == Hit(4, 4 + len(PASSWORD), "password", "name-password", 50)
    assert value_hit(text, 0, 4, "password", STRONG) is None
    assert value_hit("    ", 0, 4, "password", STRONG) is None


def test_a_certain_name_outranks_a_doubtful_one() -> None:
    sure, doubtful = hit(RANDOM, "secret", STRONG), hit(RANDOM, "token", WEAK)
    assert sure is not None
    assert doubtful is not None
    assert sure.rank > doubtful.rank


@pytest.mark.parametrize(
    ("value", "name", "found"),
    [
        ("abc", "password", True),
        ("ab", "password", False),
        ("abcd", "secret", True),
        ("abc", "secret", False),
        ("Db_Password", "db_password", False),
        ("db_passwort", "db_password", True),
        ("*" * 9, "secret", False),
    ],
)
def test_under_a_certain_name_nearly_everything_is_a_secret(value: str, name: str, *, found: bool) -> None:
    assert (hit(value, name, STRONG) is not None) is found


@pytest.mark.parametrize(
    ("value", "name", "found"),
    [
        (RANDOM, "token", True),
        ("dark", "token", False),
        ("hunter-2", "pass", True),
        ("hunter-2", "token", False),
        ("bob:hunter-2", "credentials", True),
        ("bob:hunter-2", "token", False),
        ("b b:hunter-2", "credentials", False),
        (":hunter-2", "credentials", False),
        ("bob:/hunter-2", "credentials", False),
        ("bob:hunter", "credentials", False),
        ("bob:", "credentials", False),
    ],
)
def test_under_a_doubtful_name_what_a_machine_or_a_person_made(value: str, name: str, *, found: bool) -> None:
    assert (hit(value, name, WEAK) is not None) is found


def test_code_is_a_value_only_in_quotes() -> None:
    for value, found in (("get_password()", False), (PASSWORD, True)):
        assert (hit(value, "password", STRONG, quoted=False) is not None) is found
        assert value_hit(value, 0, len(value), "password", STRONG) is not None


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("Bearer abcdef", 7),
        ("Basic \t  abcdef", 9),
        ("Digest-MD5 credential", 11),
        ("Bearer abcde", 0),
        ("Bearer     abcdef", 0),
        ("Bearer", 0),
        (f"{RANDOM} abcdef", 0),
        ("B abcdef", 0),
        ("", 0),
    ],
)
def test_where_credentials_begin(text: str, start: int) -> None:
    assert credentials(text, 0) == start
    assert credentials(f"x: {text}", 3) == start + 3
