"""The replay store of one process: a table of names, and a bucket of names for each second of expiry.

The rule: it never says yes for a process it does not watch. What a process accepted dies with it, so the
epoch is the instant of construction; two processes would each accept a nonce once, so the operator states
that there is one (``single_process=True``), and a forked child is refused.

Cost: a claim is some dictionary operations under one lock. Records leave by the bucket, oldest second
first and a few at each claim, so nothing is searched and nothing pauses. The table is 256 small ones, by
the last byte of the nonce: growing one dictionary of a million names stops every thread for 0.15 s.
"""

from __future__ import annotations

import os
import threading
from heapq import heappop, heappush
from typing import Final

from delegate.clock import Clock, read, reader
from delegate.errors import ConfigurationError, ReplayCapacityError, ReplayStoreUnavailableError
from delegate.limits import (
    REPLAY_CAPACITY_DEFAULT,
    REPLAY_MARGIN,
    REPLAY_QUOTA_DEFAULT,
    REPLAY_SWEEP,
    REPLAY_SWEEP_FULL,
)
from delegate.replay import rules

__all__ = ["MemoryReplayStore"]

_SYSTEM_CLOCK: Final = Clock()

_forks = 0
"""How many forks lie between the first process and this one: an integer is cheaper to ask for than a pid."""


def _count_fork() -> None:
    global _forks  # noqa: PLW0603 - the one fact of this module that belongs to the process
    _forks += 1


os.register_at_fork(after_in_child=_count_fork)


_FORKED: Final = (
    "this replay store was made before the process was forked and guards the parent; use SQLiteReplayStore"
)


class _Share:
    """The live records of one quota key, or of one issuer."""

    __slots__ = ("live", "owner")

    def __init__(self, owner: tuple[str, str]) -> None:
        self.owner = owner
        self.live = 0


class _Paying(_Share):
    """The share of a quota key; its issuer's counts the same records."""

    __slots__ = ("issuer",)

    def __init__(self, owner: tuple[str, str], issuer: _Share) -> None:
        super().__init__(owner)
        self.issuer = issuer


class MemoryReplayStore:
    """Nonces in memory, for a server of one process; safe for any number of threads, sync and async.

    Until ``epoch`` + skew has passed, a few seconds after construction, requests are refused
    ``replay_unknown``: the process before this one may have accepted them. ``assume_fresh=True`` says that
    nothing was accepted before (tests, a first start). ``quota`` bounds the live nonces of one quota key,
    ``issuer_quota`` those of one issuer (default: half of ``capacity``, or ``quota`` if that is more),
    ``capacity`` those of the store; one takes about 170 bytes.

    Raises ``ConfigurationError`` without ``single_process=True``, and for bounds below 1.
    """

    __slots__ = (
        "_buckets",
        "_capacity",
        "_due",
        "_epoch",
        "_forgotten",
        "_forks",
        "_issuer_quota",
        "_issuers",
        "_live",
        "_lock",
        "_now",
        "_quota",
        "_shares",
        "_tables",
    )

    def __init__(
        self,
        *,
        single_process: bool = False,
        assume_fresh: bool = False,
        clock: Clock = _SYSTEM_CLOCK,
        quota: int = REPLAY_QUOTA_DEFAULT,
        issuer_quota: int | None = None,
        capacity: int = REPLAY_CAPACITY_DEFAULT,
    ) -> None:
        """Start with no records, and with now as the epoch."""
        if single_process is not True:
            msg = (
                "a replay store in memory guards one process, and each of several would accept a nonce; "
                "say single_process=True if there is only one, else use SQLiteReplayStore"
            )
            raise ConfigurationError(msg, field="single_process", limit=True)
        self._issuer_quota = rules.require_bounds(quota=quota, issuer_quota=issuer_quota, capacity=capacity)
        self._now = reader(clock)
        self._quota = quota
        self._capacity = capacity
        self._epoch = 0 if assume_fresh else read(clock)
        self._forks = _forks
        self._lock = threading.Lock()
        self._live = 0
        self._forgotten = -1
        self._tables: tuple[dict[bytes, _Paying], ...] = tuple({} for _ in range(256))
        self._shares: dict[tuple[str, str], _Paying] = {}  # by space and quota key
        self._issuers: dict[tuple[str, str], _Share] = {}  # by space and issuer
        self._buckets: dict[int, list[bytes]] = {}
        self._due: list[int] = []  # a heap of the buckets' seconds

    def __repr__(self) -> str:
        """How full it is; never what is in it."""
        return f"<MemoryReplayStore {self._live} of {self._capacity} live>"

    def claim(
        self, *, space: str, quota_key: str, key_id: str, nonce: bytes, expires_at: int, now: int
    ) -> int:
        """See ``ReplayStore.claim``."""
        if self._forks != _forks:  # before the lock, which another thread may have held while forking
            raise ReplayStoreUnavailableError(_FORKED)
        present = self._now()
        earlier, later = (now, present) if now < present else (present, now)
        if expires_at <= later:
            raise rules.expired(expires_at, later)
        cutoff = earlier - REPLAY_MARGIN
        name = rules.record_name(space, key_id, nonce)
        owner = (space, quota_key)
        table = self._tables[name[-1]]
        with self._lock:
            due = self._due
            if due and due[0] <= cutoff:
                self._sweep(cutoff, REPLAY_SWEEP)
            if name in table:
                raise rules.replayed()
            if expires_at <= self._forgotten:
                raise rules.forgotten(self._forgotten)
            share = self._shares.get(owner)
            if (
                share is None
                or share.live >= self._quota
                or share.issuer.live >= self._issuer_quota
                or self._live >= self._capacity
            ):
                share = self._make_room(owner, cutoff)
            table[name] = share
            share.live += 1
            share.issuer.live += 1
            self._live += 1
            bucket = self._buckets.get(expires_at)
            if bucket is None:
                bucket = self._buckets[expires_at] = []
                heappush(due, expires_at)
            bucket.append(name)
        return self._epoch

    async def aclaim(
        self, *, space: str, quota_key: str, key_id: str, nonce: bytes, expires_at: int, now: int
    ) -> int:
        """``claim`` itself: it takes microseconds, so nothing is gained by a thread."""
        return self.claim(
            space=space, quota_key=quota_key, key_id=key_id, nonce=nonce, expires_at=expires_at, now=now
        )

    def _make_room(self, owner: tuple[str, str], cutoff: int) -> _Paying:
        """The owner's share, with room for one more, after dropping the dead where there was none."""
        if self._refusal(owner) is not None:
            self._sweep(cutoff, REPLAY_SWEEP_FULL)
            refusal = self._refusal(owner)
            if refusal is not None:
                raise refusal
        issuer = self._issuer_owner(owner)
        paying = _Paying(owner, self._issuers.setdefault(issuer, _Share(issuer)))
        return self._shares.setdefault(owner, paying)

    @staticmethod
    def _issuer_owner(owner: tuple[str, str]) -> tuple[str, str]:
        return owner[0], rules.issuer_of(owner[1])

    def _refusal(self, owner: tuple[str, str]) -> ReplayCapacityError | None:
        share = self._shares.get(owner)
        if share is not None and share.live >= self._quota:
            return rules.full("quota", self._quota)
        issuer = self._issuers.get(self._issuer_owner(owner))
        if issuer is not None and issuer.live >= self._issuer_quota:
            return rules.full("issuer_quota", self._issuer_quota)
        if self._live >= self._capacity:
            return rules.full("capacity", self._capacity)
        return None

    def _sweep(self, cutoff: int, budget: int) -> None:
        """Drop at most ``budget`` records that expired at ``cutoff`` or before, the oldest first."""
        while budget > 0 and self._due and self._due[0] <= cutoff:
            second = self._due[0]
            self._forgotten = max(self._forgotten, second)
            bucket = self._buckets[second]
            dropped = bucket[-budget:]
            del bucket[-budget:]
            budget -= len(dropped)
            for name in dropped:
                self._release(name)
            if not bucket:
                del self._buckets[heappop(self._due)]

    def _release(self, name: bytes) -> None:
        share = self._tables[name[-1]].pop(name)
        self._live -= 1
        share.live -= 1
        share.issuer.live -= 1
        if share.live == 0:
            del self._shares[share.owner]
        if share.issuer.live == 0:
            del self._issuers[share.issuer.owner]
