"""The command: ``make mutants``, or ``make mutants ARGS="--json delegate/scope.py"`` for one module.

``ARGS=delegate/masking`` runs the suite that does not run by itself (see ``suites.py``).

It fails where a mutant survives that is not in the list of allowed ones, and where the list names a mutant
that does not exist any more. Progress goes to the terminal, the table (or the JSON) to standard output.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import pickle
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final

from tools.mutants import coverage_map
from tools.mutants.coverage_map import CoverageMap
from tools.mutants.decisions import mutants
from tools.mutants.ledger import Ledger, allowed, whole_tree
from tools.mutants.suites import CORE, SUITES, Suite
from tools.mutants.worker import BROKEN, ELSEWHERE, KILLED, SURVIVED, TIMEOUT, Job, Verdict, serve

OPTIONS: Final = ("-q", "-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist")

COLLECTING: Final = 300.0
"""Seconds to collect tests over a changed module, which may never come to the end of its import."""

STATE: Final = Path(".mutants")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One mutant to run: its name, the job, and whether an import alone can show it in full."""

    name: str
    job: Job
    outside: bool
    rest: tuple[tuple[str, float], ...] = ()
    """Further tests, for a mutant that survives those of the job: they would take too long for each."""


class Bench:
    """One process that holds the collected tests, and others on demand; not for two threads."""

    def __init__(self, tests: Sequence[str], scratch: Path) -> None:
        """Collect these tests; their files go below ``scratch``."""
        self._scratch = scratch
        self._process, self._pipe = self._start(tests, None)
        if self._pipe.recv() == BROKEN:
            msg = "the tests cannot be collected"
            raise RuntimeError(msg)

    def judge(self, task: Task) -> Verdict:
        """Run the mutant in a fork, and over a fresh import where that alone can show it."""
        verdict = Verdict(outcome=SURVIVED)
        for tests in (task.job.tests, task.rest):
            if tests and verdict.outcome == SURVIVED:
                verdict = self._run(replace(task.job, tests=tests), outside=task.outside)
        return verdict

    def _run(self, job: Job, *, outside: bool) -> Verdict:
        self._pipe.send(job)
        verdict: Verdict = self._pipe.recv()
        if verdict.outcome == ELSEWHERE or (verdict.outcome == SURVIVED and outside):
            return self._planted(job)
        return verdict

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join()

    def _planted(self, job: Job) -> Verdict:
        planted = replace(job, planted=True)
        process, pipe = self._start(sorted({name.partition("::")[0] for name, _ in job.tests}), planted)
        try:
            if not pipe.poll(COLLECTING):
                return Verdict(outcome=TIMEOUT)
            if pipe.recv() == BROKEN:
                return Verdict(outcome=KILLED)
            pipe.send(planted)
            return pipe.recv()  # type: ignore[no-any-return]
        except EOFError:
            return Verdict(outcome=KILLED)
        finally:
            pipe.close()
            process.kill()
            process.join()

    def _start(self, tests: Sequence[str], planted: Job | None) -> tuple[BaseProcess, Connection]:
        folder = tempfile.mkdtemp(dir=self._scratch)
        arguments = [*OPTIONS, f"--basetemp={folder}", *tests]
        return _spawn(serve, arguments, planted)


def _spawn(target: object, *arguments: object) -> tuple[BaseProcess, Connection]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments))  # type: ignore[arg-type]
    process.start()
    there.close()
    return process, here


def measured(suite: Suite, scratch: Path) -> CoverageMap:
    """The suite's map of this tree: that of an earlier run, or a new one."""
    file = STATE / f"map-{suite.name}-{whole_tree()}.pickle"
    if file.exists():
        return pickle.loads(file.read_bytes())  # type: ignore[no-any-return]  # noqa: S301 - written by us
    _say("measuring which test executes which line ...\n")
    tests = [*OPTIONS, f"--basetemp={scratch / 'map'}", *suite.test_paths()]
    process, pipe = _spawn(coverage_map.build, tests, suite.paths())
    result: CoverageMap = pipe.recv()
    process.join()
    if result.failed:
        sys.exit(f"these tests fail without any mutant: {', '.join(result.failed[:5])}")
    for old in STATE.glob(f"map-{suite.name}-*.pickle"):
        old.unlink()
    file.write_bytes(pickle.dumps(result))
    return result


def tasks(path: str, lines: CoverageMap, seconds: float = CORE.seconds) -> Iterator[Task]:
    """The module's mutants with the tests of their lines, or of the module where only an import runs them.

    The tests of the module are then all of its own file too: what a class statement generates, a repr or an
    equality, executes no line of the module.
    """
    source = Path(path).read_text(encoding="utf-8")
    own = [name for name in lines.seconds if _distance(name, Path(path)) == 0]
    of_module = list(dict.fromkeys([*lines.tests(path, 1, source.count("\n")), *own]))
    for number, mutant in enumerate(mutants(path, source)):
        names = lines.tests(path, mutant.first, mutant.last) or of_module
        names.sort(key=lambda name: (_distance(name, Path(path)), lines.seconds.get(name, 0.0)))
        first = tuple(_within(names, lines.seconds, seconds))
        rest = tuple((name, lines.seconds[name]) for name in names[len(first) :])
        job = Job(path=path, number=number, tests=first)
        outside = lines.outside(path, mutant.first, mutant.last)
        yield Task(name=mutant.name, job=job, outside=outside, rest=rest)


def _distance(test: str, module: Path) -> int:
    """0 for a test of the module's own file, 1 for one of its room, 2 for any other.

    A module that all others use is executed by thousands of tests, and noticed by few of them.
    """
    own = Path("tests", *module.parts[1:-1], f"test_{module.stem}.py")
    file = Path(test.partition("::")[0])
    return 0 if file == own else 1 if file.parent == own.parent else 2


def _within(names: Sequence[str], seconds: dict[str, float], most: float) -> Iterator[tuple[str, float]]:
    """The first tests that together stay within ``most`` seconds; one at least."""
    total = 0.0
    for name in names:
        total += seconds[name]
        if total > most and name != names[0]:
            return
        yield name, seconds[name]


class Run:
    """The mutants of some modules, judged by some threads."""

    def __init__(self, suite: Suite, todo: list[Task], ledger: Ledger, scratch: Path) -> None:
        """Of these mutants of a suite, writing to this ledger."""
        self._tests = suite.test_paths()
        self._todo = iter(todo)
        self._count = len(todo)
        self._done: Counter[str] = Counter()
        self._ledger = ledger
        self._scratch = scratch
        self._lock = threading.Lock()
        self._start = time.monotonic()

    def work(self) -> None:
        """Judge until none is left."""
        bench = Bench(self._tests, self._scratch)
        while (task := self._next()) is not None:
            verdict = bench.judge(task)
            with self._lock:
                self._ledger[task.name] = verdict
                self._done[verdict.outcome] += 1
                self._progress(task.name)
        bench.close()

    def _next(self) -> Task | None:
        with self._lock:
            return next(self._todo, None)

    def _progress(self, name: str) -> None:
        done = self._done.total()
        left = (time.monotonic() - self._start) / done * (self._count - done)
        _say(f"\r{done}/{self._count} {dict(self._done)} {left / 60:.0f} min left  {name[:60]:60}")


def _say(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(words)
        sys.stderr.flush()


def report(paths: list[str], ledger: Ledger, lines: CoverageMap) -> dict[str, Any]:
    """What became of every mutant, by module; survivors by name; entries of the list that name nothing."""
    reasons = allowed()
    rows, survivors, names = {}, [], set()
    for path in paths:
        outcomes: Counter[str] = Counter()
        for mutant in mutants(path, Path(path).read_text(encoding="utf-8")):
            names.add(mutant.name)
            verdict = ledger[mutant.name]
            outcome = "listed" if mutant.name in reasons else verdict.outcome if verdict else "unknown"
            outcomes[outcome] += 1
            survivors += [mutant.name] if outcome in {SURVIVED, "unknown"} else []
        taken, branches = lines.branches[path]
        rows[path] = {"mutants": outcomes.total(), **outcomes, "branches": branches, "branches_taken": taken}
        rows[path]["not_covered"] = lines.missing[path]  # type: ignore[assignment]
    stale = [name for name in reasons if name.partition("::")[0] in paths and name not in names]
    return {"modules": rows, "survivors": survivors, "stale": stale}


def show(result: dict[str, Any]) -> None:
    """Print the report as a table for people."""
    columns = ("mutants", "killed", "timeout", "listed", "survived", "branches", "branches_taken")
    print(f"{'module':36}", *(f"{column:>14}" for column in columns))
    for path, row in result["modules"].items():
        print(f"{path:36}", *(f"{row.get(column, 0):14}" for column in columns))
        if row["not_covered"]:
            print("    not covered:", ", ".join(row["not_covered"]))
    for name in result["survivors"]:
        print("survived:", name)
    for name in result["stale"]:
        print("the list names what does not exist:", name)


def judge(suite: Suite, paths: list[str], ledger: Ledger, options: argparse.Namespace) -> CoverageMap:
    """See to it that the ledger has a verdict on every mutant of these modules; the suite's map."""
    scratch = Path(tempfile.mkdtemp())
    skipped = {} if options.listed else allowed()
    try:
        lines = measured(suite, scratch)
        todo = [
            task
            for path in paths
            for task in tasks(path, lines, suite.seconds)
            if ledger[task.name] is None and task.name not in skipped
        ]
        run = Run(suite, todo, ledger, scratch)
        threads = [threading.Thread(target=run.work) for _ in range(min(options.jobs, len(todo)))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return lines


def main() -> int:
    """Run, and report."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument(
        "modules", nargs="*", help="paths below delegate/ (all that decide in the core, if none is given)"
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--listed", action="store_true", help="run the allowed survivors too")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (2)")
    options = parser.parse_args()
    STATE.mkdir(exist_ok=True)
    ledger = Ledger(STATE / "verdicts.jsonl")
    result: dict[str, Any] = {"modules": {}, "survivors": [], "stale": []}
    for suite in SUITES if options.modules else (CORE,):
        paths = suite.paths(options.modules)
        if paths:
            part = report(paths, ledger, judge(suite, paths, ledger, options))
            result["modules"] |= part["modules"]
            result["survivors"] += part["survivors"]
            result["stale"] += part["stale"]
    print(json.dumps(result, indent=1)) if options.json else show(result)
    return 1 if result["survivors"] or result["stale"] else 0


if __name__ == "__main__":
    sys.exit(main())
