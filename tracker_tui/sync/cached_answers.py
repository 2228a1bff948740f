"""Pages: what the ledger last answered to questions about history, charts and leaderboard.

They open the screens where there is no network; the oldest ones make room for newer ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from tracker_tui.errors import LocalFileDamaged
from tracker_tui.local.sqlite_file import LocalFile

PAGES_NAME: Final = "pages.db"
KEPT_AT_MOST: Final = 60
_VERSION: Final = 1
_SCHEMA: Final = "CREATE TABLE pages (key TEXT PRIMARY KEY, at REAL, document BLOB)"
_MAKE_ROOM: Final = """
    DELETE FROM pages WHERE key NOT IN (SELECT key FROM pages ORDER BY at DESC LIMIT ?)
"""


class CachedAnswer(NamedTuple):
    """An answer as it was written, and when it was read, by this machine's clock."""

    at: float
    document: bytes


class AnswerStore:
    """The answers of one database as one member sees them; every method raises LocalFileError."""

    def __init__(self, path: Path) -> None:
        self._file = LocalFile(path, _SCHEMA, _VERSION, is_durable=False)

    def page(self, key: str) -> CachedAnswer | None:
        """Return what is kept under a key."""
        with self._file.reading() as connection:
            query = "SELECT at, document FROM pages WHERE key = ?"
            row = connection.execute(query, (key,)).fetchone()
        if row is None:
            return None
        at, document = row
        if not isinstance(at, float) or not isinstance(document, bytes):
            raise LocalFileDamaged("What is kept of a page makes no sense.")
        return CachedAnswer(at, document)

    def keep(self, key: str, page: CachedAnswer) -> None:
        """Keep a page, and no more than so many in all."""
        self._file.is_another_file()
        with self._file.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO pages VALUES (?, ?, ?)", (key, *page))
            connection.execute(_MAKE_ROOM, (KEPT_AT_MOST,))

    def forget(self, keys: str, *, but: str | None = None) -> None:
        """Delete the pages whose keys match a GLOB pattern, except one."""
        self._file.is_another_file()
        with self._file.transaction() as connection:
            query = "DELETE FROM pages WHERE key GLOB ? AND key IS NOT ?"
            connection.execute(query, (keys, but))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
