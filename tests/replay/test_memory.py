"""The replay store of one process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from delegate.clock import Clock, ManualClock
from delegate.errors import ConfigurationError, ReplayStoreUnavailableError
from delegate.limits import REPLAY_MARGIN, REPLAY_SWEEP, REPLAY_SWEEP_FULL
from delegate.replay import memory as module
from delegate.replay.memory import MemoryReplayStore
from tests.conftest import ROOT
from tests.contracts.claims import START, Claim, Store
from tests.contracts.replay import ReplayStoreContract, in_threads
from tests.replay import race


class TestMemory(ReplayStoreContract):
    @contextmanager
    def opened(
        self,
        clock: Clock,
        *,
        quota: int = 1000,
        issuer_quota: int | None = None,
        capacity: int = 1000,
        assume_fresh: bool = True,
    ) -> Iterator[Store]:
        yield MemoryReplayStore(
            single_process=True,
            assume_fresh=assume_fresh,
            clock=clock,
            quota=quota,
            issuer_quota=issuer_quota,
            capacity=capacity,
        )


@pytest.mark.slow
def test_s65_of_1000_tries_in_8_threads_exactly_one_wins_in_100_of_100_trials() -> None:
    """ "A (key, nonce) pair is accepted at most once over all processes" (rule 6), of which this has one."""
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=ManualClock(START))
    threads = 8

    def tries(trial: int) -> str:
        codes = [Claim(nonce=bytes([trial])).code(store, START) for _ in range(race.TRIES // threads)]
        return " ".join(code or "accepted" for code in codes)

    for trial in range(race.TRIALS):
        answers = in_threads(threads, lambda _, trial=trial: tries(trial))  # type: ignore[misc]
        words = Counter(" ".join(answers.elements()).split())
        assert words == race.WON


@pytest.mark.parametrize("answer", [False, 1, None])
def test_it_is_made_only_by_those_who_say_that_there_is_one_process(answer: object) -> None:
    MemoryReplayStore(single_process=True)
    with pytest.raises(ConfigurationError, match="SQLiteReplayStore") as caught:
        MemoryReplayStore(single_process=answer)  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.limit) == ("single_process", True)
    with pytest.raises(ConfigurationError, match="single_process"):
        MemoryReplayStore()


def test_the_epoch_is_the_second_of_construction_by_the_system_clock() -> None:
    before = Clock().now()
    store = MemoryReplayStore(single_process=True)
    epoch = Claim(expires_at=before + 60).on(store, before)
    assert before <= epoch <= Clock().now()


def test_s71_nothing_is_left_of_records_that_died() -> None:
    clock = ManualClock(START)
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock)
    for n in range(REPLAY_SWEEP):
        Claim(nonce=bytes([n]), quota_key=str(n), expires_at=START + 1 + n % 3).on(store, START)
    assert repr(store) == f"<MemoryReplayStore {REPLAY_SWEEP} of 1000000 live>"
    clock.advance(3 + REPLAY_MARGIN)
    Claim(expires_at=START + 300).on(store, clock.now())
    assert repr(store) == "<MemoryReplayStore 1 of 1000000 live>"
    assert sum(map(len, store._tables)) == len(store._buckets) == len(store._due) == 1
    assert len(store._shares) == len(store._issuers) == 1


def test_a_claim_drops_a_bounded_number_of_records(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock(START)
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock, quota=200, capacity=200)
    for n in range(200):
        Claim(nonce=n.to_bytes(2, "big")).on(store, START)
    clock.advance(60 + REPLAY_MARGIN)
    Claim(nonce=b"one", expires_at=START + 300).on(store, clock.now())
    assert store._live == 200 - REPLAY_SWEEP + 1
    assert REPLAY_SWEEP_FULL > REPLAY_SWEEP > 1


def test_a_claim_drops_as_many_as_it_may_whatever_second_they_died_in() -> None:
    clock = ManualClock(START)
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=clock)
    for n in range(REPLAY_SWEEP + 1):
        died = START + (1 if n < REPLAY_SWEEP - 1 else 2)
        Claim(nonce=bytes([n]), expires_at=died).on(store, START)
    clock.advance(2 + REPLAY_MARGIN)
    for live in (2, 2):  # one that died and the new one; then the two new ones
        Claim(nonce=clock.now().to_bytes(8, "big"), expires_at=START + 300).on(store, clock.now())
        assert repr(store) == f"<MemoryReplayStore {live} of 1000000 live>"
        clock.advance(1)


class Slow(dict[bytes, Any]):
    """A table that lets every other thread run between the question and its answer."""

    def __contains__(self, name: object) -> bool:
        known = super().__contains__(name)
        time.sleep(0)
        return known


def test_s65_threads_that_run_in_between_do_not_get_in_between() -> None:
    store = MemoryReplayStore(single_process=True, assume_fresh=True, clock=ManualClock(START))
    store._tables = tuple(Slow() for _ in range(256))
    for n in range(5):
        claim = Claim(nonce=bytes([n]))
        answers = in_threads(64, lambda _, claim=claim: claim.code(store, START))  # type: ignore[misc]
        assert answers == {"": 1, "nonce_replayed": 63}


def test_a_store_from_before_a_fork_is_refused_and_told_what_to_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the child of the next test sees, in this process."""

    def made() -> MemoryReplayStore:
        return MemoryReplayStore(single_process=True, assume_fresh=True, clock=ManualClock(START))

    parents = made()
    monkeypatch.setattr(module, "_forks", module._forks)  # put back in the end
    module._count_fork()
    with pytest.raises(ReplayStoreUnavailableError, match=r"before the process was forked.*use SQLite"):
        Claim().on(parents, START)
    assert Claim().code(made(), START) == ""
    monkeypatch.undo()
    assert Claim().code(parents, START) == ""


def test_a_fork_is_seen_by_the_child_alone() -> None:
    program = f"""
import os, sys
from delegate.clock import ManualClock
from delegate.errors import DelegateError
from delegate.replay.memory import MemoryReplayStore

def answer(store, nonce):
    try:
        return store.claim(
            space="s", quota_key="q", key_id="k", nonce=nonce, expires_at={START + 60}, now={START}
        )
    except DelegateError as error:
        return error.code

def made():
    return MemoryReplayStore(single_process=True, assume_fresh=True, clock=ManualClock({START}))

store = made()
store._lock.acquire()  # as another thread might hold it at the moment of the fork
if os.fork() == 0:
    print(answer(store, b"a"), answer(made(), b"a"), flush=True)
    os._exit(0)
os.wait()
store._lock.release()
print(answer(store, b"a"))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout.split() == ["replay_store_unavailable", "0", "0"]


def test_importing_the_contract_loads_neither_a_database_nor_an_event_loop() -> None:
    program = (
        "import sys, delegate.replay.memory\n"
        "print({'sqlite3', 'asyncio', 'delegate.sqlite'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "set()\n"
