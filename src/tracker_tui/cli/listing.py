"""`tracker-tui list`: resources and their quantities."""

from __future__ import annotations

import argparse
import os
from time import monotonic

from tracker_tui.cli.notices import tell_notices
from tracker_tui.cli.output import complain, say
from tracker_tui.config import load_config
from tracker_tui.domain.quantities import Location, grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import ranked
from tracker_tui.domain.text import one_line
from tracker_tui.domain.wording import STATUS_LOOKS, ago
from tracker_tui.errors import DatabaseBusy, DatabaseUnreachable
from tracker_tui.tracker import Tracker

_PATIENCE_SECONDS = 5.0


def list_resources(arguments: argparse.Namespace) -> int:
    """Print the resources that a text finds, by name."""
    tracker = Tracker(load_config(os.environ, arguments.profile))
    tell_notices(tracker)
    try:
        _open(tracker)
        resources = sorted(tracker.resources(), key=lambda r: (r.name.casefold(), r.id))
        found = ranked(resources, arguments.text)
        if arguments.json:
            from tracker_tui.cli.documents import print_document, resource_document

            print_document([resource_document(r, tracker.name_of(r.updated_by)) for r in found])
        elif found:
            _print_table(found, tracker)
        else:
            complain("No resource matches.")
    finally:
        tracker.close()
    return 0


def _open(tracker: Tracker) -> None:
    """Read the ledger; where it is out of reach show what was read last, and say how old it is."""
    opened = tracker.open()
    try:
        try:
            opened.result(_PATIENCE_SECONDS)
        except TimeoutError:
            if tracker.last_refresh is None:
                opened.result()
            raise DatabaseUnreachable("The database takes too long to answer.") from None
    except (DatabaseBusy, DatabaseUnreachable) as error:
        if tracker.last_refresh is None:
            raise
        age = ago(int(monotonic() - tracker.last_refresh))
        complain(f"{error} Shown is what was read {'just now' if age == 'now' else f'{age} ago'}.")


def _print_table(resources: list[Resource], tracker: Tracker) -> None:
    from rich.cells import cell_len, set_cell_size

    places = [one_line(tracker.places[location], 24) for location in Location]
    rows = [("", "Resource", "Category", *places, "Total", "Target", "", "Status")]
    rows += [_cells(resource) for resource in resources]
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    right = range(3, 8)
    lines = []
    for row in rows:
        cells = (
            " " * (width - cell_len(cell)) + cell if column in right else set_cell_size(cell, width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    say("\n".join(lines))


def _cells(resource: Resource) -> tuple[str, ...]:
    return (
        "★" if resource.priority else "",
        one_line(resource.name, 48),
        one_line(resource.shown_category, 24),
        grouped(resource.hagga),
        grouped(resource.deep_desert),
        grouped(resource.total),
        grouped(resource.target) if resource.target else "",
        "" if resource.percent is None else f"{resource.percent} %",
        str(STATUS_LOOKS[resource.status]),
    )
