"""What the player did: their own changes, points, totals by resource, days in a row."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Static

from tracker_tui.domain.activity import Activity, ResourceActivity
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.domain.period import PERIODS, WEEK, in_period
from tracker_tui.domain.quantities import decimal, grouped
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background import answers
from tracker_tui.ui.history.entries_screen import EntriesScreen
from tracker_tui.ui.widgets.bars import KeyBar, PeriodBar
from tracker_tui.ui.widgets.formatting import fit, labelled_lines

_RESOURCES_SHOWN, _RESOURCES_SHOWN_IF_TALL, _TALL = 5, 12, 40
_SUMS = 35
"""Cells of the numbers beside a name."""
_NAME_AT_LEAST = 8


class ActivityScreen(EntriesScreen):
    """The player's own history, with what it adds up to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,f", "period(1)", "Period", id="activity.period", key_display="← →"),
        Binding("left", "period(-1)", "Period before", id="activity.period-before", show=False),
    ]
    title_key = "activity"

    def __init__(self, tracker: Tracker) -> None:
        super().__init__(tracker)
        self.periods = PeriodBar(PERIODS, WEEK, id="periods")
        self.sums = Static("reading …", id="activity-sums", markup=False)
        self.resources = Static("", id="activity-resources", markup=False)
        self._is_shown = False
        self._shown: Activity | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield self.status_bar
        yield self.periods
        with Horizontal(id="activity-top"):
            yield self.sums
            yield self.resources
        yield self.table
        yield KeyBar(id="keys")

    def show_filter(self) -> None:
        """Show the changes of the period, and what they add up to."""
        member, period = self.tracker.member.id, self.periods.period
        self.wish = HistoryFilter(member_id=member, period=period)
        super().show_filter()
        self._is_shown = False
        self._add_up()

    def _why_nothing(self) -> str:
        return f"You changed nothing {in_period(self.wish.span)}."

    @work(group="sums", exclusive=True)
    async def _add_up(self) -> None:
        query_cache = self.tracker.query_cache
        question = query_cache.activity(self.tracker.member.id, self.periods.period)
        try:
            async for answer in answers(query_cache, question, is_shown=self._is_shown):
                self._is_shown = True
                self._show_sums(answer.value)
        except TrackerError as error:
            if not self._is_shown:
                self.sums.update(str(error))
                self.resources.update("")

    def _show_sums(self, activity: Activity) -> None:
        self._shown = activity
        named = [
            ("Changes", grouped(activity.changes)),
            ("Resources", grouped(len(activity.resources))),
            ("Points", decimal(activity.points)),
            ("Days in a row", grouped(activity.streak)),
        ]
        self.sums.update(labelled_lines(named))
        self.resources.update(self._resources_text(activity.resources))

    def on_resize(self) -> None:
        """Give names what room there is."""
        if self._shown is not None:
            self.call_after_refresh(self._show_sums, self._shown)

    def _resources_text(self, resources: list[ResourceActivity]) -> Text:
        """Return the resources that were changed most often, and the others as one."""
        lines = [
            (self.tracker.resource_name(each.resource_id), each.changes, each.added, each.removed)
            for each in resources
        ]
        shown = _RESOURCES_SHOWN if self.size.height < _TALL else _RESOURCES_SHOWN_IF_TALL
        if len(lines) > shown:
            others = lines[shown - 1 :]
            _, *sums = zip(*others, strict=True)
            changes, added, removed = map(sum, sums)
            lines[shown - 1 :] = [(f"{len(others)} more", changes, added, removed)]
        room = max(_NAME_AT_LEAST, self.resources.size.width - _SUMS)
        return Text("\n").join(
            Text(
                f"{fit(one_line(name, 60), room)} {grouped(changes):>5} x"
                f"{f'+{grouped(added)}':>13}{f'-{grouped(removed)}':>13}"
            )
            for name, changes, added, removed in lines
        )

    def show_facts(self) -> None:
        """Say how far an export is, and how old what is shown is."""
        self.periods.note = " · ".join(filter(None, (self._export.told, self.age)))

    @on(PeriodBar.Chosen)
    def _take_period(self) -> None:
        self.show_filter()

    def read_news(self) -> None:
        """Read what is new, and add it up."""
        self._add_up_anew()
        super().read_news()

    def read_everything(self) -> None:
        """Read all that is shown, and add it up."""
        self._add_up_anew()
        super().read_everything()

    def _add_up_anew(self) -> None:
        """Add up, unless that is under way for the first time."""
        if self._is_shown or self.is_in_trouble:
            self._add_up()

    def action_period(self, by: int) -> None:
        """Look at another period."""
        self.periods.step(by)
