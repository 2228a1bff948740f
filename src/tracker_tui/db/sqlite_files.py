"""What is to be known of any SQLite file that others use too, a ledger's or this program's own."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


def is_busy(error: BaseException) -> bool:
    """Whether somebody else's lock is in the way; the same may succeed a moment later."""
    code = getattr(error, "sqlite_errorname", "") or ""
    return code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that is another one whenever another connection has committed."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one of its name; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - asked many times a second; Path.stat is slower
    except OSError:
        return None
    return found.st_dev, found.st_ino
