"""One member's points: what earned them, with which categories, and on which days."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from tracker_tui.domain.activity import MemberPoints
from tracker_tui.domain.leaderboard import Ranking
from tracker_tui.domain.period import MONTH, Period, in_period, start_of
from tracker_tui.domain.quantities import decimal
from tracker_tui.domain.status import DAY
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background import answers
from tracker_tui.ui.leaderboard.contributions import ContributionTable
from tracker_tui.ui.widgets.chart import ChartView
from tracker_tui.ui.widgets.dialogs import QueryDialog
from tracker_tui.ui.widgets.series_charts import points_chart

_CATEGORIES_SHOWN = 6
_LONGEST_CHART = 365 * DAY


class MemberScreen(QueryDialog[None]):
    """A member's contributions of a period, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "refresh", "Refresh", id="member.refresh"),
    ]

    def __init__(self, tracker: Tracker, ranking: Ranking, period: Period) -> None:
        super().__init__(tracker)
        self._standing = ranking
        self._period = period
        self.table = ContributionTable(tracker.query_cache, id="contributions")
        self.chart = ChartView(id="member-chart")
        self._title = Static(self._told(ranking.name), classes="dialog-title")
        self._categories = Static("reading …", id="member-categories", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out totals and chart beside each other, contributions below."""
        with Vertical(classes="dialog wide whole"):
            yield self._title
            with Horizontal(id="member-top"):
                yield self._categories
                yield self.chart
            yield self.table
            yield Static("↑ ↓ scroll   r refresh   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Ask for both."""
        query_cache, member = self._tracker.query_cache, self._standing.user_id
        self.table.nothing_text = f"No points {in_period(self._period)}."
        self.table.show(partial(query_cache.contributions, member, self._period))
        self.set_focus(self.table)
        self._read_points()

    def _told(self, name: str) -> Text:
        ranking = self._standing
        points = f"#{ranking.rank}, {decimal(ranking.points)} points {in_period(self._period)}"
        return Text(f"{one_line(name, 60)}   {points}")

    def read_everything(self) -> None:
        """Read both again, and call the member what they are called now."""
        self._title.update(self._told(self._tracker.name_of(self._standing.user_id)))
        self.table.refresh_everything()
        self._read_points()

    @work(group="points", exclusive=True)
    async def _read_points(self) -> None:
        query_cache = self._tracker.query_cache
        question = query_cache.member_points(self._standing.user_id, self._period)
        try:
            async for answer in answers(query_cache, question, is_shown=self.chart.has_chart):
                self._show(answer.value)
        except TrackerError as error:
            if not self.chart.has_chart:
                self._categories.update(str(error))

    def _show(self, points: MemberPoints) -> None:
        self._categories.update(_categories(points))
        zone, now = self._tracker.query_cache.zone, self._tracker.now()
        span = self._period.span
        if span is None:
            first = start_of(points.days[0].day, zone) if points.days else now - (MONTH.span or 0)
            span = min(_LONGEST_CHART, now - first)
        self.chart.show(partial(points_chart, points.days, now - span, now, zone))


def _categories(points: MemberPoints) -> Text:
    text = Text("By category\n", "bold")
    shown, rest = points.categories[:_CATEGORIES_SHOWN], points.categories[_CATEGORIES_SHOWN:]
    for each in shown:
        name = one_line(each.category or "Other", 18)
        text.append(f"{name:<18} {decimal(each.points):>11}\n")
    if rest:
        text.append(
            f"{f'{len(rest)} more':<18} {decimal(sum(e.points for e in rest)):>11}\n", "dim"
        )
    return text
