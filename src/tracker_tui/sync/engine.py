"""The engine: sends what the outbox holds, and keeps the board true to the ledger's answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tracker_tui.domain.change import Change
from tracker_tui.domain.outcome import Outcome, Refusal, Verdict
from tracker_tui.errors import DatabaseError, OutcomeUnknown, StatementRefused, WriteRefused
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.board import Board
from tracker_tui.sync.outbox import Outbox
from tracker_tui.sync.undo import Undoing, UndoLog

_MOST_IN_A_REQUEST = 100


class Engine:
    """Takes submissions in any thread; sends and undoes in the ledger's."""

    def __init__(
        self, outbox: Outbox, board: Board, tell: Callable[[tuple[Outcome, ...]], None]
    ) -> None:
        self._outbox = outbox
        self._board = board
        self._tell = tell
        self._undo_log = UndoLog()
        self.is_unsure = False
        """Whether what is pending may be in the ledger already: an answer got lost."""

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
        outcomes: list[Outcome] = []
        try:
            while (sending := self._next_to_send()) and self._send(sending, ledger, outcomes):
                pass
        except OutcomeUnknown:
            self.is_unsure = True
            raise
        else:
            self.is_unsure = False
        finally:
            if outcomes:
                self._board.answer(outcomes)
                self._tell(tuple(outcomes))
        return outcomes

    @property
    def has_unsent(self) -> bool:
        """Whether anything is pending that waits for nobody."""
        return bool(self._next_to_send())

    def _next_to_send(self) -> list[Change]:
        """Return what goes into the next request, each behind its predecessor.

        A change requires that the one before it of the same resource is in the history, but for an
        undo, which minds the history of its own.
        """
        waiting = {outcome.change.resource_id for outcome in self._outbox.needing_player()}
        predecessors: dict[str, str] = {}
        sending = []
        for change in self._outbox.pending():
            if change.undoes is not None:
                sending.append(change)
            elif change.resource_id not in waiting:
                predecessor = predecessors.get(change.resource_id)
                sending.append(change._replace(requires=predecessor))
                predecessors[change.resource_id] = change.id
        return sending[:_MOST_IN_A_REQUEST]

    def _send(self, changes: Sequence[Change], ledger: Ledger, outcomes: list[Outcome]) -> bool:
        """Send changes in one request, and add to `outcomes` what came of them.

        Returns whether anything was settled; the rest stays pending. Raises why, where that is no
        other change, once all that was answered is settled.
        """
        before, failure = len(outcomes), None
        for change, answer in zip(changes, ledger.apply_all(changes), strict=True):
            outcome = self._outcome(change, answer)
            if isinstance(outcome, DatabaseError):
                failure = failure or outcome
            elif outcome is not None:
                self._settle(outcome)
                outcomes.append(outcome)
        if failure is not None:
            raise failure
        return len(outcomes) > before

    def _outcome(
        self, change: Change, answer: Outcome | DatabaseError
    ) -> Outcome | DatabaseError | None:
        """Return what came of a change as it was submitted; None if it waits for another."""
        submitted = change if change.undoes is not None else change._replace(requires=None)
        if isinstance(answer, StatementRefused | WriteRefused):
            # It would be refused for ever, and keep all that come after it from being sent.
            is_permission = isinstance(answer, WriteRefused)
            refusal = Refusal.NOT_PERMITTED if is_permission else Refusal.BY_DATABASE
            row = self._board.row(change.resource_id)
            return Outcome(submitted, Verdict.REFUSED, row, refusal=refusal, said=str(answer))
        if isinstance(answer, DatabaseError):
            return answer
        waits = answer.refusal is Refusal.NOT_IN_HISTORY and change.undoes is None
        return None if waits else answer._replace(change=submitted)

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
