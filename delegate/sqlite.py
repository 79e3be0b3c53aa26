"""Opening an SQLite database so that what is committed stays, and nobody else can reach it.

The rule: a file that could be read, replaced or forgotten behind our back is refused, at opening and then
at every transaction; and each failure of the database is one error of the caller's choice, never an
``sqlite3.Error``.

- **Private.** The file is ours, regular, has one name, and mode 0600 (SQLite gives ``-wal`` and ``-shm``
  the mode of the database). Its folder is not one that anyone may write to: a stranger could put a
  write-ahead log beside the database before we do.
- **Local.** Locks and shared memory do not hold on network file systems (sqlite.org/wal.html). Linux tells
  the type of a mount, and only known local ones are taken. Elsewhere the type cannot be asked from Python;
  there the operator has to know.
- **Durable.** Write-ahead log, and ``synchronous=FULL``: a commit that was answered survives a power loss.
- **The same file.** A database deleted or replaced under a running process goes on working for this process
  alone. Every transaction therefore compares the names with the files that were opened.
- **One writer.** Each process holds one connection behind one lock, since SQLite has one writer anyway and
  a mutex is fairer than its polling. A transaction that cannot start by the deadline is given up.

A connection does not survive ``fork`` (sqlite.org/howtocorrupt.html section 2.6): open after forking.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from delegate.errors import ConfigurationError, DelegateError
from delegate.limits import SQLITE_DEADLINE_MAX

__all__ = ["Database", "Schema"]

_OLDEST: Final = (3, 37, 0)
"""STRICT tables came with SQLite 3.37."""

_PAUSE: Final = 0.005
"""Seconds between two attempts to switch a file to its log: some of these switches fit into one pause."""

_LOCAL_FILE_SYSTEMS: Final = frozenset(
    {"bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "nilfs2"}
    | {"overlay", "ramfs", "reiserfs", "rootfs", "tmpfs", "xfs", "zfs"}
)
"""Linux file systems with one kernel behind them; what is not listed is taken for a network's."""

_creating: Final = threading.Lock()
"""Closing any descriptor of a file drops all POSIX locks of the process on it, SQLite's included; so a
file is created, and that descriptor closed, before anybody of this process may open it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What a database file holds: its kind, its version, and the statements that make it.

    ``application_id`` and ``version`` (both positive) stand in the file's header, so that a file of
    another kind or of a newer release is refused rather than misread.
    """

    name: str
    application_id: int
    version: int
    statements: tuple[str, ...]


class Database:
    """One connection to one database file, for all threads of one process.

    ``unavailable`` is the error raised for every failure after the settings were found good: locked past
    ``deadline`` (seconds), disk full, read-only, damaged, removed, replaced, closed, or inherited by a
    fork. ``durable=False`` keeps the file consistent, but a power loss may take the last commits.

    Raises ``ConfigurationError`` for a path, file system or file that must not be used.
    """

    __slots__ = ("_connection", "_deadline", "_files", "_lock", "_owner", "_path", "_unavailable")

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        schema: Schema,
        unavailable: type[DelegateError],
        deadline: float,
        durable: bool = True,
    ) -> None:
        """Create the file where it is missing, check it, open it, and make or check its schema."""
        _require_settings(deadline)
        self._path = _prepare(path)
        self._unavailable = unavailable
        self._deadline = deadline
        self._lock = threading.Lock()
        self._owner = os.getpid()
        try:
            self._connection = _connect(self._path, deadline=deadline)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        try:
            self._start(schema, durable=durable)
        except BaseException:
            self._connection.close()
            raise

    def __repr__(self) -> str:
        """The path, which is no secret."""
        return f"<Database {str(self._path)!r}>"

    @property
    def path(self) -> Path:
        """The absolute path of the file."""
        return self._path

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One ``BEGIN IMMEDIATE`` … ``COMMIT``; any exception inside rolls back.

        Waiting for other threads and for other processes ends, together, at the deadline.
        """
        give_up = time.monotonic() + self._deadline
        self._require_same_process()
        if not self._lock.acquire(timeout=self._deadline):
            reason = f"other threads held it for {self._deadline} s"
            raise self._failure(reason)
        try:
            self._begin(give_up)
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
        except sqlite3.Error as error:
            raise self._failure(error) from error
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the connection, after a transaction that still runs; every later use is refused.

        In a forked child this does nothing: closing there would disturb the parent's locks.
        """
        if os.getpid() == self._owner:
            with self._lock:
                self._connection.close()

    def _start(self, schema: Schema, *, durable: bool) -> None:
        try:
            self._connection.execute("BEGIN")  # one snapshot, since another process may be creating
            _is_empty(self._connection, schema)
            self._connection.execute("COMMIT")
            _configure(self._connection, durable=durable)
            _keep_log(self._connection, give_up=time.monotonic() + self._deadline)
            # The log exists from the first read on, and from then on its name must not move.
            self._connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            self._files = _identities(self._path)
        except sqlite3.Error as error:
            raise self._failure(error) from error
        with self.transaction() as connection:
            if _is_empty(connection, schema):
                _create_schema(connection, schema)
        with _usable(self._path):  # once more, now that the log and the shared memory are there
            _require_private(self._path)

    def _begin(self, give_up: float) -> None:
        patience = max(0, int((give_up - time.monotonic()) * 1000))
        self._connection.execute(f"PRAGMA busy_timeout={patience:d}")
        if _identities(self._path) != self._files:
            reason = "its file was removed or replaced while it was open; restart to open the new one"
            raise self._failure(reason)
        self._connection.execute("BEGIN IMMEDIATE")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _require_same_process(self) -> None:
        if os.getpid() != self._owner:
            reason = "it was opened before this process was forked; open it after forking"
            raise self._failure(reason)

    def _failure(self, reason: object) -> DelegateError:
        return self._unavailable(f"the database {str(self._path)!r} cannot be used: {reason}")


# --- settings and connection -------------------------------------------------------------------------


def _require_settings(deadline: float) -> None:
    if sqlite3.sqlite_version_info < _OLDEST:
        msg = f"SQLite {sqlite3.sqlite_version} is too old: 3.37 or later is needed"
        raise ConfigurationError(msg, field="sqlite", limit="3.37.0")
    if not 0 < deadline <= SQLITE_DEADLINE_MAX:
        msg = f"deadline is {deadline!r}; give seconds above 0, at most {SQLITE_DEADLINE_MAX}"
        raise ConfigurationError(msg, field="deadline", limit=SQLITE_DEADLINE_MAX)


def _connect(path: Path, *, deadline: float) -> sqlite3.Connection:
    return sqlite3.connect(
        path.as_uri() + "?mode=rw",  # never lets SQLite create a file, which would have another mode
        uri=True,
        timeout=deadline,
        isolation_level=None,  # transactions are begun and ended by name
        check_same_thread=False,  # the lock of ``Database`` keeps threads apart
    )


def _configure(connection: sqlite3.Connection, *, durable: bool) -> None:
    connection.execute("PRAGMA trusted_schema=OFF")
    connection.execute("PRAGMA cell_size_check=ON")
    connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
    if durable:  # macOS: fsync alone leaves data in the drive's cache
        connection.execute("PRAGMA fullfsync=ON")
        connection.execute("PRAGMA checkpoint_fullfsync=ON")


def _keep_log(connection: sqlite3.Connection, *, give_up: float) -> None:
    """Switch to the write-ahead log, which the file then keeps.

    SQLite waits for other processes everywhere but here, where several may be first at a new file.
    """
    mode = ""
    while mode == "":
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE)
    if mode != "wal":
        msg = f"the file system offers no shared memory for a write-ahead log (journal mode {mode!r})"
        raise ConfigurationError(msg, field="path", limit="wal")


def _is_empty(connection: sqlite3.Connection, schema: Schema) -> bool:
    """Whether nothing was ever stored here; a file of another kind or version is refused."""
    (kind,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if (kind, version, tables) == (0, 0, 0):
        return True
    if kind != schema.application_id:
        msg = f"the database is not a {schema.name}; give another path"
        raise ConfigurationError(msg, field="path", limit=schema.application_id)
    if version != schema.version:
        msg = f"the {schema.name} has version {version}, this release uses {schema.version}; upgrade it"
        raise ConfigurationError(msg, field="path", limit=schema.version)
    return False


def _create_schema(connection: sqlite3.Connection, schema: Schema) -> None:
    for statement in schema.statements:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id={schema.application_id:d}")
    connection.execute(f"PRAGMA user_version={schema.version:d}")


# --- files -------------------------------------------------------------------------------------------


def _prepare(path: str | os.PathLike[str]) -> Path:
    """The absolute path of a file that exists and may be used; created empty, mode 0600, where missing."""
    given = Path(path)
    if given.name in {"", ":memory:"}:
        msg = f"{os.fspath(path)!r} names no file; a database in memory is lost with the process"
        raise ConfigurationError(msg, field="path")
    with _usable(given):
        whole = Path(os.path.realpath(given.parent, strict=True)) / given.name
        _require_closed_folder(whole.parent)
        _create(whole)
        _require_private(whole)
        _require_local(whole)
    return whole


@contextlib.contextmanager
def _usable(path: Path) -> Iterator[None]:
    """Turn what the operating system says about a path into ``ConfigurationError``."""
    try:
        yield
    except ConfigurationError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"the database {str(path)!r} cannot be opened: {reason}"
        raise ConfigurationError(msg, field="path") from error


def _require_closed_folder(folder: Path) -> None:
    found = folder.stat()
    if found.st_uid not in {0, os.geteuid()} or found.st_mode & stat.S_IWOTH:
        msg = (
            f"the folder {str(folder)!r} is another user's, or anyone may write to it; make one of mode 0700"
        )
        raise ConfigurationError(msg, field="path", limit="0700")


def _create(path: Path) -> None:
    with _creating, contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _side_files(path: Path) -> Iterator[Path]:
    return (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))


def _require_private(path: Path) -> None:
    """Refuse the database, or a file that SQLite would open beside it, unless only we can reach it."""
    _require_private_file(path)
    for beside in (*_side_files(path), path.with_name(path.name + "-journal")):
        with contextlib.suppress(FileNotFoundError):
            _require_private_file(beside)


def _require_private_file(path: Path) -> None:
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode):
        msg = f"{str(path)!r} is a link or no regular file; name the file itself"
    elif found.st_uid != os.geteuid():
        msg = f"{str(path)!r} belongs to user {found.st_uid}, this process runs as {os.geteuid()}"
    elif found.st_mode & 0o077:
        msg = f"{str(path)!r} has mode {stat.S_IMODE(found.st_mode):04o}; set it to 0600"
    elif found.st_nlink > 1:
        msg = f"{str(path)!r} has {found.st_nlink} names; two names of one database damage it"
    else:
        return
    raise ConfigurationError(msg, field="path", limit="0600")


def _identities(path: Path) -> tuple[tuple[int, int] | None, ...]:
    """Device and inode behind the names of the database, its log and its shared memory."""
    return tuple(_identity(file) for file in (path, *_side_files(path)))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _require_local(path: Path) -> None:
    if sys.platform != "linux":
        return
    kind = _file_system(path)
    if kind not in _LOCAL_FILE_SYSTEMS:
        msg = f"{str(path)!r} lies on {kind!r}, which is not known as a local file system; use a local disk"
        raise ConfigurationError(msg, field="path", limit="a local file system")


def _file_system(path: Path) -> str:
    """The type of the mount that holds ``path``, as Linux names it, or "unknown".

    By the mount id of an ``O_PATH`` descriptor, so that no path has to be matched with a mount point.
    Closing such a descriptor drops no locks.
    """
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        facts = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii")
    finally:
        os.close(descriptor)
    mount = re.search(r"^mnt_id:\s*(\d+)$", facts, re.MULTILINE)
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    for line in mounts.splitlines():
        place, _, what = line.partition(" - ")  # proc(5): "id parent … - type source options"
        if mount is not None and place.split(" ")[0] == mount[1]:
            return what.split(" ")[0]
    return "unknown"
