"""docs/logging.md says which logger says what, and beside what names."""

from __future__ import annotations

import ast
import asyncio
import logging
import re
from dataclasses import fields, replace
from typing import Any

import pytest

from delegate.adapters.opentelemetry import _FEW
from delegate.errors import DelegateError
from delegate.observer import Event
from delegate.scope import Action
from delegate.server.messages import MessageGate
from delegate.verifier import Verified
from tests.conftest import ROOT
from tests.support.letter import Letter, Worker
from tests.support.wire import Server, sign

PAGE = (ROOT / "docs" / "logging.md").read_text(encoding="utf-8")
EVENT = {field.name for field in fields(Event)}


def first_cells(table: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)


def added(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name.startswith("delegate_")}


def _makes_logger(function: ast.expr) -> bool:
    return getattr(function, "attr", "") == "getLogger" or getattr(function, "id", "") == "masked_logger"


def test_the_loggers_of_the_page_are_those_of_the_package() -> None:
    named = set()
    for path in (ROOT / "delegate").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _makes_logger(node.func) and path.name != "logs.py":
                [name] = node.args
                assert isinstance(name, ast.Constant), path
                named.add(name.value)
    table = PAGE.partition("| logger |")[2].partition("\n\n")[0]
    assert set(first_cells(table)) == named


def test_the_attributes_of_the_page_are_those_of_an_event() -> None:
    logs = PAGE.partition("| attribute | value |")[2].partition("\n\n")[0]
    told = {name.removeprefix("delegate_") for name in first_cells(logs)}
    assert told - {"method"} == EVENT - {"operation", "tool"}
    spans = PAGE.partition("| attribute | span |")[2].partition("\n\n")[0]
    assert {name.removeprefix("delegate.") for name in first_cells(spans)} == EVENT
    few = re.findall(r"^\| `delegate\.([^`]+)` \| yes \| yes \|", spans, re.MULTILINE)
    assert tuple(few) == _FEW


def test_an_acceptance_has_names_and_ids_beside_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="delegate")
    proof = Server().deliver(sign())
    [record] = caplog.records
    assert (record.name, record.levelno) == ("delegate.verifier", logging.INFO)
    assert added(record) == {
        "delegate_verdict": "accepted",
        "delegate_issuer": "acme",
        "delegate_agent": "agent-1",
        "delegate_path": ("agent-0", "agent-1"),
        "delegate_request_id": proof.request_id,
        "delegate_chain_id": proof.chain_id,
        "delegate_key_id": proof.key_id,
    }


def test_a_refusal_by_a_step_names_nobody(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(DelegateError):
        Server().deliver(replace(sign(), method="P" * 99))
    [record] = caplog.records
    assert (record.name, record.levelno) == ("delegate.verifier", logging.WARNING)
    assert added(record) == {
        "delegate_verdict": "refused",
        "delegate_code": "method_rejected",
        "delegate_step": 5,
        "delegate_method": "P" * 32,
    }


def test_a_refusal_of_somebody_verified_says_whose(caplog: pytest.LogCaptureFixture) -> None:
    def action_for(_verified: Verified) -> Action:
        return Action("refunds.create", operation="financial", risk="critical")

    with pytest.raises(DelegateError):
        asyncio.run(MessageGate(Worker().verifier, action_for=action_for).aadmit(Letter().message()))
    [record] = caplog.records
    assert (record.name, record.levelno) == ("delegate.server", logging.WARNING)
    facts = added(record)
    assert facts["delegate_code"] == "out_of_scope"
    assert facts["delegate_block"] == 0
    assert facts["delegate_agent"] == "agent-1"
    assert len(facts["delegate_request_id"]) == 64
    assert "delegate_step" not in facts
