"""The replay store of one machine, seen from one process."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from delegate.clock import Clock, ManualClock
from delegate.errors import ConfigurationError, ReplayStoreUnavailableError
from delegate.limits import REPLAY_MARGIN
from delegate.replay import sqlite as module
from delegate.replay.sqlite import SQLiteReplayStore
from tests.contracts.claims import NONCE, START, Claim, Store
from tests.contracts.replay import ReplayStoreContract


class TestSQLite(ReplayStoreContract):
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
        with (
            tempfile.TemporaryDirectory() as folder,
            SQLiteReplayStore(
                Path(folder) / "replay.db",
                clock=clock,
                quota=quota,
                issuer_quota=issuer_quota,
                capacity=capacity,
                assume_fresh=assume_fresh,
                deadline=30,
            ) as store,
        ):
            yield store


PATIENCE = 10
"""Seconds: far above the deadline of 0.2, for a slow machine, and far below no deadline at all."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "replay.db"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[SQLiteReplayStore]:
    with SQLiteReplayStore(path, clock=clock, assume_fresh=True, deadline=0.2) as store:
        yield store


def refused(store: Store, claim: Claim) -> str:
    with pytest.raises(ReplayStoreUnavailableError) as caught:
        claim.on(store, START)
    assert caught.value.executed == "no"
    return str(caught.value)


# --- restarts ----------------------------------------------------------------------------------------


def test_s76_a_restarted_store_remembers(path: Path, clock: ManualClock) -> None:
    for expected in ("", "nonce_replayed", "nonce_replayed"):
        with SQLiteReplayStore(path, clock=clock) as store:
            assert Claim().code(store, START) == expected
            assert Claim(nonce=b"another").code(store, START) == expected


def test_s77_a_file_keeps_the_epoch_of_its_making(path: Path, clock: ManualClock) -> None:
    with SQLiteReplayStore(path, clock=clock) as store:
        assert Claim(nonce=b"1").on(store, START) == START
    clock.advance(20)
    for fresh in (True, False):
        with SQLiteReplayStore(path, clock=clock, assume_fresh=fresh) as store:
            assert Claim(nonce=bytes([fresh])).on(store, START) == START


def test_s77_a_file_that_a_power_loss_may_shorten_has_a_new_epoch_at_each_opening(
    path: Path, clock: ManualClock
) -> None:
    with SQLiteReplayStore(path, clock=clock, durable=False, assume_fresh=True) as store:
        assert Claim(nonce=b"1").on(store, START) == 0
        clock.advance(20)
        with SQLiteReplayStore(path, clock=clock, durable=False, assume_fresh=True) as second:
            assert Claim(nonce=b"2").on(second, START) == START + 20
        assert Claim(nonce=b"3").on(store, START) == START + 20
        clock.advance(-10)
    with SQLiteReplayStore(path, clock=clock, durable=False) as store:
        assert Claim(nonce=b"4").on(store, START) == START + 20


@pytest.mark.parametrize("durable", [True, False])
def test_durability_is_a_property_of_the_file(path: Path, clock: ManualClock, durable: bool) -> None:  # noqa: FBT001
    SQLiteReplayStore(path, clock=clock, durable=durable).close()
    SQLiteReplayStore(path, clock=clock, durable=durable).close()
    with pytest.raises(ConfigurationError) as caught:
        SQLiteReplayStore(path, clock=clock, durable=not durable)
    assert (caught.value.field, caught.value.limit) == ("durable", durable)


def test_b15_what_was_dropped_early_is_known_after_a_restart(path: Path, clock: ManualClock) -> None:
    with SQLiteReplayStore(path, clock=clock, assume_fresh=True) as store:
        Claim().on(store, START)
        clock.advance(3600)
        Claim(nonce=b"there", expires_at=clock.now() + 1).on(store, clock.now())
    clock.set(START)
    with SQLiteReplayStore(path, clock=clock, assume_fresh=True) as store:
        assert Claim().code(store, START) == "replay_unknown"
        assert Claim(expires_at=START + 61).code(store, START) == ""


def test_dead_records_are_dropped_even_by_claims_that_are_refused(path: Path, clock: ManualClock) -> None:
    with SQLiteReplayStore(path, clock=clock, assume_fresh=True) as store:
        Claim(nonce=b"dead").on(store, START)
        Claim(nonce=b"live", expires_at=START + 300).on(store, START)
        clock.advance(60 + REPLAY_MARGIN)
        assert Claim(nonce=b"live", expires_at=START + 300).code(store, clock.now()) == "nonce_replayed"
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (1,)
    connection.close()


# --- failures, each with its own code ---------------------------------------------------------------


def test_a_closed_store_is_unavailable(path: Path, clock: ManualClock) -> None:
    store = SQLiteReplayStore(path, clock=clock, assume_fresh=True)
    assert Claim().code(store, START) == ""
    store.close()
    store.close()
    assert "closed" in refused(store, Claim(nonce=b"2"))


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_a_file_that_is_removed_while_open_is_noticed(
    store: SQLiteReplayStore, path: Path, suffix: str
) -> None:
    Claim().on(store, START)
    path.with_name(path.name + suffix).unlink()
    assert "removed or replaced" in refused(store, Claim(nonce=b"2"))


def test_a_file_that_is_replaced_while_open_is_noticed(
    store: SQLiteReplayStore, path: Path, clock: ManualClock
) -> None:
    Claim().on(store, START)
    for name in ("replay.db", "replay.db-wal", "replay.db-shm"):
        path.with_name(name).unlink()
    clock.advance(1)
    with SQLiteReplayStore(path, clock=clock) as successor:
        assert "removed or replaced" in refused(store, Claim(nonce=b"2"))
        assert Claim().on(successor, START) == START + 1  # the epoch tells: created at START is refused


def test_s73_a_full_disk_refuses_and_keeps_what_was_accepted(
    store: SQLiteReplayStore, path: Path, clock: ManualClock
) -> None:
    connection = store._database._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    accepted = 0
    while Claim(nonce=accepted.to_bytes(4, "big")).code(store, START) == "":
        accepted += 1
    assert accepted > 0
    assert "full" in refused(store, Claim(nonce=accepted.to_bytes(4, "big")))
    connection.execute(f"PRAGMA max_page_count={pages + 100}")
    codes = [Claim(nonce=n.to_bytes(4, "big")).code(store, START) for n in range(accepted + 1)]
    assert codes == ["nonce_replayed"] * accepted + [""]


def test_a_read_only_database_refuses(store: SQLiteReplayStore) -> None:
    store._database._connection.execute("PRAGMA query_only=ON")
    assert "readonly" in refused(store, Claim())
    store._database._connection.execute("PRAGMA query_only=OFF")
    assert Claim().code(store, START) == ""


def test_h10_a_lock_that_is_held_past_the_deadline_refuses(store: SQLiteReplayStore, path: Path) -> None:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    assert "locked" in refused(store, Claim())
    assert time.monotonic() - started < PATIENCE
    holder.execute("ROLLBACK")
    holder.close()
    assert Claim().code(store, START) == ""


def test_h10_a_lock_that_another_thread_holds_past_the_deadline_refuses(store: SQLiteReplayStore) -> None:
    started = time.monotonic()
    with store._database._lock:
        assert "other threads" in refused(store, Claim())
    assert time.monotonic() - started < PATIENCE
    assert Claim().code(store, START) == ""


@pytest.mark.parametrize("statement", ["DELETE FROM store", "DROP TABLE share", "DROP TABLE record"])
def test_s75_books_that_are_not_what_they_should_be_refuse(
    store: SQLiteReplayStore, path: Path, statement: str
) -> None:
    Claim().on(store, START)
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
    refused(store, Claim(nonce=b"2"))


@pytest.mark.parametrize(
    "damage", [lambda data: b"\xff" * len(data), lambda data: data[:4096] + b"\xff" * 65_536]
)
def test_a_damaged_file_refuses(path: Path, clock: ManualClock, damage: Callable[[bytes], bytes]) -> None:
    with SQLiteReplayStore(path, clock=clock, assume_fresh=True) as store:
        Claim().on(store, START)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ReplayStoreUnavailableError), SQLiteReplayStore(path, clock=clock) as store:
        Claim(nonce=b"2").on(store, START)


# --- the file ----------------------------------------------------------------------------------------


def test_the_file_holds_no_nonce_and_no_key_id(store: SQLiteReplayStore, path: Path) -> None:
    Claim(key_id="a-key-id-to-look-for").on(store, START)
    for name in ("replay.db", "replay.db-wal"):
        data = path.with_name(name).read_bytes()
        assert NONCE not in data
        assert b"a-key-id-to-look-for" not in data


def test_b7_no_statement_of_a_claim_reads_more_rows_than_it_needs(store: SQLiteReplayStore) -> None:
    connection = store._database._connection
    for statement, values in (
        (module._SWEEP, (0, 1)),
        (module._LOOK_UP, (b"",)),
        (module._COUNT, (b"", b"")),
        (module._RECORD, (b"", b"", b"", 0)),
    ):
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
        reads = [step for step in plan if step.startswith(("SCAN", "SEARCH"))]
        assert reads or statement is module._RECORD
        assert all(step.startswith("SEARCH") or step == "SCAN CONSTANT ROW" for step in reads), plan


def test_the_counters_are_the_counts(store: SQLiteReplayStore, clock: ManualClock) -> None:
    for n in range(40):
        clock.advance(7)
        claim = Claim(nonce=bytes([n % 25]), quota_key=str(n // 3), expires_at=clock.now() + 1 + n % 60)
        claim.code(store, clock.now())
    with store._database.transaction() as connection:
        (live,) = connection.execute("SELECT live FROM store").fetchone()
        shares = connection.execute("SELECT owner, live FROM share ORDER BY owner").fetchall()
        counted = connection.execute(
            "SELECT owner, count(*) FROM (SELECT owner FROM record UNION ALL SELECT issuer FROM record)"
            " GROUP BY owner ORDER BY owner"
        ).fetchall()
    assert 0 < live < 40
    assert shares == counted
    assert 2 * live == sum(count for _, count in counted)
