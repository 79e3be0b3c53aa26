"""Rows of SQL inserts: a value is as secret as the name of its column."""

from __future__ import annotations

import pytest

from delegate.masking.inserts import secrets_in_inserts
from delegate.masking.masker import default_masker
from tests.masking.samples import PASSWORD

INSERTS = {
    "one row": "INSERT INTO users (name, password) VALUES ('bob', '{}');",
    "quoted names": "insert into `app`.`users`(`id`,`api_key`,`note`) values (1,'{}','x''y');",
    "brackets": "INSERT INTO [dbo].[users] ([Name], [Password]) VALUES (N'bob', N'{}')",
    "two rows": "INSERT INTO u (id, password)\nVALUES\n  (1, NULL),\n  (2, '{}')",
    "a function before": "INSERT INTO u (at, key, password) VALUES (now(), concat(a,b), '{}')",
    "an escaped quote before": r"INSERT INTO u (name, password) VALUES ('O\'Brien', '{}')",
    "a doubled quote before": "INSERT INTO u (name, password) VALUES ('O''Brien', '{}')",
    "a comma inside a text": "INSERT INTO u (name, password) VALUES ('a, b', '{}')",
    "REPLACE": "REPLACE INTO u (name, password) VALUES ('bob', '{}')",
    "a second insert": "INSERT INTO a (x) VALUES (1); INSERT INTO u (password, x) VALUES ('{}', 1)",
}


@pytest.mark.parametrize("text", INSERTS.values(), ids=INSERTS.keys())
def test_the_value_of_a_secret_column_is_masked_and_nothing_else(text: str) -> None:
    masked, findings = default_masker().mask(text.format(PASSWORD))
    assert [finding.count for finding in findings] == [1]
    marker = f"[MASKED:{findings[0].kind}]"
    assert masked == text.format(marker)
    assert default_masker().mask(masked).value == masked


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO users (name, password_policy) VALUES ('bob', 'long and strict')",
        "INSERT INTO users (name, password) VALUES ($1, $2)",
        "INSERT INTO users (name, password) VALUES (?, ?)",
        "INSERT INTO users (name, password) VALUES (:name, :password)",
        "INSERT INTO users (name, password) VALUES ('bob', NULL)",
        "INSERT INTO users (name, max_tokens) VALUES ('bob', 4096)",
        "INSERT INTO users (name, password) SELECT name, hash FROM old",
    ],
)
def test_descriptions_parameters_and_nothing_stay(text: str) -> None:
    assert default_masker().mask(text).value is text


def test_a_row_of_another_length_gives_nothing() -> None:
    """Which value belongs to which name is then not known."""
    few, many = "INSERT INTO u (name, password) VALUES ('{}')", "INSERT INTO u (password) VALUES (1, '{}')"
    inside = "(INSERT INTO u (password, name) VALUES ('{}'))"
    for text in (few.format("a7 q2"), many.format("a7 q2"), inside.format("a7 q2")):
        assert default_masker().mask(text).value is text


def test_every_row_is_read_however_many_there_are() -> None:
    text = "INSERT INTO u (id, password) VALUES " + ",".join(
        f"({number}, '{PASSWORD}')" for number in range(3000)
    )
    masked = default_masker().mask(text).value
    assert PASSWORD not in masked
    assert masked.count("[MASKED:password]") == 3000


def test_statements_in_a_row_are_all_read() -> None:
    text = f"INSERT INTO u (password) VALUES ('{PASSWORD}'); INSERT INTO u (password) VALUES ('{PASSWORD}')"
    assert default_masker().mask(text).value == text.replace(PASSWORD, "[MASKED:password]")


def test_no_row_is_read_twice() -> None:
    """A statement inside a text of a row: its rows are those of the statement around it."""
    inner = f"into u (password) values ({PASSWORD})"
    for text, rows in ((inner, 1), (f"into a (password, note) values ('{PASSWORD}', '{inner}')", 1)):
        assert len([*secrets_in_inserts(text, text.lower())]) == rows, text
