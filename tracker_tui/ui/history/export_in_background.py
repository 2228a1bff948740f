"""Export history entries as a CSV file, in a thread, while the screen stays usable."""

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
from tracker_tui.tracker.csv_export import export_history
from tracker_tui.tracker.tracker import Tracker


class HistoryExport:
    """The exports of one screen, one at a time.

    `show_progress` is called in the app's thread whenever `progress` has changed.
    """

    def __init__(
        self, screen: Screen[None], tracker: Tracker, show_progress: Callable[[], None]
    ) -> None:
        self._screen = screen
        self._tracker = tracker
        self._show_progress = show_progress
        self._worker: Worker[None] | None = None
        self._rows = 0

    @property
    def is_running(self) -> bool:
        """Whether a file is being written."""
        return self._worker is not None and not self._worker.is_finished

    @property
    def progress(self) -> str:
        """`writing CSV, 1,200 rows, esc stops`; empty if no export runs."""
        return f"writing CSV, {_rows(self._rows)}, esc stops" if self.is_running else ""

    def start(self, filters: HistoryFilter) -> None:
        """Write the entries that match the filters; does nothing while an export runs."""
        if self.is_running:
            return
        self._rows = 0
        path = _unused_path(downloads_folder(self._tracker.config.folders))
        self._worker = self._screen.run_worker(
            partial(self._write, filters, path), thread=True, group="export"
        )
        self._show_progress()

    def cancel(self) -> bool:
        """Stop the export; returns whether one was running."""
        if not self.is_running or self._worker is None:
            return False
        self._worker.cancel()
        self._worker = None
        self._screen.notify("No CSV was written.", markup=False, timeout=2)
        self._show_progress()
        return True

    def _write(self, filters: HistoryFilter, path: Path) -> None:
        worker = get_current_worker()
        tracker, app = self._tracker, self._screen.app

        def report(rows: int) -> bool:
            self._rows = rows
            if not worker.is_cancelled:
                app.call_from_thread(self._show_progress)
            return not worker.is_cancelled

        try:
            is_written = export_history(tracker, filters, path, report, lambda: worker.is_cancelled)
        except TrackerError as error:
            if not worker.is_cancelled:
                app.call_from_thread(
                    self._screen.notify, f"No CSV. {error}", severity="error", markup=False
                )
        else:
            if is_written:
                message = f"{_rows(self._rows)} written to {path}"
                app.call_from_thread(self._screen.notify, message, timeout=10, markup=False)
        if not worker.is_cancelled:
            app.call_from_thread(self._finish)

    def _finish(self) -> None:
        self._worker = None
        self._show_progress()


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{grouped(number)} rows"


def _unused_path(folder: Path) -> Path:
    """Return a path with today's date at which no file exists yet."""
    stem, number = f"history-{strftime('%Y-%m-%d-%H%M%S')}", 1
    path = folder / f"{stem}.csv"
    while path.exists():
        number += 1
        path = folder / f"{stem}-{number}.csv"
    return path
