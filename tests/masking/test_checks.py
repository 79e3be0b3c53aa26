"""Check digits, lengths and ranges, each at both of its ends."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable

import pytest

from delegate.masking import checks

DIGITS = string.digits


@pytest.mark.parametrize("separator", ["", " ", "-", "."])
def test_separators_do_not_count(separator: str) -> None:
    assert checks.digits(separator.join("1234")) == "1234"


@pytest.mark.parametrize("number", ["7992739871_3", "4111_1111_1111_111_1", "0_0", "1_8", "12345678_2"])
def test_luhn(number: str) -> None:
    body, last = number.replace("_", "")[:-1], number[-1]
    assert [digit for digit in DIGITS if checks.luhn(body + digit)] == [last]


@pytest.mark.parametrize(
    ("head", "length"),
    [
        *(("4", 13), ("4", 16), ("4", 19), ("55", 16), ("2720", 16), ("34", 15), ("6011", 16), ("3528", 16)),
        *(("300", 14), ("81", 16), ("2200", 16), ("5018", 12), ("9792", 16), ("606282", 16), ("122", 15)),
    ],
)
def test_a_card_has_an_issuer_and_its_check_digit(head: str, length: int) -> None:
    body = head + "7" * (length - len(head) - 1)
    for beginning, count in ((body, 1), ("1" + body[1:], head == "122"), (body + "7" * 9, 0)):
        answers = [checks.card(beginning + digit) for digit in DIGITS]
        assert answers.count(True) == count
        assert answers.count(False) == 10 - count


@pytest.mark.parametrize("digit", DIGITS)
def test_one_digit_all_along_is_no_card(digit: str) -> None:
    assert not any(checks.card(digit * length) for length in range(8, 20))


@pytest.mark.parametrize(
    "account", ["GB82_WEST12345698765432", "DE89_370400440532013000", "NO93_86011117947"]
)
def test_an_account_has_its_countrys_length_and_check_digits(account: str) -> None:
    account = account.replace("_", "")
    for right in (account, account.lower(), " ".join(account)):
        assert checks.iban(right) is True
    wrong = account[:2] + f"{(int(account[2:4]) + 1) % 97:02}" + account[4:]
    for refused in (wrong, account + "0", account[:-1], "ZZ" + account[2:], account[4:]):
        assert checks.iban(refused) is False


def test_an_account_is_written_in_large_letters_or_in_small_ones() -> None:
    account = "GB82{}12345698765432"
    assert [checks.iban(account.format(bank)) for bank in ("WEST", "West", "west")] == [True, False, False]
    assert checks.iban(account.format("west").lower())


@pytest.mark.parametrize(("country", "length"), [("NO", 15), ("gb", 22), ("LC", 32), ("ZZ", 0), ("", 0)])
def test_how_long_accounts_of_a_country_are(country: str, length: int) -> None:
    assert checks.iban_length(country) == length


def test_areas_of_social_security_numbers() -> None:
    areas = {area for area in range(1000) if checks.ssn(f"{area:03}-12-3456")}
    assert areas == {*range(1, 900)} - {666}
    assert [group for group in range(100) if not checks.ssn(f"123-{group:02}-3456")] == [0]
    assert [serial for serial in range(10_000) if not checks.ssn(f"123-45-{serial:04}")] == [0]


def test_groups_of_taxpayer_numbers() -> None:
    groups = {group for group in range(100) if checks.itin(f"912-{group:02}-3456")}
    assert groups == {*range(50, 66), *range(70, 89), 90, 91, 92, *range(94, 100)}
    assert not any(checks.itin(f"812-{group:02}-3456") for group in range(100))


def accepted(check: Callable[[str], bool], beginning: str) -> list[str]:
    return [digit for digit in DIGITS if check(beginning + digit)]


def test_prefixes_of_routing_numbers() -> None:
    """With each prefix all ten check digits are tried: one fits, or none."""
    answers = {prefix: [checks.aba(f"{prefix:02}10000{last}8") for last in DIGITS] for prefix in range(100)}
    found = {prefix for prefix, each in answers.items() if True in each}
    assert found == {*range(13), *range(21, 33), *range(61, 73), 80}
    assert all(each.count(False) == 10 - (prefix in found) for prefix, each in answers.items())


@pytest.mark.parametrize("number", ["01100001_5", "02100002_1", "12100024_8", "1210-0024_8"])
def test_the_check_digit_of_a_routing_number(number: str) -> None:
    number = number.replace("_", "")
    assert accepted(checks.aba, number[:-1]) == [number[-1]]


@pytest.mark.parametrize("wrong", ["02100002", "0210000210"])
def test_a_routing_number_of_another_length_is_a_mistake_of_the_pattern(wrong: str) -> None:
    with pytest.raises(ValueError, match="zip"):
        checks.aba(wrong)


@pytest.mark.parametrize(
    "key",
    [
        "5HpHgWkLaovGWySEFpng" + "1XQ6pdG1TzNWR7SrETvfTRVdKHNXZh8",
        "KwDidQJHSE67VJ6MWRvb" + "BKAxhD3F48DvqRT6JRqrjd7MHLBjGF7V",
        "L5oLkpV3aqBjhki6LmvC" + "hTCq73v9gyymzzMpBbhDLjDpKCuAXpsi",
    ],
)
def test_a_key_of_a_wallet_has_its_first_byte_and_its_checksum(key: str) -> None:
    assert checks.wallet_import_format(key)
    for place in (0, 3, 30, len(key) - 1):
        other = "z" if key[place] != "z" else "y"
        assert not checks.wallet_import_format(key[:place] + other + key[place + 1 :])


@pytest.mark.parametrize(
    ("octets", "is_one"),
    [
        (b"\x80" + b"\7" * 32, True),
        (b"\x80" + b"\7" * 32 + b"\1", True),
        (b"\x80" + b"\7" * 31, False),
        (b"\x80" + b"\7" * 34, False),
        (b"\x81" + b"\7" * 32, False),
        (b"\xef" + b"\7" * 32, False),
    ],
)
def test_a_checksum_alone_makes_no_key_of_a_wallet(octets: bytes, is_one: bool) -> None:  # noqa: FBT001
    summed = octets + hashlib.sha256(hashlib.sha256(octets).digest()).digest()[:4]
    number, text = int.from_bytes(summed, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[digit] + text
    assert checks.wallet_import_format(text) is is_one


def test_a_stellar_seed_has_its_checksum() -> None:
    seed = "SADQQCIKBMGA2DQP" + "CAIREEYUCULBOGAZDINRYHI6D4QCCIRDEQSSN4GN"
    assert checks.stellar_seed(seed)
    for place in (1, 30, 55):
        other = "A" if seed[place] != "A" else "B"
        assert not checks.stellar_seed(seed[:place] + other + seed[place + 1 :])
