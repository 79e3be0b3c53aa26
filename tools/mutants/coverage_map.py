"""Which test executes which line of the modules that decide, and which of their branches none takes.

One run of the tests under coverage.py, each test a context of its own. The same run tells how long each test
takes, so that the shortest can go first, and that all pass before anything is changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import coverage
import pytest

from tools.mutants.worker import Repeatable


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageMap:
    """Of each file its lines with their tests; of each test its seconds; of each file what is not covered.

    A test named ``""`` is the time outside tests: imports and collecting.
    """

    lines: dict[str, dict[int, list[str]]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    missing: dict[str, list[str]] = field(default_factory=dict)
    branches: dict[str, tuple[int, int]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def tests(self, path: str, first: int, last: int) -> list[str]:
        """The tests that execute a line of these, the shortest first."""
        lines = self.lines.get(path, {})
        names = {name for line in range(first, last + 1) for name in lines.get(line, ())} - {""}
        return sorted(names, key=lambda name: (self.seconds.get(name, 0.0), name))

    def outside(self, path: str, first: int, last: int) -> bool:
        """Whether a line of these runs while modules are imported or tests collected."""
        lines = self.lines.get(path, {})
        return any("" in lines.get(line, ()) for line in range(first, last + 1))


def build(pipe: Connection, arguments: Sequence[str], paths: Sequence[str]) -> None:
    """Run the tests and send the map; to be called in a process that has not imported the modules.

    What pytest prints goes to standard error: standard output is for the report.
    """
    os.dup2(2, 1)
    measured = coverage.Coverage(data_file=None, branch=True, include=[str(Path(p).resolve()) for p in paths])
    measured.start()
    watch = _Watch(measured)
    pytest.main(list(arguments), plugins=[Repeatable(), watch])
    measured.stop()
    result = CoverageMap(seconds=watch.seconds, failed=watch.failed)
    for path in paths:
        _read(measured, path, result)
    pipe.send(result)


def _read(measured: coverage.Coverage, path: str, result: CoverageMap) -> None:
    file = str(Path(path).resolve())
    found = measured.get_data().contexts_by_lineno(file)
    result.lines[path] = {abs(line): [] for line in found}
    for line, tests in found.items():
        result.lines[path][abs(line)] += [test for test in tests if test not in result.lines[path][abs(line)]]
    analysis = measured._analyze(file)  # noqa: SLF001 - the public report is text only
    numbers = analysis.numbers
    result.branches[path] = (numbers.n_executed_branches, numbers.n_branches)
    branches = (
        f"{line} to {end}" for line, ends in sorted(analysis.missing_branch_arcs().items()) for end in ends
    )
    result.missing[path] = [*map(str, sorted(analysis.missing)), *branches]


class _Watch:
    """Tells coverage which test is running, and keeps its seconds and failures."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self._measured = measured
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._measured.switch_context(item.nodeid)
        yield
        self._measured.switch_context("")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
