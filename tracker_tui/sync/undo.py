"""The submissions of this run: their undo, and their changes and points.

One Enter is one submission, whatever number of changes it holds. Undo goes back one submission at
a time, newest first. A change that was not sent is withdrawn; one that is in the history gets a
counter-change (`+500` is undone by `-500`), whose id derives from the id it undoes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from tracker_tui.domain.change import Change, Outcome, Rejection, SessionStats, counter_change


class UndoResult(NamedTuple):
    """How a submission was undone."""

    withdrawn: Sequence[Change] = ()
    """Changes that were not sent yet."""
    in_flight: Sequence[Change] = ()
    """Changes that are being sent. Each is followed by its counter-change if it arrives."""
    counters: Sequence[Change] = ()
    """Counter-changes of those that are in the history."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of the submission was left to undo."""
        return not (self.withdrawn or self.in_flight or self.counters)


def counter_to(outcome: Outcome | None) -> Change | None:
    """Return the counter-change of an outcome; None if nothing moved or it is an undo itself."""
    if outcome is None or outcome.moved is None or outcome.change.undoes is not None:
        return None
    return counter_change(outcome.change, outcome.moved, outcome.change.by)


class Submission(NamedTuple):
    """The changes of one Enter, numbered in the order of typing."""

    number: int
    changes: Sequence[Change]


class UndoLog:
    """The submissions of this run and their outcomes; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._submissions: list[Submission] = []
        self._own_ids: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._undone_ids: set[str] = set()
        self._newest = 0

    @property
    def newest(self) -> int:
        """The number of the newest submission: an undo requested now goes back from there."""
        return self._newest

    @property
    def stats(self) -> SessionStats:
        """The changes and points of this run so far, without undone ones."""
        with self._lock:
            moves = [
                outcome.moved
                for change_id, outcome in self._outcomes.items()
                if outcome.moved is not None and change_id not in self._undone_ids
            ]
        return SessionStats(
            changes=len(moves),
            moved=sum(moved.hagga_change + moved.deep_desert_change for moved in moves),
            points=round(sum(moved.points.final for moved in moves), 2),
        )

    def add(self, changes: Sequence[Change]) -> None:
        """Remember one submission."""
        with self._lock:
            self._newest += 1
            self._submissions.append(Submission(number=self._newest, changes=tuple(changes)))
            self._own_ids.update(change.id for change in changes)

    def forget(self, changes: Sequence[Change]) -> None:
        """Forget changes that could not be written to the outbox."""
        ids = {change.id for change in changes}
        with self._lock:
            self._own_ids -= ids
            self._submissions = [
                submission
                for submission in self._submissions
                if not all(change.id in ids for change in submission.changes)
            ]

    def record(self, outcome: Outcome) -> None:
        """Remember the outcome of a change, if it is one of this run's.

        An undo that was rejected because of the quantity can be tried again.
        """
        change = outcome.change
        with self._lock:
            if change.undoes is None:
                if change.id in self._own_ids:
                    self._outcomes[change.id] = outcome
                return
            if outcome.moved is not None:
                self._undone_ids.add(change.undoes)
            undone = self._outcomes.get(change.undoes)
            if undone is not None and outcome.rejection is Rejection.QUANTITY:
                # Last in line, so that it does not block the undo of other submissions.
                self._submissions.insert(0, Submission(number=0, changes=(undone.change,)))

    def outcome(self, change: Change) -> Outcome | None:
        """Return the outcome of a change of this run, if it is known."""
        with self._lock:
            return self._outcomes.get(change.id)

    def pop(self, up_to: int) -> Submission | None:
        """Take out the newest submission whose number is at most `up_to`."""
        with self._lock:
            for position in range(len(self._submissions) - 1, -1, -1):
                if self._submissions[position].number <= up_to:
                    return self._submissions.pop(position)
        return None

    def put_back(self, submission: Submission) -> None:
        """Put back a submission that could not be undone just now."""
        with self._lock:
            self._submissions.append(submission)
            self._submissions.sort(key=lambda each: each.number)
