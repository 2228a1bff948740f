"""An errand: one change for a command that ends with it, as safe as in the dashboard."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

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
from tracker_tui.sync.send_queue import as_sent, sendable
from tracker_tui.sync.sender import Sender

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 0.4
_TRY_AGAIN_SECONDS: Final = 1.0
"""For how long a ledger that fails at once is tried again: nobody waits gladly for nothing."""
_BEHIND: Final = "A change of the same resource waits for you in the dashboard, under o."
_MAY_BE_STORED: Final = (
    "An earlier try may have stored the change. It stays queued, and counts once: do not repeat it."
)
_DEALT_WITH: Final = (
    "Another tracker-tui has sent the change meanwhile, or somebody withdrew it there: look in the "
    "history before you repeat it."
)
_OTHERS_SEND: Final = "Another tracker-tui is sending, and takes it along."


class OneShotEdit(NamedTuple):
    """What came of it, and what to call things when telling of it."""

    outcome: Outcome
    names: Mapping[str, str]
    places: Mapping[Location, str]


class OneShotEdits:
    """Runs errands for one engine, whoever else sends meanwhile."""

    def __init__(
        self,
        engine: Engine,
        sender: Sender,
        opened: Callable[[], Ledger],
        tell: Callable[[str], object] = lambda _: None,
    ) -> None:
        """`tell` hears of what failed once the outcome of a change was known."""
        self._engine = engine
        self._sender = sender
        self._opened = opened
        self._tell = tell
        self._names: Mapping[str, str] = {}
        self._places: Mapping[Location, str] = dict(DEFAULT_PLACES)

    def run(self, change: Change, seconds: float, is_given_up: Callable[[], bool]) -> OneShotEdit:
        """Apply a change to the resource that its `resource_id` means, an id or a name.

        It is on disk before anything is sent, together with what earlier runs left. What could not
        be sent within `seconds` stays queued. Raises UnknownResource, LocalFileError, and
        LedgerError where the database refuses us: then the change is withdrawn.
        """
        self._engine.outbox.put([change], self._engine.clock(), is_named=True)
        known = self._engine.store.recall()
        if known is not None:
            self._places = known.places
        outcome = self._persist(change, time.monotonic() + seconds, is_given_up)
        return OneShotEdit(outcome, self._names, self._places)

    def _persist(self, change: Change, until: float, is_given_up: Callable[[], bool]) -> Outcome:
        pause, trouble, lost = _FIRST_PAUSE, "", ""
        soon = time.monotonic() + _TRY_AGAIN_SECONDS
        while True:
            try:
                outcome = self._try(change, is_bare=bool(lost))
            except (DatabaseBusy, DatabaseUnreachable) as error:
                outcome, trouble, until = None, error.what, min(until, soon)
                # What a later try meets says nothing of what became of an earlier one.
                lost = lost or (trouble if isinstance(error, AnswerLost) else "")
            except LocalFileError as error:
                # It is on disk; what came after that could not be written.
                applied = self._applied(change)
                if applied is None:
                    return self._queued(change, str(error))
                self._tell(str(error))
                return applied
            except LedgerError as error:
                return self._refused_us(change, error)
            except TrackerError:
                self._engine.outbox.withdraw([change.id])
                raise
            if outcome is not None:
                return outcome
            is_late = is_given_up() or time.monotonic() + pause > until
            if is_late or self._is_behind(change):
                return self._queued(change, lost or trouble)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _try(self, change: Change, *, is_bare: bool) -> Outcome | None:
        """Send the change if it is our turn; None while nothing came of it.

        A bare one reads nothing along, which may be what no answer came for.
        """
        with self._sender.turn() as is_ours:
            if is_ours:
                self._send(change, is_bare=is_bare)
            else:
                # Whoever sends now takes ours along.
                self._engine.catch_up()
        entry = self._engine.outbox.entry(change.id)
        return self._looked_up(change) if entry is None else self._told(entry)

    def _applied(self, change: Change) -> Outcome | None:
        """Return the ledger's answer, where it has the change."""
        answers = (each for each in self._sender.answered if each.change.id == change.id)
        return next((each for each in answers if each.is_in_history), None)

    def _looked_up(self, change: Change) -> Outcome:
        """Ask the ledger about a change that another program took out of the outbox.

        It was applied, and many after it; or a player withdrew it there.
        """
        outcome = self._opened().outcome(change)
        if outcome is None:
            return Outcome(change, Verdict.REFUSED, None, refusal=Rejection.WITHDRAWN)
        return outcome

    def _told(self, entry: OutboxEntry) -> Outcome | None:
        outcome = entry.outcome
        if outcome is not None and entry.needs_player:
            # The player is told now; nothing else of this resource is to wait for them.
            try:
                self._engine.outbox.drop(entry.change.id)
            except LocalFileError as error:
                self._tell(str(error))
            if outcome.refusal is Rejection.NOT_PERMITTED:
                raise WriteRejected(outcome.said)
        return outcome

    def _send(self, change: Change, *, is_bare: bool) -> None:
        # Opened first: where that fails nothing was sent, and the change can be withdrawn.
        ledger, store = self._opened(), self._engine.store
        entries = self._sender.begin(change.id, ledger)
        if not entries or entries[-1].change.id != change.id or not entries[-1].is_named:
            self._sender.send(ledger)
            return
        changes = as_sent(entries, self._engine.clock())
        try:
            edited = edit_by_name(
                ledger, changes, store.recall(), store.remember, reads_along=not is_bare
            )
        except LedgerError as error:
            self._sender.failed(entries, error)
            raise
        self._names, self._places = edited.names, edited.places
        if edited.found != change.resource_id:
            self._sender.take_answers(entries[:-1], edited.outcomes[:-1])
            self._go_on_with(change, edited.found, ledger)
            return
        _, failure = self._sender.take_answers(entries, edited.outcomes)
        if failure is not None:
            raise failure

    def _go_on_with(self, change: Change, found: str | UnknownResource, ledger: Ledger) -> None:
        """Send a change, of which nothing came yet, to the resource that was meant."""
        if isinstance(found, UnknownResource):
            self._take_back(change)
            raise found
        self._engine.outbox.take_back([change.id])
        self._engine.name(change, found)
        self._sender.send(ledger)

    def _refused_us(self, change: Change, error: LedgerError) -> Outcome:
        """Withdraw a change that the database takes from nobody like us; raises why."""
        if not self._engine.outbox.withdraw([change.id]):
            self._engine.catch_up()
            entry = self._engine.outbox.entry(change.id)
            if entry is not None and entry.outcome is not None:
                return entry.outcome  # another program has sent it
            told = _DEALT_WITH if entry is None else _MAY_BE_STORED
            message = f"{error} {told}"
            raise AnswerLost(message) from error
        if not isinstance(error, StatementRejected):
            raise error
        refusal = Rejection.BY_DATABASE
        return Outcome(change, Verdict.REFUSED, None, refusal=refusal, said=str(error))

    def _queued(self, change: Change, trouble: str) -> Outcome:
        """Leave a change to the next run, unless another program has dealt with it.

        Raises UnknownResource if its name means nothing.
        """
        try:
            self._engine.catch_up()
            entry = self._engine.outbox.entry(change.id)
            if entry is None:
                message = f"{trouble} {_DEALT_WITH}".lstrip()
                raise AnswerLost(message)
            if (outcome := self._told(entry)) is not None:
                return outcome
            if entry.is_named:
                self._look_up(change)
        except LocalFileError as error:
            trouble = trouble or str(error)
        said = _BEHIND if self._is_behind(change) else trouble or _OTHERS_SEND
        return Outcome(change, Verdict.QUEUED, None, said=said)

    def _is_behind(self, change: Change) -> bool:
        """Whether it waits for a change that waits for the player."""
        entries = sendable(self._engine.outbox.entries(), self._engine.clock())
        return all(entry.change.id != change.id for entry in entries)

    def _look_up(self, change: Change) -> None:
        names = self._engine.store.names()
        if not names:
            return  # nobody has ever read this database here: whoever sends it looks it up
        try:
            found = find_resource(change.resource_id, names)
        except UnknownResource:
            # It was sent as an id at most, and no resource has it.
            self._take_back(change)
            raise
        if found != change.resource_id:
            self._engine.outbox.take_back([change.id])
        self._engine.name(change, found)

    def _take_back(self, change: Change) -> None:
        self._engine.outbox.take_back([change.id])
        self._engine.outbox.withdraw([change.id])
