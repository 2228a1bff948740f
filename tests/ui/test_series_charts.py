"""The charts of quantity series and points: their lines, their ticks, and the forecast."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise, product
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tracker_tui.domain.activity import DayPoints
from tracker_tui.domain.period import day_of, start_of
from tracker_tui.domain.quantity_series import Level, QuantitySeries
from tracker_tui.domain.status import DAY
from tracker_tui.ui.widgets.chart import Frame, legend
from tracker_tui.ui.widgets.series_charts import forecast_text, points_chart, ticks
from ui.charts import (
    LABEL,
    MARGIN,
    NOW,
    PALETTE,
    Picture,
    chart_of,
    series_list,
    series_of,
    sizes,
    targets,
)

HOUR = 3_600
BERLIN, ST_JOHNS = ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
DAYS = [
    (BERLIN, (2025, 3, 30)),
    (BERLIN, (2025, 10, 26)),
    (ST_JOHNS, (2025, 3, 9)),
    (ST_JOHNS, (2025, 11, 2)),
    (ZoneInfo("Asia/Kathmandu"), (2025, 10, 26)),
    (UTC, (2025, 10, 26)),
    # Here clocks change by half an hour.
    (LORD_HOWE, (2025, 4, 6)),
    (LORD_HOWE, (2025, 10, 5)),
]
"""Days on which clocks change, and some others."""
days = st.sampled_from(DAYS)
widths = st.integers(22, 192)


def local(at: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone)


def moment(zone: tzinfo, *of_calendar: int) -> int:
    return round(datetime(*of_calendar, tzinfo=zone).timestamp())  # type: ignore[misc,arg-type]


@given(series_list(), targets)
def test_the_lines_of_a_series_are_its_levels(of: QuantitySeries, target: int | None) -> None:
    chart = chart_of(of, target)
    hagga, deep_desert, total = chart.series[:3]
    for series, values in (
        (hagga, [level.hagga for level in of.levels]),
        (deep_desert, [level.deep_desert for level in of.levels]),
        (total, [level.hagga + level.deep_desert for level in of.levels]),
    ):
        assert [value for _, value in series.points] == values
        assert [at for at, _ in series.points] == [max(lv.at, of.since) for lv in of.levels]
        assert not series.is_level
    assert [series.name for series in chart.series[:3]] == ["Hagga", "Deep Desert", "total"]
    assert (chart.since, chart.until, chart.is_bars) == (of.since, of.until, False)


def test_a_target_is_constant_and_without_one_there_is_no_line() -> None:
    of = series_of((1, 2))
    level = chart_of(of, 500).series[3]
    assert (level.letter, level.is_level, list(level.points)) == ("*", True, [(of.since, 500.0)])
    for target in (None, 0, -5):
        assert [series.letter for series in chart_of(of, target).series] == ["H", "D", "T"]
    text = legend(chart_of(of, 5), PALETTE)
    assert text.plain == "─H Hagga ─D Deep Desert ─T total ┄* target "


LETTERS = {
    ("Hagga", "Deep Desert"): "HDT",
    ("Hagga", "Harko"): "HAT",
    ("Tabr", "Tuek"): "TUO",
    ("T", "t"): "TXO",
    ("", " "): "XYT",
    ("[b]ase", "\x1b[31mBase"): "B3T",
}


def letters_of(*names: str) -> list[str]:
    return [series.letter for series in chart_of(series_of((1, 2)), 5, *names).series]


def test_each_line_has_a_different_letter() -> None:
    assert {names: "".join(letters_of(*names)[:3]) for names in LETTERS} == LETTERS


wide_names = st.sampled_from(["香料", "Ｈagga", "ßietch", "ﬁrst", "ǰ", "ᅡᅡ", "🏜️", "é́́", "①"])


@given(st.text(max_size=20) | wide_names, st.text(max_size=20) | wide_names)
def test_letters_differ_and_take_one_cell_for_any_location_names(first: str, second: str) -> None:
    letters = letters_of(first, second)
    assert len(set(letters)) == 4
    assert all(cell_len(letter) == len(letter) == 1 for letter in letters)
    assert all(letter.isprintable() for letter in letters)


@example(DAYS[1], 0, 4 * HOUR, 100)
@example(DAYS[2], 0, 4 * HOUR, 100)
@example(DAYS[-1], 0, 4 * HOUR, 100)
@given(days, st.integers(-2 * DAY, 2 * DAY), st.integers(0, 2 * DAY), widths)
def test_ticks_of_up_to_two_days_are_whole_hours(
    switch: tuple[tzinfo, tuple[int, ...]], begin: int, span: int, width: int
) -> None:
    zone, day = switch
    since = moment(zone, *day) + begin
    every = next((each for each in (1, 2, 3, 6, 12) if span / HOUR / each <= width // 9), 24)
    # Every quarter of an hour is checked: zones differ by quarters.
    times = [local(at, zone) for at in range(since - since % 900, since + span + 1, 900)]
    assert ticks(since, since + span, zone, width) == [
        (at.timestamp(), f"{at:%H:%M}")
        for at in times
        if at.timestamp() >= since and at.minute == 0 and at.hour % every == 0
    ]


@given(days, st.integers(0, 730), st.integers(2 * DAY + 1, 800 * DAY), widths)
def test_ticks_of_longer_spans_are_midnights(
    switch: tuple[tzinfo, tuple[int, ...]], begin: int, span: int, width: int
) -> None:
    zone = switch[0]
    since = moment(zone, 2025, 1, 1) + begin * DAY // 2
    lengths = (1, 2, 7, 14, 28, 56, 91, 182, 364)
    every = next((each for each in lengths if span / DAY / each <= width // 9), 728)
    wanted, date = [], local(since + span, zone).date()
    while (at := moment(zone, *date.timetuple()[:3])) > since:
        wanted.append((at, f"{date:%b %Y}" if span > 300 * DAY else f"{date.day} {date:%b}"))
        date -= timedelta(days=every)
    assert ticks(since, since + span, zone, width) == wanted[::-1]


def test_a_chart_always_has_whole_labels() -> None:
    for width, span in product((60, 80, 120, 200), (HOUR, *(n * DAY for n in (1, 2, 7, 90, 365)))):
        chart = chart_of(series_of((1, 2), span=span), zone=BERLIN, width=width - MARGIN)
        line = Picture(chart, width, 6).ticks.plain
        assert len(LABEL.findall(line)) >= (1 if span == HOUR else 2), (width, span)
        assert LABEL.sub("", line).strip() == "", (width, span)


@given(
    days,
    st.integers(-3, 3),
    st.integers(0, 20),
    st.dictionaries(st.integers(0, 20), st.floats(-9, 1e6).map(lambda x: round(x, 2)), max_size=9),
    sizes,
)
def test_every_day_is_a_column_that_begins_at_midnight(
    switch: tuple[tzinfo, tuple[int, ...]],
    begin: int,
    length: int,
    earned: dict[int, float],
    size: tuple[int, int],
) -> None:
    zone, calendar = switch
    first = day_of(moment(zone, *calendar), zone) + begin
    since, until = start_of(first, zone) + 7 * HOUR, start_of(first + length, zone) + 9 * HOUR
    points = [DayPoints(first + i, value) for i, value in earned.items() if i <= length]
    chart = points_chart(points, since, until, zone, size[0] - MARGIN)
    (series,) = chart.series
    times = [local(at, zone) for at, _ in series.points]
    assert all((at.hour, at.minute, at.second) == (0, 0, 0) for at in times)
    assert len({at.date() for at in times}) == len(times) == length + 1
    assert [value for _, value in series.points] == [
        max(0.0, earned.get(number, 0.0)) for number in range(length + 1)
    ]
    assert chart.since == series.points[0][0] <= since
    assert until < chart.until == start_of(first + length + 1, zone)
    assert chart.is_bars
    assert Frame.of(chart).bottom == 0
    picture = Picture(chart, *size)
    assert {cell_len(row.plain) for row in picture.rows} == {size[0]}
    assert len(picture.rows) == size[1] - 2


def test_a_column_has_its_label_below_it() -> None:
    """A day is below the middle of its column, an hour at its own place."""
    for (zone, day), length in product(DAYS, (1, 2, 3, 7, 60, 400)):
        begin = moment(zone, *day) + HOUR
        chart = points_chart([], begin, begin + (length - 1) * DAY, zone, 72)
        assert chart.ticks, (zone, length)
        for tick in chart.ticks:
            at = local(tick.at, zone)
            shape = "%H:%M" if ":" in tick.label else "%b %Y" if length > 300 else f"{at.day} %b"
            assert tick.label == f"{at:{shape}}", (zone, length)
            assert ":" in tick.label or at.hour in (11, 12, 13), (zone, length)
            assert chart.since <= tick.at <= chart.until, (zone, length)


def test_columns_are_separate_and_as_high_as_their_days() -> None:
    begin = moment(BERLIN, 2025, 10, 1)
    first = day_of(begin, BERLIN)
    points = [DayPoints(first + i, 20.0 if i % 2 else 40.0) for i in range(31)]
    until = begin + 31 * DAY
    picture = Picture(points_chart(points, begin, until, BERLIN, 112), 120, 22)
    for row, days in ((19, 31), (2, 16)):
        dots = picture.columns(row)
        columns = sum(1 for before, dot in pairwise([False, *dots]) if dot and not before)
        assert columns == days, row
    assert picture.letters == {}
    assert "40" in picture.labels.values()


FORECASTS = {
    (10, 50, 100): "+10 a day · target reached in 5.0 days",
    (10, 0, 1_000): "+10 a day · target reached in 100 days",
    (1, 0, 999_999_999): "+1.0 a day · target reached in over 999 days",
    (10, 100, 100): "+10 a day",
    (-10, 50, 100): "-10 a day · nothing left in 5.0 days",
    (-10, 50, None): "-10 a day",
    (0, 50, 100): "+0.0 a day",
    (12_345, 50, None): "+12,345 a day",
}
"""What is gained a day, the total, the target, and the text."""


def test_the_forecast() -> None:
    found = {}
    for gained, total, target in FORECASTS:
        levels = [Level(NOW - 2 * DAY, total - 2 * gained, 0), Level(NOW, total, 0)]
        series = QuantitySeries(NOW - 2 * DAY, NOW, levels, [])
        found[gained, total, target] = forecast_text(series, total, target)
    assert found == FORECASTS
    for known in (0, HOUR - 1):
        of = QuantitySeries(NOW - DAY, NOW, [Level(NOW - known, 5, 0)], [])
        assert forecast_text(of, 5, 100) == "not enough changes for a trend", known
