"""Pages kept on this machine: so many, the newest, and none that makes no sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.build import PLAYER
from helpers.wild import ask
from tracker_tui.domain.activity import (
    Activity,
    CategoryTotal,
    DayPoints,
    MemberPoints,
    ResourceActivity,
)
from tracker_tui.domain.history import EntryKind, HistoryEntry, HistoryFilter, HistoryPage
from tracker_tui.domain.leaderboard import Contribution, ContributionPage, Leaderboard, Ranking
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import PERIODS, Period
from tracker_tui.domain.quantities import Location
from tracker_tui.domain.quantity_series import DayLevel, Level, QuantitySeries, Share
from tracker_tui.errors import LocalFileDamaged
from tracker_tui.ledger.activity import ActivityQuery, MemberPointsQuery
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.leaderboard import (
    ContributionsQuery,
    LeaderboardQuery,
)
from tracker_tui.ledger.quantity_series import DailyLevelsQuery, QuantitySeriesQuery
from tracker_tui.ledger.refresh import Query
from tracker_tui.sync.cached_answers import KEPT_AT_MOST, PAGES_NAME, AnswerStore, CachedAnswer
from tracker_tui.sync.store import Store, StoreLocation

SOME = CachedAnswer(1.0, b"[]")


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / PAGES_NAME


@pytest.fixture
def pages(path: Path) -> Iterator[AnswerStore]:
    pages = AnswerStore(path)
    yield pages
    pages.close()


def kept(path: Path) -> set[str]:
    return {key for (key,) in ask(path, "SELECT key FROM pages")}


def test_a_page_is_kept_as_it_was_written(pages: AnswerStore) -> None:
    page = CachedAnswer(1_700_000_000.25, b"\x00[1, \xc3\xbc]")
    pages.keep("history all", page)
    assert pages.page("history all") == page
    assert pages.page("history 7d") is None
    assert pages.page("") is None


def test_the_next_answer_takes_the_place_of_the_last(pages: AnswerStore, path: Path) -> None:
    pages.keep("history all", SOME)
    pages.keep("history all", CachedAnswer(2.0, b"[2]"))
    assert pages.page("history all") == CachedAnswer(2.0, b"[2]")
    assert kept(path) == {"history all"}


def test_the_newest_are_kept_and_no_more_than_so_many(pages: AnswerStore, path: Path) -> None:
    # Written in an order that is not that of their times.
    times = [(number * 37) % (KEPT_AT_MOST + 20) for number in range(KEPT_AT_MOST + 20)]
    for at in times:
        pages.keep(f"page {at}", CachedAnswer(float(at), b"x" * 100))
        assert len(kept(path)) <= KEPT_AT_MOST
    assert kept(path) == {f"page {at}" for at in range(20, KEPT_AT_MOST + 20)}


def test_a_page_that_is_read_anew_is_new(pages: AnswerStore, path: Path) -> None:
    for number in range(KEPT_AT_MOST):
        pages.keep(f"page {number}", CachedAnswer(float(number), b""))
    pages.keep("page 0", CachedAnswer(1_000.0, b""))
    pages.keep("another", CachedAnswer(1_001.0, b""))
    assert kept(path) == {"another", *(f"page {n}" for n in range(KEPT_AT_MOST) if n != 1)}


def test_pages_outlive_the_program_and_are_shared(pages: AnswerStore, path: Path) -> None:
    pages.keep("mine", SOME)
    other = AnswerStore(path)
    assert other.page("mine") == SOME
    other.keep("theirs", SOME)
    other.close()
    assert pages.page("theirs") == SOME


def test_a_file_that_was_taken_away_is_made_anew(pages: AnswerStore, path: Path) -> None:
    pages.keep("before", SOME)
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    pages.keep("after", SOME)
    assert kept(path) == {"after"}


# The store: what befalls the pages is told, and stops nothing


class Shop:
    """Opens stores of one folder, and keeps what they tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[str] = []
        self.opened: list[Store] = []

    def open(self, *, has_replica: bool = True) -> Store:
        site = StoreLocation(self.folder, PLAYER, "guild.turso.io", has_replica)
        self.opened.append(Store(site, self.told.append))
        return self.opened[-1]


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    shop = Shop(folder)
    yield shop
    for store in shop.opened:
        store.close()


def as_it_is(page: CachedAnswer) -> CachedAnswer:
    return page


def makes_no_sense(page: CachedAnswer) -> CachedAnswer:
    raise LocalFileDamaged("A page of the history makes no sense.")


def asides(folder: Path) -> list[Path]:
    found = folder.glob(f"{PAGES_NAME}.damaged-*")
    return [path for path in found if not path.name.endswith(("-wal", "-shm"))]


def assert_serves_again(store: Store) -> None:
    store.keep_page("new", SOME)
    assert store.page("new", as_it_is) == SOME


@pytest.mark.parametrize("garbage", [b"garbage" * 2_000, b"SQLite format 3\0" + b"\1" * 500])
@pytest.mark.parametrize("use", ["read", "write"])
def test_a_file_of_garbage_is_set_aside_and_told(
    shop: Shop, folder: Path, garbage: bytes, use: str
) -> None:
    folder.mkdir(parents=True)
    (folder / PAGES_NAME).write_bytes(garbage)
    store = shop.open()
    if use == "read":
        assert store.page("new", as_it_is) is None
    else:
        store.keep_page("new", SOME)
    (told,) = shop.told
    (aside,) = asides(folder)
    assert str(aside) in told
    assert "history" in told
    assert aside.read_bytes() == garbage
    assert_serves_again(store)
    assert len(shop.told) == 1


def test_a_page_that_makes_no_sense_is_set_aside_with_all_others(shop: Shop, folder: Path) -> None:
    store = shop.open()
    store.keep_page("one", SOME)
    store.keep_page("other", SOME)
    assert store.page("one", makes_no_sense) is None
    assert len(asides(folder)) == len(shop.told) == 1
    assert store.page("other", as_it_is) is None
    assert_serves_again(store)


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE pages SET at = NULL",
        "UPDATE pages SET at = 'yesterday'",
        "UPDATE pages SET document = NULL",
        "UPDATE pages SET document = 'text'",
        "UPDATE pages SET document = -1",
        "PRAGMA user_version = 77",
    ],
)
def test_a_file_that_others_spoilt_is_made_anew(shop: Shop, folder: Path, spoil: str) -> None:
    store = shop.open()
    store.keep_page("one", SOME)
    store.close()
    ask(folder / PAGES_NAME, spoil)
    store = shop.open()
    assert store.page("one", as_it_is) is None
    assert len(shop.told) == 1
    assert_serves_again(store)


def test_a_file_without_its_table_stops_nothing(shop: Shop, folder: Path) -> None:
    store = shop.open()
    store.keep_page("one", SOME)
    ask(folder / PAGES_NAME, "DROP TABLE pages")
    assert store.page("one", as_it_is) is None
    store.keep_page("one", SOME)
    assert shop.told


def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(
    shop: Shop, folder: Path
) -> None:
    folder.mkdir(parents=True)
    # What belongs to a file stands in the way of it.
    (folder / PAGES_NAME).mkdir()
    store = shop.open()
    store.keep_page("one", SOME)
    assert store.page("one", as_it_is) is None
    assert shop.told
    assert all(PAGES_NAME in told for told in shop.told)


def test_a_database_in_a_file_keeps_no_pages(shop: Shop, folder: Path) -> None:
    store = shop.open(has_replica=False)
    assert not store.keeps_pages
    assert store.page("one", as_it_is) is None
    assert not (folder / PAGES_NAME).exists()


def test_damage_leaves_the_outbox_and_the_replica_alone(shop: Shop, folder: Path) -> None:
    store = shop.open()
    store.keep_page("one", SOME)
    before = sorted(path.name for path in folder.iterdir() if PAGES_NAME not in path.name)
    assert store.page("one", makes_no_sense) is None
    after = sorted(path.name for path in folder.iterdir() if PAGES_NAME not in path.name)
    assert after == before


# Answers, written down and read again

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
whole = st.integers(-(2**63), 2**63 - 1)
numbers = st.floats(allow_nan=False, allow_infinity=False)
cursors = st.builds(PageCursor, whole | numbers | texts, whole)
any_cursor = st.none() | cursors
entries = st.builds(
    HistoryEntry, *[texts, texts], *[whole] * 4, texts, st.none() | texts, whole, texts, cursors
)
contributions = st.builds(
    Contribution, texts, texts, whole, *[numbers] * 4, *[texts] * 3, whole, cursors
)
rankings = st.builds(
    Ranking, whole, texts, texts, numbers, whole, st.floats(0, 1), st.none() | whole
)


def few(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, max_size=3)


ANSWERS: dict[type[Query[Any]], st.SearchStrategy[Any]] = {
    HistoryQuery: st.builds(
        HistoryPage, few(entries), any_cursor, st.booleans(), st.none() | whole
    ),
    ContributionsQuery: st.builds(ContributionPage, few(contributions), any_cursor, st.booleans()),
    LeaderboardQuery: st.builds(Leaderboard, few(rankings), st.booleans()),
    MemberPointsQuery: st.builds(
        MemberPoints,
        few(st.builds(CategoryTotal, texts, numbers, whole)),
        few(st.builds(DayPoints, whole, numbers)),
    ),
    QuantitySeriesQuery: st.builds(
        QuantitySeries,
        whole,
        whole,
        few(st.builds(Level, whole, whole, whole)),
        few(st.builds(Share, texts, whole, whole)),
        few(entries).map(tuple),
    ),
    DailyLevelsQuery: few(st.builds(DayLevel, texts, whole, whole, whole)),
    ActivityQuery: st.builds(
        Activity,
        numbers,
        whole,
        few(st.builds(ResourceActivity, texts, whole, whole, whole)),
        few(whole),
        whole,
    ),
}


@pytest.mark.parametrize("question", ANSWERS, ids=lambda q: q.__name__)
def test_an_answer_is_read_as_it_was_written(question: type[Query[Any]]) -> None:
    @settings(max_examples=40)
    @given(ANSWERS[question])
    def check(answer: Any) -> None:
        document = msgspec.json.encode(answer)
        read = msgspec.json.decode(document, type=question.answer_type())
        assert read == answer
        # A time of 1.0 is not one of 1: the ledger is asked for rows by what it stores.
        assert repr(read) == repr(answer)

    check()


# Keys

few_texts = st.sampled_from(["", "a", "b", "None", "a b", "a', 'b", "('a',)", "added,set", "7d"])
periods = st.sampled_from([*PERIODS, Period("a..", None, 5), Period("b..", None, 6)])
wishes = st.builds(
    HistoryFilter,
    few_texts,
    st.none() | few_texts,
    st.none() | few_texts,
    st.frozensets(st.sampled_from(EntryKind)),
    st.none() | st.sampled_from(Location),
    periods,
)
# All pages of a list are kept together: their ends and their length tell nothing apart.
anywhere = st.none()
length = st.just(100)
zones = st.none() | st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")])
QUESTIONS: dict[type[Query[Any]], st.SearchStrategy[Any]] = {
    HistoryQuery: st.builds(
        HistoryQuery, filter=wishes, before=anywhere, down_to=anywhere, limit=length
    ),
    ContributionsQuery: st.builds(
        ContributionsQuery,
        member_id=few_texts,
        period=periods,
        before=anywhere,
        down_to=anywhere,
        limit=length,
    ),
    LeaderboardQuery: st.builds(LeaderboardQuery, period=periods),
    MemberPointsQuery: st.builds(
        MemberPointsQuery, member_id=few_texts, period=periods, zone=zones
    ),
    QuantitySeriesQuery: st.builds(QuantitySeriesQuery, resource_id=few_texts, period=periods),
    DailyLevelsQuery: st.builds(DailyLevelsQuery, days=st.integers(1, 20), zone=zones),
    ActivityQuery: st.builds(ActivityQuery, member_id=few_texts, period=periods, zone=zones),
}


def identity(question: Query[Any]) -> str:
    """Return a text that tells a question from every other, 1 from 1.0 and sets by what is in."""
    if isinstance(question, HistoryQuery):
        kinds = sorted(question.filter.kinds)
        return repr((replace(question, filter=question.filter._replace(kinds=frozenset())), kinds))
    return repr(question)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.__name__)
def test_two_questions_never_share_a_key(question: type[Query[Any]]) -> None:
    @settings(max_examples=60)
    @given(QUESTIONS[question], QUESTIONS[question])
    def check(one: Query[Any], other: Query[Any]) -> None:
        assert (one.key == other.key) == (identity(one) == identity(other))

    check()


@settings(max_examples=60)
@given(st.one_of(*QUESTIONS.values()), st.one_of(*QUESTIONS.values()))
def test_two_kinds_of_questions_never_share_a_key(one: Query[Any], other: Query[Any]) -> None:
    assert type(one) is type(other) or one.key != other.key


VARIATIONS = (
    *({"text": "other"}, {"resource_id": "other"}, {"member_id": "other"}),
    *({"kinds": frozenset([kind])} for kind in EntryKind),
    *({"location": location} for location in Location),
    *({"period": period} for period in PERIODS),
)


@settings(max_examples=40)
@given(wishes)
def test_whatever_is_filtered_by_is_in_the_key(wish: HistoryFilter) -> None:
    key = HistoryQuery(filter=wish).key
    for variation in VARIATIONS:
        other = wish._replace(**variation)
        assert (HistoryQuery(filter=other).key == key) == (other == wish)


@pytest.mark.parametrize("text", ["\ud800", "\0", "x" * 20_000, "'; DROP TABLE pages; --"])
def test_any_text_makes_a_key_that_a_file_takes(pages: AnswerStore, text: str) -> None:
    for question in (
        HistoryQuery(filter=HistoryFilter(text, text, text)),
        ActivityQuery(member_id=text, period=PERIODS[0]),
        QuantitySeriesQuery(resource_id=text, period=PERIODS[0]),
    ):
        pages.keep(question.key, SOME)
        assert pages.page(question.key) == SOME
