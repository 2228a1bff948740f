"""Reading quantities over time: of one resource for a chart, of all for the sparklines.

No chart has room for more than `LEVELS` points, so a period is divided into that many slots and
only the last level of each slot is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from peewee import SQL, BaseQuery, Select, Value, fn

from tracker_tui.db.database import Result, Rows
from tracker_tui.db.models import HistoryRow
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.domain.members import Members
from tracker_tui.domain.period import Period, Zone
from tracker_tui.domain.quantity_series import DayLevel, Level, QuantitySeries, Share
from tracker_tui.domain.status import DAY
from tracker_tui.ledger.expressions import change_of_total, gains_and_losses, whole_number
from tracker_tui.ledger.history import HistoryQuery, newest_first
from tracker_tui.ledger.members import members_from, named_members
from tracker_tui.ledger.period import begin_of, day_number

LEVELS: Final = 400
"""The largest number of points in a chart."""
_LATEST: Final = 20


@dataclass(frozen=True, kw_only=True)
class QuantitySeriesQuery:
    """The quantities of a resource over a period, and the members who changed them."""

    resource_id: str
    period: Period

    @property
    def key(self) -> str:
        """See `Query.key`."""
        return f"course {self.period.name} {self.resource_id!r}"

    @staticmethod
    def answer_type() -> type[QuantitySeries]:
        """See `Query.answer_type`."""
        return QuantitySeries

    def queries(self, now: Any) -> list[BaseQuery]:
        """Return the queries for `answer`."""
        row = HistoryRow
        since, until = _begin(self, now), _end(self, now)
        of_resource = row.resource == self.resource_id
        in_period = of_resource & (row.created_at >= since) & (row.created_at <= until)
        quantities = _quantities(row.new_quantity_hagga, row.new_quantity_deep_desert)
        before = (
            row.select(*quantities)
            .where(of_resource, row.created_at < since)
            .order_by(*newest_first(row.created_at))
            .limit(1)
        )
        previous = _quantities(row.previous_quantity_hagga, row.previous_quantity_deep_desert)
        first = (
            row.select(*previous).where(in_period).order_by(row.created_at, SQL("rowid")).limit(1)
        )
        width = (until - since) / LEVELS + 1
        # With one MAX, SQLite takes the other columns from the row that has it (since 3.7.11).
        series = (
            row.select(fn.MAX(SQL("rowid")), row.created_at, *quantities)
            .where(in_period)
            .group_by((row.created_at - since) / width)
            .order_by(SQL("1"))
        )
        by = fn.COALESCE(row.updated_by.cast("TEXT"), "")
        shares = (
            row.select(by, *gains_and_losses())
            .where(in_period, row.change_type == "relative")
            .group_by(SQL("+updated_by"))
        )
        span = Select(columns=[since, until])
        (latest,) = self._latest.queries(now)
        return [span, before, first, series, shares, named_members(), latest]

    def answer(self, results: Sequence[Result]) -> QuantitySeries:
        """See `Query.answer`."""
        *others, latest = results
        span, before, first, series, shares, members = (result.rows for result in others)
        ((since, until),) = span
        levels = [Level(int(at), hagga, deep_desert) for _, at, hagga, deep_desert in series]
        if before:
            levels.insert(0, Level(since, *before[0]))
        elif first and first[0] != (0, 0):
            # The resource is older than its history: use what it held before the first change.
            levels.insert(0, Level(since, *first[0]))
        levels.sort(key=lambda level: level.at)
        entries = self._latest.answer([latest]).entries
        return QuantitySeries(
            since, until, levels, _merged(shares, members_from(members)), tuple(entries)
        )

    @property
    def _latest(self) -> HistoryQuery:
        return HistoryQuery(filter=HistoryFilter(resource_id=self.resource_id), limit=_LATEST)


@dataclass(frozen=True, kw_only=True)
class DailyLevelsQuery:
    """The total of every resource at the end of each of the last days of a zone."""

    days: int
    zone: Zone = None

    @property
    def key(self) -> str:
        """See `Query.key`."""
        return f"daily levels {self.days} {self.zone}"

    @staticmethod
    def answer_type() -> type[list[DayLevel]]:
        """See `Query.answer_type`."""
        return list[DayLevel]

    def queries(self, now: Any) -> list[BaseQuery]:
        """Return the queries for `answer`."""
        row = HistoryRow
        day = day_number(row.created_at, self.zone)
        total = whole_number(row.new_quantity_hagga) + whole_number(row.new_quantity_deep_desert)
        since = now - (self.days + 1) * DAY
        return [
            row.select(
                row.resource,
                day.alias("day"),
                fn.MAX(SQL("rowid")),
                total,
                fn.TOTAL(change_of_total()),
            )
            .where(row.created_at >= since, row.created_at <= now)
            .group_by(SQL("+resource_id"), SQL("day"))
        ]

    def answer(self, results: Sequence[Result]) -> list[DayLevel]:
        """See `Query.answer`."""
        return [
            DayLevel(str(resource_id), day, int(total), int(total - change))
            for resource_id, day, _, total, change in results[0].rows
        ]


def _quantities(hagga: Any, deep_desert: Any) -> list[Any]:
    return [whole_number(hagga), whole_number(deep_desert)]


def _begin(question: QuantitySeriesQuery, now: Any) -> Any:
    """Return when the chart begins; over all time, with the first change."""
    begin = begin_of(question.period, now)
    if begin is not None:
        return begin
    row = HistoryRow
    # A time of 0 or less makes no sense, and would squeeze the chart into its last column.
    earliest = row.select(fn.MIN(row.created_at)).where(
        row.resource == question.resource_id, row.created_at > 0
    )
    return fn.COALESCE(earliest, now)


def _end(question: QuantitySeriesQuery, now: Any) -> Any:
    """Return when the chart ends: now, or at the end of the period if it has one."""
    return now if question.period.until is None else fn.MIN(now, Value(question.period.until))


def _merged(rows: Rows, members: Members) -> list[Share]:
    shares: dict[str, Share] = {}
    for by, gains, losses in rows:
        owner = members.owner_of(by)
        known = shares.get(owner, Share(owner, 0, 0))
        shares[owner] = Share(owner, known.added + int(gains), known.removed - int(losses))
    return list(shares.values())
