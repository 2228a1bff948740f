"""The engine: keeps what was typed, and the board true to outbox, replica and ledger."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from tracker_tui.domain.change import Change, Outcome, SessionStats
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.refresh import RefreshRequest, Snapshot
from tracker_tui.sync.outbox_entries import EntryState, OutboxEntry
from tracker_tui.sync.overlay import Difference, Overlay
from tracker_tui.sync.replica import ReplicaContents
from tracker_tui.sync.send_queue import has_unsent, is_unsure
from tracker_tui.sync.session_stats import SessionCounter
from tracker_tui.sync.store import Store
from tracker_tui.sync.undo import Undoing, UndoLog


class Engine:
    """Keeps changes and their answers, refreshes and undoes; any of it in any thread."""

    def __init__(
        self,
        store: Store,
        board: Overlay,
        tell: Callable[[tuple[Outcome, ...]], None],
        *,
        clock: Callable[[], float] = time.time,
        tell_changed: Callable[[frozenset[str]], None] = lambda _: None,
    ) -> None:
        """Work on a store; `tell` hears of outcomes, `clock` is this machine's, in Unix seconds.

        `tell_changed` hears of the resources that another program's doings have changed.
        """
        self.store = store
        self.outbox = store.outbox
        self.board = board
        self.clock = clock
        self.tell = tell
        self._tell_changed = tell_changed
        self._undo_log = UndoLog()
        self._stats = SessionCounter()
        self._hearing = threading.RLock()

    # What stands where

    @property
    def stats(self) -> SessionStats:
        """What this run has brought so far."""
        return self._stats.stats

    @property
    def has_unsent(self) -> bool:
        """Whether anything waits for nothing but the ledger."""
        return has_unsent(self.outbox.entries(), self.clock())

    @property
    def is_unsure(self) -> bool:
        """Whether something may be in the ledger already: an answer got lost."""
        return is_unsure(self.outbox.entries())

    # Opening

    def load(self) -> ReplicaContents | None:
        """Show what the replica holds and the outbox adds; None where nothing was ever read."""
        kept = self.store.load()
        if kept is not None:
            self.board.refresh(kept.rows, (), is_whole=True)
        self._show(entry.change for entry in self.outbox.entries() if _is_shown(entry))
        if kept is not None:
            # Once more, for only now the board knows the changes that are in these rows.
            self.board.refresh((), kept.applied_ids, is_whole=False)
        return kept

    # Taking changes

    def ask(self, changes: Sequence[Change]) -> None:
        """Mind one submission, which is to be kept."""
        self.board.ask(changes)
        self._undo_log.submitted(changes)

    def keep(self, changes: Sequence[Change], instead_of: Sequence[Change] = ()) -> None:
        """Put changes into the outbox, then show them; raises LocalFileError if they are not.

        What they replace goes with the same stroke; where they could not be kept, it stays.
        """
        gone = (change.id for change in instead_of)
        try:
            replaced = self.outbox.put(changes, self.clock(), instead_of=gone)
        except BaseException:
            self.board.withdraw(changes)
            self._undo_log.forget(changes)
            raise
        self.board.withdraw(replaced)
        self._show(changes)

    def _show(self, changes: Iterable[Change]) -> None:
        """Lay changes over the rows, each in its place."""
        shown = list(changes)
        entries = (self.outbox.entry(change.id) for change in shown)
        numbers = {entry.change.id: entry.number for entry in entries if entry is not None}
        self.board.keep(shown, numbers)

    def resolve(self, change: Change) -> bool:
        """Send a change that needed the player once more, as it is now; False if it is gone."""
        if not self.outbox.resolve(change, self.clock()):
            return False
        self._show([change])
        return True

    def drop(self, changes: Iterable[Change]) -> None:
        """Forget changes that needed the player, and take back those that have no answer."""
        with self._hearing:
            self.board.withdraw(self.outbox.cancel(change.id for change in changes))

    # What other programs did

    def catch_up(self) -> None:
        """Take what other programs put into the outbox, and what came of it."""
        with self._hearing:
            news = self.outbox.catch_up()
            if news is None:
                return
            before, after = news
            gone = [entry for key, entry in before.items() if key not in after]
            new = [entry for key, entry in after.items() if before.get(key) != entry]
            hidden = [*gone, *(entry for entry in new if not _is_shown(entry))]
            self.board.withdraw(entry.change for entry in hidden)
            self._show(entry.change for entry in new if _is_shown(entry))
            answered = [entry.outcome for entry in new if entry.outcome is not None]
            self._hear(answered, from_other_process=True)
            changed = frozenset(entry.change.resource_id for entry in (*gone, *new))
            if changed:
                self._tell_changed(changed)

    # Answers

    def name(self, change: Change, resource_id: str) -> None:
        """Keep which resource a change by name goes to."""
        self.outbox.name(change.id, resource_id)
        self.board.withdraw([change])
        self._show([change._replace(resource_id=resource_id)])

    def settle(self, outcomes: Sequence[Outcome], *, is_told: bool = False) -> None:
        """Keep and show what came of changes; with `is_told` the listener hears of it, too."""
        if not outcomes:
            return
        with self._hearing:
            # First the rows, which say which changes are in them: cut short here, nothing is
            # shown twice.
            self.store.answer(outcomes)
            counters = self.outbox.settle(outcomes, self.clock())
            self._hear(outcomes)
            self._show(counters)
        if is_told:
            self.tell(tuple(outcomes))

    def _hear(self, outcomes: Sequence[Outcome], *, from_other_process: bool = False) -> None:
        for outcome in outcomes:
            if self._undo_log.settled(outcome):
                self._stats.count(outcome)
        self.board.answer(outcomes, from_other_process=from_other_process)
        if from_other_process and outcomes:
            self.tell(tuple(outcomes))

    # Refreshing

    def refresh(self, ledger: Ledger, wish: RefreshRequest, *, anew: bool = False) -> Refreshed:
        """Read the ledger, show it and keep it; raises LedgerError.

        Of changes in flight the same request asks whether they are in the rows that it brings. What
        another program began to send meanwhile may be in them or not: such rows wait.
        """
        self.catch_up()
        before = {entry.change.id: entry for entry in self.outbox.entries()}
        in_flight = tuple(key for key, entry in before.items() if entry.is_open)
        snapshot = ledger.refresh(wish._replace(in_flight=in_flight), force=anew)
        at = self.clock()
        with self._hearing:
            self.catch_up()
            unsure = {
                entry.change.resource_id
                for entry in self.outbox.entries()
                if _is_unsure(before.get(entry.change.id), entry, snapshot.applied_ids)
            }
            difference = self.board.refresh(
                snapshot.resources, snapshot.applied_ids, is_whole=snapshot.is_whole, unsure=unsure
            )
            settled = snapshot._replace(
                resources=[row for row in snapshot.resources if row.id not in unsure]
            )
            self.store.write(settled, difference, self.board.applied_ids, at, self.board.rows)
        return Refreshed(snapshot, difference, bool(unsure))

    # Undoing

    @property
    def newest_submission(self) -> int:
        """The number of the newest submission, for an undo that is asked for now."""
        return self._undo_log.newest

    def undo(self, up_to: int) -> Undoing:
        """Take back the newest submission up to a number; what was typed after it stays.

        Raises LocalFileError; then it can be asked for again.
        """
        with self._hearing:
            while (submission := self._undo_log.pop(up_to)) is not None:
                try:
                    undoing = self._take_all_back(submission.changes[::-1])
                except BaseException:
                    self._undo_log.put_back(submission)
                    raise
                if not undoing.is_nothing:
                    return undoing
        return Undoing()

    def _take_all_back(self, newest_first: Sequence[Change]) -> Undoing:
        """Take changes back, the last first: an earlier one may have made room for it."""
        self.catch_up()
        outcomes = ((change.id, self._undo_log.outcome(change)) for change in newest_first)
        known = {change_id: outcome for change_id, outcome in outcomes if outcome is not None}
        undoing = self.outbox.undo(newest_first, known, self.clock())
        self.board.withdraw([*undoing.withdrawn, *undoing.underway])
        self._show(undoing.counters)
        return undoing


class Refreshed(NamedTuple):
    """What a refresh did."""

    snapshot: Snapshot
    difference: Difference
    has_left_out: bool
    """Whether some rows wait: the next refresh is to read them again."""


def _is_unsure(before: OutboxEntry | None, now: OutboxEntry, applied_ids: frozenset[str]) -> bool:
    """Whether rows of a refresh, before which an entry was known as it was, may lack its change.

    One that was not asked about may be in them or not. One that was is in them if it had landed; if
    it was answered since, the answer is newer than they are.
    """
    if before is None or before.needs_player:
        return now.state in (EntryState.SENDING, EntryState.APPLIED)
    return before.is_open and now.state is EntryState.APPLIED and now.change.id not in applied_ids


def _is_shown(entry: OutboxEntry) -> bool:
    """Whether a change is laid over the rows: it has no answer, and nobody took it back."""
    return entry.is_open and not entry.cancel_requested and not entry.is_named
