"""Batches: one time for one change, within the limits of any SQLite."""

from __future__ import annotations

import sqlite3
import time
from itertools import count

import pytest

from helpers import wild
from helpers.books import Books, MakeLedger
from helpers.build import add, new_resource
from tracker_tui.db.sqlite import SqliteLedgerDatabase

# They turn the screws of SQLite itself.
pytestmark = pytest.mark.parametrize("empty_database", ["file"], indirect=True)


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


def test_thousands_are_created_at_once_within_the_limits_of_any_sqlite(
    make_ledger: MakeLedger,
) -> None:
    books = make_ledger(wild.LATER)
    assert isinstance(books.database, SqliteLedgerDatabase)
    # What SQLite has unless who built it raised it, as Debian does.
    books.database.connection().setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    books.ledger.create([new_resource(f"r{number}") for number in range(3000)], "x")
    assert len(books.ledger.refresh().resources) == 3000


def test_times_are_the_clock_of_the_database_in_seconds(books: Books) -> None:
    books.ledger.apply(add(1))
    assert abs(books.resource()["updated_at"] - time.time()) < 10
    assert abs(books.ledger.refresh().now - time.time()) < 10
