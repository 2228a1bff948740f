"""Quantities over time: levels and shares of one resource, and daily levels of all."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st
from peewee import SQL, Value

from helpers.applying import NOW
from helpers.ledger_under_test import Books, Row, on_both
from helpers.records import DAY, history_row, insert_all, moved
from tracker_tui.db.models import HistoryRow
from tracker_tui.domain.period import ALL, DAY_AND_NIGHT, MONTH, WEEK, Period, day_of, start_of
from tracker_tui.domain.quantity_series import DailyTotals, DayLevel, Level, QuantitySeries, Share
from tracker_tui.ledger.period import day_number
from tracker_tui.ledger.quantity_series import LEVELS, DailyLevelsQuery, QuantitySeriesQuery

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    *(BERLIN, *map(ZoneInfo, ("UTC", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia"))),
    *map(ZoneInfo, ("Africa/Casablanca", "Australia/Lord_Howe", "America/Santiago", "Asia/Gaza")),
]


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


def test_the_levels_of_a_period(guild: Books) -> None:
    dates = Period(name="dates", since=NOW - 6 * DAY, until=NOW - 2 * DAY)
    begin = NOW - 7 * DAY
    cases: list[tuple[Period, list[tuple[int, tuple[int, int]]], int, list[Level]]] = [
        (WEEK, [], begin, []),
        (ALL, [], NOW, []),
        # The first level is the quantity before the period,
        (
            *(WEEK, [(9 * DAY, (5, 0)), (8 * DAY, (7, 1)), (3 * DAY, (9, 1)), (60, (9, 4))], begin),
            [Level(begin, 7, 1), Level(NOW - 3 * DAY, 9, 1), Level(NOW - 60, 9, 4)],
        ),
        # or that of the creation.
        (
            *(WEEK, [(DAY, (35, 0)), (60, (40, 0))], begin),
            [Level(NOW - DAY, 35, 0), Level(NOW - 60, 40, 0)],
        ),
        # Rows of one second count in order of commit.
        (
            *(WEEK, [*((8 * DAY, (n, 0)) for n in (1, 2, 3)), *((5, (n, 0)) for n in (9, 3, 6))]),
            *(begin, [Level(begin, 3, 0), Level(NOW - 5, 6, 0)]),
        ),
        # The first moment of a period is in it.
        (
            *(WEEK, [(8 * DAY, (1, 0)), (7 * DAY, (2, 0)), (0, (3, 0))], begin),
            [Level(begin, 1, 0), Level(begin, 2, 0), Level(NOW, 3, 0)],
        ),
        (
            *(ALL, [(400 * DAY, (5, 0)), (200 * DAY, (6, 0)), (0, (7, 0))], NOW - 400 * DAY),
            [Level(NOW - 400 * DAY, 5, 0), Level(NOW - 200 * DAY, 6, 0), Level(NOW, 7, 0)],
        ),
        (
            *(dates, [(9 * DAY, (1, 0)), (5 * DAY, (2, 0)), (4 * DAY, (3, 0)), (DAY, (4, 0))]),
            NOW - 6 * DAY,
            [Level(NOW - 6 * DAY, 1, 0), Level(NOW - 5 * DAY, 2, 0), Level(NOW - 4 * DAY, 3, 0)],
        ),
    ]
    for period, rows, since, levels in cases:
        guild.run("DELETE FROM resource_history")
        record(guild, *rows)
        record(guild, (7 * DAY + 1, (1000, 1000)), resource_id="water")
        found = series(guild, period)
        assert (found.since, found.until) == (since, period.until or NOW), rows
        assert found.levels == levels, rows
    # A resource that is older than its history had its first quantity all the time.
    guild.run("DELETE FROM resource_history")
    row = history_row("h", created_at=NOW - DAY, **moved((30, 35), (4, 4)))
    insert_all(guild, "resource_history", [row])
    assert series(guild, WEEK).levels == [Level(NOW - 7 * DAY, 30, 4), Level(NOW - DAY, 35, 4)]


def test_a_time_of_0_does_not_stretch_the_chart_and_close_changes_are_one_level(
    guild: Books,
) -> None:
    record(guild, (NOW, (1, 0)), (NOW + 5, (2, 0)), (10 * DAY, (5, 0)), (5 * DAY, (6, 0)))
    whole = series(guild, ALL)
    assert whole.since == NOW - 10 * DAY
    assert whole.levels[1:] == [Level(NOW - 10 * DAY, 5, 0), Level(NOW - 5 * DAY, 6, 0)]
    # The last of many close changes counts: over a month, one point covers almost two hours.
    guild.run("DELETE FROM resource_history")
    close = [(20 * DAY + 60 - n, (n, 2 * n)) for n in range(50)]
    record(guild, *close, (10 * DAY, (7, 7)))
    levels = series(guild, MONTH).levels
    assert levels[-2:] == [Level(NOW - 20 * DAY + 49 - 60, 49, 98), Level(NOW - 10 * DAY, 7, 7)]
    assert len(levels) <= 3


def test_there_are_no_more_levels_than_a_chart_can_show(guild: Books) -> None:
    short = Period(name="x", span=799)
    for period, span in ((DAY_AND_NIGHT, DAY), (ALL, 799), (ALL, 400), (short, 799), (ALL, 5_000)):
        guild.run("DELETE FROM resource_history")
        step = max(1, span // 1_600)
        rows = [(ago, (ago % 1_000 + 1, 1)) for ago in range(span, -1, -step)]
        record(guild, *([(span + 5, (3, 3))] if period.span else []), *rows)
        levels = series(guild, period).levels
        # One more for the level before the period.
        assert LEVELS / 4 < len(levels) <= LEVELS + 1, (period, span)
        assert levels == sorted(levels, key=lambda level: level.at)
        ago, (hagga, deep_desert) = rows[-1]
        assert levels[-1] == Level(NOW - ago, hagga, deep_desert), (period, span)


recent = st.integers(0, 2_000)
stories = st.lists(st.tuples(recent, st.tuples(st.integers(0, 9), st.integers(0, 9))), max_size=20)


def last_known(then: dict[int, tuple[int, int]], at: int) -> tuple[int, int]:
    known = [moment for moment in then if moment <= at]
    return then[max(known)] if known else (0, 0)


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


@on_both
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
    # Those under an old name belong to its owner.
    guild.run("DELETE FROM resource_history")
    aliases = ["1", "paul", "Muad'Dib", "Naib", "somebody else"]
    rows = [history_row(who, updated_by=who, **moved((0, 10))) for who in aliases]
    rows += [history_row(f"-{who}", updated_by=who, **moved((10, 6))) for who in aliases]
    insert_all(guild, "resource_history", rows)
    shares = [("1", 30, 12), ("Naib", 10, 4), ("somebody else", 10, 4)]
    assert sorted(series(guild, WEEK).shares) == shares


def test_a_day_has_its_last_level_and_the_one_before_its_first_change(guild: Books) -> None:
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


def days_in_sql(books: Books, times: list[int], zone: ZoneInfo) -> list[int]:
    books.run("DELETE FROM resource_history")
    rows = [history_row(f"h{number}", created_at=at) for number, at in enumerate(times)]
    insert_all(books, "resource_history", rows)
    query = HistoryRow.select(day_number(HistoryRow.created_at, zone) + Value(0))
    return [day for (day,) in books.database.batch([query.order_by(SQL("rowid"))])[0].rows]


@on_both
def test_days_begin_at_midnight_on_both_sides_of_a_switch(guild: Books) -> None:
    """The days around every switch of 2025, each from its first second to its last."""
    for zone in ZONES:
        first = day_of(int(datetime(2025, 1, 1, 12, tzinfo=UTC).timestamp()), zone)
        moments = [start_of(first + n, zone) for n in range(365)]
        switched = [
            edge
            for begin, end in pairwise(moments)
            for edge in (begin - 1, begin, end - 1, end)
            if end - begin != DAY
        ]
        times = [*switched, moments[0] - 1, moments[0], moments[100] - 1, moments[100]]
        times += [1_577_836_800, int(time.time())]
        assert days_in_sql(guild, times, zone) == [day_of(at, zone) for at in times], zone
    # Milliseconds
    assert days_in_sql(guild, [NOW * 1000], BERLIN) == [day_of(NOW, BERLIN)]
