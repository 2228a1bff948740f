"""SQLite files of this program's own, on this machine: the outbox and the replica.

Several running programs share them. What a statement says of a file is told as LocalFileError, and
a file that makes no sense is set aside, never written over.
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tracker_tui.errors import LocalFileDamaged, LocalFileError
from tracker_tui.local.private_file import create_private
from tracker_tui.local.sqlite_files import (
    data_version,
    identity_of,
    is_busy,
    is_disk_full,
    seconds_left,
    wait_for_others,
)

ASIDE: Final = ".damaged-"
"""What follows the name of a file that was set aside; then comes when, in nanoseconds."""
_BUSY_SECONDS: Final = 5.0
_LATE_SECONDS: Final = 0.05
"""How long it waits for other programs when it is late already: they hold it for a moment only."""
_DAMAGE: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_SCHEMA", "SQLITE_MISMATCH")
_DAMAGE_IN_WORDS: Final = re.compile(
    "Could not decode|no such (table|column|index)|has no column named|malformed"
)
"""What Python says of text that is none, without a code, and SQLite of names that are not there."""
Identity = tuple[int, int]
_NO_FILE: Final = (-1, -1)


class LocalFile:
    """One file and one connection, which threads take turns with."""

    def __init__(
        self,
        path: Path,
        schema: str,
        version: int,
        *,
        is_durable: bool,
        until: float | None = None,
    ) -> None:
        """Open the file, or make it; a durable one is on disk when a transaction ends.

        Other programs are waited for no longer than `until`, a time of `time.monotonic`.
        Raises LocalFileDamaged where it is no such file, or one of another version.
        """
        self.path = path
        self._schema, self._version, self._is_durable = schema, version, is_durable
        self._until = until
        self._lock = threading.RLock()
        self._seen_version = 0
        self._file: Identity | None = None
        self._tried: Identity | None = None
        """The file that was opened last, or could not be."""
        with self._explained():
            self._connection = self._connect()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing; nobody else writes meanwhile."""
        with self._lock, self._explained():
            self._hurry()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Read, of one moment."""
        with self._lock, self._explained():
            self._hurry()
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    def changed_elsewhere(self) -> bool:
        """Whether somebody else wrote since this was last asked, or put another file in place."""
        with self._lock, self._explained():
            if self.is_another_file():
                return True
            version = data_version(self._connection)
            changed, self._seen_version = self._seen_version != version, version
            return changed

    def is_another_file(self) -> bool:
        """Whether the file was taken away or replaced; then the one of its name is open now."""
        with self._lock, self._explained():
            if self._file == identity_of(self.path):
                return False
            self._connection.close()
            self._connection = self._connect()
            return True

    def set_aside(self) -> Path | None:
        """Move the file out of the way, for a new one; None where another took its place already.

        Whatever is done next is done with the file of its name.
        """
        with self._lock, self._explained():
            self._connection.close()
            self._file = _NO_FILE
            return set_aside(self.path, self._tried)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        # What a player did is nobody else's business on a machine of many.
        create_private(self.path)
        connection = sqlite3.connect(
            self.path, timeout=self._patience(), isolation_level=None, check_same_thread=False
        )
        self._tried = identity_of(self.path)
        try:
            _use_wal(connection, self._patience())
            # Without the disk's word a replica may be lost in a power cut, and is made anew.
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._is_durable else 'NORMAL'}")
            self._lay_out(connection)
        except BaseException:
            connection.close()
            self._file = _NO_FILE
            raise
        self._connection = connection
        self._file = identity_of(self.path)
        self._seen_version = data_version(self._connection)
        return connection

    def _hurry(self) -> None:
        if self._until is not None:
            wait_for_others(self._connection, self._patience())

    def _patience(self) -> float:
        return seconds_left(self._until, _BUSY_SECONDS, _LATE_SECONDS)

    def _lay_out(self, connection: sqlite3.Connection) -> None:
        found = _user_version(connection)
        if found == 0:
            connection.execute("BEGIN IMMEDIATE")
            if _user_version(connection) == 0:
                for statement in self._schema.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {self._version}")
            connection.execute("COMMIT")
        elif found != self._version:
            kind = LocalFileError if self._is_durable else LocalFileDamaged
            raise kind(f"{self.path} was written by another version of tracker-tui. Use that one.")
        if self._is_durable and connection.execute("PRAGMA integrity_check(1)").fetchone() != (
            "ok",
        ):
            raise LocalFileDamaged(f"{self.path} is damaged.")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        # What is no text may stand in what SQLite says of it, too.
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise explain(error, self.path) from error


def set_aside(path: Path, which: Identity | None = None) -> Path | None:
    """Move a damaged file out of the way, with what belongs to it; return where it is now.

    None where it is not the one that is known: somebody else has made a new one.
    """
    if which is not None and which != identity_of(path):
        return None
    aside = path.with_name(f"{path.name}{ASIDE}{time.time_ns()}")
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside


def explain(error: Exception, path: Path) -> LocalFileError:
    """Turn what SQLite or the file system said into one sentence with what to do next."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if _is_damage(error, code, path):
        return LocalFileDamaged(f"{path} is damaged.")
    if is_disk_full(error, path):
        return LocalFileError(f"{path} could not be written: the disk is full. Make room.")
    if is_busy(error):
        return LocalFileError(f"{path} is in use by another program. Try again in a moment.")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    message = f"{path} cannot be used: {reason}. Check the permissions of its folder, and the disk."
    return LocalFileError(message)


def _is_damage(error: Exception, code: str, path: Path) -> bool:
    if isinstance(error, UnicodeDecodeError) or code.startswith(_DAMAGE):
        return True
    if code == "SQLITE_READONLY":
        # It says of itself that a newer SQLite wrote it, where nothing else forbids to write.
        return os.access(path, os.W_OK)
    is_told = isinstance(error, sqlite3.OperationalError) and code in ("", "SQLITE_ERROR")
    return is_told and _DAMAGE_IN_WORDS.search(str(error)) is not None


def _use_wal(connection: sqlite3.Connection, seconds: float) -> None:
    """Switch to a write-ahead log; SQLite waits for nobody else who does so at the same moment."""
    until = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _user_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
