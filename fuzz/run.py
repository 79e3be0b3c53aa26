"""Fuzz every target for a while: ``python -m fuzz.run --seconds 60 [--json] [target ...]``.

One target after the other, each in a process of its own, so that a crash ends that target alone. A
terminal sees the work move; a pipe sees one line for each finished target; ``--json`` prints one object
for programs instead. The exit status is 1 when an input broke a target: the input is in
``fuzz/crashes/<target>/`` by then.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen

from fuzz.targets import CRASHES, load, names

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "fuzz" / "corpus"
INPUT_MAX_BYTES = 8192
"""Long enough to pass the small limits, short enough for thousands of runs a second."""
REDRAW_SECONDS = 0.2
"""How often a terminal sees the numbers move."""

_STATUS = re.compile(r"^#(?P<executions>\d+)\s.*?\bcov: (?P<coverage>\d+) .*?\bcorp: (?P<corpus>\d+)")


@dataclass(slots=True, kw_only=True)
class Result:
    """What one target's run came to so far; the numbers are libFuzzer's own."""

    target: str
    seconds: float = 0.0
    executions: int = 0
    coverage: int = 0
    corpus: int = 0
    crashes: list[str] = field(default_factory=list)

    def line(self) -> str:
        """One line for people."""
        return (
            f"{self.target:<12} {self.seconds:6.1f} s {self.executions:>11,} runs "
            f"{self.coverage:>6,} edges {self.corpus:>5,} inputs kept"
        )


def fuzz(name: str, seconds: int, *, live: bool) -> tuple[Result, list[str]]:
    """Run one target for ``seconds``: its result, and the end of libFuzzer's log."""
    corpus = CORPUS / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(load(name).SEEDS):
        (corpus / f"seed-{number}").write_bytes(seed)
    with tempfile.TemporaryDirectory() as artifacts:
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={INPUT_MAX_BYTES}",
            f"-artifact_prefix={artifacts}/",
            "-timeout=10",
        ]
        command = [sys.executable, "-m", "fuzz.worker", name, *options, str(corpus)]
        with Popen(command, cwd=ROOT, stderr=STDOUT, stdout=PIPE, text=True, errors="replace") as worker:
            result, log = _follow(name, worker.stdout or (), live=live)
        result.crashes = _keep(name, Path(artifacts))
    if worker.returncode and not result.crashes:
        raise SystemExit("\n".join([f"the worker for {name} failed:", *log]))
    return result, log


def _follow(name: str, rows: Iterable[str], *, live: bool) -> tuple[Result, list[str]]:
    """Read libFuzzer's log to its end: numbers into the result, other rows aside."""
    result = Result(target=name)
    log: deque[str] = deque(maxlen=40)
    started = shown = time.monotonic()
    for row in rows:
        now = time.monotonic()
        result.seconds = round(now - started, 1)
        match = _STATUS.match(row)
        if match is None:
            log.append(row.rstrip())
            continue
        result.executions, result.coverage, result.corpus = (int(number) for number in match.groups())
        if live and now - shown > REDRAW_SECONDS:
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
    sys.exit(any(result.crashes for result in results))


if __name__ == "__main__":
    main()
