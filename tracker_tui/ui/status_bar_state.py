"""What the strip shows, gathered from the tracker and the view."""

from __future__ import annotations

from collections.abc import Mapping
from time import localtime, monotonic, strftime
from typing import NamedTuple

from tracker_tui.domain.messages import MINUTE, STATUS_LOOKS, ago, needing_text
from tracker_tui.domain.quantities import Location, grouped
from tracker_tui.domain.text import one_line
from tracker_tui.errors import (
    AnswerLost,
    DatabaseUnreachable,
    TokenRejected,
    TrackerError,
    WriteRejected,
)
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.resources.view import Summary, View

_FRESH_SECONDS = 5.0
_TROUBLE: Mapping[type[TrackerError], str] = {
    DatabaseUnreachable: "offline",
    AnswerLost: "offline",
    TokenRejected: "token refused",
    WriteRejected: "not allowed",
}
_PATIENCE_SECONDS = 1.5


class StatusBarState(NamedTuple):
    """How the guild stands, where changes go, who is signed in, and how well it is connected."""

    title: str
    member: str
    roles: str
    """What is to be known of the member's roles; empty where all is well."""
    connection: str
    is_in_trouble: bool
    pending: int
    needing_player: str
    """How many changes conflict or were rejected; empty for none."""
    summary: Summary
    places: tuple[str, ...]
    location: Location


def status_bar_state(tracker: Tracker, summary: Summary, location: Location) -> StatusBarState:
    """Return how things stand now."""
    return StatusBarState(
        title=tracker.database_name,
        member=one_line(tracker.member.name, 24),
        roles=_roles(tracker),
        connection=_connection(tracker),
        is_in_trouble=tracker.trouble is not None or tracker.waited() > _PATIENCE_SECONDS,
        pending=len(tracker.pending()),
        needing_player=needing_text(tracker.needing_player()),
        summary=summary,
        places=tuple(tracker.places[place] for place in Location),
        location=location,
    )


def _roles(tracker: Tracker) -> str:
    age = tracker.roles_age
    return "" if age is None else f"roles read {ago(int(age))} ago"


def facts_of(view: View, shown: int, total: int, selected: int) -> str:
    """Say what narrows the table, how many rows are left of how many, and how many are selected."""
    filters = [one_line(category, 24) for category in sorted(view.categories)]
    filters += [look.word for status, look in STATUS_LOOKS.items() if status in view.statuses]
    filters += ["★ priority"] if view.priority_only else []
    filters += ["! to recount"] if view.stale_only else []
    count = grouped(total) if shown == total else f"{grouped(shown)} of {grouped(total)}"
    chosen = f"● {grouped(selected)} selected" if selected else ""
    return " · ".join(filter(None, (chosen, ", ".join(filters), count)))


def _connection(tracker: Tracker) -> str:
    """Say how well the ledger can be reached, and how old what is shown is."""
    trouble = tracker.trouble and _TROUBLE.get(type(tracker.trouble), "unavailable")
    if tracker.last_refresh is None:
        return trouble or "opening …"
    age = monotonic() - tracker.last_refresh
    if trouble:
        return f"{trouble}{_since(tracker.trouble_since)}, {_read(age)}"
    if tracker.waited() > _PATIENCE_SECONDS:
        return "waiting for the server …" if tracker.is_remote else "database busy, waiting …"
    if not tracker.is_remote:
        return "local" if age < _FRESH_SECONDS else f"local, {_read(age)}"
    place = "online" if tracker.can_write else "online, read only"
    if tracker.schedule.is_paused:
        return f"paused, {_read(age)}"
    return place if age < tracker.schedule.interval + _FRESH_SECONDS else f"{place}, {_read(age)}"


def _since(moment: float | None) -> str:
    return "" if moment is None else f" since {strftime('%H:%M', localtime(moment))}"


def _read(seconds: float) -> str:
    """Say when the ledger was read: to the second as long as that is not long ago."""
    return f"read {int(seconds)} s ago" if seconds < MINUTE else f"read {ago(int(seconds))} ago"
