"""``interop/js``, written from ``docs/spec`` alone, agrees with every vector.

It is run once over all of them. Verdict, code, ``block``, ``field``, ``component`` and ``step`` are compared,
and what an accepted case tells.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.node import FOLDER, needs_node, run
from tests.test_spec_examples import EXAMPLES, ORIGIN, Delivery
from tests.vectors.case import FOLDER as VECTORS
from tests.vectors.case import OK, Case, b64, read

pytestmark = needs_node

CASES = [
    (f"{path.parent.name}/{name}", case)
    for path in sorted([*VECTORS.glob("*/*.json"), *VECTORS.glob("*/*.jsonl")])
    for name, case in read(path)
]


def disagreement(case: Case, answer: dict[str, Any]) -> str | None:
    """What differs between the verdict of ``case`` and ``answer``; ``None`` where nothing does."""
    expected, found = case["expect"], answer["expect"]
    if found != OK and "step" not in expected:
        found = {name: value for name, value in found.items() if name != "step"}
    if found != expected:
        return f"expected {expected}, found {found}"
    wanted = case.get("result", {})
    told = {name: answer["found"].get(name) for name in wanted}
    return None if told == wanted else f"expected {wanted}, found {told}"


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    answers = run(FOLDER / "run.mjs", ({**case, "id": at} for at, (_, case) in enumerate(CASES)))
    assert [answer["id"] for answer in answers] == list(range(len(CASES)))
    return answers


def test_it_agrees_with_every_vector(answers: list[dict[str, Any]]) -> None:
    wrong = {
        name: found
        for (name, case), answer in zip(CASES, answers, strict=True)
        if (found := disagreement(case, answer)) is not None
    }
    assert wrong == {}


def test_both_verdicts_stand_in_every_subject(answers: list[dict[str, Any]]) -> None:
    seen = {
        (name.partition("/")[0], answer["expect"] == OK)
        for (name, _), answer in zip(CASES, answers, strict=True)
    }
    assert seen == {(subject, good) for subject, _ in seen for good in (True, False)}


def test_a_disagreement_would_be_noticed(answers: list[dict[str, Any]]) -> None:
    accepted = next(at for at, (_, case) in enumerate(CASES) if case["expect"] == OK and "result" in case)
    refused = next(
        at for at, (_, case) in enumerate(CASES) if case["expect"] != OK and "step" in case["expect"]
    )
    for at in (accepted, refused):
        _, case = CASES[at]
        assert disagreement(case, answers[at]) is None
        assert disagreement(case, answers[at] | {"expect": {"code": "widened"}}) is not None
    assert disagreement(CASES[accepted][1], answers[accepted] | {"found": {}}) is not None
    step = {"expect": answers[refused]["expect"] | {"step": 0}}
    assert disagreement(CASES[refused][1], answers[refused] | step) is not None


def test_its_replay_store_follows_the_example_of_the_specification() -> None:
    [answer] = run(FOLDER / "run.mjs", [{"id": 0, "op": "replay", **EXAMPLES["replay"]}])
    epoch = EXAMPLES["replay"]["epoch"]
    wanted = [epoch if case["answer"] == "epoch" else case["answer"] for case in EXAMPLES["replay"]["claims"]]
    assert answer["found"]["answers"] == wanted


def test_it_refuses_the_answers_of_the_specification() -> None:
    cases = []
    for at, each in enumerate(EXAMPLES["response-refusals"]):
        answer = Delivery.of(EXAMPLES["response"], each["change"]).request
        case = {
            "id": at,
            "op": "response",
            "request": EXAMPLES[answer["answers"]],
            "response": answer | {"body": b64(answer["body"].encode())},
            "server": {"origins": [ORIGIN]},
            "keys": [record["key"] for record in EXAMPLES["server-keys"]["origins"][ORIGIN]],
            "now": answer["now"],
        }
        cases.append((case, each["refusal"] or OK))
    answers = run(FOLDER / "run.mjs", [case for case, _ in cases])
    assert [answer["expect"] for answer in answers] == [expect for _, expect in cases]
