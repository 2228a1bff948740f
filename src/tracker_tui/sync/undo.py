"""What can be undone: the submissions of this run, newest last, and what became of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tracker_tui.domain.change import Change, counter_change
from tracker_tui.domain.outcome import Outcome, Refusal


class Undoing(NamedTuple):
    """How a submission is taken back: by withdrawing changes, and by counter-changes."""

    withdrawn: list[Change]
    counters: list[Change]


class _Submission(NamedTuple):
    """What one Enter submitted; numbered, so that an undo knows what was typed after it."""

    number: int
    changes: Sequence[Change]


class UndoLog:
    """Remembers submissions until they are undone; may be used from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._submissions: list[_Submission] = []
        self._outcomes: dict[str, Outcome] = {}
        self._newest = 0

    @property
    def newest(self) -> int:
        """The number of the newest submission: an undo asked for now reaches no further."""
        return self._newest

    def submitted(self, changes: Iterable[Change]) -> None:
        """Remember one submission of the player's."""
        with self._lock:
            self._newest += 1
            self._submissions.append(_Submission(self._newest, tuple(changes)))

    def settled(self, outcome: Outcome) -> None:
        """Remember what became of a change; what an undo could not take back may be tried again."""
        change = outcome.change
        if change.undoes is None:
            self._outcomes[change.id] = outcome
        elif outcome.refusal is Refusal.QUANTITY:
            with self._lock:
                # Behind all others, so that it does not stand in their way.
                undone = self._outcomes[change.undoes].change
                self._submissions.insert(0, _Submission(0, (undone,)))

    def take(
        self, up_to: int, withdraw: Callable[[Change], bool], new_id: Callable[[], str], by: str
    ) -> Undoing:
        """Take back the newest submission of those up to a number, of which anything is left.

        `withdraw` takes a change back that was not sent yet, and says whether it could. The last
        change of a submission goes first: an earlier one may have made room for it.
        """
        while (submission := self._pop(up_to)) is not None:
            newest_first = submission.changes[::-1]
            withdrawn = [change for change in newest_first if withdraw(change)]
            counters = []
            for change in newest_first:
                outcome = self._outcomes.get(change.id)
                if outcome is not None and outcome.moved is not None:
                    counter = counter_change(change, outcome.moved, new_id(), by)
                    counters += [counter] if counter is not None else []
            if withdrawn or counters:
                return Undoing(withdrawn, counters)
        return Undoing([], [])

    def _pop(self, up_to: int) -> _Submission | None:
        with self._lock:
            for position in range(len(self._submissions) - 1, -1, -1):
                if self._submissions[position].number <= up_to:
                    return self._submissions.pop(position)
        return None
