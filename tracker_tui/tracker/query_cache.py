"""The archive: history, charts and leaderboard, as the ledger answers, or as it answered last.

Each question is one request. What a server answered is kept on this machine, so that a screen opens
at once with what it showed last, and where there is no network with nothing but that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Generic, NamedTuple, TypeVar

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
from tracker_tui.ledger.refresh import Query
from tracker_tui.sync.cached_answers import CachedAnswer
from tracker_tui.sync.store import Store
from tracker_tui.tracker.ledger_thread import LedgerThread
from tracker_tui.tracker.local_thread import LocalThread

__all__ = ["PAGE", "Query", "QueryCache", "QueryResult"]

T = TypeVar("T")


class QueryResult(NamedTuple, Generic[T]):
    """What the ledger answered, and when, in Unix seconds by this machine's clock."""

    value: T
    at: float


class QueryCache:
    """Asks; its methods return at once, and may be called from any thread."""

    def __init__(
        self,
        store: Store,
        ledger_thread: LedgerThread,
        local_thread: LocalThread,
        membership: Membership,
    ) -> None:
        self._store = store
        self._ledger_thread = ledger_thread
        self._local_thread = local_thread
        self._membership = membership
        self.zone: Zone = None
        """Whose days are counted in: None is the zone that this machine is set to."""

    # What can be asked

    def history(
        self,
        wish: HistoryFilter,
        before: PageCursor | None = None,
        down_to: PageCursor | None = None,
        limit: int = PAGE,
    ) -> Query[HistoryPage]:
        """Ask for entries older than `before`, from `down_to` on, newest first."""
        return HistoryQuery(filter=wish, before=before, down_to=down_to, limit=limit)

    def course(self, resource_id: str, period: Period) -> Query[QuantitySeries]:
        """Ask how the quantities of a resource went, and by whose doing."""
        return QuantitySeriesQuery(resource_id=resource_id, period=period)

    def daily_levels(self, days: int) -> Query[list[DayLevel]]:
        """Ask what was in store of all resources at the end of each of the last days."""
        return DailyLevelsQuery(days=days, zone=self.zone)

    def leaderboard(self, period: Period) -> Query[Leaderboard]:
        """Ask who earned how many points."""
        return LeaderboardQuery(period=period)

    def contributions(
        self,
        member_id: str,
        period: Period,
        before: PageCursor | None = None,
        down_to: PageCursor | None = None,
        limit: int = PAGE,
    ) -> Query[ContributionPage]:
        """Ask what earned a member their points, newest first."""
        return ContributionsQuery(
            member_id=member_id, period=period, before=before, down_to=down_to, limit=limit
        )

    def member_points(self, member_id: str, period: Period) -> Query[MemberPoints]:
        """Ask how a member's points divide over categories and days."""
        return MemberPointsQuery(member_id=member_id, period=period, zone=self.zone)

    def activity(self, member_id: str, period: Period) -> Query[Activity]:
        """Ask what a member did."""
        return ActivityQuery(member_id=member_id, period=period, zone=self.zone)

    # Answers

    def ask(self, question: Query[T], *, keep: bool = True) -> Future[QueryResult[T]]:
        """Ask the ledger, and keep the answer; the future raises TrackerError and no other."""
        return self._ledger_thread.ask(
            lambda ledger: self._answered(question, ledger.ask(question), keep=keep)
        )

    def open_asking(
        self, loaded: Future[None], question_of: Callable[[], Query[T]]
    ) -> Future[QueryResult[T]]:
        """Read the ledger for the first time, and ask it; see `Tracker.open_asking`."""
        return self._ledger_thread.open_asking(loaded, question_of, self._answered)

    def seen(self, question: Query[T]) -> Future[QueryResult[T] | None]:
        """Return what the ledger answered last, if this machine keeps it."""
        return self._local_thread.ask(lambda: self._seen(question))

    def _answered(self, question: Query[T], value: T, *, keep: bool = True) -> QueryResult[T]:
        if not self._store.keeps_pages:
            return QueryResult(value, time.time())
        answer = QueryResult(_checked(question, value), time.time())
        if keep:
            self._keep(question, answer)
        return answer

    def _keep(self, question: Query[T], answer: QueryResult[T]) -> None:
        import msgspec  # only where there is something to keep

        paged = _paged(question)
        if paged is not None:
            kept = self._kept(question)
            known: Any = None if kept is None else kept.value
            page: Any = answer.value
            if known is not None and contradicts(known, paged.before, page):
                # The history was rewritten: other pages may hold what was taken out of it.
                self._store.forget_pages(but=question.key)
                known = without_older(known, paged.before)
            run: Any = joined(paged.before, known, page)
            if run is None:
                return
            # How old a list is goes by its newest rows.
            at = answer.at if kept is None or paged.before is None else kept.at
            answer = QueryResult(run, at)
        try:
            document = msgspec.json.encode(answer.value)
            # What hostile rows hold may be written down as something else: a number without end.
            msgspec.json.decode(document, type=question.answer_type())
        except (UnicodeEncodeError, msgspec.ValidationError):
            return  # it is still shown
        self._store.keep_page(question.key, CachedAnswer(answer.at, document))

    def _seen(self, question: Query[T]) -> QueryResult[T] | None:
        if not self._membership.is_admitted:
            return None
        kept, paged = self._kept(question), _paged(question)
        if kept is None or paged is None:
            return kept
        page: Any = page_of(kept.value, paged.before, paged.limit)
        return None if page is None else QueryResult(page, kept.at)

    def _kept(self, question: Query[T]) -> QueryResult[Any] | None:
        def understand(page: CachedAnswer) -> QueryResult[T]:
            import msgspec

            try:
                value = msgspec.json.decode(page.document, type=question.answer_type())
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise LocalFileDamaged("A page of the history makes no sense.") from error
            return QueryResult(value, page.at)

        return self._store.page(question.key, understand)


def _paged(question: object) -> HistoryQuery | ContributionsQuery | None:
    if isinstance(question, HistoryQuery | ContributionsQuery):
        return question
    return None


def _checked(question: Query[T], value: T) -> T:
    """Return an answer whose values have the types that it declares; raises AnswerLost."""
    import msgspec  # only for what a server sent

    try:
        plain = msgspec.to_builtins(value, builtin_types=(bytes,))
        return msgspec.convert(plain, type=question.answer_type())
    except (*NONSENSE, msgspec.MsgspecError) as error:
        raise unusable_answer() from error
