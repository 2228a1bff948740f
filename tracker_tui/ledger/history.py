"""Reading the history, newest first, page by page.

Rows of one second are in order of their rowid, which is the order of commit. A page goes on where
the last one ended, at a `PageCursor`. An index finds it, by resource, by member or by time, so the
last page of a million rows is as fast as the first. A text search has no index: one request looks
at no more than `SEARCHED` rows, and says how far back it got.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from math import inf, isinf
from operator import and_, or_
from typing import Any, Final

from peewee import SQL, BaseQuery, Case, Expression, Node, Select, Tuple, Value, fn

from tracker_tui.db.database import Result
from tracker_tui.db.models import HistoryRow, ResourceRow, User
from tracker_tui.domain.history import EntryKind, HistoryEntry, HistoryFilter, HistoryPage
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import Period
from tracker_tui.domain.quantities import Location
from tracker_tui.ledger.expressions import seconds, whole_number
from tracker_tui.ledger.members import is_one_of, like, member_aliases, merged, named_like
from tracker_tui.ledger.period import begin_of, within

PAGE: Final = 100
"""Entries on a page."""
SEARCHED: Final = 5_000
"""How many rows a request looks at if no index serves the filter."""
_ENDS_OF_TIME: Final[dict[Any, int | float | str]] = {b"\x01": inf, b"\x00": -inf}
_BEFORE_TIME: Final = 8
"""How many columns of an entry come before its time."""
_WORDS: Final = 8
_LONGEST_WORD: Final = 100
_LONGEST_TEXT: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class HistoryQuery:
    """One page of the history: entries that pass a filter, newest first.

    Entries are older than `before`, and not older than `down_to`; either may be left out.
    """

    filter: HistoryFilter = HistoryFilter()  # noqa: RUF009 - it is immutable
    before: PageCursor | None = None
    down_to: PageCursor | None = None
    limit: int = PAGE

    @property
    def key(self) -> str:
        """See `Query.key`."""
        chosen = self.filter
        kinds = ",".join(sorted(chosen.kinds))
        values = (chosen.text, chosen.resource_id, chosen.member_id, kinds, chosen.location)
        return f"history {chosen.span.name} {values}"

    @staticmethod
    def answer_type() -> type[HistoryPage]:
        """See `Query.answer_type`."""
        return HistoryPage  # type: ignore[return-value]  # mypy takes the alias for Page[T]

    def queries(self, now: Any) -> list[BaseQuery]:
        """Return the one query for `answer`."""
        if not self.filter.is_indexed:
            return [_searched(self, now)]
        conditions = _conditions(self, self.filter.span, now)
        if self.filter.member_id is None:
            return [_newest(conditions, self.limit)]
        parts = (
            _newest([HistoryRow.updated_by == alias, *conditions], self.limit)
            for alias in member_aliases(self.filter.member_id)
        )
        return [merged(parts, self.limit)]

    def answer(self, results: Sequence[Result]) -> HistoryPage:
        """See `Query.answer`."""
        page = self._page_of(results)
        if self.down_to is not None and page.is_last:
            # The last page above a place is not the last page of the list.
            page = page._replace(end=self.down_to, is_last=False)
        return page

    def _page_of(self, results: Sequence[Result]) -> HistoryPage:
        if self.filter.is_indexed:
            entries = [_entry_from(row) for row in results[0].rows]
            return _page(entries, self.before, is_last=len(entries) < self.limit)
        rows = results[0].rows
        # A last row without a place is no entry: it says where this request stopped looking.
        end = None
        if rows and rows[-1][-1] is None:
            *rows, end = rows
        entries = [_entry_from(row) for row in rows[: self.limit]]
        if len(rows) > self.limit or end is None:
            return _page(entries, self.before, is_last=len(rows) <= self.limit)
        *_, at, _, stored, rowid, _ = end
        return HistoryPage(entries, place_of(stored, rowid), is_last=False, looked_back_to=at)


def _page(entries: list[HistoryEntry], before: PageCursor | None, *, is_last: bool) -> HistoryPage:
    if not entries:
        return HistoryPage([], before, is_last)
    return HistoryPage(entries, entries[-1].place, is_last, entries[-1].at)


def _entry_from(row: Sequence[Any]) -> HistoryEntry:
    *known, stored, _, rowid = row
    return HistoryEntry._make((*known, place_of(stored, rowid)))


def stored_time(column: Any) -> Any:
    """Return a stored time for `place_of`; servers send NULL for an infinite one."""
    ends = ((SQL("9e999"), SQL("x'01'")), (SQL("-9e999"), SQL("x'00'")))
    return Case(None, tuple((column == end, sign) for end, sign in ends), column)


def place_of(raw: Any, rowid: int) -> PageCursor:
    """Return the place of a row by its `stored_time`, which may be of any type."""
    if isinstance(raw, int | float | str):
        return PageCursor(raw, rowid)
    # The empty text sorts before all others, so a time of no use is left behind.
    return PageCursor(_ENDS_OF_TIME.get(raw, ""), rowid)


def between_places(
    column: Any, rowid: Any, before: PageCursor | None, down_to: PageCursor | None
) -> list[Expression]:
    """Return the conditions for a row to be older than `before` and not older than `down_to`."""
    conditions = []
    if before is not None:
        conditions.append(Expression(Tuple(column, rowid), "<", _tuple(before)))
    if down_to is not None:
        conditions.append(Expression(Tuple(column, rowid), ">=", _tuple(down_to)))
    return conditions


def _tuple(place: PageCursor) -> Node:
    if isinstance(place.at, float) and isinf(place.at):
        # The time of a hostile row. It cannot be sent as a value.
        return SQL(f"({'-' if place.at < 0 else ''}9e999, ?)", (place.rowid,))
    # In SQL, because Peewee would convert the value to a number.
    return SQL("(?, ?)", (place.at, place.rowid))


def _conditions(question: HistoryQuery, period: Period, now: Any) -> list[Expression]:
    """Return the conditions that an index serves, except for the member."""
    row, chosen = HistoryRow, question.filter
    return [
        *([] if chosen.resource_id is None else [row.resource == chosen.resource_id]),
        *within(row.created_at, period, now),
        *between_places(row.created_at, SQL("rowid"), question.before, question.down_to),
    ]


def _newest(conditions: Sequence[Any], limit: int) -> Select:
    query = HistoryRow.select(*_columns())
    if conditions:
        query = query.where(*conditions)
    return query.order_by(*newest_first(HistoryRow.created_at)).limit(limit)


def newest_first(created_at: Any) -> tuple[Node, Node]:
    """Return the order of pages in SQL."""
    return created_at.desc(), SQL("rowid DESC")


def _columns() -> list[Node]:
    """Return the columns for `_entry_from`, each cast to its type."""
    row = HistoryRow
    return [
        fn.COALESCE(row.id.cast("TEXT"), ""),
        fn.COALESCE(row.change_type.cast("TEXT"), ""),
        whole_number(row.previous_quantity_hagga),
        whole_number(row.new_quantity_hagga),
        whole_number(row.previous_quantity_deep_desert),
        whole_number(row.new_quantity_deep_desert),
        fn.COALESCE(row.updated_by.cast("TEXT"), ""),
        row.reason.cast("TEXT"),
        fn.COALESCE(seconds(row.created_at), 0),
        fn.COALESCE(row.resource.cast("TEXT"), ""),
        stored_time(row.created_at),
        row.created_at,
        SQL("rowid").alias("place"),
    ]


# Filters that no index serves


def _searched(question: HistoryQuery, now: Any) -> Select:
    """Select the entries that pass, among the next `SEARCHED` rows.

    If there are more rows than that, a last row without a place says where the next page goes on.
    """
    period = question.filter.span
    conditions = _conditions(question, period, now)
    row, rowid = HistoryRow, SQL("rowid")
    last = row.select(row.created_at.alias("at"), rowid.alias("place"))
    last = last.where(*conditions) if conditions else last
    bound = last.order_by(*newest_first(row.created_at)).limit(1).offset(SEARCHED - 1).cte("bound")
    # One bound, because an index uses only the first of two lower bounds.
    begin = begin_of(period, now)
    begins = Select(columns=[SQL("-9e999") if begin is None else begin, Value(0)])
    reached = Select([bound], [bound.c.at, bound.c.place]).union_all(begins).limit(1)
    found = _newest(
        [
            *_conditions(question, replace(period, span=None, since=None), now),
            Expression(Tuple(row.created_at, rowid), ">=", reached),
            _passes(question.filter),
        ],
        question.limit + 1,
    )
    both = Select([found.alias("found")], [SQL("*")]).union_all(_end_of_search(bound)).alias("both")
    in_order = (SQL("place IS NULL"), SQL("created_at DESC"), SQL("place DESC"))
    return Select([both], [SQL("*")]).order_by(*in_order).with_cte(bound)


def _end_of_search(bound: Any) -> Select:
    """Select the last row that a search looked at, in the columns of an entry, without a place."""
    nothing = [Value(None)] * _BEFORE_TIME
    return Select(
        [bound],
        [
            *nothing,
            seconds(bound.c.at),
            Value(None),
            stored_time(bound.c.at),
            bound.c.place,
            Value(None),
        ],
    )


def _passes(chosen: HistoryFilter) -> Any:
    row = HistoryRow
    conditions = [_has_word(word) for word in _words(chosen.text)]
    if chosen.kinds:
        conditions.append(reduce(or_, (_is_kind(kind) for kind in sorted(chosen.kinds))))
    if chosen.location is not None:
        conditions.append(_is_at(chosen.location))
    if chosen.member_id is not None:
        conditions.append(is_one_of(row.updated_by, member_aliases(chosen.member_id)))
    return reduce(and_, conditions) if conditions else SQL("1")


def _words(text: str) -> list[str]:
    """Return the first words of a search; punctuation counts as a blank."""
    words = "".join(char if char.isalnum() else " " for char in text[:_LONGEST_TEXT]).split()
    return [word[:_LONGEST_WORD] for word in words[:_WORDS]]


def _has_word(word: str) -> Any:
    """Return whether a word is in the reason, or in the name of the member or the resource."""
    # LIKE ignores the case of ASCII letters only. A word holds no wildcards.
    written = {word} if word.isascii() else {word, word.lower(), word.upper(), word.title()}
    return reduce(or_, (_has(f"%{text}%") for text in sorted(written)))


def _has(pattern: str) -> Any:
    row, resource = HistoryRow, ResourceRow
    resources = resource.select(resource.id).where(like(resource.name, pattern))
    return (
        like(fn.COALESCE(row.reason, ""), pattern)
        | (row.updated_by.not_in(User.select(User.discord_id)) & like(row.updated_by, pattern))
        | row.updated_by.in_(named_like(pattern))
        | row.resource.in_(resources)
    )


def _is_kind(kind: EntryKind) -> Any:
    """Return whether a row is of this kind, as `HistoryEntry.kind` decides."""
    row = HistoryRow
    if kind is EntryKind.TRANSFER:
        return row.change_type == "transfer"
    if kind is EntryKind.SET:
        return row.change_type == "absolute"
    before = whole_number(row.previous_quantity_hagga) + whole_number(
        row.previous_quantity_deep_desert
    )
    after = whole_number(row.new_quantity_hagga) + whole_number(row.new_quantity_deep_desert)
    is_less = after < before
    is_other = row.change_type.in_(["transfer", "absolute"])
    return ~is_other & (is_less if kind is EntryKind.REMOVED else ~is_less)


def _is_at(location: Location) -> Any:
    row = HistoryRow
    hagga = row.new_quantity_hagga != row.previous_quantity_hagga
    deep_desert = row.new_quantity_deep_desert != row.previous_quantity_deep_desert
    moved = hagga if location is Location.HAGGA else deep_desert
    return moved | ~(hagga | deep_desert)
