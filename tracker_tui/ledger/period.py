"""Periods and days in SQL.

    within(HistoryRow.created_at, WEEK, now)     [created_at >= now - 604800]

Databases know only UTC, so the day of a row is computed with the dates on which the clocks of the
player's zone change.
"""

from __future__ import annotations

import time
from typing import Any, Final

from peewee import Case, Expression, Value

from tracker_tui.domain.period import Period, Shift, Zone, shifts
from tracker_tui.domain.status import DAY
from tracker_tui.ledger.expressions import seconds

_FIRST_YEAR: Final = 1_577_836_800
"""1 January 2020. The game is younger; earlier times use the offset of that day."""


def begin_of(period: Period, now: Any) -> Any:
    """Return when a period begins; None if it has no beginning."""
    if period.span is not None:
        return now - period.span
    return None if period.since is None else Value(period.since)


def within(column: Any, period: Period, now: Any) -> list[Expression]:
    """Return the conditions for a time to be in a period."""
    begin, conditions = begin_of(period, now), []
    if begin is not None:
        conditions.append(column >= begin)
    if period.until is not None:
        conditions.append(column < period.until)
    return conditions


def day_number(column: Any, zone: Zone) -> Any:
    """Return the day of a stored time in a zone, as `tracker_tui.domain.period.day_of` does."""
    at = seconds(column)
    known = shifts(_FIRST_YEAR, int(time.time()) + DAY, zone)
    return (at + _offset(at, known)) / DAY


def _offset(at: Any, known: list[Shift]) -> Any:
    first, *later = known
    if not later:
        return first.seconds
    # The latest shift that is not after the time decides.
    cases = tuple((at >= shift.at, shift.seconds) for shift in reversed(later))
    return Case(None, cases, first.seconds)
