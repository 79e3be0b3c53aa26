"""The replay store of one machine, seen from several processes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from delegate.clock import ManualClock
from delegate.errors import ReplayStoreUnavailableError
from delegate.replay.sqlite import SQLiteReplayStore
from tests.conftest import ROOT
from tests.contracts.claims import START, Claim
from tests.replay import race

KILLS = 10
MANY_KILLS = 200
LIFE_MAX = 0.01
"""Seconds, a few claims long."""


@contextmanager
def worker(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.replay.worker", *arguments]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


@pytest.mark.slow
def test_s65_of_1000_tries_in_4_processes_exactly_one_wins_in_100_of_100_trials(path: Path) -> None:
    """ "A (key, nonce) pair is accepted at most once over all processes" (rule 6)."""
    answers = [*race.trials("tests.replay.worker", str(path))]
    assert answers == [race.WON] * race.TRIALS


def test_s76_a_nonce_that_was_acknowledged_before_a_kill_is_never_accepted_again(path: Path) -> None:
    acknowledged = 0
    for round_ in range(KILLS):
        with worker("pour", str(path), str(acknowledged)) as process:
            assert process.stdout is not None
            for _ in range(1 + 7 * round_):
                assert process.stdout.readline()
            process.kill()  # SIGKILL, wherever in a claim it is
            lines = process.stdout.read().splitlines()
        fresh = acknowledged + 1 + 7 * round_ + len([line for line in lines if line])
        with SQLiteReplayStore(path, clock=ManualClock(START)) as store:
            codes = {
                Claim(nonce=number.to_bytes(16, "big")).code(store, START)
                for number in range(acknowledged, fresh)
            }
            assert codes == {"nonce_replayed"}
            # The next one may or may not have been written when the process died. Either way it is used now.
            assert Claim(nonce=fresh.to_bytes(16, "big")).code(store, START) in {"", "nonce_replayed"}
            assert Claim(nonce=(fresh + 1).to_bytes(16, "big")).code(store, START) == ""
        acknowledged = fresh + 2


@pytest.mark.slow
def test_s76_over_200_kills_at_random_instants_no_nonce_is_ever_accepted_twice(path: Path) -> None:
    """ "A (key, nonce) pair is accepted at most once over all processes" (rule 6), however they end."""
    random = Random(76)
    accepted = Counter[int]()
    first, cut_short = 0, 0
    with worker("mortals", str(path)) as process:
        for _ in range(MANY_KILLS):
            lines = _life(process, max(0, first - random.randrange(4)), random)
            took = [int(number) for word, number in lines if word == "took"]
            tried = max((int(number) for word, number in lines if word == "try"), default=first)
            accepted.update(took)
            with SQLiteReplayStore(path, clock=ManualClock(START), deadline=30) as store:
                assert all(_code(store, number) == "nonce_replayed" for number in took)
                if tried not in accepted:  # killed within: written or not, from now on it is used
                    cut_short += 1
                    accepted[tried] += _code(store, tried) == ""
                assert _code(store, tried) == "nonce_replayed"
            first = tried + 1
        with SQLiteReplayStore(path, clock=ManualClock(START), deadline=30) as store:
            assert {_code(store, number) for number in range(first)} == {"nonce_replayed"}
            assert _code(store, first) == ""
    assert max(accepted.values()) == 1
    assert cut_short > MANY_KILLS / 20, "the kills came between claims, never within one"
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        books = connection.execute("SELECT live, (SELECT count(*) FROM record) FROM store").fetchone()
    connection.close()
    assert books == (first + 1, first + 1)


def _life(process: subprocess.Popen[str], first: int, random: Random) -> list[list[str]]:
    """What a child said that claimed from ``first`` on, before it was killed at some instant."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{first}\n")
    process.stdin.flush()
    child, lines = 0, list[list[str]]()
    enough = random.randrange(12)
    while not child or len(lines) < enough:
        words = process.stdout.readline().split()
        if words[0] == "child":
            child = int(words[1])
        else:
            lines.append(words)
    time.sleep(random.uniform(0, LIFE_MAX))  # into a claim: no event says when that is
    os.kill(child, signal.SIGKILL)
    while (words := process.stdout.readline().split()) != ["dead"]:
        lines.append(words)
    return lines


def _code(store: SQLiteReplayStore, number: int) -> str:
    return Claim(nonce=number.to_bytes(16, "big")).code(store, START)


def test_h10_a_lock_held_by_another_process_past_the_deadline_refuses(path: Path) -> None:
    with SQLiteReplayStore(path, clock=ManualClock(START), assume_fresh=True, deadline=0.2) as store:
        with worker("hold", str(path)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            with pytest.raises(ReplayStoreUnavailableError) as caught:
                Claim().on(store, START)
            assert caught.value.retryable
            with pytest.raises(ReplayStoreUnavailableError):
                SQLiteReplayStore(path, clock=ManualClock(START), deadline=0.2)
        assert Claim().code(store, START) == ""


def test_a_connection_is_refused_in_a_forked_child_which_opens_its_own(path: Path) -> None:
    with worker("fork", str(path)) as process:
        answers = process.communicate(timeout=30)[0].split()
    assert answers == ["replay_store_unavailable", "accepted", "accepted", "nonce_replayed"]


def test_processes_that_come_and_go_leave_an_open_store_in_peace(path: Path) -> None:
    with SQLiteReplayStore(path, clock=ManualClock(START), assume_fresh=True) as store:
        assert Claim(nonce=b"before").code(store, START) == ""
        with worker("visit", str(path)) as process:
            assert process.communicate(timeout=30)[0] == "accepted\n"
        assert Claim().code(store, START) == "nonce_replayed"
        assert Claim(nonce=b"after").code(store, START) == ""
