"""Reading what one member did in a period: their changes, days in a row, and points.

The history counts changes by resource; the leaderboard counts points. Both are asked for all of a
member's aliases, because old rows hold a nickname (`members`). A streak looks back over 400 days,
whatever the period is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from peewee import SQL, BaseQuery, Select, fn

from tracker_tui.db.database import Result
from tracker_tui.db.models import HistoryRow, LeaderboardRow
from tracker_tui.domain.activity import (
    Activity,
    CategoryTotal,
    DayPoints,
    MemberPoints,
    ResourceActivity,
)
from tracker_tui.domain.leaderboard import finite
from tracker_tui.domain.period import Period, Zone, day_of
from tracker_tui.domain.status import DAY
from tracker_tui.ledger.expressions import gains_and_losses
from tracker_tui.ledger.members import is_one_of, member_aliases
from tracker_tui.ledger.period import day_number, within

_STREAK_DAYS: Final = 400
"""How far back a streak is counted."""
_DAYS_SHOWN: Final = 400
"""For how many days, the latest ones, points are listed one by one."""


@dataclass(frozen=True, kw_only=True)
class ActivityQuery:
    """A member's activity in a period, by resource and by the days of a zone."""

    member_id: str
    period: Period
    zone: Zone = None

    @property
    def key(self) -> str:
        """See `Query.key`."""
        return f"activity {self.period.name} {self.member_id!r} {self.zone}"

    @staticmethod
    def answer_type() -> type[Activity]:
        """See `Query.answer_type`."""
        return Activity

    def queries(self, now: Any) -> list[BaseQuery]:
        """Return the queries for `answer`."""
        row, points = HistoryRow, LeaderboardRow
        aliases = member_aliases(self.member_id)
        is_theirs = is_one_of(row.updated_by, aliases)
        changes = fn.COUNT(SQL("*"))
        resources = (
            row.select(row.resource, changes, *gains_and_losses())
            .where(is_theirs, *within(row.created_at, self.period, now))
            .group_by(SQL("+resource_id"))
            .order_by(changes.desc())
        )
        day = day_number(row.created_at, self.zone)
        days = (
            row.select(day)
            .where(is_theirs, row.created_at >= now - _STREAK_DAYS * DAY, row.created_at <= now)
            .distinct()
        )
        earned = points.select(fn.TOTAL(points.final_points), fn.COUNT(SQL("*"))).where(
            is_one_of(points.user_id, aliases), *within(points.created_at, self.period, now)
        )
        return [Select(columns=[now]), resources, days, earned]

    def answer(self, results: Sequence[Result]) -> Activity:
        """See `Query.answer`."""
        clock, resources, days, earned = (result.rows for result in results)
        points, actions = earned[0]
        return Activity(
            finite(points),
            actions,
            [
                ResourceActivity(str(resource_id), how_many, int(added), -int(removed))
                for resource_id, how_many, added, removed in resources
            ],
            sorted(day for (day,) in days),
            day_of(int(clock[0][0]), self.zone),
        )


@dataclass(frozen=True, kw_only=True)
class MemberPointsQuery:
    """A member's points in a period, by category and by the days of a zone."""

    member_id: str
    period: Period
    zone: Zone = None

    @property
    def key(self) -> str:
        """See `Query.key`."""
        return f"points {self.period.name} {self.member_id!r} {self.zone}"

    @staticmethod
    def answer_type() -> type[MemberPoints]:
        """See `Query.answer_type`."""
        return MemberPoints

    def queries(self, now: Any) -> list[BaseQuery]:
        """Return the queries for `answer`."""
        row = LeaderboardRow
        conditions = [
            is_one_of(row.user_id, member_aliases(self.member_id)),
            *within(row.created_at, self.period, now),
        ]
        category = fn.COALESCE(row.resource_category.cast("TEXT"), "")
        points = fn.TOTAL(row.final_points)
        day = day_number(row.created_at, self.zone).alias("day")
        return [
            row.select(category.alias("category"), points, fn.COUNT(SQL("*")))
            .where(*conditions)
            .group_by(SQL("category"))
            .order_by(points.desc()),
            row.select(day, points)
            .where(*conditions)
            .group_by(SQL("day"))
            .order_by(SQL("day DESC"))
            .limit(_DAYS_SHOWN),
        ]

    def answer(self, results: Sequence[Result]) -> MemberPoints:
        """See `Query.answer`."""
        categories, days = (result.rows for result in results)
        return MemberPoints(
            [
                CategoryTotal(category, finite(points), actions)
                for category, points, actions in categories
            ],
            [DayPoints(day, finite(points)) for day, points in reversed(days)],
        )
