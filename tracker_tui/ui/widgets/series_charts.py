"""The charts of quantity series and points, and the forecast. Pure functions, no widget.

They return a `Chart` with its lines and ticks; the module `chart` draws it.
"""

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
"""Cells of a label with the gap beside it."""
_EVERY_HOURS: Final = (1, 2, 3, 6, 12)
_EVERY_DAYS: Final = (1, 2, 7, 14, 28, 56, 91, 182, 364, 728)
_LONG_DAYS: Final = 999


def quantity_chart(
    series: QuantitySeries,
    target: int | None,
    places: Mapping[Location, str],
    zone: Zone,
    width: int,
) -> Chart:
    """Return a chart of both locations, their total, and the target."""
    names = [one_line(places[location], 16) for location in Location]
    letters = _letters([*names, "total"])
    lines = [
        Series(letters[0], names[0], _points(series, [lv.hagga for lv in series.levels]), "hagga"),
        Series(
            letters[1],
            names[1],
            _points(series, [lv.deep_desert for lv in series.levels]),
            "deep-desert",
        ),
        Series(letters[2], "total", _points(series, [lv.total for lv in series.levels]), "total"),
    ]
    if target and target > 0:
        level = ((float(series.since), float(target)),)
        lines.append(Series("*", "target", level, "target", is_level=True))
    marks = ticks(series.since, series.until, zone, width)
    return Chart(series.since, series.until, lines, marks)


def points_chart(
    days: Sequence[DayPoints], since: int, until: int, zone: Zone, width: int
) -> Chart:
    """Return a chart of the points of each day, a column from midnight to midnight."""
    known = {each.day: each.points for each in days}
    first, last = day_of(since, zone), day_of(until, zone)
    columns = [
        (float(start_of(day, zone)), max(0.0, known.get(day, 0.0)))
        for day in range(first, last + 1)
    ]
    begin, end = start_of(first, zone), start_of(last + 1, zone)
    series = Series("p", "points", columns, "total")
    # The label of a day is below the middle of its column.
    noons = [
        tick._replace(at=tick.at + DAY / 2) for tick in _midnights(begin - 1, end - 1, zone, width)
    ]
    return Chart(begin, end, [series], noons, is_bars=True)


def ticks(since: int, until: int, zone: Zone, width: int) -> list[Tick]:
    """Return the ticks of a time axis of `width` cells, at whole hours or at midnight."""
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


def forecast_text(series: QuantitySeries, total: int, target: int | None) -> str:
    """Say the change per day, and when the target is reached or nothing is left."""
    rate = series.per_day
    if rate is None:
        return "not enough changes for a trend"
    text = f"{_per_day(rate)} a day"
    ahead = forecast(total, target, rate)
    return text if ahead is None else f"{text} · {_ahead_text(ahead)}"


def _ahead_text(ahead: Forecast) -> str:
    what = "target reached" if ahead.is_reached else "nothing left"
    if ahead.days > _LONG_DAYS:
        return f"{what} in over {_LONG_DAYS} days"
    days = f"{ahead.days:.1f}" if ahead.days < 10 else f"{ahead.days:.0f}"  # noqa: PLR2004
    return f"{what} in {days} days"


def _per_day(rate: float) -> str:
    return f"{rate:+,.1f}" if abs(rate) < 10 else f"{rate:+,.0f}"  # noqa: PLR2004


def _points(series: QuantitySeries, values: Iterable[int]) -> list[tuple[float, float]]:
    times: Iterable[Level] = series.levels
    return [
        (float(max(level.at, series.since)), float(value))
        for level, value in zip(times, values, strict=True)
    ]


def _letters(names: Sequence[str]) -> list[str]:
    """Return a different letter for each name: `H`, `D`, `T`."""
    taken: list[str] = []
    for name in names:
        letters = [char.upper() for char in name if char.isalnum()] + list("XYZ")
        fitting = [letter for letter in letters if len(letter) == cell_len(letter) == 1]
        taken.append(next(letter for letter in fitting if letter not in taken))
    return taken


def _hours(since: int, until: int, zone: Zone) -> Iterable[datetime]:
    at = local_time(since, zone)
    moment = since - at.minute * 60 - at.second
    # A time zone offset is a multiple of a quarter of an hour.
    while moment <= until:
        at = local_time(moment, zone)
        if moment >= since and at.minute == 0:
            yield at
        moment += _QUARTER


def _short_date(day: int) -> str:
    date = date_of(day)
    return f"{date.day} {date:%b}"
