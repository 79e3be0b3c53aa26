"""Where lists come from, and how often somebody looks: outside of every request.

A source brings ``Revocations`` up to date when it is asked to (``refresh``). A ``Refresher`` asks, from
threads of its own. The rules: a source that fails leaves the last good list in force, which then grows old
and stops counting by itself; a list that was refused is tried again, since what was wrong may be the trust
file or a clock; a failure is logged when it begins or changes, and when it ends, not at every look.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Final, Protocol, Self

from delegate.errors import ConfigurationError, DelegateError, RevocationUnavailableError
from delegate.limits import REVOCATION_LIST_MAX_BYTES, REVOCATION_POLL_DEFAULT, REVOCATION_POLL_MAX
from delegate.observer import log_fields
from delegate.revocation.state import Revocations

__all__ = ["FileSource", "Refresher", "Source"]

_log: Final = logging.getLogger("delegate.revocation")


class Source(Protocol):
    """One place where one issuer publishes its lists."""

    def refresh(self) -> None:
        """Look once, and put a new list in force; any ``DelegateError`` leaves the last one in force."""
        ...


class FileSource:
    """A list in a file, which is replaced as a whole (``delegate revoke`` does) and read when it changed."""

    __slots__ = ("_path", "_revocations", "_seen")

    def __init__(self, path: str | os.PathLike[str], revocations: Revocations) -> None:
        """Look at ``path`` for ``revocations``; the file need not be there yet."""
        self._path = Path(path)
        self._revocations = revocations
        self._seen: tuple[int, ...] | None = None

    def __repr__(self) -> str:
        """Name the path."""
        return f"<FileSource {str(self._path)!r}>"

    def refresh(self) -> None:
        """See ``Source.refresh``; raises ``RevocationUnavailableError`` and what ``accept`` raises."""
        try:
            found = self._path.stat()
            identity = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            if identity == self._seen:
                return
            data = self._read(found)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = error.strerror if isinstance(error, OSError) else error
            msg = f"cannot read the revocation list {str(self._path)!r}: {reason}"
            raise RevocationUnavailableError(msg, field="path") from None
        self._revocations.accept(data)
        self._seen = identity

    def _read(self, found: os.stat_result) -> bytes:
        """The whole file, or one byte too many, which ``accept`` refuses."""
        if not stat.S_ISREG(found.st_mode):  # a pipe would be waited for
            msg = f"{str(self._path)!r} is no regular file"
            raise RevocationUnavailableError(msg, field="path")
        with self._path.open("rb") as file:
            return file.read(REVOCATION_LIST_MAX_BYTES + 1)


class Refresher:
    """Looks at sources, each in a thread of its own, every ``interval`` seconds while its ``with`` lasts.

    Entering looks at all of them once, so a server starts with what there is. Threads do not survive a
    fork: enter after forking. Raises ``ConfigurationError`` for an interval that is no such number.
    """

    __slots__ = ("_failures", "_interval", "_sources", "_stop", "_threads")

    def __init__(self, *sources: Source, interval: float = REVOCATION_POLL_DEFAULT) -> None:
        """Look at ``sources``, from when it is entered."""
        if type(interval) not in {int, float} or not 0 < interval <= REVOCATION_POLL_MAX:
            msg = f"interval must be seconds above 0, at most {REVOCATION_POLL_MAX}, not {interval!r}"
            raise ConfigurationError(msg, field="interval", limit=REVOCATION_POLL_MAX)
        self._sources = sources
        self._interval = interval
        self._failures: dict[int, str] = {}
        self._stop = Event()
        self._threads: list[Thread] = []

    def __enter__(self) -> Self:
        """Look once at each source, then go on in the background."""
        self.refresh()
        self._stop.clear()
        self._threads = [
            Thread(target=self._run, args=(number,), name=f"delegate-revocation-{number}", daemon=True)
            for number in range(len(self._sources))
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop looking, after a look that is under way."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def refresh(self) -> None:
        """Look once at each source, here and now; a failure is logged and not raised."""
        for number in range(len(self._sources)):
            self._look(number)

    def _run(self, number: int) -> None:
        while not self._stop.wait(self._interval):
            self._look(number)

    def _look(self, number: int) -> None:
        source = self._sources[number]
        try:
            source.refresh()
        except Exception as error:  # noqa: BLE001 - a thread that ends would let the list grow old in silence
            failure = f"{type(error).__name__}: {error}"
            if self._failures.get(number) != failure:
                refusal = error if isinstance(error, DelegateError) else None
                extra = log_fields(refusal)
                _log.warning("no newer revocation list from %r: %s", source, failure, extra=extra)
            self._failures[number] = failure
        else:
            if self._failures.pop(number, None) is not None:
                _log.info("revocation list from %r: restored", source)
