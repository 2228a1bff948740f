"""A lock on a file, held by one program on this machine at a time: who sends, who signs in.

    with FileLock(path).try_acquire() as is_ours:
        if is_ours: ...

The operating system releases it when its holder dies, however it dies. It is SQLite's lock on a
file that stays empty: that works the same on Linux, macOS and Windows, between processes and within
one, and needs no other import.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tracker_tui.local.private_file import create_private
from tracker_tui.local.sqlite_file import explain

SEND_LOCK_NAME: Final = "sending.lock"
"""The file of the send lock: only its holder sends the changes in the outbox beside it."""


class FileLock:
    """A lock that is acquired at once or not at all."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def try_acquire(self) -> Iterator[bool]:
        """Hold the lock while the block runs; yields False if another program holds it.

        Raises LocalFileError if the file cannot be used.
        """
        try:
            is_ours = self._acquire()
        except (sqlite3.Error, OSError) as error:
            raise explain(error, self._path) from error
        try:
            yield is_ours
        finally:
            if is_ours and self._connection is not None:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _acquire(self) -> bool:
        if self._connection is None:
            create_private(self._path)
            self._connection = sqlite3.connect(
                self._path, timeout=0, isolation_level=None, check_same_thread=False
            )
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname in ("SQLITE_BUSY", "SQLITE_LOCKED"):
                return False
            raise
        return True
