"""Bounds: over any of them a marker and a finding, and masking the result changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from delegate.limits import (
    MASKING_MAX_FINDINGS,
    MASKING_MAX_NODES,
    MASKING_STRING_MAX_CHARS,
    MASKING_TOTAL_MAX_CHARS,
)
from delegate.masking import shapes, walk
from tests.masking.samples import EMAIL, MASKER, TOKEN, masked, places

TEXT = "y" * 1000


def settled(value: object) -> Any:
    out = masked(value)
    assert masked(out) == out
    return out


def test_one_text() -> None:
    longest = "lorem " * (MASKING_STRING_MAX_CHARS // 6)
    assert masked([longest])[0] is longest
    assert settled([longest + "lorem ", 1]) == ["[MASKED:size]", 1]
    assert places({"a": longest * 2}) == {"/a": "size"}


def test_all_texts() -> None:
    many = [TEXT] * (MASKING_TOTAL_MAX_CHARS // len(TEXT))
    assert masked(many) is many
    out = settled([*many, TEXT, TEXT])
    assert out == [*many, "[MASKED:size]", "[MASKED:size]"]


def test_what_grows_over_the_bound_is_given_up() -> None:
    longest = "lorem " * (MASKING_STRING_MAX_CHARS // 6 - 1) + "a@b.io"
    assert settled([longest, 1]) == ["[MASKED:size]", 1]
    full = [TEXT] * (MASKING_TOTAL_MAX_CHARS // len(TEXT))
    assert settled([*full, "a@b.io"])[-1] == "[MASKED:email]"
    for more in (["a@b.io"] * 20, [b"a@b.io"] * 20):
        assert settled([*full, *more]) == "[MASKED:size]"
        assert places([*full, *more])[""] == "size"


def test_nodes() -> None:
    """'Bounds (depth 32, 50,000 nodes, 256 KiB a string, 2 MiB in all).'"""
    most = ["x"] * (MASKING_MAX_NODES - 1)
    assert masked(most) is most
    assert settled(["x", *most]) == "[MASKED:nodes]"
    assert settled([most, "x", b"y"]) == ["[MASKED:nodes]", "x", b"y"]
    assert places([["x"] * MASKING_MAX_NODES, TOKEN]) == {"/0": "nodes", "/1": "github-token"}


def test_numbers_and_keys_are_no_nodes() -> None:
    values: list[object] = [list(range(200_000)), {f"k{number}": number for number in range(60_000)}]
    values.append({number: number for number in range(60_000)})
    for value in values:
        assert masked(value) is value


def test_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MASKING_MAX_ITEMS", 100)
    monkeypatch.setattr(shapes, "MASKING_MAX_ITEMS", 100)
    assert masked([b"", list(range(90)), list(range(50))]) == [b"", list(range(90)), "[MASKED:nodes]"]


def test_shared_references_do_not_multiply() -> None:
    value: Any = [1] * 1000
    for _ in range(30):
        value = [value] * 1000
    assert "nodes" in str(masked(value))


def test_a_loop_of_many_branches_ends() -> None:
    loop: list[Any] = []
    loop += [loop] * 10
    assert masked(loop) == ["[MASKED:cycle]"] * 10


def test_findings_are_bounded() -> None:
    found = MASKER.mask({f"k{number}": EMAIL for number in range(MASKING_MAX_FINDINGS + 50)}).findings
    assert len(found) == MASKING_MAX_FINDINGS + 1
    assert (found[-1].pointer, found[-1].count) == ("", 50)


def test_a_finding_counts_what_stands_at_one_place() -> None:
    (found,) = MASKER.mask([f"{EMAIL} {EMAIL} {EMAIL}"]).findings
    assert found.count == 3
