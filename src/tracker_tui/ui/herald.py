"""The herald: tells in toasts what became of changes, those of a burst together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from time import monotonic

from textual.screen import Screen
from textual.worker import Worker

from tracker_tui.domain.change import Change, describe
from tracker_tui.domain.outcome import Outcome
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.domain.wording import changes_text
from tracker_tui.errors import TrackerError
from tracker_tui.events import NotKept, Undone
from tracker_tui.tracker import Tracker
from tracker_tui.ui.toasts import told_of_applied, told_of_others, told_of_refused, told_of_undo

_NAMED_AT_MOST = 4

_BETWEEN_TOASTS = 0.8
"""Seconds: faster than this nobody reads."""


class Herald:
    """Speaks on one screen for one tracker; whatever it says is plain text."""

    def __init__(self, screen: Screen[None], tracker: Tracker) -> None:
        self._screen = screen
        self._tracker = tracker
        self._applied: list[Outcome] = []
        self._telling: Worker[None] | None = None
        self._last_told = 0.0
        self._trouble = ""
        self.tells_of_others = False
        """Whether the player wants to hear what others do."""

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
        parts = []
        if undone.withdrawn:
            parts.append(f"{changes_text(undone.withdrawn)} withdrawn before being sent.")
        if undone.underway:
            parts.append(f"{changes_text(undone.underway)} being sent: taken back once answered.")
        if parts:
            self._screen.notify(" ".join(parts), markup=False)
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

    def tell_of_not_kept(self, not_kept: NotKept) -> None:
        """Say that changes are lost, and which: the player has to type them once more."""
        listed = ", ".join(self._told(change) for change in not_kept.changes[:_NAMED_AT_MOST])
        more = len(not_kept.changes) - _NAMED_AT_MOST
        told = f"Not taken: {listed}" + (f" and {more} more" if more > 0 else "")
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

    def _told(self, change: Change) -> str:
        resource = self._tracker.resource(change.resource_id)
        name = change.resource_id if resource is None else resource.name
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
