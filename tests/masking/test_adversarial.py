"""Every adversarial case of the published vectors, and masking its output once more."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import VECTORS, needs_vectors
from tests.masking.samples import MASKER, everything, masked, plain, value_of

FILE = Path(VECTORS) / "dlp" / "adversarial.jsonl"
CASES = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()] if FILE.exists() else []


@needs_vectors
@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_adversarial(case: dict[str, Any]) -> None:
    expect = case["expect"]
    value = value_of(case["form"], plain(case["b64"]))
    out, findings = MASKER.mask(value)
    text = everything(out)
    report = json.dumps([finding.to_json() for finding in findings])
    for gone in map(plain, expect.get("gone", ())):
        assert gone not in text
        assert gone not in report
    for keep in map(plain, expect.get("keep", ())):
        assert keep in text or keep in repr(out)
    off = "off by default" in expect.get("note", "")  # telephone numbers
    if expect.get("mask") and not off:
        assert findings
    if expect.get("same") and "size" not in {finding.kind for finding in findings}:
        assert out is value
        assert not findings
    if "kinds" in expect and not off:
        assert set(expect["kinds"]) <= {finding.kind for finding in findings}
    if "type" in expect and expect["type"] == "tuple":
        assert type(out) is tuple
    assert everything(masked(out)) == text


@needs_vectors
def test_arguments_are_not_changed() -> None:
    for case in CASES:
        if case["form"] == "json":
            value = json.loads(plain(case["b64"]))
            before = copy.deepcopy(value)
            MASKER.mask(value)
            assert value == before
