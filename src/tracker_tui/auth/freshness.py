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


def freshness(checked_at: float, now: float) -> Freshness:
    """Return how fresh it is; both are Unix seconds by this machine's clock."""
    age = now - checked_at
    if age < -_CLOCK_SET_BACK or age >= CHECK_AFTER + GRACE:
        return Freshness.OVER
    # A clock that was set back a little is no reason to keep anybody out.
    return Freshness.WARM if 0 <= age < CHECK_AFTER else Freshness.DUE
