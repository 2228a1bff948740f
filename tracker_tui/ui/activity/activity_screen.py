"""My activity: the player's own changes in a period, and what they add up to."""

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
from tracker_tui.ui.background_work import answers
from tracker_tui.ui.history.history_entries_screen import EntriesScreen
from tracker_tui.ui.widgets.formatting import fit, labelled_lines
from tracker_tui.ui.widgets.key_and_period_bars import KeyBar, PeriodBar

_RESOURCES_SHOWN, _RESOURCES_SHOWN_IF_TALL, _TALL = 5, 12, 40
_NUMBERS = 35
"""Cells of the numbers beside a name."""
_NAME_AT_LEAST = 8


class ActivityScreen(EntriesScreen):
    """The player's own history, with its sums above it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,f", "period(1)", "Period", id="activity.period", key_display="← →"),
        Binding("left", "period(-1)", "Previous period", id="activity.period-before", show=False),
    ]
    title_key = "activity"

    def __init__(self, tracker: Tracker) -> None:
        super().__init__(tracker)
        self.periods = PeriodBar(PERIODS, WEEK, id="periods")
        self.sums = Static("reading …", id="activity-sums", markup=False)
        self.resources = Static("", id="activity-resources", markup=False)
        self._activity: Activity | None = None
        self._has_sums = False
        """Whether the sums shown belong to the chosen period."""

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield self.status_bar
        yield self.periods
        with Horizontal(id="activity-top"):
            yield self.sums
            yield self.resources
        yield self.table
        yield KeyBar(id="keys")

    def show_filtered(self) -> None:
        """Show the player's changes in the chosen period, and their sums."""
        member, period = self.tracker.member.id, self.periods.period
        self.filters = HistoryFilter(member_id=member, period=period)
        super().show_filtered()
        self._has_sums = False
        self._read_sums()

    def _empty_text(self) -> str:
        return f"You changed nothing {in_period(self.filters.span)}."

    @work(group="sums", exclusive=True)
    async def _read_sums(self) -> None:
        query_cache = self.tracker.query_cache
        query = query_cache.activity(self.tracker.member.id, self.periods.period)
        try:
            async for answer in answers(query_cache, query, is_shown=self._has_sums):
                self._has_sums = True
                self._show_sums(answer.value)
        except TrackerError as error:
            if not self._has_sums:
                self.sums.update(str(error))
                self.resources.update("")

    def _show_sums(self, activity: Activity) -> None:
        self._activity = activity
        named = [
            ("Changes", grouped(activity.changes)),
            ("Resources", grouped(len(activity.resources))),
            ("Points", decimal(activity.points)),
            ("Days in a row", grouped(activity.streak)),
        ]
        self.sums.update(labelled_lines(named))
        self.resources.update(self._resources_text(activity.resources))

    def on_resize(self) -> None:
        """Fit the names to the new width."""
        if self._activity is not None:
            self.call_after_refresh(self._show_sums, self._activity)

    def _resources_text(self, resources: list[ResourceActivity]) -> Text:
        """Return a line for each of the most changed resources; the others share the last line."""
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
        room = max(_NAME_AT_LEAST, self.resources.size.width - _NUMBERS)
        return Text("\n").join(
            Text(
                f"{fit(one_line(name, 60), room)} {grouped(changes):>5} x"
                f"{f'+{grouped(added)}':>13}{f'-{grouped(removed)}':>13}"
            )
            for name, changes, added, removed in lines
        )

    def show_summary(self) -> None:
        """Show the progress of an export, and how old the entries are."""
        self.periods.note = " · ".join(filter(None, (self._export.progress, self.age)))

    @on(PeriodBar.Chosen)
    def _show_period(self) -> None:
        self.show_filtered()

    def read_newest(self) -> None:
        """Load new entries and read the sums again."""
        self._refresh_sums()
        super().read_newest()

    def read_everything(self) -> None:
        """Load all entries and the sums again."""
        self._refresh_sums()
        super().read_everything()

    def _refresh_sums(self) -> None:
        """Read the sums again, unless their first read still runs."""
        if self._has_sums or self.is_in_trouble:
            self._read_sums()

    def action_period(self, by: int) -> None:
        """Show the next or the previous period."""
        self.periods.step(by)
