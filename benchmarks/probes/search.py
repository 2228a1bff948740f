"""Type a word into the search and print the seconds for each key, as JSON.

`python -m benchmarks.probes.search dashboard|datatable WORD`, the database in the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from time import perf_counter, time

from textual.pilot import Pilot
from textual.widgets import Input

from benchmarks.probes.drawing import DrawingWatch
from benchmarks.probes.plain_search import PlainSearch
from tracker_tui.config.settings import load_config
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import SearchIndex
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.resources.resource_list import View, arrange
from tracker_tui.ui.resources.resource_table import ResourceTable
from tracker_tui.ui.widgets.search_bar import SearchBar

_SIZE = (160, 50)
Hits = Mapping[str, Sequence[Resource]]
"""The hits of the program's own search for each text, the likeliest first."""


def main(kind: str, word: str) -> None:
    """Print `keys`, until the redraw, and for the dashboard `computing`, without any waiting."""
    tracker = Tracker(load_config(os.environ))
    try:
        tracker.open().result()
        hits = _hits(tracker, ["", *accumulate(word)])
        measure = _datatable(hits) if kind == "datatable" else _dashboard(tracker, hits)
        print(json.dumps(asyncio.run(measure)))
    finally:
        tracker.close()


def _hits(tracker: Tracker, texts: Sequence[str]) -> Hits:
    index = SearchIndex()
    ordered = arrange(tracker.resources(), View(), int(time()), tracker.name_of)
    found = {text: index.search(ordered, text) for text in texts}
    return {text: [*hits.names, *hits.others] for text, hits in found.items()}


async def _dashboard(tracker: Tracker, hits: Hits) -> dict[str, list[float]]:
    app = TrackerApp(tracker)
    watch = DrawingWatch(app)
    async with app.run_test(size=_SIZE) as pilot:
        table = app.screen.query_one(ResourceTable)
        await pilot.press("slash")
        keys = await _type(pilot, watch, hits, lambda: _ids(table))
        return {"keys": keys, "computing": await _compute(pilot, app, table, hits)}


def _ids(table: ResourceTable) -> list[str]:
    return [row.id for row in table.rows if isinstance(row, Resource)]


async def _datatable(hits: Hits) -> dict[str, list[float]]:
    app = PlainSearch(hits)
    watch = DrawingWatch(app)
    async with app.run_test(size=_SIZE) as pilot:
        return {"keys": await _type(pilot, watch, hits, lambda: app.shown)}


async def _type(
    pilot: Pilot[None], watch: DrawingWatch, hits: Hits, shown: Callable[[], list[str]]
) -> list[float]:
    """Press key after key; return the seconds until the hits of each are drawn."""
    measured = []
    for text in filter(None, hits):
        await pilot.pause()
        measured.append(await watch.key_to_redraw(text[-1], _are_drawn(hits[text], shown)))
    return measured


def _are_drawn(hits: Sequence[Resource], shown: Callable[[], list[str]]) -> Callable[[str], bool]:
    """Return a check whether an update shows the first hit and the table has all of them."""
    first, expected = hits[0].name, [resource.id for resource in hits]
    # The cheap check comes first, because it runs for each update.
    return lambda drawn: first in drawn and shown() == expected


async def _compute(
    pilot: Pilot[None], app: TrackerApp, table: ResourceTable, hits: Hits
) -> list[float]:
    """Search, sort and draw all visible lines at once."""
    field = app.screen.query_one(SearchBar).query_one(Input)
    measured = []
    for text in filter(None, hits):
        field.value = text
        start = perf_counter()
        app.resources.apply_search()
        table.render_lines(table.size.region)
        measured.append(perf_counter() - start)
        await pilot.pause()
    return measured


if __name__ == "__main__":
    main(*sys.argv[1:])
