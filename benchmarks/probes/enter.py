"""Submit edits with Enter and print the seconds until each new quantity is drawn, as JSON.

`python -m benchmarks.probes.enter EDITS`, the database in the environment. The
rows are those of the last run, so a distant database is not waited for.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from benchmarks.probes.drawing import DrawingWatch
from tracker_tui.config.settings import load_config
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp

_SIZE = (160, 50)
_FIRST_QUANTITY = 500_000


def main(edits: int) -> None:
    """Print the seconds for each edit."""
    tracker = Tracker(load_config(os.environ))
    try:
        tracker.open()
        print(json.dumps(asyncio.run(_submit(tracker, edits))))
    finally:
        tracker.close()


async def _submit(tracker: Tracker, edits: int) -> list[float]:
    app = TrackerApp(tracker)
    watch = DrawingWatch(app)
    measured = []
    async with app.run_test(size=_SIZE) as pilot:
        while not app.resources.is_ready:
            await pilot.pause()
        for number in range(edits):
            quantity = _FIRST_QUANTITY + 7 * number
            await pilot.press("equals_sign", *str(quantity))
            await pilot.pause()
            wanted = f"{quantity:,}"
            measured.append(await watch.key_to_redraw("enter", lambda drawn, w=wanted: w in drawn))
    return measured


if __name__ == "__main__":
    main(int(sys.argv[1]))
