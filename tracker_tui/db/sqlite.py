"""A ledger in a SQLite file: opened without touching it, created whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, NamedTuple, TypeVar

from peewee import BaseQuery, PeeweeException, SqliteDatabase

from tracker_tui.db.database import BatchResult, Rows, compiled, only_reads
from tracker_tui.db.layout import Layout, read_layout
from tracker_tui.errors import DatabaseBusy, LedgerError, StatementRejected
from tracker_tui.local.sqlite_file import (
    data_version,
    identity_of,
    is_busy,
    is_disk_full,
    seconds_left,
    wait_for_others,
)

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""How long a transaction waits for other writers before DatabaseBusy."""
_SQLITE_WAITS = 0.5
"""How many seconds SQLite itself waits for a lock; it cannot be interrupted while it does."""
_BETWEEN_TRIES = 0.01
_AGAIN = "Then try again."


class SqliteResult(NamedTuple):
    """The result of one query; see `tracker_tui.db.database.Result`."""

    rows: Rows
    rowcount: int


class SqliteLedgerDatabase(SqliteDatabase):
    """An existing SQLite file; opening it changes nothing in it, not even its journal mode.

    Connections belong to the thread that made them: use a database from one thread only.
    """

    def __init__(self, path: Path, *, durable: bool = True, until: float | None = None) -> None:
        """`until` is the deadline of all calls together, by `monotonic`; None: no deadline."""
        self.path = path
        self._seen_version: int | None = None
        self._file: tuple[int, int] | None = None
        self._busy_seconds = BUSY_SECONDS
        self._sqlite_waits = min(self._busy_seconds, _SQLITE_WAITS)
        self._until = until
        self._is_interrupted = False
        super().__init__(
            f"{path.absolute().as_uri()}?mode=rw",
            timeout=self._sqlite_waits,
            # A setting of this connection. The file keeps what others set in it.
            pragmas={"synchronous": "FULL" if durable else "OFF"},
        )

    def _connect(self) -> sqlite3.Connection:
        self.connect_params["uri"] = True
        self.timeout = seconds_left(self._until, self._sqlite_waits)
        connection: sqlite3.Connection = super()._connect()  # type: ignore[misc]  # the stubs leave it out
        # Other programs may have stored invalid UTF-8. One such name must not stop a refresh.
        connection.text_factory = _decode
        self._file = identity_of(self.path)
        return connection

    def _thread_connection(self) -> sqlite3.Connection:
        """Return this thread's connection; raises sqlite3.Error, never Peewee's copies of it.

        Reopens the file if another one was put in its place, as restoring a backup does. Otherwise
        changes would go into the deleted file.
        """
        if not self.is_closed() and self._file != identity_of(self.path):
            self.close()
            self._seen_version = -1
        try:
            connection: sqlite3.Connection = self.connection()  # type: ignore[no-untyped-call]
        except PeeweeException as error:
            raise getattr(error, "orig", error) from error
        return connection

    def batch(
        self, queries: Sequence[BaseQuery], *, seconds: float | None = None
    ) -> list[SqliteResult]:
        """Run the queries in one transaction; see `Database.batch`."""
        statements = [compiled(query) for query in queries]
        begin = "BEGIN" if only_reads(queries) else "BEGIN IMMEDIATE"

        def transaction(connection: sqlite3.Connection) -> list[SqliteResult]:
            connection.execute(begin)
            try:
                results = [_run(connection, sql, params) for sql, params in statements]
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return results

        return self._retry_while_busy(transaction, seconds)

    def _retry_while_busy(
        self, work: Callable[[sqlite3.Connection], T], seconds: float | None = None
    ) -> T:
        """Do some work; start it again while others hold a lock on the file, until time is up."""
        self._is_interrupted = False
        until = monotonic() + seconds_left(
            self._until, self._busy_seconds if seconds is None else seconds
        )
        while True:
            try:
                connection = self._thread_connection()
                if self._until is not None:
                    wait_for_others(connection, seconds_left(until, self._sqlite_waits))
                return work(connection)
            except (sqlite3.Error, OSError) as error:
                is_over = self._is_interrupted or monotonic() >= until
                if is_over or not is_busy(error):
                    raise explain(error, self.path) from error
            sleep(_BETWEEN_TRIES)

    def batches(
        self,
        batches: Sequence[Sequence[BaseQuery]],
        *,
        repeatable: bool = False,
        seconds: float | None = None,
    ) -> list[BatchResult]:
        """Run batches one after the other; see `Database.batches`."""
        del repeatable  # a file has no requests that could get lost
        return [self._result_or_error(queries, seconds) for queries in batches]

    def _result_or_error(self, queries: Sequence[BaseQuery], seconds: float | None) -> BatchResult:
        try:
            return self.batch(queries, seconds=seconds)
        except LedgerError as error:
            return error

    @property
    def where(self) -> str:
        """The path of the file."""
        return str(self.path)

    def interrupt(self) -> None:
        """Make a call that waits for a lock in another thread fail within a moment."""
        self._is_interrupted = True

    def changed_elsewhere(self) -> bool:
        """Whether another connection committed since the last call."""
        version = self._retry_while_busy(data_version)
        changed = self._seen_version not in (None, version)
        self._seen_version = version
        return changed


def open_sqlite(
    path: Path, *, durable: bool = True, until: float | None = None, for_changes: bool = False
) -> tuple[SqliteLedgerDatabase, Layout]:
    """Open an existing ledger without changing it; raises LedgerError or NotATrackerDatabase.

    `for_changes` requires only the tables that a change is written to.
    """
    database, layout = open_unchecked(path, durable=durable, until=until)
    try:
        layout.require_ours(database.where, for_changes=for_changes)
    except BaseException:
        database.close()
        raise
    return database, layout


def open_unchecked(
    path: Path, *, durable: bool = True, until: float | None = None
) -> tuple[SqliteLedgerDatabase, Layout]:
    """Open an existing SQLite file, whatever tables it holds; `init` needs that."""
    if not is_there(path):
        message = f"There is no database at {path}. `tracker-tui init --starter` creates one."
        raise LedgerError(message)
    if not path.is_file():
        message = f"{path} is not a file. Set TURSO_DATABASE_URL to file:PATH of a database."
        raise LedgerError(message)
    database = SqliteLedgerDatabase(path, durable=durable, until=until)
    try:
        layout = read_layout(database)
    except BaseException:
        database.close()
        raise
    return database, layout


def is_there(path: Path) -> bool:
    """Whether something is at `path`; False if the system cannot even look."""
    try:
        return path.exists()
    except OSError:
        return False


def make_folder(path: Path) -> None:
    """Create the folder of a file; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)


def create_sqlite(
    path: Path,
    fill: Callable[[SqliteLedgerDatabase, Layout], None],
    prepare: Callable[[Path], None] = make_folder,
) -> bool:
    """Create a ledger at `path` and fill it; False if somebody else was first.

    `prepare` creates the folder, and may create an empty file with the right permissions. The
    database is built under another name and linked into place once it is complete: two first starts
    create one database, and a start that is cut short creates none.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.new")
    try:
        prepare(draft)
        _create_tables(draft)
        database, layout = open_unchecked(draft)
        try:
            fill(database, layout)
        finally:
            database.close()
        return _put_in_place(draft, path)
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error
    finally:
        for leftover in (draft, *(draft.with_name(draft.name + end) for end in ("-wal", "-shm"))):
            # If the folder could not be created there is nothing to remove, and an error to report.
            with suppress(OSError):
                leftover.unlink()


def explain(error: BaseException, path: Path) -> LedgerError:
    """Turn an error of SQLite or the file system into a sentence that says what to do."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if is_busy(error):
        return DatabaseBusy(f"{path} is in use by another program.", "Try again in a moment.")
    if is_disk_full(error, path):
        return LedgerError(f"{path} could not be written: the disk is full. Make room.", _AGAIN)
    for prefix, sentence in _EXPLANATIONS:
        if code.startswith(prefix):
            return LedgerError(f"{path} {sentence}")
    if isinstance(error, OSError):
        reason = error.strerror or type(error).__name__
        return LedgerError(f"{path} cannot be used: {reason}. Check the folder's permissions.")
    return StatementRejected(f"The database rejected it: {error}.")


_EXPLANATIONS = (
    ("SQLITE_NOTADB", "is not a SQLite database. Set TURSO_DATABASE_URL to another file."),
    ("SQLITE_CORRUPT", "is damaged. Nothing was changed; restore it from a backup."),
    ("SQLITE_READONLY", "is read only for you. Check the permissions of the file and its folder."),
    ("SQLITE_CANTOPEN", "cannot be opened. Check the permissions of the file and its folder."),
    ("SQLITE_PERM", "is not yours to use. Check the permissions of the file and its folder."),
    ("SQLITE_IOERR", "could not be read or written: the disk failed. Check the disk."),
)


def _run(connection: sqlite3.Connection, sql: str, params: Sequence[Any]) -> SqliteResult:
    cursor = connection.execute(sql, params)
    return SqliteResult(cursor.fetchall(), cursor.rowcount)


def _decode(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def _create_tables(path: Path) -> None:
    from tracker_tui.db.schema import schema_sql

    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(schema_sql())
    finally:
        connection.close()


def _put_in_place(draft: Path, path: Path) -> bool:
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError:
        # The file system has no hard links. On Windows a rename never replaces a file.
        if is_there(path):
            return False
        draft.rename(path)
    return True
