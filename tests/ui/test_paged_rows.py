"""Paged rows, compared with a plain list of the rows read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.status import DAY
from tracker_tui.ui.widgets import paged_rows
from tracker_tui.ui.widgets.paged_rows import PAGE_LINES, PAGES_HELD, DayLine, PagedRows, RowPage

NOON = 20_000 * DAY + DAY // 2
PAGE = 100


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
    """Whether a row is after one place, but not after another."""
    return (before is None or each.place < before) and each.place >= end


def lines_of(shown: PagedRows[Row]) -> list[Shown]:
    return [shown.line(position) for position in range(shown.size)]


def rows_in(lines: Sequence[Shown]) -> list[Row]:
    return [line for line in lines if isinstance(line, Row)]


class Reader:
    """All rows, and paged rows that are filled from them as in the tables."""

    def __init__(self, rows: Sequence[Row] = (), *, has_days: bool = True) -> None:
        self.rows = sorted(rows, key=lambda each: each.place, reverse=True)
        self.paged: PagedRows[Row] = PagedRows(day_of if has_days else None)
        self.seen: list[Row] = []
        """All rows that were read, dropped ones included."""
        self._newest = self.rows[0] if self.rows else row(NOON, 0)

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
        """Read every dropped or expired page, from the top."""
        while (page := self.paged.missing(0, self.paged.size)) is not None:
            self.reload(page)


def reader(count: int, *, gap: int = DAY // 3, has_days: bool = True) -> Reader:
    """Return a reader of this many rows; none is read yet."""
    rows = [row(NOON + number * gap, number) for number in range(count)]
    return Reader(rows, has_days=has_days)


# Any order of events

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
        begin = data.draw(st.integers(0, len(self.reader.rows) - 1))
        del self.reader.rows[begin : begin + count]

    @precondition(lambda self: self.shown.first_page)
    @rule()
    def delete_the_first_page(self) -> None:
        page = self.shown.first_page
        assert page is not None
        kept = [each for each in self.reader.rows if not is_on(each, page.before, page.end)]
        self.reader.rows = kept

    @precondition(lambda self: self.shown.first_page)
    @rule()
    def reload_the_first_page(self) -> None:
        self.reader.read_first_page()

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

    @rule(data=st.data())
    def everything_expires_and_is_read_again_as_it_is_by_now(self, data: st.DataObject) -> None:
        before = self.shown.held
        self.shown.expire(data.draw(st.integers(0, max(0, self.shown.size))))
        assert self.shown.held <= before
        self.reload_everything()

    @rule()
    def reload_everything(self) -> None:
        for each in list(self.reader.seen):
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
        for upper, lower in pairwise(self._held_lines()):
            (above, day), below = upper, lower[0]
            if above is not None and below is not None:
                assert order[below.id] == order[above.id] + 1
                is_other_day = day_of(above.at) != day_of(below.at)
                expected = day_of(below.at) if is_other_day and self.has_days else None
                assert day == expected

    def _held_lines(self) -> list[tuple[Row | None, int | None]]:
        """Return rows, or None for dropped ones, each with the day line that follows."""
        lines: list[tuple[Row | None, int | None]] = []
        for line in lines_of(self.shown):
            if isinstance(line, DayLine):
                if lines:
                    lines[-1] = (lines[-1][0], line.day)
            else:
                lines.append((line, None))
        return lines

    @invariant()
    def a_position_is_that_of_its_line(self) -> None:
        lines = lines_of(self.shown)
        for each in self.reader.seen:
            expected = lines.index(each) if each in lines else None
            assert self.shown.position_of(each.id) == expected


TestWindows = Windows.TestCase
TestWindows.settings = settings(stateful_step_count=20)


# The real limits


def test_empty_rows_have_nothing() -> None:
    empty = Reader()
    assert (empty.paged.size, empty.paged.held, empty.paged.first_page) == (0, 0, None)
    assert empty.paged.missing(0, 10) is None
    assert empty.paged.position_of("r0") is None
    empty.append(PAGE)
    assert (empty.paged.size, empty.paged.is_last, empty.paged.end) == (0, True, None)
    empty.paged.drop_far_from(0)
    empty.paged.forget("r0")


def test_each_day_has_one_line_across_pages() -> None:
    read = reader(7)
    for _ in range(4):
        read.append(2)
    lines = lines_of(read.paged)
    assert lines == with_days(read.rows)
    days = [line.day for line in lines if isinstance(line, DayLine)]
    assert days == sorted(set(days), reverse=True)


def test_without_days_there_are_only_rows() -> None:
    read = reader(5, has_days=False)
    read.append(PAGE)
    assert lines_of(read.paged) == read.rows


def test_a_page_without_rows_only_has_the_place_to_continue() -> None:
    """A search through thousands of rows without a match returns such a page."""
    read = reader(6)
    read.append(3)
    further = read.rows[4].place
    read.paged.append([], further, is_last=False)
    assert (read.paged.size, read.paged.end) == (len(with_days(read.rows[:3])), further)
    read.append(3)
    assert rows_in(lines_of(read.paged)) == [*read.rows[:3], read.rows[5]]
    # Rows in between belong to the last page and appear there if they match later.
    read.paged.forget("r0")
    read.read_missing()
    assert rows_in(lines_of(read.paged)) == read.rows


def test_pages_around_a_line_are_held() -> None:
    read = reader(60 * PAGE, gap=600)
    for _ in range(60):
        read.append(PAGE)
        read.paged.drop_far_from(read.paged.size)
        assert read.paged.held <= PAGES_HELD * PAGE
    assert read.paged.size == len(with_days(read.rows))
    assert lines_of(read.paged)[-1] == read.rows[-1]
    assert read.paged.line(0) is None
    assert read.paged.position_of(read.rows[0].id) is None
    # Back to the top, as after `g`.
    while (page := read.paged.missing(0, 50)) is not None:
        read.reload(page)
        read.paged.drop_far_from(25)
    assert lines_of(read.paged)[:51] == with_days(read.rows)[:51]
    assert read.paged.held <= PAGES_HELD * PAGE


@pytest.mark.parametrize("added", [1, PAGE_LINES - PAGE, PAGE_LINES - PAGE + 1, 3 * PAGE_LINES])
def test_a_page_that_grows_is_split(added: int) -> None:
    read = reader(2 * PAGE)
    read.append(PAGE)
    read.append(PAGE)
    read.add([60] * added)
    read.read_first_page()
    assert lines_of(read.paged) == with_days(read.rows)
    sizes = [len(page.rows or ()) for page in read.paged._pages]
    assert max(sizes) <= PAGE_LINES
    assert sum(sizes) == 2 * PAGE + added
    # Each part can be reloaded separately.
    for number in (0, added, added + PAGE):
        read.paged.forget(read.rows[number].id)
        del read.rows[number]
        read.read_missing()
        assert lines_of(read.paged) == with_days(read.rows)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_an_empty_page_leaves_no_gap(number: int) -> None:
    read = reader(9)
    for _ in range(3):
        read.append(3)
    gone = read.rows[number * 3 : number * 3 + 3]
    del read.rows[number * 3 : number * 3 + 3]
    read.paged.forget(gone[0].id)
    read.read_missing()
    assert lines_of(read.paged) == with_days(read.rows)
    read.add([60])
    read.read_first_page()
    assert lines_of(read.paged) == with_days(read.rows)
    assert read.paged._pages[0].before is None
    assert all(below.before == above.end for above, below in pairwise(read.paged._pages))


def test_older_rows_follow_after_the_only_page_is_gone() -> None:
    read = reader(6)
    read.append(3)
    del read.rows[:3]
    read.read_first_page()
    assert (read.paged.size, read.paged.first_page) == (0, None)
    read.append(3)
    assert lines_of(read.paged) == with_days(read.rows)
    read.add([DAY])
    read.read_first_page()
    assert lines_of(read.paged) == with_days(read.rows)


def test_the_place_of_a_page_is_kept_when_its_last_row_is_deleted() -> None:
    read = reader(6)
    read.append(3)
    read.append(3)
    end = read.rows[2].place
    del read.rows[2]
    read.read_first_page()
    assert read.paged.first_page is not None
    assert read.paged.first_page.end == end
    assert lines_of(read.paged) == with_days(read.rows)


def test_a_dropped_page_changes_nothing() -> None:
    read = reader(6)
    read.append(3)
    gone = read.paged.first_page
    assert gone is not None
    read.read_first_page()
    before = lines_of(read.paged)
    read.paged.replace(gone, [row(NOON + 99 * DAY, 99)])
    assert lines_of(read.paged) == before


def test_rows_of_the_same_second_are_distinguished() -> None:
    read = reader(7, gap=0)
    for _ in range(4):
        read.append(2)
    assert lines_of(read.paged) == [DayLine(day_of(NOON)), *read.rows]
    for each in read.rows:
        position = read.paged.position_of(each.id)
        assert position is not None
        assert read.paged.line(position) == each
