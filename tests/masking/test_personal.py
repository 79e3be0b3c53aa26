"""Personal data: where each begins and ends, and what must not stand beside it."""

from __future__ import annotations

import pytest

from delegate.masking.personal import _alone
from delegate.masking.text import TextScanner
from tests.masking.samples import CARD

SCANNER = TextScanner()
ACCOUNT = "GB82" + "WEST12345698765432"
NUMBER = "123-45" + "-6789"
DIGITS = NUMBER.replace("-", "")
ROUTING = "02100" + "0021"
CARDS = (
    *(str(CARD), "4111 1111" + " 1111 1111", "4111-1111" + "-1111-1111", "4111.1111" + ".1111.1111"),
    "3782 822463" + " 10005",
)


def found(text: str) -> list[tuple[str, str]]:
    return [(hit.kind, text[hit.start : hit.end]) for hit in SCANNER.scan(text)]


# --- e-mail ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("a@b.io", ["a@b.io"]),
        ("see a@b.io", ["a@b.io"]),
        ("a@b.io c@d.io,e@f.io", ["a@b.io", "c@d.io", "e@f.io"]),
        ("@b.io a@b.io", ["a@b.io"]),
        ("a@b c@d.io", ["c@d.io"]),
        ("name=a@b.io", ["a@b.io"]),
        ("x/y=z|q?r&a@b.io", ["a@b.io"]),
        ("=a@b.io", ["a@b.io"]),
        ("a=@b.io", []),
        ("..a@b.io", ["a@b.io"]),
        ("_a@b.io", ["_a@b.io"]),
        ("l" * 64 + "@b.io", ["l" * 64 + "@b.io"]),
        ("a@b.io is no ://", ["a@b.io"]),
        ("ftp://a@b.io", []),
        ("://a@b.io", []),
        ("git@b.io:a/b", []),
        ("git@b.io/a", []),
        ("git@b.io a", ["git@b.io"]),
        ("svn@b.io:a", []),
        ("a@b.io:c", ["a@b.io"]),
    ],
)
def test_addresses(text: str, addresses: list[str]) -> None:
    assert found(text) == [("email", address) for address in addresses]


def test_of_a_local_part_that_is_too_long_the_end_is_masked() -> None:
    assert found("l" * 65 + "@b.io") == [("email", "l" * 64 + "@b.io")]


# --- cards, accounts and social security numbers ---------------------------------------------------

ALONE = (
    *(("credit_card", number) for number in CARDS),
    *(("iban", ACCOUNT), ("iban", " ".join(ACCOUNT[at : at + 4] for at in range(0, 22, 4)))),
    *(("us_ssn", NUMBER), ("us_ssn", NUMBER.replace("-", ".")), ("us_itin", "9" + NUMBER[1:4] + "70-6789")),
)


@pytest.mark.parametrize(("kind", "number"), ALONE)
def test_a_number_alone_is_found(kind: str, number: str) -> None:
    for before in ("", "see ", "(", "-", ".", " -", "--", "a: ", "\n"):
        for after in ("", " there", ")", "-", ".", "- ", "--", ", 1", "\n"):
            assert found(before + number + after) == [(kind, number)]


@pytest.mark.parametrize(("kind", "number"), ALONE)
def test_a_part_of_something_longer_is_not(kind: str, number: str) -> None:
    for beside in ("a", "7", "_", "a-", "7.", "xy-", "\u00e9", "\u00e9-"):
        assert (kind, number) not in found(beside + number)
        for after in ("", " there"):
            assert (kind, number) not in found(number + beside[::-1] + after)


@pytest.mark.parametrize(
    ("text", "is_alone"),
    [
        ("a17", False),
        ("17a", False),
        ("a-17", False),
        ("17.a", False),
        ("-17", True),
        ("17-", True),
        ("17", True),
    ],
)
def test_alone(text: str, is_alone: bool) -> None:  # noqa: FBT001
    assert _alone(text, text.index("1"), text.index("7") + 1) is is_alone


def test_behind_the_beginning_of_an_account_stands_no_card() -> None:
    card = CARDS[1]
    for before in ("GB82 ", "see GB82 "):
        assert found(before + card) == []
    for before in ("GB8 ", "G82 ", "GB82: "):
        assert found(before + card) == [("credit_card", card)]


@pytest.mark.parametrize(
    "number", ["ZZ82" + ACCOUNT[4:], ACCOUNT[:-1], ACCOUNT[:-1] + "3", "GB82-WEST1-2345"]
)
def test_no_account_of_any_country(number: str) -> None:
    assert found(f"see {number} there") == []


@pytest.mark.parametrize("number", ["123-45" + ".6789", "000-45" + "-6789", "923-40" + "-6789"])
def test_no_social_security_number(number: str) -> None:
    assert found(f"see {number} there") == []


# --- what a word says ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind", "number"),
    [
        *(("ssn", "us_ssn", DIGITS), ("SSN", "us_ssn", DIGITS), ("social security", "us_ssn", DIGITS)),
        *(("routing", "us_aba", ROUTING), ("ABA", "us_aba", ROUTING), ("aba", "us_aba", "0210-0002-1")),
    ],
)
def test_the_number_behind_a_word(word: str, kind: str, number: str) -> None:
    assert found(f"see {number}") == []
    for text in (f"{word} {number}", f"the {word} is {number}.", f"{word}: none, {word} {number}"):
        assert found(text) == [(kind, number)]
    assert found(f"{word} {number} and {word} {number}") == [(kind, number)] * 2
    for text in (f"{word} {number}7", f"{word} {number}-7", f"{word} 7{number}", f"{word}\n{number}"):
        assert found(text) == []
    assert found(f"{word}{' ' * 24}{number}") == [(kind, number)]
    assert found(f"{word}{' ' * 25}{number}") == []


def test_the_number_behind_a_word_is_checked() -> None:
    assert found("ssn 000456789") == []
    assert found("routing 021000022") == []
