"""The orchestrator's agents get what they were handed, and nothing else."""

from __future__ import annotations

import asyncio
import subprocess
import sys

from examples.orchestrator import run
from tests.conftest import ROOT


def test_three_agents_work_at_the_same_time_each_with_its_own_part() -> None:
    assert asyncio.run(run()) == {
        "reader": [f"{order}: 200, another order: out_of_scope" for order in ("o-1", "o-2", "o-3")],
        "clerk": ["o-2 for user:alice: 200", "o-1: out_of_scope"],
    }


def test_it_runs_as_a_program() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "examples.orchestrator"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert shown.stdout.count("200") == 4
