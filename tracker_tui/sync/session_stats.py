"""The tally: what this run of the program has brought."""

from __future__ import annotations

import threading

from tracker_tui.domain.change import Moved, Outcome, SessionStats


class SessionCounter:
    """Counts outcomes; what was undone does not count. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._applied: dict[str, Moved] = {}

    def count(self, outcome: Outcome) -> None:
        """Take one outcome; told twice it counts once."""
        if outcome.moved is None:
            return
        with self._lock:
            if outcome.change.undoes is None:
                self._applied[outcome.change.id] = outcome.moved
            else:
                self._applied.pop(outcome.change.undoes, None)

    @property
    def stats(self) -> SessionStats:
        """What it comes to so far."""
        with self._lock:
            applied = list(self._applied.values())
        return SessionStats(
            len(applied),
            sum(moved.hagga_change + moved.deep_desert_change for moved in applied),
            round(sum(moved.points.final for moved in applied), 2),
        )
