"""Entries of the outbox, and how they are stored on disk.

An entry is one row of `outbox.db`: a few columns that say where the change stands, and the change
itself as a JSON document. When the ledger has answered, its outcome is a second document:

    id      change                                    state    sent_at  outcome
    V1St…   {"id": "V1St…", "kind": "add", …}         sending  1.7e9    NULL
    x9Kq…   {"id": "x9Kq…", "kind": "set", …}         conflict NULL     {"verdict": "conflict", …}

The column names and JSON keys are a stored format: they outlive renamed attributes. The documents
are parsed by hand, with each value's type checked, because `edit` reads them at every start and
importing msgspec would cost it 50 ms.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeVar, get_type_hints

from tracker_tui.domain.change import Change, Moved, Outcome, Rejection, Shortage, Verdict
from tracker_tui.domain.points import Points
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import LocalFileDamaged

N = TypeVar("N")
VERSION: Final = 1
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
_SELECT: Final = (
    "SELECT number, id, change, state, made_at, is_named, sent_at, is_unwanted, outcome"
    " FROM entries"
)
_MAX_TIME: Final = 1e11
"""In Unix seconds; a later time cannot be shown as a date."""
_MALFORMED: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
_REQUIRED_TEXTS: Final = ("id", "resource_id", "by")
_OPTIONAL_TEXTS: Final = ("reason", "entered_by", "requires", "undoes", "remark")
_FIELD_TYPES: Final[dict[type[Any], list[Any]]] = {
    # SQLite has no booleans and may return whole floats as integers, so int is accepted for both.
    kind: [hint | int if hint in (float, bool) else hint for hint in get_type_hints(kind).values()]
    for kind in (Resource, Moved, Points, Shortage)
}


class EntryState(StrEnum):
    """Where a change stands."""

    PENDING = "pending"
    SENDING = "sending"
    APPLIED = "applied"
    REJECTED = "refused"
    CONFLICT = "conflict"


class OutboxEntry(NamedTuple):
    """One change in the outbox; times in Unix seconds by this machine's clock."""

    number: int
    """Its place in the order in which changes were made."""
    change: Change
    state: EntryState
    made_at: float
    is_named: bool = False
    """Whether `resource_id` is still the text that was typed, an id or a name."""
    sent_at: float | None = None
    """When it was first sent without an answer; None if it is certainly not in the ledger."""
    cancel_requested: bool = False
    """Whether it was undone while it was being sent. A counter-change follows if it arrives."""
    outcome: Outcome | None = None

    @property
    def is_open(self) -> bool:
        """Whether the ledger has not answered yet."""
        return self.state in (EntryState.PENDING, EntryState.SENDING)

    @property
    def needs_player(self) -> bool:
        """Whether the player has to decide what happens to it."""
        return self.state in (EntryState.REJECTED, EntryState.CONFLICT)


class OutboxTransaction:
    """The reads and writes of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.found: dict[str, OutboxEntry] = {}
        """Entries as they were on disk before the transaction, by id."""
        self.written: list[OutboxEntry] = []
        self.deleted: list[OutboxEntry] = []

    def find(self, change_ids: Iterable[str], *states: EntryState) -> list[OutboxEntry]:
        """Return the entries with these ids that are in one of these states on disk."""
        one = _SELECT + " WHERE id = ?"
        rows = [self._connection.execute(one, (change_id,)).fetchone() for change_id in change_ids]
        entries = self._note_found(row for row in rows if row is not None)
        return [entry for entry in entries if entry.state in states]

    def _note_found(self, rows: Iterable[Sequence[Any]]) -> list[OutboxEntry]:
        entries = [_entry_from_row(row) for row in rows]
        for entry in entries:
            self.found.setdefault(entry.change.id, entry)
        return entries

    def insert(self, change: Change, made_at: float, *, is_named: bool) -> None:
        """Add an entry after all others."""
        state = EntryState.PENDING
        cursor = self._connection.execute(
            "INSERT INTO entries (id, change, state, made_at, is_named) VALUES (?, ?, ?, ?, ?)",
            (change.id, change_to_json(change), state.value, made_at, int(is_named)),
        )
        self.written.append(
            OutboxEntry(
                number=cursor.lastrowid or 0,
                change=change,
                state=state,
                made_at=made_at,
                is_named=is_named,
            )
        )

    def insert_counter(self, counter: Change | None, made_at: float) -> list[Change]:
        """Add a counter-change and return it; add nothing if its id is there already."""
        if counter is None or self.find([counter.id], *EntryState):
            return []
        self.insert(counter, made_at, is_named=False)
        return [counter]

    def cancel(self, change_ids: Iterable[str]) -> list[Change]:
        """Delete entries that are not in flight, and request a cancel for those that are.

        Returns the changes that this was possible for. Applied changes stay, and so does a
        counter-change in flight: an undo is not undone.
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
        """Replace the stored entry of the same number."""
        self._connection.execute(
            "UPDATE entries SET change = ?, state = ?, is_named = ?, sent_at = ?, is_unwanted = ?,"
            " outcome = ? WHERE number = ?",
            (
                change_to_json(entry.change),
                entry.state.value,
                int(entry.is_named),
                entry.sent_at,
                int(entry.cancel_requested),
                None if entry.outcome is None else outcome_to_json(entry.outcome),
                entry.number,
            ),
        )
        self.written.append(entry)

    def delete(self, entry: OutboxEntry) -> None:
        self._connection.execute("DELETE FROM entries WHERE number = ?", (entry.number,))
        self.deleted.append(entry)

    def settle(self, entry: OutboxEntry, outcome: Outcome) -> None:
        """Record the ledger's answer; an entry that needs nothing more is deleted."""
        is_unsure = outcome.rejection is Rejection.UNSURE
        if outcome.is_in_history:
            self.write(entry._replace(state=EntryState.APPLIED, outcome=outcome))
        elif not is_unsure and (entry.cancel_requested or entry.change.undoes is not None):
            self.delete(entry)
        else:
            # Unless it is unsure, it is certainly not in the ledger. An unsure change is shown to
            # the player even if it was cancelled: only they can look it up in the history.
            self.write(
                entry._replace(
                    state=EntryState(outcome.verdict.value),
                    sent_at=entry.sent_at if is_unsure else None,
                    cancel_requested=False,
                    outcome=outcome,
                )
            )

    def delete_applied(self, *, keep_newest: int) -> None:
        """Delete all applied changes but the newest ones."""
        rows = self._connection.execute(
            _SELECT + " WHERE state = 'applied' ORDER BY number DESC LIMIT -1 OFFSET ?",
            (keep_newest,),
        ).fetchall()
        for entry in self._note_found(rows):
            self.delete(entry)


def read_entries(connection: sqlite3.Connection) -> list[OutboxEntry]:
    """Return all entries, oldest first; raises LocalFileDamaged if one is malformed."""
    return [_entry_from_row(row) for row in connection.execute(_SELECT + " ORDER BY number")]


def _entry_from_row(row: Sequence[Any]) -> OutboxEntry:
    number, change_id, document, state, made_at, is_named, sent_at, cancel_requested, outcome = row
    change = change_from_json(document)
    is_valid = (
        change.id == change_id
        and state in set(EntryState)
        and _is_time(made_at)
        and (sent_at is None or _is_time(sent_at))
        and {is_named, cancel_requested} <= {0, 1}
    )
    if not is_valid:
        raise LocalFileDamaged("An entry of the outbox is malformed.")
    return OutboxEntry(
        number=number,
        change=change,
        state=EntryState(state),
        made_at=made_at,
        is_named=bool(is_named),
        sent_at=sent_at,
        cancel_requested=bool(cancel_requested),
        outcome=None if outcome is None else outcome_from_json(outcome, change),
    )


def _is_time(value: object) -> bool:
    return isinstance(value, float) and abs(value) < _MAX_TIME


# JSON documents


def change_to_json(change: Change) -> str:
    return json.dumps(
        {
            "id": change.id,
            "resource_id": change.resource_id,
            "kind": change.kind,
            "location": change.location,
            "amount": change.amount,
            "by": change.by,
            "reason": change.reason,
            "expected": change.expected,
            "entered_by": change.entered_by,
            "requires": change.requires,
            "undoes": change.undoes,
            "remark": change.remark,
        }
    )


def change_from_json(text: str) -> Change:
    """Parse a stored change; raises LocalFileDamaged if it is malformed."""
    try:
        document = json.loads(text)
        required = {name: _checked(str, document[name]) for name in _REQUIRED_TEXTS}
        optional = {name: _checked(str | None, document.get(name)) for name in _OPTIONAL_TEXTS}
        return Change(
            kind=Kind(document["kind"]),
            location=Location(document["location"]),
            amount=_checked(int, document["amount"]),
            expected=_checked(int | None, document.get("expected")),
            **required,
            **optional,
        )
    except _MALFORMED as error:
        raise LocalFileDamaged("A change in the outbox is malformed.") from error


def outcome_to_json(outcome: Outcome) -> str:
    """Return an outcome as JSON, without its change: the entry has that already."""
    return json.dumps(
        {
            "verdict": outcome.verdict,
            "resource": outcome.resource,
            "moved": outcome.moved,
            "refusal": outcome.rejection,
            "shortage": outcome.shortage,
            "said": outcome.detail,
        }
    )


def outcome_from_json(text: str, change: Change) -> Outcome:
    """Parse the stored outcome of a change; raises LocalFileDamaged if it is malformed."""
    try:
        document = json.loads(text)
        row, moved, shortage = (document[name] for name in ("resource", "moved", "shortage"))
        refusal = document["refusal"]
        return Outcome(
            change=change,
            verdict=Verdict(document["verdict"]),
            resource=None if row is None else _build(Resource, row),
            moved=None if moved is None else _build(Moved, (*moved[:4], _build(Points, moved[4]))),
            rejection=None if refusal is None else Rejection(refusal),
            shortage=(
                None
                if shortage is None
                else _build(Shortage, (Location(shortage[0]), *shortage[1:]))
            ),
            detail=_checked(str, document["said"]),
        )
    except _MALFORMED as error:
        raise LocalFileDamaged("An outcome in the outbox is malformed.") from error


def _build(kind: type[N], values: Sequence[Any]) -> N:
    """Build a named tuple, checking each value against its field's type."""
    for hint, value in zip(_FIELD_TYPES[kind], values, strict=True):
        if not isinstance(value, hint):
            raise TypeError(value)
    return kind(*values)


def _checked(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(value)
    return value
