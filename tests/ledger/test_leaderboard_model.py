"""The leaderboard after any changes, against a plain-Python recomputation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.applying import NOW
from helpers.contributions import contributions
from helpers.examples import share
from helpers.ledger_under_test import Books, MakeLedger, on_both_with_share
from helpers.records import DAY, Known, add_members, replace_all, resource_row
from tracker_tui.domain.change import Change, Moved, Outcome, Verdict, project
from tracker_tui.domain.period import LEADERBOARD_PERIODS, Period
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.ledger.activity import MemberPointsQuery
from tracker_tui.ledger.leaderboard import LeaderboardQuery

UTC = ZoneInfo("UTC")
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


Session = list[tuple[Change, int]]
"""Changes to apply, and their ages."""


def session_of(deeds: list[tuple[Any, ...]]) -> Session:
    return [(Change(f"c{number}", *deed[:-1]), deed[-1]) for number, deed in enumerate(deeds)]


sessions = st.lists(
    st.tuples(
        st.sampled_from(sorted(SHOWN)),
        kinds,
        st.sampled_from(Location),
        amounts,
        st.sampled_from(MEMBERS),
        st.sampled_from(AGES),
    ),
    min_size=1,
    max_size=25,
).map(session_of)


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
    quantities = row["quantity_hagga"], row["quantity_deep_desert"]
    texts = None, row["category"], None, None
    rules = row["target_quantity"], row["multiplier"], False
    return Resource(row["id"], row["name"], *quantities, *texts, *rules, "", 0)


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


@on_both_with_share
def test_any_changes_earn_the_points_that_they_should(
    make_ledger: MakeLedger, examples: float
) -> None:
    clock = Ticking()
    books = make_ledger(clock=clock)
    add_members(books, Known("1", "paul"), Known("2", "Naib"), Known("3", "Naib"))

    @share(examples)
    @given(sessions, st.sampled_from(LEADERBOARD_PERIODS))
    def check(session: Session, of_member: Period) -> None:
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
