"""Days as a player lives them: from midnight to midnight in a zone, 23 to 25 hours long.

A zone is a `tzinfo`, or None for the one that this machine is set to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from tracker_tui.domain.status import DAY

Zone = tzinfo | None

_EPOCH: Final = date(1970, 1, 1)
_LATEST: Final = 253_402_214_400
"""The last day of the year 9999, in Unix seconds: rows may hold times that no calendar knows."""
_STEP: Final = 7 * DAY


class Shift(NamedTuple):
    """From which moment on a zone is how many seconds ahead of UTC."""

    at: int
    seconds: int


def local_time(at: float, zone: Zone) -> datetime:
    """Return a moment, in Unix seconds, as the zone's clocks show it."""
    moment = datetime.fromtimestamp(min(max(at, 0), _LATEST), UTC)
    return moment.astimezone(zone)


def offset_at(at: int, zone: Zone) -> int:
    """Return how many seconds the zone is ahead of UTC at a moment."""
    offset = local_time(at, zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def day_of(at: int, zone: Zone) -> int:
    """Return the day of a moment: how many days of the calendar after 1 January 1970."""
    return (min(max(at, 0), _LATEST) + offset_at(at, zone)) // DAY


def date_of(day: int) -> date:
    """Return a day as a date."""
    return _EPOCH + timedelta(days=day)


def start_of(day: int, zone: Zone) -> int:
    """Return when a day begins, in Unix seconds."""
    # Where clocks jump over midnight there is none; the day begins with the jump.
    low, high = day * DAY - DAY, day * DAY + DAY
    while low < high:
        middle = (low + high) // 2
        if day_of(middle, zone) < day:
            low = middle + 1
        else:
            high = middle
    return low


def shifts(since: int, until: int, zone: Zone) -> list[Shift]:
    """Return the zone's offset at `since`, and each other one that it has up to `until`."""
    found = [Shift(since, offset_at(since, zone))]
    for step in range(since, until, _STEP):
        _look_between(step, min(step + _STEP, until), zone, found)
    return found


def _look_between(low: int, high: int, zone: Zone, found: list[Shift]) -> None:
    """Add the moment at which the offset changes, if it is another one at `high`."""
    after = offset_at(high, zone)
    if after == found[-1].seconds:
        return
    before = found[-1].seconds
    while low < high:
        middle = (low + high) // 2
        if offset_at(middle, zone) == before:
            low = middle + 1
        else:
            high = middle
    found.append(Shift(low, after))


def streak(days: Iterable[int], today: int) -> int:
    """Return how many days in a row, up to today, are among `days`.

    A today that has nothing yet does not end what yesterday was part of.
    """
    active = set(days)
    day = today if today in active else today - 1
    length = 0
    while day - length in active:
        length += 1
    return length
