"""The replay store of one machine, seen from several processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from delegate.clock import ManualClock
from delegate.errors import ReplayStoreUnavailableError
from delegate.replay.sqlite import SQLiteReplayStore
from tests.conftest import ROOT
from tests.contracts.claims import START, Claim
from tests.replay import race

KILLS = 10


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
