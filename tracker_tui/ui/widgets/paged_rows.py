"""Rows of a long history, held page by page, and the loader that reads the pages. No widget here.

`PagedRows` holds pages, newest first, and drops the rows of pages far from the screen. A page is
everything between two places, so it can be read again: added rows appear, deleted rows vanish.

`PageLoader` decides what to read: cached rows first, then what the ledger answers. After a refresh
`next_job` returns the newest page, then a page on screen, then the next older page if needed.
"""

from __future__ import annotations

from asyncio import wrap_future
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import day_of
from tracker_tui.errors import TrackerError
from tracker_tui.tracker.query_cache import Query, QueryCache, QueryResult

PAGES_HELD: Final = 30
"""Pages whose rows are held; of other pages only the number of lines is cached."""
PAGES_REREAD: Final = 5
"""Pages read again after a full refresh; others are read again when they are on screen."""
PAGE_LINES: Final = 150
"""A page that has grown beyond this number of rows is split."""


class Row(Protocol):
    """A row that a page can hold."""

    @property
    def id(self) -> str:
        """A unique id."""

    @property
    def place(self) -> PageCursor:
        """Its position among all rows."""

    @property
    def at(self) -> int:
        """Its time in Unix seconds."""


R = TypeVar("R", bound=Row)


class DayLine(NamedTuple):
    """A line with the day of the rows below it."""

    day: int


class RowPage(Generic[R]):
    """A page, with its rows or dropped."""

    def __init__(self, before: PageCursor | None, end: PageCursor, rows: Sequence[R]) -> None:
        self.before = before
        """The place before its first row; None for the newest page."""
        self.end = end
        """The place of its last row."""
        self.rows: Sequence[R] | None = rows
        self.lines: list[R | DayLine] | None = None
        self.size = 0
        """Number of lines, cached when the rows are dropped."""
        self.last_day: int | None = None
        self.is_expired = False
        """Whether it has to be read again; until then its rows stay."""

    def lay_out(self, day_before: int | None, day_of: Callable[[int], int]) -> None:
        """Insert day lines; `day_before` is the day of the row above the page."""
        if self.rows is None:
            return
        day, lines = day_before, list[R | DayLine]()
        for row in self.rows:
            if day_of(row.at) != day:
                day = day_of(row.at)
                lines.append(DayLine(day))
            lines.append(row)
        self.lines, self.size, self.last_day = lines, len(lines), day

    def drop(self) -> None:
        """Forget the rows."""
        self.rows = self.lines = None


class PagedRows(Generic[R]):
    """The pages that were read, from the newest on, without gaps."""

    def __init__(self, day_of: Callable[[int], int] | None) -> None:
        """`day_of` returns the day of a time in Unix seconds; None: no day lines."""
        self._day_of = day_of or (lambda _: 0)
        self._has_days = day_of is not None
        self._pages: list[RowPage[R]] = []
        self._ends: list[int] = []
        self.end: PageCursor | None = None
        """The place after which older rows follow, unless this `is_last`."""
        self.is_last = False

    @property
    def size(self) -> int:
        """Number of lines."""
        return self._ends[-1] if self._ends else 0

    @property
    def held(self) -> int:
        """Number of rows held."""
        return sum(len(page.rows) for page in self._pages if page.rows is not None)

    def line(self, position: int) -> R | DayLine | None:
        """Return a line; None if its page was dropped."""
        number = bisect_right(self._ends, position)
        lines = self._pages[number].lines
        return None if lines is None else lines[position - self._start(number)]

    def position_of(self, row_id: str) -> int | None:
        """Return the line of a row, if it is held."""
        for number, page in enumerate(self._pages):
            for offset, line in enumerate(page.lines or ()):
                if not isinstance(line, DayLine) and line.id == row_id:
                    return self._start(number) + offset
        return None

    def forget(self, row_id: str) -> None:
        """Drop the page of a row that was changed or deleted."""
        for page in self._pages:
            if any(row.id == row_id for row in page.rows or ()):
                page.drop()

    @property
    def first_page(self) -> RowPage[R] | None:
        """The newest page."""
        return self._pages[0] if self._pages else None

    def missing(self, first: int, last: int) -> RowPage[R] | None:
        """Return the page to read next: one of these lines, or else an expired one."""
        begin, end = (bisect_right(self._ends, position) for position in (first, last))
        for page in self._pages[begin : end + 1]:
            if page.rows is None or page.is_expired:
                return page
        return next((page for page in self._pages if page.is_expired and page.rows), None)

    def expire(self, position: int) -> None:
        """Expire all pages; drop the rows of those that are not near a line."""
        for near, number in enumerate(self._held_by_distance(position)):
            page = self._pages[number]
            page.is_expired = True
            if near >= PAGES_REREAD:
                page.drop()

    def append(self, rows: Sequence[R], end: PageCursor | None, *, is_last: bool) -> None:
        """Add the next older page."""
        if rows:
            before = self._pages[-1].end if self._pages else None
            self._pages.append(RowPage(before, rows[-1].place, rows))
            self._lay_out(len(self._pages) - 1)
        self.end, self.is_last = end, is_last

    def replace(self, page: RowPage[R], rows: Sequence[R]) -> None:
        """Replace the rows of a page; a page that has grown is split."""
        if page not in self._pages:
            return
        number = self._pages.index(page)
        parts, before = list[RowPage[R]](), page.before
        pieces = [rows[i : i + PAGE_LINES] for i in range(0, len(rows), PAGE_LINES)]
        for piece in pieces:
            # The last part ends where the page did, even if its last row was deleted.
            end = page.end if piece is pieces[-1] else piece[-1].place
            parts.append(RowPage(before, end, piece))
            # It may have expired while it was read.
            parts[-1].is_expired = page.is_expired
            before = end
        if not parts and number + 1 < len(self._pages):
            # The page is empty now: the one below it begins where it began.
            self._pages[number + 1].before = page.before
        self._pages[number : number + 1] = parts
        self._lay_out(number)

    def drop_far_from(self, position: int) -> None:
        """Drop the pages that are farthest from a line, if too many are held."""
        for number in self._held_by_distance(position)[PAGES_HELD:]:
            self._pages[number].drop()

    def _held_by_distance(self, position: int) -> list[int]:
        here = bisect_right(self._ends, position)
        held = [number for number, page in enumerate(self._pages) if page.rows is not None]
        return sorted(held, key=lambda number: abs(number - here))

    def _start(self, number: int) -> int:
        return self._ends[number - 1] if number else 0

    def _lay_out(self, first: int) -> None:
        """Insert day lines into the pages from `first` on."""
        day = self._pages[first - 1].last_day if first else None if self._has_days else 0
        for page in self._pages[first:]:
            page.lay_out(day, self._day_of)
            day = page.last_day
        self._ends = list(accumulate(page.size for page in self._pages))


Ask = Callable[..., Query[Any]]
"""Returns the query for a page, given two places it lies between and perhaps a number of rows."""
Job = Callable[[], Awaitable[None]]

_AHEAD: Final = 150
"""Lines before the end at which the next page is read."""
_LARGEST_PAGE: Final = 1_000
"""Rows of a page that is read again; if there are more, everything is read again."""


class PageLoader(Generic[R]):
    """Reads the pages of `rows` as the table needs them."""

    def __init__(
        self,
        query_cache: QueryCache,
        change: Callable[[Callable[[], object]], None],
        came: Callable[[list[R]], None],
    ) -> None:
        """`change` is called to change rows on screen, `came` with all rows that were read."""
        self._query_cache = query_cache
        self._change = change
        self._came = came
        self._ask: Ask | None = None
        self.rows: PagedRows[R] = self._new_rows()
        self._is_newest_expired = False
        self._is_cached = False
        """Whether the rows on screen come from the cache."""
        self._has_more_cached = True
        self.waits = False
        """Whether older rows are read only when the player asks."""
        self.looked_back_to = 0
        """If it waits: the time down to which it searched, in Unix seconds."""
        self.read_at: float | None = None
        self.trouble: TrackerError | None = None

    def begin(self, ask: Ask) -> None:
        """Start with the newest rows of `ask`."""
        self._ask = ask
        self.rows = self._new_rows()
        self.waits = self._is_newest_expired = self._is_cached = False
        self.read_at, self.trouble, self._has_more_cached = None, None, True

    def go_on(self, ask: Ask | None = None) -> None:
        """Continue where the rows end, perhaps with another `ask`."""
        self._ask = ask or self._ask
        self.rows.is_last = self.waits = False

    def expire_newest(self) -> None:
        """Read new rows with the next job; what failed before is tried again."""
        self.trouble, self._has_more_cached = None, True
        if self._is_cached:
            return
        if self.rows.first_page is None:
            self._start_over()
        else:
            self._is_newest_expired = True

    def expire_everything(self, position: int) -> None:
        """Read all held pages again, the one of a line first."""
        self.rows.expire(position)
        self.expire_newest()

    def next_job(self, top: int, bottom: int) -> Job | None:
        """Return the next job while these lines are on screen; a job raises TrackerError."""
        if self._ask is None:
            return None
        rows = self.rows
        if self.trouble is not None:
            is_at_end = bottom >= rows.size and not rows.is_last
            is_possible = is_at_end and self._has_more_cached
            return partial(self._read_cached, self._ask) if is_possible else None
        if self._is_newest_expired and rows.first_page is not None:
            return partial(self._read_again, rows.first_page, self._ask)
        if (missing := rows.missing(top, bottom)) is not None:
            return partial(self._read_again, missing, self._ask)
        is_near_end = bottom + _AHEAD >= rows.size and not self.waits and not rows.is_last
        return partial(self._read_older, self._ask) if is_near_end or self._is_cached else None

    def failed(self, error: TrackerError) -> None:
        """Note that a job failed; the rows on screen stay."""
        self.trouble, self._is_newest_expired, self._is_cached = error, False, False

    async def _read_older(self, ask: Ask) -> None:
        rows = self.rows
        if rows.end is None and not self._is_cached:
            cached = await wrap_future(self._query_cache.cached(ask(None, None)))
            if cached is not None:
                self._add(cached)
                self._is_cached = True
                return
        is_first = rows.end is None or self._is_cached
        query = ask(None if is_first else rows.end, None)
        answer = await wrap_future(self._query_cache.ask(query))
        if self._is_cached:
            self._is_cached = False
            self._change(partial(self._start_with, answer))
        else:
            self._add(answer)
        if is_first:
            self.read_at = answer.at

    async def _read_cached(self, ask: Ask) -> None:
        """Continue with cached rows while the ledger does not answer."""
        cached = await wrap_future(self._query_cache.cached(ask(self.rows.end, None)))
        self._has_more_cached = cached is not None and bool(cached.value.entries)
        if cached is not None and self._has_more_cached:
            self._add(cached)

    async def _read_again(self, page: RowPage[R], ask: Ask) -> None:
        query = ask(page.before, page.end, _LARGEST_PAGE)
        page.is_expired = False
        try:
            answer = await wrap_future(self._query_cache.ask(query))
        except TrackerError:
            page.is_expired = True
            raise
        rows = answer.value.entries
        if page is self.rows.first_page:
            self._is_newest_expired = False
            self.read_at = answer.at
        if len(rows) >= _LARGEST_PAGE:
            self._change(self._start_over)
        else:
            self._came(rows)
            self._change(partial(self.rows.replace, page, rows))

    def _start_over(self) -> None:
        self.rows = self._new_rows()

    def _start_with(self, answer: QueryResult[Any]) -> None:
        self._start_over()
        self._add(answer)

    def _add(self, answer: QueryResult[Any]) -> None:
        page, before = answer.value, self.rows.end
        self._came(page.entries)
        self.rows.append(page.entries, page.end, is_last=page.is_last)
        # One request searches a limited number of rows, so a page may not be full.
        last = page.entries[-1].place if page.entries else before
        self.waits = not page.is_last and page.end != last
        self.looked_back_to = page.looked_back_to
        self.read_at = answer.at if self.read_at is None else self.read_at

    def _new_rows(self) -> PagedRows[R]:
        return PagedRows(lambda at: day_of(at, self._query_cache.zone))
