"""The highest version of each issuer's list: what keeps an older list from coming back.

The rule: a version below the highest ever accepted is refused, and so is the highest with other contents,
since an issuer that says two things under one number cannot be believed in either. Comparing and
remembering is one step, over everything that shares the store.

What a store in memory forgets at a restart is bounded even so: a list counts for as long as it is recent by
its own signed time, so no older list than that can come back.
"""

from __future__ import annotations

from threading import Lock
from typing import Protocol

from delegate.errors import RevocationUnavailableError

__all__ = ["MemoryVersions", "VersionStore", "require_advance"]


class VersionStore(Protocol):
    """Where the highest version of each issuer's list is remembered."""

    def advance(self, issuer: str, version: int, digest: bytes) -> None:
        """Remember ``version`` (1 or more) with the SHA-256 of its contents as the highest, atomically.

        The same version with the same digest is no news and no error. Raises
        ``RevocationUnavailableError`` with the field ``version``, or when the store fails.
        """
        ...


class MemoryVersions:
    """Versions in memory, for the threads of one process; forgotten with it."""

    __slots__ = ("_highest", "_lock")

    def __init__(self) -> None:
        """Know no list yet."""
        self._highest: dict[str, tuple[int, bytes]] = {}
        self._lock = Lock()

    def advance(self, issuer: str, version: int, digest: bytes) -> None:
        """See ``VersionStore.advance``."""
        with self._lock:
            require_advance(self._highest.get(issuer), version, digest)
            self._highest[issuer] = (version, digest)


def require_advance(highest: tuple[int, bytes] | None, version: int, digest: bytes) -> None:
    """Refuse a step back, and a second list of one version; raises ``RevocationUnavailableError``."""
    if highest is None or version > highest[0]:
        return
    if version < highest[0]:
        msg = f"list {version} came after list {highest[0]}: publish one with a higher version"
        raise RevocationUnavailableError(msg, field="version", limit=highest[0])
    if digest != highest[1]:
        msg = f"there are two lists of version {version}: publish one with a higher version"
        raise RevocationUnavailableError(msg, field="version", limit=version)
