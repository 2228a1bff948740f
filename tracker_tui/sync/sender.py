"""The sender: takes pending changes from the outbox to the ledger, and brings the answers back.

One send is: pick what may be sent, mark it `sending` on disk, apply it in one request, settle each
answer. It repeats until nothing is left. Three rules decide what goes out and what an answer means:

- Order. Changes of one resource are sent in the order of typing, and each requires its predecessor
  to be in the history. Example: of "+500" and then "-200" on Spice, a conflict on the first keeps
  the second in the outbox until the player decides.
- Doubt. Only a change that certainly did not arrive becomes pending again. After a lost answer it
  stays `sending`, and is sent again under the same id for up to a day.
- Permanence. An answer that would be the same next time (a constraint, a read-only token) rejects
  the change, so that it does not block all others.

Only the holder of the send lock sends, so one program sends at a time on a machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Final

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

Answer = Outcome | LedgerError
MAX_CHANGES_PER_REQUEST: Final = 100
OUTDATED_SECONDS: Final = 86_400.0
"""After this time a change whose outcome is unknown is not sent again. An admin may have deleted
its history row, and only that row keeps it from being applied twice."""
_REMARK_AFTER_SECONDS: Final = 60.0


class Sender:
    """Sends for one engine, while it holds the send lock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._outbox = engine.outbox
        self.answered: Sequence[Outcome] = ()
        """The ledger's last answers, even if writing them to the outbox failed."""

    @property
    def has_unsent(self) -> bool:
        """Whether anything could be sent now."""
        return bool(sendable(self._outbox.entries(), self._engine.clock()))

    def try_acquire(self) -> AbstractContextManager[bool]:
        """Hold the send lock while a block runs; False if another program holds it."""
        return self._engine.store.send_lock.try_acquire()

    def send(
        self, ledger: Ledger, on_success: Callable[[], object] = lambda: None
    ) -> Sequence[Outcome]:
        """Send what may be sent, oldest first, and return the outcomes. Needs the send lock.

        If all of it was answered, `on_success` is called before the outcomes are published; not if
        there was nothing to send. Raises LedgerError, after settling what was answered, and
        LocalFileError if the outbox could not be written; then the changes are sent again, which
        does no harm.
        """
        outcomes: list[Outcome] = []
        try:
            self._engine.catch_up()
            self._reject_outdated()
            self._look_up_names(ledger)
            while (entries := self._begin()) and self._send(entries, ledger, outcomes):
                pass
            if outcomes:
                on_success()
        finally:
            if outcomes:
                self._engine.publish_outcomes(tuple(outcomes))
        return outcomes

    def begin(self, named: str, ledger: Ledger) -> list[OutboxEntry]:
        """Mark a request as sending whose last change, `named`, goes by a typed name.

        That change is left out if it is blocked by a conflict, was sent by another program, or does
        not fit into one request behind all earlier ones.
        """
        self._engine.catch_up()
        self._reject_outdated()
        self._look_up_names(ledger, but=named)
        return self._begin(named)

    def _begin(self, named: str | None = None) -> list[OutboxEntry]:
        now = self._engine.clock()
        entries = sendable(self._outbox.entries(), now)
        ids = [e.change.id for e in entries if not e.is_named or e.change.id == named]
        ids = ids[:MAX_CHANGES_PER_REQUEST]
        return self._outbox.begin_sending(ids, now) if ids else []

    def _send(
        self, entries: Sequence[OutboxEntry], ledger: Ledger, outcomes: list[Outcome]
    ) -> bool:
        """Send entries in one request, and append their outcomes.

        Returns whether anything was settled. Raises the first failure of a single change after
        settling the others.
        """
        changes = as_sent(entries, self._engine.clock())
        try:
            answers: Sequence[Answer] = ledger.apply_all(changes)
        except LedgerError as error:
            self.request_failed(entries, error)
            raise
        settled, failure = self.take_answers(entries, answers)
        outcomes += settled
        if failure is not None:
            raise failure
        return bool(settled)

    def request_failed(self, entries: Iterable[OutboxEntry], error: LedgerError) -> None:
        """Mark the changes of a failed request as unsent, if it certainly did not arrive."""
        if not isinstance(error, AnswerLost):
            self._mark_unsent(entries)

    def take_answers(
        self, entries: Sequence[OutboxEntry], answers: Sequence[Answer]
    ) -> tuple[list[Outcome], LedgerError | None]:
        """Settle one answer for each entry; returns outcomes, and why others have none."""
        outcomes: list[Outcome] = []
        unsent: list[OutboxEntry] = []
        failure: LedgerError | None = None
        for entry, answer in zip(entries, answers, strict=True):
            if isinstance(answer, WriteRejected) and entry.sent_at is not None:
                # An earlier request may have applied it, while we still had the permission.
                failure = failure or answer
                continue
            outcome = self._outcome(entry.change, answer)
            if isinstance(outcome, Outcome):
                outcomes.append(outcome)
                continue
            failure = failure or outcome
            if not isinstance(outcome, AnswerLost):
                unsent.append(entry)
        self.answered = outcomes
        self._mark_unsent(unsent)
        self._engine.settle(outcomes)
        return outcomes, failure

    def _outcome(self, submitted: Change, answer: Answer) -> Answer | None:
        """Return the outcome of the submitted change; None if its predecessor is missing."""
        if isinstance(answer, StatementRejected | WriteRejected):
            # The next try would be rejected as well, and hold up all later changes.
            is_permission = isinstance(answer, WriteRejected)
            rejection = Rejection.NOT_PERMITTED if is_permission else Rejection.BY_DATABASE
            return self._rejected(submitted, rejection, str(answer))
        if isinstance(answer, LedgerError):
            return answer
        waits = answer.rejection is Rejection.NOT_IN_HISTORY and submitted.undoes is None
        return None if waits else self._with_name(answer._replace(change=submitted))

    def _with_name(self, outcome: Outcome) -> Outcome:
        """Add the name of a deleted resource, while the overlay still knows it."""
        row = self._engine.overlay.row(outcome.change.resource_id)
        if outcome.rejection is not Rejection.NO_RESOURCE or row is None:
            return outcome
        return outcome._replace(detail=row.name)

    def _rejected(self, change: Change, rejection: Rejection, detail: str = "") -> Outcome:
        row = self._engine.overlay.row(change.resource_id)
        return Outcome(change, Verdict.REJECTED, row, rejection=rejection, detail=detail)

    def _mark_unsent(self, entries: Iterable[OutboxEntry]) -> None:
        # Not those of an earlier request without an answer: that one may have arrived.
        ids = [entry.change.id for entry in entries if entry.sent_at is None]
        if ids:
            self._outbox.mark_unsent(ids)

    def _reject_outdated(self) -> None:
        now = self._engine.clock()
        self._engine.settle(
            [
                self._rejected(entry.change, Rejection.UNSURE)
                for entry in self._outbox.entries()
                if entry.is_open and is_outdated(entry, now)
            ],
            publish=True,
        )

    def _look_up_names(self, ledger: Ledger, *, but: str | None = None) -> None:
        """Replace typed names by resource ids, for changes that were queued without a replica."""
        entries = sendable(self._outbox.entries(), self._engine.clock())
        named = [entry for entry in entries if entry.is_named and entry.change.id != but]
        names = ledger.resource_names() if named else []
        for entry in named:
            try:
                resource_id = find_resource(entry.change.resource_id, names)
                self._engine.set_resource(entry.change, resource_id)
            except UnknownResource as error:
                self._engine.settle(
                    [self._rejected(entry.change, Rejection.UNKNOWN_NAME, str(error))],
                    publish=True,
                )


# The queue: pure functions of the outbox's entries


def sendable(entries: Iterable[OutboxEntry], now: float) -> list[OutboxEntry]:
    """Return the entries that may be sent, in order.

    A change that needs the player blocks later changes of the same resource: they were typed in the
    belief that it succeeds. An undo is never blocked, since it requires only what it undoes.
    """
    blocked: set[str] = set()
    found = []
    for entry in entries:
        resource_id = entry.change.resource_id
        if entry.needs_player or (entry.is_open and is_outdated(entry, now)):
            blocked.add(resource_id)
        elif entry.is_open and (entry.change.undoes is not None or resource_id not in blocked):
            found.append(entry)
    return found


def is_outdated(entry: OutboxEntry, now: float) -> bool:
    """Whether the outcome has been unknown for too long to send the change again."""
    return entry.sent_at is not None and now - entry.sent_at > OUTDATED_SECONDS


def as_sent(entries: Sequence[OutboxEntry], now: float) -> list[Change]:
    """Return the changes as one request carries them, each requiring its predecessor.

    The predecessor is the change before it of the same resource: it must be in the history.
    """
    predecessors: dict[str, str] = {}
    changes = []
    for entry in entries:
        change = entry.change._replace(remark=_remark(entry, now))
        if change.undoes is None:
            change = change._replace(requires=predecessors.get(change.resource_id))
            predecessors[change.resource_id] = change.id
        changes.append(change)
    return changes


def _remark(entry: OutboxEntry, now: float) -> str | None:
    """Return when a change was made and sent, in local time, if it waited for long."""
    if now - entry.made_at < _REMARK_AFTER_SECONDS:
        return None
    made, sent = time.localtime(entry.made_at), time.localtime(now)
    clock = "%H:%M" if made[:3] == sent[:3] else "%Y-%m-%d %H:%M"
    return f"made {time.strftime(clock, made)}, sent {time.strftime(clock, sent)}"
