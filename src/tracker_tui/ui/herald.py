"""The herald: tells in toasts what became of changes, those of a burst together."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from textual.screen import Screen

from tracker_tui.domain.outcome import Outcome
from tracker_tui.errors import TrackerError
from tracker_tui.events import Undone
from tracker_tui.tracker import Tracker
from tracker_tui.ui.toasts import told_of_applied, told_of_refused, told_of_undo

_BETWEEN_TOASTS = 0.8
"""Seconds: faster than this nobody reads."""


class Herald:
    """Speaks on one screen for one tracker; whatever it says is plain text."""

    def __init__(self, screen: Screen[None], tracker: Tracker) -> None:
        self._screen = screen
        self._tracker = tracker
        self._applied: list[Outcome] = []
        self._last_told = 0.0
        self._trouble = ""

    def tell_of_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Say what was done, refused and undone."""
        self.forget_trouble()
        places = self._tracker.places
        undone = [outcome for outcome in outcomes if outcome.change.undoes is not None]
        for told, severity in told_of_undo(undone, places):
            self._screen.notify(told, severity=severity, markup=False)
        submitted = [outcome for outcome in outcomes if outcome.change.undoes is None]
        refused = [outcome for outcome in submitted if not outcome.is_in_history]
        if refused:
            told = told_of_refused(refused, places)
            self._screen.notify(told, severity="error", timeout=10, markup=False)
        self._tell_soon([outcome for outcome in submitted if outcome.is_in_history])

    def tell_of_undo(self, undone: Undone) -> None:
        """Say what was taken back before it was sent, or that there is nothing to take back."""
        if undone.withdrawn:
            self._screen.notify(f"{undone.withdrawn} unsent changes withdrawn.", markup=False)
        elif not undone.countered:
            told = "Nothing to undo: only this run's changes can be."
            self._screen.notify(told, markup=False)

    def tell_of_trouble(self, error: TrackerError) -> None:
        """Say what is wrong with the ledger, once while it lasts; the strip goes on telling."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            self._screen.notify(
                str(error), severity="error", title="Database", timeout=15, markup=False
            )

    def forget_trouble(self) -> None:
        """Let the same trouble be told again when it comes back."""
        self._trouble = ""

    def _tell_soon(self, applied: Sequence[Outcome]) -> None:
        is_waiting = bool(self._applied)
        self._applied += applied
        if self._applied and not is_waiting:
            wait = self._last_told + _BETWEEN_TOASTS - monotonic()
            self._screen.set_timer(max(wait, 0.01), self._tell_of_applied)

    def _tell_of_applied(self) -> None:
        self._last_told = monotonic()
        told = told_of_applied(self._applied, self._tracker.places)
        self._applied.clear()
        self._screen.notify(told, timeout=4, markup=False)
