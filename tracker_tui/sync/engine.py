"""The engine: keeps outbox, replica and overlay consistent with each other and with the ledger.

Here a change is saved, answered, cancelled, undone, or found to be changed by another program. A
change is written to the outbox, and an answer to replica and outbox, before the overlay shows it:
nothing is shown that a power cut could take away. A refresh updates the overlay first, because its
rows can be read again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence

from tracker_tui.domain.change import Change, Outcome, SessionStats
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.refresh_queries import RefreshRequest, Snapshot
from tracker_tui.sync.local_store import Store
from tracker_tui.sync.outbox_entries import EntryState, OutboxEntry
from tracker_tui.sync.overlay import Overlay, Refreshed
from tracker_tui.sync.replica import ReplicaContents
from tracker_tui.sync.undo import UndoLog, UndoResult


class Engine:
    """One store, its overlay, and what this run submitted; safe to use from several threads."""

    def __init__(
        self,
        store: Store,
        overlay: Overlay,
        publish_outcomes: Callable[[tuple[Outcome, ...]], None],
        *,
        clock: Callable[[], float] = time.time,
        publish_changed: Callable[[frozenset[str]], None] = lambda _: None,
    ) -> None:
        """`clock` is this machine's, in Unix seconds.

        `publish_changed` gets the ids of resources that another program's changes affect.
        """
        self.store = store
        self.outbox = store.outbox
        self.overlay = overlay
        self.clock = clock
        self.publish_outcomes = publish_outcomes
        self._publish_changed = publish_changed
        self._undo_log = UndoLog()
        # Held while answers go to the files and the overlay, so that no other thread gets between.
        self._answer_lock = threading.RLock()

    @property
    def stats(self) -> SessionStats:
        """The changes and points of this run so far."""
        return self._undo_log.stats

    def load(self) -> ReplicaContents | None:
        """Show the replica with the outbox on top; returns None if there is no replica yet."""
        contents = self.store.load()
        if contents is not None:
            self.overlay.refresh(contents.rows, (), is_whole=True)
        self._show(entry.change for entry in self.outbox.entries() if _is_shown(entry))
        if contents is not None:
            # Again: the overlay had to know the pending changes first.
            self.overlay.refresh((), contents.applied_ids, is_whole=False)
        return contents

    # The player's changes

    def register(self, changes: Sequence[Change]) -> None:
        """Register a submission before it is written to the outbox."""
        self.overlay.register(changes)
        self._undo_log.add(changes)

    def save(self, changes: Sequence[Change], instead_of: Sequence[Change] = ()) -> None:
        """Write changes to the outbox, then show them; raises LocalFileError if that fails.

        The changes that they replace are cancelled in the same transaction.
        """
        replaced_ids = (change.id for change in instead_of)
        try:
            replaced = self.outbox.put(changes, self.clock(), instead_of=replaced_ids)
        except BaseException:
            self.overlay.remove(changes)
            self._undo_log.forget(changes)
            raise
        self.overlay.remove(replaced)
        self._show(changes)

    def _show(self, changes: Iterable[Change]) -> None:
        """Put changes into the overlay, in the order of the outbox."""
        shown = list(changes)
        entries = (self.outbox.entry(change.id) for change in shown)
        numbers = {entry.change.id: entry.number for entry in entries if entry is not None}
        self.overlay.show(shown, numbers)

    def resolve(self, change: Change) -> bool:
        """Queue a rejected or conflicting change again, as it is now; False if it is gone."""
        if not self.outbox.resolve(change, self.clock()):
            return False
        self._show([change])
        return True

    def drop(self, changes: Iterable[Change]) -> None:
        """Delete changes that need the player, and cancel those without an answer."""
        with self._answer_lock:
            self.overlay.remove(self.outbox.cancel(change.id for change in changes))

    def set_resource(self, change: Change, resource_id: str) -> None:
        """Replace the typed name of a change by the resource id that it stands for."""
        self.outbox.set_resource(change.id, resource_id)
        self.overlay.remove([change])
        self._show([change._replace(resource_id=resource_id)])

    # Answers

    def settle(self, outcomes: Sequence[Outcome], *, publish: bool = False) -> None:
        """Store and show the ledger's answers, and publish them if asked to."""
        if not outcomes:
            return
        with self._answer_lock:
            # The replica first, together with the ids that its rows contain: if the program is
            # killed here, no change is shown twice.
            self.store.apply_outcomes(outcomes)
            counters = self.outbox.settle(outcomes, self.clock())
            self._apply(outcomes)
            self._show(counters)
        if publish:
            self.publish_outcomes(tuple(outcomes))

    def _apply(self, outcomes: Sequence[Outcome], *, from_other_process: bool = False) -> None:
        for outcome in outcomes:
            self._undo_log.record(outcome)
        self.overlay.apply(outcomes, from_other_process=from_other_process)

    def catch_up(self) -> None:
        """Show what other programs put into the outbox, and what became of it."""
        with self._answer_lock:
            update = self.outbox.catch_up()
            if update is None:
                return
            before, after = update
            gone = [entry for key, entry in before.items() if key not in after]
            new = [entry for key, entry in after.items() if before.get(key) != entry]
            hidden = [*gone, *(entry for entry in new if not _is_shown(entry))]
            self.overlay.remove(entry.change for entry in hidden)
            self._show(entry.change for entry in new if _is_shown(entry))
            answered = tuple(entry.outcome for entry in new if entry.outcome is not None)
            self._apply(answered, from_other_process=True)
            if answered:
                self.publish_outcomes(answered)
            changed = frozenset(entry.change.resource_id for entry in (*gone, *new))
            if changed:
                self._publish_changed(changed)

    # Refreshing

    def refresh(
        self, ledger: Ledger, request: RefreshRequest, *, force: bool = False
    ) -> tuple[Refreshed, Snapshot]:
        """Read the ledger, show it and write it to the replica; raises LedgerError.

        The same request asks which changes in flight are in the rows that it reads. If another
        program sends a change in the meantime, its resource's row may contain it or not. These rows
        are left out, and the next refresh reads them again.
        """
        self.catch_up()
        before = {entry.change.id: entry for entry in self.outbox.entries()}
        in_flight = tuple(key for key, entry in before.items() if entry.is_open)
        snapshot = ledger.refresh(request._replace(in_flight=in_flight), force=force)
        at = self.clock()
        with self._answer_lock:
            self.catch_up()
            unsure = {
                entry.change.resource_id
                for entry in self.outbox.entries()
                if _is_unsure(before.get(entry.change.id), entry, snapshot.applied_ids)
            }
            refreshed = self.overlay.refresh(
                snapshot.resources, snapshot.applied_ids, is_whole=snapshot.is_whole, unsure=unsure
            )
            certain = snapshot._replace(
                resources=[row for row in snapshot.resources if row.id not in unsure]
            )
            applied_ids = self.overlay.applied_ids
            self.store.write(certain, refreshed.removed, applied_ids, at, self.overlay.rows)
        return refreshed, snapshot

    # Undo

    @property
    def newest_submission(self) -> int:
        """The number of the newest submission, for an undo that is requested now."""
        return self._undo_log.newest

    def undo(self, up_to: int) -> UndoResult:
        """Undo the newest submission up to a number; later ones stay.

        Raises LocalFileError; then it can be requested again.
        """
        with self._answer_lock:
            while (submission := self._undo_log.pop(up_to)) is not None:
                try:
                    result = self._undo_all(submission.changes[::-1])
                except BaseException:
                    self._undo_log.put_back(submission)
                    raise
                if not result.is_empty:
                    return result
        return UndoResult()

    def _undo_all(self, newest_first: Sequence[Change]) -> UndoResult:
        """Undo changes, last one first: an earlier one may have made room for it."""
        self.catch_up()
        outcomes = ((change.id, self._undo_log.outcome(change)) for change in newest_first)
        known = {change_id: outcome for change_id, outcome in outcomes if outcome is not None}
        result = self.outbox.undo(newest_first, known, self.clock())
        self.overlay.remove([*result.withdrawn, *result.in_flight])
        self._show(result.counters)
        return result


def _is_unsure(before: OutboxEntry | None, now: OutboxEntry, applied_ids: frozenset[str]) -> bool:
    """Whether the rows of a refresh may lack a change; `before` is its entry before the request.

    A change that the request did not ask about may be in the rows or not. One that it asked about
    and did not find is missing if it was applied since: then its outcome is newer than the rows.
    """
    if before is None or before.needs_player:
        return now.state in (EntryState.SENDING, EntryState.APPLIED)
    return before.is_open and now.state is EntryState.APPLIED and now.change.id not in applied_ids


def _is_shown(entry: OutboxEntry) -> bool:
    """Whether a change is part of the overlay."""
    return entry.is_open and not entry.cancel_requested and not entry.is_named
