"""Days of a player's zone in SQL: databases know UTC, and not when clocks are set."""

from __future__ import annotations

import time
from typing import Any, Final

from peewee import Case

from tracker_tui.domain.period import Shift, Zone, shifts
from tracker_tui.domain.status import DAY
from tracker_tui.ledger.expressions import seconds

_FIRST: Final = 1_577_836_800
"""1 January 2020: the game is younger; what is older counts in the days of then."""


def day_number(column: Any, zone: Zone) -> Any:
    """Return the day on which a stored time lies, as `tracker_tui.domain.period.day_of` does."""
    at = seconds(column)
    known = shifts(_FIRST, int(time.time()) + DAY, zone)
    return (at + _offset(at, known)) / DAY


def _offset(at: Any, known: list[Shift]) -> Any:
    first, *later = known
    if not later:
        return first.seconds
    # The latest that is not after the time decides.
    cases = tuple((at >= shift.at, shift.seconds) for shift in reversed(later))
    return Case(None, cases, first.seconds)
