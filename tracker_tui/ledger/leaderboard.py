"""Reading points: how many each member earned in a period, and what one member earned them for.

Points of a period are summed with `GROUP BY +user_id` (data contract, "Leaderboard"). Without the
plus, SQLite takes the index on (user_id, …) and reads all rows there are; over all time, where all
rows are read anyway, that is the faster way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from peewee import SQL, BaseQuery, Case, Node, Select, Value, fn

from tracker_tui.db.database import Result
from tracker_tui.db.models import LeaderboardRow
from tracker_tui.domain.leaderboard import (
    Contribution,
    ContributionPage,
    Leaderboard,
    Sum,
    finite,
    ranked,
)
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import Period
from tracker_tui.ledger.expressions import seconds, whole_number
from tracker_tui.ledger.history import (
    PAGE,
    between_places,
    newest_first,
    place_of,
    stored_time,
)
from tracker_tui.ledger.members import (
    member_aliases,
    members_from,
    merged,
    named_members,
)
from tracker_tui.ledger.period import within


@dataclass(frozen=True, kw_only=True)
class LeaderboardQuery:
    """The points of each member in a period, and in the period before it."""

    period: Period

    @property
    def key(self) -> str:
        """See `Query.key`."""
        return f"leaderboard {self.period.name}"

    @staticmethod
    def answer_type() -> type[Leaderboard]:
        """See `Query.answer_type`."""
        return Leaderboard

    def queries(self, now: Any) -> list[BaseQuery]:
        """Return the queries for `answer`."""
        row, period = LeaderboardRow, self.period
        user = row.user_id.cast("TEXT")
        if period.span is None:
            sums = row.select(
                user, fn.SUM(row.final_points), fn.COUNT(SQL("*")), Value(0.0), Value(0)
            )
            sums = sums.where(*within(row.created_at, period, now)) if not period.is_all else sums
            by: Node = SQL("user_id") if period.is_all else SQL("+user_id")
            return [sums.group_by(by), named_members()]
        # Both periods in one query, which reads each row once.
        is_now = row.created_at >= now - period.span
        points = fn.TOTAL(Case(None, ((is_now, row.final_points),), Value(0.0)))
        before = fn.TOTAL(Case(None, ((is_now, Value(0.0)),), row.final_points))
        sums = (
            row.select(user, points, fn.SUM(is_now), before, fn.SUM(~is_now))
            .where(row.created_at >= now - 2 * period.span)
            .group_by(SQL("+user_id"))
        )
        return [sums, named_members()]

    def answer(self, results: Sequence[Result]) -> Leaderboard:
        """See `Query.answer`."""
        sums, members = results
        return ranked(
            (Sum(user or "", now, n, before, m) for user, now, n, before, m in sums.rows),
            members_from(members.rows),
            has_before=self.period.span is not None,
        )


@dataclass(frozen=True, kw_only=True)
class ContributionsQuery:
    """One page of the changes that earned a member points; see `HistoryQuery`."""

    member_id: str
    period: Period
    before: PageCursor | None = None
    down_to: PageCursor | None = None
    limit: int = PAGE

    @property
    def key(self) -> str:
        """See `Query.key`."""
        return f"contributions {self.period.name} {self.member_id!r}"

    @staticmethod
    def answer_type() -> type[ContributionPage]:
        """See `Query.answer_type`."""
        return ContributionPage  # type: ignore[return-value]  # mypy takes the alias for Page[T]

    def queries(self, now: Any) -> list[BaseQuery]:
        """Return the queries for `answer`."""
        parts = (_newest_of(alias, self, now) for alias in member_aliases(self.member_id))
        return [merged(parts, self.limit)]

    def answer(self, results: Sequence[Result]) -> ContributionPage:
        """See `Query.answer`."""
        entries = [_contribution_from(row) for row in results[0].rows]
        end = entries[-1].place if entries else self.before
        is_complete = len(entries) < self.limit
        if is_complete and self.down_to is not None:
            return ContributionPage(entries, self.down_to, is_last=False)
        return ContributionPage(entries, end, is_complete)


def _contribution_from(row: Sequence[Any]) -> Contribution:
    *known, stored, _, rowid = row
    entry = Contribution._make((*known, place_of(stored, rowid)))
    return entry._replace(
        base=finite(entry.base),
        multiplier=finite(entry.multiplier),
        bonus=finite(entry.bonus),
        final=finite(entry.final),
    )


def _newest_of(alias: Any, question: ContributionsQuery, now: Any) -> Select:
    row, rowid = LeaderboardRow, SQL("rowid")
    return (
        row.select(
            fn.COALESCE(row.id.cast("TEXT"), ""),
            fn.COALESCE(row.action_type.cast("TEXT"), ""),
            whole_number(row.quantity_changed),
            *(
                fn.COALESCE(number.cast("REAL"), Value(0.0))
                for number in (
                    row.base_points,
                    row.resource_multiplier,
                    row.status_bonus,
                    row.final_points,
                )
            ),
            fn.COALESCE(row.resource_name.cast("TEXT"), ""),
            fn.COALESCE(row.resource_category.cast("TEXT"), ""),
            fn.COALESCE(row.resource_status.cast("TEXT"), ""),
            fn.COALESCE(seconds(row.created_at), 0),
            stored_time(row.created_at),
            row.created_at,
            rowid.alias("place"),
        )
        .where(
            row.user_id == alias,
            *within(row.created_at, question.period, now),
            *between_places(row.created_at, rowid, question.before, question.down_to),
        )
        .order_by(*newest_first(row.created_at))
        .limit(question.limit)
    )
