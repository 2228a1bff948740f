"""`tracker-tui history`: who changed what, newest first."""

from __future__ import annotations

import argparse
from typing import Final

from tracker_tui.cli.output import complain
from tracker_tui.cli.read_command import Reply, ask, reading_tracker, shown_places, tell_age
from tracker_tui.cli.text_table import print_table
from tracker_tui.domain.history import HistoryEntry, HistoryFilter, HistoryPage
from tracker_tui.domain.period import Period, Zone, local_time, parse_period
from tracker_tui.domain.quantities import grouped, signed
from tracker_tui.domain.resource import find_resource
from tracker_tui.domain.text import one_line
from tracker_tui.errors import UsageError
from tracker_tui.tracker.query_cache import PAGE, Query
from tracker_tui.tracker.tracker import Tracker

_LIMIT_AT_MOST: Final = 1_000
_ZONE: Final[Zone] = None
"""Days begin, and clocks show, as this machine is set to."""
_NUMBERS: Final = range(3, 7)


def history(arguments: argparse.Namespace) -> int:
    """Print the newest entries, of one resource or of all."""
    period = parse_period(arguments.since, _ZONE)
    limit = _limit(arguments.limit)
    with reading_tracker(arguments) as tracker:
        reply = ask(
            tracker,
            lambda: _question(tracker, arguments.resource, period, limit),
            rests_on_rows=True,
        )
        # What was read last may have been asked for with another limit.
        entries = reply.value.entries[:limit]
        _tell_age(reply, len(entries), limit)
        if arguments.json:
            from tracker_tui.cli.json_documents import history_document, print_document

            print_document(
                [
                    history_document(e, tracker.resource_name(e.resource_id), tracker.name_of(e.by))
                    for e in entries
                ]
            )
        elif entries:
            hagga, deep_desert = shown_places(tracker)
            places = (f"± {hagga}", f"± {deep_desert}", hagga, deep_desert)
            heads = ("When", "Who", "Resource", *places, "Kind", "Reason")
            print_table([heads, *(_cells(entry, tracker) for entry in entries)], right=_NUMBERS)
        else:
            complain("No entry matches.")
    return 0


def _question(tracker: Tracker, text: str | None, period: Period, limit: int) -> Query[HistoryPage]:
    resource_id = None
    if text is not None:
        resource_id = find_resource(text, [(r.id, r.name) for r in tracker.resources()])
    wish = HistoryFilter(resource_id=resource_id, period=period)
    # No shorter than the dashboard's: what is kept of it opens that, too.
    return tracker.query_cache.history(wish, limit=max(limit, PAGE))


def _limit(text: str) -> int:
    digits = text.strip()
    # Nobody means a number of more digits, and Python refuses to read one of very many.
    if digits.isascii() and digits.isdecimal() and len(digits) <= len(str(_LIMIT_AT_MOST)):
        limit = int(digits)
        if 1 <= limit <= _LIMIT_AT_MOST:
            return limit
    message = (
        f"--limit takes a number from 1 to {grouped(_LIMIT_AT_MOST)}, not “{one_line(text, 40)}”."
    )
    raise UsageError(message)


def _tell_age(reply: Reply[HistoryPage], how_many: int, limit: int) -> None:
    if reply.trouble is None:
        return
    is_short = how_many < limit and not reply.value.is_last
    more = " Older entries, if any, were not read then." if is_short else ""
    tell_age(reply.trouble, reply.age, more)


def _cells(entry: HistoryEntry, tracker: Tracker) -> tuple[str, ...]:
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
