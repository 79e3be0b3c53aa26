"""The replay store of many machines: four keys on one Redis server, changed by scripts alone.

The rule: a claim is one run of one script, which Redis runs alone and to its end. It is sent once and never
again. Whatever goes wrong on the way, the claim counts as refused, and its nonce may be used.

- **Nothing expires by itself.** The script drops dead records, a few at each claim, and notes how late the
  latest of them was. Time-outs of Redis (``PX``) would drop records unseen when its clock leaps ahead.
- **The epoch** stands beside the identity of the server that wrote it: its run id, which changes with every
  start, and its replication id, which changes with every promotion. A claim that finds another identity
  (a restart, however much came back from disk; a failover, however far the replica lagged), no identity
  (a flush), or books that do not add up (an eviction) moves the epoch to the present, by the later clock.
- **Settings** are looked at when the store is opened and wherever the epoch moves, so a failover to a server
  with another clock or an eviction policy is refused too.
- **One deadline** covers a claim from end to end: waiting for a connection, making it, asking, hearing. To
  that end one thread runs an event loop, and all callers, with loops of their own or without, hand it
  their claims. The reply repeats the record's name, so nobody takes another claim's answer for theirs.

What it cannot see: while two servers both believe to be the master, each accepts a nonce once, and one that
comes back from such a partition does not know what the other accepted. The cut-off one must refuse to write
(``min-replicas-to-write 1``). What is stored: docs/spec/replay.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from delegate.clock import Clock, read
from delegate.errors import ConfigurationError, DelegateError, ReplayStoreUnavailableError
from delegate.limits import (
    REPLAY_CAPACITY_DEFAULT,
    REPLAY_CONNECTIONS,
    REPLAY_DEADLINE_DEFAULT,
    REPLAY_DEADLINE_MAX,
    REPLAY_MARGIN,
    REPLAY_QUOTA_DEFAULT,
    REPLAY_SWEEP,
    REPLAY_SWEEP_FULL,
    SKEW_MAX,
)
from delegate.replay import rules
from delegate.replay.redis_scripts import CLAIM, OPEN, PARTS

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["RedisReplayStore"]

_SYSTEM_CLOCK: Final = Clock()

_PREFIX: Final = re.compile(r"[A-Za-z0-9:._-]{1,64}")
"""No braces: the prefix stands between two, so that a cluster keeps the four keys together."""


class RedisReplayStore:
    """Nonces on a Redis server, for any number of machines; safe for any number of threads and event loops.

    ``url`` is ``redis://``, ``rediss://`` (TLS) or ``unix://``, as redis-py reads it; name and password in it
    are never repeated. ``prefix`` begins the names of the four keys; stores with one prefix are one store.
    ``deadline`` bounds a claim as a whole, in seconds. ``assume_noeviction=True`` says that the server never
    evicts, where it does not tell its ``maxmemory_policy``. ``assume_fresh=True`` begins a store of which
    there is nothing yet with the epoch 0. The other settings are those of ``MemoryReplayStore``; a record
    takes about 340 bytes of Redis's memory.

    The user needs the commands EVAL, TIME, INFO and those on the four keys. Open it after forking, and
    close it or use it in a ``with``.

    Raises ``ConfigurationError`` for settings, a missing redis-py, a server that may evict keys, and clocks
    that differ by over 30 s; ``ReplayStoreUnavailableError`` when Redis does not answer.
    """

    __slots__ = (
        "_assume_noeviction",
        "_capacity",
        "_client",
        "_closed",
        "_deadline",
        "_issuer_quota",
        "_keys",
        "_lock",
        "_loop",
        "_owner",
        "_prefix",
        "_quota",
        "_thread",
    )

    def __init__(
        self,
        url: str,
        *,
        clock: Clock = _SYSTEM_CLOCK,
        prefix: str = "delegate:replay",
        quota: int = REPLAY_QUOTA_DEFAULT,
        issuer_quota: int | None = None,
        capacity: int = REPLAY_CAPACITY_DEFAULT,
        deadline: float = REPLAY_DEADLINE_DEFAULT,
        assume_noeviction: bool = False,
        assume_fresh: bool = False,
    ) -> None:
        """Connect, compare clocks, look at the eviction policy, and begin the store where there is none."""
        self._issuer_quota = rules.require_bounds(quota=quota, issuer_quota=issuer_quota, capacity=capacity)
        _require_settings(prefix, deadline)
        self._client = _client(url)
        self._prefix = prefix
        self._keys = [f"{{{prefix}}}:{part}" for part in PARTS]
        self._quota = quota
        self._capacity = capacity
        self._deadline = deadline
        self._assume_noeviction = int(assume_noeviction)
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="delegate-replay", daemon=True)
        self._thread.start()
        try:
            self._open(read(clock), int(assume_fresh))
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        """The prefix; never the address, which may hold a password, nor what is in the store."""
        return f"<RedisReplayStore {self._prefix!r}>"

    def __enter__(self) -> Self:
        """Return the store, which is open already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Close the connections, after claims under way; every later claim is ``replay_store_unavailable``.

        In a forked child this does nothing: the thread and its connections are the parent's.
        """
        if os.getpid() != self._owner:
            return
        with self._lock:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(self._finish(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def claim(
        self, *, space: str, quota_key: str, key_id: str, nonce: bytes, expires_at: int, now: int
    ) -> int:
        """See ``ReplayStore.claim``."""
        name = hashlib.sha256(rules.record_name(space, key_id, nonce)).digest()
        reply = self._submit(self._claim(name, space, quota_key, expires_at, now)).result()
        return _decide(reply, name, expires_at)

    async def aclaim(
        self, *, space: str, quota_key: str, key_id: str, nonce: bytes, expires_at: int, now: int
    ) -> int:
        """``claim`` for event loops: the caller's goes on while Redis decides."""
        name = hashlib.sha256(rules.record_name(space, key_id, nonce)).digest()
        reply = await asyncio.wrap_future(self._submit(self._claim(name, space, quota_key, expires_at, now)))
        return _decide(reply, name, expires_at)

    def _claim(
        self, name: bytes, space: str, quota_key: str, expires_at: int, now: int
    ) -> Coroutine[Any, Any, object]:
        """One run of the claim's script, not begun. Redis is told hashes: no nonce, no name of a key."""
        owner = hashlib.sha256(rules.share_name(space, quota_key)).digest()
        issuer = hashlib.sha256(rules.issuer_share_name(space, quota_key)).digest()
        bounds = (self._quota, self._issuer_quota, self._capacity)
        sweeps = (REPLAY_MARGIN, REPLAY_SWEEP, REPLAY_SWEEP_FULL)
        settings = (now, SKEW_MAX, self._assume_noeviction)
        return self._ask(CLAIM, name, *settings, owner, issuer, expires_at, *bounds, *sweeps)

    def _open(self, now: int, assume_fresh: int) -> None:
        name = b"open"
        work = self._ask(OPEN, name, now, SKEW_MAX, self._assume_noeviction, assume_fresh)
        verdict, number = _read(self._submit(work).result(), name)
        if verdict == b"policy":
            msg = (
                "Redis may evict nonces, or does not say; set maxmemory-policy noeviction, or where it "
                "cannot be read say assume_noeviction=True"
            )
            raise ConfigurationError(msg, field="maxmemory-policy", limit="noeviction")
        if verdict == b"clock":
            msg = f"Redis's clock is at {number}, this machine's at {now}; synchronize both"
            raise ConfigurationError(msg, field="clock", limit=SKEW_MAX)
        if verdict != b"open":
            raise _unexpected()

    def _submit(self, work: Coroutine[Any, Any, object]) -> Future[object]:
        """Hand ``work`` to the loop's thread, unless there is none."""
        if os.getpid() != self._owner:  # before the lock, which another thread may have held while forking
            work.close()
            msg = "this replay store was opened before the process was forked; open it after forking"
            raise ReplayStoreUnavailableError(msg)
        with self._lock:
            if self._closed:
                work.close()
                msg = "this replay store is closed"
                raise ReplayStoreUnavailableError(msg)
            return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _ask(self, script: str, *arguments: bytes | int) -> object:
        """Redis's reply to one run of ``script``, or the error to raise in its stead.

        Returned, not raised: an error raised from a handler carries the handled one along, and Redis may
        repeat the command that it did not like, a password included.
        """
        command: Any = self._client.execute_command  # its types say nothing about this command
        try:
            async with asyncio.timeout(self._deadline):
                return await command("EVAL", script, len(self._keys), *self._keys, *arguments)
        except TimeoutError:
            return ReplayStoreUnavailableError(f"Redis gave no answer within {self._deadline} s")
        except Exception as error:  # noqa: BLE001 - a server that talks nonsense makes any of them
            return ReplayStoreUnavailableError(f"Redis cannot be used: {type(error).__name__}")

    async def _finish(self) -> None:
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)
        await self._client.aclose()


def _decide(reply: object, name: bytes, expires_at: int) -> int:
    """The epoch, or the refusal raised."""
    verdict, number = _read(reply, name)
    if verdict == b"accepted":
        return number
    raise _refusal(verdict, number, expires_at)


def _refusal(verdict: bytes, number: int, expires_at: int) -> DelegateError:
    match verdict:
        case b"expired":
            return rules.expired(expires_at, number)
        case b"replayed":
            return rules.replayed()
        case b"forgotten":
            return rules.forgotten(number)
        case b"quota" | b"issuer_quota" | b"capacity":
            return rules.full(verdict.decode("ascii"), number)
        case b"policy" | b"clock":
            msg = (
                f"Redis was restarted or replaced, and now its {verdict.decode('ascii')} is wrong; correct it"
            )
            return ReplayStoreUnavailableError(msg)
    return _unexpected()


def _read(reply: object, name: bytes) -> tuple[bytes, int]:
    """The verdict and its number, from a reply that is about the record ``name``."""
    if isinstance(reply, DelegateError):
        raise reply
    match reply:
        case [echo, bytes() as verdict, int() as number] if echo == name and number >= 0:
            return verdict, number
    raise _unexpected()


def _unexpected() -> ReplayStoreUnavailableError:
    return ReplayStoreUnavailableError("Redis gave an answer that the claim's script never gives")


def _require_settings(prefix: str, deadline: float) -> None:
    if not _PREFIX.fullmatch(prefix):
        msg = f"prefix is {prefix!r}; give 1 to 64 letters, digits, ':', '.', '_' or '-'"
        raise ConfigurationError(msg, field="prefix", limit=64)
    if not 0 < deadline <= REPLAY_DEADLINE_MAX:
        msg = f"deadline is {deadline!r}; give seconds above 0, at most {REPLAY_DEADLINE_MAX}"
        raise ConfigurationError(msg, field="deadline", limit=REPLAY_DEADLINE_MAX)


def _client(url: str) -> Redis:
    """A client of ``url`` that never tries anything twice; it has no connection yet."""
    try:
        from redis.asyncio import BlockingConnectionPool, Redis  # noqa: PLC0415 - an absent extra is told here
        from redis.asyncio.connection import parse_url  # noqa: PLC0415
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "redis":
            raise
        msg = "RedisReplayStore needs an extra: pip install 'delegate-security[redis]'"
        raise ConfigurationError(msg, field="redis") from None
    settings: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        settings = dict(parse_url(url))
    if not settings:  # raised out here, since the parser's error would quote the URL
        msg = "the address of the replay store is no URL of Redis: redis://, rediss:// or unix://"
        raise ConfigurationError(msg, field="url")
    # What the URL's own options say of time-outs, retries and replies must not hold.
    settings |= {
        "protocol": 2,
        "decode_responses": False,
        "max_connections": REPLAY_CONNECTIONS,
        "timeout": None,
        "socket_timeout": None,
        "socket_connect_timeout": None,
        "retry": Retry(NoBackoff(), 0),
        "retry_on_timeout": False,
        "retry_on_error": [],
        "health_check_interval": 0,
    }
    return Redis.from_pool(BlockingConnectionPool(**settings))
