"""Clocks that a test advances, so no test depends on the speed of the machine."""

from __future__ import annotations

import time


class Clock:
    """Replaces the module `time`; a test advances it."""

    def __init__(self) -> None:
        self.time = time.time
        self._now = 1_000.0

    def monotonic(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


class SleeplessClock(Clock):
    """Advances at each sleep, which returns at once."""

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


class LedgerClock:
    """The clock of a ledger, in Unix seconds; a test sets it."""

    def __init__(self, now: int) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now
