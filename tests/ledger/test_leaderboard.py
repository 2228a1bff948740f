"""The leaderboard: ranks and points, the owners of old rows, and contributions."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from helpers.applying import NOW
from helpers.ledger_under_test import Books, on_both
from helpers.records import DAY, Known, insert_all, points_row, replace_all, user_rows
from tracker_tui.domain.activity import DayPoints
from tracker_tui.domain.leaderboard import Contribution, ContributionPage, Leaderboard, Ranking
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import ALL, DAY_AND_NIGHT, LEADERBOARD_PERIODS, MONTH, WEEK, Period
from tracker_tui.ledger.activity import MemberPointsQuery
from tracker_tui.ledger.leaderboard import ContributionsQuery, LeaderboardQuery

UTC = ZoneInfo("UTC")


def earn(books: Books, *rows: tuple[str, float, int]) -> None:
    """Insert points of a user, with the seconds since they were earned."""
    known = books.run("SELECT COUNT(*) FROM leaderboard")[0][0]
    points = [
        points_row(f"p{number}", user, points, created_at=NOW - ago)
        for number, (user, points, ago) in enumerate(rows, known)
    ]
    insert_all(books, "leaderboard", points)


def rankings(books: Books, period: Period) -> list[tuple[int, str, float, int]]:
    board = books.ledger.ask(LeaderboardQuery(period=period))
    return [(s.rank, s.name, s.points, s.actions) for s in board.rankings]


def contributions(books: Books, member: str, period: Period, limit: int) -> list[ContributionPage]:
    pages: list[ContributionPage] = []
    while not pages or not pages[-1].is_last:
        before = pages[-1].end if pages else None
        asked = ContributionsQuery(member_id=member, period=period, before=before, limit=limit)
        pages.append(books.ledger.ask(asked))
        assert len(pages) < 100, "paging never ends"
    return pages


def test_the_first_moment_of_a_period_is_in_it(guild: Books) -> None:
    for period in LEADERBOARD_PERIODS:
        board = guild.ledger.ask(LeaderboardQuery(period=period))
        assert board == Leaderboard([], has_before=period is not ALL)
    for period in (DAY_AND_NIGHT, WEEK, MONTH):
        assert period.span is not None
        guild.run("DELETE FROM leaderboard")
        earn(guild, ("1", 1.0, period.span), ("2", 2.0, period.span + 1), ("3", 4.0, 0))
        expected = [(1, "Naib", 4.0, 1), (2, "Muad'Dib", 1.0, 1)]
        assert rankings(guild, period) == expected, period
        assert len(rankings(guild, ALL)) == 3
    # Dates bound a leaderboard too.
    guild.run("DELETE FROM leaderboard")
    earn(guild, ("1", 1.0, 10), ("1", 2.0, 20), ("1", 4.0, 30), ("1", 8.0, 40))
    between = Period(name="between", since=NOW - 30, until=NOW - 10)
    board = guild.ledger.ask(LeaderboardQuery(period=between))
    assert board.rankings == [Ranking(1, "1", "Muad'Dib", 6.0, 2, 1.0, None)]


def test_ranks_are_compared_with_the_period_before(guild: Books) -> None:
    earn(guild, ("1", 10.0, DAY + 1), ("2", 20.0, DAY + 5), ("3", 30.0, 2 * DAY))
    assert rankings(guild, DAY_AND_NIGHT) == []
    earn(guild, ("1", 99.0, 0), ("2", 50.0, 0), ("3", 1.0, 0), ("4", 2.0, 0))
    # Points before the previous period do not count.
    earn(guild, ("4", 500.0, 2 * DAY + 1))
    board = guild.ledger.ask(LeaderboardQuery(period=DAY_AND_NIGHT))
    assert {s.user_id: s.climbed for s in board.rankings} == {"1": 2, "2": 0, "4": None, "3": -3}


def test_old_rows_under_a_name_count_for_its_owner(guild: Books) -> None:
    earn(guild, ("1", 1.0, 0), ("Muad'Dib", 2.0, 0), ("paul", 4.0, 0), ("Naib", 8.0, 0))
    earn(guild, ("stilgar", 16.0, 0), ("", 32.0, 0), ("1 ", 64.0, 0))
    for period in (WEEK, ALL):
        board = guild.ledger.ask(LeaderboardQuery(period=period))
        owned = {s.user_id: (s.points, s.actions) for s in board.rankings}
        # Two members are called Naib; no member has the other names.
        others = {"Naib": (8.0, 1), "": (32.0, 1), "1 ": (64.0, 1)}
        assert owned == {"1": (7.0, 3), "3": (16.0, 1), **others}


@on_both
def test_hostile_points_do_not_break_the_leaderboard(guild: Books) -> None:
    for number in ("many", b"\xff", 1e308, -1e308, -5.0, 0.0):
        rows = [points_row(f"x{n}", who, number) for n, who in enumerate(("1", "Muad'Dib", "2"))]
        replace_all(guild, {"leaderboard": [*rows, points_row("x", "3", 5.0)]})
        for period in (WEEK, ALL):
            board = guild.ledger.ask(LeaderboardQuery(period=period))
            third = board.of("3")
            assert third.points == 5.0, number
            assert {s.user_id for s in board.rankings} == {"1", "2", "3"}, number
            assert all(0.0 <= s.share <= 1.0 for s in board.rankings), number
        page = guild.ledger.ask(ContributionsQuery(member_id="1", period=ALL))
        assert len(page.entries) == 2
        assert {type(entry.final) for entry in page.entries} == {float}, number
        points = guild.ledger.ask(MemberPointsQuery(member_id="1", period=ALL, zone=UTC))
        assert [total.actions for total in points.categories] == [2], number


def test_a_contribution_has_the_values_of_its_row(guild: Books) -> None:
    row = points_row("x", "1", 220.0, action_type="SET", quantity_changed=1000, base_points=100.0)
    row |= {"resource_multiplier": 2.0, "status_bonus": 0.1, "resource_name": "Spice then"}
    row |= {"resource_category": "Other", "resource_status": "critical"}
    insert_all(guild, "leaderboard", [row])
    expected = Contribution(
        *("x", "SET", 1000, 100.0, 2.0, 0.1, 220.0, "Spice then", "Other", "critical"),
        at=NOW,
        place=PageCursor(NOW, 1),
    )
    page = guild.ledger.ask(ContributionsQuery(member_id="1", period=WEEK))
    assert page == ContributionPage([expected], PageCursor(NOW, 1), is_last=True)


def test_pages_of_contributions_are_newest_first_and_whole(guild: Books) -> None:
    earn(guild, *[(who, 1.0, 5) for who in ("1", "paul", "2", "Muad'Dib", "Naib") * 3])
    earn(guild, ("1", 1.0, 9), ("1", 1.0, 0), ("1", 1.0, DAY + 1))
    shared = [f"p{number}" for number in range(14, -1, -1) if number % 5 in (0, 1, 3)]
    for limit in (1, 2, 5, 100):
        pages = contributions(guild, "1", DAY_AND_NIGHT, limit)
        assert [e.id for page in pages for e in page.entries] == ["p16", *shared, "p15"]
        assert all(len(page.entries) <= limit for page in pages)
    # A nickname may be the user name, too.
    insert_all(guild, "users", [{**user_rows([Known("9", "duncan", "duncan")])[0], "id": "new"}])
    earn(guild, ("duncan", 1.0, 0))
    (page,) = contributions(guild, "9", ALL, 5)
    assert [entry.final for entry in page.entries] == [1.0]
    # A page is read again by its ends.
    guild.run("DELETE FROM leaderboard")
    earn(guild, *[("1", 1.0, 5)] * 6)
    first, second, *_ = contributions(guild, "1", ALL, 2)
    ends = {"before": first.end, "down_to": second.end}
    asked = ContributionsQuery(member_id="1", period=ALL, **ends, limit=2)
    assert guild.ledger.ask(asked).entries == second.entries
    guild.run("DELETE FROM leaderboard WHERE id = ?", second.entries[0].id)
    assert guild.ledger.ask(asked).entries == second.entries[1:]


def test_points_divide_over_categories_and_days(guild: Books) -> None:
    midnight = NOW - NOW % DAY
    rows = [
        points_row("a", "1", 1.0, created_at=midnight, resource_category="Raw"),
        points_row("b", "paul", 2.0, created_at=midnight - 1, resource_category="Gear"),
        points_row("c", "1", 4.0, created_at=midnight - 2 * DAY, resource_category="Gear"),
        points_row("d", "2", 8.0, created_at=midnight, resource_category="Raw"),
    ]
    insert_all(guild, "leaderboard", rows)
    points = guild.ledger.ask(MemberPointsQuery(member_id="1", period=WEEK, zone=UTC))
    assert points.categories == [("Gear", 6.0, 2), ("Raw", 1.0, 1)]
    today = NOW // DAY
    assert points.days == [DayPoints(today - ago, 2.0**ago) for ago in (2, 1, 0)]
    # 22:13 in UTC is the next day in India.
    guild.run("DELETE FROM leaderboard")
    earn(guild, ("1", 1.0, 0))
    for name, later in (("Asia/Kolkata", 1), ("America/St_Johns", 0)):
        asked = MemberPointsQuery(member_id="1", period=WEEK, zone=ZoneInfo(name))
        assert guild.ledger.ask(asked).days == [DayPoints(today + later, 1.0)], name
