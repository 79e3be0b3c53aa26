"""The race for one nonce: 1,000 tries in 4 processes, 100 times over, of which exactly one wins each time.

The processes live through all trials and start each at the word of the parent, so a trial takes
milliseconds. They open the store within the first of them: its making is part of the race.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import IO, Final

from tests.conftest import ROOT
from tests.contracts.claims import Claim, Store

TRIALS: Final = 100
PROCESSES: Final = 4
TRIES: Final = 1000

WON: Final = {"accepted": 1, "nonce_replayed": TRIES - 1}
"""The answers of each trial."""


def say(*words: str) -> None:
    """A line that the parent can read at once, and whole or not at all."""
    os.write(1, (" ".join(words) + "\n").encode())


def run(opened: Callable[[], AbstractContextManager[Store]], now: Callable[[], int], trials: int) -> None:
    """A process's part: in each trial claim one nonce over and over, and print how often each answer came."""
    with ExitStack() as stack:
        store: Store | None = None
        for trial in range(trials):
            say("ready")
            sys.stdin.readline()
            store = store or stack.enter_context(opened())
            instant = now()
            claim = Claim(nonce=trial.to_bytes(16, "big"), expires_at=instant + 60)
            codes = Counter(claim.code(store, instant) or "accepted" for _ in range(TRIES // PROCESSES))
            say(*(f"{code}={count}" for code, count in codes.items()))


def trials(module: str, place: str) -> Iterator[Counter[str]]:
    """The answers of each trial, all processes' together; ``python -m module race place`` is one of them."""
    command = [sys.executable, "-m", module, "race", place, str(TRIALS)]
    with ExitStack() as stack:
        workers = []
        for _ in range(PROCESSES):
            process = stack.enter_context(
                subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
                )
            )
            stack.callback(process.kill)
            workers.append(process)
        for _ in range(TRIALS):
            assert [_pipe(process.stdout).readline() for process in workers] == ["ready\n"] * PROCESSES
            for process in workers:
                _pipe(process.stdin).write("go\n")
            answers: Counter[str] = Counter()
            for pair in " ".join(_pipe(process.stdout).readline() for process in workers).split():
                code, count = pair.split("=")
                answers[code] += int(count)
            yield answers


def _pipe(end: IO[str] | None) -> IO[str]:
    assert end is not None
    return end
