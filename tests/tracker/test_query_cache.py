"""The query cache: a server's answers are there at once, and without a server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from helpers.build import PLAYER, remote_config
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.other_schemas import FOUNDING, ask
from helpers.proxy import Proxy, answer
from helpers.records import (
    DAY,
    Known,
    add_members,
    history_row,
    insert_all,
    moved,
    points_row,
    resource_row,
)
from tracker_tui.config.settings import Config, Remote
from tracker_tui.db.remote import open_remote
from tracker_tui.domain.history import EntryKind, HistoryFilter
from tracker_tui.domain.period import ALL, WEEK
from tracker_tui.errors import DatabaseUnreachable, TrackerError
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.leaderboard import ContributionsQuery
from tracker_tui.ledger.refresh_queries import Query
from tracker_tui.sync.local_store import PAGES_NAME
from tracker_tui.tracker.events import LocalWarning
from tracker_tui.tracker.query_cache import QueryCache
from tracker_tui.tracker.tracker import Tracker

T = TypeVar("T")
AWAY = answer(503)
EVERYTHING = HistoryFilter()


@pytest.fixture
def books(remote_url: str) -> Iterator[Books]:
    """A guild on a server, with some history of today."""
    books = Books(open_remote(Remote(remote_url, token=None)), FOUNDING)
    now = books.run("SELECT CAST(strftime('%s', 'now') AS INTEGER)")[0][0]
    insert_all(books, "resources", [resource_row("spice"), resource_row("water")])
    add_members(books, Known(PLAYER, "paul", "Müad'Dib"), Known("2", "chani"))
    insert_all(
        books,
        "resource_history",
        [
            history_row(f"h{n}", created_at=now - 100 + n, reason="Würze", **moved((n, n + 3)))
            for n in range(6)
        ],
    )
    insert_all(
        books,
        "leaderboard",
        [points_row(f"h{n}", (PLAYER, "2")[n % 2], n + 0.5, created_at=now - n) for n in range(6)],
    )
    yield books
    books.database.close()


@pytest.fixture
def config(books: Books, proxy: Proxy, tmp_path: Path) -> Config:
    """The settings of a program that uses the proxy."""
    return remote_config(proxy.url, tmp_path)


@pytest.fixture
def far(config: Config) -> Iterator[Tracker]:
    """A program that has asked no query yet."""
    with closing(Tracker(config)) as tracker:
        yield tracker


def pages_of(folder: Path) -> Path:
    """Return the file of the query cache."""
    (path,) = folder.rglob(PAGES_NAME)
    return path


def queries(query_cache: QueryCache) -> list[Query[Any]]:
    """Return one query of each kind, and pages of them."""
    filters = [
        EVERYTHING,
        HistoryFilter(text="würze", resource_id="spice", kinds=frozenset(EntryKind), period=WEEK),
        HistoryFilter(text="nothing of the kind"),
        HistoryFilter(member_id=PLAYER, period=ALL),
    ]
    return [
        *(query_cache.history(each, limit=4) for each in filters),
        query_cache.quantity_series("spice", WEEK),
        query_cache.quantity_series("gone", ALL),
        query_cache.daily_levels(14),
        query_cache.leaderboard(WEEK),
        query_cache.leaderboard(ALL),
        query_cache.contributions(PLAYER, WEEK, limit=2),
        query_cache.member_points(PLAYER, WEEK),
        query_cache.activity(PLAYER, ALL),
    ]


def done(future: Future[T]) -> T:
    return future.result(SECONDS)


def test_answers_are_cached_for_use_without_a_server(config: Config, proxy: Proxy) -> None:
    with closing(Tracker(config)) as tracker:
        query_cache = tracker.query_cache
        asked = queries(query_cache)
        first = done(query_cache.ask(asked[0]))
        asked.append(query_cache.history(EVERYTHING, first.value.end))
        before = proxy.count
        answers = [done(query_cache.ask(query)) for query in asked]
        assert proxy.count == before + len(asked)
        assert len(answers[-1].value.entries) == 2
    proxy.fate = AWAY
    before = proxy.count
    with closing(Tracker(config)) as later:
        for query, known in zip(asked, answers, strict=True):
            cached = done(later.query_cache.cached(query))
            assert cached is not None, query.key
            assert cached.value == known.value, query.key
        # No request was made for them.
        assert proxy.count == before
        with pytest.raises(DatabaseUnreachable):
            done(later.query_cache.ask(asked[0]))
        assert done(later.query_cache.cached(asked[0])) == answers[0]


def test_a_shorter_answer_does_not_replace_a_longer_one(far: Tracker, books: Books) -> None:
    query_cache = far.query_cache
    for query in (query_cache.history(EVERYTHING), query_cache.contributions(PLAYER, WEEK)):
        assert isinstance(query, HistoryQuery | ContributionsQuery)
        known: Any = done(query_cache.ask(query)).value
        assert len(known.entries) > 2
        first: Any = done(query_cache.ask(replace(query, limit=2))).value
        done(query_cache.ask(replace(query, down_to=first.end)))
        cached: Any = done(query_cache.cached(query))
        assert cached.value == known
        rest: Any = done(query_cache.cached(replace(query, before=first.end)))
        assert rest.value.entries == known.entries[2:]


def test_the_newest_answer_is_cached_unless_it_is_left_out(
    far: Tracker, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord is asked by the local thread; screens ask queries on the UI thread."""
    monkeypatch.setattr(far.membership, "check_in_background", pytest.fail)
    query_cache = far.query_cache
    query = query_cache.history(EVERYTHING)
    first = done(query_cache.ask(query))
    for never_asked in queries(query_cache)[1:]:
        assert done(query_cache.cached(never_asked)) is None
    books.run("DELETE FROM resource_history WHERE id = 'h3'")
    second = done(query_cache.ask(query))
    assert len(second.value.entries) == len(first.value.entries) - 1
    assert done(query_cache.cached(query)) == second
    again = query_cache.history(EVERYTHING, limit=2)
    assert len(done(query_cache.ask(again, keep=False)).value.entries) == 2
    assert done(query_cache.cached(query)) == second


def test_a_malformed_document_is_set_aside_and_reported(far: Tracker, tmp_path: Path) -> None:
    listener, query_cache = Listener(far), far.query_cache
    query = query_cache.history(EVERYTHING)
    known = done(query_cache.ask(query))
    for document in (
        *(b"", b"garbage", b"[]", b"{}", b"null", b"[[],null,true,null", b"[[],null,1,null]"),
        *(b"\xff\xfe", b'"\xed\xa0\x80"', b"[" * 100_000, b"[[[1]],null,true,null]"),
        b"[[],[null,1],true,1e999]",
    ):
        path = pages_of(tmp_path)
        asides = len(list(path.parent.glob(f"{PAGES_NAME}.damaged-*")))
        ask(path, "UPDATE pages SET document = ?", document)
        assert done(query_cache.cached(query)) is None, document[:20]
        assert "history" in listener.next(LocalWarning).message
        assert len(list(path.parent.glob(f"{PAGES_NAME}.damaged-*"))) > asides, document[:20]
        # The next answer is cached as before.
        again = done(query_cache.ask(query))
        assert again.value == known.value
        assert done(query_cache.cached(query)) == again


def test_a_damaged_cache_stops_no_answer(config: Config, tmp_path: Path) -> None:
    for is_damaged in (False, True):
        if is_damaged:
            path = pages_of(tmp_path)
            for end in ("-wal", "-shm"):
                path.with_name(path.name + end).unlink(missing_ok=True)
            path.write_bytes(b"garbage" * 2_000)
        with closing(Tracker(config)) as tracker:
            listener, query_cache = Listener(tracker), tracker.query_cache
            query = query_cache.history(EVERYTHING)
            for _ in range(2):
                answered = done(query_cache.ask(query))
                assert len(answered.value.entries) == 6
            assert done(query_cache.cached(query)) == answered
            if is_damaged:
                assert "damaged" in listener.next(LocalWarning).message


# Hostile rows


def assert_answers_and_keeps(tracker: Tracker) -> None:
    """Assert that each query is answered, and its answer is cached unchanged or not at all."""
    listener, query_cache = Listener(tracker), tracker.query_cache
    for query in queries(query_cache):
        answered = done(query_cache.ask(query))
        assert done(query_cache.cached(query)) in (None, answered), query.key
        # An event would be a warning of damage.
        assert listener.events == [], query.key


def test_quantities_and_times_of_any_kind_are_answered(far: Tracker, books: Books) -> None:
    for time in ("9e999", "-9e999", "x'ff'", "'yesterday'", "1700000000.5"):
        books.run(f"UPDATE resource_history SET created_at = {time} WHERE id <> 'h0'")
        books.run(f"UPDATE leaderboard SET created_at = {time} WHERE id <> 'h0'")
        assert_answers_and_keeps(far)
    names = ("previous_quantity", "new_quantity", "change_amount")
    ((now,),) = books.run("SELECT CAST(strftime('%s', 'now') AS INTEGER)")
    for number, value in enumerate((2**63 - 1, -(2**63), 1e300, "many")):
        columns = {f"{n}_{place}": value for n in names for place in ("hagga", "deep_desert")}
        times = (now - number, now - DAY - number, value)
        rows = [history_row(f"{number}-{t}", created_at=t, **columns) for t in times]
        insert_all(books, "resource_history", rows)
    assert_answers_and_keeps(far)


def test_infinite_points_are_answered(far: Tracker, books: Books) -> None:
    # Each is finite, but their sum is not.
    books.run("UPDATE leaderboard SET user_id = 'paul' WHERE id = 'h2'")
    books.run("UPDATE leaderboard SET user_id = 'Müad''Dib' WHERE id = 'h4'")
    for points in ("9e999", "-9e999", "1e308", "'many'"):
        columns = ("final_points", "base_points", "resource_multiplier", "status_bonus")
        books.run(f"UPDATE leaderboard SET {', '.join(f'{c} = {points}' for c in columns)}")
        assert_answers_and_keeps(far)


def test_a_filter_with_any_text_is_answered_or_rejected(far: Tracker) -> None:
    """A lone surrogate cannot be sent."""
    query_cache = far.query_cache
    for text in ("\ud800", "\0", "\x1b[2J\u202e", "x" * 20_000, "'; DROP TABLE pages; --"):
        for query in (
            query_cache.history(HistoryFilter(text=text)),
            query_cache.history(HistoryFilter(resource_id=text)),
            query_cache.quantity_series(text, WEEK),
            query_cache.activity(text, WEEK),
        ):
            assert done(query_cache.cached(query)) is None
            error = query_cache.ask(query).exception(SECONDS)
            assert error is None or isinstance(error, TrackerError)
            if error is None:
                assert done(query_cache.cached(query)) is not None


def test_a_local_database_may_hold_any_bytes_without_a_cache(tracker: Tracker, path: Path) -> None:
    query_cache = tracker.query_cache
    for reason in ("CAST(x'EDA080' AS TEXT)", "CAST(x'FF' AS TEXT)"):
        ask(path, f"UPDATE resource_history SET reason = {reason}")
        page = done(query_cache.ask(query_cache.history(EVERYTHING))).value
        assert len(page.entries) == 2
        assert all(isinstance(entry.reason, str) for entry in page.entries)
    for query in queries(query_cache):
        done(query_cache.ask(query))
        assert done(query_cache.cached(query)) is None
    assert not list(tracker.config.folders.state.rglob(PAGES_NAME))
