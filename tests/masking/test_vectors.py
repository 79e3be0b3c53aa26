"""What the published vectors ask of the scanner of text; nested values are asked about elsewhere."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

import pytest

from delegate.masking.hits import Hit
from delegate.masking.text import TextScanner
from tests.conftest import needs_vectors
from tests.masking.vectors import DLP, OWN, cases, decoded, masked, rows

SCANNER: Final = TextScanner()
pytestmark = needs_vectors


def scan(row: dict[str, Any]) -> list[Hit]:
    return SCANNER.scan_value(row["key"], row["text"]) if row.get("key") else SCANNER.scan(row["text"])


def is_found(row: dict[str, Any]) -> bool:
    """Something is found, and of the secrets nothing is left."""
    hits = scan(row)
    left = masked(row["text"], hits)
    return bool(hits) and not any(secret in left for secret in row["secrets"])


def test_gitleaks_samples_by_rule() -> None:
    """ "gitleaks samples at least 97 % averaged by rule" """
    by_rule: dict[str, list[bool]] = defaultdict(list)
    for row in cases("gitleaks"):
        if row["match"]:
            by_rule[row["rule"]].append(is_found(row))
    rates = [sum(found) / len(found) for found in by_rule.values()]
    assert len(rates) > 200
    assert sum(rates) / len(rates) >= 0.985


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("presidio", {"CREDIT_CARD", "IBAN_CODE", "EMAIL_ADDRESS"}),
        ("datafog", {"pii/EMAIL", "pii/CREDIT_CARD"}),
    ],
)
def test_cards_accounts_and_addresses_are_all_found(name: str, rules: set[str]) -> None:
    """ "card, IBAN and e-mail 100 %" """
    wanted = [row for row in cases(name) if row["match"] and {row["rule"], row["kind"]} & rules]
    assert wanted
    assert [row["text"] for row in wanted if not is_found(row)] == []


def test_invalid_cards_accounts_and_addresses_are_not() -> None:
    """ "with at most 1 % of the invalid ones" """
    kinds = {"credit_card", "iban", "email"}
    invalid = [
        row
        for row in cases("presidio")
        if not row["match"] and row["rule"] in {"CREDIT_CARD", "IBAN_CODE", "EMAIL_ADDRESS"}
    ]
    wrong = [row["text"] for row in invalid if kinds & {hit.kind for hit in scan(row)}]
    assert len(invalid) > 100
    assert len(wrong) * 100 <= len(invalid)


def test_benign_leaves() -> None:
    """ "at most 2 findings per 1,000 benign leaves" """
    leaves = [*cases("benign_semconv"), *cases("benign_payload_leaves")]
    wrong = [row["text"] for row in leaves if scan(row)]
    assert len(leaves) > 1000
    assert len(wrong) * 1000 <= 2 * len(leaves), wrong


@pytest.mark.parametrize("name", ["gitleaks", "detect_secrets", "datafog"])
def test_hard_negatives(name: str) -> None:
    """Benign, any finding is a false positive: at most one in thirty."""
    hard = [row for row in cases(name) if not row["match"] and row.get("neg") == "hard"]
    assert len([row for row in hard if scan(row)]) * 30 <= len(hard)


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, id=f"{row['id']} {row['name']}")
        for row in (cases("adversarial") if DLP.is_dir() else [])
        if row["form"] == "text" and "off by default" not in row["expect"].get("note", "")
    ],
)
def test_adversarial_texts(row: dict[str, Any]) -> None:
    text, expected = row["text"], row["expect"]
    hits = SCANNER.scan(text)
    left = masked(text, hits)
    if expected.get("mask"):
        assert hits
    if expected.get("same"):
        assert left == text
    assert not [gone for gone in map(decoded, expected.get("gone", [])) if gone in left]
    assert not [kept for kept in map(decoded, expected.get("keep", [])) if kept not in left]
    if "kinds" in expected:
        assert set(expected["kinds"]) & {hit.kind for hit in hits}


@pytest.mark.parametrize("name", ["gitleaks", "presidio", "detect_secrets", "datafog"])
def test_what_is_masked_is_clean(name: str) -> None:
    """ "idempotent on every output": what the first masking uncovers, the second takes; then it is over."""
    unclean = []
    for row in cases(name):
        left = masked(row["text"], SCANNER.scan(row["text"]))
        again = masked(left, SCANNER.scan(left))
        unclean += [row["id"]] * (SCANNER.scan(again) != [])
    assert unclean == []


def test_lines_of_our_own() -> None:
    """Assignments, commands, headers and manifests as people write them, from no other scanner's samples."""
    missed = [row["text"] for row in rows(OWN) if not is_found(row)]
    assert missed == []
