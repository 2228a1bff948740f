"""Events of the background threads, which the tracker publishes to its listener."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from tracker_tui.domain.change import Change, Outcome
from tracker_tui.errors import TrackerError
from tracker_tui.sync.overlay import Refreshed

__all__ = [
    "ChangesQueued",
    "Event",
    "EventBus",
    "Failed",
    "LocalWarning",
    "OutcomesReceived",
    "QueueFailed",
    "Refreshed",
    "RightsChanged",
    "Undone",
]


class ChangesQueued(NamedTuple):
    """Changes were put into the outbox or taken out of it: these resources look different now."""

    resource_ids: frozenset[str]


class QueueFailed(NamedTuple):
    """Changes could not be written to the outbox: they are neither shown nor sent."""

    changes: tuple[Change, ...]
    error: TrackerError


class OutcomesReceived(NamedTuple):
    """The ledger answered changes of ours; for an undo, `change.undoes` is set."""

    outcomes: tuple[Outcome, ...]


class Undone(NamedTuple):
    """An undo is done. If all three are empty, there was nothing left to undo."""

    withdrawn: tuple[Change, ...]
    """Changes that were not sent yet."""
    in_flight: tuple[Change, ...]
    """Changes that are being sent; their counter-changes follow."""
    counters: tuple[Change, ...]
    """Counter-changes that were queued."""


class Failed(NamedTuple):
    """The ledger could not be reached or read; the rows on screen stay as they are."""

    error: TrackerError


class RightsChanged(NamedTuple):
    """The member may do more or less than before, or has lost access."""


class LocalWarning(NamedTuple):
    """Something happened to this program's own files that the player should know."""

    message: str


Event = (
    Refreshed
    | ChangesQueued
    | QueueFailed
    | OutcomesReceived
    | Undone
    | Failed
    | RightsChanged
    | LocalWarning
)


class EventBus:
    """Passes events to one listener. Warnings wait for it, other events do not."""

    def __init__(self) -> None:
        self._listener: Callable[[Event], None] | None = None
        self._missed: list[LocalWarning] = []
        self._lock = threading.Lock()

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` with every event, in the thread in which it happens."""
        with self._lock:
            self._listener = listener
            missed, self._missed = self._missed, []
        for warning in missed:
            listener(warning)

    def stop(self) -> None:
        """Publish nothing more to the listener."""
        with self._lock:
            self._listener = None

    def publish(self, event: Event) -> None:
        with self._lock:
            # Under the lock, or a warning could be stored just after a new listener has looked.
            listener = self._listener
            if listener is None and isinstance(event, LocalWarning):
                self._missed.append(event)
        if listener is not None:
            listener(event)
