"""The vectors are what the generator writes, and the library agrees with every one of them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.vectors.case import FOLDER, OK, Case, read
from tests.vectors.generate import all_files
from tests.vectors.run import verdict

FILES = sorted([*FOLDER.glob("*/*.json"), *FOLDER.glob("*/*.jsonl")])
MAX_BYTES = 3_000_000


def refusal_of(case: Case) -> str | None:
    """What is wrong with the library's verdict of this case; ``None`` where it is the expected one."""
    expected = case["expect"]
    found, result = verdict(case)
    if isinstance(found, dict) and "step" not in expected:
        found.pop("step", None)
    if found != expected:
        return f"expected {expected}, found {found}"
    wanted = case.get("result", {})
    known = {name: result.get(name) for name in wanted}
    return None if known == wanted else f"expected {wanted}, found {known}"


def test_the_folder_holds_exactly_what_is_generated() -> None:
    generated = all_files()
    assert {str(path.relative_to(FOLDER)) for path in FILES} == generated.keys()
    stale = [name for name, text in generated.items() if (FOLDER / name).read_text(encoding="utf-8") != text]
    assert stale == [], "run python -m tests.vectors.generate"


@pytest.mark.parametrize("subject", sorted({path.parent.name for path in FILES}))
def test_every_case_has_the_verdict_that_it_states(subject: str) -> None:
    wrong = {
        f"{path.name} {name}": found
        for path in FILES
        if path.parent.name == subject
        for name, case in read(path)
        if (found := refusal_of(case)) is not None
    }
    assert wrong == {}


def test_a_wrong_expectation_would_be_noticed() -> None:
    _, good = next(read(FOLDER / "token" / "2-blocks.json"))
    assert refusal_of(good) is None
    assert refusal_of(good | {"expect": {"code": "widened"}}) is not None
    assert refusal_of(good | {"result": {"expires_at": 1}}) is not None
    refused = good | {"now": good["now"] + 600, "result": {}}
    assert (
        refusal_of(refused | {"expect": {"code": "delegation_expired", "block": 0, "field": "exp"}}) is None
    )
    assert (
        refusal_of(refused | {"expect": {"code": "delegation_expired", "block": 1, "field": "exp"}})
        is not None
    )


def test_there_are_enough_of_them_and_they_are_small() -> None:
    cases = sum(1 for path in FILES for _ in read(path))
    assert cases >= 1_500
    assert sum(path.stat().st_size for path in FILES) < MAX_BYTES


def test_beside_each_kind_of_refusal_stands_an_acceptance() -> None:
    """Each operation that is ever refused is accepted too, in the family or the folder where that happens."""
    accepted: dict[tuple[str, str], int] = defaultdict(int)
    refused: dict[tuple[str, str], Path] = {}
    for path in FILES:
        for _, case in read(path):
            if case["expect"] == OK:
                accepted[path.parent.name, case["op"]] += 1
            else:
                refused[path.parent.name, case["op"]] = path
    assert refused.keys() <= accepted.keys()
    families = [path for path in FILES if path.suffix == ".jsonl"]
    assert [path.name for path in families if not any(case["expect"] == OK for _, case in read(path))] == []
