"""Secrets with a form of their own: how long each must and may be, and which two parts make a web token."""

from __future__ import annotations

import base64

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.detectors.structured import STRUCTURED
from tests.masking.detectors.rows import assert_example, taken

ROWS = {row.id: row for row in STRUCTURED}


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id) for row in STRUCTURED])
def test_a_row_with_a_form_of_its_own(row: Detector) -> None:
    assert_example(row)


@pytest.mark.parametrize(
    ("name", "head", "least", "most"),
    [
        ("putty-private-key", "Private-Lines: " + "1\n", 9, 3999),  # and the end of the line
        ("ansible-vault", "$ANSIBLE_VAULT;" + "1.1;AES256\n", 40, 8000),
    ],
)
def test_how_long_a_key_may_be(name: str, head: str, least: int, most: int) -> None:
    for length in (least, most):
        assert taken(ROWS[name], f"Key: {head}{'a' * length}!") == [head + "a" * length]
    for length in (least - 1, most + 1):
        assert taken(ROWS[name], f"Key: {head}{'a' * length}!") == []


def part(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


HEADER = part('{"alg":"none"}')
CLAIMS = part('{"sub":"1"}')


@pytest.mark.parametrize(
    "token",
    [
        f"{HEADER}.{CLAIMS}",
        f"{HEADER}.{CLAIMS}.",
        f"{HEADER}.{part('123')}.{part('signature')}",
        f"{HEADER}..",
        f"{HEADER}...{part('text')}.{part('tag')}",
        f"{HEADER}.{CLAIMS}.{'a' * (24_000 - len(CLAIMS) - 1)}",
    ],
)
def test_a_web_token_has_three_parts_or_two_that_are_objects(token: str) -> None:
    assert taken(ROWS["jwt"], f"see {token} there") == [token]


@pytest.mark.parametrize(
    "text",
    [
        HEADER,
        f"{HEADER}.",
        f"{HEADER}.{part('123')}",
        f"{HEADER}.x{CLAIMS}",
        f"{HEADER}.{CLAIMS}.{'a' * (24_000 - len(CLAIMS))}",
    ],
)
def test_no_web_token(text: str) -> None:
    assert taken(ROWS["jwt"], f"see {text} there") == []
