"""The leaderboard: members ranked by points, and the rows that earned them.

Data contract, "Leaderboard". Equal points share a rank: 1, 2, 2, 4.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tracker_tui.domain.members import Members
from tracker_tui.domain.pages import Page, PageCursor


class Sum(NamedTuple):
    """Totals of one `user_id` in the leaderboard table, in a period and in the one before it."""

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
    """Ranks gained since the period before, signed; None if the member had no rank then."""


class Leaderboard(NamedTuple):
    """The members with points in a period, best first. Kept on disk as an array."""

    rankings: list[Ranking]
    has_before: bool
    """Whether ranks are compared with the period before; all time has none."""

    def of(self, user_id: str) -> Ranking | None:
        """Return one member's place."""
        return next((each for each in self.rankings if each.user_id == user_id), None)


class Contribution(NamedTuple):
    """One row of `leaderboard`: the parts of the points of one change; `at` in Unix seconds.

    Kept on disk as an array, so its fields keep their order.
    """

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
    place: PageCursor


ContributionPage = Page[Contribution]


def ranked(sums: Iterable[Sum], members: Members, *, has_before: bool) -> Leaderboard:
    """Return the leaderboard for the sums. Rows under a nickname count for that member."""
    merged = _by_member(sums, members)
    now = _ranks({each.user_id: each.points for each in merged.values() if each.actions})
    before = _ranks(
        {each.user_id: each.points_before for each in merged.values() if each.actions_before}
    )
    total = finite(sum(max(0.0, merged[user_id].points) for user_id in now))
    rankings = [
        Ranking(
            rank=rank,
            user_id=user_id,
            name=members.name_of(user_id),
            points=round(merged[user_id].points, 2),
            actions=merged[user_id].actions,
            share=max(0.0, merged[user_id].points) / total if total > 0 else 0.0,
            climbed=before[user_id] - rank if has_before and user_id in before else None,
        )
        for user_id, rank in now.items()
    ]
    rankings.sort(key=lambda each: (each.rank, each.name.casefold(), each.user_id))
    return Leaderboard(rankings=rankings, has_before=has_before)


def finite(points: float | None) -> float:
    """Return points that can be added up: 0 for infinity, which a hostile row may hold."""
    return points if points is not None and math.isfinite(points) else 0.0


def _by_member(sums: Iterable[Sum], members: Members) -> dict[str, Sum]:
    merged: dict[str, Sum] = {}
    for each in sums:
        owner = members.owner_of(each.user_id)
        known = merged.get(owner, Sum(user_id=owner, points=0.0, actions=0))
        merged[owner] = Sum(
            user_id=owner,
            points=finite(known.points + finite(each.points)),
            actions=known.actions + each.actions,
            points_before=finite(known.points_before + finite(each.points_before)),
            actions_before=known.actions_before + each.actions_before,
        )
    return merged


def _ranks(points: dict[str, float]) -> dict[str, int]:
    # Compared to the cent, as they are shown.
    cents = {user_id: round(value, 2) for user_id, value in points.items()}
    order: Sequence[str] = sorted(cents, key=lambda user_id: -cents[user_id])
    ranks: dict[str, int] = {}
    for place, user_id in enumerate(order, 1):
        above = order[place - 2] if place > 1 else None
        is_tied = above is not None and cents[above] == cents[user_id]
        ranks[user_id] = ranks[above] if is_tied and above is not None else place
    return ranks
