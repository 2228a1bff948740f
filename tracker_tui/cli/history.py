"""`tracker-tui history`: applied changes, newest first."""

from __future__ import annotations

import argparse
from typing import Any, Final

from tracker_tui.cli.output import complain, print_json, print_table
from tracker_tui.cli.read_command import Reply, ask, location_names, open_tracker, print_age
from tracker_tui.domain.history import HistoryEntry, HistoryFilter, HistoryPage
from tracker_tui.domain.period import Period, Zone, local_time, parse_period
from tracker_tui.domain.quantities import grouped, signed
from tracker_tui.domain.resource import find_resource
from tracker_tui.domain.text import one_line
from tracker_tui.errors import UsageError
from tracker_tui.tracker.query_cache import PAGE, Query
from tracker_tui.tracker.tracker import Tracker

_HIGHEST_LIMIT: Final = 1_000
_ZONE: Final[Zone] = None
"""The time zone of this machine, for the bounds of days and for printed times."""
_RIGHT_ALIGNED: Final = range(3, 7)


def history(arguments: argparse.Namespace) -> int:
    """Print the newest entries, of one resource or of all."""
    period = parse_period(arguments.since, _ZONE)
    limit = _parse_limit(arguments.limit)
    with open_tracker(arguments) as tracker:
        reply = ask(
            tracker,
            lambda: _query(tracker, arguments.resource, period, limit),
            needs_rows=True,
        )
        # A cached page may be longer than this limit.
        entries = reply.value.entries[:limit]
        _print_age(reply, len(entries), limit)
        if arguments.json:
            print_json([_document(entry, tracker) for entry in entries])
        elif entries:
            hagga, deep_desert = location_names(tracker)
            quantities = (f"± {hagga}", f"± {deep_desert}", hagga, deep_desert)
            header = ("When", "Who", "Resource", *quantities, "Kind", "Reason")
            rows = (_row(entry, tracker) for entry in entries)
            print_table([header, *rows], right=_RIGHT_ALIGNED)
        else:
            complain("No entry matches.")
    return 0


def _query(tracker: Tracker, text: str | None, period: Period, limit: int) -> Query[HistoryPage]:
    resource_id = None
    if text is not None:
        resource_id = find_resource(text, [(r.id, r.name) for r in tracker.resources()])
    history_filter = HistoryFilter(resource_id=resource_id, period=period)
    # At least the dashboard's page, so the cached answer serves both.
    return tracker.query_cache.history(history_filter, limit=max(limit, PAGE))


def _parse_limit(text: str) -> int:
    digits = text.strip()
    # Checked for its length first: Python refuses to convert thousands of digits.
    if digits.isascii() and digits.isdecimal() and len(digits) <= len(str(_HIGHEST_LIMIT)):
        limit = int(digits)
        if 1 <= limit <= _HIGHEST_LIMIT:
            return limit
    raise UsageError(
        f"--limit needs a number from 1 to {grouped(_HIGHEST_LIMIT)}, not “{one_line(text, 40)}”."
    )


def _print_age(reply: Reply[HistoryPage], count: int, limit: int) -> None:
    if reply.trouble is not None:
        may_lack_entries = count < limit and not reply.value.is_last
        note = " There may be older entries." if may_lack_entries else ""
        print_age(reply.trouble, reply.age, note)


def _row(entry: HistoryEntry, tracker: Tracker) -> tuple[str, ...]:
    return (
        f"{local_time(entry.at, _ZONE):%Y-%m-%d %H:%M}",
        one_line(tracker.name_of(entry.by), 32),
        one_line(tracker.resource_name(entry.resource_id), 48),
        signed(entry.hagga_change),
        signed(entry.deep_desert_change),
        grouped(entry.hagga),
        grouped(entry.deep_desert),
        entry.kind.value,
        one_line(entry.reason or ""),
    )


def _document(entry: HistoryEntry, tracker: Tracker) -> dict[str, Any]:
    """Return the JSON document of an entry, with the current names of resource and member."""
    return {
        "id": entry.id,
        "resource_id": entry.resource_id,
        "resource": tracker.resource_name(entry.resource_id),
        "change_type": entry.change_type,
        "hagga": {
            "previous": entry.hagga_before,
            "new": entry.hagga,
            "change": entry.hagga_change,
        },
        "deep_desert": {
            "previous": entry.deep_desert_before,
            "new": entry.deep_desert,
            "change": entry.deep_desert_change,
        },
        "by": tracker.name_of(entry.by),
        "reason": entry.reason,
        "at": entry.at,
    }
