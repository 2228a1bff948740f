"""Courses and points as charts: which lines, and which marks below them. Pure: no Textual here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from rich.cells import cell_len

from tracker_tui.domain.activity import DayPoints
from tracker_tui.domain.period import Zone, date_of, day_of, local_time, start_of
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.quantity_series import Forecast, Level, QuantitySeries, forecast
from tracker_tui.domain.status import DAY
from tracker_tui.domain.text import one_line
from tracker_tui.ui.widgets.chart import Chart, Series, Tick

_HOUR: Final = 3_600
_QUARTER: Final = 900
_LABEL_CELLS: Final = 9
"""Cells that a label takes, the gap beside it included."""
_EVERY_HOURS: Final = (1, 2, 3, 6, 12)
_EVERY_DAYS: Final = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728)
_LONG_DAYS: Final = 999


def quantity_chart(
    course: QuantitySeries,
    target: int | None,
    places: Mapping[Location, str],
    zone: Zone,
    width: int,
) -> Chart:
    """Return the chart of a course: both locations, their total, and the target as a line."""
    names = [one_line(places[location], 16) for location in Location]
    letters = _letters([*names, "total"])
    series = [
        Series(letters[0], names[0], _points(course, [lv.hagga for lv in course.levels]), "hagga"),
        Series(
            letters[1],
            names[1],
            _points(course, [lv.deep_desert for lv in course.levels]),
            "deep-desert",
        ),
        Series(letters[2], "total", _points(course, [lv.total for lv in course.levels]), "total"),
    ]
    if target and target > 0:
        level = ((float(course.since), float(target)),)
        series.append(Series("*", "target", level, "target", is_level=True))
    marks = ticks(course.since, course.until, zone, width)
    return Chart(course.since, course.until, series, marks)


def points_chart(
    days: Sequence[DayPoints], since: int, until: int, zone: Zone, width: int
) -> Chart:
    """Return the chart of what was earned on each day: a column a day, from midnight on."""
    known = {each.day: each.points for each in days}
    first, last = day_of(since, zone), day_of(until, zone)
    columns = [
        (float(start_of(day, zone)), max(0.0, known.get(day, 0.0)))
        for day in range(first, last + 1)
    ]
    begin, end = start_of(first, zone), start_of(last + 1, zone)
    series = Series("p", "points", columns, "total")
    # A day's label stands below the middle of its column.
    noons = [
        tick._replace(at=tick.at + DAY / 2) for tick in _midnights(begin - 1, end - 1, zone, width)
    ]
    return Chart(begin, end, [series], noons, is_bars=True)


def ticks(since: int, until: int, zone: Zone, width: int) -> list[Tick]:
    """Return the marks of a time axis of so many cells: whole hours, or midnights, of the zone."""
    room = max(1, width // _LABEL_CELLS)
    span = until - since
    if span <= 2 * DAY:
        every = next((h for h in _EVERY_HOURS if span / _HOUR / h <= room), 24)
        return [
            Tick(at.timestamp(), f"{at:%H:%M}")
            for at in _hours(since, until, zone)
            if at.hour % every == 0
        ]
    return _midnights(since, until, zone, width)


def _midnights(since: int, until: int, zone: Zone, width: int) -> list[Tick]:
    room, span = max(1, width // _LABEL_CELLS), until - since
    every = next((d for d in _EVERY_DAYS if span / DAY / d <= room), _EVERY_DAYS[-1])
    first, last = day_of(since, zone) + 1, day_of(until, zone)
    has_years = span > 300 * DAY
    return [
        Tick(start_of(day, zone), f"{date_of(day):%b %Y}" if has_years else _short_date(day))
        for day in range(last, first - 1, -every)
    ][::-1]


def outlook(course: QuantitySeries, total: int, target: int | None) -> str:
    """Say how it goes a day, and when the target is reached or nothing is left."""
    rate = course.per_day
    if rate is None:
        return "not enough changes for a trend"
    told = f"{_per_day(rate)} a day"
    ahead = forecast(total, target, rate)
    return told if ahead is None else f"{told} · {_told_ahead(ahead)}"


def _told_ahead(ahead: Forecast) -> str:
    what = "target reached" if ahead.is_reached else "nothing left"
    if ahead.days > _LONG_DAYS:
        return f"{what} in over {_LONG_DAYS} days"
    days = f"{ahead.days:.1f}" if ahead.days < 10 else f"{ahead.days:.0f}"  # noqa: PLR2004
    return f"{what} in {days} days"


def _per_day(rate: float) -> str:
    return f"{rate:+,.1f}" if abs(rate) < 10 else f"{rate:+,.0f}"  # noqa: PLR2004


def _points(course: QuantitySeries, values: Iterable[int]) -> list[tuple[float, float]]:
    times: Iterable[Level] = course.levels
    return [
        (float(max(level.at, course.since)), float(value))
        for level, value in zip(times, values, strict=True)
    ]


def _letters(names: Sequence[str]) -> list[str]:
    """Return a letter for each name that no other one has: `H`, `D`, `T`."""
    taken: list[str] = []
    for name in names:
        letters = [char.upper() for char in name if char.isalnum()] + list("XYZ")
        fitting = [letter for letter in letters if len(letter) == cell_len(letter) == 1]
        taken.append(next(letter for letter in fitting if letter not in taken))
    return taken


def _hours(since: int, until: int, zone: Zone) -> Iterable[datetime]:
    at = local_time(since, zone)
    moment = since - at.minute * 60 - at.second
    # In steps that no clock is set by less than.
    while moment <= until:
        at = local_time(moment, zone)
        if moment >= since and at.minute == 0:
            yield at
        moment += _QUARTER


def _short_date(day: int) -> str:
    date = date_of(day)
    return f"{date.day} {date:%b}"
