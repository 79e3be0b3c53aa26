"""Arguments and words of commands: what may be a secret there, and what stands for one."""

from __future__ import annotations

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.detectors.calls import CALLS
from tests.masking.detectors.rows import assert_example, taken

ROWS = {row.id: row for row in CALLS}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in CALLS])
def test_an_example_is_found_and_a_near_miss_is_not(row: Detector) -> None:
    assert_example(row)


@pytest.mark.parametrize(
    "password",
    [
        "a7Q2xK9m" + "B4tZ8wL3",
        "river" + "2024!",  # a person chose it, no machine
        "bQkzXwvT" + "pJmrGcHd",  # a machine made it, without any digit
    ],
)
def test_a_machine_or_a_person_may_have_made_a_password(password: str) -> None:
    for name, call in (("login-call", "login"), ("credentials-call", "auth=")):
        assert taken(ROWS[name], f"see {call}('bob', '{password}')") == [password]


@pytest.mark.parametrize("word", ["password", "two words 2!", "${PASS}", "localhost", "example.com"])
def test_what_is_no_password(word: str) -> None:
    for name, call in (("login-call", "login"), ("credentials-call", "auth=")):
        assert taken(ROWS[name], f"see {call}('bob', '{word}')") == []


@pytest.mark.parametrize("name", ["password-to-command", "password-file-command", "network-drive"])
def test_a_word_of_a_command_may_stand_for_one(name: str) -> None:
    row = ROWS[name]
    secret = "a7Q2xK9m"
    assert secret in row.example
    assert secret in taken(row, row.example)[0]
    for word in ("$PASSWORD", "${PASS}", "xxxxxxxx"):
        assert taken(row, row.example.replace(secret, word).replace("bob:", "")) == []
