"""The history as a CSV file: complete, or not there at all."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tracker_tui.domain.history import HistoryEntry, HistoryFilter
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import local_time
from tracker_tui.domain.roles import Right
from tracker_tui.domain.text import without_controls
from tracker_tui.errors import LocalFileError
from tracker_tui.local.private_file import make_private_folder, open_new

if TYPE_CHECKING:
    from tracker_tui.tracker.tracker import Tracker

EXPORTING: Final = "export CSV"
_ROWS_PER_REQUEST: Final = 1_000
_CANCEL_INTERVAL: Final = 0.1
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: Final = (
    *("at", "who", "resource", "kind"),
    *("hagga_before", "hagga_added", "hagga_removed", "hagga_after"),
    *("deep_desert_before", "deep_desert_added", "deep_desert_removed", "deep_desert_after"),
    *("reason", "id"),
)
"""Added and removed are two columns, so that no number starts with a sign, like a formula."""


def export_history(
    tracker: Tracker,
    history_filter: HistoryFilter,
    path: Path,
    report_rows: Callable[[int], bool],
    is_cancelled: Callable[[], bool] = lambda: False,
) -> bool:
    """Write all entries that pass a filter to a new file, newest first.

    `report_rows` gets the number of rows read so far, and stops the export by returning False.
    Returns whether the file was written. Raises NotPermitted, LocalFileError, and any other
    TrackerError if the ledger does not answer.
    """
    tracker.membership.require(Right.EDIT_TARGETS, EXPORTING)
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        make_private_folder(path.parent)
        # With a byte-order mark: without it Excel does not read the file as UTF-8.
        with open(
            draft, "x", encoding="utf-8-sig", errors="replace", newline="", opener=open_new
        ) as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            count = 0
            for entries in _pages(tracker, history_filter, is_cancelled):
                writer.writerows(_cells(entry, tracker) for entry in entries)
                count += len(entries)
                if not report_rows(count):
                    return False
        if is_cancelled():
            return False
        draft.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"{path} could not be written: {reason}. Check the folder and the disk."
        raise LocalFileError(message) from error
    finally:
        # If the draft cannot be removed either, the first error says why.
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return True


def safe_cell(text: str) -> str:
    """Return a text that neither a spreadsheet nor a terminal interprets."""
    text = without_controls(text)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _pages(
    tracker: Tracker, history_filter: HistoryFilter, is_cancelled: Callable[[], bool]
) -> Iterator[list[HistoryEntry]]:
    cache = tracker.query_cache
    before: PageCursor | None = None
    while True:
        asked = cache.ask(
            cache.history(history_filter, before, limit=_ROWS_PER_REQUEST), keep=False
        )
        # In steps, so that leaving the screen does not wait for a server that is silent.
        while not wait([asked], timeout=_CANCEL_INTERVAL).done:
            if is_cancelled():
                asked.cancel()
                return
        page = asked.result().value
        yield page.entries
        if page.is_last:
            return
        before = page.end


def _cells(entry: HistoryEntry, tracker: Tracker) -> list[str]:
    return [
        local_time(entry.at, tracker.query_cache.zone).isoformat(),
        safe_cell(tracker.name_of(entry.by)),
        safe_cell(tracker.resource_name(entry.resource_id)),
        entry.kind.value,
        *_moved(entry.hagga_before, entry.hagga),
        *_moved(entry.deep_desert_before, entry.deep_desert),
        safe_cell(entry.reason or ""),
        safe_cell(entry.id),
    ]


def _moved(before: int, after: int) -> list[str]:
    added, removed = max(0, after - before), max(0, before - after)
    return [str(number) for number in (before, added, removed, after)]
