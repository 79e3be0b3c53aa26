"""The replay store of one machine: one SQLite file, shared by any number of processes.

The rule: a claim is answered after its record is on the disk, in the transaction that decided it. So an
accepted nonce survives the process, and by default a power loss.

The schema keeps the books itself: triggers count the live records of the store, of each quota key and of
each issuer, and a record cannot leave without ``forgotten_through`` moving up to its expiry. Names are stored
as SHA-256, so the file holds no nonce, and no text from outside is ever part of a statement.

Epoch: a file made by this store starts with the instant of its making, since an earlier file may have been
lost; it keeps it for good. With ``durable=False`` a power loss may take the last records, so every opening
moves the epoch to now. **Never restore such a file from a backup**: what was accepted since is unknown to
it. Delete it instead.
"""

from __future__ import annotations

import hashlib
import os
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from delegate.clock import Clock, read
from delegate.errors import (
    ConfigurationError,
    ReplayCapacityError,
    ReplayStoreUnavailableError,
    RequestError,
)
from delegate.limits import (
    REPLAY_CAPACITY_DEFAULT,
    REPLAY_DEADLINE_DEFAULT,
    REPLAY_MARGIN,
    REPLAY_QUOTA_DEFAULT,
    REPLAY_SWEEP,
    REPLAY_SWEEP_FULL,
)
from delegate.replay import rules
from delegate.sqlite import Database, Schema

if TYPE_CHECKING:
    from sqlite3 import Connection

__all__ = ["SQLiteReplayStore"]

_SYSTEM_CLOCK: Final = Clock()

_SCHEMA: Final = Schema(
    name="replay store",
    application_id=0x646C6772,  # "dlgr"
    version=2,
    statements=(
        """
        CREATE TABLE store (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            epoch INTEGER NOT NULL,
            durable INTEGER NOT NULL,
            forgotten_through INTEGER NOT NULL DEFAULT -1,
            live INTEGER NOT NULL DEFAULT 0
        ) STRICT
        """,
        "CREATE TABLE share (owner BLOB PRIMARY KEY, live INTEGER NOT NULL) STRICT, WITHOUT ROWID",
        """
        CREATE TABLE record (
            name BLOB PRIMARY KEY,
            owner BLOB NOT NULL,
            issuer BLOB NOT NULL,
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
        "CREATE INDEX record_by_expiry ON record (expires_at)",
        """
        CREATE TRIGGER record_added AFTER INSERT ON record BEGIN
            UPDATE store SET live = live + 1 WHERE one = 1;
            INSERT INTO share VALUES (new.owner, 1), (new.issuer, 1)
                ON CONFLICT (owner) DO UPDATE SET live = live + 1;
        END
        """,
        """
        CREATE TRIGGER record_dropped AFTER DELETE ON record BEGIN
            UPDATE store SET live = live - 1, forgotten_through = max(forgotten_through, old.expires_at)
                WHERE one = 1;
            UPDATE share SET live = live - 1 WHERE owner IN (old.owner, old.issuer);
            DELETE FROM share WHERE owner IN (old.owner, old.issuer) AND live = 0;
        END
        """,
    ),
)

_FOUND: Final = """
    INSERT INTO store (one, epoch, durable) VALUES (1, ?, ?) ON CONFLICT DO NOTHING
"""
_SWEEP: Final = """
    DELETE FROM record WHERE name IN
        (SELECT name FROM record WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
"""
_LOOK_UP: Final = """
    SELECT epoch, forgotten_through, EXISTS (SELECT 1 FROM record WHERE name = ?) FROM store WHERE one = 1
"""
_COUNT: Final = """
    SELECT live, coalesce((SELECT live FROM share WHERE owner = ?), 0),
        coalesce((SELECT live FROM share WHERE owner = ?), 0) FROM store WHERE one = 1
"""
_RECORD: Final = "INSERT INTO record (name, owner, issuer, expires_at) VALUES (?, ?, ?, ?)"


class SQLiteReplayStore:
    """Nonces in an SQLite file, for the processes of one machine; safe for any number of threads.

    ``deadline`` bounds, in seconds, how long a claim waits for other threads and processes.
    ``durable=False`` skips the wait for the disk at each claim, and pays with an epoch at each opening; it
    is a property of the file, the same for all who open it. ``assume_fresh=True`` gives a *new* file the
    epoch 0. The other settings are those of ``MemoryReplayStore``. Open it after forking, and close it or
    use it in a ``with``.

    Raises ``ConfigurationError`` for settings, and for a file that must not be used (``delegate.sqlite``),
    ``ReplayStoreUnavailableError`` when the database fails.
    """

    __slots__ = ("_capacity", "_clock", "_database", "_issuer_quota", "_quota")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Clock = _SYSTEM_CLOCK,
        quota: int = REPLAY_QUOTA_DEFAULT,
        issuer_quota: int | None = None,
        capacity: int = REPLAY_CAPACITY_DEFAULT,
        deadline: float = REPLAY_DEADLINE_DEFAULT,
        durable: bool = True,
        assume_fresh: bool = False,
    ) -> None:
        """Open or create the file at ``path``."""
        self._issuer_quota = rules.require_bounds(quota=quota, issuer_quota=issuer_quota, capacity=capacity)
        self._clock = clock
        self._quota = quota
        self._capacity = capacity
        self._database = Database(
            path, schema=_SCHEMA, unavailable=ReplayStoreUnavailableError, deadline=deadline, durable=durable
        )
        try:
            self._found(durable=durable, assume_fresh=assume_fresh)
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        """Where it is; never what is in it."""
        return f"<SQLiteReplayStore {str(self._database.path)!r}>"

    def __enter__(self) -> Self:
        """Return the store, which is open already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Close the file; every later claim is refused ``replay_store_unavailable``."""
        self._database.close()

    def claim(
        self, *, space: str, quota_key: str, key_id: str, nonce: bytes, expires_at: int, now: int
    ) -> int:
        """See ``ReplayStore.claim``."""
        name = hashlib.sha256(rules.record_name(space, key_id, nonce)).digest()
        payers = (
            hashlib.sha256(rules.share_name(space, quota_key)).digest(),
            hashlib.sha256(rules.issuer_share_name(space, quota_key)).digest(),
        )
        with self._database.transaction() as connection:
            answer = self._decide(connection, name, payers, expires_at, now)
        # A refusal is raised after the commit: the dead records that it dropped stay dropped.
        if isinstance(answer, RequestError):
            raise answer
        return answer

    async def aclaim(
        self, *, space: str, quota_key: str, key_id: str, nonce: bytes, expires_at: int, now: int
    ) -> int:
        """``claim`` in a worker thread, since it waits for locks and for the disk."""
        import asyncio  # noqa: PLC0415 - loaded by those who run a loop, never by ``import delegate``

        return await asyncio.to_thread(
            self.claim,
            space=space,
            quota_key=quota_key,
            key_id=key_id,
            nonce=nonce,
            expires_at=expires_at,
            now=now,
        )

    def _found(self, *, durable: bool, assume_fresh: bool) -> None:
        """Write the store's one row into a new file, or hold an old one to it."""
        now = read(self._clock)
        with self._database.transaction() as connection:
            new = connection.execute(_FOUND, (0 if assume_fresh else now, durable)).rowcount == 1
            (kept,) = connection.execute("SELECT durable FROM store WHERE one = 1").fetchone()
            if bool(kept) is not durable:
                msg = f"the replay store was made with durable={bool(kept)}; open it so, or delete the file"
                raise ConfigurationError(msg, field="durable", limit=bool(kept))
            if not (new or durable):
                connection.execute("UPDATE store SET epoch = max(epoch, ?) WHERE one = 1", (now,))

    def _decide(
        self, connection: Connection, name: bytes, payers: tuple[bytes, bytes], expires_at: int, now: int
    ) -> int | RequestError:
        """The epoch once the record is written, or the refusal; the clock is read after the waiting."""
        present = read(self._clock)
        if expires_at <= max(now, present):
            return rules.expired(expires_at, max(now, present))
        cutoff = min(now, present) - REPLAY_MARGIN
        connection.execute(_SWEEP, (cutoff, REPLAY_SWEEP))
        found = connection.execute(_LOOK_UP, (name,)).fetchone()
        if found is None:
            return ReplayStoreUnavailableError("the replay store has lost its own row; delete the file")
        epoch, forgotten_through, known = found
        if known:
            return rules.replayed()
        if expires_at <= forgotten_through:
            return rules.forgotten(forgotten_through)
        refusal = self._make_room(connection, payers, cutoff)
        if refusal is None:
            connection.execute(_RECORD, (name, *payers, expires_at))
        return refusal or int(epoch)

    def _make_room(
        self, connection: Connection, payers: tuple[bytes, bytes], cutoff: int
    ) -> ReplayCapacityError | None:
        """None if one more record fits, at once or after dropping the dead."""
        if self._overfull(connection, payers) is None:
            return None
        connection.execute(_SWEEP, (cutoff, REPLAY_SWEEP_FULL))
        return self._overfull(connection, payers)

    def _overfull(self, connection: Connection, payers: tuple[bytes, bytes]) -> ReplayCapacityError | None:
        live, mine, issuers = connection.execute(_COUNT, payers).fetchone()
        if mine >= self._quota:
            return rules.full("quota", self._quota)
        if issuers >= self._issuer_quota:
            return rules.full("issuer_quota", self._issuer_quota)
        if live >= self._capacity:
            return rules.full("capacity", self._capacity)
        return None
