"""The replica: what the ledger held when it was last read, on this machine.

It is the file `replica.db` with one table of resources, one of member names, and a few facts such
as the time of the last read. The program starts from it, so rows are on screen before the server
has answered. Example: a run reads 600 rows from Turso and writes them here; the next run, started
without a network, shows those 600 rows and "read 20 minutes ago".

Losing the replica is harmless, because the ledger has everything in it. So it is a
`DisposableFile`: a damaged one is set aside and a new one is started, and a disk that is full does
not stop the program. A checksum over the rows detects a disk that lost a page.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from tracker_tui.db.database import TEXT, Rows, RowType
from tracker_tui.db.layout import Layout
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import AnswerLost, LocalFileDamaged, LocalFileError
from tracker_tui.ledger.cached_layout import CachedLayout
from tracker_tui.ledger.resources import RESOURCE_TYPES
from tracker_tui.local.sqlite_file import LocalFile, set_aside

T = TypeVar("T")
REPLICA_NAME: Final = "replica.db"
_VERSION: Final = 1
_MALFORMED: Final = (ArithmeticError, ValueError, TypeError, RecursionError)
_MALFORMED_LAYOUT: Final = "The columns stored in the replica are malformed."
_MALFORMED_READING: Final = "The time stored in the replica is malformed."
_MAX_INTEGER: Final = 2**63 - 1
_COLUMNS: Final = ", ".join(Resource._fields)
_SCHEMA: Final = f"""
    CREATE TABLE resources ({_COLUMNS}, PRIMARY KEY (id));
    CREATE TABLE members (id PRIMARY KEY, name);
    CREATE TABLE landed (id PRIMARY KEY);
    CREATE TABLE facts (name PRIMARY KEY, value)
"""
_PLACEHOLDERS: Final = ", ".join("?" * len(Resource._fields))
_REPLACE: Final = f"INSERT OR REPLACE INTO resources ({_COLUMNS}) VALUES ({_PLACEHOLDERS})"  # noqa: S608 - our own names
_EVERYTHING: Final = f"SELECT {_COLUMNS} FROM resources"  # noqa: S608 - our own names
_CHECKSUM: Final = """
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
"""A lost page is unlikely to leave these sums unchanged. They are sums of remainders, because the
sum of hostile quantities would overflow."""
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

    Every method raises LocalFileError, and leaves the file as it was if it does.
    """

    def __init__(self, path: Path, *, until: float | None = None) -> None:
        """Open or create it; waits for other programs until `until` at most, see `LocalFile`."""
        self._file = LocalFile(path, _SCHEMA, _VERSION, is_durable=False, until=until)

    def load(self) -> ReplicaContents | None:
        """Return everything; None if the ledger was never read."""
        with self._file.reading() as connection:
            facts = dict(connection.execute("SELECT name, value FROM facts"))
            if "reading" not in facts:
                return None
            if facts.get("proof") != _checksum(connection):
                raise LocalFileDamaged("The rows of the replica do not match their checksum.")
            rows = _read(connection, _EVERYTHING, _RESOURCE)
            names: dict[str, str] = dict(_read(connection, "SELECT id, name FROM members", _NAME))
            ids = _read(connection, "SELECT id FROM landed", _ID)
        return ReplicaContents(
            rows=[Resource._make(row) for row in rows],
            names=names,
            applied_ids=frozenset(change_id for (change_id,) in ids),
            cached_layout=_layout_from_facts(facts),
            reading=_reading_from_json(facts["reading"]),
        )

    def resource_names(self) -> list[tuple[str, str]]:
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
        """Store what a refresh read; a whole one replaces everything.

        If another program has read the ledger later, its newer rows stay. Returns False if a part
        cannot be added because there is nothing to add it to.
        """
        self._file.is_another_file()
        with self._file.transaction() as connection:
            facts = dict(connection.execute("SELECT name, value FROM facts"))
            if is_whole:
                connection.execute("DELETE FROM resources")
            elif "reading" not in facts:
                return False
            elif _reading_from_json(facts["reading"]).now > reading.now:
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
                _put(connection, "acquaintance", _layout_to_json(cached_layout))
            _put(connection, "proof", _checksum(connection))
        return True

    def update(self, rows: Iterable[Resource], applied_ids: Iterable[str]) -> None:
        """Store rows from the ledger's answers, and the ids of the changes that they contain."""
        with self._file.transaction() as connection:
            if connection.execute("SELECT 1 FROM facts WHERE name = 'reading'").fetchone():
                connection.executemany(_REPLACE, rows)
                keys = ((key,) for key in applied_ids)
                connection.executemany("INSERT OR IGNORE INTO landed VALUES (?)", keys)
                _put(connection, "proof", _checksum(connection))

    def load_layout(self) -> CachedLayout | None:
        """Return the database's columns and the names of its locations, if known."""
        with self._file.reading() as connection:
            return _layout_from_facts(dict(connection.execute("SELECT name, value FROM facts")))

    def save_layout(self, layout: CachedLayout) -> None:
        with self._file.transaction() as connection:
            _put(connection, "acquaintance", _layout_to_json(layout))

    def close(self) -> None:
        self._file.close()


def _read(connection: Any, query: str, kind: RowType) -> Rows:
    """Return rows, checking the types of their values: an older version may have stored others."""
    try:
        return kind.checked(connection.execute(query).fetchall())
    except AnswerLost as error:
        raise LocalFileDamaged("The replica holds values of the wrong types.") from error


def _put(connection: Any, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def _checksum(connection: Any) -> str:
    return json.dumps(connection.execute(_CHECKSUM).fetchone())


# JSON documents. `edit` reads the layout at every start, so they are parsed without msgspec.


def _reading_from_json(document: str) -> Reading:
    try:
        now, at = json.loads(document)
        reading = Reading(now=int(now), at=float(at))
    except _MALFORMED as error:
        raise LocalFileDamaged(_MALFORMED_READING) from error
    if not 0 <= reading.now <= _MAX_INTEGER or not 0 <= reading.at <= _MAX_INTEGER:
        raise LocalFileDamaged(_MALFORMED_READING)
    return reading


def _layout_to_json(known: CachedLayout) -> str:
    return json.dumps(
        {
            "columns": {table: sorted(names) for table, names in known.layout.columns.items()},
            "fingerprint": known.fingerprint,
            "places": {location.value: name for location, name in known.places.items()},
        }
    )


def _layout_from_facts(facts: Mapping[str, str]) -> CachedLayout | None:
    if "acquaintance" not in facts:
        return None
    try:
        document = json.loads(facts["acquaintance"])
        columns = {table: frozenset(names) for table, names in document["columns"].items()}
        places = {location: str(document["places"][location.value]) for location in Location}
        fingerprint = document["fingerprint"]
    except (*_MALFORMED, LookupError, AttributeError) as error:
        raise LocalFileDamaged(_MALFORMED_LAYOUT) from error
    if not isinstance(fingerprint, str | int):
        raise LocalFileDamaged(_MALFORMED_LAYOUT)
    # Earlier versions stored a number.
    known = fingerprint if isinstance(fingerprint, str) else None
    return CachedLayout(Layout(columns), known, places)


# Disposable files


class Closable(Protocol):
    def close(self) -> None:
        """Close the file."""


F = TypeVar("F", bound=Closable)


class DisposableFile(Generic[F]):
    """A file whose loss is harmless: opened when it is needed, started over when it is damaged."""

    def __init__(
        self, path: Path, opener: Callable[[Path], F], what: str, warn: Callable[[str], None]
    ) -> None:
        """`what` names the contents for the player; `warn` gets a sentence about any trouble."""
        self._path = path
        self._opener = opener
        self._what = what
        self._warn = warn
        self._file: F | None = None
        self._is_disabled = False
        self._lock = threading.RLock()

    def use(self, work: Callable[[F], T], otherwise: T) -> T:
        """Run `work` on the file, on a new one if it is damaged.

        Returns `otherwise` if the file is disabled or cannot be used.
        """
        with self._lock:
            if self._is_disabled:
                return otherwise
            try:
                try:
                    return work(self._open())
                except LocalFileDamaged:
                    self._set_aside()
                    return work(self._open())
            except LocalFileError as error:
                self._warn(str(error))
        return otherwise

    def _set_aside(self) -> None:
        self.close()
        aside = set_aside(self._path)
        self._warn(
            f"This machine's copy of {self._what} was damaged. It is read again; the damaged file "
            f"is {aside}."
        )

    def _open(self) -> F:
        if self._file is None:
            self._file = self._opener(self._path)
        return self._file

    def disable(self) -> None:
        """Close the file and never open it again."""
        with self._lock:
            self._is_disabled = True
            self.close()

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
