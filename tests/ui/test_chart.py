"""Charts as numbers: their lines, their axes, and their cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from math import log10
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from helpers.examples import share
from tracker_tui.domain.activity import DayPoints
from tracker_tui.domain.period import day_of, start_of
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.quantity_series import Level, QuantitySeries
from tracker_tui.domain.status import DAY
from tracker_tui.ui.widgets.chart import Chart, Frame, Series, Tick, draw, legend, short
from tracker_tui.ui.widgets.series_charts import forecast_text, points_chart, quantity_chart, ticks

HOUR = 3_600
NOW = 1_760_000_000
MOST = 999_999_999
BERLIN, ST_JOHNS = ZoneInfo("Europe/Berlin"), ZoneInfo("America/St_Johns")
MARGIN = 8
"""Cells beside a chart that its ticks do not use."""
PALETTE = {
    name: Style(color=f"color({number})")
    for number, name in enumerate(("axis", "hagga", "deep-desert", "total", "target"), 1)
}
PLACES = {Location.HAGGA: "Hagga", Location.DEEP_DESERT: "Deep Desert"}

quantities = st.integers(0, MOST) | st.integers(0, 20)
wild_quantities = quantities | st.integers(-MOST, -1)
sizes = st.tuples(st.integers(30, 200), st.integers(6, 40))
small_sizes = st.tuples(st.integers(30, 60), st.integers(6, 14))
"""For tests that draw many charts."""
targets = st.none() | st.integers(-1, MOST)


@st.composite
def series_list(
    draw_from: st.DrawFn, of: st.SearchStrategy[int] = wild_quantities
) -> QuantitySeries:
    since = draw_from(st.integers(NOW - 400 * DAY, NOW))
    until = since + draw_from(st.integers(0, 3 * DAY) | st.integers(0, 400 * DAY))
    times = draw_from(st.lists(st.integers(since - DAY, until), max_size=8))
    levels = [Level(at, draw_from(of), draw_from(of)) for at in sorted(times)]
    return QuantitySeries(since, until, levels, [])


def series_of(*levels: tuple[int, int], span: int = 4 * DAY) -> QuantitySeries:
    """Return a quantity series with levels of equal duration."""
    step = span // max(1, len(levels))
    known = [Level(NOW - span + step * i, *each) for i, each in enumerate(levels)]
    return QuantitySeries(NOW - span, NOW, known, [])


def chart_of(
    of: QuantitySeries, target: int | None = None, *names: str, zone: tzinfo = UTC, width: int = 72
) -> Chart:
    places = dict(zip(Location, names or PLACES.values(), strict=True))
    return quantity_chart(of, target, places, zone, width)


def at_each_of(points: Sequence[tuple[float, float]], at: float) -> float | None:
    known = [value for since, value in points if since <= at]
    return known[-1] if known else None


class Picture:
    """A drawn chart, split into its parts."""

    def __init__(self, chart: Chart, width: int, height: int) -> None:
        self.text = draw(chart, width, height, PALETTE)
        *self.rows, self.axis, self.ticks = self.text.split("\n", allow_blank=True)
        self.margin = self.axis.plain.index("└") + 1
        self.inner_width = width - self.margin - 2

    @property
    def labels(self) -> dict[int, str]:
        """The labels of the axis, by row."""
        cells = {number: row.plain[: self.margin - 1] for number, row in enumerate(self.rows)}
        return {number: text.strip() for number, text in cells.items() if text.strip()}

    @property
    def letters(self) -> dict[str, int]:
        """The row of each letter at the right end."""
        ends = [row.plain[self.margin + self.inner_width :].strip() for row in self.rows]
        return {letter: number for number, letter in enumerate(ends) if letter}

    def dots(self, row: int) -> str:
        return self.rows[row].plain[self.margin : self.margin + self.inner_width]

    def rows_in(self, style: str) -> set[int]:
        """Return the canvas rows that contain a style of the palette."""
        return {
            number
            for number, row in enumerate(self.rows)
            for span in row.spans
            if span.style == PALETTE[style]
            and self.margin <= span.start < self.margin + self.inner_width
        }

    def columns(self, row: int) -> list[bool]:
        """Return for each column of dots, from left to right, whether any dot is set."""
        bits = [ord(char) - 0x2800 for char in self.dots(row)]
        return [bool(each & half) for each in bits for half in (0b01000111, 0b10111000)]


# Lines


@given(series_list(), targets)
def test_the_lines_of_a_quantity_series_are_its_levels(
    of: QuantitySeries, target: int | None
) -> None:
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


@given(series_list(), st.data())
def test_a_line_is_constant_between_two_levels(of: QuantitySeries, data: st.DataObject) -> None:
    at = data.draw(st.integers(of.since, of.until))
    then = [level for level in of.levels if level.at <= at]
    points = chart_of(of).series[2].points
    assert at_each_of(points, at) == (then[-1].total if then else None)


def test_a_target_is_constant_and_without_one_there_is_no_line() -> None:
    of = series_of((1, 2))
    level = chart_of(of, 500).series[3]
    assert (level.letter, level.is_level, list(level.points)) == ("*", True, [(of.since, 500.0)])
    for target in (None, 0, -5):
        assert [series.letter for series in chart_of(of, target).series] == ["H", "D", "T"]
    text = legend(chart_of(of, 5), PALETTE)
    assert text.plain == "─H Hagga ─D Deep Desert ─T total ┄* target "


@pytest.mark.parametrize(("names", "letters"), [
    (("Hagga", "Deep Desert"), "HDT"),
    (("Hagga", "Harko"), "HAT"),
    (("Tabr", "Tuek"), "TUO"),
    (("tabr", "Tabr"), "TAO"),
    (("T", "t"), "TXO"),
    (("***", "***"), "XYT"),
    (("", " "), "XYT"),
    (("TOTAL", "total"), "TOA"),
    (("1st base", "2nd base"), "12T"),
    (("[b]ase", "\x1b[31mBase"), "B3T"),
])  # fmt: skip
def test_each_line_has_a_different_letter(names: tuple[str, str], letters: str) -> None:
    assert "".join(s.letter for s in chart_of(series_of((1, 2)), None, *names).series) == letters


@pytest.mark.parametrize("name", ["香料", "Ｈagga", "ßietch", "ﬁrst", "ǰ", "ᅡᅡ", "🏜️", "é́́", "①"])
def test_a_letter_takes_one_cell_for_any_location_name(name: str) -> None:
    chart = chart_of(series_of((10, 20), (30, 5)), 40, name, f"{name} 2")
    assert [cell_len(series.letter) for series in chart.series] == [1] * 4
    assert len({series.letter for series in chart.series}) == 4
    assert {cell_len(row.plain) for row in Picture(chart, 80, 12).rows} == {80}


@given(st.text(max_size=20), st.text(max_size=20))
def test_letters_differ_for_any_location_names(first: str, second: str) -> None:
    letters = [series.letter for series in chart_of(series_of((1, 2)), 5, first, second).series]
    assert len(set(letters)) == 4
    assert all(letter.isprintable() for letter in letters)


# The axis


def is_round(step: float) -> bool:
    return step in {factor * 10**power for factor in (1, 2, 5) for power in range(10)}


@given(series_list(), targets)
@example(series_of(), None)
@example(series_of((MOST, MOST)), MOST)
@example(series_of((-MOST, -MOST)), None)
@example(series_of((0, 0)), None)
def test_the_axis_is_round_and_covers_every_value(of: QuantitySeries, target: int | None) -> None:
    chart = chart_of(of, target)
    values = [value for series in chart.series for _, value in series.points]
    frame = Frame.of(chart)
    marks = frame.marks
    steps = {above - below for below, above in pairwise(marks)}
    assert len(steps) == 1
    assert is_round(steps.pop())
    assert 0 in marks
    assert marks[0] <= min([0, *values])
    assert marks[-1] >= max([0, *values])
    assert (marks[0], marks[-1]) == (frame.bottom, frame.top)
    assert 2 <= len(marks) <= 7
    assert marks[0] == 0 or min(values) < 0
    # No spare room: the outermost steps contain a value.
    if any(values):
        assert len(marks) == 2 or marks[-2] < max([0, *values]) or marks[1] > min([0, *values])


@given(st.integers(-2 * MOST, 0), st.integers(1, 2 * MOST), small_sizes, st.booleans())
@example(-7, 1_900, (100, 30), False)
@example(0, 4, (60, 22), True)
def test_a_label_stands_where_its_value_is_drawn(
    low: int, high: int, size: tuple[int, int], is_level: bool
) -> None:
    others = Series("o", "others", [(9, low), (9, high)], "hagga")
    marks = Frame.of(Chart(0, 9, [others], [])).marks
    # A value beyond the others would change the axis.
    for mark in (mark for mark in marks if low <= mark <= high):
        drawn = Series("v", "value", [(0, mark)], "total", is_level=is_level)
        picture = Picture(Chart(0, 9, [drawn, others], []), *size)
        (row,) = picture.rows_in("total")
        # On a small chart two marks may share a row, which then names one of them.
        is_crowded = len(picture.labels) < len(marks)
        assert picture.labels[row] == short(mark) or is_crowded
        assert parsed(picture.labels[row]) in marks


@given(st.integers(-(10**13), 10**13) | st.integers(-9_999, 9_999))
@example(750)
@example(12_000)
@example(1_500_000)
@example(123_450)
@example(12_345_670)
@example(1_234_567_890)
def test_axis_labels_are_exact(value: int) -> None:
    assert parsed(short(value)) == value


@given(st.integers(1, 99), st.integers(0, 9), st.sampled_from([-1, 1]))
def test_round_values_are_short(digits: int, power: int, sign: int) -> None:
    value = sign * digits * 10**power
    assert parsed(short(value)) == value
    assert len(short(value)) <= len("-99,000m")
    assert log10(digits * 10**power) < 3 or short(value)[-1] in "km"


def parsed(text: str) -> float:
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1], 1)
    return round(float(text.rstrip("km").replace(",", "")) * factor, 6)


# Marks below the chart


def local(at: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at, zone)


def moment(zone: tzinfo, *of_calendar: int) -> int:
    return round(datetime(*of_calendar, tzinfo=zone).timestamp())  # type: ignore[misc,arg-type]


SWITCHES = [
    (BERLIN, (2025, 3, 30)),
    (BERLIN, (2025, 10, 26)),
    (ST_JOHNS, (2025, 3, 9)),
    (ST_JOHNS, (2025, 11, 2)),
    (ZoneInfo("Asia/Kathmandu"), (2025, 10, 26)),
    (UTC, (2025, 10, 26)),
]
zones = st.sampled_from([zone for zone, _ in SWITCHES])
widths = st.integers(22, 192)


@given(st.sampled_from(SWITCHES), st.integers(-2 * DAY, 2 * DAY), st.integers(0, 2 * DAY), widths)
def test_ticks_of_up_to_two_days_are_whole_hours(
    switch: tuple[tzinfo, tuple[int, ...]], begin: int, span: int, width: int
) -> None:
    zone, day = switch
    since = moment(zone, *day) + begin
    found = ticks(since, since + span, zone, width)
    times = [local(tick.at, zone) for tick in found]
    assert [tick.label for tick in found] == [f"{at:%H:%M}" for at in times]
    assert not any(at.minute or at.second or at.microsecond for at in times)
    assert all(since <= tick.at <= since + span for tick in found)
    every = hours_between(times)
    expected = [at for at in whole_hours(since, since + span, zone) if at.hour % every == 0]
    assert times == (expected if times else [])
    # An hour that occurs twice when clocks go back needs its own room.
    assert len(times) <= width // 9 + 2


def whole_hours(since: int, until: int, zone: tzinfo) -> list[datetime]:
    # Every quarter of an hour is checked: zones differ by quarters.
    quarters = range(since - since % 900, until + 1, 900)
    times = [local(at, zone) for at in quarters if at >= since]
    return [at for at in times if at.minute == 0]


def hours_between(times: Sequence[datetime]) -> int:
    """Return the greatest divisor of the hours of all ticks: 1, 2, 3, 6, 12 or 24."""
    dividing = (every for every in (24, 12, 6, 3, 2) if all(at.hour % every == 0 for at in times))
    return next(dividing, 1)


@pytest.mark.parametrize(("zone", "day", "labels"), [
    (BERLIN, (2025, 3, 30), ["00:00", "01:00", "03:00", "04:00", "05:00"]),
    (BERLIN, (2025, 10, 26), ["00:00", "01:00", "02:00", "02:00", "03:00"]),
    (ST_JOHNS, (2025, 3, 9), ["00:00", "01:00", "03:00", "04:00", "05:00"]),
    (ST_JOHNS, (2025, 11, 2), ["00:00", "01:00", "01:00", "02:00", "03:00"]),
])  # fmt: skip
def test_hours_follow_the_local_clock_when_it_changes(
    zone: tzinfo, day: tuple[int, ...], labels: list[str]
) -> None:
    begin = moment(zone, *day)
    found = ticks(begin, begin + 4 * HOUR, zone, 100)
    assert found == [Tick(begin + i * HOUR, label) for i, label in enumerate(labels)]


@pytest.mark.parametrize("day", [(2025, 4, 6), (2025, 10, 5)])
def test_hours_are_whole_where_clocks_change_by_half_an_hour(
    day: tuple[int, ...],
) -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    begin = moment(zone, *day)
    found = ticks(begin, begin + 6 * HOUR, zone, 100)
    assert len(found) >= 6
    assert {tick.label[-2:] for tick in found} == {"00"}


@given(zones, st.integers(0, 730), st.integers(2 * DAY + 1, 800 * DAY), widths)
def test_ticks_of_longer_spans_are_midnights(
    zone: tzinfo, begin: int, span: int, width: int
) -> None:
    since = moment(zone, 2025, 1, 1) + begin * DAY // 2
    found = ticks(since, since + span, zone, width)
    times = [local(tick.at, zone) for tick in found]
    assert all((at.hour, at.minute, at.second) == (0, 0, 0) for at in times)
    assert all(since < tick.at <= since + span for tick in found)
    dates = [at.date() for at in times]
    assert len({later - earlier for earlier, later in pairwise(dates)}) <= 1
    if dates:
        assert dates[-1] == local(since + span, zone).date(), "the last one has a tick"
    shape = "%b %Y" if span > 300 * DAY else None
    named = [f"{d:{shape}}" if shape else f"{d.day} {d:%b}" for d in dates]
    assert [tick.label for tick in found] == named
    assert len(found) <= width // 9 + 2


def test_a_week_with_a_clock_change_has_seven_midnights() -> None:
    for day in ((2025, 3, 26), (2025, 10, 22)):
        since = moment(BERLIN, *day) + 12 * HOUR
        found = ticks(since, since + 7 * DAY, BERLIN, 100)
        days = [date(*day) + timedelta(days=i) for i in range(1, 8)]
        assert [local(tick.at, BERLIN) for tick in found] == [
            datetime(d.year, d.month, d.day, tzinfo=BERLIN) for d in days
        ]


LABEL = re.compile(r"\d\d:\d\d|[A-Z][a-z]{2} \d{4}|\d{1,2} [A-Z][a-z]{2}")


@given(series_list(), small_sizes, zones)
@example(series_of((1, 2), span=7 * DAY), (200, 6), BERLIN)
def test_labels_stand_below_their_ticks_and_apart_from_each_other(
    of: QuantitySeries, size: tuple[int, int], zone: tzinfo
) -> None:
    chart = chart_of(of, None, zone=zone, width=size[0] - MARGIN)
    picture = Picture(chart, *size)
    line = picture.ticks.plain
    shown = list(LABEL.finditer(line))
    assert LABEL.sub("", line).strip() == ""
    assert all(right.start() > left.end() for left, right in pairwise(shown))
    for label in shown:
        middle = label.start() + len(label[0]) // 2 - picture.margin
        assert any(abs(middle - place) <= 4 for place in places_of(label[0], chart, picture))


def places_of(label: str, chart: Chart, picture: Picture) -> Iterator[float]:
    """Return the positions of ticks with this label, in cells, not rounded; rounding is the 4th."""
    span = (chart.until - chart.since) or 1
    for tick in chart.ticks:
        if tick.label == label:
            yield (tick.at - chart.since) / span * (picture.inner_width - 1)


@given(st.dictionaries(st.integers(0, 100), st.integers(1, 8), max_size=14), st.integers(30, 120))
@example({0: 8, 100: 8}, 40)
@example({50: 5, 56: 5}, 90)
def test_labels_are_correct_for_any_ticks(marks: dict[int, int], width: int) -> None:
    words = {"abcdefghijklmn"[i] * marks[at]: at for i, at in enumerate(sorted(marks))}
    found = [Tick(at, word) for word, at in words.items()]
    picture = Picture(Chart(0, 100, [], found), width, 6)
    line = picture.ticks.plain
    shown = line.split()
    assert shown == [word for word in words if word in shown]
    cells = {word: words[word] / 100 * (picture.inner_width - 1) for word in words}
    for word in shown:
        middle = line.index(word) + len(word) // 2 - picture.margin
        assert abs(middle - cells[word]) <= 3.5
    # A label with room on both sides is shown.
    begins, ends = picture.margin, picture.margin + picture.inner_width
    for word, x in cells.items():
        is_alone = all(abs(x - other) > 10 for name, other in cells.items() if name != word)
        if is_alone and begins + 5 < picture.margin + x < ends - 5:
            assert word in shown


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("span", [HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY])
def test_a_chart_always_has_ticks(span: int, width: int) -> None:
    chart = chart_of(series_of((1, 2), span=span), zone=BERLIN, width=width - MARGIN)
    shown = LABEL.findall(Picture(chart, width, 20).ticks.plain)
    assert len(shown) >= (1 if span == HOUR else 2)


# Drawing


@given(series_list(), targets, sizes)
@share(0.4)
@example(series_of(), None, (30, 6))
@example(series_of((MOST, MOST), (0, 0)), MOST, (30, 6))
@example(series_of((-MOST, 0)), 1, (200, 40))
@example(series_of((5, 5), (5, 5), (5, 5)), 5, (31, 7))
@example(series_of((5, 5), span=0), 5, (80, 20))
@example(series_of(span=0), None, (80, 20))
def test_a_chart_fills_its_room_exactly(
    of: QuantitySeries, target: int | None, size: tuple[int, int]
) -> None:
    width, height = size
    picture = Picture(chart_of(of, target, width=width - MARGIN), width, height)
    assert len(picture.rows) == height - 2
    assert {cell_len(row.plain) for row in picture.rows} == {width}
    # The lines below the letters are not padded with blanks.
    assert cell_len(picture.axis.plain) == width - 2
    assert cell_len(picture.ticks.plain) <= width
    assert all(row.plain[picture.margin - 1] in "│┤" for row in picture.rows)


@pytest.mark.parametrize("width", [0, 1, 5, 12, 24, 25, 26])
@pytest.mark.parametrize("height", [0, 1, 3, 4, 5, 6])
def test_a_chart_without_room_says_so(width: int, height: int) -> None:
    text = draw(chart_of(series_of((1, 2)), width=width - MARGIN), width, height, PALETTE)
    has_room = width >= 26 and height >= 5
    assert (text.plain != "no room for a chart") == has_room


@given(series_list(quantities), small_sizes)
def test_a_line_is_identified_by_its_letter_without_colours(
    of: QuantitySeries, size: tuple[int, int]
) -> None:
    chart = chart_of(of, 1_000, width=size[0] - MARGIN)
    letters = Picture(chart, *size).letters
    named = {series.letter: series for series in chart.series if series.points}
    assert letters.keys() == named.keys()
    rows = {letter: own_row(series, chart, size) for letter, series in named.items()}
    # Where several lines end in one row, one has it and the others are next to it.
    assert set(rows.values()) <= set(letters.values())
    assert all(abs(letters[letter] - row) < len(named) for letter, row in rows.items())


def own_row(series: Series, chart: Chart, size: tuple[int, int]) -> int:
    """Return the row in which a line ends when it is drawn last."""
    last = Series("l", "last", [(chart.since, series.points[-1][1])], "axis")
    (row,) = Picture(chart._replace(series=[*chart.series, last]), *size).rows_in("axis")
    return row


@given(st.lists(st.integers(0, 1_000), min_size=2, max_size=4), st.integers(6, 14))
@example([101, 100, 1_000], 8)
@example([1, 1, 0, 1_000], 12)
def test_the_letter_of_a_greater_value_stands_above(values: list[int], height: int) -> None:
    series = [Series(c, c, [(0, v)], "total") for c, v in zip("ABCD", values, strict=False)]
    letters = Picture(Chart(0, 9, series, []), 30, height).letters
    order = sorted(letters, key=lambda letter: letters[letter])
    shown = [values["ABCD".index(letter)] for letter in order]
    assert shown == sorted(shown, reverse=True)


def test_a_line_is_drawn_in_steps() -> None:
    chart = chart_of(series_of((0, 0), (100, 0), (50, 0), span=3 * DAY))
    picture = Picture(chart._replace(series=chart.series[:1]), 80, 22)
    width = picture.inner_width
    heights = [
        next(n for n in range(20) if picture.dots(n)[x] != "\u2800")
        for x in (5, width // 2, width - 5)
    ]
    assert heights == [19, 0, next(n for n, label in picture.labels.items() if label == "50")]
    # The line is vertical at the moment of the change.
    step = [row for row in range(20) if any(picture.columns(row)[width * 2 // 3 - 3 :][:6])]
    assert step == list(range(20))


def test_a_line_begins_at_its_first_level() -> None:
    half = QuantitySeries(NOW - 2 * DAY, NOW, [Level(NOW - DAY, 10, 0)], [])
    picture = Picture(chart_of(half), 80, 20)
    used = [any(picture.columns(row)[x] for row in range(18)) for x in range(2 * 70)]
    first = used.index(True)
    assert abs(first - picture.inner_width) <= 2


def test_a_target_is_drawn_with_gaps() -> None:
    picture = Picture(chart_of(series_of(), 100), 80, 20)
    (row,) = picture.rows_in("target")
    assert picture.labels[row] == "100"
    dots = picture.columns(row)
    assert dots[:12] == [True, True, False, False, False, False] * 2


class Counted(list[tuple[float, float]]):
    times = 0  # the number of iterations

    def __iter__(self) -> Iterator[tuple[float, float]]:
        self.times += 1
        return super().__iter__()


def test_many_points_are_read_only_once() -> None:
    times = []
    for count in (4, 200):
        points = Counted((at * 9 / count, at) for at in range(count))
        draw(Chart(0, 9, [Series("a", "a", points, "total")], []), 30, 8, PALETTE)
        times.append(points.times)
    assert times[0] == times[1]


def test_no_levels_make_a_chart_without_lines() -> None:
    picture = Picture(chart_of(series_of()), 80, 12)
    assert picture.letters == {}
    assert {picture.dots(row).strip("\u2800") for row in range(10)} == {""}
    assert list(picture.labels.values()) == ["1", "0"]


# Points a day


def points(first: int, *values: float) -> list[DayPoints]:
    return [DayPoints(first + i, value) for i, value in enumerate(values)]


@given(
    st.sampled_from(SWITCHES),
    st.integers(-3, 3),
    st.integers(0, 20),
    st.dictionaries(st.integers(0, 20), st.floats(0, 1e6).map(lambda x: round(x, 2)), max_size=9),
)
def test_every_day_is_a_column_that_begins_at_midnight(
    switch: tuple[tzinfo, tuple[int, ...]], begin: int, length: int, earned: dict[int, float]
) -> None:
    zone, calendar = switch
    first = day_of(moment(zone, *calendar), zone) + begin
    since, until = start_of(first, zone) + 7 * HOUR, start_of(first + length, zone) + 9 * HOUR
    days = [DayPoints(first + i, value) for i, value in earned.items() if i <= length]
    chart = points_chart(days, since, until, zone, 72)
    (series,) = chart.series
    times = [local(at, zone) for at, _ in series.points]
    assert all((at.hour, at.minute, at.second) == (0, 0, 0) for at in times)
    assert len({at.date() for at in times}) == len(times) == length + 1
    assert [value for _, value in series.points] == [
        earned.get(number, 0.0) for number in range(length + 1)
    ]
    assert sum(value for _, value in series.points) == pytest.approx(sum(d.points for d in days))
    assert chart.since == series.points[0][0] <= since
    assert until < chart.until == start_of(first + length + 1, zone)
    assert chart.is_bars
    assert Frame.of(chart).bottom == 0


@pytest.mark.parametrize(("zone", "day"), SWITCHES)
@pytest.mark.parametrize("days", [1, 2, 3, 7, 60, 400])
def test_a_column_has_its_label_below_it(zone: tzinfo, day: tuple[int, ...], days: int) -> None:
    """A day is below the middle of its column, an hour at its own place."""
    begin = moment(zone, *day) + HOUR
    chart = points_chart([], begin, begin + (days - 1) * DAY, zone, 72)
    assert chart.ticks
    for tick in chart.ticks:
        at = local(tick.at, zone)
        shape = "%H:%M" if ":" in tick.label else "%b %Y" if days > 300 else f"{at.day} %b"
        assert tick.label == f"{at:{shape}}"
        assert ":" in tick.label or at.hour in (11, 12, 13)
        assert chart.since <= tick.at <= chart.until


def test_days_with_a_clock_change_have_their_real_length() -> None:
    march, october = (moment(BERLIN, 2025, month, day) for month, day in ((3, 29), (10, 25)))
    for begin, hours in ((march, [24, 23]), (october, [24, 25])):
        chart = points_chart([], begin, begin + 2 * DAY + 2 * HOUR, BERLIN, 72)
        times = [at for at, _ in chart.series[0].points]
        assert [(later - at) / HOUR for at, later in pairwise(times)] == hours


def test_negative_points_have_no_column() -> None:
    chart = points_chart(points(20_000, -5.0, 3.0), 20_000 * DAY, 20_001 * DAY, UTC, 72)
    assert [value for _, value in chart.series[0].points] == [0.0, 3.0]


def test_columns_are_separate_and_as_high_as_their_days() -> None:
    begin = moment(BERLIN, 2025, 10, 1)
    first = day_of(begin, BERLIN)
    days = points(first, *[40.0, 20.0] * 15, 40.0)
    until = begin + 31 * DAY
    picture = Picture(points_chart(days, begin, until, BERLIN, 112), 120, 22)
    assert runs(picture.columns(19)) == 31
    assert runs(picture.columns(2)) == 16
    assert picture.letters == {}
    assert "40" in picture.labels.values()


def runs(dots: Sequence[bool]) -> int:
    """Return the number of runs of adjacent columns."""
    return sum(1 for before, dot in pairwise([False, *dots]) if dot and not before)


@given(
    st.dictionaries(st.integers(0, 400), st.floats(0, 1e9), max_size=20),
    st.integers(0, 400),
    sizes,
    zones,
)
@share(0.4)
def test_columns_fill_their_room_exactly(
    earned: dict[int, float], length: int, size: tuple[int, int], zone: tzinfo
) -> None:
    begin = moment(zone, 2025, 1, 1)
    first = day_of(begin, zone)
    days = [DayPoints(first + i, value) for i, value in earned.items()]
    chart = points_chart(days, begin, begin + length * DAY, zone, size[0] - MARGIN)
    picture = Picture(chart, *size)
    assert {cell_len(row.plain) for row in picture.rows} == {size[0]}
    assert len(picture.rows) == size[1] - 2


# The forecast


@pytest.mark.parametrize(("gained", "total", "target", "text"), [
    (10, 50, 100, "+10 a day · target reached in 5.0 days"),
    (10, 0, 1_000, "+10 a day · target reached in 100 days"),
    (1, 0, 999_999_999, "+1.0 a day · target reached in over 999 days"),
    (10, 100, 100, "+10 a day"),
    (-10, 50, 100, "-10 a day · nothing left in 5.0 days"),
    (-10, 50, None, "-10 a day"),
    (0, 50, 100, "+0.0 a day"),
    (12_345, 50, None, "+12,345 a day"),
])  # fmt: skip
def test_the_forecast(gained: int, total: int, target: int | None, text: str) -> None:
    levels = [Level(NOW - 2 * DAY, total - 2 * gained, 0), Level(NOW, total, 0)]
    assert forecast_text(QuantitySeries(NOW - 2 * DAY, NOW, levels, []), total, target) == text


@pytest.mark.parametrize("known", [0, HOUR - 1])
def test_too_little_time_gives_no_forecast(known: int) -> None:
    of = QuantitySeries(NOW - DAY, NOW, [Level(NOW - known, 5, 0)], [])
    assert forecast_text(of, 5, 100) == "not enough changes for a trend"


def test_a_chart_is_drawn_in_the_given_colours() -> None:
    text = Picture(chart_of(series_of((1, 2), (5, 1)), 5), 80, 12).text
    used = {span.style for span in text.spans}
    assert used == set(PALETTE.values())
    plain = draw(chart_of(series_of((1, 2), (5, 1)), 5), 80, 12, dict.fromkeys(PALETTE, Style()))
    assert isinstance(plain, Text)
    assert plain.plain == text.plain


@given(st.lists(st.floats(), min_size=1, max_size=4))
@example([1e300])
@example([-1e300, 1e300])
@example([float("inf"), float("-inf"), float("nan")])
@example([1.7976931348623157e308, 5e-324])
def test_any_number_can_be_drawn(values: list[float]) -> None:
    points = [(float(at), value) for at, value in enumerate(values)]
    palette = dict.fromkeys(("axis", "total"), Style())
    for is_bars in (True, False):
        chart = Chart(0.0, 4.0, [Series("p", "points", points, "total")], [], is_bars=is_bars)
        lines = draw(chart, 60, 10, palette).plain.splitlines()
        assert max(map(cell_len, lines)) <= 60
        assert len(lines) > 1
