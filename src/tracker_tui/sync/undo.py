"""What can be undone: the submissions of this run, newest last, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tracker_tui.domain.change import Change, counter_change
from tracker_tui.domain.outcome import Outcome, Refusal


class Undoing(NamedTuple):
    """How a submission is taken back: by withdrawing changes, and by counter-changes."""

    withdrawn: list[Change]
    counters: list[Change]

    def __bool__(self) -> bool:
        return bool(self.withdrawn or self.counters)


class UndoLog:
    """Remembers submissions until they are undone."""

    def __init__(self) -> None:
        self._submissions: list[tuple[Change, ...]] = []
        self._outcomes: dict[str, Outcome] = {}

    def submitted(self, changes: Iterable[Change]) -> None:
        """Remember one submission of the player's."""
        self._submissions.append(tuple(changes))

    def settled(self, outcome: Outcome) -> None:
        """Remember what became of a change; what an undo could not take back may be tried again."""
        change = outcome.change
        if change.undoes is None:
            self._outcomes[change.id] = outcome
        elif outcome.refusal is Refusal.QUANTITY:
            # Behind all others, so that it does not stand in their way.
            self._submissions.insert(0, (self._outcomes[change.undoes].change,))

    def take_newest(
        self, withdraw: Callable[[Change], bool], new_id: Callable[[], str], by: str
    ) -> Undoing:
        """Take back the newest submission of which anything is left; nothing if there is none.

        `withdraw` takes a change back that was not sent yet, and says whether it could. The last
        change of a submission goes first: an earlier one may have made room for it.
        """
        while self._submissions:
            newest_first = self._submissions.pop()[::-1]
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
