"""Every row of the threat list that concerns this release has a test, or a reason why none can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import threats


def test_no_row_is_missing() -> None:
    assert threats.unanswered() == [], "write a test whose name carries the row, or excuse the row"


def test_no_row_is_both_tested_and_excused() -> None:
    tested = {answer.row for answer in threats.answers()}
    assert sorted(tested & threats.EXCUSED.keys()) == [], "it has a test now: take its excuse out"
    assert sorted(threats.EXCUSED.keys() - set(threats.ROWS)) == []


def test_rows_are_read_from_names_and_from_the_ids_of_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
ROWS = {"s1-nothing": ("", "component_missing"), "plain": ("", "expired")}

@pytest.mark.parametrize(("a", "code"), ROWS.values(), ids=ROWS.keys())
def test_components(a, code): ...

@pytest.mark.parametrize("a", [1, 2], ids=["s2 one", "two"])
def test_b3_c4_two_rows(a):
    assert refusal() is WidenedError
"""
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_it.py").write_text(source)
    monkeypatch.setattr(threats, "TESTS", folder)
    found = {(answer.row, answer.test, answer.codes) for answer in threats.answers()}
    assert found == {
        ("S1", "test_components", ("component_missing",)),
        ("S2", "test_b3_c4_two_rows", ()),
        ("B3", "test_b3_c4_two_rows", ("widened",)),
        ("C4", "test_b3_c4_two_rows", ("widened",)),
    }
    assert "S64" in threats.unanswered()
