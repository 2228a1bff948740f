"""Pages of the history, against a plain-Python model that reads every row."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from helpers.applying import NOW
from helpers.build import DEEP_DESERT, HAGGA
from helpers.examples import share
from helpers.ledger_under_test import Books, MakeLedger, Row
from helpers.records import (
    DAY,
    Known,
    add_members,
    history_row,
    insert_all,
    moved,
    replace_all,
    resource_row,
    user_rows,
)
from tracker_tui.db.remote import RemoteLedgerDatabase
from tracker_tui.domain.history import EntryKind, HistoryFilter, HistoryPage
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import ALL, Period
from tracker_tui.ledger import history
from tracker_tui.ledger.history import HistoryQuery

MEMBERS = [
    Known("1", "paul", "Muad'Dib"),
    Known("2", "chani"),
    # Two members are called Naib, so a row under that name has no owner.
    Known("3", "stilgar", "Naib"),
    Known("4", "jamis", "Naib"),
    Known("5", "Usul", ""),
    # The name of this one is the id of another.
    Known("6", "1", "Gurney"),
    Known("7", "Würzmeister"),
]
RESOURCES = {"spice": "Spice", "water": "Water", "wuerze": "Würze", "ore": "100_Iron% ore"}
WRITINGS = ["1", "2", "3", "4", "5", "6", "7", "Muad'Dib", "paul", "chani", "Naib", "stilgar"]
WRITINGS += ["Usul", "Gurney", "somebody else", "deleted-user-x"]
REASONS = [None, "", "raid", "Würze holen", "WÜRZE", "100% sure", "100 or so", "a_b", "spice a b"]
MOVES = [
    moved((10, 15)),
    moved((15, 10)),
    moved((5, 5), (0, 7)),
    moved((5, 5), (7, 0)),
    moved((9, 4), (0, 5)),
    moved((3, 3), (2, 2)),
]
TEXTS = ["", " ", "raid", "WÜRZE", "würze", "Spice", "spice muad", "100%", "%", "_", "a_b", "naib"]
TEXTS += ["paul", "usul", "!?", "nothing of the kind", "deleted"]

rows_of_history = st.lists(
    st.builds(
        dict,
        resource_id=st.sampled_from(sorted(RESOURCES)),
        updated_by=st.sampled_from(WRITINGS),
        reason=st.sampled_from(REASONS),
        change_type=st.sampled_from(["relative", "absolute", "transfer", "of the future"]),
        # Few moments, so that many rows share one.
        created_at=st.sampled_from([NOW - DAY - 1, NOW - DAY, NOW - 1, NOW, NOW + 5]),
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
    period=st.sampled_from(
        [
            None,
            ALL,
            Period(name="24h", span=DAY),
            Period(name="since", since=NOW - DAY),
            Period(name="until", until=NOW),
            Period(name="between", since=NOW - DAY, until=NOW),
            Period(name="moment", since=NOW, until=NOW),
        ]
    ),
)


class Walk(NamedTuple):
    """All pages of one filter."""

    pages: list[HistoryPage]
    befores: list[PageCursor | None]

    @property
    def ids(self) -> list[str]:
        return [entry.id for page in self.pages for entry in page.entries]


def walk(books: Books, chosen: HistoryFilter, limit: int, at_most: int = 200) -> Walk:
    """Read all pages; each is one request."""
    pages: list[HistoryPage] = []
    befores: list[PageCursor | None] = []
    before = None
    while not pages or not pages[-1].is_last:
        assert len(pages) < at_most, "paging never ends"
        befores.append(before)
        with one_request(books):
            pages.append(books.ledger.ask(HistoryQuery(filter=chosen, before=before, limit=limit)))
        before = pages[-1].end
    return Walk(pages, befores)


class one_request:  # noqa: N801 - reads as what it is: with one_request(...)
    """Check that a block sends one request, if the database is on a server."""

    def __init__(self, books: Books) -> None:
        self._database = books.database

    def _count(self) -> int:
        is_remote = isinstance(self._database, RemoteLedgerDatabase)
        return self._database.traffic.requests if is_remote else 0

    def __enter__(self) -> None:
        self._before = self._count()

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None and isinstance(self._database, RemoteLedgerDatabase):
            assert self._count() == self._before + 1


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


@pytest.fixture
def guild(make_ledger: MakeLedger) -> Books:
    """Members and resources, and no history."""
    books = make_ledger(clock=lambda: NOW)
    add_members(books, *MEMBERS)
    resources = [resource_row(key, name=name) for key, name in RESOURCES.items()]
    insert_all(books, "resources", resources)
    return books


@pytest.fixture
def look_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set how many rows a request may look at."""
    return lambda searched: monkeypatch.setattr(history, "SEARCHED", searched)


def fill(books: Books, drawn: list[dict[str, Any]]) -> list[Row]:
    """Replace the history with these rows; return them completed."""
    rows = [
        history_row(f"h{number}", **{k: v for k, v in each.items() if k != "move"}, **each["move"])
        for number, each in enumerate(drawn)
    ]
    replace_all(books, {"resource_history": rows})
    return rows


def ids(rows: list[Row]) -> list[str]:
    return [row["id"] for row in rows]


@pytest.mark.parametrize("searched", [3, 5_000])
@pytest.mark.parametrize(
    ("empty_database", "examples"), [("file", 1), ("server", 0.1)], indirect=["empty_database"]
)
def test_all_pages_together_match_the_model(
    guild: Books, look_at: Callable[[int], None], examples: float, searched: int
) -> None:
    look_at(searched)

    @share(examples)
    @given(rows_of_history, filters, st.integers(1, 5))
    def check(drawn: list[dict[str, Any]], chosen: HistoryFilter, limit: int) -> None:
        rows = fill(guild, drawn)
        walked = walk(guild, chosen, limit)
        assert walked.ids == ids([row for row in newest_first(rows) if passes(row, chosen)])
        assert all(len(page.entries) <= limit for page in walked.pages)
        if not chosen.is_indexed:
            for page, before in zip(walked.pages, walked.befores, strict=True):
                # The last page does not report the rows after its last match.
                assert page.is_last or looked_at(rows, chosen, page, before) <= searched

    check()


@pytest.mark.parametrize(
    ("empty_database", "examples"), [("file", 1), ("server", 0.1)], indirect=["empty_database"]
)
def test_a_page_is_read_again_by_its_two_ends(guild: Books, examples: float) -> None:
    @share(examples)
    @given(rows_of_history, filters, st.integers(1, 5))
    def check(drawn: list[dict[str, Any]], chosen: HistoryFilter, limit: int) -> None:
        fill(guild, drawn)
        walked = walk(guild, chosen, limit)
        for page, before in zip(walked.pages, walked.befores, strict=True):
            if page.end is None or page.end == before:
                continue
            with one_request(guild):
                again = guild.ledger.ask(
                    HistoryQuery(filter=chosen, before=before, down_to=page.end, limit=limit)
                )
            assert again.entries == page.entries

    check()


@pytest.fixture
def ten(guild: Books) -> Books:
    """Ten entries of Spice, h9 the newest, one a second."""
    rows = [history_row(f"h{n}", created_at=NOW - 100 + n) for n in range(10)]
    insert_all(guild, "resource_history", rows)
    return guild


def test_an_empty_history_has_one_page(guild: Books) -> None:
    assert guild.ledger.ask(HistoryQuery()) == HistoryPage([], None, is_last=True)


def test_a_full_page_may_be_followed_by_an_empty_one(ten: Books) -> None:
    whole = ten.ledger.ask(HistoryQuery(limit=10))
    assert (len(whole.entries), whole.is_last) == (10, False)
    behind = ten.ledger.ask(HistoryQuery(before=whole.end, limit=10))
    assert behind == HistoryPage([], whole.end, is_last=True)


def test_a_page_says_how_far_back_it_goes(ten: Books) -> None:
    page = ten.ledger.ask(HistoryQuery(limit=3))
    assert (page.looked_back_to, page.end) == (NOW - 93, PageCursor(NOW - 93, 8))


def test_deleted_entries_are_gone_when_a_page_is_read_again(ten: Books) -> None:
    first = ten.ledger.ask(HistoryQuery(limit=4))
    second = ten.ledger.ask(HistoryQuery(before=first.end, limit=4))
    ten.ledger.delete_entry("h4")
    again = ten.ledger.ask(HistoryQuery(before=first.end, down_to=second.end, limit=4))
    assert [entry.id for entry in again.entries] == ["h5", "h3", "h2"]
    # The deleted entry was the end of the page; its place remains.
    ten.ledger.delete_entry("h2")
    again = ten.ledger.ask(HistoryQuery(before=first.end, down_to=second.end, limit=4))
    assert [entry.id for entry in again.entries] == ["h5", "h3"]


def test_added_entries_are_on_the_first_page_when_it_is_read_again(ten: Books) -> None:
    first = ten.ledger.ask(HistoryQuery(limit=3))
    insert_all(ten, "resource_history", [history_row("new", created_at=NOW)])
    again = ten.ledger.ask(HistoryQuery(down_to=first.end, limit=100))
    assert [entry.id for entry in again.entries] == ["new", "h9", "h8", "h7"]
    # The limit cuts the page before its old end; the next page has the rest.
    cut = ten.ledger.ask(HistoryQuery(down_to=first.end, limit=3))
    assert [entry.id for entry in cut.entries] == ["new", "h9", "h8"]
    assert not cut.is_last


def test_rows_committed_late_with_an_earlier_time_are_in_their_place(ten: Books) -> None:
    insert_all(ten, "resource_history", [history_row("late", created_at=NOW - 95)])
    assert walk(ten, HistoryFilter(), 3).ids[:6] == ["h9", "h8", "h7", "h6", "late", "h5"]


def test_new_rows_do_not_shift_pages(ten: Books) -> None:
    seen: list[str] = []
    before = None
    for number in count():
        page = ten.ledger.ask(HistoryQuery(before=before, limit=3))
        seen += [entry.id for entry in page.entries]
        before = page.end
        if page.is_last:
            break
        insert_all(ten, "resource_history", [history_row(f"new{number}", created_at=NOW)])
    assert seen == [f"h{number}" for number in range(9, -1, -1)]


class TestWhoseRowsTheyAre:
    @pytest.fixture
    def written(self, guild: Books) -> Books:
        rows = [history_row(text, updated_by=text) for text in WRITINGS]
        insert_all(guild, "resource_history", rows)
        return guild

    def test_names_count_where_exactly_one_member_has_them(self, written: Books) -> None:
        owned = {
            "1": {"1", "Muad'Dib", "paul"},
            "2": {"2", "chani"},
            "3": {"3", "stilgar"},
            "4": {"4"},
            "5": {"5", "Usul"},
            "6": {"6", "Gurney"},
            "somebody else": {"somebody else"},
            # A name from an old row, not an id.
            "Naib": {"Naib"},
            "unknown": set(),
        }
        for member, theirs in owned.items():
            for chosen in (
                HistoryFilter(member_id=member),
                HistoryFilter(member_id=member, resource_id="spice"),
            ):
                found = written.ledger.ask(HistoryQuery(filter=chosen)).entries
                assert len(found) == len(theirs), chosen
                assert {entry.by for entry in found} == theirs, chosen

    def test_a_name_that_two_members_share_belongs_to_neither(self, written: Books) -> None:
        insert_all(written, "users", [{**user_rows([Known("8", "chani")])[0], "id": "new"}])
        assert walk(written, HistoryFilter(member_id="2"), 9).ids == ["2"]


class TestSearching:
    @pytest.fixture
    def hundred(self, guild: Books) -> Books:
        """A hundred entries, of which every tenth has a reason; h99 is the newest."""
        rows = [
            history_row(f"h{n}", created_at=NOW + n, reason=None if n % 10 else "raid")
            for n in range(100)
        ]
        insert_all(guild, "resource_history", rows)
        return guild

    def test_a_request_looks_at_no_more_rows_than_it_may(
        self, hundred: Books, look_at: Callable[[int], None]
    ) -> None:
        look_at(5)
        with one_request(hundred):
            page = hundred.ledger.ask(HistoryQuery(filter=HistoryFilter(text="raid")))
        assert page == HistoryPage([], PageCursor(NOW + 95, 96), False, NOW + 95)
        with one_request(hundred):
            query = HistoryQuery(filter=HistoryFilter(text="raid"), before=page.end)
            page = hundred.ledger.ask(query)
        assert [entry.id for entry in page.entries] == ["h90"]
        assert (page.end, page.is_last) == (PageCursor(NOW + 90, 91), False)

    def test_searching_on_and_on_finds_everything_and_ends(
        self, hundred: Books, look_at: Callable[[int], None]
    ) -> None:
        look_at(7)
        walked = walk(hundred, HistoryFilter(text="raid"), 3)
        assert walked.ids == [f"h{n}" for n in range(90, -1, -10)]
        assert len(walked.pages) == 15

    def test_rows_out_of_the_filters_index_are_not_counted(
        self, hundred: Books, look_at: Callable[[int], None]
    ) -> None:
        look_at(5)
        rows = [history_row(f"w{n}", resource_id="water", reason="raid") for n in range(3)]
        insert_all(hundred, "resource_history", rows)
        chosen = HistoryFilter(text="raid", resource_id="water")
        assert hundred.ledger.ask(HistoryQuery(filter=chosen)).is_last
        assert walk(hundred, chosen, 10).ids == ["w2", "w1", "w0"]

    def test_matches_that_just_fill_a_page_are_known_to_be_the_last(self, hundred: Books) -> None:
        for limit, is_last in ((9, False), (10, True)):
            page = hundred.ledger.ask(HistoryQuery(filter=HistoryFilter(text="raid"), limit=limit))
            assert (len(page.entries), page.is_last) == (limit, is_last)

    def test_a_search_stays_inside_its_period(self, hundred: Books) -> None:
        chosen = HistoryFilter(text="raid", period=Period(name="x", since=NOW + 15, until=NOW + 60))
        assert walk(hundred, chosen, 2).ids == ["h50", "h40", "h30", "h20"]

    def test_wildcards_in_a_text_mean_nothing(self, guild: Books) -> None:
        insert_all(guild, "resource_history", [history_row("plain", reason="for the raid")])
        for text in ("%", "_", "%%", "_%_", "\\", "*?", "'", '"', "--", "[]*"):
            # Without words everything passes.
            assert walk(guild, HistoryFilter(text=text), 5).ids == ["plain"], text
            assert walk(guild, HistoryFilter(text=f"ra{text}"), 5).ids == ["plain"], text
            assert walk(guild, HistoryFilter(text=f"{text}zzz"), 5).ids == [], text

    def test_letters_of_either_case_are_found(self, guild: Books) -> None:
        written = {"a": "Würze", "b": "würze", "c": "WÜRZE", "d": "wuerze", "e": "WAERZE"}
        rows = [history_row(key, reason=f"({text})") for key, text in written.items()]
        insert_all(guild, "resource_history", rows)
        for text in ("Würze", "würze", "WÜRZE", "ürz", "ÜRZ"):
            assert walk(guild, HistoryFilter(text=text), 5).ids == ["c", "b", "a"], text

    @pytest.mark.parametrize("empty_database", ["file"], indirect=True)
    @pytest.mark.parametrize("text", ["Straße", "οδος", "İstanbul"])
    def test_text_with_unusual_case_folding_is_found_as_typed(
        self, guild: Books, text: str
    ) -> None:
        """Folding the case changes some letters into others, and into several."""
        insert_all(guild, "resource_history", [history_row("it", reason=f"to {text} and back")])
        assert walk(guild, HistoryFilter(text=text), 5).ids == ["it"]

    def test_names_of_members_and_resources_are_searched(self, guild: Books) -> None:
        rows = [
            history_row("not it", updated_by="2", resource_id="spice"),
            history_row("sand", updated_by="6", resource_id="ore"),
            history_row("dust", updated_by="7", resource_id="water"),
        ]
        insert_all(guild, "resource_history", rows)
        for text in ("gurney", "Gurn", "iron ORE", "iron_ore", "100", "gurney ore"):
            assert walk(guild, HistoryFilter(text=text), 5).ids == ["sand"], text
        for text in ("WÜRZMEISTER", "würzmeister", "würzmeister water"):
            assert walk(guild, HistoryFilter(text=text), 5).ids == ["dust"], text

    def test_a_text_of_any_length_does_no_harm(self, guild: Books) -> None:
        insert_all(guild, "resource_history", [history_row("plain", reason="for the raid")])
        for text in ("raid " * 2_000, "\ud800", "\0raid", "a\0", "ü" * 30_000, "x" * 60_000):
            assert walk(guild, HistoryFilter(text=text), 5).ids in ([], ["plain"]), text[:10]


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


def hostile(drawn: list[dict[str, Any]]) -> list[Row]:
    return [history_row(f"h{number}", **each) for number, each in enumerate(drawn)]


@pytest.mark.parametrize(
    ("empty_database", "examples"), [("file", 1), ("server", 0.1)], indirect=["empty_database"]
)
@pytest.mark.parametrize("searched", [4, 5_000])
def test_paging_over_hostile_rows_ends_and_misses_no_row_with_a_time(
    guild: Books, look_at: Callable[[int], None], examples: float, searched: int
) -> None:
    look_at(searched)

    @share(examples)
    @given(hostile_rows, filters, st.integers(1, 4))
    @example([{"created_at": time} for time in HOSTILE_TIMES], HistoryFilter(), 1)
    @example([{"created_at": time} for time in HOSTILE_TIMES], HistoryFilter(text="spice"), 1)
    def check(drawn: list[dict[str, Any]], chosen: HistoryFilter, limit: int) -> None:
        rows = hostile(drawn)
        replace_all(guild, {"resource_history": rows})
        found = walk(guild, chosen, limit).ids
        assert len(set(found)) == len(found)
        everything = walk(guild, HistoryFilter(), limit).ids
        timed = {row["id"] for row in rows if isinstance(row["created_at"], int | float)}
        assert timed <= set(everything)

    check()


@pytest.mark.parametrize("text", ["", "spice"])
def test_an_infinite_time_is_a_place_like_any_other(guild: Books, text: str) -> None:
    """A server may store infinity, but does not accept it as a value."""
    insert_all(guild, "resource_history", [history_row(f"h{n}") for n in range(4)])
    guild.run("UPDATE resource_history SET created_at = 9e999 WHERE id IN ('h0', 'h1')")
    guild.run("UPDATE resource_history SET created_at = -9e999 WHERE id = 'h2'")
    chosen = HistoryFilter(text=text)
    assert walk(guild, chosen, 1).ids == walk(guild, chosen, 9).ids == ["h1", "h0", "h3", "h2"]
    whole = guild.ledger.ask(HistoryQuery(filter=chosen))
    again = guild.ledger.ask(HistoryQuery(filter=chosen, down_to=whole.end))
    assert again.entries == whole.entries


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


@pytest.mark.parametrize("empty_database", ["file"], indirect=True)
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


@pytest.mark.parametrize("empty_database", ["file"], indirect=True)
def test_a_filter_by_an_id_that_is_empty_shows_nothing_else(guild: Books) -> None:
    insert_all(guild, "resource_history", [history_row("h")])
    assert walk(guild, HistoryFilter(resource_id=""), 5).ids == []
    assert walk(guild, HistoryFilter(member_id=""), 5).ids == []
