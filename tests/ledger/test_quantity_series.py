"""Quantities over time: levels and shares of one resource, and daily levels of all."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from peewee import SQL, Value

from helpers.applying import NOW
from helpers.ledger_under_test import Books, MakeLedger, Row
from helpers.records import DAY, Known, add_members, history_row, insert_all, moved, resource_row
from tracker_tui.db.models import HistoryRow
from tracker_tui.domain.period import ALL, DAY_AND_NIGHT, MONTH, WEEK, Period, day_of, start_of
from tracker_tui.domain.quantity_series import (
    DailyTotals,
    DayLevel,
    Forecast,
    Level,
    QuantitySeries,
    Share,
    forecast,
)
from tracker_tui.ledger.period import day_number
from tracker_tui.ledger.quantity_series import LEVELS, DailyLevelsQuery, QuantitySeriesQuery

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    BERLIN,
    *map(
        ZoneInfo, ("UTC", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca")
    ),
    *map(ZoneInfo, ("Australia/Lord_Howe", "America/Santiago", "Asia/Gaza")),
]


@pytest.fixture
def guild(make_ledger: MakeLedger) -> Books:
    """Spice and water, members, and no history."""
    books = make_ledger(clock=lambda: NOW)
    insert_all(books, "resources", [resource_row("spice"), resource_row("water")])
    add_members(books, Known("1", "paul", "Muad'Dib"), Known("2", "Naib"), Known("3", "Naib"))
    return books


def record(books: Books, *rows: tuple[int, tuple[int, int]], resource_id: str = "spice") -> None:
    """Insert history in this order: seconds ago, and the quantities at both locations."""
    known = books.run("SELECT COUNT(*) FROM resource_history")[0][0]
    hagga, deep_desert = 0, 0
    history: list[Row] = []
    for number, (ago, (new_hagga, new_deep_desert)) in enumerate(rows):
        move = moved((hagga, new_hagga), (deep_desert, new_deep_desert))
        row_id = f"h{known + number}"
        history.append(history_row(row_id, resource_id=resource_id, created_at=NOW - ago, **move))
        hagga, deep_desert = new_hagga, new_deep_desert
    insert_all(books, "resource_history", history)


def series(books: Books, period: Period, resource_id: str = "spice") -> QuantitySeries:
    return books.ledger.ask(QuantitySeriesQuery(resource_id=resource_id, period=period))


# Levels


def test_a_resource_without_history_has_no_levels(guild: Books) -> None:
    assert series(guild, WEEK) == QuantitySeries(NOW - 7 * DAY, NOW, [], [])
    assert series(guild, ALL) == QuantitySeries(NOW, NOW, [], [])


def test_the_first_level_is_the_quantity_before_the_period(guild: Books) -> None:
    record(guild, (9 * DAY, (5, 0)), (8 * DAY, (7, 1)), (3 * DAY, (9, 1)), (60, (9, 4)))
    record(guild, (7 * DAY + 1, (1000, 1000)), resource_id="water")
    assert series(guild, WEEK).levels == [
        Level(NOW - 7 * DAY, 7, 1),
        Level(NOW - 3 * DAY, 9, 1),
        Level(NOW - 60, 9, 4),
    ]


def test_the_newest_row_before_the_period_is_the_one_committed_last(guild: Books) -> None:
    record(guild, (8 * DAY, (1, 0)), (8 * DAY, (2, 0)), (8 * DAY, (3, 0)))
    assert series(guild, WEEK).levels == [Level(NOW - 7 * DAY, 3, 0)]


def test_a_change_at_the_first_moment_of_the_period_is_in_it(guild: Books) -> None:
    record(guild, (8 * DAY, (1, 0)), (7 * DAY, (2, 0)), (0, (3, 0)))
    begin = NOW - 7 * DAY
    assert series(guild, WEEK).levels == [Level(begin, 1, 0), Level(begin, 2, 0), Level(NOW, 3, 0)]


def test_a_resource_that_is_older_than_its_history_had_its_first_quantity_all_the_time(
    guild: Books,
) -> None:
    row = history_row("h", created_at=NOW - DAY, **moved((30, 35), (4, 4)))
    insert_all(guild, "resource_history", [row])
    assert series(guild, WEEK).levels == [Level(NOW - 7 * DAY, 30, 4), Level(NOW - DAY, 35, 4)]


def test_a_resource_that_was_created_in_the_period_begins_with_its_creation(guild: Books) -> None:
    record(guild, (DAY, (35, 0)), (60, (40, 0)))
    assert series(guild, WEEK).levels == [Level(NOW - DAY, 35, 0), Level(NOW - 60, 40, 0)]


def test_all_of_time_begins_with_the_first_change(guild: Books) -> None:
    record(guild, (400 * DAY, (5, 0)), (200 * DAY, (6, 0)), (0, (7, 0)))
    whole = series(guild, ALL)
    assert (whole.since, whole.until) == (NOW - 400 * DAY, NOW)
    assert whole.levels == [
        Level(NOW - 400 * DAY, 5, 0),
        Level(NOW - 200 * DAY, 6, 0),
        Level(NOW, 7, 0),
    ]


def test_a_time_of_0_does_not_stretch_the_chart(guild: Books) -> None:
    record(guild, (NOW, (1, 0)), (NOW + 5, (2, 0)), (10 * DAY, (5, 0)), (5 * DAY, (6, 0)))
    whole = series(guild, ALL)
    assert whole.since == NOW - 10 * DAY
    assert whole.levels[1:] == [Level(NOW - 10 * DAY, 5, 0), Level(NOW - 5 * DAY, 6, 0)]


def test_a_series_between_dates(guild: Books) -> None:
    record(guild, (9 * DAY, (1, 0)), (5 * DAY, (2, 0)), (4 * DAY, (3, 0)), (DAY, (4, 0)))
    dates = Period(name="dates", since=NOW - 6 * DAY, until=NOW - 2 * DAY)
    found = series(guild, dates)
    assert (found.since, found.until) == (NOW - 6 * DAY, NOW - 2 * DAY)
    assert found.levels == [
        Level(NOW - 6 * DAY, 1, 0),
        Level(NOW - 5 * DAY, 2, 0),
        Level(NOW - 4 * DAY, 3, 0),
    ]


def test_the_last_of_many_close_changes_counts(guild: Books) -> None:
    # Over a month, one point covers almost two hours.
    close = [(20 * DAY + 60 - n, (n, 2 * n)) for n in range(50)]
    record(guild, *close, (10 * DAY, (7, 7)))
    levels = series(guild, MONTH).levels
    assert levels[-2:] == [Level(NOW - 20 * DAY + 49 - 60, 49, 98), Level(NOW - 10 * DAY, 7, 7)]
    assert len(levels) <= 3


def test_the_change_committed_last_in_a_second_counts(guild: Books) -> None:
    record(guild, *[(5, (n, 0)) for n in (9, 3, 6)])
    assert series(guild, DAY_AND_NIGHT).levels == [Level(NOW - 5, 6, 0)]


@pytest.mark.parametrize("empty_database", ["file"], indirect=True)
@pytest.mark.parametrize(
    ("period", "span"),
    [(DAY_AND_NIGHT, DAY), (ALL, 799), (ALL, 400), (Period(name="x", span=799), 799), (ALL, 5_000)],
    ids=["24h", "all of 799 s", "all of 400 s", "799 s", "all of 5,000 s"],
)
def test_there_are_no_more_levels_than_a_chart_can_show(
    guild: Books, period: Period, span: int
) -> None:
    step = max(1, span // 1_600)
    rows = [(ago, (ago % 1_000 + 1, 1)) for ago in range(span, -1, -step)]
    record(guild, (span + 5, (3, 3)), *rows) if period.span else record(guild, *rows)
    levels = series(guild, period).levels
    # One more for the level before the period.
    assert LEVELS / 4 < len(levels) <= LEVELS + 1
    assert levels == sorted(levels, key=lambda level: level.at)
    ago, (hagga, deep_desert) = rows[-1]
    assert levels[-1] == Level(NOW - ago, hagga, deep_desert)


recent = st.integers(0, 2_000)
stories = st.lists(st.tuples(recent, st.tuples(st.integers(0, 9), st.integers(0, 9))), max_size=20)


def last_known(then: dict[int, tuple[int, int]], at: int) -> tuple[int, int]:
    """Return the level at a moment, from the known levels."""
    known = [moment for moment in then if moment <= at]
    return then[max(known)] if known else (0, 0)


@pytest.mark.parametrize("empty_database", ["file"], indirect=True)
def test_every_level_is_the_quantity_at_its_time(guild: Books) -> None:
    @example([(300, (1, 0)), (301, (2, 0))], Period(name="x", span=300))
    @given(
        stories,
        st.sampled_from([ALL, Period(name="x", span=300), Period(name="y", span=1_000), WEEK]),
    )
    def check(story: list[tuple[int, tuple[int, int]]], period: Period) -> None:
        guild.run("DELETE FROM resource_history")
        in_order = sorted(story, key=lambda row: -row[0])
        record(guild, *in_order)
        found = series(guild, period)
        then = {NOW - ago: level for ago, level in in_order}
        for number, level in enumerate(found.levels):
            # The first may be the level before all changes of its second.
            until = {level.at, level.at - 1} if number == 0 else {level.at}
            assert level[1:] in {last_known(then, at) for at in until}
        if in_order:
            # In any case the series ends with the present quantity.
            assert found.levels[-1][1:] == in_order[-1][1]

    check()


HOSTILE_TIMES = [NOW * 1000, "yesterday", b"\xff", 1e300, -(2**63), 2**63 - 1, NOW - 9.5, NOW + 99]


def test_hostile_rows_do_not_break_a_series(guild: Books) -> None:
    for at in HOSTILE_TIMES:
        guild.run("DELETE FROM resource_history")
        record(guild, (3 * DAY, (5, 0)), (10, (6, 0)))
        rows = [
            history_row("x", created_at=at, new_quantity_hagga="many", change_amount_hagga=2**62),
            history_row("y", created_at=at, updated_by="", change_amount_deep_desert=2**62),
        ]
        insert_all(guild, "resource_history", rows)
        for period in (ALL, WEEK):
            found = series(guild, period)
            assert {type(part) for level in found.levels for part in level} == {int}, at
            assert Level(NOW - 3 * DAY, 5, 0) in found.levels, at
        levels = guild.ledger.ask(DailyLevelsQuery(days=7, zone=BERLIN))
        assert DayLevel("spice", day_of(NOW - 3 * DAY, BERLIN), 5, 0) in levels, at


# Shares


def test_shares_count_additions_and_removals_but_no_transfers_or_sets(guild: Books) -> None:
    rows = [
        history_row("a", updated_by="1", **moved((0, 10))),
        history_row("b", updated_by="1", **moved((10, 7))),
        history_row("c", updated_by="1", change_type="transfer", **moved((7, 0), (0, 7))),
        history_row("d", updated_by="1", change_type="absolute", **moved((0, 500))),
        history_row("e", updated_by="2", **moved((0, 0), (9, 4))),
        history_row("f", updated_by="1", resource_id="water", **moved((0, 77))),
        history_row("g", updated_by="1", created_at=NOW - 8 * DAY, **moved((0, 1000))),
    ]
    insert_all(guild, "resource_history", rows)
    assert sorted(series(guild, WEEK).shares) == [Share("1", 10, 3), Share("2", 0, 5)]
    assert sorted(series(guild, ALL).shares) == [Share("1", 1010, 3), Share("2", 0, 5)]


def test_shares_under_old_names_belong_to_the_owner_of_the_name(guild: Books) -> None:
    aliases = ["1", "paul", "Muad'Dib", "Naib", "somebody else"]
    rows = [history_row(who, updated_by=who, **moved((0, 10))) for who in aliases]
    rows += [history_row(f"-{who}", updated_by=who, **moved((10, 6))) for who in aliases]
    insert_all(guild, "resource_history", rows)
    assert sorted(series(guild, WEEK).shares) == [
        Share("1", 30, 12),
        Share("Naib", 10, 4),
        Share("somebody else", 10, 4),
    ]


def test_the_five_members_who_added_or_removed_most_are_listed() -> None:
    shares = [Share(str(n), n, (n * 3) % 7) for n in range(8)]
    found = QuantitySeries(0, 1, [], shares)
    assert [share.by for share in found.most_added] == ["7", "6", "5", "4", "3"]
    assert [share.by for share in found.most_removed] == ["2", "4", "6", "1", "3"]
    assert QuantitySeries(0, 1, [], [Share("a", 0, 0)]).most_added == []
    assert QuantitySeries(0, 1, [], [Share("b", 2, 0), Share("a", 2, 0)]).most_added[0].by == "a"


# Gains and forecasts


def test_a_series_ends_with_the_present_quantity() -> None:
    known = QuantitySeries(0, 100, [Level(0, 1, 0), Level(90, 2, 0)], [])
    # Known levels are not repeated.
    assert known.ending_with(95, 2, 0) == known
    later = known.ending_with(220, 3, 1)
    assert later == QuantitySeries(0, 220, [*known.levels, Level(220, 3, 1)], [])
    # A series that was read a moment ago ends at that time.
    assert known.ending_with(150, 3, 1).levels[-1] == Level(100, 3, 1)
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


@pytest.mark.parametrize(
    ("total", "target", "per_day", "expected"),
    [
        (600, 1000, 100.0, Forecast(is_reached=True, days=4.0)),
        (600, 1000, -100.0, Forecast(is_reached=False, days=6.0)),
        (1000, 1000, 100.0, None),
        (1500, 1000, 100.0, None),
        (1500, 1000, -100.0, Forecast(is_reached=False, days=15.0)),
        (0, 1000, -100.0, None),
        (-5, 1000, -100.0, None),
        (-100, 100, 100.0, Forecast(is_reached=True, days=2.0)),
        (600, 1000, 0.0, None),
        (600, 1000, None, None),
        (600, None, 100.0, None),
        (600, 0, 100.0, None),
        (600, -5, 100.0, None),
    ],
)
def test_a_forecast_continues_the_average(
    total: int, target: int | None, per_day: float | None, expected: Forecast | None
) -> None:
    assert forecast(total, target, per_day) == expected


# The last days of all resources


def test_a_day_has_its_last_level_and_the_one_before_its_first_change(
    guild: Books,
) -> None:
    today = day_of(NOW, BERLIN)
    noon = NOW - start_of(today - 2, BERLIN) - DAY // 2
    record(guild, (noon, (5, 0)), (noon - 60, (6, 1)), (noon - 60, (4, 2)), (0, (9, 2)))
    record(guild, (noon, (8, 0)), resource_id="water")
    levels = guild.ledger.ask(DailyLevelsQuery(days=7, zone=BERLIN))
    assert sorted(levels) == [
        DayLevel("spice", today - 2, 6, 0),
        DayLevel("spice", today, 11, 6),
        DayLevel("water", today - 2, 8, 0),
    ]


def test_days_without_changes_keep_the_level_of_the_day_before() -> None:
    levels = [DayLevel("spice", 11, 6, 2), DayLevel("spice", 13, 9, 6), DayLevel("gone", 12, 1, 1)]
    totals = DailyTotals(levels, 10, 15)
    assert totals.of("spice", 9) == [2, 6, 6, 9, 9, 9]
    assert totals.of("water", 4) == [4] * 6


def test_the_last_day_ends_with_the_present_quantity() -> None:
    levels = [DayLevel("spice", 15, 6, 2)]
    assert DailyTotals(levels, 13, 15).of("spice", 7) == [2, 2, 7]
    assert DailyTotals([], 15, 15).of("spice", 7) == [7]


def test_the_first_day_begins_with_the_level_before_it() -> None:
    """The ledger returns a day or two more than the screen shows."""
    levels = [DayLevel("spice", 8, 4, 2), DayLevel("spice", 9, 5, 4), DayLevel("spice", 12, 9, 5)]
    assert DailyTotals(levels, 10, 13).of("spice", 9) == [5, 5, 9, 9]
    assert DailyTotals(levels[:2], 10, 12).of("spice", 5) == [5, 5, 5]


@pytest.mark.parametrize("empty_database", ["file"], indirect=True)
def test_the_days_of_any_history_match_the_model(guild: Books) -> None:
    today = day_of(NOW, BERLIN)
    within_days = st.integers(0, 8 * DAY)
    story = st.lists(st.tuples(within_days, st.tuples(st.integers(0, 9), st.just(1))), max_size=12)

    @given(story, st.integers(1, 7))
    def check(drawn: list[tuple[int, tuple[int, int]]], days: int) -> None:
        guild.run("DELETE FROM resource_history")
        in_order = sorted(drawn, key=lambda row: -row[0])
        record(guild, *in_order)
        total = sum(in_order[-1][1]) if in_order else 0
        first = today - days + 1
        levels = guild.ledger.ask(DailyLevelsQuery(days=days, zone=BERLIN))
        found = DailyTotals(levels, first, today).of("spice", total)
        for day, value in zip(range(first, today + 1), found, strict=True):
            midnight = start_of(day + 1, BERLIN)
            known = [level for ago, level in in_order if NOW - ago < midnight]
            assert value == (sum(known[-1]) if known else 0), day - today

    check()


# Days in SQL


def days_in_sql(books: Books, times: list[int], zone: ZoneInfo) -> list[int]:
    """Return the day of each time, computed by the database."""
    books.run("DELETE FROM resource_history")
    rows = [history_row(f"h{number}", created_at=at) for number, at in enumerate(times)]
    insert_all(books, "resource_history", rows)
    query = HistoryRow.select(day_number(HistoryRow.created_at, zone) + Value(0))
    return [day for (day,) in books.database.batch([query.order_by(SQL("rowid"))])[0].rows]


def in_berlin(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=BERLIN).timestamp())  # type: ignore[arg-type]


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_days_begin_at_midnight_on_both_sides_of_a_switch(guild: Books, zone: ZoneInfo) -> None:
    """The days around every switch of 2025, each from its first second to its last."""
    first = day_of(int(datetime(2025, 1, 1, 12, tzinfo=UTC).timestamp()), zone)
    moments = [start_of(first + n, zone) for n in range(365)]
    switched = [
        edge
        for begin, end in pairwise(moments)
        for edge in (begin - 1, begin, end - 1, end)
        if end - begin != DAY
    ]
    times = [*switched, moments[0] - 1, moments[0], moments[100] - 1, moments[100]]
    assert days_in_sql(guild, times, zone) == [day_of(at, zone) for at in times]


def test_the_days_of_berlin_are_23_and_25_hours_long(guild: Books) -> None:
    for begin, hours in (((2025, 3, 30), 23), ((2025, 10, 26), 25)):
        at = in_berlin(*begin)
        day = (datetime(*begin, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days
        times = [at - 1, at, at + hours * 3600 - 1, at + hours * 3600]
        assert days_in_sql(guild, times, BERLIN) == [day - 1, day, day, day + 1]


moments = st.integers(1_577_836_800, int(time.time()))


@pytest.mark.parametrize("empty_database", ["file"], indirect=True)
def test_a_day_in_sql_is_the_day_of_the_players_zone(guild: Books) -> None:
    @given(st.lists(moments, min_size=1, max_size=10), st.sampled_from(ZONES))
    @example([1_577_836_800, int(time.time())], BERLIN)
    def check(times: list[int], zone: ZoneInfo) -> None:
        assert days_in_sql(guild, times, zone) == [day_of(at, zone) for at in times]

    check()


def test_a_time_in_milliseconds_has_a_day_too(guild: Books) -> None:
    assert days_in_sql(guild, [NOW * 1000], BERLIN) == [day_of(NOW, BERLIN)]
