"""The outbox: what the player asked for, on disk, until the ledger has it.

Each Enter becomes an entry before anything is shown or sent, so nothing that was typed is lost
when the program is killed. An entry moves from state to state, each move one fsynced transaction:

    put            begin_sending          settle
    ────► pending ──────────────► sending ──────► applied            (deleted after 200 more)
             ▲  mark_unsent  │       │    ──────► rejected, conflict (resolve or drop)
             └───────────────┘       └─ no answer: stays sending, and is sent again

From `begin_sending` on, the change may be in the ledger. If the answer is lost the entry stays
`sending` and is only ever sent again, under the same id, which the ledger applies once. Example:
"+500 Spice" is sent and the network dies; the next run finds the entry `sending`, sends it again,
and gets the answer `already_applied`.

Several running programs share one outbox. Each keeps a copy of the entries in memory, and
`catch_up` reports what the others changed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from tracker_tui.domain.change import Change, Outcome
from tracker_tui.errors import LocalFileDamaged, LocalFileError
from tracker_tui.local.sqlite_file import LocalFile
from tracker_tui.sync.outbox_entries import (
    SCHEMA,
    VERSION,
    EntryState,
    OutboxEntry,
    OutboxTransaction,
    read_entries,
)
from tracker_tui.sync.undo import UndoResult, counter_to

T = TypeVar("T")
OUTBOX_NAME: Final = "outbox.db"
_APPLIED_KEPT: Final = 200
"""How many applied changes stay, so that other running programs learn of them."""


class Outbox:
    """The entries of one member for one database; safe to use from several threads."""

    def __init__(
        self,
        path: Path,
        member: str,
        place: str,
        on_damaged: Callable[[Path], None] = lambda _: None,
        *,
        until: float | None = None,
    ) -> None:
        """Open the outbox of `member` for the database that is displayed as `place`.

        Waits for other programs until `until` at most, a time of `time.monotonic`.
        Raises LocalFileError if it belongs to another member, LocalFileDamaged if it is damaged.
        A file that turns out to be damaged later is set aside; `on_damaged` gets its new path.
        """
        self._on_damaged = on_damaged
        self._file = LocalFile(path, SCHEMA, VERSION, is_durable=True, until=until)
        self._owner = (member, place)
        self._lock = threading.RLock()
        # Replaced, never modified: other threads may still be reading the old dictionary.
        self._entries: dict[str, OutboxEntry] = {}
        self._before_replacement: dict[str, OutboxEntry] | None = None
        """The entries before the file was replaced, until `catch_up` has reported that."""
        self._overwritten: dict[str, OutboxEntry | None] = {}
        """Entries as this program last knew them, for those that another program had changed
        before a step here wrote over them; None if unknown. `catch_up` reports and clears them."""
        try:
            self._claim()
            self._read()
        except BaseException:
            self._file.close()
            raise

    # Reading

    def entries(self) -> list[OutboxEntry]:
        """Return all entries, oldest first, as of the last look at the file."""
        # Without the lock, which another thread may hold while it waits for the disk.
        return list(self._entries.values())

    def entry(self, change_id: str) -> OutboxEntry | None:
        return self._entries.get(change_id)

    def catch_up(self) -> tuple[Mapping[str, OutboxEntry], Mapping[str, OutboxEntry]] | None:
        """Read what other programs changed; returns the entries before and after, or None."""
        return self._with_retry_after_damage(self._catch_up)

    def _catch_up(self) -> tuple[Mapping[str, OutboxEntry], Mapping[str, OutboxEntry]] | None:
        with self._lock, self._setting_aside_damage():
            self._check_file()
            has_unreported = self._before_replacement is not None or self._overwritten
            if not self._file.changed_elsewhere() and not has_unreported:
                return None
            before, self._before_replacement = self._last_reported(), None
            self._read()
            return before, self._entries

    # Steps of a change. Each is on disk when the call returns, or raises LocalFileError.

    def put(
        self,
        changes: Iterable[Change],
        made_at: float,
        *,
        is_named: bool = False,
        instead_of: Iterable[str] = (),
    ) -> list[Change]:
        """Store changes in this order; cancel those that they replace, and return these."""
        added, replaced_ids = tuple(changes), tuple(instead_of)

        def store() -> list[Change]:
            with self._step() as step:
                replaced = step.cancel(replaced_ids)
                for change in added:
                    step.insert(change, made_at, is_named=is_named)
            return replaced

        return self._with_retry_after_damage(store)

    def begin_sending(self, change_ids: Iterable[str], now: float) -> list[OutboxEntry]:
        """Mark entries as sending; returns those that are still there, as they were before."""
        with self._step() as step:
            found = step.find(change_ids, EntryState.PENDING, EntryState.SENDING)
            for entry in found:
                sent_at = now if entry.sent_at is None else entry.sent_at
                step.write(entry._replace(state=EntryState.SENDING, sent_at=sent_at))
        return found

    def mark_unsent(self, change_ids: Iterable[str]) -> None:
        """Return changes that certainly did not arrive to pending; delete cancelled ones."""
        with self._step() as step:
            for entry in step.find(change_ids, EntryState.SENDING):
                if entry.cancel_requested:
                    step.delete(entry)
                else:
                    step.write(entry._replace(state=EntryState.PENDING, sent_at=None))

    def settle(self, outcomes: Iterable[Outcome], now: float) -> list[Change]:
        """Record the ledger's answers, and return the counter-changes that follow from them.

        A cancelled change that was applied gets a counter-change; one that was not is deleted. A
        rejected undo is deleted too: the player can ask for it again.
        """
        counters, answered = [], tuple(outcomes)
        with self._step() as step:
            for outcome in answered:
                for entry in step.find([outcome.change.id], *EntryState):
                    step.settle(entry, outcome)
                    if entry.cancel_requested:
                        counters += step.insert_counter(counter_to(outcome), now)
            step.delete_applied(keep_newest=_APPLIED_KEPT)
        for outcome in answered:
            # The caller publishes these outcomes itself.
            self._overwritten.pop(outcome.change.id, None)
        return counters

    def withdraw(self, change_ids: Iterable[str]) -> list[Change]:
        """Delete changes that were not sent yet; returns those that could be deleted."""
        with self._step() as step:
            found = step.find(change_ids, EntryState.PENDING)
            for entry in found:
                step.delete(entry)
        return [entry.change for entry in found]

    def cancel(self, change_ids: Iterable[str]) -> list[Change]:
        """Delete changes that are not in flight, and cancel those that are.

        Returns the changes that this was possible for: applied ones stay.
        """
        with self._step() as step:
            return step.cancel(change_ids)

    def undo(
        self, newest_first: Iterable[Change], known: Mapping[str, Outcome], now: float
    ) -> UndoResult:
        """Undo all of these changes or none; `known` has outcomes that may be deleted here."""
        withdrawn: list[Change] = []
        in_flight: list[Change] = []
        counters: list[Change] = []
        with self._step() as step:
            for change in newest_first:
                entry = next(iter(step.find([change.id], *EntryState)), None)
                if entry is None or entry.state is EntryState.APPLIED:
                    outcome = known.get(change.id) if entry is None else entry.outcome
                    counters += step.insert_counter(counter_to(outcome), now)
                elif entry.is_open:
                    step.cancel([change.id])
                    (withdrawn if entry.state is EntryState.PENDING else in_flight).append(change)
        return UndoResult(withdrawn=withdrawn, in_flight=in_flight, counters=counters)

    def set_resource(self, change_id: str, resource_id: str) -> None:
        """Replace the typed name of a change by the resource id that it stands for."""
        with self._step() as step:
            for entry in step.find([change_id], EntryState.PENDING, EntryState.SENDING):
                change = entry.change._replace(resource_id=resource_id)
                step.write(entry._replace(change=change, is_named=False))

    def resolve(self, change: Change, now: float) -> bool:
        """Queue a rejected or conflicting change again, as it is now; False if it is gone.

        It keeps its id, so it is applied once even if it was in the ledger all along. A decision
        that another program made since this one last looked wins: the player has not seen it.
        """
        with self._step() as step:
            needing = step.find([change.id], EntryState.REJECTED, EntryState.CONFLICT)
            found = [entry for entry in needing if entry == self._entries.get(change.id)]
            for entry in found:
                again = entry._replace(change=change, state=EntryState.PENDING, outcome=None)
                if entry.sent_at is not None:
                    # It may still be in the ledger. The day after which it is outdated restarts.
                    again = again._replace(state=EntryState.SENDING, sent_at=now)
                step.write(again)
        return bool(found)

    def drop(self, change_id: str) -> None:
        """Delete a rejected or conflicting change."""
        with self._step() as step:
            for entry in step.find([change_id], EntryState.REJECTED, EntryState.CONFLICT):
                step.delete(entry)

    def close(self) -> None:
        self._file.close()

    # Inside

    @contextmanager
    def _step(self) -> Iterator[OutboxTransaction]:
        """Run one transaction, then bring the entries in memory up to date."""
        with self._lock, self._setting_aside_damage():
            self._check_file()
            with self._file.transaction() as connection:
                step = OutboxTransaction(connection)
                yield step
            self._note_overwritten(step)
            entries = self._entries | {entry.change.id: entry for entry in step.written}
            for entry in step.deleted:
                entries.pop(entry.change.id, None)
            self._entries = entries

    def _note_overwritten(self, step: OutboxTransaction) -> None:
        """Note entries that another program had changed before this step wrote over them.

        Otherwise `catch_up` would miss the difference, and a change that another program cancelled
        would stay on screen.
        """
        for change_id, entry in step.found.items():
            known = self._entries.get(change_id)
            if known != entry:
                self._overwritten.setdefault(change_id, known)

    def _last_reported(self) -> dict[str, OutboxEntry]:
        """Return the entries as `catch_up` last reported them, with this program's own steps."""
        if self._before_replacement is not None:
            return self._before_replacement
        entries = self._entries | self._overwritten
        return {change_id: entry for change_id, entry in entries.items() if entry is not None}

    def _with_retry_after_damage(self, work: Callable[[], T]) -> T:
        """Do something, and once more if a damaged file was set aside."""
        try:
            return work()
        except LocalFileDamaged:
            return work()

    @contextmanager
    def _setting_aside_damage(self) -> Iterator[None]:
        """Set the file aside if it turns out to be damaged: the next step starts a new one."""
        try:
            yield
        except LocalFileDamaged:
            aside = self._file.set_aside()
            if aside is not None:
                self._on_damaged(aside)
            raise

    def _check_file(self) -> None:
        if self._file.is_another_file():
            # Somebody moved the file away; what is stored from now on goes into the new one.
            self._before_replacement = self._last_reported()
            self._claim()
            self._read()

    def _claim(self) -> None:
        member, place = self._owner
        # First without a write lock, so that reading the outbox never waits for a writer.
        with self._file.reading() as connection:
            owners = _owners(connection)
        if not owners:
            with self._file.transaction() as connection:
                if not (owners := _owners(connection)):
                    connection.execute("INSERT INTO owner VALUES (?, ?)", (member, place))
                    owners = [member]
        if owners != [member]:
            message = (
                f"{self._file.path} is another member's outbox. Nothing in it is sent under your "
                "name. Move it away."
            )
            raise LocalFileError(message)

    def _read(self) -> None:
        with self._file.reading() as connection:
            entries = read_entries(connection)
        self._entries = {entry.change.id: entry for entry in entries}
        self._overwritten.clear()


def _owners(connection: sqlite3.Connection) -> list[object]:
    return [member for (member,) in connection.execute("SELECT member FROM owner")]
