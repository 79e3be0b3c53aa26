"""Where lists come from: files, the threads that look at them, and how soon other processes know."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from delegate.errors import (
    ConfigurationError,
    DelegateError,
    RevocationUnavailableError,
    TooLargeError,
)
from delegate.keys import TrustSnapshot
from delegate.limits import REVOCATION_LIST_MAX_BYTES, REVOCATION_POLL_MAX
from delegate.revocation import FileSource, MemoryVersions, Refresher, RevocationList, Revocations
from delegate.scope import Scope
from delegate.token import issue
from tests.conftest import ROOT
from tests.support.forge import ISSUER_KEY, KEYS, NOW
from tests.support.revocation import (
    REVOKER,
    demanding,
    publish,
    refused,
    revocations,
    signed_list,
)


def test_a_file_is_read_when_it_changed(tmp_path: Path) -> None:
    path, counting = tmp_path / "acme.revoked", Counting()
    source = FileSource(path, revocations(versions=counting))
    publish(path, signed_list(1))
    for _ in range(3):
        source.refresh()
    assert counting.advances == 1
    publish(path, signed_list(2))
    source.refresh()
    assert counting.advances == 2
    assert str(path) in repr(source)


class Counting(MemoryVersions):
    """Versions that count how often they are asked."""

    def __init__(self) -> None:
        super().__init__()
        self.advances = 0

    def advance(self, issuer: str, version: int, digest: bytes) -> None:
        self.advances += 1
        super().advance(issuer, version, digest)


def test_a_list_that_was_refused_is_tried_again(tmp_path: Path) -> None:
    """What was wrong may be the trust file, which has been mended since."""
    trust = demanding()
    good, state = trust.snapshot, revocations(trust)
    path = tmp_path / "acme.revoked"
    publish(path, signed_list(1))
    source = FileSource(path, state)
    trust.replace(TrustSnapshot())
    assert refused(source.refresh).code == "key_unknown"
    trust.replace(good)
    source.refresh()
    assert state.current("acme", now=NOW).version == 1


def test_c14_a_file_that_cannot_be_read_leaves_the_last_list_in_force(tmp_path: Path) -> None:
    path, state = tmp_path / "acme.revoked", revocations()
    source = FileSource(path, state)
    error = refused(source.refresh)
    assert (error.code, error.field) == ("revocation_unavailable", "path")
    publish(path, signed_list(1))
    source.refresh()
    spoils: tuple[Callable[[], object], ...] = (partial(publish, path, b"{}"), path.unlink, path.mkdir)
    for spoil in spoils:
        spoil()
        assert isinstance(refused(source.refresh), DelegateError)
        assert state.current("acme", now=NOW).version == 1
    assert refused(FileSource("no\0path", state).refresh).field == "path"
    assert refused(FileSource("/dev/zero", state).refresh).field == "path"


def test_a_file_over_the_limit_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "acme.revoked"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert isinstance(refused(FileSource(path, revocations()).refresh), TooLargeError)
    handed_on = Noting()
    FileSource(path, handed_on).refresh()
    assert handed_on.sizes == [REVOCATION_LIST_MAX_BYTES + 1]


class Noting(Revocations):
    """Lists of which the size is noted and nothing else."""

    def __init__(self) -> None:
        super().__init__(demanding(), versions=MemoryVersions())
        self.sizes: list[int] = []

    def accept(self, data: bytes) -> RevocationList:
        self.sizes.append(len(data))
        return RevocationList.read(signed_list(), REVOKER.public_key)


class Script:
    """A source that does what it is told, one look at a time."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes = [*outcomes]
        self.looked = threading.Semaphore(0)

    def __repr__(self) -> str:
        return "<Script>"

    def refresh(self) -> None:
        outcome = self.outcomes.pop(0) if self.outcomes else None
        self.looked.release()
        if outcome is not None:
            raise outcome


def test_a_failure_is_logged_when_it_begins_changes_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    down, other = RevocationUnavailableError("down"), OSError("a bug")
    refresher = Refresher(Script(down, down, other, None, None, down))
    told = []
    with caplog.at_level(logging.INFO, logger="delegate.revocation"):
        for look in range(6):
            before = len(caplog.records)
            refresher.refresh()
            told += [(look, record.levelname) for record in caplog.records[before:]]
    assert told == [(0, "WARNING"), (2, "WARNING"), (3, "INFO"), (5, "WARNING")]
    assert "RevocationUnavailableError: down" in caplog.text
    assert "OSError: a bug" in caplog.text


def test_a_refresher_looks_at_once_and_again_until_it_is_left() -> None:
    failing, steady = Script(*[OSError("down")] * 100), Script()
    with Refresher(failing, steady, interval=0.001) as refresher:
        assert failing.looked.acquire(blocking=False)
        for script in (failing, steady):
            for _ in range(3):
                assert script.looked.acquire(timeout=5)
        threads = refresher._threads
        assert all(thread.daemon for thread in threads)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("interval", [0, -1, 61, float("nan"), float("inf"), "2", True])
def test_an_interval_that_makes_no_sense_is_refused(interval: Any) -> None:
    assert isinstance(refused(lambda: Refresher(interval=interval)), ConfigurationError)
    Refresher(interval=REVOCATION_POLL_MAX)
    Refresher(interval=0.001)


SERVER: Final = """
import sys, time
from pathlib import Path
from delegate.errors import RevokedError
from delegate.keys import TrustStore
from delegate.revocation import FileSource, Refresher, Revocations
from delegate.revocation.sqlite import SQLiteVersions
from delegate.token import parse_unverified
from delegate.verifier.chain import require_chain

folder = Path(sys.argv[1])
trust = TrustStore.load(folder / "trust.json")
token = parse_unverified((folder / "token").read_text())
state = Revocations(trust, versions=SQLiteVersions(folder / "versions.db"))
give_up = time.monotonic() + 20
with Refresher(FileSource(folder / "acme.revoked", state), interval=0.5):
    said = False
    while time.monotonic() < give_up:
        try:
            require_chain(token, trust.snapshot, origin=sys.argv[2], now=int(time.time()), revocation=state)
        except RevokedError:
            print(time.time(), flush=True)
            break
        if not said:
            said = bool(print("accepted", flush=True)) or True
        time.sleep(0.01)
"""


def test_c12_a_revocation_takes_effect_in_other_processes_within_5_seconds(tmp_path: Path) -> None:
    """'A revocation in one process refuses in the others within 5 s.'"""
    scope = Scope(tools=["orders.read"], operations=["read"])
    token = issue(
        ISSUER_KEY,
        issuer="acme",
        agent="a",
        holder=KEYS[0].public_key,
        scope=scope,
        audience=["https://api.example.com"],
        expires_in=600,
    )
    demanding(ceiling=Scope.UNRESTRICTED).save(tmp_path / "trust.json")
    (tmp_path / "token").write_text(token.text)
    tmp_path.chmod(0o700)
    publish(tmp_path / "acme.revoked", RevocationList.sign(REVOKER, issuer="acme", version=1))
    servers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SERVER, str(tmp_path), "https://api.example.com"],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    try:
        for server in servers:
            assert server.stdout is not None
            assert server.stdout.readline() == "accepted\n"
        revoked_at = time.time()
        data = RevocationList.sign(REVOKER, issuer="acme", version=2, tokens=[token.token_id])
        publish(tmp_path / "acme.revoked", data)
        delays = [float(server.stdout.readline()) - revoked_at for server in servers if server.stdout]
    finally:
        for server in servers:
            server.kill()
            server.communicate()
    assert len(delays) == 2
    assert all(0 <= delay < 5 for delay in delays), delays
