"""What is to be known of any SQLite file that others use too, a ledger's or this program's own."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from time import monotonic
from typing import Final

_NO_ROOM: Final = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_LEAST_ROOM: Final = 256 * 1024
"""Bytes; with less SQLite finds no room for its log, and only says that the disk failed."""


def is_busy(error: BaseException) -> bool:
    """Whether somebody else's lock is in the way; the same may succeed a moment later."""
    code = getattr(error, "sqlite_errorname", "") or ""
    return code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def is_disk_full(error: BaseException, path: Path) -> bool:
    """Whether there is no room for what was to be written at a path.

    Where SQLite wants to make its log longer it calls a full disk an I/O error.
    """
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith("SQLITE_FULL") or getattr(error, "errno", None) in _NO_ROOM:
        return True
    return code.startswith(("SQLITE_IOERR", "SQLITE_CANTOPEN")) and _room_at(path) < _LEAST_ROOM


def _room_at(path: Path) -> float:
    import shutil  # seldom needed, and `edit` hurries

    for folder in path.parents:
        try:
            return shutil.disk_usage(folder).free
        except OSError:
            continue  # not made yet, or not to be looked at
    return float("inf")


def seconds_left(until: float | None, at_most: float, at_least: float = 0.0) -> float:
    """Return how long to wait: `at_most`, but not beyond `until`, a time of `monotonic`.

    What others hold for a moment only is worth `at_least` so many seconds, even when it is late.
    """
    if until is None:
        return at_most
    return max(min(at_least, at_most), min(at_most, until - monotonic()))


def wait_for_others(connection: sqlite3.Connection, seconds: float) -> None:
    """Let a connection wait so long for somebody else's lock."""
    connection.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


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
