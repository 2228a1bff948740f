"""Sparklines: their blocks, and the daily totals behind them."""

from __future__ import annotations

from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from tracker_tui.domain.quantity_series import DailyTotals, DayLevel
from tracker_tui.ui.widgets.formatting import sparkline

BLOCKS = "▁▂▃▄▅▆▇█"
MOST = 2 * 999_999_999
FIRST, LAST = 20_000, 20_013

values = st.lists(st.integers(-MOST, MOST) | st.integers(0, 9), min_size=1, max_size=40)


# Blocks


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
        ((1, 2), -1): "",
        ((7,), 4): "   ▁",
        ((3, 3, 3), 3): "▁▁▁",
        ((0, 7), 2): "▁█",
        (tuple(range(8)), 8): BLOCKS,
        ((9, 0, 0, 9), 2): "▁█",
    }
    assert {case: sparkline(*case) for case in wanted} == wanted


# Daily totals


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
