"""Fixtures for all tests: a home of its own for each, and ledgers to try things on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings

from helpers.books import Books, MakeLedger
from helpers.build import new_resource
from helpers.wild import FOUNDING, Statements
from tracker_tui.db.batch import Database
from tracker_tui.db.sqlite import open_unchecked
from tracker_tui.ledger.ledger import Ledger

# Two busy cores may make any one example slow; that is no failure.
settings.register_profile("ci", deadline=None)
settings.load_profile("ci")

_CONFIGURED = (
    "TURSO_DATABASE_URL",
    "TURSO_AUTH_TOKEN",
    "DISCORD_CLIENT_ID",
    "DISCORD_CLIENT_SECRET",
    "DISCORD_GUILD_ID",
    "DISCORD_ROLES_CONFIG",
    "DISCORD_API_URL",
    "TRACKER_AUTH",
    "TRACKER_INSECURE",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test away from the files and settings of whoever runs it."""
    folder = tmp_path / "home"
    monkeypatch.setenv("TRACKER_HOME", str(folder))
    for name in _CONFIGURED:
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Make databases with nothing in them; another kind of database takes this one's place."""
    made: list[Database] = []
    numbers = count(1)

    def make() -> Database:
        path = tmp_path / f"ledger-{next(numbers)}.db"
        path.touch()
        # No test pulls the plug, so none needs to wait for the disk.
        database, _ = open_unchecked(path, durable=False)
        made.append(database)
        return database

    yield make
    for database in made:
        database.close()


@pytest.fixture
def make_ledger(empty_database: Callable[[], Database]) -> MakeLedger:
    """Make ledgers of any schema: the one way in which tests of the ledger come by theirs."""

    def make(statements: Statements = FOUNDING, *, clock: Callable[[], int] | None = None) -> Books:
        return Books(empty_database(), statements, clock=clock)

    return make


@pytest.fixture
def books(make_ledger: MakeLedger) -> Books:
    """A ledger with one resource, "spice", of which there is nothing yet."""
    made = make_ledger()
    made.ledger.create([new_resource()], "founder")
    return made


@pytest.fixture
def ledger(books: Books) -> Ledger:
    """The ledger of `books`."""
    return books.ledger
