"""Rhythm: when the ledger is asked what others changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

FOCUSED_SECONDS: Final = 5.0
"""Between two refreshes while the player looks on."""
UNFOCUSED_SECONDS: Final = 30.0
"""Between two refreshes while another window has the focus."""
IDLE_SECONDS: Final = 1_800.0
"""Without a key, and without the focus coming back, after which nobody seems to be there."""
THOROUGH_SECONDS: Final = 900.0
"""Between two full refreshes, which find what a cursor cannot tell of."""
EXTRA_AT_MOST: Final = 6
"""Full refreshes between two of those, for what was written and no cursor tells of."""


class RefreshSchedule:
    """Knows whether the player is there; times by a clock that only runs forward."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._has_focus = True
        self._seen_at = clock()
        self._thorough_at: float | None = None
        self._extras = 0

    def seen(self, *, has_focus: bool | None = None) -> None:
        """Take that the player did something, or turned to the window or away from it."""
        if has_focus is not None:
            self._has_focus = has_focus
        self._seen_at = self._clock()

    def refreshed(self, *, is_thorough: bool, is_extra: bool = False) -> None:
        """Note that the ledger was read; an extra full refresh puts off no other."""
        if is_extra:
            self._extras += 1
        elif is_thorough:
            self._thorough_at, self._extras = self._clock(), 0

    @property
    def is_paused(self) -> bool:
        """Whether nobody has been there for long."""
        return self._clock() - self._seen_at > IDLE_SECONDS

    @property
    def interval(self) -> float:
        """Seconds from one refresh to the next."""
        return FOCUSED_SECONDS if self._has_focus else UNFOCUSED_SECONDS

    def is_due(self, last_refresh: float) -> bool:
        """Whether to refresh, if that was last done at a time by the same clock."""
        return not self.is_paused and self._clock() - last_refresh >= self.interval

    @property
    def may_read_more(self) -> bool:
        """Whether a full refresh may be made that is not due."""
        return self._extras < EXTRA_AT_MOST

    @property
    def is_thorough_due(self) -> bool:
        """Whether the next refresh is to be a full one."""
        since = self._thorough_at
        return since is None or self._clock() - since >= THOROUGH_SECONDS
