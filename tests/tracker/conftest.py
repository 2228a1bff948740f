"""A tracker on a file with two resources, its listener, and another ledger on the same file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpers.build import config_for, new_resource
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.other_schemas import FOUNDING
from helpers.tracking import quick
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote
from tracker_tui.db.sqlite import create_sqlite, open_sqlite
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker

START = [
    new_resource("spice", hagga=1000, deep_desert=400),
    new_resource("water", hagga=50, target=100),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "tracker.db"
    create_sqlite(path, lambda database, layout: Ledger(database, layout).create(START, "x"))
    return path


@pytest.fixture
def tracker(path: Path) -> Iterator[Tracker]:
    with closing(Tracker(config_for(path), opener=quick)) as tracker:
        tracker.open().result(20)
        yield tracker


@pytest.fixture
def listener(tracker: Tracker) -> Listener:
    return Listener(tracker)


@pytest.fixture
def books(remote_url: str) -> Iterator[Books]:
    """The same resources on a server, accessed without the proxy."""
    with closing(open_remote(Remote(remote_url, token=None))) as database:
        books = Books(database, FOUNDING)
        books.ledger.create(START, "x")
        yield books


@pytest.fixture
def other(path: Path) -> Iterator[Ledger]:
    """Another connection to the same database."""
    with closing(Ledger(*open_sqlite(path, durable=False))) as ledger:
        yield ledger


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give closing as much time as a busy machine needs to send."""
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._CLOSING_SECONDS", SECONDS)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on a busy database at once; request this fixture before the tracker."""
    monkeypatch.setattr("tracker_tui.db.sqlite.BUSY_SECONDS", 0.05)
