"""The replica: what the ledger held when it was last read, on this machine.

It may be deleted at any time, and is made anew where it is damaged: nothing is in it that the
ledger does not have.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from tracker_tui.db.database import TEXT, Rows, RowType
from tracker_tui.db.layout import Layout
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import AnswerLost, LocalFileDamaged
from tracker_tui.ledger.current_layout import CachedLayout
from tracker_tui.ledger.resources import RESOURCE_TYPES
from tracker_tui.local.sqlite_file import LocalFile

REPLICA_NAME: Final = "replica.db"
_VERSION: Final = 1
_GARBAGE: Final = (ArithmeticError, ValueError, TypeError, RecursionError)
_NO_SENSE: Final = "What the replica knows of the database makes no sense."
_NO_AGE: Final = "What the replica says of its age makes no sense."
_GREATEST: Final = 2**63 - 1
"""The greatest number that a database can be asked about."""
_COLUMNS: Final = ", ".join(Resource._fields)
_SCHEMA: Final = f"""
    CREATE TABLE resources ({_COLUMNS}, PRIMARY KEY (id));
    CREATE TABLE members (id PRIMARY KEY, name);
    CREATE TABLE landed (id PRIMARY KEY);
    CREATE TABLE facts (name PRIMARY KEY, value)
"""
_MARKS: Final = ", ".join("?" * len(Resource._fields))
_REPLACE: Final = f"INSERT OR REPLACE INTO resources ({_COLUMNS}) VALUES ({_MARKS})"  # noqa: S608 - our own names
_EVERYTHING: Final = f"SELECT {_COLUMNS} FROM resources"  # noqa: S608 - our own names
_PROOF: Final = """
    SELECT COUNT(*), SUM(hagga % 999983), SUM(deep_desert % 999983), SUM(updated_at % 999983),
        SUM(LENGTH(id) + LENGTH(name) + LENGTH(updated_by)),
        SUM(
            typeof(id) = 'text' AND typeof(name) = 'text' AND typeof(updated_by) = 'text'
            AND typeof(hagga) = 'integer' AND typeof(deep_desert) = 'integer'
            AND typeof(updated_at) = 'integer' AND typeof(multiplier) = 'real'
            AND typeof(target) IN ('integer', 'null') AND typeof(tier) IN ('integer', 'null')
            AND typeof(category) IN ('text', 'null') AND typeof(subcategory) IN ('text', 'null')
            AND typeof(description) IN ('text', 'null')
        )
    FROM resources
"""
"""What a disk that forgets a page without a word would hardly leave as it was; remainders, for
the sum of what hostile rows hold is more than a number can be."""
_REMOVE: Final = "DELETE FROM resources WHERE id = ?"


_RESOURCE: Final = RowType(*RESOURCE_TYPES)
_NAME: Final = RowType(TEXT, TEXT)
_ID: Final = RowType(TEXT)


class Reading(NamedTuple):
    """When the ledger was read."""

    now: int
    """By the database's clock, in Unix seconds."""
    at: float
    """By this machine's clock, in Unix seconds."""


class ReplicaContents(NamedTuple):
    """Everything that a replica holds."""

    rows: list[Resource]
    names: dict[str, str]
    applied_ids: frozenset[str]
    """Changes of the outbox whose effect is in the rows already."""
    cached_layout: CachedLayout | None
    reading: Reading


class Replica:
    """The rows of one database as one member sees them; safe to use from several threads.

    Every method raises LocalFileError; the file is no worse for it.
    """

    def __init__(self, path: Path, *, until: float | None = None) -> None:
        """Open it; other programs are waited for no longer than `until`, see `LocalFile`."""
        self._file = LocalFile(path, _SCHEMA, _VERSION, is_durable=False, until=until)

    def load(self) -> ReplicaContents | None:
        """Return what is kept; None where the ledger was never read."""
        with self._file.reading() as connection:
            facts = dict(connection.execute("SELECT name, value FROM facts"))
            if "reading" not in facts:
                return None
            if facts.get("proof") != _proof(connection):
                raise LocalFileDamaged("The rows of the replica are not those that were written.")
            rows = _read(connection, _EVERYTHING, _RESOURCE)
            names: dict[str, str] = dict(_read(connection, "SELECT id, name FROM members", _NAME))
            applied_ids = frozenset(
                key for (key,) in _read(connection, "SELECT id FROM landed", _ID)
            )
        resources = [Resource._make(row) for row in rows]
        return ReplicaContents(
            resources, names, applied_ids, _cached_layout(facts), _reading(facts["reading"])
        )

    def names(self) -> list[tuple[str, str]]:
        """Return id and name of every resource."""
        with self._file.reading() as connection:
            return _read(connection, "SELECT id, name FROM resources", _NAME)

    def write(
        self,
        changed: Iterable[Resource],
        removed: Iterable[str],
        applied_ids: Iterable[str],
        reading: Reading,
        *,
        names: Mapping[str, str] | None = None,
        cached_layout: CachedLayout | None = None,
        is_whole: bool,
    ) -> bool:
        """Keep what a refresh brought; where it was whole the replica holds nothing else.

        Where another program has read the ledger later, what is kept is newer, and stays. Returns
        False where there is nothing that a part could be added to.
        """
        self._file.is_another_file()
        with self._file.transaction() as connection:
            known = dict(connection.execute("SELECT name, value FROM facts"))
            if is_whole:
                connection.execute("DELETE FROM resources")
            elif "reading" not in known:
                return False
            elif _reading(known["reading"]).now > reading.now:
                return True
            connection.executemany(_REPLACE, changed)
            connection.executemany(
                "DELETE FROM resources WHERE id = ?", ((key,) for key in removed)
            )
            connection.execute("DELETE FROM landed")
            connection.executemany("INSERT INTO landed VALUES (?)", ((key,) for key in applied_ids))
            _put(connection, "reading", json.dumps(reading))
            if names is not None:
                connection.execute("DELETE FROM members")
                connection.executemany("INSERT INTO members VALUES (?, ?)", names.items())
            if cached_layout is not None:
                _put(connection, "acquaintance", _document(cached_layout))
            _put(connection, "proof", _proof(connection))
        return True

    def answer(self, rows: Iterable[Resource], applied_ids: Iterable[str]) -> None:
        """Keep rows as the ledger answered with them, and which changes are in them."""
        with self._file.transaction() as connection:
            if connection.execute("SELECT 1 FROM facts WHERE name = 'reading'").fetchone():
                connection.executemany(_REPLACE, rows)
                keys = ((key,) for key in applied_ids)
                connection.executemany("INSERT OR IGNORE INTO landed VALUES (?)", keys)
                _put(connection, "proof", _proof(connection))

    def recall(self) -> CachedLayout | None:
        """Return what is known of the database's columns and places."""
        with self._file.reading() as connection:
            return _cached_layout(dict(connection.execute("SELECT name, value FROM facts")))

    def remember(self, known: CachedLayout) -> None:
        """Keep what was learnt of the database's columns and places."""
        with self._file.transaction() as connection:
            _put(connection, "acquaintance", _document(known))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _read(connection: Any, query: str, kind: RowType) -> Rows:
    """Return rows whose values have the right types; an older version may have kept others."""
    try:
        return kind.checked(connection.execute(query).fetchall())
    except AnswerLost as error:
        raise LocalFileDamaged("The replica holds values of the wrong types.") from error


def _put(connection: Any, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def _proof(connection: Any) -> str:
    return json.dumps(connection.execute(_PROOF).fetchone())


def _reading(document: str) -> Reading:
    try:
        now, at = json.loads(document)
        reading = Reading(int(now), float(at))
    except _GARBAGE as error:
        raise LocalFileDamaged(_NO_AGE) from error
    if not 0 <= reading.now <= _GREATEST or not 0 <= reading.at <= _GREATEST:
        raise LocalFileDamaged(_NO_AGE)
    return reading


def _document(known: CachedLayout) -> str:
    return json.dumps(
        {
            "columns": {table: sorted(names) for table, names in known.layout.columns.items()},
            "fingerprint": known.fingerprint,
            "places": {location.value: name for location, name in known.places.items()},
        }
    )


def _cached_layout(facts: Mapping[str, str]) -> CachedLayout | None:
    if "acquaintance" not in facts:
        return None
    try:
        document = json.loads(facts["acquaintance"])
        columns = {table: frozenset(names) for table, names in document["columns"].items()}
        places = {location: str(document["places"][location.value]) for location in Location}
        fingerprint = document["fingerprint"]
    except (*_GARBAGE, LookupError, AttributeError) as error:
        raise LocalFileDamaged(_NO_SENSE) from error
    if not isinstance(fingerprint, str | int):
        raise LocalFileDamaged(_NO_SENSE)
    # Earlier versions wrote a number.
    known = fingerprint if isinstance(fingerprint, str) else None
    return CachedLayout(Layout(columns), known, places)
