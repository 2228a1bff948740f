"""Quantities over time: shares, averages, forecasts, and totals of days."""

from __future__ import annotations

import pytest

from tracker_tui.domain.quantity_series import (
    DailyTotals,
    DayLevel,
    Forecast,
    Level,
    QuantitySeries,
    Share,
    forecast,
)
from tracker_tui.domain.status import DAY


def test_the_five_members_who_added_or_removed_most_are_listed() -> None:
    shares = [Share(str(n), n, (n * 3) % 7) for n in range(8)]
    found = QuantitySeries(0, 1, [], shares)
    assert [share.by for share in found.most_added] == ["7", "6", "5", "4", "3"]
    assert [share.by for share in found.most_removed] == ["2", "4", "6", "1", "3"]
    assert QuantitySeries(0, 1, [], [Share("a", 0, 0)]).most_added == []
    assert QuantitySeries(0, 1, [], [Share("b", 2, 0), Share("a", 2, 0)]).most_added[0].by == "a"


def test_a_series_ends_with_the_present_quantity() -> None:
    known = QuantitySeries(0, 100, [Level(0, 1, 0), Level(90, 2, 0)], [])
    # Known levels are not repeated.
    assert known.ending_with(95, 2, 0) == known
    later = known.ending_with(220, 3, 1)
    assert later == QuantitySeries(0, 220, [*known.levels, Level(220, 3, 1)], [])
    # A series that was read up to a minute ago ends at that time.
    assert known.ending_with(160, 3, 1).levels[-1] == Level(100, 3, 1)
    # Clocks differ; the series does not run backwards.
    assert known.ending_with(50, 3, 1).levels[-1] == Level(100, 3, 1)
    assert QuantitySeries(0, 100, [], []).ending_with(220, 0, 0).levels == [Level(220, 0, 0)]
    from_tomorrow = QuantitySeries(0, 100, [Level(0, 1, 0), Level(500, 9, 9)], [])
    assert from_tomorrow.ending_with(220, 1, 0).levels == [Level(0, 1, 0)]


def test_the_gain_in_a_day_is_an_average_over_the_known_time() -> None:
    week = [Level(0, 100, 0), Level(2 * DAY, 0, 0), Level(5 * DAY, 100, 70)]
    assert QuantitySeries(-DAY, 7 * DAY, week, []).per_day == pytest.approx(10)
    assert QuantitySeries(
        0, 7 * DAY, [Level(0, 70, 0), Level(5, 0, 0)], []
    ).per_day == pytest.approx(-10)
    assert QuantitySeries(0, DAY, [Level(0, 5, 0)], []).per_day == 0
    assert QuantitySeries(0, DAY, [], []).per_day is None
    # Half an hour is too short for an average.
    assert QuantitySeries(0, DAY, [Level(DAY - 1800, 5, 0), Level(DAY, 9, 0)], []).per_day is None


def test_a_forecast_continues_the_average() -> None:
    expected = {
        (600, 1000, 100.0): Forecast(is_reached=True, days=4.0),
        (600, 1000, -100.0): Forecast(is_reached=False, days=6.0),
        (1500, 1000, -100.0): Forecast(is_reached=False, days=15.0),
        (-100, 100, 100.0): Forecast(is_reached=True, days=2.0),
    }
    # Reached or empty already, without change, or without a target
    never = [(1000, 1000, 100.0), (1500, 1000, 100.0), (0, 1000, -100.0), (-5, 1000, -100.0)]
    never += [(600, 1000, 0.0), (600, 1000, None), (600, None, 100.0), (600, 0, 100.0)]
    expected |= dict.fromkeys([*never, (600, -5, 100.0)])
    assert {case: forecast(*case) for case in expected} == expected


def test_days_without_changes_keep_the_level_of_the_day_before() -> None:
    levels = [DayLevel("spice", 11, 6, 2), DayLevel("spice", 13, 9, 6), DayLevel("gone", 12, 1, 1)]
    totals = DailyTotals(levels, 10, 15)
    assert totals.of("spice", 9) == [2, 6, 6, 9, 9, 9]
    assert totals.of("water", 4) == [4] * 6
    # The last day ends with the present quantity.
    levels = [DayLevel("spice", 15, 6, 2)]
    assert DailyTotals(levels, 13, 15).of("spice", 7) == [2, 2, 7]
    assert DailyTotals([], 15, 15).of("spice", 7) == [7]
    # The first begins with the level before it: the ledger returns a day or two more than shown.
    levels = [DayLevel("spice", 8, 4, 2), DayLevel("spice", 9, 5, 4), DayLevel("spice", 12, 9, 5)]
    assert DailyTotals(levels, 10, 13).of("spice", 9) == [5, 5, 9, 9]
    assert DailyTotals(levels[:2], 10, 12).of("spice", 5) == [5, 5, 5]
