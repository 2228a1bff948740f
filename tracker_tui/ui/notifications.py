"""The herald: tells in toasts what became of changes, those of a burst together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from time import monotonic

from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.worker import Worker

from tracker_tui.domain.change import Change, Outcome, describe
from tracker_tui.domain.messages import listed
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.errors import DatabaseUnreachable, LedgerError, TrackerError
from tracker_tui.tracker.events import QueueFailed, Undone
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.ui.notification_texts import (
    told_of_applied,
    told_of_others,
    told_of_refused,
    told_of_undo,
)

_BETWEEN_TOASTS = 0.8
"""Seconds: faster than this nobody reads."""
_REMEMBERED = 1_000


class Notifications:
    """Speaks on one screen for one tracker; whatever it says is plain text."""

    def __init__(self, screen: Screen[None], tracker: Tracker) -> None:
        self._screen = screen
        self._tracker = tracker
        self._applied: list[Outcome] = []
        self._telling: Worker[None] | None = None
        self._last_told = 0.0
        self._trouble = ""
        self._told_saved: set[str] = set()
        """Pending changes of which it was told that they are saved."""
        self._taken_back: set[str] = set()
        """Changes that are undone as soon as they are answered."""
        self._outcomes: dict[str, Outcome] = {}
        """What came of the last changes, for what an undo says."""
        self.tells_of_others = False
        """Whether the player wants to hear what others do."""

    def tell_of_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Say what was applied, rejected and undone."""
        self.forget_trouble()
        places = self._tracker.places
        submitted = [outcome for outcome in outcomes if outcome.change.undoes is None]
        self._remember(submitted)
        undone = [outcome for outcome in outcomes if outcome.change.undoes is not None]
        for told, severity in told_of_undo(undone, self._outcomes, places):
            self._screen.notify(told, severity=severity, markup=False)
        refused = [outcome for outcome in submitted if not outcome.is_in_history]
        if refused:
            told = told_of_refused(refused, places)
            self._screen.notify(told, severity="error", timeout=10, markup=False)
        # Of what is being taken back it is told that it was, and not just before that it is there.
        applied = [each for each in submitted if each.change.id not in self._taken_back]
        self._tell_soon([outcome for outcome in applied if outcome.is_in_history])

    def _remember(self, submitted: Sequence[Outcome]) -> None:
        self._outcomes |= {outcome.change.id: outcome for outcome in submitted}
        for change_id in list(self._outcomes)[:-_REMEMBERED]:
            del self._outcomes[change_id]

    def tell_of_undo(self, undone: Undone) -> None:
        """Say what was taken back before it was sent, or that there is nothing to take back."""
        self._taken_back |= {change.id for change in undone.underway}
        parts = []
        if undone.withdrawn:
            parts.append(f"Undid {self._listed(undone.withdrawn)} before it was sent.")
        if undone.underway:
            told = self._listed(undone.underway)
            parts.append(f"{told} is being sent: it is undone as soon as the answer comes.")
        if parts:
            self._screen.notify(" ".join(parts), markup=False)
        elif not undone.counters:
            told = "Nothing to undo: only this run's changes can be."
            self._screen.notify(told, markup=False)

    def tell_of_trouble(self, error: TrackerError) -> None:
        """Say what is wrong with the ledger, once while it lasts; the strip goes on telling.

        Of what was typed meanwhile it says once, by name, that it is saved.
        """
        pending = [c for c in self._tracker.pending() if not self._tracker.is_taken_back(c)]
        saved = [change for change in pending if change.id not in self._told_saved]
        self._told_saved = {change.id for change in pending}
        is_known, self._trouble = str(error) == self._trouble, str(error)
        parts = []
        if saved:
            offline = "Offline: " if isinstance(error, DatabaseUnreachable) else ""
            parts.append(f"{offline}{self._listed(saved)} saved here, will be sent.")
        if not is_known:
            # Whoever has changes saved has nothing to try again.
            told = error.what if pending and isinstance(error, LedgerError) else str(error)
            parts.append(told)
        if parts:
            severity: SeverityLevel = "warning" if saved else "error"
            seconds = 5 if is_known else 15
            self._screen.notify(
                " ".join(parts), severity=severity, title="Database", timeout=seconds, markup=False
            )

    def tell_of_not_kept(self, not_kept: QueueFailed) -> None:
        """Say that changes are lost, and which: the player has to type them once more."""
        told = f"Not saved: {self._listed(not_kept.changes)}"
        self._screen.notify(
            f"{told}. {not_kept.error}", severity="error", title="Outbox", timeout=30, markup=False
        )

    def tell_of_others(self, moves: Sequence[tuple[Resource, Resource]]) -> None:
        """Say who else did what, if the player wants to know."""
        if moves and self.tells_of_others:
            tracker = self._tracker
            told = told_of_others(moves, tracker.places, tracker.name_of)
            self._screen.notify(told, timeout=4, markup=False)

    def tell_of_notice(self, message: str) -> None:
        """Say what befell this machine's own files."""
        self._screen.notify(message, severity="warning", timeout=15, markup=False)

    def _listed(self, changes: Sequence[Change]) -> str:
        return listed([self._told(change) for change in changes])

    def _told(self, change: Change) -> str:
        name = self._tracker.resource_name(change.resource_id)
        return f"{one_line(name, 40)} {describe(change)}"

    def forget_trouble(self) -> None:
        """Let the same trouble be told again when it comes back."""
        self._trouble = ""

    def _tell_soon(self, applied: Sequence[Outcome]) -> None:
        self._applied += applied
        if self._applied and (self._telling is None or self._telling.is_finished):
            wait = self._last_told + _BETWEEN_TOASTS - monotonic()
            self._telling = self._screen.run_worker(partial(self._tell_of_applied, max(wait, 0.01)))

    async def _tell_of_applied(self, wait: float) -> None:
        # A timer of Textual's never fires if it begins late; nothing would be told from then on.
        await asyncio.sleep(wait)
        self._last_told = monotonic()
        told = told_of_applied(self._applied, self._tracker.places)
        self._applied.clear()
        self._screen.notify(told, timeout=4, markup=False)
