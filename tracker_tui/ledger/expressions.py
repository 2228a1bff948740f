"""SQL expressions that several queries share: status, points, times, periods and days.

    within(HistoryRow.created_at, WEEK, now)     [created_at >= now - 604800]

Databases know only UTC, so the day of a row is computed with the dates on which the clocks of the
player's zone change.

Peewee silently converts a bare number to the type of the field beside it: `target * 1.5` becomes
`target * 1`. So numbers that are not whole are written as `Value(1.5)`.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Final

from peewee import Case, Expression, Node, Value, fn

from tracker_tui.db.models import HistoryRow, ResourceRow
from tracker_tui.domain.period import Period, Shift, Zone, shifts
from tracker_tui.domain.points import BONUS
from tracker_tui.domain.resource import (
    GEAR_BLUEPRINTS,
    LEADERBOARD_UNCATEGORIZED,
    OLD_GEAR_BLUEPRINTS,
)
from tracker_tui.domain.status import DAY, MILLISECONDS_FROM, Status

# Older systems have a SQLite without `unixepoch()`.
DATABASE_CLOCK: Final[Node] = fn.strftime("%s", "now").cast("INTEGER")
"""The database's clock, in Unix seconds."""


def status_of(total: Expression, target: Any, *, above: Status) -> Case:
    """Return the status of a total (data contract, "Status"); `above` from 150 % on."""
    return Case(
        None,
        (
            (target.is_null() | (target <= 0), Status.AT_TARGET.value),
            (total * 2 >= target * 3, above.value),
            (total >= target, Status.AT_TARGET.value),
            (total * 2 >= target, Status.BELOW_TARGET.value),
        ),
        Status.CRITICAL.value,
    )


def bonus_of(status: Node) -> Case:
    """Return the bonus for a status, as a share of the points."""
    return Case(
        status,
        tuple((named.value, Value(share)) for named, share in BONUS.items()),
        Value(0.0),
    )


def effective_multiplier() -> Case:
    """Return the multiplier to use: a stored one of 0 or less counts as 1."""
    stored = ResourceRow.multiplier
    return Case(
        None, (((stored > Value(0.0)) & (stored <= Value(sys.float_info.max)), stored),), Value(1.0)
    )


def leaderboard_category() -> Case:
    """Return the category as the leaderboard stores it."""
    category = ResourceRow.category
    return Case(
        None,
        (
            (category.is_null() | (fn.TRIM(category) == ""), LEADERBOARD_UNCATEGORIZED),
            (category == OLD_GEAR_BLUEPRINTS, GEAR_BLUEPRINTS),
        ),
        category,
    )


def rounded_half_up(points: Any) -> Any:
    """Round points of 0 or more to two decimals."""
    return (points * Value(100) + Value(0.5)).cast("INTEGER") / Value(100.0)


def whole_number(column: Any) -> Any:
    """Return a column as a whole number, whatever a row holds in it."""
    return fn.COALESCE(column.cast("INTEGER"), 0)


def seconds(time: Any) -> Case:
    """Return a stored time as whole Unix seconds; some rows hold milliseconds."""
    whole = time.cast("INTEGER")
    return Case(None, ((whole > MILLISECONDS_FROM, whole / 1000),), whole)


def change_of_total() -> Any:
    """Return by how much a row of the history changed the total of its resource."""
    row = HistoryRow
    return whole_number(row.change_amount_hagga) + whole_number(row.change_amount_deep_desert)


def gains_and_losses() -> tuple[Node, Node]:
    """Return the sum of all gains in the history, and the sum of all losses, 0 or less.

    With TOTAL, because SUM fails if hostile rows add up to more than an integer can hold.
    """
    change = change_of_total()
    return fn.TOTAL(fn.MAX(change, 0)), fn.TOTAL(fn.MIN(change, 0))


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
