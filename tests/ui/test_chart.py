"""Charts and sparklines as numbers: their lines, their axes, and their cells."""

from __future__ import annotations

from itertools import pairwise, product
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from helpers.examples import share
from tracker_tui.domain.quantity_series import DailyTotals, DayLevel, Level, QuantitySeries
from tracker_tui.domain.status import DAY
from tracker_tui.ui.widgets.chart import Chart, Frame, Series, Tick, draw, short
from tracker_tui.ui.widgets.formatting import sparkline
from ui.charts import (
    MARGIN,
    MOST,
    NOW,
    PALETTE,
    Picture,
    chart_of,
    series_list,
    series_of,
    sizes,
    small_sizes,
    targets,
)


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
    (step,) = {above - below for below, above in pairwise(marks)}
    assert step in {factor * 10**power for factor in (1, 2, 5) for power in range(10)}
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
@example(123_450)
@example(1_234_567_890)
def test_labels_are_exact_and_those_of_round_values_short(value: int) -> None:
    assert parsed(short(value)) == value
    digits = value % 100
    for text, number in ((short(digits * 10**power), digits * 10**power) for power in range(10)):
        assert parsed(text) == number
        assert len(text) <= len("99,000m")
        assert number < 1_000 or text[-1] in "km"


def parsed(text: str) -> float:
    factor = {"k": 1_000, "m": 1_000_000}.get(text[-1], 1)
    return round(float(text.rstrip("km").replace(",", "")) * factor, 6)


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


def test_a_chart_without_room_says_so() -> None:
    sizes = list(product((0, 1, 5, 12, 24, 25, 26), (0, 1, 3, 4, 5, 6)))
    drawn = {size: draw(chart_of(series_of((1, 2))), *size, PALETTE).plain for size in sizes}
    has_room = {size for size, text in drawn.items() if text != "no room for a chart"}
    assert has_room == {(26, 5), (26, 6)}


@given(series_list(), small_sizes)
def test_a_letter_identifies_its_line(of: QuantitySeries, size: tuple[int, int]) -> None:
    chart = chart_of(of, 1_000, width=size[0] - MARGIN)
    letters = Picture(chart, *size).letters
    named = {series.letter: series for series in chart.series if series.points}
    assert letters.keys() == named.keys()
    ends = {letter: series.points[-1][1] for letter, series in named.items()}
    order = [ends[letter] for letter in sorted(letters, key=lambda each: letters[each])]
    assert order == sorted(order, reverse=True), "the letter of a greater value stands above"
    frame = Frame.of(chart)
    rows = {letter: frame.row(value, size[1] - 2) for letter, value in ends.items()}
    # Where several lines end in one row, one has it and the others are next to it.
    assert set(rows.values()) <= set(letters.values())
    assert all(abs(letters[letter] - row) < len(named) for letter, row in rows.items())


def test_a_line_is_drawn_in_steps_from_its_first_level_and_a_target_with_gaps() -> None:
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
    half = QuantitySeries(NOW - 2 * DAY, NOW, [Level(NOW - DAY, 10, 0)], [])
    picture = Picture(chart_of(half), 80, 20)
    used = [any(picture.columns(row)[x] for row in range(18)) for x in range(2 * 70)]
    assert abs(used.index(True) - picture.inner_width) <= 2
    picture = Picture(chart_of(series_of(), 100), 80, 20)
    (row,) = picture.rows_in("target")
    assert picture.labels[row] == "100"
    assert picture.columns(row)[:12] == [True, True, False, False, False, False] * 2


def test_a_chart_is_drawn_in_the_given_colours() -> None:
    chart = chart_of(series_of((1, 2), (5, 1)), 5)
    text = draw(chart, 80, 12, PALETTE)
    assert {span.style for span in text.spans} == set(PALETTE.values())
    assert draw(chart, 80, 12, dict.fromkeys(PALETTE, Style())).plain == text.plain


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


BLOCKS = "▁▂▃▄▅▆▇█"
FIRST, LAST = 20_000, 20_013

values = st.lists(st.integers(-MOST, MOST) | st.integers(0, 9), min_size=1, max_size=40)


@given(values, st.integers(1, 40))
@example([0, 0, 9, 0], 3)
def test_a_cell_shows_the_last_of_its_values(of: list[int], width: int) -> None:
    text, cells = sparkline(of, width), min(width, len(of))
    assert len(text) == width
    assert len(text.lstrip()) == cells
    last = [of[(cell + 1) * len(of) // cells - 1] for cell in range(cells)]
    assert text == sparkline(last, width)


@given(values)
@example([5])
@example([0, MOST])
@example([-3, -2])
def test_a_higher_block_is_a_greater_value(of: list[int]) -> None:
    found = [BLOCKS.index(char) for char in sparkline(of, len(of))]
    by_value = sorted(zip(of, found, strict=True))
    assert [height for _, height in by_value] == sorted(found)
    assert len({height for value, height in by_value if value == by_value[0][0]}) == 1
    if min(of) < max(of):
        assert (by_value[0][1], by_value[-1][1]) == (0, 7)
        assert all(height < 7 for value, height in by_value if value < max(of))
    else:
        assert set(found) == {0}
    assert sparkline([3 * value - 7 for value in of], 10) == sparkline(of, 10), "only the shape"


def test_some_sparklines() -> None:
    wanted = {
        ((), 4): "    ",
        ((1, 2), 0): "",
        ((7,), 4): "   ▁",
        ((0, 7), 2): "▁█",
        (tuple(range(8)), 8): BLOCKS,
        ((9, 0, 0, 9), 2): "▁█",
    }
    assert {case: sparkline(*case) for case in wanted} == wanted


@st.composite
def stories(draw: st.DrawFn) -> tuple[list[int], list[DayLevel]]:
    """Return daily totals up to `LAST`, and the levels behind them, some before `FIRST`."""
    begin = FIRST - draw(st.integers(0, 3))
    count = LAST - begin + 1
    moves = draw(st.dictionaries(st.integers(0, count - 1), st.integers(-9, 9), max_size=count))
    total = draw(st.integers(0, 50))
    totals, levels = [], []
    for number in range(count):
        if number in moves:
            after = total + moves[number]
            levels.append(DayLevel("spice", begin + number, after, total))
            total = after
        totals.append(total)
    return totals[FIRST - begin :], levels


@given(stories(), st.randoms(), st.integers(-MOST, MOST))
def test_each_day_has_the_total_after_its_last_change(
    story: tuple[list[int], list[DayLevel]], chance: Random, total: int
) -> None:
    """The ledger has some earlier days; they give the total of the first day shown."""
    totals, levels = story
    chance.shuffle(levels)
    daily = DailyTotals([*levels, DayLevel("water", LAST - 1, 700, 800)], FIRST, LAST)
    assert daily.of("spice", totals[-1]) == totals
    # The last day has the current total, and without changes every day.
    earlier = totals[:-1] if levels else [total] * (LAST - FIRST)
    assert daily.of("spice", total) == [*earlier, total]
    assert daily.of("other", total) == [total] * 14
    assert DailyTotals((), 0, 0).of("spice", total) == [total]
