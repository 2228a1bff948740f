"""Who earned how many points (data contract, "Leaderboard")."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker_tui.domain.history import HistoryCursor
from tracker_tui.domain.members import Members


class Sum(NamedTuple):
    """What one `user_id` of the leaderboard table stands with, in a period and the one before."""

    user_id: str
    points: float
    actions: int
    points_before: float = 0.0
    actions_before: int = 0


class Ranking(NamedTuple):
    """One member's place; `share` of all points, from 0.0 to 1.0."""

    rank: int
    user_id: str
    name: str
    points: float
    actions: int
    share: float
    climbed: int | None
    """Places won against the period before, signed; None: without a place there."""


class Leaderboard(NamedTuple):
    """The members with points in a period, best first."""

    rankings: list[Ranking]
    has_before: bool
    """Whether places are compared with those of the period before: for all of time there is none.
    """

    def of(self, user_id: str) -> Ranking | None:
        """Return a member's own place."""
        return next((s for s in self.rankings if s.user_id == user_id), None)


class Contribution(NamedTuple):
    """One row of `leaderboard`: how points came about; `at` in Unix seconds."""

    id: str
    action_type: str
    quantity: int
    base: float
    multiplier: float
    bonus: float
    final: float
    resource_name: str
    category: str
    status: str
    at: int
    place: HistoryCursor


class ContributionPage(NamedTuple):
    """Contributions, newest first, and where the next page goes on."""

    entries: list[Contribution]
    end: HistoryCursor | None
    is_last: bool
    looked_back_to: int | None = None
    """See `HistoryPage`."""


class CategoryTotal(NamedTuple):
    """What a member earned with one category."""

    category: str
    points: float
    actions: int


class DayPoints(NamedTuple):
    """What was earned on one day; `day` is counted as in `tracker_tui.domain.days`."""

    day: int
    points: float


class MemberPoints(NamedTuple):
    """How one member's points of a period divide: over categories, and over days."""

    categories: list[CategoryTotal]
    days: list[DayPoints]


def ranked(sums: Iterable[Sum], members: Members, *, has_before: bool) -> Leaderboard:
    """Return the leaderboard of such sums; old rows count for whom their nickname means.

    Equal points share a rank, and the next one is skipped: 1, 2, 2, 4.
    """
    merged: dict[str, Sum] = {}
    for each in sums:
        owner = members.owner_of(each.user_id)
        known = merged.get(owner, Sum(owner, 0.0, 0))
        merged[owner] = Sum(
            owner,
            sane(known.points + sane(each.points)),
            known.actions + each.actions,
            sane(known.points_before + sane(each.points_before)),
            known.actions_before + each.actions_before,
        )
    now = _ranks({m.user_id: m.points for m in merged.values() if m.actions})
    before = _ranks({m.user_id: m.points_before for m in merged.values() if m.actions_before})
    total = sane(sum(max(0.0, merged[user_id].points) for user_id in now))
    rankings = [
        Ranking(
            rank,
            user_id,
            members.name_of(user_id),
            round(merged[user_id].points, 2),
            merged[user_id].actions,
            max(0.0, merged[user_id].points) / total if total > 0 else 0.0,
            before[user_id] - rank if has_before and user_id in before else None,
        )
        for user_id, rank in now.items()
    ]
    rankings.sort(key=lambda s: (s.rank, s.name.casefold(), s.user_id))
    return Leaderboard(rankings, has_before)


def sane(points: float | None) -> float:
    """Return points that can be added up: a hostile row may hold infinity."""
    return points if points is not None and math.isfinite(points) else 0.0


def _ranks(points: dict[str, float]) -> dict[str, int]:
    # To the cent: what is shown as equal is equal.
    cents = {user_id: round(value, 2) for user_id, value in points.items()}
    order: Sequence[str] = sorted(cents, key=lambda user_id: -cents[user_id])
    ranks: dict[str, int] = {}
    for place, user_id in enumerate(order, 1):
        above = order[place - 2] if place > 1 else None
        is_tied = above is not None and cents[above] == cents[user_id]
        ranks[user_id] = ranks[above] if is_tied and above is not None else place
    return ranks
