"""One source of time, in whole seconds since 1970-01-01T00:00:00Z.

The rule: time is an argument (design rule 9). Decisions never call ``time.time()``; they are handed a
``Clock``, read it once at a named step, and pass the integer on. Whole seconds lose nothing: every bound
on the wire is an integer, and for integers ``floor(now) < expires`` says the same as ``now < expires``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from delegate.errors import ConfigurationError

__all__ = ["Clock", "ManualClock", "read", "reader"]


class Clock:
    """The system's UTC clock. Subclass it to supply another source of time."""

    __slots__ = ()

    def now(self) -> int:
        """Seconds since the epoch, rounded down."""
        return int(time.time())


class ManualClock(Clock):
    """A clock that stands still until it is told to move: for tests, simulations and replays of logs."""

    __slots__ = ("_now",)

    def __init__(self, now: int) -> None:
        """Stand at ``now`` seconds since the epoch."""
        self._now = now

    def now(self) -> int:
        """The instant it was last set to."""
        return self._now

    def set(self, now: int) -> None:
        """Jump to ``now``, forwards or backwards."""
        self._now = now

    def advance(self, seconds: int) -> None:
        """Move by ``seconds``."""
        self._now += seconds


def reader(clock: Clock) -> Callable[[], int]:
    """A function that reads ``clock`` as ``read`` does, over and over; the system's own needs no check."""
    return clock.now if type(clock) is Clock else partial(read, clock)


def read(clock: Clock) -> int:
    """Read ``clock`` and refuse anything but a whole, non-negative number of seconds.

    Raises ``ConfigurationError``: a clock that answers NaN, a float or a bool would make every
    comparison with it meaningless.
    """
    now = clock.now()
    if type(now) is not int or now < 0:
        msg = f"{type(clock).__name__}.now() gave {now!r}; a clock gives whole seconds since 1970 as an int"
        raise ConfigurationError(msg, field="clock")
    return now
