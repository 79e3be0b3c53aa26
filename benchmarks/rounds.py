"""How everything is measured: candidates in turns, and ratios within a turn.

In each round every candidate first makes its items (not timed), then works through them; each round begins
with the next one, for the first of a round works with cold caches. So all see the same machine at the same
moment: a figure is the median over the rounds, and a ratio is the median of the rounds' own ratios, which a
busy neighbour disturbs least. What is counted is CPU time of the process, all its threads, not the time it
waits for a turn. The collector of garbage is off meanwhile.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

ROUNDS: Final = 40
BATCH: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way of doing the work: ``prepare`` makes an item that ``work`` has not seen; ``work`` is timed."""

    prepare: Callable[[], Any]
    work: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Rounds:
    """Microseconds of CPU time that one call took, by candidate and round."""

    times: Mapping[str, list[float]]

    def us(self, name: str) -> float:
        """The median."""
        return statistics.median(self.times[name])

    def ratio(self, name: str, to: str) -> float:
        """How many times as long ``name`` takes as ``to``: the median over the rounds."""
        return statistics.median(
            one / other for one, other in zip(self.times[name], self.times[to], strict=True)
        )

    def added(self, name: str, to: str, unit: str) -> float:
        """What ``name`` takes beyond ``to``, in times that ``unit`` takes."""
        rounds = zip(self.times[name], self.times[to], self.times[unit], strict=True)
        return statistics.median((one - other) / measure for one, other, measure in rounds)


def timed(work: Callable[[_T], object], items: Iterable[_T]) -> float:
    """Microseconds of CPU time that one call takes, over the calls for all ``items``."""
    listed = list(items)
    start = time.process_time_ns()
    for item in listed:
        work(item)
    return (time.process_time_ns() - start) / 1000 / len(listed)


def interleave(
    candidates: Mapping[str, Candidate], *, rounds: int | None = None, batch: int | None = None
) -> Rounds:
    """Measure all in turns, ``rounds`` times ``batch`` calls each, after one round that does not count."""
    rounds, batch = rounds or ROUNDS, batch or BATCH
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        gc.collect()
        gc.disable()
        try:
            for name in _rotated(list(candidates), number):
                items = [candidates[name].prepare() for _ in range(batch)]
                passed = timed(candidates[name].work, items)
                if number:
                    times[name].append(passed)
        finally:
            gc.enable()
    return Rounds(times)


def _rotated(names: list[str], by: int) -> list[str]:
    start = by % len(names)
    return names[start:] + names[:start]
