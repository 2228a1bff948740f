"""How the totals of all resources went: read behind the screen, in one request, and kept.

What that takes is imported when the column is switched on: the first screen must not pay for it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Final

from textual.screen import Screen
from textual.worker import Worker

from tracker_tui.errors import TrackerError
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.resources.resource_columns import SPARKLINE_DAYS

if TYPE_CHECKING:
    from tracker_tui.domain.quantity_series import DailyTotals, DayLevel
    from tracker_tui.tracker.query_cache import QueryResult

_FRESH_SECONDS: Final = 15 * 60


class Sparklines:
    """What the column of sparklines draws; today's total is always the one that is shown."""

    def __init__(
        self, screen: Screen[None], tracker: Tracker, show_rows: Callable[[], None]
    ) -> None:
        """Read for a screen; `show_rows` shows its rows anew, once there is more to show."""
        self._screen = screen
        self._show_rows = show_rows
        self._tracker = tracker
        self._reading: Worker[None] | None = None
        self._asked_at: float | None = None
        self._known: DailyTotals | None = None
        self.totals: DailyTotals | None = None
        """None: the column is switched off."""

    def want(self, *, is_wanted: bool) -> None:
        """Switch the column on or off; what is old is read anew, behind the screen."""
        self.totals = self._known_or_none_yet() if is_wanted else None
        is_fresh = self._asked_at is not None and monotonic() - self._asked_at < _FRESH_SECONDS
        if is_wanted and not is_fresh and self._tracker.last_refresh is not None:
            self.read()

    def _known_or_none_yet(self) -> DailyTotals:
        from tracker_tui.domain.quantity_series import DailyTotals

        return self._known or DailyTotals((), 0, 0)

    def read(self) -> None:
        """Read them anew."""
        self._asked_at = monotonic()
        is_shown = self._known is not None
        self._reading = self._screen.run_worker(
            partial(self._read, is_shown=is_shown), group="sparklines", exclusive=True
        )

    async def _read(self, *, is_shown: bool) -> None:
        from tracker_tui.ui.background import answers

        query_cache = self._tracker.query_cache
        question = query_cache.daily_levels(SPARKLINE_DAYS)
        try:
            async for answer in answers(query_cache, question, is_shown=is_shown):
                self._take(answer)
        except TrackerError as error:
            if self._known is None:
                told = f"No trend: {error}"
                self._screen.notify(told, severity="warning", markup=False, timeout=4)

    def _take(self, answer: QueryResult[list[DayLevel]]) -> None:
        from tracker_tui.domain.period import day_of
        from tracker_tui.domain.quantity_series import DailyTotals

        today = day_of(self._tracker.now(), self._tracker.query_cache.zone)
        self._known = DailyTotals(answer.value, today - SPARKLINE_DAYS + 1, today)
        if self.totals is not None:
            self._show_rows()
