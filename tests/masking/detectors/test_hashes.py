"""Hashes of passwords: how long each may be, and in which place it stands."""

from __future__ import annotations

import pytest

from delegate.masking.detectors import Detector
from delegate.masking.detectors.hashes import HASHES
from tests.masking.detectors.rows import assert_example, taken

ROWS = {row.id: row for row in HASHES}


@pytest.mark.parametrize("row", [pytest.param(row, id=name) for name, row in ROWS.items()])
def test_a_row_with_a_form_of_its_own(row: Detector) -> None:
    assert_example(row)


@pytest.mark.parametrize(
    ("name", "head", "least", "most"),
    [
        ("kerberos-hash", "$krb5tgs$" + "23$*a$b$c*$", 32, 8000),
        ("ntlm-response", f"bob::EXAMPLE:{'7a1c9e4b' * 2}:{'7a1c9e4b' * 4}:0101" + "0" * 12, 32, 2000),
    ],
)
def test_how_long_a_hash_may_be(name: str, head: str, least: int, most: int) -> None:
    for length in (least, most):
        assert taken(ROWS[name], f"see {head}{'a' * length} there") == [head + "a" * length]
    for length in (least - 1, most + 1):
        assert taken(ROWS[name], f"see {head}{'a' * length} there") == []


@pytest.mark.parametrize(
    ("name", "text", "secret"),
    [
        ("network-device-hash", "$8$" + "a./Z9" * 2 + "aaaa$" + "a" * 43, ""),
        ("kerberos-hash", "$krb5asrep$" + "23$bob@EXAMPLE.COM:" + "7a1c9e4b" * 4 + "$" + "7a1c9e4b" * 4, ""),
        ("kerberos-hash", "$krb5tgs$" + "18$*bob$A$b/c*$" + "7A1c9e4b" * 4 + "$" + "7a1c9e4b" * 9, ""),
        ("ntlm-response", "::" + ":" + "7a" * 8 + ":" + "7a" * 16 + ":0101000000000000" + "7a" * 16, ""),
        ("grub-hash", "grub.pbkdf2.sha512." + "1.7A1C9E4B2D8F05E67A1C9E4B2D8F05E6." + "7A" * 64, ""),
        ("identity-hash", "AQAAAAEAACcQ" + "AAAAE" + "a7Q+" * 16 + "Q==", ""),
    ],
)
def test_a_hash_in_its_place(name: str, text: str, secret: str) -> None:
    assert taken(ROWS[name], f"see {text} there") == [secret or text]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ntlm-response", "a::b:" + "7a" * 8 + ":" + "7a" * 16 + ":0101000000000000" + "7a" * 15),
    ],
)
def test_no_hash(name: str, text: str) -> None:
    assert taken(ROWS[name], f"see {text} there") == []
