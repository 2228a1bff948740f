"""Turn the wheel through the history and print how often it was drawn anew, as JSON.

`python -m benchmarks.probes.turning ROWS`, the database in the environment.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from time import perf_counter

from textual import events
from textual._compositor import CompositorUpdate

from benchmarks.probes.drawing import look_at_updates
from tracker_tui.config import load_config
from tracker_tui.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.widgets.history_table import HistoryTable

_SIZE = (120, 40)
_BETWEEN_TURNS = 1 / 60
_NOTCHES = 4
"""For each turn; a notch is two lines, so that these are nearly 500 lines a second."""
_PATIENCE = 60.0


class Redraws:
    """Counts the updates that show other rows than the one before, made ready for a terminal."""

    def __init__(self, app: TrackerApp, table: HistoryTable) -> None:
        self._app = app
        self._table = table
        self._top = round(table.scroll_y)
        self.times = [perf_counter()]
        """When there was one, from the first turn of the wheel on."""
        look_at_updates(app, self._look)

    def _look(self, update: CompositorUpdate) -> None:
        update.render_segments(self._app.console)
        top = round(self._table.scroll_y)
        if top != self._top:
            self._top = top
            self.times.append(perf_counter())


def main(rows: int) -> None:
    """Print seconds, redraws, the longest wait for one, rows held at most, and memory in MB."""
    tracker = Tracker(load_config(os.environ))
    try:
        tracker.open()
        print(json.dumps(asyncio.run(_turn(tracker, rows))))
    finally:
        tracker.close()


async def _turn(tracker: Tracker, rows: int) -> dict[str, float | None]:
    app = TrackerApp(tracker)
    async with app.run_test(size=_SIZE) as pilot:
        while not app.resources.is_ready:
            await pilot.pause()
        await app.action_show("history")
        table = app.screen.query_one(HistoryTable)
        while table.is_reading or not table.has_rows:
            await pilot.pause()
        memory, held = _memory(), table.held
        redraws = Redraws(app, table)
        give_up = perf_counter() + _PATIENCE
        while table.scroll_y < rows:
            if perf_counter() > give_up:
                raise SystemExit(f"the wheel came no further than row {table.scroll_y:.0f}")
            for _ in range(_NOTCHES):
                app.post_message(_notch(table))
            await asyncio.sleep(_BETWEEN_TURNS)
            held = max(held, table.held)
        times = redraws.times
        waits = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
        return {
            "seconds": times[-1] - times[0],
            "redraws": len(waits),
            "slowest": max(waits),
            "held": held,
            "grown": None if memory is None else (_memory() or 0) - memory,
        }


def _notch(table: HistoryTable) -> events.MouseScrollDown:
    x, y = table.region.center
    return events.MouseScrollDown(None, int(x), int(y), 0, 1, 0, False, False, False)  # noqa: FBT003


def _memory() -> float | None:
    """Return the memory held now, in MB; None where nobody tells."""
    gc.collect()
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main(int(sys.argv[1]))
