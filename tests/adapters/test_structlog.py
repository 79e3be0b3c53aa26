"""structlog: events are masked before they are rendered, exceptions and all."""

from __future__ import annotations

import json
from typing import Any

import structlog

from delegate.adapters.structlog import MaskingProcessor
from delegate.masking import Masker, Policy
from delegate.masking.masker import Masked
from tests.masking.samples import EMAIL, MASKER, PASSWORD, TOKEN


def logger(lines: list[str], masker: Masker | None = MASKER) -> Any:
    class Sink:
        def info(self, line: str) -> None:
            lines.append(line)

        error = info

    return structlog.wrap_logger(
        Sink(),
        processors=[
            structlog.processors.add_log_level,
            MaskingProcessor(masker),
            structlog.processors.JSONRenderer(),
        ],
    )


def fail() -> None:
    raise ValueError(TOKEN)


def test_events_are_masked() -> None:
    lines: list[str] = []
    logger(lines).info(f"mail {EMAIL}", password=PASSWORD, headers={"x": [TOKEN]}, n=1)
    assert json.loads(lines[0]) == {
        "event": "mail [MASKED:email]",
        "password": "[MASKED:password]",
        "headers": {"x": ["[MASKED:github-token]"]},
        "n": 1,
        "level": "info",
    }


def test_exceptions_are_text_and_masked() -> None:
    lines: list[str] = []
    try:
        fail()
    except ValueError as error:
        for given in (True, error, (ValueError, error, error.__traceback__), False, None):
            logger(lines).error("failed", exc_info=given)
    logger(lines).error("nothing raised", exc_info=True)
    events = [json.loads(line) for line in lines]
    assert TOKEN not in str(lines)
    assert ["[MASKED:github-token]" in event.get("exception", "") for event in events] == [True] * 3 + [
        False
    ] * 3
    assert all("exc_info" not in event for event in events)


def test_a_blocked_event_says_so() -> None:
    lines: list[str] = []
    logger(lines, Masker(Policy(mode="block"))).info("x", mail=EMAIL)
    assert "[MASKED:blocked]" in lines[0]
    assert EMAIL not in lines[0]


def test_a_failure_hides_the_event() -> None:
    class Failing:
        def mask(self, value: object) -> Masked:
            raise RuntimeError(PASSWORD)

    processor = MaskingProcessor(Failing())  # type: ignore[arg-type]
    assert processor(None, "info", {"event": PASSWORD}) == {"event": "[MASKED:error]"}
    huge = {f"k{number}": "x" for number in range(60_000)}
    assert MaskingProcessor()(None, "info", huge) == {"event": "[MASKED:nodes]"}
