"""The query cache: history, charts and leaderboard, as the ledger answers or last answered.

Each query is one request. A server's answer is stored as a JSON document in `pages.db`, under the
query's key. So a screen opens at once with what it last showed, and without a network it shows that
alone. Example: `cached(leaderboard)` returns yesterday's ranking in a few milliseconds, while
`ask(leaderboard)` is still on its way. Pages of one list share a key and are joined into one run.

Losing the file is harmless, and the oldest documents make room for newer ones. A local database is
as fast itself, so nothing is stored for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from tracker_tui.auth.membership import Membership
from tracker_tui.db.database import NONSENSE, unusable_answer
from tracker_tui.domain.activity import Activity, MemberPoints
from tracker_tui.domain.history import HistoryFilter, HistoryPage
from tracker_tui.domain.leaderboard import ContributionPage, Leaderboard
from tracker_tui.domain.pages import PageCursor, contradicts, joined, page_of, without_older
from tracker_tui.domain.period import Period, Zone
from tracker_tui.domain.quantity_series import DayLevel, QuantitySeries
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.ledger.activity import ActivityQuery, MemberPointsQuery
from tracker_tui.ledger.history import PAGE, HistoryQuery
from tracker_tui.ledger.leaderboard import (
    ContributionsQuery,
    LeaderboardQuery,
)
from tracker_tui.ledger.quantity_series import DailyLevelsQuery, QuantitySeriesQuery
from tracker_tui.ledger.refresh_queries import Query
from tracker_tui.local.sqlite_file import LocalFile
from tracker_tui.sync.local_store import PAGES_NAME, Store
from tracker_tui.tracker.ledger_thread import LedgerThread
from tracker_tui.tracker.local_thread import LocalThread

__all__ = ["PAGE", "Query", "QueryCache", "QueryResult"]

T = TypeVar("T")
MAX_DOCUMENTS: Final = 60
_VERSION: Final = 1
_SCHEMA: Final = "CREATE TABLE pages (key TEXT PRIMARY KEY, at REAL, document BLOB)"
_MAKE_ROOM: Final = """
    DELETE FROM pages WHERE key NOT IN (SELECT key FROM pages ORDER BY at DESC LIMIT ?)
"""


@dataclass(frozen=True, kw_only=True)
class QueryResult(Generic[T]):
    """An answer of the ledger, and its time in Unix seconds by this machine's clock."""

    value: T
    at: float


@dataclass(frozen=True, kw_only=True)
class CachedDocument:
    """An answer as JSON, and when it was read."""

    at: float
    json: bytes


class DocumentFile:
    """The stored answers of one database and member; every method raises LocalFileError."""

    def __init__(self, path: Path) -> None:
        self._file = LocalFile(path, _SCHEMA, _VERSION, is_durable=False)

    def load(self, key: str) -> CachedDocument | None:
        with self._file.reading() as connection:
            query = "SELECT at, document FROM pages WHERE key = ?"
            row = connection.execute(query, (key,)).fetchone()
        if row is None:
            return None
        at, document = row
        if not isinstance(at, float) or not isinstance(document, bytes):
            raise LocalFileDamaged("A stored answer is malformed.")
        return CachedDocument(at=at, json=document)

    def save(self, key: str, document: CachedDocument) -> None:
        """Store a document, and delete the oldest ones beyond the maximum."""
        self._file.is_another_file()
        with self._file.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO pages VALUES (?, ?, ?)",
                (key, document.at, document.json),
            )
            connection.execute(_MAKE_ROOM, (MAX_DOCUMENTS,))

    def delete(self, keys: str, *, but: str | None = None) -> None:
        """Delete the documents whose keys match a GLOB pattern, except one."""
        self._file.is_another_file()
        with self._file.transaction() as connection:
            query = "DELETE FROM pages WHERE key GLOB ? AND key IS NOT ?"
            connection.execute(query, (keys, but))

    def close(self) -> None:
        self._file.close()


class QueryCache:
    """Asks the ledger; its methods return at once, and may be called from any thread."""

    def __init__(
        self,
        store: Store,
        ledger_thread: LedgerThread,
        local_thread: LocalThread,
        membership: Membership,
    ) -> None:
        self._file = store.disposable_file(PAGES_NAME, DocumentFile, "the history")
        self._is_enabled = store.has_replica
        self._ledger_thread = ledger_thread
        self._local_thread = local_thread
        self._membership = membership
        self.zone: Zone = None
        """The time zone in which days are counted; None is this machine's."""

    # Queries

    def history(
        self,
        history_filter: HistoryFilter,
        before: PageCursor | None = None,
        down_to: PageCursor | None = None,
        limit: int = PAGE,
    ) -> Query[HistoryPage]:
        """Entries older than `before`, down to `down_to`, newest first."""
        return HistoryQuery(filter=history_filter, before=before, down_to=down_to, limit=limit)

    def quantity_series(self, resource_id: str, period: Period) -> Query[QuantitySeries]:
        """The quantities of a resource over time, and who changed them."""
        return QuantitySeriesQuery(resource_id=resource_id, period=period)

    def daily_levels(self, days: int) -> Query[list[DayLevel]]:
        """The quantities of all resources at the end of each of the last days."""
        return DailyLevelsQuery(days=days, zone=self.zone)

    def leaderboard(self, period: Period) -> Query[Leaderboard]:
        """The points of all members."""
        return LeaderboardQuery(period=period)

    def contributions(
        self,
        member_id: str,
        period: Period,
        before: PageCursor | None = None,
        down_to: PageCursor | None = None,
        limit: int = PAGE,
    ) -> Query[ContributionPage]:
        """The changes that earned a member points, newest first."""
        return ContributionsQuery(
            member_id=member_id, period=period, before=before, down_to=down_to, limit=limit
        )

    def member_points(self, member_id: str, period: Period) -> Query[MemberPoints]:
        """A member's points by category and by day."""
        return MemberPointsQuery(member_id=member_id, period=period, zone=self.zone)

    def activity(self, member_id: str, period: Period) -> Query[Activity]:
        """A member's changes in numbers."""
        return ActivityQuery(member_id=member_id, period=period, zone=self.zone)

    # Answers

    def ask(self, query: Query[T], *, keep: bool = True) -> Future[QueryResult[T]]:
        """Ask the ledger, and store the answer; the future raises TrackerError and no other."""
        return self._ledger_thread.ask(
            lambda ledger: self._result(query, ledger.ask(query), keep=keep)
        )

    def open_asking(self, make_query: Callable[[], Query[T]]) -> Future[QueryResult[T]]:
        """Do what `Tracker.open` does and ask a query, in one request.

        `make_query` is called twice, once the replica is loaded and once the ledger was read. If
        the second query differs from the first, it is asked too. The future raises what it raises.
        """
        self._membership.check_in_background()
        loaded = self._local_thread.load(self._ledger_thread.refresher)
        return self._ledger_thread.open_asking(loaded, make_query, self._result)

    def cached(self, query: Query[T]) -> Future[QueryResult[T] | None]:
        """Return the ledger's last answer, if it is stored on this machine."""
        return self._local_thread.ask(lambda: self._cached(query))

    def delete(self, keys: str = "*", *, but: str | None = None) -> None:
        """Delete stored answers whose keys match a GLOB pattern, except one: they are outdated."""
        if self._is_enabled:
            self._file.use(lambda file: file.delete(keys, but=but), None)

    def _result(self, query: Query[T], value: T, *, keep: bool = True) -> QueryResult[T]:
        if not self._is_enabled:
            return QueryResult(value=value, at=time.time())
        result = QueryResult(value=_checked(query, value), at=time.time())
        if keep:
            self._save(query, result)
        return result

    def _save(self, query: Query[T], result: QueryResult[T]) -> None:
        import msgspec  # not at the top: a local database needs no documents

        paged = _paged(query)
        if paged is not None:
            stored = self._load(query)
            known: Any = None if stored is None else stored.value
            page: Any = result.value
            if known is not None and contradicts(known, paged.before, page):
                # The history was rewritten, so other stored answers may show deleted entries.
                self.delete(but=query.key)
                known = without_older(known, paged.before)
            run: Any = joined(paged.before, known, page)
            if run is None:
                return
            # The age of a list is the age of its newest rows.
            at = result.at if stored is None or paged.before is None else stored.at
            result = QueryResult(value=run, at=at)
        try:
            json = msgspec.json.encode(result.value)
            # Hostile rows may encode as something else: an infinite float becomes null.
            msgspec.json.decode(json, type=query.answer_type())
        except (UnicodeEncodeError, msgspec.ValidationError):
            return  # it is shown, but not stored
        cached = CachedDocument(at=result.at, json=json)
        self._file.use(lambda file: file.save(query.key, cached), None)

    def _cached(self, query: Query[T]) -> QueryResult[T] | None:
        if not self._membership.is_admitted:
            return None
        stored, paged = self._load(query), _paged(query)
        if stored is None or paged is None:
            return stored
        page: Any = page_of(stored.value, paged.before, paged.limit)
        return None if page is None else QueryResult(value=page, at=stored.at)

    def _load(self, query: Query[T]) -> QueryResult[Any] | None:
        if not self._is_enabled:
            return None
        import msgspec

        def load(file: DocumentFile) -> QueryResult[Any] | None:
            cached = file.load(query.key)
            if cached is None:
                return None
            try:
                value = msgspec.json.decode(cached.json, type=query.answer_type())
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise LocalFileDamaged("A stored answer is malformed.") from error
            return QueryResult(value=value, at=cached.at)

        return self._file.use(load, None)


def _paged(query: object) -> HistoryQuery | ContributionsQuery | None:
    return query if isinstance(query, HistoryQuery | ContributionsQuery) else None


def _checked(query: Query[T], value: T) -> T:
    """Return an answer after checking the types of its values; raises AnswerLost."""
    import msgspec

    try:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,))
        return msgspec.convert(plain, type=query.answer_type())
    except (*NONSENSE, msgspec.MsgspecError) as error:
        raise unusable_answer() from error
