"""How the history is told to people; apart from other wording, which `edit` needs and not this."""

from __future__ import annotations

from tracker_tui.domain.days import Zone, local_time
from tracker_tui.domain.history import HistoryEntry
from tracker_tui.domain.messages import Places
from tracker_tui.domain.period import Period
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.text import one_line


def entry_sentence(
    entry: HistoryEntry, who: str, what: str, places: Places, zone: Zone = None
) -> str:
    """Say what a history entry tells, as something to paste into a chat."""
    sides = (
        (Location.HAGGA, entry.hagga_before, entry.hagga),
        (Location.DEEP_DESERT, entry.deep_desert_before, entry.deep_desert),
    )
    moved = ", ".join(
        f"{one_line(places[location], 24)} {signed(after - before)} → {grouped(after)}"
        for location, before, after in sides
        if after != before
    )
    reason = f" ({one_line(entry.reason, 200)})" if entry.reason else ""
    when = f"{local_time(entry.at, zone):%Y-%m-%d %H:%M}"
    return f"{when} {who}: {what} {moved or 'counted, ±0'}{reason}"


def in_period(period: Period) -> str:
    """Say which period: `in the last 7d`, `in 2026-01-01..2026-01-31`."""
    if period.is_all:
        return "of all time"
    return f"in the last {period.name}" if period.span is not None else f"in {period.name}"
