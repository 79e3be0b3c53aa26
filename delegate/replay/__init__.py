"""Once: a (key, nonce) pair is accepted at most once while its request could still be valid.

The rule (design rule 6): no unexpired record is ever evicted, and a store that may have forgotten says so
and refuses. A store keeps that promise over everything that shares it; ``memory`` is shared by the threads
of one process, ``sqlite`` by the processes of one machine, ``redis`` by the machines at one Redis server.

This file is the contract, ``rules`` what all stores decide alike, and each further file one store.

What ``claim`` does, in this order, atomically:

1. refuses ``expired``, and stores nothing, when ``expires_at`` has come by the caller's clock or its own;
2. drops a bounded number of records that died: ``expires_at`` + 60 s (``REPLAY_MARGIN``) ago or more;
3. refuses ``nonce_replayed`` when (``space``, ``key_id``, ``nonce``) is on record;
4. refuses ``replay_unknown`` when a record with this ``expires_at`` or a later one was ever dropped. With
   a clock that only moves on this never happens; after a clock that leapt ahead and came back, the
   records it dropped early would be missed;
5. refuses ``replay_capacity`` when ``quota_key`` has used up its quota, the issuer in it its own, or the
   store its capacity;
6. records the nonce.

It answers with the store's **epoch**: the last instant, in whole UTC seconds, of which records may be
lost; 0 when none are. The caller must refuse ``replay_unknown`` what was created at or before the epoch
plus its skew. Any doubt about the store itself is ``replay_store_unavailable``; the nonce may then be used.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["AsyncReplayStore", "ReplayStore"]


class ReplayStore(Protocol):
    """Where accepted nonces are remembered."""

    def claim(
        self, *, space: str, quota_key: str, key_id: str, nonce: bytes, expires_at: int, now: int
    ) -> int:
        """Record a nonce that was never seen, or raise; returns the store's epoch (UTC seconds, or 0).

        - ``space``: the tenant. Nonces of two spaces never meet.
        - ``quota_key``: who pays for the record: the issuer, a space, and the delegatee, so that all keys
          below one delegation share one quota, and all delegatees of one issuer another.
        - ``key_id``, ``nonce``: the pair that is accepted once. Any text and any bytes; the verifier has
          bounded both.
        - ``expires_at``: when the request stops being valid, UTC seconds, at most ``TIMESTAMP_MAX``.
        - ``now``: the caller's reading of its clock, UTC seconds.

        Raises ``ExpiredError``, ``NonceReplayedError``, ``ReplayUnknownError``, ``ReplayCapacityError`` or
        ``ReplayStoreUnavailableError``. After any of them the nonce counts as not accepted.
        """
        ...


class AsyncReplayStore(Protocol):
    """The same contract for callers on an event loop. One store may offer both."""

    async def aclaim(
        self, *, space: str, quota_key: str, key_id: str, nonce: bytes, expires_at: int, now: int
    ) -> int:
        """See ``ReplayStore.claim``."""
        ...
