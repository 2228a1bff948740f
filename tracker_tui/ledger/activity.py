"""Reading what one member did in a period."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from peewee import SQL, BaseQuery, Select, fn

from tracker_tui.db.database import Result
from tracker_tui.db.models import HistoryRow, LeaderboardRow
from tracker_tui.domain.activity import Activity, ResourceActivity
from tracker_tui.domain.leaderboard import finite
from tracker_tui.domain.period import Period, Zone, day_of
from tracker_tui.domain.status import DAY
from tracker_tui.ledger.days import day_number
from tracker_tui.ledger.expressions import gains_and_losses
from tracker_tui.ledger.history import within
from tracker_tui.ledger.members import is_one_of, member_aliases

_STREAK_DAYS: Final = 400
"""How far back days in a row are counted."""


class ActivityQuery(NamedTuple):
    """Asks what a member did in a period, in days of a zone."""

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
        """Return what `answer` understands the results of."""
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
        """Build a member's activity from the results."""
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
