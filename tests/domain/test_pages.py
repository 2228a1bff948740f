"""Cached pages: one run without a gap, for any pages read in any order."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.domain.history import HistoryEntry, HistoryPage
from tracker_tui.domain.pages import (
    LONGEST,
    PageCursor,
    contradicts,
    joined,
    page_of,
    without_older,
)


def entry(number: int) -> HistoryEntry:
    place = PageCursor(number // 3, number)
    return HistoryEntry(str(number), "relative", 0, 1, 0, 0, "1", None, number // 3, "r", place)


def page(rows: Sequence[int], *, is_last: bool = False) -> HistoryPage:
    entries = [entry(number) for number in rows]
    return HistoryPage(entries, entries[-1].place, is_last, entries[-1].at)


def numbers(run: HistoryPage | None) -> list[int]:
    return [int(each.id) for each in run.entries]


class Ledger:
    """A growing history that answers queries with pages."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def write(self, how_many: int) -> None:
        first = self.rows[0] + 1 if self.rows else 1
        self.rows[:0] = range(first + how_many - 1, first - 1, -1)

    def page(self, before: PageCursor | None, limit: int) -> HistoryPage:
        below = [n for n in self.rows if before is None or entry(n).place < before]
        if not below:
            return HistoryPage([], before, is_last=True)
        return page(below[:limit], is_last=len(below) < limit)


def test_pages_that_overlap_are_joined() -> None:
    # A shorter answer hides no rows.
    run = joined(None, page(range(250, 0, -1), is_last=True), page(range(250, 150, -1)))
    assert numbers(run) == [*range(250, 0, -1)]
    assert run.is_last
    # New rows come before cached ones.
    run = joined(None, page(range(250, 100, -1)), page(range(260, 200, -1)))
    assert numbers(run) == [*range(260, 100, -1)]
    assert (run.end, run.is_last) == (entry(101).place, False)
    # Deleted rows are gone.
    run = joined(None, page(range(9, 0, -1), is_last=True), page([9, 7, 6]))
    assert numbers(run) == [9, 7, 6, 5, 4, 3, 2, 1]
    # Rows that may have a gap before them are left out.
    newest = page(range(500, 400, -1))
    assert joined(None, page(range(250, 0, -1), is_last=True), newest) == newest
    assert joined(entry(300).place, newest, page(range(299, 200, -1))) is None
    # A run has a maximum length.
    run = joined(entry(5_000).place, page(range(6_000, 4_999, -1)), page(range(4_999, 1, -1)))
    assert len(run.entries) == LONGEST
    assert (run.end, run.is_last) == (run.entries[-1].place, False)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 25), st.booleans()), max_size=12))
def test_a_run_matches_the_ledger_without_a_gap(steps: list[tuple[int, int, bool]]) -> None:
    ledger, run = Ledger(), None
    for written, limit, goes_on in steps:
        ledger.write(written)
        before = run.end if run is not None and goes_on else None
        run = joined(before, run, ledger.page(before, limit)) or run
        assert run is not None
        held = numbers(run)
        start = ledger.rows.index(held[0]) if held else 0
        assert held == ledger.rows[start : start + len(held)]
        if run.is_last:
            assert held == ledger.rows[start:]
        # All of it can be read again, in pages of any size.
        read: list[int] = []
        place = None
        while (part := page_of(run, place, limit)) is not None and part.entries:
            read += numbers(part)
            place = part.end
        assert read == held


def test_a_page_with_missing_or_different_rows_contradicts_a_run() -> None:
    run, newest, middle = page(range(300, 0, -1)), page(range(305, 200, -1)), entry(201).place
    assert not contradicts(run, None, newest)
    assert not contradicts(run, middle, page(range(200, 100, -1)))
    assert contradicts(run, None, page([*range(305, 250, -1), *range(249, 200, -1)]))
    other = newest.entries[50]._replace(by="deleted-user-x")
    assert contradicts(run, None, newest._replace(entries=[*newest.entries[:50], other]))
    assert not contradicts(run, None, HistoryPage([], None, is_last=True))


def test_a_cut_run_continues_at_the_cut() -> None:
    cut = without_older(page(range(300, 0, -1), is_last=True), entry(201).place)
    assert numbers(cut) == [*range(300, 200, -1)]
    assert (cut.end, cut.is_last) == (entry(201).place, False)
    assert numbers(joined(cut.end, cut, page(range(200, 150, -1)))) == [*range(300, 150, -1)]
