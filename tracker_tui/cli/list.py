"""`tracker-tui list`: resources and their quantities."""

from __future__ import annotations

import argparse
from typing import Final

from tracker_tui.cli.output import complain, print_json, print_table, resource_document
from tracker_tui.cli.read_command import location_names, open_tracker, read_resources
from tracker_tui.domain.messages import STATUS_LOOKS
from tracker_tui.domain.quantities import grouped
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.search import ranked
from tracker_tui.domain.text import one_line

_RIGHT_ALIGNED: Final = range(3, 8)


def list_resources(arguments: argparse.Namespace) -> int:
    """Print the resources that match TEXT, sorted by name."""
    with open_tracker(arguments) as tracker:
        read_resources(tracker)
        resources = sorted(tracker.resources(), key=lambda r: (r.name.casefold(), r.id))
        found = ranked(resources, arguments.text)
        if arguments.json:
            print_json([resource_document(r, tracker.name_of(r.updated_by)) for r in found])
        elif found:
            quantities = (*location_names(tracker), "Total", "Target", "")
            header = ("", "Resource", "Category", *quantities, "Status")
            print_table([header, *map(_row, found)], right=_RIGHT_ALIGNED)
        else:
            complain("No resource matches.")
    return 0


def _row(resource: Resource) -> tuple[str, ...]:
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
