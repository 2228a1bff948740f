"""The sender: takes what the outbox holds to the ledger, and what comes of it back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager

from tracker_tui.domain.change import Change, Outcome, Rejection, Verdict
from tracker_tui.domain.resource import find_resource
from tracker_tui.errors import (
    AnswerLost,
    LedgerError,
    StatementRejected,
    UnknownResource,
    WriteRejected,
)
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.outbox_entries import OutboxEntry
from tracker_tui.sync.send_queue import MOST_IN_A_REQUEST, as_sent, is_outdated, sendable

Answer = Outcome | LedgerError


class Sender:
    """Sends for one engine; only while it has the turn, so that one program sends at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._outbox = engine.outbox
        self.answered: Sequence[Outcome] = ()
        """What the ledger answered last, whether or not that could be kept."""

    def turn(self) -> AbstractContextManager[bool]:
        """Have the turn to send while a block runs; False where another program has it."""
        return self._engine.store.turn.try_acquire()

    def send(
        self, ledger: Ledger, all_well: Callable[[], object] = lambda: None
    ) -> Sequence[Outcome]:
        """Send what may be sent, oldest first, and return what came of it; we have the turn.

        If all of it was answered, `all_well` is called before anybody hears the answers; not if
        there was nothing to send: all may wait for one that needs the player. Raises LedgerError,
        and what was not answered stays; LocalFileError if the outbox could not be written, and what
        was sent is sent once more, which does no harm.
        """
        outcomes: list[Outcome] = []
        try:
            self._engine.catch_up()
            self._give_up_outdated()
            self._look_up_names(ledger)
            while (entries := self._begin()) and self._send(entries, ledger, outcomes):
                pass
            if outcomes:
                all_well()
        finally:
            if outcomes:
                self._engine.tell(tuple(outcomes))
        return outcomes

    def begin(self, named: str, ledger: Ledger) -> list[OutboxEntry]:
        """Begin to send what goes into one request with a change by name, which goes last.

        It is left out if it waits for the player, has been sent by another program, or does not fit
        behind all that were made before it.
        """
        self._engine.catch_up()
        self._give_up_outdated()
        self._look_up_names(ledger, but=named)
        return self._begin(named)

    def _begin(self, named: str | None = None) -> list[OutboxEntry]:
        now = self._engine.clock()
        entries = sendable(self._outbox.entries(), now)
        waiting = [e.change.id for e in entries if not e.is_named or e.change.id == named]
        ids = waiting[:MOST_IN_A_REQUEST]
        return self._outbox.begin_sending(ids, now) if ids else []

    def _send(
        self, entries: Sequence[OutboxEntry], ledger: Ledger, outcomes: list[Outcome]
    ) -> bool:
        """Send entries in one request, and add to `outcomes` what came of them.

        Returns whether anything was settled. Raises why, where that is no other change, once all
        that was answered is settled.
        """
        changes = as_sent(entries, self._engine.clock())
        try:
            answers: Sequence[Answer] = ledger.apply_all(changes)
        except LedgerError as error:
            self.failed(entries, error)
            raise
        settled, failure = self.take_answers(entries, answers)
        outcomes += settled
        if failure is not None:
            raise failure
        return bool(settled)

    def failed(self, entries: Iterable[OutboxEntry], error: LedgerError) -> None:
        """Take that a request failed as a whole: whatever surely did not arrive was not sent."""
        if not isinstance(error, AnswerLost):
            self._take_back(entries)

    def take_answers(
        self, entries: Sequence[OutboxEntry], answers: Sequence[Answer]
    ) -> tuple[list[Outcome], LedgerError | None]:
        """Take an answer for each entry; returns outcomes, and why others have none."""
        outcomes: list[Outcome] = []
        waiting: list[OutboxEntry] = []
        failure: LedgerError | None = None
        for entry, answer in zip(entries, answers, strict=True):
            if isinstance(answer, WriteRejected) and entry.sent_at is not None:
                # What we may not do now, an earlier request may have done.
                failure = failure or answer
                continue
            outcome = self._outcome(entry.change, answer)
            if isinstance(outcome, Outcome):
                outcomes.append(outcome)
                continue
            failure = failure or outcome
            if not isinstance(outcome, AnswerLost):
                waiting.append(entry)
        self.answered = outcomes
        self._take_back(waiting)
        self._engine.settle(outcomes)
        return outcomes, failure

    def _outcome(self, submitted: Change, answer: Answer) -> Answer | None:
        """Return what came of a change as it was submitted; None if it waits for another."""
        if isinstance(answer, StatementRejected | WriteRejected):
            # It would be refused for ever, and keep all that come after it from being sent.
            is_permission = isinstance(answer, WriteRejected)
            refusal = Rejection.NOT_PERMITTED if is_permission else Rejection.BY_DATABASE
            return self._refused(submitted, refusal, str(answer))
        if isinstance(answer, LedgerError):
            return answer
        waits = answer.refusal is Rejection.NOT_IN_HISTORY and submitted.undoes is None
        return None if waits else self._named(answer._replace(change=submitted))

    def _named(self, outcome: Outcome) -> Outcome:
        """Keep what a deleted resource was called: soon nobody here knows any more."""
        row = self._engine.board.row(outcome.change.resource_id)
        if outcome.refusal is not Rejection.NO_RESOURCE or row is None:
            return outcome
        return outcome._replace(said=row.name)

    def _refused(self, change: Change, refusal: Rejection, said: str = "") -> Outcome:
        row = self._engine.board.row(change.resource_id)
        return Outcome(change, Verdict.REFUSED, row, refusal=refusal, said=said)

    def _take_back(self, entries: Iterable[OutboxEntry]) -> None:
        # What an earlier request may have brought there is not taken back, whatever became of this.
        fresh = [entry.change.id for entry in entries if entry.sent_at is None]
        if fresh:
            self._outbox.take_back(fresh)

    def _give_up_outdated(self) -> None:
        now = self._engine.clock()
        self._engine.settle(
            [
                self._refused(entry.change, Rejection.UNSURE)
                for entry in self._outbox.entries()
                if entry.is_open and is_outdated(entry, now)
            ],
            is_told=True,
        )

    def _look_up_names(self, ledger: Ledger, *, but: str | None = None) -> None:
        """Find out which resources were meant by names that nobody could look up before."""
        entries = sendable(self._outbox.entries(), self._engine.clock())
        named = [entry for entry in entries if entry.is_named and entry.change.id != but]
        names = ledger.resource_names() if named else []
        for entry in named:
            try:
                self._engine.name(entry.change, find_resource(entry.change.resource_id, names))
            except UnknownResource as error:
                self._engine.settle(
                    [self._refused(entry.change, Rejection.UNKNOWN_NAME, str(error))], is_told=True
                )
