"""Opening SQLite databases: what is created, what is refused, and what every failure becomes."""

from __future__ import annotations

import os
import sqlite3
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from delegate import sqlite as module
from delegate.errors import ConfigurationError, RevocationUnavailableError
from delegate.sqlite import Database, Schema

SCHEMA = Schema(
    name="shelf",
    application_id=0x73686C66,
    version=2,
    statements=("CREATE TABLE book (title TEXT PRIMARY KEY) STRICT", "INSERT INTO book VALUES ('first')"),
)


def opened(
    path: str | os.PathLike[str], *, schema: Schema = SCHEMA, deadline: float = 0.2, durable: bool = True
) -> Database:
    return Database(
        path, schema=schema, unavailable=RevocationUnavailableError, deadline=deadline, durable=durable
    )


def titles(database: Database) -> list[str]:
    with database.transaction() as connection:
        return [title for (title,) in connection.execute("SELECT title FROM book ORDER BY title")]


def refused(path: str | os.PathLike[str], *, deadline: float = 0.2) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        opened(path, deadline=deadline)
    return caught.value


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shelf.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with closing(opened(path)) as database:
        yield database


@pytest.fixture
def made(path: Path) -> Path:
    """A database that nobody has open."""
    opened(path).close()
    return path


# --- files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_j13_a_new_database_and_its_side_files_are_0600(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        with closing(opened(path)) as database:
            assert titles(database) == ["first"]
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"shelf.db": 0o600, "shelf.db-wal": 0o600, "shelf.db-shm": 0o600}


def test_it_reads_back_what_it_wrote(made: Path) -> None:
    with closing(opened(made)) as database:
        with database.transaction() as connection:
            connection.execute("INSERT INTO book VALUES (?)", ("second",))
        assert titles(database) == ["first", "second"]
    with closing(opened(made)) as database:
        assert titles(database) == ["first", "second"]
        assert repr(database) == f"<Database {str(made)!r}>"


def test_an_empty_file_is_a_new_database(path: Path) -> None:
    path.touch(mode=0o600)
    with closing(opened(path)) as database:
        assert titles(database) == ["first"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o601])
def test_j13_a_file_that_others_can_reach_is_refused(made: Path, mode: int) -> None:
    made.chmod(mode)
    error = refused(made)
    assert (error.field, error.limit) == ("path", "0600")
    assert f"{mode:04o}" in str(error)
    made.chmod(0o600)
    opened(made).close()


def test_j13_a_symbolic_link_is_refused(made: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(made)
    assert "link" in str(refused(link))
    link.unlink()
    link.symlink_to(tmp_path / "nowhere.db")
    assert "link" in str(refused(link))
    assert not (tmp_path / "nowhere.db").exists()


def test_a_second_name_is_refused(made: Path, tmp_path: Path) -> None:
    os.link(made, tmp_path / "second.db")
    assert "2 names" in str(refused(made))
    (tmp_path / "second.db").unlink()
    opened(made).close()


def test_j13_a_file_of_another_user_is_refused(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module._require_private_file(made)
    owner = made.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(ConfigurationError, match=f"belongs to user {owner}"):
        module._require_private_file(made)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_a_side_file_that_somebody_else_laid_there_is_refused(made: Path, suffix: str) -> None:
    beside = made.with_name(made.name + suffix)
    beside.symlink_to("/dev/null")
    assert suffix in str(refused(made))
    beside.unlink()
    beside.touch(mode=0o644)
    assert "0644" in str(refused(made))
    beside.unlink()
    opened(made).close()


def test_a_folder_that_anyone_may_write_to_is_refused(made: Path) -> None:
    for mode in (0o777, 0o1777):
        made.parent.chmod(mode)
        assert refused(made).limit == "0700"
    made.parent.chmod(0o755)
    opened(made).close()


def test_a_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module._require_closed_folder(tmp_path)
    theirs = os.stat_result((stat.S_IFDIR | 0o755, 0, 0, 2, os.geteuid() + 1, 0, 0, 0, 0, 0))
    monkeypatch.setattr(Path, "stat", lambda self: theirs)
    with pytest.raises(ConfigurationError, match="another user"):
        module._require_closed_folder(tmp_path)


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "fuse.sshfs", "9p", "ceph", "unknown"])
def test_j13_a_network_file_system_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    opened(path).close()
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(module, "_file_system", lambda path: kind)
    error = refused(path)
    assert error.limit == "a local file system"
    assert repr(kind) in str(error)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the type of a mount")
@pytest.mark.parametrize(("place", "kind"), [("/proc/version", "proc"), ("/sys/kernel", "sysfs")])
def test_j13_linux_tells_the_type_of_a_mount(tmp_path: Path, place: str, kind: str) -> None:
    assert module._file_system(Path(place)) == kind
    assert module._file_system(tmp_path) in module._LOCAL_FILE_SYSTEMS


@pytest.mark.parametrize("name", ["", ":memory:", "no/such/folder/x.db", "nul\0.db", "nul\0/x.db", "a" * 300])
def test_a_path_that_names_no_file_is_refused(tmp_path: Path, name: str) -> None:
    error = refused(f"{tmp_path}/{name}" if name else name)
    assert error.field == "path"


@pytest.mark.parametrize("name", ["a?b=c.db", "a#b.db", "a%20b.db", "a b.db", "ü.db", "file:x.db"])
def test_any_other_name_is_that_file(tmp_path: Path, name: str) -> None:
    with closing(opened(tmp_path / name)) as database:
        assert database.path == tmp_path / name
        assert {p.name for p in tmp_path.iterdir()} == {name, name + "-wal", name + "-shm"}


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert "regular" in str(refused(tmp_path))


# --- settings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("deadline", [0, -1, float("nan"), float("inf"), 61])
def test_a_deadline_is_a_positive_number_of_seconds(path: Path, deadline: float) -> None:
    assert refused(path, deadline=deadline).field == "deadline"
    assert not path.exists()
    opened(path, deadline=60).close()


def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))
    assert refused(path).field == "sqlite"


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_the_settings_that_keep_the_promise_are_made(path: Path, durable: bool, level: int) -> None:  # noqa: FBT001
    with closing(opened(path, durable=durable)) as database, database.transaction() as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "trusted_schema", "cell_size_check", "fullfsync")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": level,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "fullfsync": int(durable),
    }


class Answers:
    """A connection that gives these answers, one for each statement."""

    def __init__(self, *answers: str | int) -> None:
        self.answers = list(answers)

    def execute(self, statement: str) -> Answers:
        if isinstance(errorcode := self.answers[0], int):
            error = sqlite3.OperationalError("told so")
            error.sqlite_errorcode = errorcode
            del self.answers[0]
            raise error
        return self

    def fetchone(self) -> tuple[str | int]:
        return (self.answers.pop(0),)


def keep_log(answers: Answers, *, patience: int) -> None:
    module._keep_log(cast("sqlite3.Connection", answers), give_up=time.monotonic() + patience)


def test_h10_the_switch_to_the_log_waits_for_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    busy, full = sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL
    keep_log(answers := Answers(busy, busy, "wal"), patience=30)
    assert answers.answers == []
    for code, patience in ((busy, -1), (full, 30)):
        with pytest.raises(sqlite3.OperationalError):
            keep_log(answers := Answers(code, "wal"), patience=patience)
        assert answers.answers == ["wal"]
    with pytest.raises(ConfigurationError, match="shared memory"):
        keep_log(Answers("delete"), patience=30)


# --- kinds and versions ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        (replace(SCHEMA, version=1), "version 2, this release uses 1"),
        (replace(SCHEMA, version=3), "version 2, this release uses 3"),
        (replace(SCHEMA, application_id=1), "not a shelf"),
    ],
)
def test_a_file_of_another_kind_or_version_is_refused(made: Path, schema: Schema, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        opened(made, schema=schema)
    opened(made).close()


def test_a_database_of_somebody_else_is_refused_and_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    path.chmod(0o600)
    before = path.read_bytes()
    assert "not a shelf" in str(refused(path))
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_unavailable_and_left_as_it_is(path: Path) -> None:
    path.write_bytes(b"no database" * 100)
    path.chmod(0o600)
    with pytest.raises(RevocationUnavailableError):
        opened(path)
    assert path.read_bytes() == b"no database" * 100


# --- transactions ------------------------------------------------------------------------------------


def test_an_exception_inside_rolls_back_and_passes(database: Database) -> None:
    def fail() -> None:
        with database.transaction() as connection:
            connection.execute("INSERT INTO book VALUES ('second')")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert titles(database) == ["first"]


def test_an_error_of_sqlite_is_the_callers_error(database: Database) -> None:
    with pytest.raises(RevocationUnavailableError) as caught, database.transaction() as connection:
        connection.execute("INSERT INTO book VALUES ('first')")
    assert isinstance(caught.value.__cause__, sqlite3.IntegrityError)
    assert titles(database) == ["first"]


def test_threads_take_turns(database: Database) -> None:
    def add(index: int) -> None:
        with database.transaction() as connection:
            (count,) = connection.execute("SELECT count(*) FROM book").fetchone()
            connection.execute("INSERT INTO book VALUES (?)", (f"{count:03}",))

    threads = [threading.Thread(target=add, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert titles(database) == [*(f"{n:03}" for n in range(1, 17)), "first"]


def test_two_databases_of_one_process_on_one_file_share_it(database: Database) -> None:
    with closing(opened(database.path)) as second:
        with second.transaction() as connection:
            connection.execute("INSERT INTO book VALUES ('second')")
            with pytest.raises(RevocationUnavailableError, match="locked"):
                titles(database)
        assert titles(database) == ["first", "second"]
    assert titles(database) == ["first", "second"]


def test_a_transaction_in_a_transaction_is_refused_at_the_deadline(database: Database) -> None:
    with database.transaction(), pytest.raises(RevocationUnavailableError, match="other threads"):
        titles(database)
    assert titles(database) == ["first"]
