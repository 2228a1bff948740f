"""Reading the history, newest first; rowid is the order of commit.

A page begins after a place and is found by an index: by resource, by member, or by time. What no
index serves is looked for in no more than `SEARCHED` rows a request (design, "History").
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import inf, isinf
from operator import and_, or_
from typing import Any, Final, NamedTuple

from peewee import SQL, BaseQuery, Case, Expression, Node, Select, Tuple, Value, fn

from tracker_tui.db.database import Result
from tracker_tui.db.models import HistoryRow, ResourceRow, User
from tracker_tui.domain.history import EntryKind, HistoryEntry, HistoryFilter, HistoryPage
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import Period
from tracker_tui.domain.quantities import Location
from tracker_tui.ledger.expressions import seconds, whole_number
from tracker_tui.ledger.members import is_one_of, like, member_aliases, merged, named_like

PAGE: Final = 100
"""Entries on a page."""
SEARCHED: Final = 5_000
"""Rows that a request looks through at most for what no index serves."""
_ENDS_OF_TIME: Final[dict[Any, int | float | str]] = {b"\x01": inf, b"\x00": -inf}
_BEFORE_TIME: Final = 8
"""Columns of an entry that stand before its time."""
_WORDS: Final = 8
_LONGEST_WORD: Final = 100
_LONGEST_TEXT: Final = 1_000


class HistoryQuery(NamedTuple):
    """Asks for one page: what passes a filter and is older than `before`, from `down_to` on."""

    wish: HistoryFilter = HistoryFilter()
    before: PageCursor | None = None
    down_to: PageCursor | None = None
    limit: int = PAGE

    @property
    def key(self) -> str:
        """See `Query.key`."""
        wish = self.wish
        kinds = ",".join(sorted(wish.kinds))
        asked = (wish.text, wish.resource_id, wish.member_id, kinds, wish.location)
        return f"history {wish.span.name} {asked}"

    @staticmethod
    def answer_type() -> type[HistoryPage]:
        """See `Query.answer_type`."""
        return HistoryPage  # type: ignore[return-value]  # mypy takes the alias for Page[T]

    def queries(self, now: Any) -> list[BaseQuery]:
        """Return the one query of a page."""
        wish = self.wish
        if not wish.is_indexed:
            return [_searched(self, now)]
        of_anybody = _conditions(self, wish.span, now)
        if wish.member_id is None:
            return [_newest(of_anybody, self.limit)]
        parts = (
            _newest([HistoryRow.updated_by == writing, *of_anybody], self.limit)
            for writing in member_aliases(wish.member_id)
        )
        return [merged(parts, self.limit)]

    def answer(self, results: Sequence[Result]) -> HistoryPage:
        """Build a page from the rows that were found."""
        page = self._page_of(results)
        if self.down_to is not None and page.is_last:
            # That nothing is left above a place says nothing of what is below it.
            page = page._replace(end=self.down_to, is_last=False)
        return page

    def _page_of(self, results: Sequence[Result]) -> HistoryPage:
        if self.wish.is_indexed:
            entries = [_entry_from(row) for row in results[0].rows]
            return _page(entries, self.before, is_last=len(entries) < self.limit)
        rows = results[0].rows
        # A last row without a place is no entry: this request has looked as far as it may.
        end = rows.pop() if rows and rows[-1][-1] is None else None
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
    """Return a time as it is stored, for `place_of`: servers say nothing where it is infinite."""
    ends = ((SQL("9e999"), SQL("x'01'")), (SQL("-9e999"), SQL("x'00'")))
    return Case(None, tuple((column == end, sign) for end, sign in ends), column)


def place_of(raw: Any, rowid: int) -> PageCursor:
    """Return the place of a row, of its `stored_time`, which may be anything."""
    if isinstance(raw, int | float | str):
        return PageCursor(raw, rowid)
    # No text is before the empty one: a time that is none at all is left behind with it.
    return PageCursor(_ENDS_OF_TIME.get(raw, ""), rowid)


def begin_of(period: Period, now: Any) -> Any:
    """Return when a period begins; None where it has no begin."""
    if period.span is not None:
        return now - period.span
    return None if period.since is None else Value(period.since)


def within(column: Any, period: Period, now: Any) -> list[Expression]:
    """Return the conditions under which a time lies in a period."""
    begin, conditions = begin_of(period, now), []
    if begin is not None:
        conditions.append(column >= begin)
    if period.until is not None:
        conditions.append(column < period.until)
    return conditions


def between_places(
    column: Any, rowid: Any, before: PageCursor | None, down_to: PageCursor | None
) -> list[Expression]:
    """Return the conditions under which a row is older than one place, and not than another."""
    conditions = []
    if before is not None:
        conditions.append(Expression(Tuple(column, rowid), "<", _tuple(before)))
    if down_to is not None:
        conditions.append(Expression(Tuple(column, rowid), ">=", _tuple(down_to)))
    return conditions


def _tuple(place: PageCursor) -> Node:
    if isinstance(place.at, float) and isinf(place.at):
        # Some hostile row's time; it cannot be sent as a value.
        return SQL(f"({'-' if place.at < 0 else ''}9e999, ?)", (place.rowid,))
    # Bound as it is: Peewee would make a number of what is none.
    return SQL("(?, ?)", (place.at, place.rowid))


def _conditions(question: HistoryQuery, period: Period, now: Any) -> list[Expression]:
    """Return the conditions of a period that an index serves, but for those of a member."""
    row, wish = HistoryRow, question.wish
    return [
        *([] if wish.resource_id is None else [row.resource == wish.resource_id]),
        *within(row.created_at, period, now),
        *between_places(row.created_at, SQL("rowid"), question.before, question.down_to),
    ]


def _newest(conditions: Sequence[Any], limit: int) -> Select:
    query = HistoryRow.select(*_columns())
    if conditions:
        query = query.where(*conditions)
    return query.order_by(*newest_first(HistoryRow.created_at)).limit(limit)


def newest_first(created_at: Any) -> tuple[Node, Node]:
    """Return the order of rows that the history and the leaderboard are read in."""
    return created_at.desc(), SQL("rowid DESC")


def _columns() -> list[Node]:
    """Return what to select for `_entry_from`: each value cast to what it should be."""
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


# What no index serves


def _searched(question: HistoryQuery, now: Any) -> Select:
    """Select what passes of so many rows, and behind it their last one, if they end there.

    That one has no place: it is where the next page goes on, whether it passes or not.
    """
    period = question.wish.span
    conditions = _conditions(question, period, now)
    row, rowid = HistoryRow, SQL("rowid")
    last = row.select(row.created_at.alias("at"), rowid.alias("place"))
    last = last.where(*conditions) if conditions else last
    bound = last.order_by(*newest_first(row.created_at)).limit(1).offset(SEARCHED - 1).cte("bound")
    # One bound, not two: of those of one column an index takes only the first.
    begin = begin_of(period, now)
    begins = Select(columns=[SQL("-9e999") if begin is None else begin, Value(0)])
    reached = Select([bound], [bound.c.at, bound.c.place]).union_all(begins).limit(1)
    found = _newest(
        [
            *_conditions(question, period._replace(span=None, since=None), now),
            Expression(Tuple(row.created_at, rowid), ">=", reached),
            _passes(question.wish),
        ],
        question.limit + 1,
    )
    nothing = [Value(None)] * _BEFORE_TIME
    end = Select(
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
    both = Select([found.alias("found")], [SQL("*")]).union_all(end).alias("both")
    in_order = (SQL("place IS NULL"), SQL("created_at DESC"), SQL("place DESC"))
    return Select([both], [SQL("*")]).order_by(*in_order).with_cte(bound)


def _passes(wish: HistoryFilter) -> Any:
    row = HistoryRow
    conditions = [_has_word(word) for word in _words(wish.text)]
    if wish.kinds:
        conditions.append(reduce(or_, (_is_kind(kind) for kind in sorted(wish.kinds))))
    if wish.location is not None:
        conditions.append(_is_at(wish.location))
    if wish.member_id is not None:
        conditions.append(is_one_of(row.updated_by, member_aliases(wish.member_id)))
    return reduce(and_, conditions) if conditions else SQL("1")


def _words(text: str) -> list[str]:
    """Return the first words of a search as they are typed; punctuation counts as a blank."""
    words = "".join(char if char.isalnum() else " " for char in text[:_LONGEST_TEXT]).split()
    return [word[:_LONGEST_WORD] for word in words[:_WORDS]]


def _has_word(word: str) -> Any:
    """Return whether a word is in the reason, or in what the member or the resource is called."""
    # LIKE knows the case of ASCII letters only; what it takes for wildcards is in no word.
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
    """Return what `HistoryEntry.kind` decides."""
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
