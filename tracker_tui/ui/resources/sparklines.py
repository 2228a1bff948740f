"""Loads the totals of the last 30 days for the trend column, all resources in one request.

Imports that only the trend needs are made when the column is switched on, because they slow down
the start.
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
    """The daily totals of all resources, once they are loaded; the last day is the shown total."""

    def __init__(
        self, screen: Screen[None], tracker: Tracker, show_rows: Callable[[], None]
    ) -> None:
        """`show_rows` is called when totals have arrived."""
        self._screen = screen
        self._show_rows = show_rows
        self._tracker = tracker
        self._reading: Worker[None] | None = None
        self._requested_at: float | None = None
        self._loaded: DailyTotals | None = None
        self.totals: DailyTotals | None = None
        """None while the column is off."""

    def switch(self, *, is_on: bool) -> None:
        """Switch the column on or off; totals older than 15 minutes are read again."""
        self.totals = self._loaded_or_empty() if is_on else None
        requested_at = self._requested_at
        is_fresh = requested_at is not None and monotonic() - requested_at < _FRESH_SECONDS
        if is_on and not is_fresh and self._tracker.last_refresh is not None:
            self.read()

    def _loaded_or_empty(self) -> DailyTotals:
        from tracker_tui.domain.quantity_series import DailyTotals

        return self._loaded or DailyTotals((), 0, 0)

    def read(self) -> None:
        """Read the totals again."""
        self._requested_at = monotonic()
        is_shown = self._loaded is not None
        self._reading = self._screen.run_worker(
            partial(self._read, is_shown=is_shown), group="sparklines", exclusive=True
        )

    async def _read(self, *, is_shown: bool) -> None:
        from tracker_tui.ui.background_work import answers

        query_cache = self._tracker.query_cache
        query = query_cache.daily_levels(SPARKLINE_DAYS)
        try:
            async for answer in answers(query_cache, query, is_shown=is_shown):
                self._set_totals(answer)
        except TrackerError as error:
            if self._loaded is None:
                text = f"No trend: {error}"
                self._screen.notify(text, severity="warning", markup=False, timeout=4)

    def _set_totals(self, answer: QueryResult[list[DayLevel]]) -> None:
        from tracker_tui.domain.period import day_of
        from tracker_tui.domain.quantity_series import DailyTotals

        today = day_of(self._tracker.now(), self._tracker.query_cache.zone)
        self._loaded = DailyTotals(answer.value, today - SPARKLINE_DAYS + 1, today)
        if self.totals is not None:
            self._show_rows()
