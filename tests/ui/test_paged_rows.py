"""Paged rows, compared with a plain list of the rows read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.status import DAY
from tracker_tui.ui.widgets import paged_rows
from tracker_tui.ui.widgets.paged_rows import DayLine, PagedRows, RowPage

NOON = 20_000 * DAY + DAY // 2


class Row(NamedTuple):
    id: str
    place: PageCursor

    @property
    def at(self) -> int:
        return int(self.place.at)


Shown = Row | DayLine | None


def day_of(at: int) -> int:
    return at // DAY


def row(at: int, number: int) -> Row:
    return Row(f"r{number}", PageCursor(at, number))


def with_days(rows: Sequence[Row]) -> list[Shown]:
    """Return rows, newest first, with a line where each day begins."""
    lines: list[Shown] = []
    for number, each in enumerate(rows):
        if number == 0 or day_of(each.at) != day_of(rows[number - 1].at):
            lines.append(DayLine(day_of(each.at)))
        lines.append(each)
    return lines


def is_on(each: Row, before: PageCursor | None, end: PageCursor) -> bool:
    return (before is None or each.place < before) and each.place >= end


def lines_of(shown: PagedRows[Row]) -> list[Shown]:
    return [shown.line(position) for position in range(shown.size)]


def rows_in(lines: Sequence[Shown]) -> list[Row]:
    return [line for line in lines if isinstance(line, Row)]


class Reader:
    """All rows, and paged rows that are filled from them as in the tables."""

    def __init__(self, *, has_days: bool = True) -> None:
        self.rows: list[Row] = []
        self.paged: PagedRows[Row] = PagedRows(day_of if has_days else None)
        self.seen: list[Row] = []
        """All rows that were read, dropped ones included."""
        self._newest = row(NOON, 0)

    def add(self, gaps: Sequence[int]) -> None:
        """Add rows at the top, each a given number of seconds after the last."""
        for gap in gaps:
            at, number = self._newest.place
            self._newest = row(int(at) + gap, number + 1)
            self.rows.insert(0, self._newest)

    def append(self, limit: int) -> None:
        end = self.paged.end
        older = [each for each in self.rows if end is None or each.place < end]
        page = older[:limit]
        self.seen += page
        is_last = len(older) <= limit
        self.paged.append(page, page[-1].place if page else end, is_last=is_last)

    def reload(self, page: RowPage[Row]) -> None:
        found = [each for each in self.rows if is_on(each, page.before, page.end)]
        kept = [each for each in self.seen if not is_on(each, page.before, page.end)]
        self.seen = sorted([*kept, *found], key=lambda each: each.place, reverse=True)
        page.is_expired = False
        self.paged.replace(page, found)

    def read_first_page(self) -> None:
        page = self.paged.first_page
        assert page is not None
        self.reload(page)

    def read_missing(self) -> None:
        while (page := self.paged.missing(0, self.paged.size)) is not None:
            self.reload(page)


gaps = st.sampled_from([0, 0, 60, DAY // 3, DAY, 3 * DAY])


class Windows(RuleBasedStateMachine):
    """Pages are read, dropped and read again while rows change; both limits are small."""

    held_at_most, lines_at_most = 3, 5

    def __init__(self) -> None:
        super().__init__()
        limits = {"PAGES_HELD": self.held_at_most, "PAGE_LINES": self.lines_at_most}
        self.limits = patch.multiple(paged_rows, **limits)
        self.limits.start()
        self.reader = Reader()

    def teardown(self) -> None:
        self.limits.stop()

    @property
    def shown(self) -> PagedRows[Row]:
        return self.reader.paged

    @initialize(found=st.lists(gaps, max_size=25), has_days=st.booleans())
    def begin(self, found: list[int], has_days: bool) -> None:
        self.reader = Reader(has_days=has_days)
        self.reader.add(found)
        self.has_days = has_days

    @rule(limits=st.lists(st.integers(1, 5), min_size=1, max_size=4))
    def append_pages(self, limits: list[int]) -> None:
        for limit in limits:
            self.reader.append(limit)

    @rule(found=st.lists(gaps, min_size=1, max_size=12))
    def add_at_the_top(self, found: list[int]) -> None:
        self.reader.add(found)

    @precondition(lambda self: self.reader.rows)
    @rule(data=st.data(), count=st.integers(1, 6))
    def delete(self, data: st.DataObject, count: int) -> None:
        rows = self.reader.rows
        first = self.shown.first_page
        if first is not None and data.draw(st.booleans()):
            rows[:] = [each for each in rows if not is_on(each, first.before, first.end)]
        else:
            begin = data.draw(st.integers(0, len(rows) - 1))
            del rows[begin : begin + count]

    @precondition(lambda self: self.shown.first_page)
    @rule()
    def reload_the_first_page(self) -> None:
        dropped = self.shown.first_page
        assert dropped is not None
        self.reader.read_first_page()
        before = lines_of(self.shown)
        self.shown.replace(dropped, [row(NOON + 99 * DAY, 99)])
        assert lines_of(self.shown) == before

    @precondition(lambda self: self.shown.size)
    @rule(data=st.data())
    def reload_the_page_of_a_row(self, data: st.DataObject) -> None:
        each = data.draw(st.sampled_from(self.reader.seen))
        is_held = self.shown.position_of(each.id) is not None
        self.shown.forget(each.id)
        assert self.shown.position_of(each.id) is None
        page = self.shown.missing(0, self.shown.size)
        assert page is not None or not is_held
        if page is not None:
            self.reader.reload(page)

    @precondition(lambda self: self.shown.size)
    @rule(data=st.data())
    def drop_what_is_far(self, data: st.DataObject) -> None:
        position = data.draw(st.integers(0, self.shown.size))
        before = lines_of(self.shown)
        self.shown.drop_far_from(position)
        after = lines_of(self.shown)
        assert after[position : position + 1] == before[position : position + 1]
        assert self.shown.held <= self.held_at_most * self.lines_at_most
        kept = [page for page in self.shown._pages if page.rows is not None]
        assert len(kept) <= self.held_at_most

    @precondition(lambda self: self.shown.size)
    @rule(data=st.data())
    def look_for_what_is_dropped(self, data: st.DataObject) -> None:
        first = data.draw(st.integers(0, self.shown.size - 1))
        last = data.draw(st.integers(first, self.shown.size + 5))
        lines = lines_of(self.shown)[first : last + 1]
        page = self.shown.missing(first, last)
        assert page is not None or None not in lines
        if page is not None:
            assert page.rows is None or page.is_expired
            self.reader.reload(page)

    @rule(data=st.data(), is_expiry=st.booleans())
    def reload_everything(self, data: st.DataObject, is_expiry: bool) -> None:
        before = self.shown.held
        if is_expiry:
            self.shown.expire(data.draw(st.integers(0, self.shown.size)))
            assert self.shown.held <= before
        for each in self.reader.seen:
            self.shown.forget(each.id)
        self.reader.read_missing()
        end = self.shown.end
        if self.shown.first_page is not None and end is not None:
            known = [each for each in self.reader.rows if each.place >= end]
            assert rows_in(lines_of(self.shown)) == known

    @invariant()
    def what_is_held_is_what_was_read(self) -> None:
        lines = lines_of(self.shown)
        if None not in lines:
            assert lines == (with_days if self.has_days else list)(self.reader.seen)
        held = rows_in(lines)
        assert len(held) == self.shown.held
        known = {each.id for each in held}
        assert [each for each in self.reader.seen if each.id in known] == held

    @invariant()
    def neighbours_are_neighbours(self) -> None:
        """No row is missing between two dropped pages, and each day has its line."""
        order = {each.id: number for number, each in enumerate(self.reader.seen)}
        above: Row | None = None
        days: list[int] = []
        for line in lines_of(self.shown):
            if isinstance(line, DayLine):
                days.append(line.day)
                continue
            if above is not None and line is not None:
                assert order[line.id] == order[above.id] + 1
                is_other_day = day_of(above.at) != day_of(line.at)
                assert days == ([day_of(line.at)] if is_other_day and self.has_days else [])
            above, days = line, []
        pages = self.shown._pages
        assert all(len(page.rows or ()) <= self.lines_at_most for page in pages)
        places = [None, *(page.end for page in pages)]
        assert [page.before for page in pages] == places[:-1]

    @invariant()
    def a_position_is_that_of_its_line(self) -> None:
        lines = lines_of(self.shown)
        for each in self.reader.seen:
            expected = lines.index(each) if each in lines else None
            assert self.shown.position_of(each.id) == expected


TestWindows = Windows.TestCase
TestWindows.settings = settings(stateful_step_count=20)


def test_a_page_without_rows_only_has_the_place_to_continue() -> None:
    """A search through thousands of rows without a match returns such a page."""
    read = Reader()
    read.add([DAY // 3] * 6)
    read.append(3)
    further = read.rows[4].place
    read.paged.append([], further, is_last=False)
    assert (read.paged.size, read.paged.end) == (len(with_days(read.rows[:3])), further)
    read.append(3)
    assert rows_in(lines_of(read.paged)) == [*read.rows[:3], read.rows[5]]
    # Rows in between belong to the last page and appear there if they match later.
    read.paged.forget(read.rows[5].id)
    read.read_missing()
    assert rows_in(lines_of(read.paged)) == read.rows
