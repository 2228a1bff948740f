"""A member's activity: changes by resource, points, and days in a row."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from helpers.applying import NOW
from helpers.clocks import LedgerClock
from helpers.ledger_under_test import Books, on_both
from helpers.records import DAY, history_row, insert_all, moved, points_row
from tracker_tui.domain.activity import Activity, ResourceActivity
from tracker_tui.domain.period import ALL, WEEK, Period, Zone
from tracker_tui.ledger.activity import ActivityQuery

BERLIN = ZoneInfo("Europe/Berlin")
ST_JOHNS = ZoneInfo("America/St_Johns")


def at(*moment: int, zone: ZoneInfo = BERLIN) -> int:
    """Return a moment in a zone, in Unix seconds."""
    return int(datetime(*moment, tzinfo=zone).timestamp())  # type: ignore[arg-type]


def day(*of_calendar: int) -> int:
    """Return the number of a day, as the program counts days."""
    return (date(*of_calendar) - date(1970, 1, 1)).days


def act(books: Books, *moments: int, by: str = "1") -> None:
    known = books.run("SELECT COUNT(*) FROM resource_history")[0][0]
    rows = [
        history_row(f"h{known + number}", created_at=moment, updated_by=by)
        for number, moment in enumerate(moments)
    ]
    insert_all(books, "resource_history", rows)


def activity(books: Books, period: Period = WEEK, zone: Zone = BERLIN) -> Activity:
    return books.ledger.ask(ActivityQuery(member_id="1", period=period, zone=zone))


def test_changes_are_counted_by_resource_most_changed_first(guild: Books) -> None:
    found = activity(guild)
    assert found == Activity(0.0, 0, [], [], day(2023, 11, 14))
    assert (found.changes, found.streak) == (0, 0)
    rows = [
        history_row("a", updated_by="1", **moved((0, 10))),
        history_row("b", updated_by="1", resource_id="water", **moved((0, 3))),
        history_row("c", updated_by="1", resource_id="water", **moved((3, 3), (9, 2))),
        # A transfer is neither an addition nor a removal.
        history_row("d", updated_by="1", resource_id="water", **moved((3, 0), (2, 5))),
        history_row("e", updated_by="1", created_at=NOW - 7 * DAY - 1, **moved((0, 500))),
        history_row("f", updated_by="2", **moved((0, 700))),
    ]
    insert_all(guild, "resource_history", rows)
    found = activity(guild)
    expected = [ResourceActivity("water", 3, 3, 7), ResourceActivity("spice", 1, 10, 0)]
    assert (found.resources, found.changes) == (expected, 4)
    assert activity(guild, ALL).changes == 5
    # Points are those of the period, too.
    earned = [
        points_row("a", "1", 2.5),
        points_row("b", "paul", 1.0, created_at=NOW - 7 * DAY),
        points_row("c", "1", 50.0, created_at=NOW - 7 * DAY - 1),
        points_row("d", "2", 9.0),
        points_row("e", "Naib", 9.0),
    ]
    insert_all(guild, "leaderboard", earned)
    assert activity(guild)[:2] == (3.5, 2)
    assert activity(guild, ALL)[:2] == (53.5, 3)
    between = Period(name="between", since=NOW - 8 * DAY, until=NOW)
    assert activity(guild, between)[:2] == (51.0, 2)


def test_rows_under_old_names_count_if_the_name_is_unique(guild: Books) -> None:
    for who in ("1", "paul", "Muad'Dib", "Naib", "somebody else"):
        act(guild, NOW, by=who)
    changes = {
        member: guild.ledger.ask(ActivityQuery(member_id=member, period=WEEK, zone=BERLIN)).changes
        for member in ("1", "3", "somebody else")
    }
    assert changes == {"1": 3, "3": 0, "somebody else": 1}


@on_both
def test_a_day_without_a_change_ends_a_streak(guild: Books, clock: LedgerClock) -> None:
    clock.now = at(2025, 7, 10, 12)
    act(guild, *(at(2025, 7, n, 9) for n in (10, 9, 8, 6, 5)))
    # Changes from tomorrow are ignored.
    act(guild, at(2025, 7, 11, 9), at(2025, 7, 10, 9) * 1000)
    found = activity(guild)
    assert (found.today, found.streak) == (day(2025, 7, 10), 3)
    assert found.days == [day(2025, 7, n) for n in (5, 6, 8, 9, 10)]
    # It reaches beyond the period.
    guild.run("DELETE FROM resource_history")
    clock.now = at(2025, 7, 31, 12)
    act(guild, *(at(2025, 7, n, 9) for n in range(1, 32)))
    assert activity(guild).streak == 31
    assert activity(guild, Period(name="dates", since=0, until=1)).streak == 31
    # It survives a today without changes.
    guild.run("DELETE FROM resource_history")
    act(guild, at(2025, 7, 8, 23, 59), at(2025, 7, 9, 0, 0))
    for moment, length in (((10, 0, 0), 2), ((10, 23, 59), 2), ((11, 0, 0), 0)):
        clock.now = at(2025, 7, *moment)
        assert activity(guild).streak == length, moment


def test_days_are_those_of_the_players_zone(guild: Books, clock: LedgerClock) -> None:
    clock.now = at(2025, 7, 10, 12)
    # 23:30 in St. John's is the next morning in Berlin, so there it is one day.
    act(guild, *(at(2025, 7, n, 23, 30, zone=ST_JOHNS) for n in (7, 8)))
    act(guild, at(2025, 7, 9, 20))
    assert activity(guild, zone=ST_JOHNS).days == [day(2025, 7, n) for n in (7, 8, 9)]
    assert activity(guild, zone=BERLIN).days == [day(2025, 7, n) for n in (8, 9)]


def test_a_streak_continues_over_days_of_23_and_25_hours(guild: Books, clock: LedgerClock) -> None:
    for month, first in ((3, 28), (10, 24)):
        guild.run("DELETE FROM resource_history")
        # Clocks change on the third day: its edges, and those of its neighbours.
        act(guild, at(2025, month, first, 0, 0), at(2025, month, first + 1, 23, 59, 59))
        act(guild, at(2025, month, first + 2, 23, 59, 59), at(2025, month, first + 3, 0, 0))
        clock.now = at(2025, month, first + 3, 0, 0, 1)
        found = activity(guild)
        assert found.days == [day(2025, month, first + n) for n in range(4)]
        assert (found.today, found.streak) == (day(2025, month, first + 3), 4)
    # A repeated hour belongs to one day.
    guild.run("DELETE FROM resource_history")
    half_past_two = at(2025, 10, 26, 2, 30)
    act(guild, half_past_two, half_past_two + 3600)
    assert activity(guild).days == [day(2025, 10, 26)]


@on_both
def test_hostile_rows_do_not_break_activity(guild: Books) -> None:
    rows = [
        history_row("a", updated_by="1", change_amount_hagga="many", created_at="yesterday"),
        history_row("b", updated_by="1", change_amount_hagga=2**63 - 1, created_at=b"\xff"),
        history_row("c", updated_by="1", change_amount_hagga=2**63 - 1, created_at=1e300),
        history_row("d", updated_by="1", change_amount_hagga=-(2**63), created_at=-5),
        history_row("e", updated_by="1", change_amount_hagga=1e300, created_at=NOW - 0.5),
    ]
    insert_all(guild, "resource_history", rows)
    points: list[Any] = ["many", 1e308, 1e308]
    insert_all(guild, "leaderboard", [points_row(f"p{n}", "1", p) for n, p in enumerate(points)])
    found = activity(guild, ALL)
    assert (found.changes, found.streak) == (5, 1)
    (spice,) = found.resources
    assert (type(spice.added), type(spice.removed)) == (int, int)
    assert found.points == 0.0
