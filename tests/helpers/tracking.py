"""A tracker's rows, its database's rows, recent history, and undo."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

from helpers.listening import SECONDS, Listener
from helpers.other_schemas import ask
from tracker_tui.config.settings import Config
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.domain.change import Change
from tracker_tui.domain.history import HistoryEntry, HistoryFilter
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.events import Undone
from tracker_tui.tracker.tracker import Tracker


def quick(config: Config) -> Ledger:
    """Open a ledger that does not wait for the disk."""
    return Ledger(*open_sqlite(config.database, durable=False))


def stored(path: Path, resource_id: str = "spice") -> tuple[object, ...]:
    asked = "SELECT quantity_hagga, quantity_deep_desert FROM resources WHERE id = ?"
    return ask(path, asked, resource_id)[0]


def history(path: Path) -> list[object]:
    """Return the ids of changes since the resources were created, in order of commit."""
    asked = "SELECT id FROM resource_history WHERE reason IS NOT 'Resource created' ORDER BY rowid"
    return [row[0] for row in ask(path, asked)]


def shown(tracker: Tracker, resource_id: str = "spice") -> tuple[int, int]:
    resource = tracker.resource(resource_id)
    assert resource is not None
    return resource.hagga, resource.deep_desert


def undo(tracker: Tracker, listener: Listener) -> tuple[int, int, int]:
    """Undo, and wait for the answers to the counter-changes.

    Returns how many changes were withdrawn, are in flight, and have counter-changes.
    """
    tracker.undo()
    undone = listener.next(Undone)
    listener.until(lambda: not tracker.pending())
    return len(undone.withdrawn), len(undone.in_flight), len(undone.counters)


def may_write(tracker: Tracker) -> bool:
    """Poll until the tracker knows its rights, as an idle dashboard does."""
    while not tracker._ledger_thread.ask(lambda ledger: ledger.knows_rights).result(SECONDS):
        tracker.poll()
    return tracker.connection.can_write


def submit(tracker: Tracker, *changes: Change) -> None:
    """Submit changes and wait until they are saved and shown."""
    tracker.submit(changes).result(20)


def recent_history(ledger: Ledger, resource_id: str, limit: int = 20) -> list[HistoryEntry]:
    history_filter = HistoryFilter(resource_id=resource_id)
    return ledger.ask(HistoryQuery(filter=history_filter, limit=limit)).entries


def ask_history(tracker: Tracker, resource_id: str) -> Future[list[HistoryEntry]]:
    return tracker._ledger_thread.ask(lambda ledger: recent_history(ledger, resource_id))
