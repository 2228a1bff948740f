"""A window on rows that nobody could hold all of: pages, of which the far ones are dropped.

Pure: no Textual here. Rows are newest first. A page is everything between two places, so that it
can be read anew: what was added or deleted meanwhile is then there, or gone.

Reading the pages of a window: what was seen last at once, then what is true now.

No widget here: whoever shows the window says which lines are in sight, and does the jobs one after
the other.
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
"""Pages whose rows are held; of the others only how many lines they take."""
PAGES_REREAD: Final = 5
"""Pages that are read again, at most, after a full refresh; the others only once in sight."""
PAGE_LINES: Final = 150
"""Rows from which on a page that has grown is cut in two."""


class Row(Protocol):
    """A row that a window can show."""

    @property
    def id(self) -> str:
        """What tells it from all others."""

    @property
    def place(self) -> PageCursor:
        """Its place among all rows."""

    @property
    def at(self) -> int:
        """When it was written, in Unix seconds."""


R = TypeVar("R", bound=Row)


class DayLine(NamedTuple):
    """A line that says on which day what follows was written."""

    day: int


class RowPage(Generic[R]):
    """One page, with its lines or without."""

    def __init__(self, before: PageCursor | None, end: PageCursor, rows: Sequence[R]) -> None:
        self.before = before
        """The place after which it begins; None: the newest row there is."""
        self.end = end
        """The place of its last row."""
        self.rows: Sequence[R] | None = rows
        self.lines: list[R | DayLine] | None = None
        self.size = 0
        """How many lines it takes, or took when it was dropped."""
        self.last_day: int | None = None
        self.is_expired = False
        """Whether it is to be read again; until then its rows stay."""

    def lay_out(self, day_before: int | None, day_of: Callable[[int], int]) -> None:
        """Put day lines between the rows; `day_before` is the day of the row before them."""
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
        """Let go of the rows."""
        self.rows = self.lines = None


class PagedRows(Generic[R]):
    """The pages that were read so far, from the newest on, without a gap."""

    def __init__(self, day_of: Callable[[int], int] | None) -> None:
        """`day_of` returns the day of a time in Unix seconds; None: no day lines are wanted."""
        self._day_of = day_of or (lambda _: 0)
        self._has_days = day_of is not None
        self._pages: list[RowPage[R]] = []
        self._ends: list[int] = []
        self.end: PageCursor | None = None
        """The place after which what is older goes on."""
        self.is_last = False
        """Whether there is nothing older."""

    @property
    def size(self) -> int:
        """How many lines there are."""
        return self._ends[-1] if self._ends else 0

    @property
    def held(self) -> int:
        """How many rows are held."""
        return sum(len(page.rows) for page in self._pages if page.rows is not None)

    def line(self, position: int) -> R | DayLine | None:
        """Return a line; None where its page was dropped."""
        number = bisect_right(self._ends, position)
        lines = self._pages[number].lines
        return None if lines is None else lines[position - self._start(number)]

    def position_of(self, row_id: str) -> int | None:
        """Return where a row stands, if it is held."""
        for number, page in enumerate(self._pages):
            for offset, line in enumerate(page.lines or ()):
                if not isinstance(line, DayLine) and line.id == row_id:
                    return self._start(number) + offset
        return None

    def forget(self, row_id: str) -> None:
        """Let go of the page that a row is on: it was changed, and has to be read anew."""
        for page in self._pages:
            if any(row.id == row_id for row in page.rows or ()):
                page.drop()

    @property
    def first_page(self) -> RowPage[R] | None:
        """The page of the newest rows."""
        return self._pages[0] if self._pages else None

    def missing(self, first: int, last: int) -> RowPage[R] | None:
        """Return the page to read next: one of these lines, then any that is expired."""
        begin, end = (bisect_right(self._ends, position) for position in (first, last))
        for page in self._pages[begin : end + 1]:
            if page.rows is None or page.is_expired:
                return page
        return next((page for page in self._pages if page.is_expired and page.rows), None)

    def expire(self, position: int) -> None:
        """Let the pages nearest to a line be read again, and drop the rows of all others."""
        for near, number in enumerate(self._held_by_distance(position)):
            page = self._pages[number]
            page.is_expired = True
            if near >= PAGES_REREAD:
                page.drop()

    def append(self, rows: Sequence[R], end: PageCursor | None, *, is_last: bool) -> None:
        """Add the page that is older than all others."""
        if rows:
            self._pages.append(RowPage(self._last_place, rows[-1].place, rows))
            self._lay_out(len(self._pages) - 1)
        self.end, self.is_last = end, is_last

    def replace(self, page: RowPage[R], rows: Sequence[R]) -> None:
        """Show a page as it was read anew; a page that has grown is cut."""
        if page not in self._pages:
            return
        number = self._pages.index(page)
        parts, before = list[RowPage[R]](), page.before
        pieces = [rows[i : i + PAGE_LINES] for i in range(0, len(rows), PAGE_LINES)]
        for piece in pieces:
            # The last one ends where the page did, whatever was deleted there.
            end = page.end if piece is pieces[-1] else piece[-1].place
            parts.append(RowPage(before, end, piece))
            # What expired while it was being read is to be read once more.
            parts[-1].is_expired = page.is_expired
            before = end
        if not parts and len(self._pages) > 1:
            self._close_gap(number)
        self._pages[number : number + 1] = parts
        self._lay_out(number)

    def drop_far_from(self, position: int) -> None:
        """Let go of the rows that are farthest from a line, if too many are held."""
        for number in self._held_by_distance(position)[PAGES_HELD:]:
            self._pages[number].drop()

    def _held_by_distance(self, position: int) -> list[int]:
        here = bisect_right(self._ends, position)
        held = [number for number, page in enumerate(self._pages) if page.rows is not None]
        return sorted(held, key=lambda number: abs(number - here))

    @property
    def _last_place(self) -> PageCursor | None:
        return self._pages[-1].end if self._pages else None

    def _close_gap(self, number: int) -> None:
        """Let the page below begin where one did that has no rows any more."""
        if number + 1 < len(self._pages):
            self._pages[number + 1].before = self._pages[number].before

    def _start(self, number: int) -> int:
        return self._ends[number - 1] if number else 0

    def _lay_out(self, first: int) -> None:
        """Lay out the pages from `first` on: where the days differ, they have other day lines."""
        day = None if self._has_days else 0
        if first:
            day = self._pages[first - 1].last_day
        for page in self._pages[first:]:
            page.lay_out(day, self._day_of)
            day = page.last_day
        self._ends = list(accumulate(page.size for page in self._pages))


Ask = Callable[..., Query[Any]]
"""Makes the question for a page: what is older than one place, from another one on, and perhaps how
many rows at most."""
Job = Callable[[], Awaitable[None]]

_AHEAD: Final = 150
"""Lines before the end at which the next page is asked for."""
_GROWN_AT_MOST: Final = 1_000
"""Rows of a page that is read anew; where there are more, everything is."""


class PageLoader(Generic[R]):
    """A window, and what is known of how it goes on."""

    def __init__(
        self,
        query_cache: QueryCache,
        change: Callable[[Callable[[], object]], None],
        came: Callable[[list[R]], None],
    ) -> None:
        """Let `change` make changes of what is shown already, and `came` hear of all rows."""
        self._query_cache = query_cache
        self._change = change
        self._came = came
        self._ask: Ask | None = None
        self.window: PagedRows[R] = self._new_rows()
        self._wants_newest = False
        self._is_provisional = False
        """Whether what is shown is only what was seen last."""
        self._keeps_more = True
        """Whether more may have been seen last than what is shown."""
        self.waits = False
        """Whether what is older is read only when the player asks."""
        self.looked_back_to = 0
        """Where it waits: down to when was looked, in Unix seconds."""
        self.read_at: float | None = None
        """When the newest rows were read, in Unix seconds by this machine's clock."""
        self.trouble: TrackerError | None = None
        """Why they could not be read anew."""

    # What is wanted

    def begin(self, ask: Ask) -> None:
        """Begin with the newest rows that `ask` asks for."""
        self._ask = ask
        self.window = self._new_rows()
        self.waits = self._wants_newest = self._is_provisional = False
        self.read_at, self.trouble, self._keeps_more = None, None, True

    def go_on(self, ask: Ask | None = None) -> None:
        """Go on where the rows end, with what another `ask` asks for."""
        self._ask = ask or self._ask
        self.window.is_last = self.waits = False

    def want_newest(self) -> None:
        """Read what is new, if anything was read yet; what failed before is tried again."""
        self.trouble, self._keeps_more = None, True
        if self._is_provisional:
            return
        if self.window.first_page is None:
            # There was nothing: all that there is now is new.
            self._start_over()
        else:
            self._wants_newest = True

    def want_everything(self, position: int) -> None:
        """Read again what is held, the page of a line first: any of it may have changed."""
        self.window.expire(position)
        self.want_newest()

    # What is to be done

    def next_job(self, top: int, bottom: int) -> Job | None:
        """Return what is to be read while these lines are in sight; jobs raise TrackerError."""
        if self._ask is None:
            return None
        window = self.window
        if self.trouble is not None:
            is_wanted = bottom >= window.size and not window.is_last
            return partial(self._read_kept, self._ask) if is_wanted and self._keeps_more else None
        if self._wants_newest and window.first_page is not None:
            return partial(self._read_anew, window.first_page, self._ask)
        missing = window.missing(top, bottom)
        if missing is not None:
            return partial(self._read_anew, missing, self._ask)
        is_near_end = bottom + _AHEAD >= window.size and not self.waits and not window.is_last
        if is_near_end or self._is_provisional:
            return partial(self._read_older, self._ask)
        return None

    def failed(self, error: TrackerError) -> None:
        """Take note that a job failed: what is shown stays."""
        self.trouble, self._wants_newest, self._is_provisional = error, False, False

    async def _read_older(self, ask: Ask) -> None:
        window = self.window
        if window.end is None and not self._is_provisional:
            kept = await wrap_future(self._query_cache.cached(ask(None, None)))
            if kept is not None:
                self._add(kept)
                self._is_provisional = True
                return
        is_first = window.end is None or self._is_provisional
        question = ask(None if is_first else window.end, None)
        answer = await wrap_future(self._query_cache.ask(question))
        if self._is_provisional:
            self._is_provisional = False
            self._change(partial(self._start_with, answer))
        else:
            self._add(answer)
        if is_first:
            self.read_at = answer.at

    async def _read_kept(self, ask: Ask) -> None:
        """Go on with what was seen last, where the ledger does not answer."""
        kept = await wrap_future(self._query_cache.cached(ask(self.window.end, None)))
        self._keeps_more = kept is not None and bool(kept.value.entries)
        if kept is not None and self._keeps_more:
            self._add(kept)

    async def _read_anew(self, page: RowPage[R], ask: Ask) -> None:
        question = ask(page.before, page.end, _GROWN_AT_MOST)
        page.is_expired = False
        try:
            answer = await wrap_future(self._query_cache.ask(question))
        except TrackerError:
            page.is_expired = True
            raise
        rows = answer.value.entries
        if page is self.window.first_page:
            self._wants_newest = False
            self.read_at = answer.at
        if len(rows) >= _GROWN_AT_MOST:
            self._change(self._start_over)
            return
        self._came(rows)
        self._change(partial(self.window.replace, page, rows))

    def _start_over(self) -> None:
        self.window = self._new_rows()

    def _start_with(self, answer: QueryResult[Any]) -> None:
        self._start_over()
        self._add(answer)

    def _add(self, answer: QueryResult[Any]) -> None:
        page, before = answer.value, self.window.end
        self._came(page.entries)
        self.window.append(page.entries, page.end, is_last=page.is_last)
        # A page that is not full has looked through as much as one request may.
        last = page.entries[-1].place if page.entries else before
        self.waits = not page.is_last and page.end != last
        if self.waits:
            self.looked_back_to = page.looked_back_to
        if self.read_at is None:
            self.read_at = answer.at

    def _new_rows(self) -> PagedRows[R]:
        return PagedRows(self._day_of)

    def _day_of(self, at: int) -> int:
        return day_of(at, self._query_cache.zone)
