"""Fuzz every target for a while: ``python -m fuzz.run --seconds 60 [--json] [target ...]``.

One target after the other, each in a process of its own, so that a crash ends that target alone. A
terminal sees the work move; a pipe sees one line for each finished target, and both a table at the end:
executions, edges covered, inputs kept, and the share of the inputs that got past the parser's first step,
marked where it is under a fifth. ``--json`` prints one object for programs instead. The exit status is 1
when an input broke a target: the input is in ``fuzz/crashes/<target>/`` by then.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

from fuzz.targets import CORPUS, CRASHES, inputs, names

ROOT = Path(__file__).resolve().parent.parent
INPUT_MAX_BYTES = 8192
"""Long enough to pass the small limits, short enough for thousands of runs a second."""
SHARE_MIN = 0.2
"""Below it a target mostly tests its parser's first step, and wants better seeds or mutations."""
REDRAW_SECONDS = 0.2
"""How often a terminal sees the numbers move."""

_PAST = re.compile(r"^past the first step: (?P<past>\d+) of (?P<inputs>\d+)$")
_STATUS = re.compile(r"^#(?P<executions>\d+)\s.*?\bcov: (?P<coverage>\d+) .*?\bcorp: (?P<corpus>\d+)")


@dataclass(slots=True, kw_only=True)
class Result:
    """What one target's run came to so far; the numbers are libFuzzer's own."""

    target: str
    seconds: float = 0.0
    processor_seconds: float = 0.0
    """Less than ``seconds`` where other work took the processor; 0 until the worker has ended."""
    executions: int = 0
    coverage: int = 0
    corpus: int = 0
    share_past_first_step: float | None = None
    """Of all inputs, the seeds among them; None while the worker has not said it yet."""
    crashes: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line for people."""
        share = self.share_past_first_step
        shown, mark = ("?", "") if share is None else (f"{share:.0%}", " LOW" * (share < SHARE_MIN))
        return (
            f"{self.target:<15} {self.seconds:6.1f} s {self.executions:>11,} runs {self.coverage:>6,} edges "
            f"{self.corpus:>6,} kept {shown:>5} past the first step{mark}"
        )

    def read(self, row: str) -> bool:
        """Take the numbers out of one row of the worker's log; whether there were any."""
        if status := _STATUS.match(row):
            self.executions, self.coverage, self.corpus = (int(number) for number in status.groups())
            return True
        if past := _PAST.match(row):
            self.share_past_first_step = round(int(past["past"]) / int(past["inputs"]), 3)
            return True
        return False


def fuzz(name: str, seconds: int, *, live: bool) -> tuple[Result, list[str]]:
    """Run one target for ``seconds``: its result, and the end of libFuzzer's log."""
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(inputs(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    with tempfile.TemporaryDirectory() as artifacts:
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={INPUT_MAX_BYTES}",
            "-mutate_depth=2",  # five changes in a row leave little of an input's shape
            "-len_control=0",  # else it begins with inputs of a few bytes, which no parser here takes
            f"-artifact_prefix={artifacts}/",
            "-timeout=10",
        ]
        command = [sys.executable, "-m", "fuzz.worker", name, *options, str(corpus)]
        before = _processor_seconds()
        with Popen(command, cwd=ROOT, stderr=STDOUT, stdout=PIPE, text=True, errors="replace") as worker:
            result, log = _follow(name, worker.stdout or (), live=live)
        result.processor_seconds = round(_processor_seconds() - before, 1)
        result.crashes = _keep(name, Path(artifacts))
    if worker.returncode and not result.crashes:
        raise SystemExit("\n".join([f"the worker for {name} failed:", *log]))
    return result, log


def _processor_seconds() -> float:
    """What the workers that have ended took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _follow(name: str, rows: Iterable[str], *, live: bool) -> tuple[Result, list[str]]:
    """Read libFuzzer's log to its end: numbers into the result, other rows aside."""
    result = Result(target=name)
    log: deque[str] = deque(maxlen=40)
    started = shown = time.monotonic()
    for row in rows:
        now = time.monotonic()
        result.seconds = round(now - started, 1)
        if not result.read(row):
            log.append(row.rstrip())
        elif live and now - shown > REDRAW_SECONDS:
            shown = now
            print(f"\r\x1b[K{result.line()}", end="", flush=True)
    return result, list(log)


def _keep(name: str, artifacts: Path) -> list[str]:
    """Copy what broke the target to where the tests replay it."""
    kept = []
    for artifact in sorted(artifacts.iterdir()):
        crash = CRASHES / name / artifact.name
        crash.parent.mkdir(parents=True, exist_ok=True)
        crash.write_bytes(artifact.read_bytes())
        kept.append(str(crash.relative_to(ROOT)))
    return kept


def show(result: Result, log: list[str], *, live: bool) -> None:
    """Print one finished target, and why it broke if it did."""
    print(
        "\r\x1b[K" if live else "",
        result.line(),
        "  BROKEN" if result.crashes else "  ok",
        sep="",
        flush=True,
    )
    if result.crashes:
        print(*log, *result.crashes, sep="\n")


def main() -> None:
    """Read the arguments, fuzz, and exit with 1 when anything broke."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.run", description="Fuzz the parsers.")
    parser.add_argument("targets", nargs="*", help=f"of {', '.join(names())}; all when none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    chosen = parser.parse_args()
    if unknown := set(chosen.targets) - set(names()):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    live = sys.stdout.isatty() and not chosen.json
    results = []
    for name in chosen.targets or names():
        result, log = fuzz(name, chosen.seconds, live=live)
        results.append(result)
        if not chosen.json:
            show(result, log, live=live)
    if chosen.json:
        print(json.dumps({result.target: asdict(result) for result in results}, indent=2))
    elif len(results) > 1:
        print("", *(result.line() for result in results), sep="\n")
    sys.exit(any(result.crashes for result in results))


if __name__ == "__main__":
    main()
