"""SQL expressions that several queries share: status, points and times.

Peewee silently converts a bare number to the type of the field beside it: `target * 1.5` becomes
`target * 1`. So numbers that are not whole are written as `Value(1.5)`.
"""

from __future__ import annotations

import sys
from typing import Any, Final

from peewee import Case, Expression, Node, Value, fn

from tracker_tui.db.models import HistoryRow, ResourceRow
from tracker_tui.domain.points import BONUS
from tracker_tui.domain.resource import (
    GEAR_BLUEPRINTS,
    LEADERBOARD_UNCATEGORIZED,
    OLD_GEAR_BLUEPRINTS,
)
from tracker_tui.domain.status import MILLISECONDS_FROM, Status

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
