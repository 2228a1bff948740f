"""Spans of time that the history, charts and the leaderboard are looked at over."""

from __future__ import annotations

import re
from datetime import date
from typing import Final, NamedTuple

from tracker_tui.domain.days import Zone, start_of
from tracker_tui.domain.status import DAY
from tracker_tui.domain.text import one_line
from tracker_tui.errors import InvalidPeriod

_UNITS: Final = {"h": 3_600, "d": DAY, "w": 7 * DAY}
_LONGEST: Final = 36_500 * DAY
_SPAN: Final = re.compile(r"([0-9]{1,6})([hdw])")
_DATES: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?\.\.([0-9]{4}-[0-9]{2}-[0-9]{2})?")
_EPOCH: Final = date(1970, 1, 1)


class Period(NamedTuple):
    """The last `span` seconds, or from `since` on and up to before `until`, in Unix seconds.

    Nothing given: all of time.
    """

    name: str
    """What was asked for, as it can be typed again: `7d`, `all`, `2026-01-01..2026-01-31`."""
    span: int | None = None
    since: int | None = None
    until: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self.span is None and self.since is None and self.until is None


ALL: Final = Period("all")
DAY_AND_NIGHT: Final = Period("24h", DAY)
WEEK: Final = Period("7d", 7 * DAY)
MONTH: Final = Period("30d", 30 * DAY)
QUARTER: Final = Period("90d", 90 * DAY)
LEADERBOARD_PERIODS: Final = (DAY_AND_NIGHT, WEEK, MONTH, ALL)
PERIODS: Final = (DAY_AND_NIGHT, WEEK, MONTH, QUARTER, ALL)


def parse_period(text: str, zone: Zone) -> Period:
    """Return the period that a text means: `7d`, `36h`, `2w`, `all`, `2026-01-01..2026-01-31`.

    Both days of the last kind are meant whole, and either may be missing. Raises InvalidPeriod.
    """
    typed = text.strip().lower()
    if typed == ALL.name:
        return ALL
    if span := _SPAN.fullmatch(typed):
        seconds = int(span[1]) * _UNITS[span[2]]
        if 0 < seconds <= _LONGEST:
            return Period(typed, seconds)
    if (dates := _DATES.fullmatch(typed)) and typed != "..":
        return _between(typed, dates[1], dates[2], zone)
    message = (
        f"“{one_line(text, 40)}” is no period. Such are: 24h, 7d, 2w, all, 2026-01-01..2026-01-31."
    )
    raise InvalidPeriod(message)


def _between(typed: str, first: str | None, last: str | None, zone: Zone) -> Period:
    try:
        since = None if first is None else start_of(_day(first), zone)
        until = None if last is None else start_of(_day(last) + 1, zone)
    except (ValueError, OverflowError) as error:
        message = f"“{one_line(typed, 40)}” names a day that is in no calendar."
        raise InvalidPeriod(message) from error
    if since is not None and until is not None and since >= until:
        message = f"“{one_line(typed, 40)}” ends before it begins."
        raise InvalidPeriod(message)
    return Period(typed, None, since, until)


def _day(text: str) -> int:
    return (date.fromisoformat(text) - _EPOCH).days
