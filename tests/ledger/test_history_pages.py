"""Pages of the history, against a plain-Python model that reads every row."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.applying import NOW
from helpers.build import DEEP_DESERT, HAGGA
from helpers.examples import share
from helpers.history_walk import MEMBERS, RESOURCES, ask_once, walk
from helpers.ledger_under_test import Books, Row, on_both, on_both_with_share
from helpers.records import DAY, history_row, insert_all, moved, replace_all
from tracker_tui.domain.history import EntryKind, HistoryFilter, HistoryPage
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import ALL, Period
from tracker_tui.ledger.history import HistoryQuery

WRITINGS = ["1", "2", "3", "4", "5", "6", "7", "Muad'Dib", "paul", "chani", "Naib", "stilgar"]
WRITINGS += ["Usul", "Gurney", "somebody else", "deleted-user-x", "Würzmeister"]
REASONS = [None, "", "raid", "Würze holen", "WÜRZE", "100% sure", "100 or so", "a_b", "spice a b"]
MOVES = [
    *(moved((10, 15)), moved((15, 10)), moved((5, 5), (0, 7)), moved((5, 5), (7, 0))),
    *(moved((9, 4), (0, 5)), moved((3, 3), (2, 2))),
]
TEXTS = ["", " ", "raid", "WÜRZE", "würze", "Spice", "spice muad", "100%", "%", "_", "a_b", "naib"]
TEXTS += ["paul", "usul", "!?", "nothing of the kind", "deleted", "ürz", "ÜRZ", "gurney ore", "100"]
TEXTS += ["iron_ore", "WÜRZMEISTER water", "ra*?", "raid'--", '[]"raid', "\\zzz", "_%_"]

CHANGE_TYPES = ["relative", "absolute", "transfer", "of the future"]
# Few moments, so that many rows share one
TIMES = [NOW - DAY - 1, NOW - DAY, NOW - 1, NOW, NOW + 5]
PERIODS = [
    ALL,
    Period(name="24h", span=DAY),
    Period(name="since", since=NOW - DAY),
    Period(name="until", until=NOW),
    Period(name="between", since=NOW - DAY, until=NOW),
    Period(name="moment", since=NOW, until=NOW),
]

rows_of_history = st.lists(
    st.builds(
        dict,
        resource_id=st.sampled_from(sorted(RESOURCES)),
        updated_by=st.sampled_from(WRITINGS),
        reason=st.sampled_from(REASONS),
        change_type=st.sampled_from(CHANGE_TYPES),
        created_at=st.sampled_from(TIMES),
        move=st.sampled_from(MOVES),
    ),
    max_size=24,
)
filters = st.builds(
    HistoryFilter,
    text=st.just("") | st.sampled_from(TEXTS),
    resource_id=st.none() | st.sampled_from([*RESOURCES, "gone"]),
    member_id=st.none() | st.sampled_from(WRITINGS),
    kinds=st.just(frozenset()) | st.frozensets(st.sampled_from(EntryKind)),
    location=st.none() | st.sampled_from([HAGGA, DEEP_DESERT]),
    period=st.sampled_from([None, *PERIODS]),
)


# The model


def written_by(member: str) -> set[str]:
    """Return the names under which rows may belong to a member (data contract, "Values")."""
    found = {member}
    for text in {name for m in MEMBERS if m.id == member for name in (m.username, m.nickname)}:
        called = [m for m in MEMBERS if text in (m.username, m.nickname)]
        if text and len(called) == 1 and all(m.id != text for m in MEMBERS):
            found.add(text)
    return found


def kind_of(row: Row) -> str:
    if row["change_type"] in ("transfer", "absolute"):
        return {"transfer": "transfer", "absolute": "set"}[row["change_type"]]
    change = row["change_amount_hagga"] + row["change_amount_deep_desert"]
    return "removed" if change < 0 else "added"


def is_at(row: Row, location: str) -> bool:
    hagga, deep_desert = row["change_amount_hagga"], row["change_amount_deep_desert"]
    if not hagga and not deep_desert:
        return True
    return bool(hagga if location == "hagga" else deep_desert)


def words_in(row: Row) -> str:
    names = {m.id: m.nickname or m.username for m in MEMBERS}
    by = row["updated_by"]
    texts = [row["reason"] or "", by, names.get(by, ""), RESOURCES[row["resource_id"]]]
    return "\n".join(texts).lower()


def is_within(row: Row, period: Period) -> bool:
    at = row["created_at"]
    return (
        (period.span is None or at >= NOW - period.span)
        and (period.since is None or at >= period.since)
        and (period.until is None or at < period.until)
    )


def passes(row: Row, chosen: HistoryFilter) -> bool:
    words = "".join(c if c.isalnum() else " " for c in chosen.text.lower()).split()
    return (
        is_within(row, chosen.period or ALL)
        and chosen.resource_id in (None, row["resource_id"])
        and (chosen.member_id is None or row["updated_by"] in written_by(chosen.member_id))
        and (not chosen.kinds or kind_of(row) in chosen.kinds)
        and (chosen.location is None or is_at(row, chosen.location))
        and all(word in words_in(row) for word in words)
    )


def newest_first(rows: list[Row]) -> list[Row]:
    """Return rows, inserted in this order, by (created_at, rowid) descending."""
    places = {id(row): number for number, row in enumerate(rows)}
    return sorted(rows, key=lambda row: (row["created_at"], places[id(row)]), reverse=True)


def looked_at(
    rows: list[Row], chosen: HistoryFilter, page: HistoryPage, before: PageCursor | None
) -> int:
    """Return how many rows a request looked at through the index of its filter."""
    found = HistoryFilter(
        resource_id=chosen.resource_id,
        member_id=chosen.member_id if chosen.resource_id is None else None,
        period=chosen.period,
    )
    places = [(row["created_at"], number) for number, row in enumerate(rows, 1)]
    return sum(
        passes(row, found)
        and (before is None or place < before)
        and (page.end is None or place >= page.end)
        for row, place in zip(rows, places, strict=True)
    )


# The tests


Drawn = list[dict[str, Any]]


def fill(books: Books, drawn: Drawn) -> list[Row]:
    """Replace the history with these rows; return them completed."""
    rows = [
        history_row(f"h{number}", **{k: v for k, v in each.items() if k != "move"}, **each["move"])
        for number, each in enumerate(drawn)
    ]
    replace_all(books, {"resource_history": rows})
    return rows


@on_both_with_share
def test_all_pages_together_match_the_model(
    guild: Books, look_at: Callable[[int], None], examples: float
) -> None:
    @share(examples)
    @given(rows_of_history, filters, st.integers(1, 5), st.sampled_from([3, 5_000]))
    def check(drawn: Drawn, chosen: HistoryFilter, limit: int, searched: int) -> None:
        look_at(searched)
        rows = fill(guild, drawn)
        walked = walk(guild, chosen, limit)
        expected = [row["id"] for row in newest_first(rows) if passes(row, chosen)]
        assert walked.ids == expected
        for page, before in zip(walked.pages, walked.befores, strict=True):
            assert len(page.entries) <= limit
            # The last page does not report the rows after its last match.
            if not chosen.is_indexed and not page.is_last:
                assert looked_at(rows, chosen, page, before) <= searched
        # A page is read again by its two ends.
        look_at(5_000)
        for page, before in zip(walked.pages, walked.befores, strict=True):
            if page.end is not None and page.end != before:
                again = HistoryQuery(filter=chosen, before=before, down_to=page.end, limit=limit)
                assert ask_once(guild, again).entries == page.entries

    check()


@on_both
def test_each_filter_alone_matches_the_model(guild: Books) -> None:
    columns = [cycle(each) for each in (sorted(RESOURCES), WRITINGS, REASONS, TIMES)]
    names = ("resource_id", "updated_by", "reason", "created_at")
    drawn = [
        {"change_type": change_type, "move": move}
        | {name: next(values) for name, values in zip(names, columns, strict=True)}
        for change_type, move in product(CHANGE_TYPES * 2, MOVES)
    ]
    rows = newest_first(fill(guild, drawn))
    for chosen in (
        *(HistoryFilter(kinds=frozenset([kind])) for kind in EntryKind),
        *(HistoryFilter(location=location) for location in (HAGGA, DEEP_DESERT)),
        *(HistoryFilter(resource_id=resource_id) for resource_id in RESOURCES),
        *(HistoryFilter(member_id=member) for member in WRITINGS),
        *(HistoryFilter(resource_id="spice", member_id=member) for member in WRITINGS),
        *(HistoryFilter(text=text) for text in TEXTS),
        *(HistoryFilter(period=period) for period in PERIODS),
    ):
        expected = [row["id"] for row in rows if passes(row, chosen)]
        assert walk(guild, chosen, 50).ids == expected, chosen


@pytest.fixture
def ten(guild: Books) -> Books:
    """Ten entries of Spice, h9 the newest, one a second."""
    rows = [history_row(f"h{n}", created_at=NOW - 100 + n) for n in range(10)]
    insert_all(guild, "resource_history", rows)
    return guild


def test_a_full_page_may_be_followed_by_an_empty_one(ten: Books) -> None:
    page = ten.ledger.ask(HistoryQuery(limit=3))
    assert (page.looked_back_to, page.end) == (NOW - 93, PageCursor(NOW - 93, 8))
    whole = ten.ledger.ask(HistoryQuery(limit=10))
    assert (len(whole.entries), whole.is_last) == (10, False)
    behind = ten.ledger.ask(HistoryQuery(before=whole.end, limit=10))
    assert behind == HistoryPage([], whole.end, is_last=True)
    ten.run("DELETE FROM resource_history")
    assert ten.ledger.ask(HistoryQuery()) == HistoryPage([], None, is_last=True)


def test_entries_that_were_deleted_or_added_when_a_page_is_read_again(ten: Books) -> None:
    first = ten.ledger.ask(HistoryQuery(limit=4))
    second = ten.ledger.ask(HistoryQuery(before=first.end, limit=4))
    ten.ledger.delete_entry("h4")
    again = ten.ledger.ask(HistoryQuery(before=first.end, down_to=second.end, limit=4))
    assert [entry.id for entry in again.entries] == ["h5", "h3", "h2"]
    # The deleted entry was the end of the page; its place remains.
    ten.ledger.delete_entry("h2")
    again = ten.ledger.ask(HistoryQuery(before=first.end, down_to=second.end, limit=4))
    assert [entry.id for entry in again.entries] == ["h5", "h3"]
    # Added entries are on the first page when it is read again.
    first = ten.ledger.ask(HistoryQuery(limit=3))
    insert_all(ten, "resource_history", [history_row("new", created_at=NOW)])
    again = ten.ledger.ask(HistoryQuery(down_to=first.end, limit=100))
    assert [entry.id for entry in again.entries] == ["new", "h9", "h8", "h7"]
    # The limit cuts the page before its old end; the next page has the rest.
    cut = ten.ledger.ask(HistoryQuery(down_to=first.end, limit=3))
    assert [entry.id for entry in cut.entries] == ["new", "h9", "h8"]
    assert not cut.is_last


# Hostile rows

HOSTILE_TIMES = ["yesterday", "", b"\x00\xff", b"", NOW + 0.5, NOW * 1000, -5, 0, 2**63 - 1]
HOSTILE_TIMES += [-(2**63), 1e300, -1e300, NOW]
hostile_rows = st.lists(
    st.builds(
        dict,
        created_at=st.sampled_from(HOSTILE_TIMES),
        previous_quantity_hagga=st.sampled_from([0, "many", b"\xff", 1.5, 2**63 - 1, -(2**63)]),
        new_quantity_deep_desert=st.sampled_from([0, "", "12 apples", 1e300, -(2**63)]),
        change_type=st.sampled_from(["relative", "", "of the future", "Transfer"]),
        updated_by=st.sampled_from(["", "1", "\x1b[2J", "Naib"]),
        reason=st.sampled_from([None, "", "raid", "\u202e", "x" * 5000]),
    ),
    max_size=12,
)


@on_both_with_share
def test_paging_over_hostile_rows_ends_and_misses_no_row_with_a_time(
    guild: Books, look_at: Callable[[int], None], examples: float
) -> None:
    timeless = [{"created_at": time} for time in HOSTILE_TIMES]

    @share(examples)
    @given(hostile_rows, filters, st.integers(1, 4), st.sampled_from([4, 5_000]))
    @example(timeless, HistoryFilter(), 1, 4)
    @example(timeless, HistoryFilter(text="spice"), 1, 4)
    @example(timeless, HistoryFilter(text="spice"), 1, 5_000)
    def check(drawn: Drawn, chosen: HistoryFilter, limit: int, searched: int) -> None:
        look_at(searched)
        rows = [history_row(f"h{number}", **each) for number, each in enumerate(drawn)]
        replace_all(guild, {"resource_history": rows})
        found = walk(guild, chosen, limit).ids
        assert len(set(found)) == len(found)
        everything = walk(guild, HistoryFilter(), limit).ids
        timed = {row["id"] for row in rows if isinstance(row["created_at"], int | float)}
        assert timed <= set(everything)

    check()


@on_both
def test_an_infinite_time_is_a_place_like_any_other(guild: Books) -> None:
    """A server may store infinity, but does not accept it as a value."""
    insert_all(guild, "resource_history", [history_row(f"h{n}") for n in range(4)])
    guild.run("UPDATE resource_history SET created_at = 9e999 WHERE id IN ('h0', 'h1')")
    guild.run("UPDATE resource_history SET created_at = -9e999 WHERE id = 'h2'")
    for text in ("", "spice"):
        chosen = HistoryFilter(text=text)
        assert walk(guild, chosen, 1).ids == walk(guild, chosen, 9).ids == ["h1", "h0", "h3", "h2"]
        whole = guild.ledger.ask(HistoryQuery(filter=chosen))
        again = guild.ledger.ask(HistoryQuery(filter=chosen, down_to=whole.end))
        assert again.entries == whole.entries


@on_both
def test_hostile_values_are_shown_as_plain_ones(guild: Books) -> None:
    rows = [
        history_row(f"h{number}", created_at=at, new_quantity_hagga="many", updated_by="")
        for number, at in enumerate(HOSTILE_TIMES)
    ]
    insert_all(guild, "resource_history", rows)
    entries = guild.ledger.ask(HistoryQuery()).entries
    assert len(entries) == len(rows)
    for entry in entries:
        assert {type(value) for value in entry[2:6]} == {int}
        assert (type(entry.at), type(entry.by), entry.hagga) == (int, str, 0)
    milliseconds = next(e for e in entries if e.id == f"h{HOSTILE_TIMES.index(NOW * 1000)}")
    assert milliseconds.at == NOW


def test_rows_without_an_id_or_of_no_resource_are_read(guild: Books) -> None:
    """A server checks references; and the founding schema allows an id of NULL."""
    rows = [
        history_row("gone", resource_id="gone"),
        {**history_row("x"), "id": None},
        {**history_row("y"), "id": None, "reason": None},
    ]
    insert_all(guild, "resource_history", rows)
    entries = guild.ledger.ask(HistoryQuery()).entries
    assert [entry.resource_id for entry in entries] == ["spice", "spice", "gone"]
    assert len(walk(guild, HistoryFilter(kinds=frozenset(EntryKind)), 1).pages) >= 3
    # A filter by an id that is empty shows nothing else.
    assert walk(guild, HistoryFilter(resource_id=""), 5).ids == []
    assert walk(guild, HistoryFilter(member_id=""), 5).ids == []
