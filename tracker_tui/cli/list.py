"""`tracker-tui list`: resources and their quantities."""

from __future__ import annotations

import argparse

from tracker_tui.cli.output import complain
from tracker_tui.cli.read_command import read_resources, reading_tracker, shown_places
from tracker_tui.cli.text_table import print_table
from tracker_tui.domain.messages import STATUS_LOOKS
from tracker_tui.domain.quantities import grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import ranked
from tracker_tui.domain.text import one_line

_NUMBERS = range(3, 8)


def list_resources(arguments: argparse.Namespace) -> int:
    """Print the resources that a text finds, by name."""
    with reading_tracker(arguments) as tracker:
        read_resources(tracker)
        resources = sorted(tracker.resources(), key=lambda r: (r.name.casefold(), r.id))
        found = ranked(resources, arguments.text)
        if arguments.json:
            from tracker_tui.cli.json_documents import print_document, resource_document

            print_document([resource_document(r, tracker.name_of(r.updated_by)) for r in found])
        elif found:
            heads = ("", "Resource", "Category", *shown_places(tracker), "Total", "Target", "")
            rows = [(*heads, "Status"), *map(_cells, found)]
            print_table(rows, right=_NUMBERS)
        else:
            complain("No resource matches.")
    return 0


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
