"""SQLite files on this machine that several programs use at once.

`LocalFile` is a file of this program: the outbox, the replica, the cached answers. Every error is a
LocalFileError with advice. A damaged file is set aside under another name and never overwritten.

The functions at the top also serve `db.sqlite`, for a guild's database that is a file.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep, time_ns
from typing import Final

from tracker_tui.errors import LocalFileDamaged, LocalFileError
from tracker_tui.local.private_file import create_private

Identity = tuple[int, int]
"""Device and inode: what tells a file from another one with the same name."""

ASIDE: Final = ".damaged-"
"""Follows the name of a file that was set aside; then comes the time, in nanoseconds."""
_BUSY_SECONDS: Final = 5.0
_LATE_SECONDS: Final = 0.05
"""How long to wait for other programs after the deadline: they hold a file for a moment only."""
_NO_ROOM: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_LEAST_ROOM: Final = 256 * 1024
"""Bytes; with less, SQLite finds no room for its log and reports only an I/O error."""
_DAMAGE: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_SCHEMA", "SQLITE_MISMATCH")
_DAMAGE_IN_WORDS: Final = re.compile(
    "Could not decode|no such (table|column|index)|has no column named|malformed"
)
"""Messages without a code: Python's for invalid text, SQLite's for missing names."""
_NO_FILE: Final = (-1, -1)


def is_busy(error: BaseException) -> bool:
    """Whether another program's lock is in the way; the same may succeed a moment later."""
    code = getattr(error, "sqlite_errorname", "") or ""
    return code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def is_disk_full(error: BaseException, path: Path) -> bool:
    """Whether there is no room to write at a path.

    SQLite calls a full disk an I/O error when it wants to extend its log.
    """
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith("SQLITE_FULL") or getattr(error, "errno", None) in _NO_ROOM:
        return True
    return code.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and _room_at(path) < _LEAST_ROOM


def _room_at(path: Path) -> float:
    import shutil  # rarely needed, and slow for `edit` to import

    for folder in path.parents:
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue  # it does not exist, or may not be looked at
    return float("inf")


def seconds_left(until: float | None, at_most: float, at_least: float = 0.0) -> float:
    """Return how long to wait: `at_most`, but not beyond `until`, a time of `time.monotonic`.

    At least `at_least`, even after `until`: enough for locks that others hold for a moment.
    """
    if until is None:
        return at_most
    return max(min(at_least, at_most), min(at_most, until - monotonic()))


def wait_for_others(connection: sqlite3.Connection, seconds: float) -> None:
    """Set how long a connection waits for another program's lock."""
    connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that differs after another connection has committed."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def identity_of(path: Path) -> Identity | None:
    """Return a file's identity; None if there is no file."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked many times a second; Path.stat is slower
    except OSError:
        return None
    return found.st_dev, found.st_ino


class LocalFile:
    """One file and one connection, shared by threads."""

    def __init__(
        self,
        path: Path,
        schema: str,
        version: int,
        *,
        is_durable: bool,
        until: float | None = None,
    ) -> None:
        """Open the file, or create it; a durable one is on disk when a transaction ends.

        `until` is a deadline by `time.monotonic` for waiting for other programs. Raises
        LocalFileDamaged if it is another kind of file, or one of another version.
        """
        self.path = path
        self._schema, self._version, self._is_durable = schema, version, is_durable
        self._until = until
        self._lock = threading.RLock()
        self._seen_version = 0
        self._file: Identity | None = None
        self._tried: Identity | None = None
        """The file that was opened last, or that could not be opened."""
        with self._explained():
            self._connection = self._connect()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing, while other programs wait."""
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
        """Read everything as of one moment."""
        with self._lock, self._explained():
            self._hurry()
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                self._connection.execute("ROLLBACK")

    def changed_elsewhere(self) -> bool:
        """Whether another program wrote to the file, or replaced it, since the last call."""
        with self._lock, self._explained():
            if self.is_another_file():
                return True
            version = data_version(self._connection)
            changed, self._seen_version = self._seen_version != version, version
            return changed

    def is_another_file(self) -> bool:
        """Whether the file was removed or replaced; if so, open the file that has its name now."""
        with self._lock, self._explained():
            if self._file == identity_of(self.path):
                return False
            self._connection.close()
            self._connection = self._connect()
            return True

    def set_aside(self) -> Path | None:
        """Rename the damaged file; None if another file has already replaced it.

        The next call opens, or creates, the file that has the name then.
        """
        with self._lock, self._explained():
            self._connection.close()
            self._file = _NO_FILE
            return set_aside(self.path, self._tried)

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        create_private(self.path)
        connection = sqlite3.connect(
            self.path, timeout=self._patience(), isolation_level=None, check_same_thread=False
        )
        self._tried = identity_of(self.path)
        try:
            _use_wal(connection, self._patience())
            # NORMAL skips the fsync: a power cut may cost a replica, which is then fetched again.
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._is_durable else 'NORMAL'}")
            self._create_or_check(connection)
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

    def _create_or_check(self, connection: sqlite3.Connection) -> None:
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
        # Invalid text in the file makes sqlite3 raise UnicodeDecodeError, even for its messages.
        except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
            raise explain(error, self.path) from error


def set_aside(path: Path, which: Identity | None = None) -> Path | None:
    """Rename a damaged file and its log files; return its new path.

    None if the file is no longer `which`: another program has created a new one.
    """
    if which is not None and which != identity_of(path):
        return None
    aside = path.with_name(f"{path.name}{ASIDE}{time_ns()}")
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside


def explain(error: Exception, path: Path) -> LocalFileError:
    """Turn an error of SQLite or the file system into one sentence with advice."""
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
        # In a writable file this means that its header claims to be of a newer SQLite.
        return os.access(path, os.W_OK)
    is_in_words = isinstance(error, sqlite3.OperationalError) and code in ("", "SQLITE_ERROR")
    return is_in_words and _DAMAGE_IN_WORDS.search(str(error)) is not None


def _use_wal(connection: sqlite3.Connection, seconds: float) -> None:
    """Switch to a write-ahead log; SQLite itself doesn't wait if others do so at the same time."""
    until = monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not is_busy(error) or monotonic() > until:
                raise
            sleep(0.01)
        else:
            return


def _user_version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
