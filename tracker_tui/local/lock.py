"""Whose turn it is to send: one program at a time on a machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tracker_tui.local.private_file import create_private
from tracker_tui.local.sqlite_file import explain

TURN_NAME: Final = "sending.lock"


class FileLock:
    """A lock that the system takes back when a program dies, however it dies.

    SQLite's lock on a file that stays empty: it is the same on Linux, macOS and Windows, between
    processes and within one, and nothing has to be imported for it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def taken(self) -> Iterator[bool]:
        """Have the turn while the block runs; False where another program has it.

        Raises LocalFileError where the file cannot be used.
        """
        try:
            is_ours = self._take()
        except (sqlite3.Error, OSError) as error:
            raise explain(error, self._path) from error
        try:
            yield is_ours
        finally:
            if is_ours and self._connection is not None:
                self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take(self) -> bool:
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
