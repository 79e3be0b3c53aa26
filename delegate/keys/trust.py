"""Whom this verifier trusts: an immutable snapshot, and the store that swaps one for the next.

The rules: an empty store trusts nobody; a verification reads ``TrustStore.snapshot`` once and decides
everything by it; a reload happens whole or not at all. A key is found by (issuer, key id), so two issuers
may hold one key without being one another; a *request* key is found by its id alone, and so belongs to one
issuer. A repudiated key is repudiated wherever it is recorded: it has one private half, and that is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from os import PathLike

from delegate.errors import ConfigurationError, KeyUnknownError
from delegate.keys.key import PublicKey, Usage
from delegate.keys.record import Issuer, KeyRecord

__all__ = ["Issuer", "KeyRecord", "TrustSnapshot", "TrustStore"]


@dataclass(frozen=True, slots=True)
class TrustSnapshot:
    """The issuers as they are at one moment; every look-up is one in a dictionary.

    Raises ``ConfigurationError`` for two issuers of one name and one request key under two issuers.
    """

    issuers: tuple[Issuer, ...] = ()
    repudiated: frozenset[str] = field(init=False, repr=False, compare=False)
    """Ids of repudiated keys: for roles that no record names, such as the holder of a block."""
    _by_name: dict[str, Issuer] = field(init=False, repr=False, compare=False)
    _keys: dict[tuple[str, str], KeyRecord] = field(init=False, repr=False, compare=False)
    _request_keys: dict[str, tuple[Issuer, KeyRecord]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the issuers by everything they are looked up by."""
        repudiated = frozenset(
            record.key.key_id
            for issuer in self.issuers
            for record in issuer.keys
            if record.status == "repudiated"
        )
        for name, index in (
            ("_by_name", {}),
            ("_keys", {}),
            ("_request_keys", {}),
            ("repudiated", repudiated),
        ):
            object.__setattr__(self, name, index)
        for issuer in self.issuers:
            self._add(issuer)

    def _add(self, issuer: Issuer) -> None:
        if issuer.name in self._by_name:
            msg = f"issuers.{issuer.name} is there twice: one record for each issuer"
            raise ConfigurationError(msg, field=f"issuers.{issuer.name}")
        self._by_name[issuer.name] = issuer
        for position, written in enumerate(issuer.keys):
            key_id = written.key.key_id
            record = _repudiated(written) if key_id in self.repudiated else written
            self._keys[issuer.name, key_id] = record
            if Usage.REQUEST not in record.usages:
                continue
            if key_id in self._request_keys:
                where = f"issuers.{issuer.name}.keys[{position}].key"
                msg = f"{where} signs requests for another issuer already: one issuer for each request key"
                raise ConfigurationError(msg, field=where)
            self._request_keys[key_id] = (issuer, record)

    def __iter__(self) -> Iterator[Issuer]:
        """The issuers, in their order."""
        return iter(self.issuers)

    def issuer(self, name: str) -> Issuer | None:
        """The issuer of this name."""
        return self._by_name.get(name)

    def issuing_key(self, issuer: str, kid: str) -> KeyRecord | None:
        """The issuer's record of this key, **whatever its usage**.

        The caller asks ``require_issuing`` or ``require_current``, which names a wrong usage as such.
        """
        return self._keys.get((issuer, kid))

    def request_key(self, kid: str) -> tuple[Issuer, KeyRecord] | None:
        """The record of the key that signs requests under this id, and the issuer that has it."""
        return self._request_keys.get(kid)

    def usages(self, kid: str) -> frozenset[Usage]:
        """What the records of this key, whosever they are, trust it for; empty for an unknown key."""
        records = [self._keys.get((issuer.name, kid)) for issuer in self.issuers]
        return frozenset(usage for record in records if record for usage in record.usages)

    def with_issuer(self, issuer: Issuer) -> TrustSnapshot:
        """A snapshot with this issuer, in the place of one of its name or at the end."""
        others = {known.name: known for known in self.issuers}
        return TrustSnapshot((*(others | {issuer.name: issuer}).values(),))

    def rotate(self, kid: str, successor: PublicKey, *, now: int, retire_at: int) -> TrustSnapshot:
        """A snapshot in which ``successor`` is trusted from ``now`` on for all that the key is trusted for.

        The key is retired at ``retire_at``; until then both count. Raises ``KeyUnknownError`` when no record
        has the key, and ``ConfigurationError`` when one of them is not active or has the successor already.
        """

        def with_successor(record: KeyRecord) -> tuple[KeyRecord, ...]:
            if record.status != "active":
                msg = f"the key is {record.status} already: rotate the issuer's current key"
                raise ConfigurationError(msg, field="status", limit=record.status)
            return _retired(record, retire_at), replace(record, key=successor, not_before=now)

        return self._changed(kid, with_successor)

    def retire(self, kid: str, *, at: int) -> TrustSnapshot:
        """A snapshot in which the key's records are retired at ``at``, or earlier where they were already.

        Repudiated records stay as they are. Raises ``KeyUnknownError`` when no record has the key.
        """
        return self._changed(kid, lambda record: (_retired(record, at),))

    def repudiate(self, kid: str) -> TrustSnapshot:
        """A snapshot in which the key is repudiated everywhere; raises ``KeyUnknownError``."""
        return self._changed(kid, lambda record: (_repudiated(record),))

    def _changed(self, kid: str, change: Callable[[KeyRecord], tuple[KeyRecord, ...]]) -> TrustSnapshot:
        if not any((issuer.name, kid) in self._keys for issuer in self.issuers):
            msg = "no issuer has a key with this id: list them with delegate trust show"
            raise KeyUnknownError(msg, field="kid")
        return TrustSnapshot(
            tuple(
                replace(
                    issuer,
                    keys=tuple(
                        record
                        for known in issuer.keys
                        for record in (change(known) if known.key.key_id == kid else (known,))
                    ),
                )
                for issuer in self.issuers
            )
        )


class TrustStore:
    """The current snapshot, and the file it comes from, if it comes from one."""

    __slots__ = ("_path", "_snapshot")

    def __init__(self, issuers: Iterable[Issuer] = ()) -> None:
        """Trust these issuers; without any, nobody."""
        self._path: str | PathLike[str] | None = None
        self._snapshot = TrustSnapshot(tuple(issuers))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> TrustStore:
        """Read a trust file (see ``trust_file``); raises ``ConfigurationError`` naming what is wrong."""
        store = cls()
        store._path = path
        store.reload()
        return store

    @property
    def snapshot(self) -> TrustSnapshot:
        """What is trusted now; read it once for each decision."""
        return self._snapshot

    def reload(self) -> None:
        """Read the file again: all of it becomes current at once, or, when this raises, nothing does."""
        from delegate.keys import trust_file  # noqa: PLC0415 -- pydantic is loaded with the first file

        self._snapshot = TrustSnapshot(trust_file.load(self._required_path()))

    def replace(self, snapshot: TrustSnapshot) -> None:
        """Make ``snapshot`` current; it is in the file only after ``save``, and ``reload`` reads the file."""
        self._snapshot = snapshot

    def save(self, path: str | PathLike[str] | None = None) -> None:
        """Write the snapshot to ``path``, or to the file it came from, whole or not at all.

        Raises ``ConfigurationError`` when it cannot be written.
        """
        from delegate.keys import trust_file  # noqa: PLC0415 -- pydantic is loaded with the first file

        trust_file.save(self._required_path() if path is None else path, self._snapshot.issuers)

    def _required_path(self) -> str | PathLike[str]:
        if self._path is None:
            msg = "this trust store was not loaded from a file: give a path"
            raise ConfigurationError(msg, field="path")
        return self._path


def _retired(record: KeyRecord, at: int) -> KeyRecord:
    """A retirement only ever moves to an earlier instant: a later one would give back what was taken."""
    if record.status == "repudiated" or (record.retired_at is not None and record.retired_at <= at):
        return record
    return replace(record, status="retired", retired_at=at)


def _repudiated(record: KeyRecord) -> KeyRecord:
    return replace(record, status="repudiated", retired_at=None)
