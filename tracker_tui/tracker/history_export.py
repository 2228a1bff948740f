"""The history as a CSV file: whole, or not there at all."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from concurrent.futures import wait
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from tracker_tui.domain.history import HistoryEntry, HistoryFilter
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import Zone, local_time
from tracker_tui.domain.text import without_controls
from tracker_tui.errors import LocalFileError
from tracker_tui.local.private_file import make_private_folder, open_new
from tracker_tui.tracker.query_cache import QueryCache

_ROWS_A_REQUEST: Final = 1_000
_BLINK_SECONDS: Final = 0.1
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
COLUMNS: Final = (
    *("at", "who", "resource", "kind"),
    *("hagga_before", "hagga_added", "hagga_removed", "hagga_after"),
    *("deep_desert_before", "deep_desert_added", "deep_desert_removed", "deep_desert_after"),
    *("reason", "id"),
)
"""What was added and what was removed stand apart: nothing of ours needs a sign."""


class Naming(NamedTuple):
    """What to call members and resources, by what rows hold."""

    member: Callable[[str], str]
    resource: Callable[[str], str]


def export_history(
    query_cache: QueryCache,
    wish: HistoryFilter,
    naming: Naming,
    path: Path,
    tell: Callable[[int], bool],
    is_given_up: Callable[[], bool] = lambda: False,
) -> bool:
    """Write everything that passes a filter, newest first, to a file that is new.

    `tell` hears how many rows were read so far; once it returns False nothing is written, and that
    is returned, as it is where `is_given_up` while a page is waited for. Raises LocalFileError, and
    TrackerError where the ledger does not answer.
    """
    # With a byte-order mark: without one Excel reads every ü as two other letters.
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}.part")
    try:
        make_private_folder(path.parent)
        with open(
            draft, "x", encoding="utf-8-sig", errors="replace", newline="", opener=open_new
        ) as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            count = 0
            for entries in _pages(query_cache, wish, is_given_up):
                writer.writerows(_cells(entry, naming, query_cache.zone) for entry in entries)
                count += len(entries)
                if not tell(count):
                    return False
        if is_given_up():
            return False
        draft.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        message = f"{path} could not be written: {reason}. Check the folder and the disk."
        raise LocalFileError(message) from error
    finally:
        # Where it could not be made there is nothing to clean, and an error to tell.
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return True


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, and no terminal for an order."""
    text = without_controls(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _pages(
    query_cache: QueryCache, wish: HistoryFilter, is_given_up: Callable[[], bool]
) -> Iterator[list[HistoryEntry]]:
    before: PageCursor | None = None
    while True:
        asked = query_cache.ask(
            query_cache.history(wish, before, limit=_ROWS_A_REQUEST), keep=False
        )
        # Nobody who leaves is to wait for a server that says nothing.
        while not wait([asked], timeout=_BLINK_SECONDS).done:
            if is_given_up():
                asked.cancel()
                return
        page = asked.result().value
        yield page.entries
        if page.is_last:
            return
        before = page.end


def _cells(entry: HistoryEntry, naming: Naming, zone: Zone) -> list[str]:
    return [
        local_time(entry.at, zone).isoformat(),
        cell(naming.member(entry.by)),
        cell(naming.resource(entry.resource_id)),
        entry.kind.value,
        *_moved(entry.hagga_before, entry.hagga),
        *_moved(entry.deep_desert_before, entry.deep_desert),
        cell(entry.reason or ""),
        cell(entry.id),
    ]


def _moved(before: int, after: int) -> list[str]:
    added, removed = max(0, after - before), max(0, before - after)
    return [str(number) for number in (before, added, removed, after)]
