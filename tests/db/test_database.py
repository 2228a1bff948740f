"""Databases: batches, deadlines, and other programs that use the same file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from peewee import RawQuery

from helpers import other_schemas
from helpers.build import add, config_for
from helpers.clocks import Clock
from helpers.hanging_server import Gate
from helpers.ledger_under_test import Books, on_both
from helpers.other_schemas import dump, make_file
from helpers.proxy import Proxy
from helpers.sqlite_files import ONE_RESOURCE, plant_spice
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import RemoteLedgerDatabase, open_remote
from tracker_tui.db.sqlite import SqliteLedgerDatabase, create_sqlite
from tracker_tui.domain.change import Verdict
from tracker_tui.errors import AnswerLost, DatabaseBusy, DatabaseUnreachable
from tracker_tui.guild.database_factory import open_ledger


def test_the_clock_may_tick_between_the_statements_of_a_change(books: Books) -> None:
    database = books.database
    assert isinstance(database, SqliteLedgerDatabase)
    ticks = count(1_800_000_000)
    database.connection().create_function("strftime", 2, lambda _format, _when: str(next(ticks)))
    change = add(1000)
    books.ledger.apply(change)
    at = books.row("resource_history", change.id)["created_at"]
    assert at >= 1_800_000_000
    assert books.resource()["updated_at"] == at
    assert books.row("leaderboard", change.id)["created_at"] == at


@on_both
def test_times_are_the_clock_of_the_database_in_seconds(books: Books) -> None:
    books.ledger.apply(add(1))
    assert abs(books.resource()["updated_at"] - time.time()) < 10
    assert abs(books.ledger.refresh().now - time.time()) < 10


QUERIES = [RawQuery("SELECT 1")]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the deadline; it stands still."""
    clock = Clock()
    monkeypatch.setattr("tracker_tui.db.remote.monotonic", clock.monotonic)
    return clock


@pytest.fixture
def database(clock: Clock, proxy: Proxy) -> Iterator[RemoteLedgerDatabase]:
    with closing(open_remote(Remote(proxy.url, token=None))) as database:
        yield database


def test_the_calls_share_one_budget(
    database: RemoteLedgerDatabase, clock: Clock, proxy: Proxy
) -> None:
    # Without a deadline time does not matter.
    clock.advance(1_000_000)
    assert database.batch(QUERIES)[0].rows == [(1,)]
    database.hurry(30)
    for _ in range(3):
        clock.advance(9)
        assert database.batch(QUERIES)[0].rows == [(1,)]
    clock.advance(9)
    with pytest.raises(DatabaseUnreachable, match=r"takes too long to answer\. Try again") as late:
        database.batch(QUERIES)
    assert late.value.what.endswith("takes too long to answer."), "a saved change needs no advice"
    assert proxy.count == 4, "for the last one nothing was sent"
    # A call that hangs has only the time that is left.
    database.hurry(10_000)
    clock.advance(9_999.9)
    with Gate() as gate:
        proxy.fate = gate
        with pytest.raises(AnswerLost, match="did not answer in time") as caught:
            database.batch(QUERIES)
        assert "within 0.1 s" in str(caught.value.__cause__)
        assert proxy.count == 5


def test_readers_of_our_files_do_not_wait(path: Path) -> None:
    create_sqlite(path, plant_spice)
    ledger, writer = open_ledger(config_for(path)), SqliteLedgerDatabase(path)
    connection = writer.connection()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE resources SET name = 'Melange'")
    assert [resource.name for resource in ledger.refresh().resources] == ["Spice"]
    connection.execute("ROLLBACK")
    writer.close()
    ledger.close()


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_database_that_stays_busy_is_reported_as_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    monkeypatch.setattr("tracker_tui.db.sqlite.BUSY_SECONDS", 0.05)
    path = make_file(
        tmp_path / "guild.db", (*other_schemas.FOUNDING, ONE_RESOURCE), journal=journal
    )
    before = dump(path)
    ledger, writer = open_ledger(config_for(path)), SqliteLedgerDatabase(path)
    writer.connection().execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseBusy, match="in use by another program"):
        ledger.apply(add(1))
    if journal == "delete":
        with pytest.raises(DatabaseBusy, match="in use by another program"):
            open_ledger(config_for(path))
    writer.connection().execute("ROLLBACK")
    writer.close()
    assert dump(path) == before
    assert ledger.apply(add(1)).verdict is Verdict.APPLIED
    ledger.close()


def test_changed_elsewhere_reports_only_the_commits_of_others(path: Path) -> None:
    create_sqlite(path, plant_spice)
    ours, theirs = open_ledger(config_for(path)), open_ledger(config_for(path))
    ours.changed_elsewhere()
    ours.apply(add(1))
    assert not ours.changed_elsewhere()
    theirs.apply(add(1))
    assert ours.changed_elsewhere()
    assert not ours.changed_elsewhere()
    ours.close()
    theirs.close()
