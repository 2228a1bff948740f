"""The herald: tells in toasts what became of changes, those of a burst together.

What notifications say; those of a burst of changes are told as one.

What a toast tells, and for how long.
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
        self._taken_back |= {change.id for change in undone.in_flight}
        parts = []
        if undone.withdrawn:
            parts.append(f"Undid {self._listed(undone.withdrawn)} before it was sent.")
        if undone.in_flight:
            told = self._listed(undone.in_flight)
            parts.append(f"{told} is being sent: it is undone as soon as the answer comes.")
        if parts:
            self._screen.notify(" ".join(parts), markup=False)
        elif not undone.counters:
            told = "Nothing to undo: only changes of this run can be undone."
            self._screen.notify(told, markup=False)

    def tell_of_trouble(self, error: TrackerError) -> None:
        """Say what is wrong with the ledger, once while it lasts; the strip goes on telling.

        Of what was typed meanwhile it says once, by name, that it is saved.
        """
        pending = [c for c in self._tracker.pending() if not self._tracker.cancel_requested(c)]
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


Places = Mapping[Location, str]
Told = tuple[str, Literal["information", "error"]]
"""What is said, and how bad it is."""

_TOLD_ONE_BY_ONE = 3


def told_of_applied(outcomes: Sequence[Outcome], places: Places) -> str:
    """Say which changes were applied, what they left, and which points they earned."""
    if len(outcomes) == 1:
        return outcome_sentence(outcomes[0], places)
    points = points_text(sum(each.moved.points.final for each in outcomes if each.moved))
    return " · ".join(filter(None, (_many_applied(outcomes, places), points)))


def _many_applied(outcomes: Sequence[Outcome], places: Places) -> str:
    last = outcomes[-1]
    if len({each.change.resource_id for each in outcomes}) == 1:
        typed = listed([describe(each.change) for each in outcomes], " ")
        return f"{outcome_name(last)} {typed} {arrival(last, places)}"
    ways = {(describe(each.change), each.change.location) for each in outcomes}
    if len(ways) == 1 and not last.change.kind.is_transfer:
        # One submission of many rows: what they have in common is said once.
        place = one_line(places[last.change.location], 24)
        left = [f"{outcome_name(each)} → {grouped(_left(each))}" for each in outcomes]
        return f"{describe(last.change)} at {place}: {listed(left)}"
    return listed([_one_applied(each, places) for each in outcomes])


def _one_applied(outcome: Outcome, places: Places) -> str:
    return f"{outcome_name(outcome)} {describe(outcome.change)} {arrival(outcome, places)}"


def _left(outcome: Outcome) -> int:
    """Return how much a change left where it was made."""
    moved = outcome.moved
    if moved is None:
        return 0
    return moved.hagga if outcome.change.location is Location.HAGGA else moved.deep_desert


def told_of_refused(outcomes: Sequence[Outcome], places: Places) -> str:
    """Say what was rejected and what conflicts, by name, and where it can be dealt with."""
    if len(outcomes) == 1:
        return outcome_sentence(outcomes[0], places) + " Press o to decide."
    parts = []
    for is_conflict, word in ((True, "conflict"), (False, "rejected")):
        some = [each for each in outcomes if (each.verdict is Verdict.CONFLICT) is is_conflict]
        told = [
            f"{outcome_name(each)} {describe(each.change)} ({why_not(each, places)})"
            for each in some
        ]
        if told:
            parts.append(f"{len(some)} {word}: {listed(told)}.")
    return " ".join([*parts, "Press o to decide."])


def told_of_others(
    moves: Sequence[tuple[Resource, Resource]],
    places: Places,
    name_of: Callable[[str], str],
) -> str:
    """Say who moved what, of quantities before and after."""
    if len(moves) > _TOLD_ONE_BY_ONE:
        names = sorted({one_line(name_of(after.updated_by), 24) for _, after in moves})
        told = ", ".join(names[:_TOLD_ONE_BY_ONE])
        more = f" and {len(names) - _TOLD_ONE_BY_ONE} more" if len(names) > _TOLD_ONE_BY_ONE else ""
        return f"{told}{more} changed {len(moves)} resources"
    return "\n".join(_told_of_move(before, after, places, name_of) for before, after in moves)


def _told_of_move(
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


def told_of_undo(
    outcomes: Sequence[Outcome], before: Mapping[str, Outcome], places: Places
) -> Iterator[Told]:
    """Say what was undone, and what could not be; `before` has what came of it by its id."""
    undone = [outcome for outcome in outcomes if outcome.is_in_history]
    if undone:
        told = [_undone(each, before.get(each.change.undoes or ""), places) for each in undone]
        yield f"Undid {listed(told)}", "information"
    for outcome in outcomes:
        if not outcome.is_in_history:
            name = f"{outcome_name(outcome)} {_meant(outcome.change, before)}"
            yield f"{name} not undone: {why_not(outcome, places)}.", "error"


def _meant(counter: Change, before: Mapping[str, Outcome]) -> str:
    known = before.get(counter.undoes or "")
    return describe(undone_by(counter) if known is None else known.change)


def _undone(outcome: Outcome, before: Outcome | None, places: Places) -> str:
    counter, moved = outcome.change, outcome.moved
    was = undone_by(counter) if before is None else before.change
    told = f"{outcome_name(outcome)} {describe(was)}"
    if moved is None:
        return told
    is_as_before = before is not None and _is_back(before.moved, moved)
    left = arrival(outcome, places).removeprefix("→ ")
    if not counter.kind.is_transfer and counter.location is Location.HAGGA:
        left = grouped(moved.hagga)
    return f"{told} ({'back to' if is_as_before else 'now'} {left})"


def _is_back(before: Moved | None, after: Moved) -> bool:
    """Whether quantities are again what they were before a change."""
    if before is None:
        return False
    was = (before.hagga_before, before.deep_desert_before)
    return was == (after.hagga, after.deep_desert)


_SHOWN_AT_LEAST = 0.5


@dataclass
class SteadyNotification(Notification):
    """A notification whose time nothing upsets, neither a clock that is set nor a busy machine.

    Textual 8 counts by the wall clock, and starts a toast's timer with whatever is left: with less
    than nothing, when the time ran out just as the toast came on, that timer never lets anybody
    else have a turn, and the program hangs for good.
    """

    _since: float | None = field(default=None, init=False)
    """When the first toast came on for it, by a clock that nobody sets."""

    @property
    def time_left(self) -> float:
        """Seconds for which a toast that comes on now is shown; always some."""
        if self._since is None:
            self._since = monotonic()
        return max(self._since + self.timeout - monotonic(), _SHOWN_AT_LEAST)

    @property
    def has_expired(self) -> bool:
        """Whether its time is over, which begins when it is first seen."""
        return self._since is not None and monotonic() > self._since + self.timeout
