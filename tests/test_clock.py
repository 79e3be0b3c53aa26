"""Time is an argument, in whole seconds (design rule 9)."""

from __future__ import annotations

import os
import time
from functools import partial

import pytest

from delegate.clock import Clock, ManualClock, read, reader
from delegate.errors import ConfigurationError


class Broken(Clock):
    def __init__(self, answer: object) -> None:
        self.answer = answer

    def now(self) -> int:
        return self.answer  # type: ignore[return-value]  # that is what is broken


def test_the_system_clock_gives_whole_seconds() -> None:
    before = int(time.time())
    for now in (read(Clock()), reader(Clock())()):
        assert type(now) is int
        assert before <= now <= int(time.time())


@pytest.mark.parametrize("answer", [float("nan"), 1.5, 1795175603.0, True, -1, None, "1795175603"])
def test_s61_a_clock_that_is_not_in_whole_seconds_is_a_configuration_error(answer: object) -> None:
    broken = Broken(answer)
    for reading in (partial(read, broken), reader(broken)):
        with pytest.raises(ConfigurationError) as refusal:
            reading()
        assert refusal.value.field == "clock"
    assert read(Broken(1795175603)) == reader(Broken(1795175603))() == 1795175603


def test_b17_s63_the_time_zone_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read(Clock())
    for zone in ("Pacific/Kiritimati", "America/St_Johns", "right/UTC"):
        monkeypatch.setitem(os.environ, "TZ", zone)
        time.tzset()
        assert 0 <= read(Clock()) - before <= 5
    monkeypatch.undo()
    time.tzset()


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock(100)
    assert (clock.now(), clock.now()) == (100, 100)
    clock.advance(5)
    assert clock.now() == 105
    clock.set(7)
    assert clock.now() == 7
