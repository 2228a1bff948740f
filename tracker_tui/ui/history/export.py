"""Writing what is filtered to a file, behind the screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import strftime

from textual.screen import Screen
from textual.worker import Worker, get_current_worker

from tracker_tui.config.folders import downloads_folder
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.domain.quantities import grouped
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.history_export import export_history
from tracker_tui.tracker.tracker import Tracker


class Export:
    """One export at a time for a screen."""

    def __init__(
        self, screen: Screen[None], tracker: Tracker, show_facts: Callable[[], None]
    ) -> None:
        """Write for a screen; `show_facts` lets it show how far that is."""
        self._screen = screen
        self._show_facts = show_facts
        self._tracker = tracker
        self._worker: Worker[None] | None = None
        self._rows = 0

    @property
    def is_running(self) -> bool:
        """Whether a file is being written."""
        return self._worker is not None and not self._worker.is_finished

    @property
    def told(self) -> str:
        """How far it is; empty where nothing is written."""
        return f"writing CSV, {_rows(self._rows)}, esc stops" if self.is_running else ""

    def start(self, wish: HistoryFilter) -> None:
        """Write what passes a filter."""
        if self.is_running:
            return
        self._rows = 0
        path = _free(downloads_folder(self._tracker.config.folders))
        self._worker = self._screen.run_worker(
            partial(self._write, wish, path), thread=True, group="export"
        )
        self._show_facts()

    def cancel(self) -> bool:
        """Stop writing; returns whether anything was being written."""
        if not self.is_running or self._worker is None:
            return False
        self._worker.cancel()
        self._worker = None
        self._screen.notify("No CSV was written.", markup=False, timeout=2)
        self._show_facts()
        return True

    def _write(self, wish: HistoryFilter, path: Path) -> None:
        worker = get_current_worker()
        tracker, app = self._tracker, self._screen.app

        def tell(rows: int) -> bool:
            self._rows = rows
            if not worker.is_cancelled:
                app.call_from_thread(self._show_facts)
            return not worker.is_cancelled

        try:
            is_written = export_history(tracker, wish, path, tell, lambda: worker.is_cancelled)
        except TrackerError as error:
            if not worker.is_cancelled:
                app.call_from_thread(
                    self._screen.notify, f"No CSV. {error}", severity="error", markup=False
                )
        else:
            if is_written:
                told = f"{_rows(self._rows)} written to {path}"
                app.call_from_thread(self._screen.notify, told, timeout=10, markup=False)
        if not worker.is_cancelled:
            app.call_from_thread(self._tell_ended)

    def _tell_ended(self) -> None:
        self._worker = None
        self._show_facts()


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{grouped(number)} rows"


def _free(folder: Path) -> Path:
    """Return a path that nothing is at yet."""
    stem, number = f"history-{strftime('%Y-%m-%d-%H%M%S')}", 1
    path = folder / f"{stem}.csv"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.csv"
    return path
