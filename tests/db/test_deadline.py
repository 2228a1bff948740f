"""A database with a deadline: all its calls together take no longer than that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from peewee import RawQuery

from helpers.clocks import Clock
from helpers.gate import Gate
from helpers.proxy import Proxy
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import RemoteLedgerDatabase, open_remote
from tracker_tui.errors import AnswerLost, DatabaseUnreachable

QUERIES = [RawQuery("SELECT 1")]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time by which it is known how much is left; it stands still."""
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
    database.hurry(30)
    for _ in range(3):
        clock.advance(9)
        assert database.batch(QUERIES)[0].rows == [(1,)]
    clock.advance(9)
    with pytest.raises(DatabaseUnreachable, match="takes too long to answer"):
        database.batch(QUERIES)
    assert proxy.count == 3, "for the last one nothing was sent"


def test_a_call_that_hangs_has_only_what_the_others_left_of_it(
    database: RemoteLedgerDatabase, clock: Clock, proxy: Proxy
) -> None:
    database.hurry(10_000)
    clock.advance(9_999.9)
    with Gate() as gate:
        proxy.fate = gate
        with pytest.raises(AnswerLost, match="did not answer in time") as caught:
            database.batch(QUERIES)
        assert "within 0.1 s" in str(caught.value.__cause__)
        assert proxy.count == 1


def test_without_hurry_no_time_that_passed_before_counts(
    database: RemoteLedgerDatabase, clock: Clock
) -> None:
    clock.advance(1_000_000)
    assert database.batch(QUERIES)[0].rows == [(1,)]
