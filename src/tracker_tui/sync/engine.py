"""The engine: sends what the outbox holds, and keeps the board true to the ledger's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tracker_tui.domain.change import Change
from tracker_tui.domain.outcome import Outcome, Refusal, Verdict
from tracker_tui.errors import StatementRefused
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.board import Board
from tracker_tui.sync.outbox import Outbox
from tracker_tui.sync.undo import Undoing, UndoLog


class Engine:
    """Takes submissions in any thread; sends and undoes in the ledger's."""

    def __init__(
        self, outbox: Outbox, board: Board, tell: Callable[[tuple[Outcome, ...]], None]
    ) -> None:
        self._outbox = outbox
        self._board = board
        self._tell = tell
        self._undo_log = UndoLog()

    def submit(self, changes: Iterable[Change]) -> None:
        """Keep one submission, show it, and remember it for undo."""
        submission = tuple(changes)
        self._take(submission)
        self._undo_log.submitted(submission)

    def send(self, ledger: Ledger) -> Sequence[Outcome]:
        """Send what is pending, oldest first; raises DatabaseError, and what was not sent stays.

        While a change of a resource waits for the player, later ones of that resource wait for it:
        they were typed in the belief that it goes through.
        """
        blocked = {outcome.change.resource_id for outcome in self._outbox.needing_player()}
        outcomes: list[Outcome] = []
        try:
            for change in self._outbox.pending():
                # An undo minds the history alone, which its own guard asks.
                if change.resource_id not in blocked or change.undoes is not None:
                    outcome = self._apply(change, ledger)
                    self._settle(outcome)
                    outcomes.append(outcome)
                    if not outcome.is_in_history and change.undoes is None:
                        blocked.add(change.resource_id)
        finally:
            if outcomes:
                self._board.answer(outcomes)
                self._tell(tuple(outcomes))
        return outcomes

    @property
    def newest_submission(self) -> int:
        """The number of the newest submission, for an undo that is asked for now."""
        return self._undo_log.newest

    def undo(self, ledger: Ledger, up_to: int, new_id: Callable[[], str], by: str) -> Undoing:
        """Take back the newest submission up to a number; what was typed after it stays.

        Raises DatabaseError; counter-changes that were not sent stay in the outbox.
        """
        undoing = self._undo_log.take(up_to, self._withdraw, new_id, by)
        self._take(undoing.counters)
        self.send(ledger)
        return undoing

    def _apply(self, change: Change, ledger: Ledger) -> Outcome:
        try:
            return ledger.apply(change)
        except StatementRefused as error:
            # It would be refused for ever, and keep all that come after it from being sent.
            row = self._board.row(change.resource_id)
            refusal = Refusal.BY_DATABASE
            return Outcome(change, Verdict.REFUSED, row, refusal=refusal, said=str(error))

    def _take(self, changes: Sequence[Change]) -> None:
        # On the board first: once it is in the outbox, the answer may come at any moment.
        for change in changes:
            self._board.ask(change)
        try:
            self._outbox.put(changes)
        except BaseException:
            for change in changes:
                self._board.withdraw(change)
            raise

    def _settle(self, outcome: Outcome) -> None:
        change = outcome.change
        self._outbox.settle(outcome)
        self._undo_log.settled(outcome)
        if change.undoes is not None:
            # An undo that was refused may be asked for again; nothing waits for the player.
            self._outbox.drop(change.id)

    def _withdraw(self, change: Change) -> bool:
        if not self._outbox.withdraw(change.id):
            return False
        self._board.withdraw(change)
        return True
