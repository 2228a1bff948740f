"""A clock that somebody else turns."""

from __future__ import annotations


class Clock:
    """Time as the demo's ledger sees it, in Unix seconds.

    It is moved by hand, never back, and never past `end`.
    """

    def __init__(self, *, end: int) -> None:
        self._time = 0
        self._end = end

    def __call__(self) -> int:
        """Return the time that it shows."""
        return self._time

    def wait(self, seconds: int) -> None:
        """Let some time pass."""
        self.wait_until(self._time + seconds)

    def wait_until(self, time: int) -> None:
        """Let time pass until `time`; where that is over already, nothing happens."""
        self._time = max(self._time, min(time, self._end))
