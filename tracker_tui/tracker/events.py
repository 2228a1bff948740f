"""What happens behind the screen, as the tracker tells it to its listener."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import NamedTuple

from tracker_tui.domain.change import Change, Outcome
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import TrackerError


class Loaded(NamedTuple):
    """Rows were read; `changed` are the ids that look different now, `removed` are gone."""

    changed: frozenset[str]
    removed: frozenset[str]
    is_first: bool
    """Whether nothing was shown before."""
    moves: tuple[tuple[Resource, Resource], ...] = ()
    """Rows whose quantities others moved, before and after."""
    reaches_back: bool = False
    """Whether the history, too, or what things are called may be otherwise than before."""


class ChangesQueued(NamedTuple):
    """Changes were put into the outbox, or taken out of it: these resources look different now."""

    resource_ids: frozenset[str]


class QueueFailed(NamedTuple):
    """Changes could not be put into the outbox: they are not shown, and nothing comes of them."""

    changes: tuple[Change, ...]
    error: TrackerError


class OutcomesReceived(NamedTuple):
    """The ledger answered changes of ours; those that undo have `change.undoes` set."""

    outcomes: tuple[Outcome, ...]


class Undone(NamedTuple):
    """Undo is through: changes withdrawn, such as are being sent, and counter-changes to come.

    None at all: nothing of this run is left that could be undone.
    """

    withdrawn: tuple[Change, ...]
    underway: tuple[Change, ...]
    counters: tuple[Change, ...]


class Failed(NamedTuple):
    """The ledger could not be reached or read; what is shown stays, and is as old as it is."""

    error: TrackerError


class RightsChanged(NamedTuple):
    """The member may do more or less than before; perhaps nothing is to be shown any more."""


class LocalWarning(NamedTuple):
    """Something befell this program's own files that the player should know of."""

    message: str


Event = (
    Loaded
    | ChangesQueued
    | QueueFailed
    | OutcomesReceived
    | Undone
    | Failed
    | RightsChanged
    | LocalWarning
)


class EventBus:
    """Whoever listens; what is noticed before anybody does is told to whoever comes first."""

    def __init__(self) -> None:
        self._listener: Callable[[Event], None] | None = None
        self._missed: list[LocalWarning] = []
        self._lock = threading.Lock()

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Tell `listener` of every event, from the thread in which it happens."""
        with self._lock:
            self._listener = listener
            missed, self._missed = self._missed, []
        for notice in missed:
            listener(notice)

    def leave(self) -> None:
        """Tell nobody anything any more; what is noticed from now on waits for a new listener."""
        with self._lock:
            self._listener = None

    def tell(self, event: Event) -> None:
        """Tell whoever listens what happened."""
        with self._lock:
            # Else a notice could be put aside just after whoever comes has looked there.
            listener = self._listener
            if listener is None and isinstance(event, LocalWarning):
                self._missed.append(event)
        if listener is not None:
            listener(event)
