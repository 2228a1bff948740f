"""What can be undone: the submissions of this run, newest last, and what became of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import NamedTuple

from tracker_tui.domain.change import Change, Outcome, Rejection, counter_change


class Undoing(NamedTuple):
    """How a submission is taken back."""

    withdrawn: Sequence[Change] = ()
    """Changes that were not sent yet."""
    underway: Sequence[Change] = ()
    """Changes that are being sent: each is followed by its counter-change, if it arrives."""
    counters: Sequence[Change] = ()
    """Counter-changes of those that are in the history."""

    @property
    def is_nothing(self) -> bool:
        """Whether nothing of the submission was left to be taken back."""
        return not (self.withdrawn or self.underway or self.counters)


def counter_to(outcome: Outcome | None) -> Change | None:
    """Return what takes a change back; None where nothing moved, or it takes one back itself."""
    if outcome is None or outcome.moved is None or outcome.change.undoes is not None:
        return None
    return counter_change(outcome.change, outcome.moved, outcome.change.by)


class Submission(NamedTuple):
    """What one Enter submitted; numbered, so that an undo knows what was typed after it."""

    number: int
    changes: Sequence[Change]


class UndoLog:
    """Remembers submissions until they are undone; may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._submissions: list[Submission] = []
        self._own: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._newest = 0

    @property
    def newest(self) -> int:
        """The number of the newest submission: an undo asked for now reaches no further."""
        return self._newest

    def submitted(self, changes: Sequence[Change]) -> None:
        """Remember one submission of the player's."""
        with self._lock:
            self._newest += 1
            self._submissions.append(Submission(self._newest, tuple(changes)))
            self._own.update(change.id for change in changes)

    def forget(self, changes: Sequence[Change]) -> None:
        """Forget changes that could not be kept: nothing is there to be undone."""
        gone = {change.id for change in changes}
        with self._lock:
            self._own -= gone
            self._submissions = [
                submission
                for submission in self._submissions
                if not all(change.id in gone for change in submission.changes)
            ]

    def settled(self, outcome: Outcome) -> bool:
        """Remember what became of a change; returns whether it is one of this run's.

        What an undo could not take back may be tried again.
        """
        change = outcome.change
        with self._lock:
            if change.undoes is None:
                if change.id in self._own:
                    self._outcomes[change.id] = outcome
                return change.id in self._own
            undone = self._outcomes.get(change.undoes)
            if undone is not None and outcome.refusal is Rejection.QUANTITY:
                # Behind all others, so that it does not stand in their way.
                self._submissions.insert(0, Submission(0, (undone.change,)))
            return change.undoes in self._own

    def outcome(self, change: Change) -> Outcome | None:
        """Return what became of a change; None while that is not known."""
        with self._lock:
            return self._outcomes.get(change.id)

    def pop(self, up_to: int) -> Submission | None:
        """Take out the newest submission of those up to a number."""
        with self._lock:
            for position in range(len(self._submissions) - 1, -1, -1):
                if self._submissions[position].number <= up_to:
                    return self._submissions.pop(position)
        return None

    def put_back(self, submission: Submission) -> None:
        """Take a submission back in that could not be undone just now."""
        with self._lock:
            self._submissions.append(submission)
            self._submissions.sort(key=lambda each: each.number)
