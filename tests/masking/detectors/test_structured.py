"""Secrets with a form of their own: how long each must and may be, and which two parts make a web token."""

from __future__ import annotations

import base64

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.detectors.structured import STRUCTURED
from tests.masking.detectors.rows import assert_example, assert_lengths, lengths, taken

ROWS = {row.id: row for row in STRUCTURED}


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in ROWS.items()])
def test_a_row_with_a_form_of_its_own(row: Detector) -> None:
    assert_example(row)


@pytest.mark.parametrize(
    ("name", "head", "least", "most"),
    [
        ("macaroon", "MDA" + "yMWxvY2F0aW9uI", 60, 8000),
    ],
)
def test_how_long_a_token_in_a_run_may_be(name: str, head: str, least: int, most: int) -> None:
    for length in (least, most):
        assert taken(ROWS[name], f"see {head}{'a' * length} there") == [head + "a" * length]
    for length in (least - 1, most + 1):
        assert taken(ROWS[name], f"see {head}{'a' * length} there") == []


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


@pytest.mark.parametrize(
    ("row", "least", "most"), lengths(STRUCTURED, "paseto:54-8000 paserk:43-4000 saml-response:200-60000")
)
def test_how_long_a_token_is(row: Detector, least: int, most: int) -> None:
    assert_lengths(row, least, most)


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("odbc-password", "Uid=a;" + "Pwd={p;w0rd}", "p;w0rd"),
    ],
)
def test_a_secret_in_its_place(name: str, text: str, secret: str) -> None:
    assert taken(ROWS[name], f"see {text} there") == [secret or text]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("odbc-password", "Uid={uid};" + "Pwd={password}"),
        ("odbc-password", "Uid={uid};" + "Pwd={self.password}"),
        ("odbc-password", "Uid={uid};" + "Pwd={env['A1']}"),
        ("slack-webhook", "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24),
    ],
)
def test_no_secret(name: str, text: str) -> None:
    assert taken(ROWS[name], f"see {text} there") == []


@pytest.mark.parametrize(
    "last", ["XXXXXXXXXXXXXXXXXXXXXXXa", "XXXXXXXXXXXXXXXXXXXX/a7Q2xK9m", "a7Q2xK9mXXXXXXXXXXXXXXXX"]
)
def test_an_address_of_slack_is_an_example_only_with_crosses_alone(last: str) -> None:
    text = f"https://hooks.slack.com/services/T00000000/B00000000/{last}"
    assert taken(ROWS["slack-webhook"], text) == [text]


@pytest.mark.parametrize(
    ("text", "passwords"),
    [
        ("bob:" + "p@ss" + "@tcp(db)", ["p@ss"]),
        ("bob:" + "a@b@c" + "@tcp(db)", ["a@b@c"]),
        ("bob:" + "x(y)z" + "@tcp(db)", ["x(y)z"]),
        ("bob:" + "abc" + "@tcp(db)", ["abc"]),
        ("bob:" + "ab" + "@tcp(db)", []),
        ("bob:" + "${DB_PASS}" + "@tcp(db)", []),
        ("bob:" + "w0rd" + "@tcp(db)/a,ann:" + "0ther" + "@tcp(db)/a", ["w0rd", "0ther"]),
    ],
)
def test_an_at_sign_may_stand_in_a_password_to_a_database(text: str, passwords: list[str]) -> None:
    assert taken(ROWS["go-data-source"], text) == passwords
