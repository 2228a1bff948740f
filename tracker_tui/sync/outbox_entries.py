"""Entries of the outbox: what each says of its change, and how it lies on disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from tracker_tui.domain.change import Change, Outcome, Rejection
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.sync.outbox_documents import (
    change_document,
    change_from,
    outcome_document,
    outcome_from,
)

VERSION: Final = 1
_LATEST: Final = 1e11
"""In Unix seconds: what is later makes no date."""
SCHEMA: Final = """
    CREATE TABLE entries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        change TEXT NOT NULL,
        state TEXT NOT NULL,
        made_at REAL NOT NULL,
        is_named INTEGER NOT NULL,
        sent_at REAL,
        is_unwanted INTEGER NOT NULL DEFAULT 0,
        outcome TEXT
    );
    CREATE TABLE owner (member TEXT NOT NULL, place TEXT NOT NULL)
"""


class EntryState(StrEnum):
    """Where a change stands."""

    PENDING = "pending"
    SENDING = "sending"
    APPLIED = "applied"
    REFUSED = "refused"
    CONFLICT = "conflict"


class OutboxEntry(NamedTuple):
    """One change in the outbox; times in Unix seconds by this machine's clock."""

    number: int
    """Its place in the order in which changes were made."""
    change: Change
    state: EntryState
    made_at: float
    is_named: bool = False
    """Whether its `resource_id` is what was typed, an id or a name, not looked up yet."""
    sent_at: float | None = None
    """When it was first sent without an answer; None if it surely is not in the ledger."""
    cancel_requested: bool = False
    """Whether it was undone while it was being sent: its counter-change is to follow."""
    outcome: Outcome | None = None

    @property
    def is_open(self) -> bool:
        """Whether the ledger has not answered yet."""
        return self.state in (EntryState.PENDING, EntryState.SENDING)

    @property
    def needs_player(self) -> bool:
        """Whether somebody has to decide."""
        return self.state in (EntryState.REFUSED, EntryState.CONFLICT)


_SELECT: Final = (
    "SELECT number, id, change, state, made_at, is_named, sent_at, is_unwanted, outcome"
    " FROM entries"
)


class OutboxTransaction:
    """What one transaction reads and writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.found: dict[str, OutboxEntry] = {}
        """Entries as they were on disk before, by id."""
        self.written: list[OutboxEntry] = []
        self.gone: list[OutboxEntry] = []

    def find(self, change_ids: Iterable[str], *states: EntryState) -> list[OutboxEntry]:
        """Return those of these entries that are in one of these states, on disk."""
        one = _SELECT + " WHERE id = ?"
        rows = [self._connection.execute(one, (change_id,)).fetchone() for change_id in change_ids]
        entries = self._found(row for row in rows if row is not None)
        return [entry for entry in entries if entry.state in states]

    def _found(self, rows: Iterable[Sequence[Any]]) -> list[OutboxEntry]:
        entries = [_entry(row) for row in rows]
        for entry in entries:
            self.found.setdefault(entry.change.id, entry)
        return entries

    def insert(self, change: Change, made_at: float, *, is_named: bool) -> None:
        """Add an entry behind all others."""
        cursor = self._connection.execute(
            "INSERT INTO entries (id, change, state, made_at, is_named) VALUES (?, ?, ?, ?, ?)",
            (change.id, change_document(change), EntryState.PENDING.value, made_at, int(is_named)),
        )
        number = cursor.lastrowid or 0
        self.written.append(OutboxEntry(number, change, EntryState.PENDING, made_at, is_named))

    def insert_counter(self, counter: Change | None, made_at: float) -> list[Change]:
        """Add what takes a change back; nothing where it is there, for its id follows from that."""
        if counter is None or self.find([counter.id], *EntryState):
            return []
        self.insert(counter, made_at, is_named=False)
        return [counter]

    def cancel(self, change_ids: Iterable[str]) -> list[Change]:
        """Forget what is not being sent, take back what is; return what this could be done with.

        What takes something back is not itself taken back once it is being sent.
        """
        cancelled = []
        for entry in self.find(change_ids, *EntryState):
            if entry.state is not EntryState.SENDING and entry.state is not EntryState.APPLIED:
                self.delete(entry)
            elif entry.state is EntryState.SENDING and entry.change.undoes is None:
                self.write(entry._replace(cancel_requested=True))
            else:
                continue
            cancelled.append(entry.change)
        return cancelled

    def write(self, entry: OutboxEntry) -> None:
        """Replace what is known of an entry."""
        self._connection.execute(
            "UPDATE entries SET change = ?, state = ?, is_named = ?, sent_at = ?, is_unwanted = ?,"
            " outcome = ? WHERE number = ?",
            (
                change_document(entry.change),
                entry.state.value,
                int(entry.is_named),
                entry.sent_at,
                int(entry.cancel_requested),
                None if entry.outcome is None else outcome_document(entry.outcome),
                entry.number,
            ),
        )
        self.written.append(entry)

    def delete(self, entry: OutboxEntry) -> None:
        """Forget an entry."""
        self._connection.execute("DELETE FROM entries WHERE number = ?", (entry.number,))
        self.gone.append(entry)

    def settle(self, entry: OutboxEntry, outcome: Outcome) -> None:
        """Write what an answer makes of an entry; with some it is gone."""
        is_unsure = outcome.refusal is Rejection.UNSURE
        if outcome.is_in_history:
            self.write(entry._replace(state=EntryState.APPLIED, outcome=outcome))
        elif not is_unsure and (entry.cancel_requested or entry.change.undoes is not None):
            self.delete(entry)
        else:
            # It surely is not in the ledger, but where nobody knows: then the player has to look,
            # wanted or not.
            sent_at = entry.sent_at if is_unsure else None
            state = EntryState(outcome.verdict.value)
            self.write(
                entry._replace(
                    state=state, sent_at=sent_at, cancel_requested=False, outcome=outcome
                )
            )

    def forget_all_but_the_newest(self, how_many: int) -> None:
        """Forget applied changes that every running program has heard of by now."""
        rows = self._connection.execute(
            _SELECT + " WHERE state = 'applied' ORDER BY number DESC LIMIT -1 OFFSET ?",
            (how_many,),
        ).fetchall()
        for entry in self._found(rows):
            self.delete(entry)


def read_entries(connection: sqlite3.Connection) -> list[OutboxEntry]:
    """Return all entries, oldest first; raises LocalFileDamaged where one makes no sense."""
    return [_entry(row) for row in connection.execute(_SELECT + " ORDER BY number")]


def _entry(row: Sequence[Any]) -> OutboxEntry:
    number, change_id, document, state, made_at, is_named, sent_at, cancel_requested, outcome = row
    change = change_from(document)
    makes_sense = (
        change.id == change_id
        and state in set(EntryState)
        and _is_time(made_at)
        and (sent_at is None or _is_time(sent_at))
        and {is_named, cancel_requested} <= {0, 1}
    )
    if not makes_sense:
        raise LocalFileDamaged("An entry of the outbox makes no sense.")
    return OutboxEntry(
        number,
        change,
        EntryState(state),
        made_at,
        bool(is_named),
        sent_at,
        bool(cancel_requested),
        None if outcome is None else outcome_from(outcome, change),
    )


def _is_time(value: object) -> bool:
    return isinstance(value, float) and abs(value) < _LATEST
