"""The list in force: versions that only rise, lists that grow old, and keys that lose their trust."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from delegate.clock import Clock, ManualClock
from delegate.errors import (
    ConfigurationError,
    RevocationUnavailableError,
)
from delegate.keys import SigningKey, TrustSnapshot
from delegate.limits import REVOCATION_STALENESS_MAX, SKEW_MAX
from delegate.revocation import MemoryVersions, VersionStore
from delegate.revocation.sqlite import SQLiteVersions
from tests.support.forge import NOW, chain
from tests.support.revocation import (
    REVOKER,
    demanding,
    forged_list,
    refused,
    revocations,
    signed_list,
)

STRANGER: Final = SigningKey.from_seed(b"\x55" * 32)
TOKEN: Final = chain(3)
TOKEN_ID: Final = TOKEN.token_id


@pytest.fixture(params=["memory", "sqlite"])
def versions(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "memory":
        yield MemoryVersions()
    else:
        with SQLiteVersions(tmp_path / "versions.db") as store:
            yield store


def test_d107_an_older_list_and_a_second_one_of_a_version_are_refused_and_the_last_stays(
    versions: VersionStore,
) -> None:
    """'Lower, or equal with other bytes, is refused.'"""
    state = revocations(versions=versions)
    state.accept(signed_list(4))
    good = state.accept(signed_list(5, tokens=[TOKEN_ID]))
    for data, limit in ((signed_list(4), 5), (signed_list(5), 5), (signed_list(1, at=NOW + 1), 5)):
        error = refused(partial(state.accept, data))
        assert isinstance(error, RevocationUnavailableError)
        assert (error.field, error.limit) == ("version", limit)
        assert state.current("acme", now=NOW) is good
    assert state.accept(signed_list(5, tokens=[TOKEN_ID])) == good
    assert state.accept(signed_list(9)).version == 9
    assert not state.current("acme", now=NOW).tokens


def test_d107_every_refused_list_leaves_the_last_one_in_force() -> None:
    state = revocations()
    good = state.accept(signed_list(5, tokens=[TOKEN_ID]))
    for bad in (b"", signed_list(6, key=STRANGER), signed_list(6, at=NOW + 6), forged_list(version=6, v=2)):
        refused(partial(state.accept, bad))
        assert state.current("acme", now=NOW) is good
    assert state.accept(signed_list(6)).version == 6, "what was refused did not count as a version"


def test_the_highest_version_outlives_the_process(tmp_path: Path) -> None:
    with SQLiteVersions(tmp_path / "versions.db") as store:
        revocations(versions=store).accept(signed_list(5))
    with SQLiteVersions(tmp_path / "versions.db") as store:
        again = revocations(versions=store)
        assert refused(lambda: again.accept(signed_list(4))).field == "version"
        assert refused(lambda: again.current("acme", now=NOW)).code == "revocation_unavailable"
        assert again.accept(signed_list(5)).version == 5


def test_the_file_says_what_it_is_and_in_which_format(tmp_path: Path) -> None:
    """By these two numbers a later release knows what it may read: new ones would shut out its files."""
    path = tmp_path / "versions.db"
    SQLiteVersions(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"dlgv", "big"),)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


def test_the_same_list_again_writes_nothing(tmp_path: Path) -> None:
    """A source may bring it at every look, and each write would wait for the disk."""
    with SQLiteVersions(tmp_path / "versions.db") as store:
        state, connection = revocations(versions=store), store._database._connection
        for version, writes in ((5, 1), (5, 1), (6, 2), (6, 2)):
            state.accept(signed_list(version))
            assert connection.total_changes == writes


def test_c14_a_store_of_versions_that_fails_lets_no_list_in(tmp_path: Path) -> None:
    store = SQLiteVersions(tmp_path / "versions.db")
    state = revocations(versions=store)
    good = state.accept(signed_list(1))
    store.close()
    assert isinstance(refused(lambda: state.accept(signed_list(2))), RevocationUnavailableError)
    assert state.current("acme", now=NOW) is good


def test_issuers_count_their_versions_apart() -> None:
    acme = demanding().snapshot.issuer("acme")
    assert acme is not None
    trust = demanding()
    trust.replace(trust.snapshot.with_issuer(replace(acme, name="other")))
    state = revocations(trust)
    state.accept(signed_list(5, tokens=[TOKEN_ID]))
    state.accept(signed_list(1, issuer="other"))
    assert state.current("acme", now=NOW).tokens
    assert not state.current("other", now=NOW).tokens


@pytest.mark.parametrize(
    ("next_update_in", "max_staleness", "good_for"), [(300, 300, 300), (60, 300, 60), (3600, 120, 120)]
)
def test_d108_a_list_counts_until_it_is_too_old(
    next_update_in: int, max_staleness: int, good_for: int
) -> None:
    state = revocations(max_staleness=max_staleness)
    state.accept(signed_list(next_update_in=next_update_in))
    for age in (-5, 0, good_for - 1):
        assert state.current("acme", now=NOW + age).version == 1
    for age in (-6, good_for, good_for + 10**6):
        error = refused(partial(state.current, "acme", now=NOW + age))
        assert isinstance(error, RevocationUnavailableError)
        assert (error.field, error.limit) == ("issued_at", NOW + good_for)


def test_d108_the_bound_is_five_minutes_unless_it_is_set() -> None:
    state = revocations()
    state.accept(signed_list(next_update_in=10**6))
    assert state.current("acme", now=NOW + 299).version == 1
    assert refused(lambda: state.current("acme", now=NOW + 300)).code == "revocation_unavailable"


def test_d108_serving_an_old_list_again_does_not_make_it_younger() -> None:
    clock = ManualClock(NOW)
    state = revocations(clock=clock)
    state.accept(signed_list())
    clock.advance(299)
    state.accept(signed_list())
    assert state.current("acme", now=NOW + 299).version == 1
    assert refused(lambda: state.current("acme", now=NOW + 300)).code == "revocation_unavailable"


def test_an_old_list_is_accepted_and_counts_for_its_version_only() -> None:
    state = revocations(at=NOW + 9999)
    state.accept(signed_list(5))
    assert refused(lambda: state.current("acme", now=NOW + 9999)).code == "revocation_unavailable"
    assert refused(lambda: state.accept(signed_list(4, at=NOW + 9999))).field == "version"


def test_a_list_goes_with_the_trust_in_its_key_and_comes_back_with_it() -> None:
    trust = demanding()
    before, state = trust.snapshot, revocations(trust)
    state.accept(signed_list())
    for now_trusted in (before.repudiate(REVOKER.key_id), before.retire(REVOKER.key_id, at=NOW), ()):
        trust.replace(now_trusted if isinstance(now_trusted, TrustSnapshot) else TrustSnapshot(now_trusted))
        error = refused(lambda: state.current("acme", now=NOW))
        assert (error.code, error.field) == ("revocation_unavailable", "kid")
        trust.replace(before)
        assert state.current("acme", now=NOW).version == 1


@pytest.mark.parametrize(
    ("setting", "value"),
    [("max_staleness", 0), ("max_staleness", 86_401), ("max_staleness", 1.5), ("skew", -1), ("skew", True)],
)
def test_bounds_that_make_no_sense_are_refused(setting: str, value: Any) -> None:
    error = refused(lambda: revocations(**{setting: value}))
    assert isinstance(error, ConfigurationError)
    assert error.field == setting


def test_the_least_and_the_most_of_each_bound_are_taken() -> None:
    for staleness in (1, REVOCATION_STALENESS_MAX):
        state = revocations(max_staleness=staleness)
        state.accept(signed_list(next_update_in=REVOCATION_STALENESS_MAX + 1))
        assert state.current("acme", now=NOW + staleness - 1).version == 1
        assert refused(partial(state.current, "acme", now=NOW + staleness)).field == "issued_at"
    for skew in (0, SKEW_MAX):
        state = revocations(skew=skew)
        assert state.accept(signed_list(at=NOW + skew)).issued_at == NOW + skew
        assert refused(partial(state.accept, signed_list(at=NOW + skew + 1))).code == "created_in_future"
    error = refused(lambda: revocations(skew=SKEW_MAX + 1))
    assert (error.field, error.limit) == ("skew", SKEW_MAX)


def test_without_a_clock_the_systems_is_read() -> None:
    present = Clock().now()
    state = revocations(clock=None)
    assert state.accept(signed_list(1, at=present)).version == 1
    ahead = signed_list(2, at=present + 3600)
    assert refused(lambda: state.accept(ahead)).code == "created_in_future"


class Lingering(MemoryVersions):
    """Versions that stay with the first list for a moment, so that a second one comes meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()

    def advance(self, issuer: str, version: int, digest: bytes) -> None:
        super().advance(issuer, version, digest)
        if version == 1:
            self.entered.set()
            threading.Event().wait(0.1)


def test_of_lists_that_come_at_once_the_highest_is_in_force() -> None:
    versions = Lingering()
    state = revocations(versions=versions)
    first = threading.Thread(target=state.accept, args=(signed_list(1),))
    first.start()
    assert versions.entered.wait(5)
    state.accept(signed_list(2))
    first.join()
    assert state.current("acme", now=NOW).version == 2
