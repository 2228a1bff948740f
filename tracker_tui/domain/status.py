"""The status of a resource against its target, and when it needs a recount.

    share of the target    status          on screen
    150 % or more          ABOVE_TARGET    above target
    100 % or more          AT_TARGET       on target (also: no target)
    50 % or more           BELOW_TARGET    low
    less                   CRITICAL        critical

Data contract, "Status". Thresholds are compared in integers, because a percentage would round.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

DAY: Final = 86_400
PRIORITY_STALE_AFTER: Final = DAY
STALE_AFTER: Final = 7 * DAY
MILLISECONDS_FROM: Final = 100_000_000_000
"""A stored time greater than this is in milliseconds: some rows in the wild are."""


class Status(StrEnum):
    """The four statuses, worst first; the values are the words of the database."""

    CRITICAL = "critical"
    BELOW_TARGET = "below_target"
    AT_TARGET = "at_target"
    ABOVE_TARGET = "above_target"


def status_of(total: int, target: int | None) -> Status:
    """Return the status of `total` units against `target`; None or 0 means no target."""
    if target is None or target <= 0:
        return Status.AT_TARGET
    if total * 2 >= target * 3:
        return Status.ABOVE_TARGET
    if total >= target:
        return Status.AT_TARGET
    if total * 2 >= target:
        return Status.BELOW_TARGET
    return Status.CRITICAL


def stored_status(status: Status) -> Status:
    """Return the value for the status column, which has no word for above_target."""
    return Status.AT_TARGET if status is Status.ABOVE_TARGET else status


def percent(total: int, target: int | None) -> int | None:
    """Return the total in whole percent of the target, rounded down; None without a target."""
    return total * 100 // target if target and target > 0 else None


def needs_update(updated_at: int, now: int, *, is_priority: bool) -> bool:
    """Whether the last change is too long ago; both times in Unix seconds.

    The limit is 24 hours for a priority resource and 7 days for any other.
    """
    return now - updated_at > (PRIORITY_STALE_AFTER if is_priority else STALE_AFTER)
