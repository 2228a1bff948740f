"""Readers don't wait for writers, such as the guild's website.

A server ends a transaction that others have waited for after five seconds. If it can still be
committed at the end, no program waited for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.proxy import Proxy
from helpers.remote_fixtures import MakeTracker
from helpers.token_permissions import whole_request_refused
from helpers.tracking import ask_history, may_write, shown
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.tracker.events import Failed
from tracker_tui.turso import Connection, connect


@pytest.fixture
def writer(remote_guild: Books, remote_url: str) -> Iterator[Connection]:
    """Another program in the middle of a transaction that has changed something."""
    with closing(connect(remote_url, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE resources SET quantity_hagga = 7777 WHERE id = 'spice'")
        yield connection


def test_commands_and_dashboards_read_without_waiting(
    run: Run,
    remote_guild: Books,
    proxy: Proxy,
    writer: Connection,
    make_remote_tracker: MakeTracker,
) -> None:
    for argv in (["list"], ["history", "spice"], ["leaderboard"]):
        assert run(*argv).status == 0
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    tracker.refresh().result(SECONDS)
    search = tracker.query_cache.history(HistoryFilter(text="created"))
    assert len(tracker.query_cache.ask(search).result(SECONDS).value.entries) == 3
    assert shown(tracker) == (1_000, 400)
    writer.execute("COMMIT")
    assert remote_guild.quantities() == (7_777, 400)


def test_rights_are_found_out_when_possible(
    remote_guild: Books,
    proxy: Proxy,
    writer: Connection,
    make_remote_tracker: MakeTracker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._RIGHTS_SECONDS", 0.1)
    tracker = make_remote_tracker(proxy.url)
    tracker.open().result(SECONDS)
    listener = Listener(tracker)
    assert may_write(tracker), "rights are assumed until a check fails"
    # A failed check leaves the connection usable.
    assert len(ask_history(tracker, "spice").result(SECONDS)) == 1
    writer.execute("COMMIT")
    proxy.fate = whole_request_refused("resources:data_update")
    tracker.refresh().result(SECONDS)
    assert not may_write(tracker)
    assert not any(isinstance(event, Failed) for event in listener.events)
