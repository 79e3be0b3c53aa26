"""The highest versions on the disk: one SQLite file, shared by any number of processes.

The rule: a version is on the disk before its list is in force, so neither a restart nor a power loss lets
an older one in. The file holds no list and no secret, one row for each issuer. ``delegate.sqlite`` says
which files are refused.
"""

from __future__ import annotations

import os
from types import TracebackType
from typing import Final, Self

from delegate.errors import RevocationUnavailableError
from delegate.limits import REPLAY_DEADLINE_DEFAULT
from delegate.revocation.versions import require_advance
from delegate.sqlite import Database, Schema

__all__ = ["SQLiteVersions"]

_SCHEMA: Final = Schema(
    name="store of revocation list versions",
    application_id=0x646C6776,  # "dlgv"
    version=1,
    statements=(
        """
        CREATE TABLE highest (
            issuer TEXT PRIMARY KEY,
            version INTEGER NOT NULL,
            digest BLOB NOT NULL
        ) STRICT, WITHOUT ROWID
        """,
    ),
)
_LOOK_UP: Final = "SELECT version, digest FROM highest WHERE issuer = ?"
_REMEMBER: Final = "INSERT OR REPLACE INTO highest (issuer, version, digest) VALUES (?, ?, ?)"


class SQLiteVersions:
    """Versions in an SQLite file; safe for any number of threads and processes of one machine.

    ``deadline`` bounds, in seconds, the wait for other processes. Open it after forking, and close it or
    use it in a ``with``. Raises ``ConfigurationError`` for a file that must not be used, and
    ``RevocationUnavailableError`` when the database fails.
    """

    __slots__ = ("_database",)

    def __init__(self, path: str | os.PathLike[str], *, deadline: float = REPLAY_DEADLINE_DEFAULT) -> None:
        """Open or create the file at ``path``."""
        self._database = Database(
            path, schema=_SCHEMA, unavailable=RevocationUnavailableError, deadline=deadline
        )

    def __enter__(self) -> Self:
        """Return the store, which is open already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Close the file; every later list is refused ``revocation_unavailable``."""
        self._database.close()

    def advance(self, issuer: str, version: int, digest: bytes) -> None:
        """See ``VersionStore.advance``."""
        with self._database.transaction() as connection:
            highest = connection.execute(_LOOK_UP, (issuer,)).fetchone()
            require_advance(highest, version, digest)
            if highest is None or version > highest[0]:
                connection.execute(_REMEMBER, (issuer, version, digest))
