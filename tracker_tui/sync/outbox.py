"""The outbox: what the player asked for, on disk, until the ledger has it.

Several running programs share one; each keeps a copy in memory, which `catch_up` brings up to date.
An entry is pending until it is sent. From then on it may be in the ledger or not: it stays
`sending` until an answer comes, and is only ever sent again, never taken back.
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
from tracker_tui.sync.undo import Undoing, counter_to

T = TypeVar("T")
OUTBOX_NAME: Final = "outbox.db"
_KEPT_WHEN_APPLIED: Final = 200
"""How many applied changes stay for other running programs to hear of."""


class Outbox:
    """The entries of one member for one database; safe to use from several threads."""

    def __init__(
        self,
        path: Path,
        member: str,
        place: str,
        damaged: Callable[[Path], None] = lambda _: None,
        *,
        until: float | None = None,
    ) -> None:
        """Open the outbox of `member` for the database that people know as `place`.

        Other programs are waited for no longer than `until`, a time of `time.monotonic`.
        Raises LocalFileError where it is somebody else's, LocalFileDamaged where it makes no sense.
        Where it makes none any more later, it is set aside, and `damaged` hears where it is.
        """
        self._damaged = damaged
        self._file = LocalFile(path, SCHEMA, VERSION, is_durable=True, until=until)
        self._owner = (member, place)
        self._lock = threading.RLock()
        # Never changed, only replaced: whoever has got hold of it may read on.
        self._entries: dict[str, OutboxEntry] = {}
        self._missed: dict[str, OutboxEntry] | None = None
        """The entries before somebody took the file away, which `catch_up` has not told of."""
        self._overwritten: dict[str, OutboxEntry | None] = {}
        """Entries as they were known before a step of this program wrote over what another one had
        done to them, which `catch_up` has not told of; None for those that were not known."""
        try:
            self._claim()
            self._read()
        except BaseException:
            self._file.close()
            raise

    # What is in it

    def entries(self) -> list[OutboxEntry]:
        """Return all entries, oldest first, as they were when this program last looked."""
        # Without the lock, which may be held while the disk is waited for.
        return list(self._entries.values())

    def entry(self, change_id: str) -> OutboxEntry | None:
        """Return one entry."""
        return self._entries.get(change_id)

    def catch_up(self) -> tuple[Mapping[str, OutboxEntry], Mapping[str, OutboxEntry]] | None:
        """Look at what other programs did; returns the entries before and after, or None."""
        return self._also_after_damage(self._catch_up)

    def _catch_up(self) -> tuple[Mapping[str, OutboxEntry], Mapping[str, OutboxEntry]] | None:
        with self._lock, self._mended():
            self._look_at_file()
            is_told = self._missed is None and not self._overwritten
            if not self._file.changed_elsewhere() and is_told:
                return None
            before, self._missed = self._told(), None
            self._read()
            return before, self._entries

    # Steps of a change; each is on disk when the call returns, or raises LocalFileError

    def put(
        self,
        changes: Iterable[Change],
        made_at: float,
        *,
        is_named: bool = False,
        instead_of: Iterable[str] = (),
    ) -> list[Change]:
        """Keep changes, in this order, and cancel those that they replace, which are returned."""
        put, gone = tuple(changes), tuple(instead_of)

        def keep() -> list[Change]:
            with self._step() as step:
                replaced = step.cancel(gone)
                for change in put:
                    step.insert(change, made_at, is_named=is_named)
            return replaced

        return self._also_after_damage(keep)

    def begin_sending(self, change_ids: Iterable[str], now: float) -> list[OutboxEntry]:
        """Mark entries as being sent, and return them as they were; some may be gone meanwhile."""
        with self._step() as step:
            found = step.find(change_ids, EntryState.PENDING, EntryState.SENDING)
            for entry in found:
                sent_at = now if entry.sent_at is None else entry.sent_at
                step.write(entry._replace(state=EntryState.SENDING, sent_at=sent_at))
        return found

    def take_back(self, change_ids: Iterable[str]) -> None:
        """Take changes as never sent, which surely did not arrive; forget those not wanted."""
        with self._step() as step:
            for entry in step.find(change_ids, EntryState.SENDING):
                if entry.cancel_requested:
                    step.delete(entry)
                else:
                    step.write(entry._replace(state=EntryState.PENDING, sent_at=None))

    def settle(self, outcomes: Iterable[Outcome], now: float) -> list[Change]:
        """Take the ledger's answers: applied, or kept among those that need the player.

        A change that is not wanted any more is forgotten, or followed by its counter-change, which
        is returned. An undo that was rejected is forgotten: it can be asked for again.
        """
        counters, answered = [], tuple(outcomes)
        with self._step() as step:
            for outcome in answered:
                for entry in step.find([outcome.change.id], *EntryState):
                    step.settle(entry, outcome)
                    if entry.cancel_requested:
                        counters += step.insert_counter(counter_to(outcome), now)
            step.forget_all_but_the_newest(_KEPT_WHEN_APPLIED)
        for outcome in answered:
            # Whoever settles a change tells of it.
            self._overwritten.pop(outcome.change.id, None)
        return counters

    def withdraw(self, change_ids: Iterable[str]) -> list[Change]:
        """Take back changes that were not sent yet; return those that could be."""
        with self._step() as step:
            found = step.find(change_ids, EntryState.PENDING)
            for entry in found:
                step.delete(entry)
        return [entry.change for entry in found]

    def cancel(self, change_ids: Iterable[str]) -> list[Change]:
        """Forget changes that were not sent or not taken, and take back those that are being sent.

        Returns those that this could be done with: what was applied stays.
        """
        with self._step() as step:
            return step.cancel(change_ids)

    def undo(
        self, newest_first: Iterable[Change], known: Mapping[str, Outcome], now: float
    ) -> Undoing:
        """Take changes back, all or none; `known` are the outcomes of those forgotten here."""
        withdrawn: list[Change] = []
        underway: list[Change] = []
        counters: list[Change] = []
        with self._step() as step:
            for change in newest_first:
                entry = next(iter(step.find([change.id], *EntryState)), None)
                if entry is None or entry.state is EntryState.APPLIED:
                    outcome = known.get(change.id) if entry is None else entry.outcome
                    counters += step.insert_counter(counter_to(outcome), now)
                elif entry.is_open:
                    step.cancel([change.id])
                    (withdrawn if entry.state is EntryState.PENDING else underway).append(change)
        return Undoing(withdrawn, underway, counters)

    def name(self, change_id: str, resource_id: str) -> None:
        """Keep which resource was meant by the name that was typed."""
        with self._step() as step:
            for entry in step.find([change_id], EntryState.PENDING, EntryState.SENDING):
                change = entry.change._replace(resource_id=resource_id)
                step.write(entry._replace(change=change, is_named=False))

    def resolve(self, change: Change, now: float) -> bool:
        """Send a change once more that needed the player, as it is now; False if it does not.

        It keeps its id, so that it is applied once even if it was in the ledger all the time.
        What another program decided since this one looked stays: the player has not seen it.
        """
        with self._step() as step:
            needing = step.find([change.id], EntryState.REFUSED, EntryState.CONFLICT)
            found = [entry for entry in needing if entry == self._entries.get(change.id)]
            for entry in found:
                waiting = entry._replace(change=change, state=EntryState.PENDING, outcome=None)
                if entry.sent_at is not None:
                    # What may be in the ledger still may, and a new day begins.
                    waiting = waiting._replace(state=EntryState.SENDING, sent_at=now)
                step.write(waiting)
        return bool(found)

    def drop(self, change_id: str) -> None:
        """Forget a change that needed the player."""
        with self._step() as step:
            for entry in step.find([change_id], EntryState.REFUSED, EntryState.CONFLICT):
                step.delete(entry)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    # Inside

    @contextmanager
    def _step(self) -> Iterator[OutboxTransaction]:
        """Do one thing, on disk and then in memory."""
        with self._lock, self._mended():
            self._look_at_file()
            with self._file.transaction() as connection:
                step = OutboxTransaction(connection)
                yield step
            self._note_overwritten(step)
            entries = self._entries | {entry.change.id: entry for entry in step.written}
            for entry in step.gone:
                entries.pop(entry.change.id, None)
            self._entries = entries

    def _note_overwritten(self, step: OutboxTransaction) -> None:
        """Note which entries this step found otherwise than they were known here.

        Written over, they would look as if there had been nothing to tell: a change that another
        program took back would stay on screen.
        """
        for change_id, entry in step.found.items():
            known = self._entries.get(change_id)
            if known != entry:
                self._overwritten.setdefault(change_id, known)

    def _told(self) -> dict[str, OutboxEntry]:
        """Return the entries as `catch_up` has told of them last, and as they were put since."""
        if self._missed is not None:
            return self._missed
        told = self._entries | self._overwritten
        return {change_id: entry for change_id, entry in told.items() if entry is not None}

    def _also_after_damage(self, work: Callable[[], T]) -> T:
        """Do something, and once more where a damaged file had to be set aside for it."""
        try:
            return work()
        except LocalFileDamaged:
            return work()

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """Set a file aside that turns out to be damaged: what is tried next finds a new one."""
        try:
            yield
        except LocalFileDamaged:
            aside = self._file.set_aside()
            if aside is not None:
                self._damaged(aside)
            raise

    def _look_at_file(self) -> None:
        if self._file.is_another_file():
            # Somebody took the file away; what comes now must not be lost with it.
            self._missed = self._told()
            self._claim()
            self._read()

    def _claim(self) -> None:
        member, place = self._owner
        # Looked at without a write lock: to read the outbox nobody waits for who writes it.
        with self._file.reading() as connection:
            owners = _owners(connection)
        if not owners:
            with self._file.transaction() as connection:
                if not (owners := _owners(connection)):
                    connection.execute("INSERT INTO owner VALUES (?, ?)", (member, place))
                    owners = [member]
        if owners != [member]:
            message = (
                f"{self._file.path} is the outbox of somebody else, and nothing of it is sent "
                "under your name. Move it away."
            )
            raise LocalFileError(message)

    def _read(self) -> None:
        with self._file.reading() as connection:
            entries = read_entries(connection)
        self._entries = {entry.change.id: entry for entry in entries}
        self._overwritten.clear()


def _owners(connection: sqlite3.Connection) -> list[object]:
    return [member for (member,) in connection.execute("SELECT member FROM owner")]
