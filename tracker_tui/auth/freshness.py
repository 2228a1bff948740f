"""For how long what Discord said holds."""

from __future__ import annotations

from enum import Enum
from typing import Final

HOUR: Final = 3_600.0
CHECK_AFTER: Final = 4 * HOUR
"""Seconds after which Discord is asked again."""
GRACE: Final = 24 * HOUR
"""For how many seconds more what it said serves where it cannot be reached."""
_CLOCK_SET_BACK: Final = 24 * HOUR


class Freshness(Enum):
    """What is to be done about what Discord said."""

    WARM = "it holds"
    DUE = "Discord is to be asked, and it holds until that is done"
    OVER = "it holds no more"


def freshness(checked_at: float, now: float, seen_at: float = 0.0) -> Freshness:
    """Return how fresh it is; all are Unix seconds by this machine's clock.

    `seen_at` is the latest time that the clock has shown: setting it back makes nothing fresher.
    """
    age = max(now, seen_at) - checked_at
    if now - checked_at < -_CLOCK_SET_BACK or age >= CHECK_AFTER + GRACE:
        return Freshness.OVER
    # A clock that was set back a little is no reason to keep anybody out.
    is_set_back = now < max(checked_at, seen_at)
    return Freshness.WARM if age < CHECK_AFTER and not is_set_back else Freshness.DUE
