"""Turn the wheel through a table and print how often it was redrawn, as JSON.

`python -m benchmarks.probes.wheel history|datatable ROWS`, the database in the environment.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

from textual import events
from textual.app import App
from textual.scroll_view import ScrollView
from textual.widgets import DataTable

from benchmarks.probes.drawing import CompositorUpdate, look_at_updates
from benchmarks.probes.least_app import LeastApp
from tracker_tui.config.settings import load_config
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.history.history_table import HistoryTable

_SIZE = (120, 40)
_BETWEEN_TURNS = 1 / 60
_NOTCHES = 2
"""For each turn; a notch is two lines, so this is six screenfuls a second."""
_PATIENCE = 120.0
_BEYOND_THE_LAST = 100
"""Rows of the plain table below the one where the wheel stops."""

Measured = dict[str, float | None]


class Redraws:
    """Counts updates that show new rows, each made into text for a terminal."""

    def __init__(self, app: App[None], table: ScrollView) -> None:
        self._app = app
        self._table = table
        self._top = round(table.scroll_y)
        self._times = [perf_counter()]
        look_at_updates(app, self._look)

    def _look(self, update: CompositorUpdate) -> None:
        update.render_segments(self._app.console)
        top = round(self._table.scroll_y)
        if top != self._top:
            self._top = top
            self._times.append(perf_counter())

    @property
    def waits(self) -> list[float]:
        """The seconds before each redraw, from the previous one or from the first turn."""
        return [later - earlier for earlier, later in pairwise(self._times)]


def main(kind: str, rows: int) -> None:
    """Print the seconds for a redraw, the longest, and the rows and MB that the history held."""
    measure = _datatable(rows) if kind == "datatable" else _history(rows)
    print(json.dumps(asyncio.run(measure)))


async def _datatable(rows: int) -> Measured:
    app = LeastApp(rows + _BEYOND_THE_LAST)
    async with app.run_test(size=_SIZE) as pilot:
        await pilot.pause()
        return await _turn(app, app.query_one(DataTable), rows, lambda: None)


async def _history(rows: int) -> Measured:
    tracker = Tracker(load_config(os.environ))
    tracker.open()
    app = TrackerApp(tracker)
    held: list[int] = []
    try:
        async with app.run_test(size=_SIZE) as pilot:
            while not app.resources.is_ready:
                await pilot.pause()
            await app.action_show("history")
            table: HistoryTable = app.screen.query_one(HistoryTable)
            while table.is_reading or not table.has_rows:
                await pilot.pause()
            before = _memory()
            measured = await _turn(app, table, rows, lambda: held.append(table.held))
            after = _memory()
    finally:
        tracker.close()
    grown = None if before is None or after is None else after - before
    return {**measured, "held": max(held), "grown": grown}


async def _turn(
    app: App[None], table: ScrollView, rows: int, take_note: Callable[[], Any]
) -> Measured:
    """Turn the wheel until this many rows are above the screen."""
    redraws = Redraws(app, table)
    give_up = perf_counter() + _PATIENCE
    while table.scroll_y < rows:
        if perf_counter() > give_up:
            raise SystemExit(f"in {_PATIENCE:.0f} s the wheel came to row {table.scroll_y:.0f}")
        for _ in range(_NOTCHES):
            app.post_message(_notch(table))
        await asyncio.sleep(_BETWEEN_TURNS)
        take_note()
    waits = redraws.waits
    return {"redraw": sum(waits) / len(waits), "slowest": max(waits)}


def _notch(table: ScrollView) -> events.MouseScrollDown:
    x, y = (int(place) for place in table.region.center)
    return events.MouseScrollDown(
        None, x, y, delta_x=0, delta_y=1, button=0, shift=False, meta=False, ctrl=False
    )


def _memory() -> float | None:
    """Return the memory in use, in MB; None if the system does not report it."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
