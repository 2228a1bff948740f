"""Clocks that go when a test says so: no test depends on how fast a machine is."""

from __future__ import annotations

import time


class Clock:
    """Stands in for the module `time`: its seconds pass when a test says so."""

    def __init__(self) -> None:
        self.time = time.time
        self._now = 1_000.0

    def monotonic(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


class ImpatientClock(Clock):
    """Goes while somebody sleeps, who then does not have to."""

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)
