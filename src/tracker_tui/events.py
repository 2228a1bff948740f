"""What happens between the tracker and the ledger, as the tracker tells it to its listener."""

from __future__ import annotations

from typing import NamedTuple

from tracker_tui.domain.outcome import Outcome
from tracker_tui.errors import TrackerError


class Loaded(NamedTuple):
    """A refresh came back; `changed` are the ids that look different now, `removed` are gone."""

    changed: frozenset[str]
    removed: frozenset[str]
    is_first: bool


class Settled(NamedTuple):
    """The ledger answered changes of ours; those that undo have `change.undoes` set."""

    outcomes: tuple[Outcome, ...]


class Undone(NamedTuple):
    """Undo is through: changes withdrawn before they were sent, and counter-changes sent.

    Both 0: nothing of this run is left that could be undone.
    """

    withdrawn: int
    countered: int


class Failed(NamedTuple):
    """The ledger could not be reached or read; what is shown stays, and is as old as it is."""

    error: TrackerError


Event = Loaded | Settled | Undone | Failed
