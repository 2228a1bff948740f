"""A one-shot edit: one change for `tracker-tui edit`, as safe as in the dashboard.

The change is written to the outbox before it is sent, together with what earlier runs left there.
If no answer comes in time, it stays queued for the next run. The resource may be given by name:
the first request sends the change and reads the names, so that a second request, with the right id,
is needed only if the text was no id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from tracker_tui.domain.change import Change, Outcome, Rejection, Verdict
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import find_resource
from tracker_tui.errors import (
    AnswerLost,
    DatabaseBusy,
    DatabaseUnreachable,
    LedgerError,
    LocalFileError,
    StatementRejected,
    TrackerError,
    UnknownResource,
    WriteRejected,
)
from tracker_tui.ledger.edit_by_name import edit_by_name
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.resources import DEFAULT_PLACES
from tracker_tui.sync.engine import Engine
from tracker_tui.sync.outbox_entries import OutboxEntry
from tracker_tui.sync.sender import Sender, as_sent, sendable

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 0.4
_BLOCKED: Final = "A change of the same resource needs you: see the Outbox (o) in the dashboard."
_MAY_BE_STORED: Final = (
    "An earlier try may have stored the change. It stays queued, and counts once: do not repeat it."
)
_STAYS_QUEUED: Final = "The change stays queued: the next command sends it."
_DEALT_WITH: Final = (
    "Another tracker-tui sent or withdrew the change: look in the history before you repeat it."
)
_OTHER_SENDS: Final = "Another tracker-tui is sending, and sends this change too."


class OneShotEdit:
    """Applies one change to the resource that its `resource_id` means, an id or a name."""

    def __init__(
        self,
        change: Change,
        engine: Engine,
        sender: Sender,
        open_ledger: Callable[[], Ledger],
        warn: Callable[[str], object],
        *,
        retry_seconds: float,
    ) -> None:
        """`warn` gets local errors that happen after the outcome is known.

        Fast failures are retried for at most `retry_seconds`.
        """
        self._change = change
        self._engine = engine
        self._outbox = engine.outbox
        self._sender = sender
        self._open_ledger = open_ledger
        self._warn = warn
        self._retry_seconds = retry_seconds
        self.names: Mapping[str, str] = {}
        self.places: Mapping[Location, str] = dict(DEFAULT_PLACES)

    def run(self, seconds: float, is_cancelled: Callable[[], bool]) -> Outcome:
        """Return the outcome, which is `queued` if there is no answer within `seconds`.

        Raises UnknownResource, LocalFileError, and LedgerError if the database rejects us; then the
        change is withdrawn.
        """
        self._outbox.put([self._change], self._engine.clock(), is_named=True)
        layout = self._engine.store.load_layout()
        if layout is not None:
            self.places = layout.places
        return self._try_until(time.monotonic() + seconds, is_cancelled)

    def _try_until(self, until: float, is_cancelled: Callable[[], bool]) -> Outcome:
        pause, trouble, lost = _FIRST_PAUSE, "", ""
        soon = time.monotonic() + self._retry_seconds
        while True:
            try:
                outcome = self._try(reads_along=not lost)
            except (DatabaseBusy, DatabaseUnreachable) as error:
                outcome, trouble, until = None, error.what, min(until, soon)
                # A later failure does not tell whether an earlier try arrived.
                lost = lost or (trouble if isinstance(error, AnswerLost) else "")
            except LocalFileError as error:
                # The change itself is on disk; something written after it is not.
                applied = self._applied()
                if applied is None:
                    return self._queued(str(error))
                self._warn(str(error))
                return applied
            except LedgerError as error:
                return self._rejected(error)
            except TrackerError as error:
                self._withdraw(error)
                raise
            if outcome is not None:
                return outcome
            is_late = is_cancelled() or time.monotonic() + pause > until
            if is_late or self._is_blocked():
                return self._queued(lost or trouble)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _try(self, *, reads_along: bool) -> Outcome | None:
        """Send the change if no other program is sending; None if there is no outcome yet.

        After a lost answer it does not read names along: they may have made the answer too slow.
        """
        with self._sender.try_acquire() as is_acquired:
            if is_acquired:
                self._send(reads_along=reads_along)
            else:
                # The program that sends now sends this change too.
                self._engine.catch_up()
        entry = self._outbox.entry(self._change.id)
        return self._look_up_outcome() if entry is None else self._outcome_of(entry)

    def _applied(self) -> Outcome | None:
        """Return the ledger's answer if the change was applied."""
        answers = (each for each in self._sender.answered if each.change.id == self._change.id)
        return next((each for each in answers if each.is_in_history), None)

    def _look_up_outcome(self) -> Outcome:
        """Ask the ledger about the change, which another program removed from the outbox.

        Either it was applied, followed by many others, or the player withdrew it there.
        """
        outcome = self._open_ledger().outcome(self._change)
        if outcome is None:
            return Outcome(self._change, Verdict.REJECTED, None, rejection=Rejection.WITHDRAWN)
        return outcome

    def _outcome_of(self, entry: OutboxEntry) -> Outcome | None:
        outcome = entry.outcome
        if outcome is not None and entry.needs_player:
            # The command reports it now, so it must not block later changes of this resource.
            try:
                self._outbox.drop(entry.change.id)
            except LocalFileError as error:
                self._warn(str(error))
            if outcome.rejection is Rejection.NOT_PERMITTED:
                raise WriteRejected(outcome.detail)
        return outcome

    def _send(self, *, reads_along: bool) -> None:
        # Opened first: if that fails nothing was sent, and the change can be withdrawn.
        ledger, store, change = self._open_ledger(), self._engine.store, self._change
        entries = self._sender.begin(change.id, ledger)
        if not entries or entries[-1].change.id != change.id or not entries[-1].is_named:
            self._sender.send(ledger)
            return
        changes = as_sent(entries, self._engine.clock())
        try:
            edited = edit_by_name(
                ledger, changes, store.load_layout(), store.save_layout, reads_along=reads_along
            )
        except LedgerError as error:
            self._sender.request_failed(entries, error)
            raise
        self.names, self.places = edited.names, edited.places
        if edited.found != change.resource_id:
            self._sender.take_answers(entries[:-1], edited.outcomes[:-1])
            self._send_to(edited.found, ledger)
            return
        _, failure = self._sender.take_answers(entries, edited.outcomes)
        if failure is not None:
            raise failure

    def _send_to(self, found: str | UnknownResource, ledger: Ledger) -> None:
        """Send the change, which was not applied yet, to the resource that was meant."""
        if isinstance(found, UnknownResource):
            self._withdraw_unsent()
            raise found
        self._outbox.mark_unsent([self._change.id])
        self._engine.set_resource(self._change, found)
        self._sender.send(ledger)

    def _rejected(self, error: LedgerError) -> Outcome:
        """Withdraw a change that the database does not accept, and raise the error.

        Returns the outcome if a statement was rejected, or if another program has sent the change.
        """
        change = self._change
        if not self._withdraw(error):
            self._engine.catch_up()
            entry = self._outbox.entry(change.id)
            if entry is not None and entry.outcome is not None:
                return entry.outcome  # another program has sent it
            message = f"{error} {_DEALT_WITH if entry is None else _MAY_BE_STORED}"
            raise AnswerLost(message) from error
        if not isinstance(error, StatementRejected):
            raise error
        rejection = Rejection.BY_DATABASE
        return Outcome(change, Verdict.REJECTED, None, rejection=rejection, detail=str(error))

    def _withdraw(self, error: TrackerError) -> bool:
        """Take the change out of the outbox; False if another program was quicker."""
        try:
            return bool(self._outbox.withdraw([self._change.id]))
        except LocalFileError as failed:
            raise AnswerLost(f"{error} {failed} {_STAYS_QUEUED}") from failed

    def _queued(self, trouble: str) -> Outcome:
        """Leave the change to the next run, unless another program has dealt with it.

        Raises UnknownResource if the name is known to mean nothing.
        """
        try:
            self._engine.catch_up()
            entry = self._outbox.entry(self._change.id)
            if entry is None:
                message = f"{trouble} {_DEALT_WITH}".lstrip()
                raise AnswerLost(message)
            if (outcome := self._outcome_of(entry)) is not None:
                return outcome
            if entry.is_named:
                self._look_up_name()
        except LocalFileError as error:
            trouble = trouble or str(error)
        said = _BLOCKED if self._is_blocked() else trouble or _OTHER_SENDS
        return Outcome(self._change, Verdict.QUEUED, None, detail=said)

    def _is_blocked(self) -> bool:
        """Whether an earlier change of the resource waits for the player."""
        entries = sendable(self._outbox.entries(), self._engine.clock())
        return all(entry.change.id != self._change.id for entry in entries)

    def _look_up_name(self) -> None:
        names = self._engine.store.resource_names()
        if not names:
            return  # no replica: the run that sends the change looks it up
        change = self._change
        try:
            found = find_resource(change.resource_id, names)
        except UnknownResource:
            # It was sent as an id at most, and no resource has that id.
            self._withdraw_unsent()
            raise
        if found != change.resource_id:
            self._outbox.mark_unsent([change.id])
        self._engine.set_resource(change, found)

    def _withdraw_unsent(self) -> None:
        self._outbox.mark_unsent([self._change.id])
        self._outbox.withdraw([self._change.id])
