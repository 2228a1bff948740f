"""A window on rows that nobody could hold all of: pages, of which the far ones are dropped.

Pure: no Textual here. Rows are newest first. A page is everything between two places, so that it
can be read anew: what was added or deleted meanwhile is then there, or gone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from tracker_tui.domain.pages import PageCursor

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
