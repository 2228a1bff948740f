"""One member's points: each contribution, the sums by category, and a chart by day."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Final

from rich.style import Style
from rich.text import Text
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.strip import Strip
from textual.widgets import Static

from tracker_tui.domain.activity import MemberPoints
from tracker_tui.domain.leaderboard import Contribution, Ranking
from tracker_tui.domain.messages import STATUS_LOOKS
from tracker_tui.domain.period import MONTH, Period, in_period, local_time, start_of
from tracker_tui.domain.quantities import decimal, grouped
from tracker_tui.domain.status import DAY
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background_work import answers
from tracker_tui.ui.widgets.chart import ChartView
from tracker_tui.ui.widgets.dialogs import QueryDialog
from tracker_tui.ui.widgets.formatting import fit
from tracker_tui.ui.widgets.line_table import filled, spaced
from tracker_tui.ui.widgets.paged_table import PagedTable
from tracker_tui.ui.widgets.series_charts import points_chart

_CATEGORIES_SHOWN = 6
_LONGEST_CHART = 365 * DAY
_TIME, _QUANTITY, _POINTS = 5, 13, 12
_NAME_AT_LEAST, _NAME_AT_MOST = 10, 32
_SIGNS = {"ADD": "+", "SET": "=", "REMOVE": "-"}
_STATUS_WORDS: Final = {status.value: look.word for status, look in STATUS_LOOKS.items()}


class MemberScreen(QueryDialog[None]):
    """A member's contributions in a period, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "refresh", "Refresh", id="member.refresh"),
    ]

    def __init__(self, tracker: Tracker, ranking: Ranking, period: Period) -> None:
        super().__init__(tracker)
        self._ranking = ranking
        self._period = period
        self.table = ContributionTable(tracker.query_cache, id="contributions")
        self.chart = ChartView(id="member-chart")
        self._title = Static(self._title_text(ranking.name), classes="dialog-title")
        self._categories = Static("reading …", id="member-categories", markup=False)

    def compose(self) -> ComposeResult:
        """Lay out categories and chart side by side, contributions below."""
        with Vertical(classes="dialog wide whole"):
            yield self._title
            with Horizontal(id="member-top"):
                yield self._categories
                yield self.chart
            yield self.table
            yield Static("↑ ↓ scroll   r refresh   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        """Read contributions and points."""
        query_cache, member = self._tracker.query_cache, self._ranking.user_id
        self.table.nothing_text = f"No points {in_period(self._period)}."
        self.table.show(partial(query_cache.contributions, member, self._period))
        self.set_focus(self.table)
        self._read_points()

    def _title_text(self, name: str) -> Text:
        ranking = self._ranking
        points = f"#{ranking.rank}, {decimal(ranking.points)} points {in_period(self._period)}"
        return Text(f"{one_line(name, 60)}   {points}")

    def read_everything(self) -> None:
        """Read everything again; the member's name may have changed."""
        self._title.update(self._title_text(self._tracker.name_of(self._ranking.user_id)))
        self.table.refresh_everything()
        self._read_points()

    @work(group="points", exclusive=True)
    async def _read_points(self) -> None:
        query_cache = self._tracker.query_cache
        query = query_cache.member_points(self._ranking.user_id, self._period)
        try:
            async for answer in answers(query_cache, query, is_shown=self.chart.has_chart):
                self._show(answer.value)
        except TrackerError as error:
            if not self.chart.has_chart:
                self._categories.update(str(error))

    def _show(self, points: MemberPoints) -> None:
        self._categories.update(_categories_text(points))
        zone, now = self._tracker.query_cache.zone, self._tracker.now()
        span = self._period.span
        if span is None:
            first = start_of(points.days[0].day, zone) if points.days else now - (MONTH.span or 0)
            span = min(_LONGEST_CHART, now - first)
        self.chart.show(partial(points_chart, points.days, now - span, now, zone))


def _categories_text(points: MemberPoints) -> Text:
    text = Text("By category\n", "bold")
    shown, rest = points.categories[:_CATEGORIES_SHOWN], points.categories[_CATEGORIES_SHOWN:]
    for each in shown:
        name = one_line(each.category or "Other", 18)
        text.append(f"{name:<18} {decimal(each.points):>11}\n")
    if rest:
        total = decimal(sum(each.points for each in rest))
        text.append(f"{f'{len(rest)} more':<18} {total:>11}\n", "dim")
    return text


class ContributionTable(PagedTable[Contribution]):
    """The changes that earned a member points, newest first, and how they were computed."""

    def header_line(self, width: int) -> Strip:
        """Draw the column titles."""
        name, how = _widths(width)
        style = self.style_of("header")
        titles = [
            "Time".ljust(_TIME),
            "Resource".ljust(name),
            "Quantity".rjust(_QUANTITY),
            "Points".rjust(_POINTS),
            "How they are computed".ljust(how),
        ]
        return filled(" ".join(titles), style, width)

    def entry_line(self, row: Contribution, base: Style, width: int) -> Strip:
        """Draw a contribution in one line."""
        name, how = _widths(width)
        dim = base + self.style_of("dim")
        quantity = f"{_SIGNS.get(row.action_type, '')}{grouped(row.quantity)}"
        cells = [
            (f"{local_time(row.at, self._query_cache.zone):%H:%M}", dim),
            (fit(one_line(row.resource_name, 60), name), base + Style(bold=True)),
            (fit(quantity, _QUANTITY, is_right=True), base),
            (fit(decimal(row.final), _POINTS, is_right=True), base),
            (fit(points_formula(row), how), dim),
        ]
        return spaced(cells, width, base)


def points_formula(row: Contribution) -> str:
    """Return how the points were computed: `50 x 1.1 + 10 % (critical)`."""
    formula = decimal(row.base).rstrip("0").rstrip(".") + f" x {row.multiplier:g}"
    if row.bonus:
        status = _STATUS_WORDS.get(row.status) or one_line(row.status, 24)
        formula += f" + {row.bonus * 100:g} % ({status})"
    return formula


def _widths(width: int) -> tuple[int, int]:
    """Return the cells of the resource's name and of the formula."""
    room = width - _TIME - _QUANTITY - _POINTS - 4
    name = max(_NAME_AT_LEAST, min(_NAME_AT_MOST, room // 2))
    return name, max(0, room - name)
