"""A ledger in a SQLite file: opened with care, created whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from peewee import BaseQuery, PeeweeException, SqliteDatabase

from tracker_tui.db.database import BatchResult, Result, only_reads
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
_AT_A_STRETCH = 0.5
"""For how long SQLite waits by itself: it cannot be told to stop."""
_BETWEEN_TRIES = 0.01
_AGAIN = "Then try again."


class SqliteLedgerDatabase(SqliteDatabase):
    """An existing SQLite file; opening it changes nothing in it, not even its journal mode.

    Connections belong to the thread that made them: let one thread use one of these.
    """

    def __init__(self, path: Path, *, durable: bool = True, until: float | None = None) -> None:
        """`until` is the deadline of all that is asked, by `monotonic`; None: there is none."""
        self.path = path
        self._seen_version: int | None = None
        self._file: tuple[int, int] | None = None
        self._patience = BUSY_SECONDS
        self._stretch = min(self._patience, _AT_A_STRETCH)
        self._until = until
        self._is_given_up = False
        super().__init__(
            f"{path.absolute().as_uri()}?mode=rw",
            timeout=self._stretch,
            # Of the connection, not of the file: others keep what they chose.
            pragmas={"synchronous": "FULL" if durable else "OFF"},
        )

    def _connect(self) -> sqlite3.Connection:
        self.connect_params["uri"] = True
        self.timeout = seconds_left(self._until, self._stretch)
        connection: sqlite3.Connection = super()._connect()  # type: ignore[misc]  # the stubs leave it out
        # Others may have stored bytes that are no UTF-8; one such name must not stop a refresh.
        connection.text_factory = _decode
        self._file = identity_of(self.path)
        return connection

    def _driver(self) -> sqlite3.Connection:
        """Return the connection of this thread; raises sqlite3.Error, never Peewee's copies.

        A file that was put in the place of ours, as restoring a backup does, is opened anew: else
        changes would go into the old one, which nobody can see any more.
        """
        if not self.is_closed() and self._file != identity_of(self.path):
            self.close()
            self._seen_version = -1
        try:
            connection: sqlite3.Connection = self.connection()  # type: ignore[no-untyped-call]
        except PeeweeException as error:
            raise getattr(error, "orig", error) from error
        return connection

    def batch(self, queries: Sequence[BaseQuery], *, seconds: float | None = None) -> list[Result]:
        """Run the queries in one transaction; see `Database.batch`."""
        statements = [self.get_sql_context().parse(query) for query in queries]
        begin = "BEGIN" if only_reads(queries) else "BEGIN IMMEDIATE"

        def transaction(connection: sqlite3.Connection) -> list[Result]:
            connection.execute(begin)
            try:
                results = [_run(connection, sql, params) for sql, params in statements]
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return results

        return self._patiently(transaction, seconds)

    def _patiently(
        self, work: Callable[[sqlite3.Connection], T], seconds: float | None = None
    ) -> T:
        """Do something whole; while others hold the file once more, as long as patience lasts."""
        self._is_given_up = False
        until = monotonic() + seconds_left(
            self._until, self._patience if seconds is None else seconds
        )
        while True:
            try:
                connection = self._driver()
                if self._until is not None:
                    wait_for_others(connection, seconds_left(until, self._stretch))
                return work(connection)
            except (sqlite3.Error, OSError) as error:
                is_over = self._is_given_up or monotonic() >= until
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
        del repeatable  # no request gets lost on the way to a file
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
        """Let what waits in another thread for somebody else's lock fail within a moment."""
        self._is_given_up = True

    def changed_elsewhere(self) -> bool:
        """Whether another connection committed since the last call."""
        version = self._patiently(data_version)
        changed = self._seen_version not in (None, version)
        self._seen_version = version
        return changed


def open_sqlite(
    path: Path, *, durable: bool = True, until: float | None = None, for_changes: bool = False
) -> tuple[SqliteLedgerDatabase, Layout]:
    """Open an existing ledger; raises LedgerError or NotATrackerDatabase, and touches nothing.

    `for_changes` is content with the tables that changes go into.
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
    """Open an existing SQLite file whatever tables it holds, as `init` must."""
    if not is_there(path):
        message = f"There is no database at {path}. `tracker-tui init --starter` makes one there."
        raise LedgerError(message)
    if not path.is_file():
        message = f"{path} is no file. Set TURSO_DATABASE_URL to file:PATH of a database."
        raise LedgerError(message)
    database = SqliteLedgerDatabase(path, durable=durable, until=until)
    try:
        layout = read_layout(database)
    except BaseException:
        database.close()
        raise
    return database, layout


def is_there(path: Path) -> bool:
    """Whether something is at `path`; what the system cannot even look for is not."""
    try:
        return path.exists()
    except OSError:
        return False


def make_folder(path: Path) -> None:
    """Make the folder of a file; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)


def create_sqlite(
    path: Path,
    fill: Callable[[SqliteLedgerDatabase, Layout], None],
    prepare: Callable[[Path], None] = make_folder,
) -> bool:
    """Make a new ledger at `path`, filled by `fill`; False if somebody else was first.

    `prepare` makes room for the file, and may make an empty one with other permissions.
    It is made under another name and linked into place when it is whole: two first starts make one
    database, and a start that is cut short makes none.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.new")
    try:
        prepare(draft)
        _lay_out(draft)
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
            # Where the folder could not be made there is nothing to clean, and an error to tell.
            with suppress(OSError):
                leftover.unlink()


def explain(error: BaseException, path: Path) -> LedgerError:
    """Turn what SQLite or the file system said into one sentence with what to do next."""
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
    return StatementRejected(f"The database refused: {error}.")


_EXPLANATIONS = (
    ("SQLITE_NOTADB", "is no SQLite database. Set TURSO_DATABASE_URL to another file."),
    ("SQLITE_CORRUPT", "is damaged. Nothing was changed; restore it from a backup."),
    ("SQLITE_READONLY", "is read only for you. Check the permissions of it and its folder."),
    ("SQLITE_CANTOPEN", "cannot be opened. Check the permissions of it and its folder."),
    ("SQLITE_PERM", "may not be used by you. Check the permissions of it and its folder."),
    ("SQLITE_IOERR", "could not be read or written: the disk failed. Check the disk."),
)


def _run(connection: sqlite3.Connection, sql: str, params: Sequence[Any]) -> Result:
    cursor = connection.execute(sql, params)
    return Result(cursor.fetchall(), cursor.rowcount)


def _decode(stored: bytes) -> str:
    return stored.decode("utf-8", "replace")


def _lay_out(path: Path) -> None:
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
        # A file system without hard links; on Windows a rename refuses to replace by itself.
        if is_there(path):
            return False
        draft.rename(path)
    return True
