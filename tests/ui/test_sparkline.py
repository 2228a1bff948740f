"""Sparklines: their blocks, and the daily totals behind them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.examples import share
from tracker_tui.domain.quantity_series import DailyTotals, DayLevel
from tracker_tui.ui.widgets.formatting import sparkline

BLOCKS = "▁▂▃▄▅▆▇█"
MOST = 2 * 999_999_999
FIRST, LAST = 20_000, 20_013

values = st.lists(st.integers(-MOST, MOST) | st.integers(0, 9), min_size=1, max_size=40)
widths = st.integers(1, 40)


def heights(text: str) -> list[int]:
    return [BLOCKS.index(char) for char in text.lstrip()]


def cells_of(count: int, width: int) -> list[range]:
    """Return the values of each cell; every value is in exactly one cell."""
    cells = min(count, width)
    ends = [(cell + 1) * count // cells for cell in range(cells)]
    return [range(begin, end) for begin, end in zip([0, *ends], ends, strict=False)]


# Blocks


@given(values, widths)
def test_a_sparkline_is_as_wide_as_it_should_be(of: list[int], width: int) -> None:
    text = sparkline(of, width)
    assert len(text) == width
    assert len(text.lstrip()) == min(width, len(of))


@given(values, widths)
@example([0, 0, 9, 0], 3)
def test_a_cell_shows_the_last_of_its_values(of: list[int], width: int) -> None:
    last = [of[cell[-1]] for cell in cells_of(len(of), width)]
    assert sparkline(of, width) == sparkline(last, width)
    assert last[-1] == of[-1]


@given(values)
@example([5])
@example([0, MOST])
@example([-3, -2])
def test_a_higher_block_is_a_greater_value(of: list[int]) -> None:
    found = heights(sparkline(of, len(of)))
    by_value = sorted(zip(of, found, strict=True))
    assert [height for _, height in by_value] == sorted(found)
    assert len({height for value, height in by_value if value == by_value[0][0]}) == 1
    if min(of) < max(of):
        assert (by_value[0][1], by_value[-1][1]) == (0, 7)
        assert all(height < 7 for value, height in by_value if value < max(of))
    else:
        assert set(found) == {0}


@given(values, st.integers(-MOST, MOST), st.integers(1, 1_000))
def test_a_sparkline_depends_on_the_shape_only(of: list[int], base: int, factor: int) -> None:
    assert sparkline([base + factor * value for value in of], 10) == sparkline(of, 10)


@pytest.mark.parametrize(("of", "width", "text"), [
    ([], 4, "    "),
    ([1, 2], 0, ""),
    ([1, 2], -1, ""),
    ([7], 4, "   ▁"),
    ([3, 3, 3], 3, "▁▁▁"),
    ([0, 7], 2, "▁█"),
    (range(8), 8, BLOCKS),
    ([9, 0, 0, 9], 2, "▁█"),
])  # fmt: skip
def test_some_sparklines(of: Sequence[int], width: int, text: str) -> None:
    assert sparkline(of, width) == text


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


@given(stories(), st.randoms())
def test_each_day_has_the_total_after_its_last_change(
    story: tuple[list[int], list[DayLevel]], chance: Random
) -> None:
    """The ledger has some earlier days; they give the total of the first day shown."""
    totals, levels = story
    chance.shuffle(levels)
    others = [DayLevel("water", LAST - 1, 700, 800)]
    assert DailyTotals([*levels, *others], FIRST, LAST).of("spice", totals[-1]) == totals


@given(stories(), st.integers(-MOST, MOST))
def test_the_last_day_has_the_current_total(
    story: tuple[list[int], list[DayLevel]], total: int
) -> None:
    totals, levels = story
    found = DailyTotals(levels, FIRST, LAST).of("spice", total)
    assert len(found) == LAST - FIRST + 1
    assert found[-1] == total
    if levels:
        assert found[:-1] == totals[:-1]


@given(st.integers(-MOST, MOST))
@share(0.4)
def test_a_resource_without_changes_has_its_quantity_on_every_day(total: int) -> None:
    levels = [DayLevel("water", FIRST + 1, 5, 0)]
    assert DailyTotals(levels, FIRST, LAST).of("spice", total) == [total] * 14
    assert DailyTotals((), 0, 0).of("spice", total) == [total]


def test_days_before_the_first_change_have_the_quantity_before_it() -> None:
    levels = [DayLevel("spice", 12, 6, 2), DayLevel("spice", 14, 9, 6)]
    assert DailyTotals(levels, 10, 16).of("spice", 8) == [2, 2, 6, 6, 9, 9, 8]


def test_changes_before_the_first_day_count() -> None:
    levels = [DayLevel("spice", 8, 4, 2), DayLevel("spice", 9, 5, 4), DayLevel("spice", 12, 9, 5)]
    assert DailyTotals(levels, 10, 13).of("spice", 9) == [5, 5, 9, 9]
    assert DailyTotals(levels[:2], 10, 12).of("spice", 5) == [5, 5, 5]
