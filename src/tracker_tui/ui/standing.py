"""What the strip shows, gathered from the tracker and the view."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.tracker import Tracker
from tracker_tui.ui.shown import ago
from tracker_tui.ui.view import Summary, summarize

_FRESH_SECONDS = 5.0


class Standing(NamedTuple):
    """How the guild stands, where changes go, who is signed in, and how well it is connected."""

    title: str
    member: str
    connection: str
    is_in_trouble: bool
    pending: int
    needing_player: int
    summary: Summary
    places: tuple[str, ...]
    location: Location


def standing_of(tracker: Tracker, resources: Iterable[Resource], location: Location) -> Standing:
    """Return how things stand now."""
    config = tracker.config
    return Standing(
        title="demo" if config.is_demo else config.profile or config.database.stem,
        member=tracker.member.name,
        connection=_connection(tracker),
        is_in_trouble=tracker.trouble is not None,
        pending=len(tracker.pending()),
        needing_player=len(tracker.needing_player()),
        summary=summarize(resources, tracker.now()),
        places=tuple(tracker.places[place] for place in Location),
        location=location,
    )


def _connection(tracker: Tracker) -> str:
    if tracker.last_refresh is None:
        return "unavailable" if tracker.trouble else "opening …"
    age = monotonic() - tracker.last_refresh
    if tracker.trouble:
        return f"unavailable, read {ago(int(age))}"
    return "local" if age < _FRESH_SECONDS else f"local, read {int(age)} s ago"
