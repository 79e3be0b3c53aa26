"""The shapes of values at their bounds: the last that is random, or a word, and the first that is not."""

from __future__ import annotations

import pytest

from delegate.masking.secret_shape import (
    _sayable,
    is_placeholder,
    is_reference,
    looks_like_password,
    looks_random,
    looks_secret,
)

MIXED = "a7Q2xK9mB4tZ" + "8wL3nR6vC1pY"


@pytest.mark.parametrize(
    ("value", "random"),
    [
        ("06a90b", True),  # five characters that differ
        ("06a60a", False),
        ("01b7a5", True),  # six letters and digits
        ("0b7-Qx", False),
        ("bcdfghjkmnpq", True),  # twelve letters in one run that nobody could say
        ("bcdfghjkmnp", False),
        ("application-", False),
        ("zdppxgmmdf-9", True),  # two runs
        ("zdppxgmmdf9", False),
        ("0b3Sun", True),  # four runs of letters or digits
        ("02eSun", False),
        ("21313mqx9257", True),  # fewer runs, but twelve characters
        ("21313mqx925", False),
        ("a29SunSun", False),  # words of three letters
        ("a29SnuSnx", True),
        ("12-34-5a-67", True),  # nothing is long enough to be a word
        ("2a8data", False),  # four fifths of the letters are words, so a number is one of them
        ("3xb1data", True),
        ("Cat230094671", True),  # but not more than four digits
        ("Catalog23009", False),
        ("6ff2Orange", False),  # three fifths are words
        ("6ff2Range7", True),
    ],
)
def test_what_is_random(value: str, random: bool) -> None:  # noqa: FBT001 - a table
    assert looks_random(value) is random


@pytest.mark.parametrize(
    ("part", "sayable"),
    [
        ("internationalization", True),
        ("internationalizations", False),
        ("tars", True),
        ("taas", False),
        ("sun", True),
        ("su", False),
        ("rhnd", False),
    ],
)
def test_what_could_be_a_word(part: str, sayable: bool) -> None:  # noqa: FBT001 - a table
    assert _sayable(part) is sayable


@pytest.mark.parametrize(
    "value",
    [
        *(MIXED[:8], (MIXED * 171)[:4096]),
        *("12345678-1234-1234-1234-123456789012", "deadbeefdeadbeef", "0xdeadbeefdeadbeef"),
    ],
)
def test_secrets_by_length_and_form(value: str) -> None:
    assert looks_secret(value) is True


@pytest.mark.parametrize(
    "value", [MIXED[:7], (MIXED * 171)[:4097], "deadbeefdeadbee", f"{MIXED} {MIXED}", "https://example.com/x"]
)
def test_no_secrets_by_length_and_form(value: str) -> None:
    assert looks_secret(value) is False


@pytest.mark.parametrize("value", ["river2", "ab1!cd", "ab1!" * 32])
def test_what_a_person_could_have_chosen(value: str) -> None:
    assert looks_like_password(value)


@pytest.mark.parametrize(
    "value", ["ab1!c", "ab1!" * 32 + "x", "river-side", "top_secret", "the. end", "123456", "riverside"]
)
def test_what_nobody_would_choose(value: str) -> None:
    assert not looks_like_password(value)


@pytest.mark.parametrize(
    ("value", "stands_in"),
    [
        ("[MASKED:email]", True),
        ("[MASKED:email] MASKED-token", True),
        ("[MASKED:email]" + MIXED[:5], False),
        ("UNMASKED!" + MIXED[:5], False),
    ],
)
def test_a_marker_stands_in_for_a_secret_only_alone(value: str, stands_in: bool) -> None:  # noqa: FBT001 - a table
    assert is_placeholder(value) is stands_in


@pytest.mark.parametrize(("value", "stands_in"), [("x" * 60, True), ("xX" * 30, True), (MIXED * 3, False)])
def test_a_long_word_stands_in_for_a_secret_only_if_it_is_of_one_letter(value: str, stands_in: bool) -> None:  # noqa: FBT001 - a table
    assert value.isalnum()
    assert is_placeholder(value) is stands_in


@pytest.mark.parametrize(
    ("value", "refers"), [("os.environ", True), ("river side", False), ("river2024.x", False)]
)
def test_code_that_fetches_a_secret_is_a_reference(value: str, refers: bool) -> None:  # noqa: FBT001 - a table
    assert is_reference(value) is refers
