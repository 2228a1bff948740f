"""Days in the player's time zone, and the periods that history, charts and leaderboard cover.

A day goes from midnight to midnight, and is 23 to 25 hours long where clocks change. Days are
counted from 1 January 1970. A zone is a `tzinfo`; None is the zone that this machine is set to.

A period is typed as `7d`, `36h`, `2w`, `all` or `2026-01-01..2026-01-31`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from tracker_tui.domain.status import DAY
from tracker_tui.domain.text import one_line
from tracker_tui.errors import InvalidPeriod

Zone = tzinfo | None

_EPOCH: Final = date(1970, 1, 1)
_LATEST: Final = 253_402_214_400
"""The last day of the year 9999, in Unix seconds: rows may hold times beyond any calendar."""
_STEP: Final = 7 * DAY

_UNITS: Final = {"h": 3_600, "d": DAY, "w": 7 * DAY}
_LONGEST_SPAN: Final = 36_500 * DAY
_SPAN: Final = re.compile(r"([0-9]{1,6})([hdw])")
_DATES: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})?")


class Shift(NamedTuple):
    """From the moment `at`, in Unix seconds, a zone is `seconds` ahead of UTC."""

    at: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Period:
    """The last `span` seconds; or from `since` up to before `until`, in Unix seconds.

    Without any of them: all time.
    """

    name: str
    """The text that a player would type for it: `7d`, `all`, `2026-01-01..2026-01-31`."""
    span: int | None = None
    since: int | None = None
    until: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether it covers all time."""
        return self.span is None and self.since is None and self.until is None


ALL: Final = Period(name="all")
DAY_AND_NIGHT: Final = Period(name="24h", span=DAY)
WEEK: Final = Period(name="7d", span=7 * DAY)
MONTH: Final = Period(name="30d", span=30 * DAY)
QUARTER: Final = Period(name="90d", span=90 * DAY)
LEADERBOARD_PERIODS: Final = (DAY_AND_NIGHT, WEEK, MONTH, ALL)
PERIODS: Final = (DAY_AND_NIGHT, WEEK, MONTH, QUARTER, ALL)


def local_time(at: float, zone: Zone) -> datetime:
    """Return a moment, in Unix seconds, as clocks in the zone show it."""
    moment = datetime.fromtimestamp(min(max(at, 0), _LATEST), UTC)
    return moment.astimezone(zone)


def offset_at(at: int, zone: Zone) -> int:
    """Return how many seconds the zone is ahead of UTC at a moment."""
    offset = local_time(at, zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds())


def day_of(at: int, zone: Zone) -> int:
    """Return the day of a moment, as the number of days since 1 January 1970."""
    return (min(max(at, 0), _LATEST) + offset_at(at, zone)) // DAY


def date_of(day: int) -> date:
    """Return the date of a day number."""
    return _EPOCH + timedelta(days=day)


def start_of(day: int, zone: Zone) -> int:
    """Return when a day begins, in Unix seconds."""
    # Where clocks jump over midnight, the day begins with the jump.
    low, high = day * DAY - DAY, day * DAY + DAY
    while low < high:
        middle = (low + high) // 2
        if day_of(middle, zone) < day:
            low = middle + 1
        else:
            high = middle
    return low


def shifts(since: int, until: int, zone: Zone) -> list[Shift]:
    """Return the zone's offset at `since`, and each change of it up to `until`."""
    found = [Shift(since, offset_at(since, zone))]
    for step in range(since, until, _STEP):
        _add_change(step, min(step + _STEP, until), zone, found)
    return found


def _add_change(low: int, high: int, zone: Zone, found: list[Shift]) -> None:
    """Add the moment between `low` and `high` at which the offset changes, if it does."""
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


def parse_period(text: str, zone: Zone) -> Period:
    """Return the period that a player typed; raises InvalidPeriod.

    `2026-01-01..2026-01-31` includes both days; either may be left out.
    """
    typed = text.strip().lower()
    if typed == ALL.name:
        return ALL
    if span := _SPAN.fullmatch(typed):
        seconds = int(span[1]) * _UNITS[span[2]]
        if 0 < seconds <= _LONGEST_SPAN:
            return Period(name=typed, span=seconds)
    if (dates := _DATES.fullmatch(typed)) and typed != "..":
        return _between(typed, dates[1], dates[2], zone)
    message = (
        f"“{one_line(text, 40)}” isn't a period. Try 24h, 7d, 2w, all or 2026-01-01..2026-01-31."
    )
    raise InvalidPeriod(message)


def _between(typed: str, first: str | None, last: str | None, zone: Zone) -> Period:
    try:
        since = None if first is None else start_of(_day(first), zone)
        until = None if last is None else start_of(_day(last) + 1, zone)
    except (ValueError, OverflowError) as error:
        message = f"“{one_line(typed, 40)}” contains a date that doesn't exist."
        raise InvalidPeriod(message) from error
    if since is not None and until is not None and since >= until:
        message = f"“{one_line(typed, 40)}” ends before it begins."
        raise InvalidPeriod(message)
    return Period(name=typed, since=since, until=until)


def _day(text: str) -> int:
    return (date.fromisoformat(text) - _EPOCH).days


def in_period(period: Period) -> str:
    """Return words for a period: `in the last 7d`, `in 2026-01-01..2026-01-31`, `of all time`."""
    if period.is_all:
        return "of all time"
    return f"in the last {period.name}" if period.span is not None else f"in {period.name}"
