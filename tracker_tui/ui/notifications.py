"""Notifications: what happened to changes, in short messages at the edge of the screen.

`Notifications` decides when to speak: at most one message in 0.8 seconds about applied changes, and
each trouble with the ledger once. The functions below it decide what to say. For example, three
edits of one row within a second become `Spice Melange +500 +20 -5 → 1,715 at Hagga · +152 points`.
`SteadyNotification` keeps its time on screen whatever the clock does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Literal

from textual.notifications import Notification, SeverityLevel
from textual.screen import Screen
from textual.worker import Worker

from tracker_tui.domain.change import Change, Moved, Outcome, Verdict, describe, undone_by
from tracker_tui.domain.messages import (
    arrival,
    listed,
    outcome_name,
    outcome_sentence,
    points_text,
    why_not,
)
from tracker_tui.domain.quantities import Location, grouped, signed
from tracker_tui.domain.resource import Resource
from tracker_tui.domain.text import one_line
from tracker_tui.errors import DatabaseUnreachable, LedgerError, TrackerError
from tracker_tui.tracker.events import QueueFailed, Undone
from tracker_tui.tracker.tracker import Tracker

_SECONDS_BETWEEN = 0.8
"""Between two notifications of applied changes, for people to read them."""
_MOST_OUTCOMES = 1_000


class Notifications:
    """Shows notifications of one tracker on one screen, as plain text."""

    def __init__(self, screen: Screen[None], tracker: Tracker) -> None:
        self._screen = screen
        self._tracker = tracker
        self._applied: list[Outcome] = []
        self._worker: Worker[None] | None = None
        self._last_shown = 0.0
        self._trouble = ""
        self._reported_pending: set[str] = set()
        """Ids of pending changes that a notification called saved."""
        self._undone_in_flight: set[str] = set()
        """Ids of changes that are undone as soon as the ledger answers."""
        self._outcomes: dict[str, Outcome] = {}
        """The outcomes of the last changes by id, for the notification of an undo."""
        self.reports_others = False
        """Whether to report other people's changes."""

    def report_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Report which changes were applied, rejected and undone."""
        self.forget_trouble()
        places = self._tracker.places
        submitted = [outcome for outcome in outcomes if outcome.change.undoes is None]
        self._remember(submitted)
        undone = [outcome for outcome in outcomes if outcome.change.undoes is not None]
        for text, severity in undo_texts(undone, self._outcomes, places):
            self._screen.notify(text, severity=severity, markup=False)
        rejected = [outcome for outcome in submitted if not outcome.is_in_history]
        if rejected:
            text = rejected_text(rejected, places)
            self._screen.notify(text, severity="error", timeout=10, markup=False)
        # A change that is being undone is reported once, as undone.
        applied = [each for each in submitted if each.change.id not in self._undone_in_flight]
        self._report_soon([outcome for outcome in applied if outcome.is_in_history])

    def _remember(self, submitted: Sequence[Outcome]) -> None:
        self._outcomes |= {outcome.change.id: outcome for outcome in submitted}
        for change_id in list(self._outcomes)[:-_MOST_OUTCOMES]:
            del self._outcomes[change_id]

    def report_undo(self, undone: Undone) -> None:
        """Report which changes an undo removed before they were sent, or that none is left."""
        self._undone_in_flight |= {change.id for change in undone.in_flight}
        parts = []
        if undone.withdrawn:
            parts.append(f"Undid {self._listed(undone.withdrawn)} before it was sent.")
        if undone.in_flight:
            names = self._listed(undone.in_flight)
            parts.append(f"Still being sent, and undone as soon as the answer comes: {names}.")
        if parts:
            self._screen.notify(" ".join(parts), markup=False)
        elif not undone.counters:
            text = "Nothing to undo: only changes of this run can be undone."
            self._screen.notify(text, markup=False)

    def report_trouble(self, error: TrackerError) -> None:
        """Report why the ledger cannot be reached, once; the status bar keeps showing it.

        Changes typed since then are reported as saved, by name, once each.
        """
        pending = [c for c in self._tracker.pending() if not self._tracker.cancel_requested(c)]
        saved = [change for change in pending if change.id not in self._reported_pending]
        self._reported_pending = {change.id for change in pending}
        is_known, self._trouble = str(error) == self._trouble, str(error)
        parts = []
        if saved:
            offline = "Offline: " if isinstance(error, DatabaseUnreachable) else ""
            parts.append(f"{offline}{self._listed(saved)} saved here, will be sent.")
        if not is_known:
            # With changes saved there is nothing for the player to try again.
            text = error.what if pending and isinstance(error, LedgerError) else str(error)
            parts.append(text)
        if parts:
            severity: SeverityLevel = "warning" if saved else "error"
            seconds = 5 if is_known else 15
            self._screen.notify(
                " ".join(parts), severity=severity, title="Database", timeout=seconds, markup=False
            )

    def report_queue_failure(self, failed: QueueFailed) -> None:
        """Report which changes are lost, for the player to type them again."""
        text = f"Not saved: {self._listed(failed.changes)}. {failed.error}"
        self._screen.notify(text, severity="error", title="Outbox", timeout=30, markup=False)

    def report_others_changes(self, moves: Sequence[tuple[Resource, Resource]]) -> None:
        """Report other people's changes, if the player asked for that."""
        if moves and self.reports_others:
            tracker = self._tracker
            text = others_text(moves, tracker.places, tracker.name_of)
            self._screen.notify(text, timeout=4, markup=False)

    def report_local_warning(self, message: str) -> None:
        """Report trouble with a file of this machine."""
        self._screen.notify(message, severity="warning", timeout=15, markup=False)

    def _listed(self, changes: Sequence[Change]) -> str:
        return listed([self._text_of(change) for change in changes])

    def _text_of(self, change: Change) -> str:
        name = self._tracker.resource_name(change.resource_id)
        return f"{one_line(name, 40)} {describe(change)}"

    def forget_trouble(self) -> None:
        """Report the same trouble again if it returns."""
        self._trouble = ""

    def _report_soon(self, applied: Sequence[Outcome]) -> None:
        self._applied += applied
        if self._applied and (self._worker is None or self._worker.is_finished):
            wait = self._last_shown + _SECONDS_BETWEEN - monotonic()
            self._worker = self._screen.run_worker(partial(self._report_applied, max(wait, 0.01)))

    async def _report_applied(self, wait: float) -> None:
        # Not a timer of Textual's: those that start late never fire.
        await asyncio.sleep(wait)
        self._last_shown = monotonic()
        text = applied_text(self._applied, self._tracker.places)
        self._applied.clear()
        self._screen.notify(text, timeout=4, markup=False)


Places = Mapping[Location, str]
Report = tuple[str, Literal["information", "error"]]
"""A text and its severity."""

_MOST_LISTED = 3


def applied_text(outcomes: Sequence[Outcome], places: Places) -> str:
    """Say which changes were applied, the quantities they left, and the points they earned."""
    if len(outcomes) == 1:
        return outcome_sentence(outcomes[0], places)
    points = points_text(sum(each.moved.points.final for each in outcomes if each.moved))
    return " · ".join(filter(None, (_many_applied(outcomes, places), points)))


def _many_applied(outcomes: Sequence[Outcome], places: Places) -> str:
    last = outcomes[-1]
    if len({each.change.resource_id for each in outcomes}) == 1:
        typed = listed([describe(each.change) for each in outcomes], " ")
        return f"{outcome_name(last)} {typed} {arrival(last, places)}"
    kinds = {(describe(each.change), each.change.location) for each in outcomes}
    if len(kinds) == 1 and not last.change.kind.is_transfer:
        # One quick edit of many rows: the amount and the place are said once.
        place = one_line(places[last.change.location], 24)
        left = [f"{outcome_name(each)} → {grouped(_left(each))}" for each in outcomes]
        return f"{describe(last.change)} at {place}: {listed(left)}"
    return listed([_one_applied(each, places) for each in outcomes])


def _one_applied(outcome: Outcome, places: Places) -> str:
    return f"{outcome_name(outcome)} {describe(outcome.change)} {arrival(outcome, places)}"


def _left(outcome: Outcome) -> int:
    """Return the quantity after a change, at the change's location."""
    moved = outcome.moved
    if moved is None:
        return 0
    return moved.hagga if outcome.change.location is Location.HAGGA else moved.deep_desert


def rejected_text(outcomes: Sequence[Outcome], places: Places) -> str:
    """Say which changes were rejected or conflict, and which key leads to the outbox."""
    if len(outcomes) == 1:
        return outcome_sentence(outcomes[0], places) + " Press o to decide."
    parts = []
    for is_conflict, word in ((True, "conflict"), (False, "rejected")):
        some = [each for each in outcomes if (each.verdict is Verdict.CONFLICT) is is_conflict]
        names = [
            f"{outcome_name(each)} {describe(each.change)} ({why_not(each, places)})"
            for each in some
        ]
        if names:
            parts.append(f"{len(some)} {word}: {listed(names)}.")
    return " ".join([*parts, "Press o to decide."])


def others_text(
    moves: Sequence[tuple[Resource, Resource]],
    places: Places,
    name_of: Callable[[str], str],
) -> str:
    """Say who changed which resources, given before and after."""
    if len(moves) > _MOST_LISTED:
        names = sorted({one_line(name_of(after.updated_by), 24) for _, after in moves})
        first = ", ".join(names[:_MOST_LISTED])
        more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
        return f"{first}{more} changed {len(moves)} resources"
    return "\n".join(_others_line(before, after, places, name_of) for before, after in moves)


def _others_line(
    before: Resource,
    after: Resource,
    places: Places,
    name_of: Callable[[str], str],
) -> str:
    moved = [
        f"{one_line(places[location], 24)} {signed(after.at(location) - before.at(location))}"
        for location in Location
        if after.at(location) != before.at(location)
    ]
    name = one_line(name_of(after.updated_by), 24)
    return f"{name}: {one_line(after.name, 40)} {', '.join(moved)}"


def undo_texts(
    outcomes: Sequence[Outcome], before: Mapping[str, Outcome], places: Places
) -> Iterator[Report]:
    """Say what was undone and what was not; `before` has the undone outcomes by change id."""
    undone = [outcome for outcome in outcomes if outcome.is_in_history]
    if undone:
        texts = [_undone(each, before.get(each.change.undoes or ""), places) for each in undone]
        yield f"Undid {listed(texts)}", "information"
    for outcome in outcomes:
        if not outcome.is_in_history:
            name = f"{outcome_name(outcome)} {_undone_change(outcome.change, before)}"
            yield f"{name} not undone: {why_not(outcome, places)}.", "error"


def _undone_change(counter: Change, before: Mapping[str, Outcome]) -> str:
    known = before.get(counter.undoes or "")
    return describe(undone_by(counter) if known is None else known.change)


def _undone(outcome: Outcome, before: Outcome | None, places: Places) -> str:
    counter, moved = outcome.change, outcome.moved
    was = undone_by(counter) if before is None else before.change
    text = f"{outcome_name(outcome)} {describe(was)}"
    if moved is None:
        return text
    is_as_before = before is not None and _is_back(before.moved, moved)
    left = arrival(outcome, places).removeprefix("→ ")
    if not counter.kind.is_transfer and counter.location is Location.HAGGA:
        left = grouped(moved.hagga)
    return f"{text} ({'back to' if is_as_before else 'now'} {left})"


def _is_back(before: Moved | None, after: Moved) -> bool:
    """Whether the quantities are as they were before a change."""
    if before is None:
        return False
    was = (before.hagga_before, before.deep_desert_before)
    return was == (after.hagga, after.deep_desert)


_LEAST_SECONDS = 0.5


@dataclass
class SteadyNotification(Notification):
    """A notification that keeps its time when the clock is set or the machine is busy.

    Textual 8 computes the time left by the wall clock and starts a timer with it. If that is
    negative, the timer blocks the event loop and the program hangs.
    """

    _since: float | None = field(default=None, init=False)
    """When it was first drawn, by the monotonic clock."""

    @property
    def time_left(self) -> float:
        """Seconds for which it is still shown; never zero."""
        if self._since is None:
            self._since = monotonic()
        return max(self._since + self.timeout - monotonic(), _LEAST_SECONDS)

    @property
    def has_expired(self) -> bool:
        """Whether its time is over, counted from when it was first drawn."""
        return self._since is not None and monotonic() > self._since + self.timeout
