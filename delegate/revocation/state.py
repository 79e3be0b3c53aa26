"""The lists in force, one for each issuer: what a verifier asks, and what a source feeds.

The rules: asking is a look into a dictionary, without I/O; a list is in force from ``accept`` until a
higher version of it, or until it is too old. Too old is decided by the list's own signed times, never by
when it was fetched: who can withhold lists, or serve an old one again and again, gains nothing after that.
The trust in the list's key is asked again with every answer, so a key that is repudiated takes its list
with it.
"""

from __future__ import annotations

from threading import Lock

from delegate.clock import Clock, read
from delegate.errors import ConfigurationError, RevocationUnavailableError, TrustError
from delegate.keys import TrustStore
from delegate.limits import (
    REVOCATION_STALENESS_DEFAULT,
    REVOCATION_STALENESS_MAX,
    SKEW_DEFAULT,
    SKEW_MAX,
)
from delegate.revocation.lists import RevocationList
from delegate.revocation.versions import VersionStore

__all__ = ["Revocations"]


class Revocations:
    """The current revocation list of each issuer, for all threads of one process.

    - ``trust``: the store that the verifier has;
    - ``versions``: there is no default store, see ``delegate.revocation.sqlite`` and ``MemoryVersions``;
    - ``max_staleness``: seconds from its ``issued_at`` for which a list counts, if it does not promise the
      next one earlier;
    - ``skew``: seconds by which an issuer's clock may run ahead.

    Raises ``ConfigurationError`` for another bound than a whole number of seconds in its range.
    """

    __slots__ = ("_clock", "_lists", "_lock", "_max_staleness", "_skew", "_trust", "_versions")

    def __init__(
        self,
        trust: TrustStore,
        *,
        versions: VersionStore,
        max_staleness: int = REVOCATION_STALENESS_DEFAULT,
        skew: int = SKEW_DEFAULT,
        clock: Clock | None = None,
    ) -> None:
        """Know no list yet: until ``accept`` every question is answered ``revocation_unavailable``."""
        _require_seconds(max_staleness, "max_staleness", 1, REVOCATION_STALENESS_MAX)
        _require_seconds(skew, "skew", 0, SKEW_MAX)
        self._trust = trust
        self._versions = versions
        self._max_staleness = max_staleness
        self._skew = skew
        self._clock = clock or Clock()
        self._lists: dict[str, RevocationList] = {}
        self._lock = Lock()

    def accept(self, data: bytes) -> RevocationList:
        """Put the list in ``data`` in force; when this raises, what was in force stays so.

        Raises what ``RevocationList.verify`` raises, and ``RevocationUnavailableError`` for a lower
        version, for other contents of the same version, and when the store of versions fails.
        """
        found = RevocationList.verify(data, self._trust.snapshot, now=read(self._clock), skew=self._skew)
        with self._lock:  # of two lists at once, the higher one is in force in the end
            self._versions.advance(found.issuer, found.version, found.digest)
            self._lists[found.issuer] = found
        return found

    def current(self, issuer: str, *, now: int) -> RevocationList:
        """The list by which to decide about chains of ``issuer`` at ``now`` (UTC seconds).

        Raises ``RevocationUnavailableError``: there is none, it is too old, it lies ahead of a clock that
        went back, or its key is no longer trusted.
        """
        found = self._lists.get(issuer)
        if found is None:
            msg = f"there is no revocation list of issuer {issuer!r} yet"
            raise RevocationUnavailableError(msg, field="issued_at")
        good_until = min(found.next_update, found.issued_at + self._max_staleness)
        if not found.issued_at - self._skew <= now < good_until:
            msg = (
                f"revocation list {found.version} of issuer {issuer!r} is {now - found.issued_at} s old, "
                f"it counts for {good_until - found.issued_at} s"
            )
            raise RevocationUnavailableError(msg, field="issued_at", limit=good_until)
        try:
            found.require_trusted(self._trust.snapshot, now=now)
        except TrustError as error:
            msg = f"the revocation list of issuer {issuer!r} is signed by a key without trust: {error}"
            raise RevocationUnavailableError(msg, field="kid", limit=error.limit) from None
        return found


def _require_seconds(value: object, field: str, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        msg = f"{field} must be a whole number of seconds from {least} to {most}, not {value!r}"
        raise ConfigurationError(msg, field=field, limit=most)
