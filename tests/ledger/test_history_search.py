"""Searching the history: words, and the rows that a request looks at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpers.applying import NOW
from helpers.history_walk import ask_once, walk
from helpers.ledger_under_test import Books, on_both
from helpers.records import Known, history_row, insert_all, user_rows
from tracker_tui.domain.history import HistoryFilter, HistoryPage
from tracker_tui.domain.pages import PageCursor
from tracker_tui.ledger.history import HistoryQuery


def test_a_name_that_two_members_share_belongs_to_neither(guild: Books) -> None:
    insert_all(guild, "resource_history", [history_row(n, updated_by=n) for n in ("2", "chani")])
    assert sorted(walk(guild, HistoryFilter(member_id="2"), 9).ids) == ["2", "chani"]
    insert_all(guild, "users", [{**user_rows([Known("8", "chani")])[0], "id": "new"}])
    assert walk(guild, HistoryFilter(member_id="2"), 9).ids == ["2"]


@pytest.fixture
def hundred(guild: Books) -> Books:
    """A hundred entries, of which every tenth has a reason; h99 is the newest."""
    rows = [
        history_row(f"h{n}", created_at=NOW + n, reason=None if n % 10 else "raid")
        for n in range(100)
    ]
    insert_all(guild, "resource_history", rows)
    return guild


@on_both
def test_a_request_looks_at_no_more_rows_than_it_may(
    hundred: Books, look_at: Callable[[int], None]
) -> None:
    raid = HistoryFilter(text="raid")
    look_at(5)
    page = ask_once(hundred, HistoryQuery(filter=raid))
    assert page == HistoryPage([], PageCursor(NOW + 95, 96), False, NOW + 95)
    page = ask_once(hundred, HistoryQuery(filter=raid, before=page.end))
    assert [entry.id for entry in page.entries] == ["h90"]
    assert (page.end, page.is_last) == (PageCursor(NOW + 90, 91), False)
    # Searching on and on finds everything and ends.
    look_at(7)
    walked = walk(hundred, raid, 3)
    assert walked.ids == [f"h{n}" for n in range(90, -1, -10)]
    assert len(walked.pages) == 15


def test_rows_out_of_the_filters_index_are_not_counted(
    hundred: Books, look_at: Callable[[int], None]
) -> None:
    look_at(5)
    rows = [history_row(f"w{n}", resource_id="water", reason="raid") for n in range(3)]
    insert_all(hundred, "resource_history", rows)
    chosen = HistoryFilter(text="raid", resource_id="water")
    assert hundred.ledger.ask(HistoryQuery(filter=chosen)).is_last
    assert walk(hundred, chosen, 10).ids == ["w2", "w1", "w0"]
    # Matches that just fill a page are known to be the last.
    look_at(5_000)
    chosen = HistoryFilter(text="raid", resource_id="spice")
    for limit, is_last in ((9, False), (10, True)):
        page = hundred.ledger.ask(HistoryQuery(filter=chosen, limit=limit))
        assert (len(page.entries), page.is_last) == (limit, is_last)


def test_text_with_unusual_case_folding_is_found_as_typed(guild: Books) -> None:
    """Folding the case changes some letters into others, and into several."""
    texts = ("Straße", "οδος", "İstanbul")
    rows = [history_row(text, reason=f"to {text} and back") for text in texts]
    insert_all(guild, "resource_history", rows)
    for text in texts:
        assert walk(guild, HistoryFilter(text=text), 5).ids == [text]


@on_both
def test_a_text_of_any_length_does_no_harm(guild: Books) -> None:
    insert_all(guild, "resource_history", [history_row("plain", reason="for the raid")])
    for text in ("raid " * 2_000, "\ud800", "\0raid", "a\0", "ü" * 30_000, "x" * 60_000):
        assert walk(guild, HistoryFilter(text=text), 5).ids in ([], ["plain"]), text[:10]
