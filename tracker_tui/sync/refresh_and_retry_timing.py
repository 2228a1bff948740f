"""When the ledger is asked: how often to refresh, and how long to pause after a failure."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

FOCUSED_SECONDS: Final = 5.0
"""Between two refreshes while the window has the focus."""
UNFOCUSED_SECONDS: Final = 30.0
"""Between two refreshes while another window has the focus."""
IDLE_SECONDS: Final = 1_800.0
"""Without a key or a change of focus, after which refreshing stops."""
FULL_REFRESH_SECONDS: Final = 900.0
"""Between two full refreshes, which find what a cursor misses."""
MAX_EXTRA_REFRESHES: Final = 6
"""Unscheduled full refreshes between two scheduled ones."""
_FIRST_PAUSE: Final = 1.0


class RefreshSchedule:
    """Decides when to refresh, by the player's presence. Times are of a monotonic clock."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._has_focus = True
        self._active_at = clock()
        self._full_at: float | None = None
        self._extras = 0

    def player_active(self, *, has_focus: bool | None = None) -> None:
        """Note a key press, or that the window got or lost the focus."""
        if has_focus is not None:
            self._has_focus = has_focus
        self._active_at = self._clock()

    def refreshed(self, *, is_full: bool, is_extra: bool = False) -> None:
        """Note a refresh; an extra one does not postpone the next scheduled full refresh."""
        if is_extra:
            self._extras += 1
        elif is_full:
            self._full_at, self._extras = self._clock(), 0

    @property
    def is_paused(self) -> bool:
        """Whether the player has been away for so long that refreshing stops."""
        return self._clock() - self._active_at > IDLE_SECONDS

    @property
    def interval(self) -> float:
        """Seconds from one refresh to the next."""
        return FOCUSED_SECONDS if self._has_focus else UNFOCUSED_SECONDS

    def is_due(self, last_refresh: float) -> bool:
        return not self.is_paused and self._clock() - last_refresh >= self.interval

    @property
    def is_full_due(self) -> bool:
        """Whether the next refresh reads everything."""
        return self._full_at is None or self._clock() - self._full_at >= FULL_REFRESH_SECONDS

    @property
    def allows_extra(self) -> bool:
        """Whether another full refresh may be made before the next scheduled one."""
        return self._extras < MAX_EXTRA_REFRESHES


class Backoff:
    """Pauses after failures that double up to `longest` seconds; 0 means no pauses."""

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._pause = 0.0
        self._quiet_until = 0.0

    @property
    def is_quiet(self) -> bool:
        """Whether it is too early for an automatic retry."""
        return time.monotonic() < self._quiet_until

    @property
    def seconds_left(self) -> float:
        """Seconds until the next automatic retry."""
        return max(0.0, self._quiet_until - time.monotonic())

    def failed(self, at_least: float = 0.0) -> None:
        """Start a pause, longer than the last one and as long as the server asked for.

        A failed retry that the player requested during a pause does not make it longer.
        """
        from random import uniform  # not at the top: `edit` rarely needs it

        if not self.is_quiet:
            self._pause = min(max(_FIRST_PAUSE, self._pause * 2), self._longest)
            # Spread out, so that a whole guild does not retry at the same moment.
            self._quiet_until = time.monotonic() + self._pause * uniform(0.75, 1.0)
        # A little more than asked, so that the time is over by the server's clock too.
        asked = at_least * uniform(1.0, 1.1) if at_least else 0.0
        self._quiet_until = max(self._quiet_until, time.monotonic() + asked)

    def succeeded(self) -> None:
        self._pause = self._quiet_until = 0.0
