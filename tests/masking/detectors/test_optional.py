"""What is searched only where a policy asks for it: addresses of networks, and numbers of telephones."""

from __future__ import annotations

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.detectors.optional import COUNTRIES, NETWORK, PHONE, _is_address
from tests.masking.detectors.rows import assert_example, taken

ROWS = (*NETWORK, *PHONE, *(row for rows in COUNTRIES.values() for row in rows))
BY_NAME = {row.id: row for row in ROWS}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in ROWS])
def test_an_example_is_found_and_a_near_miss_is_not(row: Detector) -> None:
    assert_example(row)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *(("203.0.113.9", True), ("255.255.255.255", True), ("256.0.0.1", False), ("0.0.0.0", False)),
        *(
            ("2001:db8::1", True),
            ("::1", True),
            ("1:2:3:4:5:6:7:8", True),
            ("12:34:56", False),
            ("::", False),
        ),
    ],
)
def test_addresses(text: str, is_one: bool) -> None:  # noqa: FBT001
    assert _is_address(text) is is_one
    row = BY_NAME["ipv6" if ":" in text else "ip"]
    assert taken(row, f"see {text} there") == [text] * is_one


@pytest.mark.parametrize(
    ("number", "is_one"),
    [
        *(("+1 555 019", False), ("+15 55 01 98", True), ("+155501980", True)),
        *(("+44 20 7946 0958", True), ("+123 456 789 012 345", True), ("+123 456 789 012 3456", False)),
    ],
)
def test_a_telephone_number_has_eight_to_fifteen_digits(number: str, is_one: bool) -> None:  # noqa: FBT001
    assert taken(BY_NAME["phone"], f"call {number}, please") == [number] * is_one
