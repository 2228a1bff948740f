"""The Leaderboard screen: points by member, in a period."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.worker import Worker

from tracker_tui.domain.leaderboard import Leaderboard
from tracker_tui.domain.period import LEADERBOARD_PERIODS, WEEK, in_period
from tracker_tui.domain.quantities import decimal
from tracker_tui.domain.text import one_line
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.background_work import age_text, answers
from tracker_tui.ui.clipboard_and_browser import copy
from tracker_tui.ui.leaderboard.leaderboard_table import LeaderboardTable, OwnRow
from tracker_tui.ui.main_screen import QueryScreen
from tracker_tui.ui.widgets.key_and_period_bars import KeyBar, PeriodBar
from tracker_tui.ui.widgets.line_table import LineTable


class LeaderboardScreen(QueryScreen):
    """Members, best first. A period is one request."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,f", "period(1)", "Period", id="leaderboard.period", key_display="← →"),
        Binding(
            "left", "period(-1)", "Previous period", id="leaderboard.period-before", show=False
        ),
        Binding("y", "copy", "Copy", id="leaderboard.copy", show=False),
    ]
    title_key = "leaderboard"

    def __init__(self, tracker: Tracker) -> None:
        super().__init__(tracker)
        self.periods = PeriodBar(LEADERBOARD_PERIODS, WEEK, id="periods")
        self.table = LeaderboardTable(tracker.member.id, id="table")
        self.own_row = OwnRow(self.table, id="own")
        self.read_at: float | None = None
        self.trouble: TrackerError | None = None
        self._reading: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the screen from top to bottom."""
        yield self.status_bar
        yield self.periods
        yield self.table
        yield self.own_row
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Read the leaderboard."""
        self.set_focus(self.table)
        self.read()

    # Reading

    def read(self) -> None:
        """Read the leaderboard of the period; what is shown stays until the answer is here."""
        self.trouble = None
        self._reading = self.run_worker(self._read, group="leaderboard", exclusive=True)
        self.show_summary()

    async def _read(self) -> None:
        query_cache = self.tracker.query_cache
        query = query_cache.leaderboard(self.periods.period)
        try:
            async for answer in answers(query_cache, query, is_shown=self.read_at is not None):
                self.read_at = answer.at
                self._show(answer.value)
                self.show_summary()
        except TrackerError as error:
            self.trouble = error
            self.table.empty_text = f"{one_line(str(error), 500)} r tries again."
        self.show_summary()

    def _show(self, leaderboard: Leaderboard) -> None:
        self.table.empty_text = f"No points {in_period(self.periods.period)}."
        self.table.show(leaderboard)
        self.own_row.show(leaderboard.of(self.tracker.member.id))

    def show_summary(self) -> None:
        """Show the number of members, and how old the leaderboard is."""
        is_reading = self._reading is not None and not self._reading.is_finished
        count = self.table.row_count
        members = "" if self.read_at is None else f"{count} member{'' if count == 1 else 's'}"
        trouble = "" if self.trouble is None else one_line(str(self.trouble), 120)
        age = age_text(self.read_at, self.trouble, is_reading=is_reading and not self.trouble)
        if self.read_at is None and self.trouble is None:
            self.table.empty_text = "reading …"
        self.periods.note = " · ".join(filter(None, (members, age, trouble)))

    @on(PeriodBar.Chosen)
    def _show_period(self) -> None:
        self.read_at = None
        self.table.show(Leaderboard([], has_before=False))
        self.own_row.show(None)
        self.read()

    @property
    def is_in_trouble(self) -> bool:
        """Whether the last read failed."""
        return self.trouble is not None

    def read_newest(self) -> None:
        """Read the leaderboard again, unless the first read still runs."""
        if self.read_at is not None or self.trouble is not None:
            self.read()

    def read_everything(self) -> None:
        """Read the leaderboard again; it is always read as a whole."""
        self.read_newest()

    # Keys

    def action_period(self, by: int) -> None:
        """Show the next or the previous period."""
        self.periods.step(by)

    def action_copy(self) -> None:
        """Copy the highlighted row as one line of text."""
        ranking = self.table.highlighted
        if ranking is not None:
            name = one_line(ranking.name, 60)
            points = f"{decimal(ranking.points)} points, {ranking.actions} actions"
            copy(self, f"{ranking.rank}. {name}: {points} {in_period(self.periods.period)}")

    @on(LineTable.Opened)
    def open_member(self) -> None:
        """Open the contributions of the highlighted member."""
        from tracker_tui.ui.leaderboard.member_screen import MemberScreen

        ranking = self.table.highlighted
        if ranking is not None and self.app.screen is self:
            self.app.push_screen(MemberScreen(self.tracker, ranking, self.periods.period))
