"""The leaderboard: ranks and points, the owners of old rows, and contributions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.applying import NOW
from helpers.examples import share
from helpers.ledger_under_test import Books, MakeLedger
from helpers.records import (
    DAY,
    Known,
    add_members,
    insert_all,
    points_row,
    replace_all,
    resource_row,
)
from tracker_tui.domain.activity import DayPoints
from tracker_tui.domain.change import Change, Moved, Outcome, Verdict, project
from tracker_tui.domain.leaderboard import Contribution, ContributionPage, Leaderboard, Ranking
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import (
    ALL,
    DAY_AND_NIGHT,
    LEADERBOARD_PERIODS,
    MONTH,
    WEEK,
    Period,
)
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.ledger.activity import MemberPointsQuery
from tracker_tui.ledger.leaderboard import (
    ContributionsQuery,
    LeaderboardQuery,
)

UTC = ZoneInfo("UTC")


@pytest.fixture
def guild(make_ledger: MakeLedger) -> Books:
    """Spice, four members, and no points yet."""
    books = make_ledger(clock=lambda: NOW)
    books.insert_resource()
    add_members(
        books,
        Known("1", "paul", "Muad'Dib"),
        Known("2", "chani"),
        Known("3", "stilgar", "Naib"),
        Known("4", "jamis", "Naib"),
    )
    return books


def earn(books: Books, *rows: tuple[str, float, int]) -> None:
    """Insert points of a user, with the seconds since they were earned."""
    known = books.run("SELECT COUNT(*) FROM leaderboard")[0][0]
    insert_all(
        books,
        "leaderboard",
        [
            points_row(f"p{known + number}", user, points, created_at=NOW - ago)
            for number, (user, points, ago) in enumerate(rows)
        ],
    )


def rankings(books: Books, period: Period) -> list[tuple[int, str, float, int]]:
    """Return ranks, names, points and actions."""
    board = books.ledger.ask(LeaderboardQuery(period=period))
    return [(s.rank, s.name, s.points, s.actions) for s in board.rankings]


def climbed(books: Books, period: Period) -> dict[str, int | None]:
    board = books.ledger.ask(LeaderboardQuery(period=period))
    return {s.user_id: s.climbed for s in board.rankings}


def test_an_empty_leaderboard(guild: Books) -> None:
    for period in LEADERBOARD_PERIODS:
        board = guild.ledger.ask(LeaderboardQuery(period=period))
        assert board == Leaderboard([], has_before=period is not ALL)


def test_equal_points_share_a_rank_and_the_next_is_skipped(guild: Books) -> None:
    earn(guild, ("4", 5.0, 0), ("2", 10.0, 0), ("1", 4.0, 0), ("1", 6.0, 5), ("3", 20.0, 9))
    expected = [(1, "Naib", 20.0, 1), (2, "chani", 10.0, 1), (2, "Muad'Dib", 10.0, 2)]
    for period in LEADERBOARD_PERIODS:
        assert rankings(guild, period) == [*expected, (4, "Naib", 5.0, 1)]


def test_points_that_are_shown_as_equal_share_a_rank(guild: Books) -> None:
    """Sums of floats differ in their last digits."""
    earn(guild, *[("1", 0.1, 0)] * 3, ("2", 0.3, 0))
    assert rankings(guild, WEEK) == [(1, "chani", 0.3, 1), (1, "Muad'Dib", 0.3, 3)]


@pytest.mark.parametrize("period", [DAY_AND_NIGHT, WEEK, MONTH], ids=lambda p: p.name)
def test_the_first_moment_of_a_period_is_in_it(guild: Books, period: Period) -> None:
    assert period.span is not None
    earn(guild, ("1", 1.0, period.span), ("2", 2.0, period.span + 1), ("3", 4.0, 0))
    assert rankings(guild, period) == [(1, "Naib", 4.0, 1), (2, "Muad'Dib", 1.0, 1)]
    assert len(rankings(guild, ALL)) == 3


def test_ranks_are_compared_with_the_period_before(guild: Books) -> None:
    before, long_before = DAY + 5, 2 * DAY + 1
    earn(guild, ("1", 10.0, before), ("2", 20.0, before), ("3", 30.0, before))
    earn(guild, ("1", 99.0, 0), ("2", 50.0, 0), ("3", 1.0, 0), ("4", 2.0, 0))
    # Points before the previous period do not count.
    earn(guild, ("4", 500.0, long_before))
    assert climbed(guild, DAY_AND_NIGHT) == {"1": 2, "2": 0, "4": None, "3": -3}
    earn(guild, ("4", 500.0, 2 * DAY))
    assert climbed(guild, DAY_AND_NIGHT) == {"1": 3, "2": 1, "4": -2, "3": -2}


def test_ranks_of_all_time_have_no_comparison(guild: Books) -> None:
    earn(guild, ("1", 10.0, 0), ("2", 20.0, 5 * DAY))
    assert climbed(guild, ALL) == {"1": None, "2": None}
    assert guild.ledger.ask(LeaderboardQuery(period=DAY_AND_NIGHT)).has_before
    assert not guild.ledger.ask(LeaderboardQuery(period=ALL)).has_before


def test_members_without_points_in_the_period_have_no_rank(guild: Books) -> None:
    earn(guild, ("1", 10.0, DAY + 1), ("2", 1.0, 0))
    assert rankings(guild, DAY_AND_NIGHT) == [(1, "chani", 1.0, 1)]
    # Even though one was ranked higher.
    assert climbed(guild, DAY_AND_NIGHT) == {"2": None}


def test_shares_are_of_all_points(guild: Books) -> None:
    earn(guild, ("1", 1.0, 0), ("2", 3.0, 0), ("somebody else", 4.0, 0), ("3", 9.0, 8 * DAY))
    board = guild.ledger.ask(LeaderboardQuery(period=WEEK))
    assert [s.share for s in board.rankings] == [0.5, 0.375, 0.125]
    whole = guild.ledger.ask(LeaderboardQuery(period=ALL))
    assert sum(s.share for s in whole.rankings) == pytest.approx(1.0)


def test_old_rows_under_a_name_count_for_its_owner(guild: Books) -> None:
    earn(guild, ("1", 1.0, 0), ("Muad'Dib", 2.0, 0), ("paul", 4.0, 0), ("Naib", 8.0, 0))
    earn(guild, ("stilgar", 16.0, 0), ("", 32.0, 0), ("1 ", 64.0, 0))
    for period in (WEEK, ALL):
        board = guild.ledger.ask(LeaderboardQuery(period=period))
        assert {s.user_id: (s.points, s.actions) for s in board.rankings} == {
            "1": (7.0, 3),
            "3": (16.0, 1),
            # Two members have this name; no member has the others.
            "Naib": (8.0, 1),
            "": (32.0, 1),
            "1 ": (64.0, 1),
        }


def test_a_member_finds_their_own_rank(guild: Books) -> None:
    earn(guild, ("Muad'Dib", 2.0, 0), ("2", 6.0, 0))
    board = guild.ledger.ask(LeaderboardQuery(period=WEEK))
    assert board.of("1") == Ranking(2, "1", "Muad'Dib", 2.0, 1, 0.25, None)
    assert board.of("3") is None


def test_dates_bound_a_leaderboard_too(guild: Books) -> None:
    earn(guild, ("1", 1.0, 10), ("1", 2.0, 20), ("1", 4.0, 30), ("1", 8.0, 40))
    between = Period(name="between", since=NOW - 30, until=NOW - 10)
    assert rankings(guild, between) == [(1, "Muad'Dib", 6.0, 2)]
    assert climbed(guild, between) == {"1": None}


@pytest.mark.parametrize("number", ["many", b"\xff", 1e308, -1e308, -5.0, 0.0])
def test_hostile_points_do_not_break_the_leaderboard(guild: Books, number: Any) -> None:
    rows = [points_row(f"x{n}", who, number) for n, who in enumerate(["1", "Muad'Dib", "2", "2"])]
    insert_all(guild, "leaderboard", rows)
    earn(guild, ("3", 5.0, 0))
    for period in (WEEK, ALL):
        board = guild.ledger.ask(LeaderboardQuery(period=period))
        third = board.of("3")
        assert third is not None
        assert third.points == 5.0
        assert {s.user_id for s in board.rankings} == {"1", "2", "3"}
        assert all(0.0 <= s.share <= 1.0 for s in board.rankings)
    page = guild.ledger.ask(ContributionsQuery(member_id="1", period=ALL))
    assert len(page.entries) == 2
    assert {type(entry.final) for entry in page.entries} == {float}
    points = guild.ledger.ask(MemberPointsQuery(member_id="1", period=ALL, zone=UTC))
    assert [total.actions for total in points.categories] == [2]


# Contributions


def test_a_contribution_has_the_values_of_its_row(guild: Books) -> None:
    row = points_row(
        "x",
        "1",
        220.0,
        action_type="SET",
        quantity_changed=1000,
        base_points=100.0,
        resource_multiplier=2.0,
        status_bonus=0.1,
        resource_name="Spice then",
        resource_category="Other",
        resource_status="critical",
    )
    insert_all(guild, "leaderboard", [row])
    expected = Contribution(
        *("x", "SET", 1000, 100.0, 2.0, 0.1, 220.0, "Spice then", "Other", "critical"),
        at=NOW,
        place=PageCursor(NOW, 1),
    )
    page = guild.ledger.ask(ContributionsQuery(member_id="1", period=WEEK))
    assert page == ContributionPage([expected], PageCursor(NOW, 1), is_last=True)


def contributions(
    books: Books, member: str, period: Period, limit: int
) -> Iterator[ContributionPage]:
    """Yield all pages."""
    before = None
    for _ in range(100):
        page = books.ledger.ask(
            ContributionsQuery(member_id=member, period=period, before=before, limit=limit)
        )
        yield page
        if page.is_last:
            return
        before = page.end
    raise AssertionError("paging never ends")


def test_pages_of_contributions_are_newest_first_and_whole(guild: Books) -> None:
    earn(guild, *[(who, 1.0, 5) for who in ("1", "paul", "2", "Muad'Dib", "Naib") * 3])
    earn(guild, ("1", 1.0, 9), ("1", 1.0, 0), ("1", 1.0, DAY + 1))
    shared = [f"p{number}" for number in range(14, -1, -1) if number % 5 in (0, 1, 3)]
    for limit in (1, 2, 5, 100):
        pages = list(contributions(guild, "1", DAY_AND_NIGHT, limit))
        assert [e.id for page in pages for e in page.entries] == ["p16", *shared, "p15"]
        assert all(len(page.entries) <= limit for page in pages)


def test_a_page_of_contributions_is_read_again_by_its_ends(guild: Books) -> None:
    earn(guild, *[("1", 1.0, 5)] * 6)
    first, second, *_ = contributions(guild, "1", ALL, 2)
    asked = ContributionsQuery(
        member_id="1", period=ALL, before=first.end, down_to=second.end, limit=2
    )
    assert guild.ledger.ask(asked).entries == second.entries
    guild.run("DELETE FROM leaderboard WHERE id = ?", second.entries[0].id)
    assert guild.ledger.ask(asked).entries == second.entries[1:]


# How points divide


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
    assert points.days == [
        DayPoints(today - 2, 4.0),
        DayPoints(today - 1, 2.0),
        DayPoints(today, 1.0),
    ]


def test_points_divide_at_the_midnights_of_a_zone(guild: Books) -> None:
    # 22:13 in UTC is the next day in India.
    assert NOW % DAY == (22 * 60 + 13) * 60 + 20
    earn(guild, ("1", 1.0, 0))
    for name, later in (("Asia/Kolkata", 1), ("America/St_Johns", 0)):
        points = guild.ledger.ask(
            MemberPointsQuery(member_id="1", period=WEEK, zone=ZoneInfo(name))
        )
        assert points.days == [DayPoints(NOW // DAY + later, 1.0)], name


# Any sequence of changes, against a recomputation

MEMBERS = ["1", "2", "paul", "Naib"]
OWNERS = {"paul": "1"}
SHELVES = [
    resource_row("spice", target_quantity=5_000, multiplier=2.0, quantity_hagga=100),
    resource_row("water", category=None, multiplier=0.67),
    resource_row("plans", category="Blueprints", target_quantity=300, multiplier=-1.0),
]
SHOWN = {"spice": "Raw", "water": "Other", "plans": "Gear Blueprints"}
AGES = [0, 1, DAY, DAY + 1, 2 * DAY, 2 * DAY + 1, 7 * DAY, 8 * DAY, 15 * DAY, 30 * DAY, 61 * DAY]

kinds = st.sampled_from([Kind.ADD, Kind.ADD, *Kind])
amounts = st.integers(1, 20) | st.integers(1, 4_000) | st.sampled_from([500, 1_000])


class Deed(NamedTuple):
    """A change to apply, and its age."""

    resource_id: str
    kind: Kind
    location: Location
    amount: int
    by: str
    age: int


sessions = st.lists(
    st.builds(
        Deed,
        st.sampled_from(sorted(SHOWN)),
        kinds,
        st.sampled_from(Location),
        amounts,
        st.sampled_from(MEMBERS),
        st.sampled_from(AGES),
    ),
    min_size=1,
    max_size=25,
)
Session = list[tuple[Change, int]]


def session_of(deeds: Sequence[Deed]) -> Session:
    """Return changes with their ages."""
    return [(Change(f"c{number}", *deed[:-1]), deed.age) for number, deed in enumerate(deeds)]


class Earned(NamedTuple):
    """The points of one change, and their time."""

    id: str
    by: str
    points: float
    at: int
    category: str


class Ticking:
    """A clock that is set before each change; otherwise it shows NOW."""

    def __init__(self) -> None:
        self.times: list[int] = []

    def __call__(self) -> int:
        return self.times.pop(0) if self.times else NOW


def on_the_shelf(row: dict[str, Any]) -> Resource:
    return Resource(
        id=row["id"],
        name=row["name"],
        hagga=row["quantity_hagga"],
        deep_desert=row["quantity_deep_desert"],
        description=None,
        category=row["category"],
        icon=None,
        image_url=None,
        target=row["target_quantity"],
        multiplier=row["multiplier"],
        priority=False,
        updated_by="",
        updated_at=0,
    )


def recomputed(session: Session) -> list[Earned]:
    """Return the points of the changes that are not rejected."""
    shelves = {row["id"]: on_the_shelf(row) for row in SHELVES}
    earned = []
    for change, age in session:
        shelf = shelves[change.resource_id]
        moved = project(change, shelf)
        if not isinstance(moved, Moved):
            continue
        shelves[shelf.id] = shelf._replace(hagga=moved.hagga, deep_desert=moved.deep_desert)
        if moved.points.final > 0:
            owner = OWNERS.get(change.by, change.by)
            points = moved.points.final
            earned.append(Earned(change.id, owner, points, NOW - age, SHOWN[shelf.id]))
    return earned


def sums(earned: Sequence[Earned], key: Callable[[Earned], Any]) -> dict[Any, float]:
    found: dict[Any, float] = {}
    for each in earned:
        found[key(each)] = found.get(key(each), 0.0) + each.points
    return found


def ranks(earned: Sequence[Earned]) -> dict[str, int]:
    """Return ranks: one more than the number of members with more points."""
    points = {by: round(total, 2) for by, total in sums(earned, lambda e: e.by).items()}
    return {by: 1 + sum(o > p for o in points.values()) for by, p in points.items()}


def compare_board(books: Books, earned: Sequence[Earned], period: Period) -> None:
    since = 0 if period.span is None else NOW - period.span
    now = [e for e in earned if e.at >= since]
    before = (
        [] if period.span is None else [e for e in earned if since > e.at >= since - period.span]
    )
    board = books.ledger.ask(LeaderboardQuery(period=period))
    found = {s.user_id: s for s in board.rankings}
    assert {by: s.points for by, s in found.items()} == pytest.approx(
        sums(now, lambda e: e.by), abs=0.005
    )
    assert {by: s.rank for by, s in found.items()} == ranks(now)
    assert [s.rank for s in board.rankings] == sorted(s.rank for s in board.rankings)
    old = ranks(before)
    assert {by: s.climbed for by, s in found.items()} == {
        by: old[by] - rank if by in old else None for by, rank in ranks(now).items()
    }
    assert {by: s.actions for by, s in found.items()} == {
        by: sum(e.by == by for e in now) for by in found
    }
    assert sum(s.share for s in found.values()) == pytest.approx(1.0 if now else 0.0)


def compare_member(books: Books, earned: Sequence[Earned], member: str, period: Period) -> None:
    since = 0 if period.span is None else NOW - period.span
    theirs = [e for e in earned if e.by == member and e.at >= since]
    found = [e for page in contributions(books, member, period, 3) for e in page.entries]
    assert {e.id: (e.final, e.at, e.category) for e in found} == {
        e.id: (pytest.approx(e.points, abs=0.005), e.at, e.category) for e in theirs
    }
    assert len(found) == len(theirs)
    assert [e.place for e in found] == sorted((e.place for e in found), reverse=True)
    points = books.ledger.ask(MemberPointsQuery(member_id=member, period=period, zone=UTC))
    assert {c.category: c.points for c in points.categories} == pytest.approx(
        sums(theirs, lambda e: e.category), abs=0.005
    )
    assert {d.day: d.points for d in points.days} == pytest.approx(
        sums(theirs, lambda e: e.at // DAY), abs=0.005
    )
    assert [d.day for d in points.days] == sorted(d.day for d in points.days)


@pytest.mark.parametrize(
    ("empty_database", "examples"), [("file", 1), ("server", 0.1)], indirect=["empty_database"]
)
def test_any_changes_earn_the_points_that_they_should(
    make_ledger: MakeLedger, examples: float
) -> None:
    clock = Ticking()
    books = make_ledger(clock=clock)
    add_members(books, Known("1", "paul"), Known("2", "Naib"), Known("3", "Naib"))

    @share(examples)
    @given(sessions, st.sampled_from(LEADERBOARD_PERIODS))
    def check(deeds: list[Deed], of_member: Period) -> None:
        session = session_of(deeds)
        replace_all(books, {"resources": SHELVES, "resource_history": [], "leaderboard": []})
        clock.times = [NOW - age for _, age in session]
        outcomes = books.ledger.apply_all([change for change, _ in session])
        assert all(isinstance(outcome, Outcome) for outcome in outcomes)
        earned = recomputed(session)
        scored = {o.change.id for o in outcomes if o.verdict is Verdict.APPLIED}  # type: ignore[union-attr]
        assert {e.id for e in earned} <= scored
        for period in LEADERBOARD_PERIODS:
            compare_board(books, earned, period)
        for member in ("1", "Naib"):
            compare_member(books, earned, member, of_member)

    check()
