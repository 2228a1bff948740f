"""Answers as stored documents, their keys, and the file that keeps the newest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.other_schemas import ask
from helpers.stores import OpenStore
from tracker_tui.domain.history import EntryKind, HistoryFilter
from tracker_tui.domain.period import PERIODS, Period
from tracker_tui.domain.quantities import Location
from tracker_tui.ledger.activity import ActivityQuery, MemberPointsQuery
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.leaderboard import ContributionsQuery, LeaderboardQuery
from tracker_tui.ledger.quantity_series import DailyLevelsQuery, QuantitySeriesQuery
from tracker_tui.ledger.refresh_queries import Query
from tracker_tui.sync.local_store import PAGES_NAME, Store
from tracker_tui.sync.replica import DisposableFile
from tracker_tui.tracker.query_cache import MAX_DOCUMENTS, CachedDocument, DocumentFile

BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    bool: st.booleans(),
    type(None): st.none(),
}


@cache
def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for any values of a type, with those of its fields."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in BY_TYPE:
        return BY_TYPE[kind]
    if origin in (list, tuple):
        return st.lists(values_of(arguments[0]), max_size=3).map(origin)
    if origin in (Union, UnionType):
        return st.one_of(*map(values_of, arguments))
    fields = get_type_hints(origin or kind)
    return st.builds(
        origin or kind,
        **{
            name: values_of(hint[arguments] if getattr(hint, "__parameters__", ()) else hint)
            for name, hint in fields.items()
        },
    )


@given(st.data())
def test_an_answer_survives_being_stored(data: st.DataObject) -> None:
    for query in QUERIES:
        answer = data.draw(values_of(query.answer_type()))
        document = msgspec.json.encode(answer)
        read = msgspec.json.decode(document, type=query.answer_type())
        assert read == answer
        # 1.0 must not become 1: cursors carry the stored value.
        assert repr(read) == repr(answer)


# Keys

few_texts = st.sampled_from(["", "a", "b", "None", "a b", "a', 'b", "('a',)", "added,set", "7d"])
periods = st.sampled_from([*PERIODS, Period(name="a..", since=5), Period(name="b..", since=6)])
filters = st.builds(
    HistoryFilter,
    text=few_texts,
    resource_id=st.none() | few_texts,
    member_id=st.none() | few_texts,
    kinds=st.frozensets(st.sampled_from(EntryKind)),
    location=st.none() | st.sampled_from(Location),
    period=periods,
)
zones = st.none() | st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kolkata")])
QUERIES: dict[type[Query[Any]], st.SearchStrategy[Any]] = {
    # All pages of a list share a key: their ends and length are not part of it.
    HistoryQuery: st.builds(HistoryQuery, filter=filters),
    ContributionsQuery: st.builds(ContributionsQuery, member_id=few_texts, period=periods),
    LeaderboardQuery: st.builds(LeaderboardQuery, period=periods),
    MemberPointsQuery: st.builds(
        MemberPointsQuery, member_id=few_texts, period=periods, zone=zones
    ),
    QuantitySeriesQuery: st.builds(QuantitySeriesQuery, resource_id=few_texts, period=periods),
    DailyLevelsQuery: st.builds(DailyLevelsQuery, days=st.integers(1, 20), zone=zones),
    ActivityQuery: st.builds(ActivityQuery, member_id=few_texts, period=periods, zone=zones),
}


def identity(query: Query[Any]) -> str:
    """Return a text that is different for every query, also for 1 and 1.0."""
    if isinstance(query, HistoryQuery):
        kinds = sorted(query.filter.kinds)
        return repr((replace(query, filter=replace(query.filter, kinds=frozenset())), kinds))
    return repr(query)


@given(st.data())
def test_two_queries_never_share_a_key(data: st.DataObject) -> None:
    keys = set()
    for queries in QUERIES.values():
        one, other = data.draw(queries), data.draw(queries)
        assert (one.key == other.key) == (identity(one) == identity(other))
        assert not keys & {one.key, other.key}
        keys |= {one.key, other.key}


VARIATIONS = (
    *({"text": "other"}, {"resource_id": "other"}, {"member_id": "other"}),
    *({"kinds": frozenset([kind])} for kind in EntryKind),
    *({"location": location} for location in Location),
    *({"period": period} for period in PERIODS),
)


@given(filters)
def test_every_filter_is_part_of_the_key(history_filter: HistoryFilter) -> None:
    key = HistoryQuery(filter=history_filter).key
    for variation in VARIATIONS:
        other = replace(history_filter, **variation)
        assert (HistoryQuery(filter=other).key == key) == (other == history_filter)


SOME = CachedDocument(at=1.0, json=b"[]")


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[OpenStore]:
    with closing(OpenStore(tmp_path / "key")) as open_store:
        yield open_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / PAGES_NAME


@pytest.fixture
def documents(path: Path) -> Iterator[DocumentFile]:
    with closing(DocumentFile(path)) as documents:
        yield documents


def stored_keys(path: Path) -> set[str]:
    return {key for (key,) in ask(path, "SELECT key FROM pages")}


def test_a_document_is_stored_as_it_is_and_replaced(documents: DocumentFile, path: Path) -> None:
    document = CachedDocument(at=1_700_000_000.25, json=b"\x00[1, \xc3\xbc]")
    documents.save("history all", SOME)
    documents.save("history all", document)
    assert documents.load("history all") == document
    assert stored_keys(path) == {"history all"}
    assert documents.load("history 7d") is None
    # Another program shares it, and a file that was removed is created again.
    with closing(DocumentFile(path)) as other:
        assert other.load("history all") == document
        other.save("theirs", SOME)
    assert documents.load("theirs") == SOME
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    documents.save("after", SOME)
    assert stored_keys(path) == {"after"}


def test_only_the_newest_documents_stay(documents: DocumentFile, path: Path) -> None:
    # Written in a different order than that of their times.
    times = [(number * 37) % (MAX_DOCUMENTS + 20) for number in range(MAX_DOCUMENTS + 20)]
    for at in times:
        documents.save(f"page {at}", CachedDocument(at=float(at), json=b"x" * 100))
        assert len(stored_keys(path)) <= MAX_DOCUMENTS
    newest = {f"page {at}" for at in range(20, MAX_DOCUMENTS + 20)}
    assert stored_keys(path) == newest
    # A replaced document counts as new.
    documents.save("page 20", CachedDocument(at=1_000.0, json=b""))
    documents.save("another", CachedDocument(at=1_001.0, json=b""))
    assert stored_keys(path) == newest - {"page 21"} | {"another"}


# The disposable file around it


def documents_of(store: Store) -> DisposableFile[DocumentFile]:
    return store.disposable_file(PAGES_NAME, DocumentFile, "the history")


def save(file: DisposableFile[DocumentFile], key: str) -> None:
    file.use(lambda documents: documents.save(key, SOME), None)


def load(file: DisposableFile[DocumentFile], key: str) -> CachedDocument | None:
    return file.use(lambda documents: documents.load(key), None)


def test_a_spoilt_file_is_replaced(open_store: OpenStore) -> None:
    for spoil in (
        *("UPDATE pages SET at = NULL", "UPDATE pages SET at = 'yesterday'"),
        *("UPDATE pages SET document = NULL", "UPDATE pages SET document = 'text'"),
        *("UPDATE pages SET document = -1", "PRAGMA user_version = 77"),
    ):
        store = open_store()
        save(documents_of(store), "one")
        store.close()
        open_store.warnings.clear()
        ask(open_store.folder / PAGES_NAME, spoil)
        store = open_store()
        file = documents_of(store)
        assert load(file, "one") is None, spoil
        assert len(open_store.warnings) == 1, spoil
        save(file, "new")
        assert load(file, "new") == SOME
        store.close()
    file = documents_of(open_store())
    open_store.warnings.clear()
    ask(open_store.folder / PAGES_NAME, "DROP TABLE pages")
    assert load(file, "new") is None
    save(file, "one")
    assert open_store.warnings


def test_a_folder_that_is_not_writable_is_reported_and_stops_nothing(open_store: OpenStore) -> None:
    # A directory stands in the way of the file.
    (open_store.folder / PAGES_NAME).mkdir(parents=True)
    file = documents_of(open_store())
    save(file, "one")
    assert load(file, "one") is None
    assert open_store.warnings
    assert all(PAGES_NAME in warning for warning in open_store.warnings)


def test_a_file_of_a_disabled_store_is_never_opened(open_store: OpenStore) -> None:
    store = open_store()
    before = documents_of(store)
    save(before, "one")
    store.disable()
    for file in (before, documents_of(store)):
        save(file, "two")
        assert load(file, "one") is None
    assert stored_keys(open_store.folder / PAGES_NAME) == {"one"}
