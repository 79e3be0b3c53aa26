"""Another process at the same replay store, for the tests: ``python -m tests.replay.worker WHAT PATH …``."""

from __future__ import annotations

import itertools
import os
import sqlite3
import sys
from collections.abc import Callable
from typing import Final

from delegate.clock import ManualClock
from delegate.replay.sqlite import SQLiteReplayStore
from tests.contracts.claims import START, Claim
from tests.replay.race import run, say


def store_at(path: str) -> SQLiteReplayStore:
    """Every process agrees on the time, so each answer is one of two."""
    return SQLiteReplayStore(path, clock=ManualClock(START), assume_fresh=True, deadline=30)


def race(path: str, trials: str) -> None:
    """See ``tests.replay.race``."""
    run(lambda: store_at(path), lambda: START, int(trials))


def visit(path: str) -> None:
    """Open the store, claim a nonce, and leave."""
    with store_at(path) as store:
        say(Claim().code(store, START) or "accepted")


def pour(path: str, first: str) -> None:
    """Claim nonces first, first + 1, … for ever, and print each once it is accepted."""
    with store_at(path) as store:
        for number in itertools.count(int(first)):
            Claim(nonce=number.to_bytes(16, "big")).on(store, START)
            say(str(number))


def mortals(path: str) -> None:
    """At each line a child, which claims from that number on until it is killed; then "dead".

    A child says "try N" before it claims and "took N" once it was accepted. Forked, since a new interpreter
    takes longer to start than the child may live; it opens the store by itself.
    """
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            with store_at(path) as store:
                for number in itertools.count(int(line)):
                    say("try", str(number))
                    if Claim(nonce=number.to_bytes(16, "big")).code(store, START) == "":
                        say("took", str(number))
        say("child", str(child))
        os.waitpid(child, 0)
        say("dead")


def hold(path: str) -> None:
    """Hold the write lock until told to end."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    say("held")
    sys.stdin.readline()
    connection.close()


def fork(path: str) -> None:
    """Use a store in a forked child, then in the parent."""
    store = store_at(path)
    if os.fork() == 0:
        say(Claim(nonce=b"child").code(store, START))
        store.close()
        with store_at(path) as own:
            say(Claim(nonce=b"child").code(own, START) or "accepted")
        os._exit(0)
    os.wait()
    say(Claim(nonce=b"parent").code(store, START) or "accepted")
    say(Claim(nonce=b"child").code(store, START))
    store.close()


COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "race": race,
    "visit": visit,
    "pour": pour,
    "mortals": mortals,
    "hold": hold,
    "fork": fork,
}

if __name__ == "__main__":
    COMMANDS[sys.argv[1]](*sys.argv[2:])
