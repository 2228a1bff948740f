"""The newest history of one resource."""

from __future__ import annotations

from concurrent.futures import Future

from tracker_tui.domain.history import HistoryEntry, HistoryFilter
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker


def recent_history(ledger: Ledger, resource_id: str, limit: int = 20) -> list[HistoryEntry]:
    """Return a resource's newest entries."""
    of_resource = HistoryFilter(resource_id=resource_id)
    return ledger.ask(HistoryQuery(filter=of_resource, limit=limit)).entries


def ask_history(tracker: Tracker, resource_id: str) -> Future[list[HistoryEntry]]:
    """Ask a tracker for a resource's newest entries."""
    return tracker._ledger_thread.ask(lambda ledger: recent_history(ledger, resource_id))
