"""A ledger on a server with other members and writers, fewer rights, or a slow request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from helpers.build import add, remote_config, to_deep_desert
from helpers.commands import Run
from helpers.hanging_server import PATIENCE, Gate
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.proxy import ProxiedRequest, Proxy, answer, cut_after, pass_on
from helpers.rejected_writes import READ_ONLY
from helpers.remote_fixtures import MakeTracker
from helpers.token_permissions import whole_request_refused
from helpers.tracking import ask_history, may_write, shown
from tracker_tui.config.settings import Config
from tracker_tui.domain.change import Rejection, Verdict
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.errors import DatabaseUnreachable, WriteRejected
from tracker_tui.tracker.events import Failed, Refreshed
from tracker_tui.tracker.tracker import Tracker
from tracker_tui.turso import Connection, connect


@pytest.fixture
def config(books: Books, proxy: Proxy, tmp_path: Path) -> Config:
    """The settings of a player who uses the proxy."""
    return remote_config(proxy.url, tmp_path, busy_seconds=PATIENCE)


@pytest.fixture
def tracker(config: Config) -> Iterator[Tracker]:
    """A tracker that has opened its ledger in the usual way."""
    with closing(Tracker(config)) as tracker:
        tracker.open().result(SECONDS)
        yield tracker


def test_what_others_changed_before_a_start_is_no_news(config: Config, books: Books) -> None:
    with closing(Tracker(config)) as earlier:
        earlier.open().result(SECONDS)
    books.ledger.apply(add(5, by="somebody else"))
    with closing(Tracker(config)) as tracker:
        listener = Listener(tracker)
        tracker.open().result(SECONDS)
        tracker.refresh().result(SECONDS)
        assert shown(tracker) == (1005, 400)
        news = [event.moves for event in listener.events if isinstance(event, Refreshed)]
        assert len(news) >= 2
        assert set(news) == {()}, "its replica said 1,000"


def test_players_lose_nothing(
    config: Config, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without polling, a program that finds another one sending watches it to the end.
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._SEND_LOCK_TRIES", 10_000)
    with ExitStack() as stack:
        trackers = [stack.enter_context(closing(Tracker(config))) for _ in range(3)]
        listeners = [Listener(tracker) for tracker in trackers]
        for number in range(1, 11):
            for tracker in trackers:
                tracker.submit([add(number), to_deep_desert(1)])
        outcomes = [outcome for each in listeners for outcome in each.settled(20)]
        for tracker in trackers:
            tracker.refresh().result(SECONDS)
            assert shown(tracker) == books.quantities()
    assert {outcome.verdict for outcome in outcomes} == {Verdict.APPLIED}
    assert books.quantities() == (1000 + 3 * (55 - 10), 400 + 3 * 10)
    # Each starts where the one before it ended: nothing was overwritten.
    rows = [row for row in books.rows("resource_history") if row["resource_id"] == "spice"]
    for place in ("hagga", "deep_desert"):
        ends = [row[f"new_quantity_{place}"] for row in rows]
        assert [row[f"previous_quantity_{place}"] for row in rows[1:]] == ends[:-1]


def no_water(proxied: ProxiedRequest) -> None:
    """Reject the whole request, as a server does if the token lacks a permission for part of it."""
    (READ_ONLY if b'"water"' in proxied.body else pass_on)(proxied)


def test_a_change_without_permission_needs_the_player_and_blocks_nothing_else(
    tracker: Tracker, listener: Listener, proxy: Proxy, books: Books
) -> None:
    proxy.fate = no_water
    rejected, fine = add(5, resource_id="water"), add(7)
    tracker.submit([rejected, fine])
    first, second = listener.settled(2)
    assert (first.change, first.rejection) == (rejected, Rejection.NOT_PERMITTED)
    assert "does not allow your TURSO_AUTH_TOKEN" in first.detail
    assert (second.change, second.verdict) == (fine, Verdict.APPLIED)
    assert (tracker.needing_player(), tracker.pending()) == ([first], [])
    assert shown(tracker) == books.quantities() == (1007, 400)
    assert shown(tracker, "water") == books.quantities("water") == (50, 0)
    proxy.fate = pass_on
    pending = add(1, resource_id="water")
    tracker.submit([pending])
    tracker.drop(rejected)
    assert [outcome.change for outcome in listener.settled(1)] == [pending]
    assert books.quantities("water") == (51, 0)


def test_a_refresh_notices_lost_rights(tracker: Tracker, listener: Listener, proxy: Proxy) -> None:
    assert may_write(tracker)
    proxy.fate = whole_request_refused("resources:data_update")
    with pytest.raises(WriteRejected, match="does not allow your TURSO_AUTH_TOKEN"):
        tracker.edit(add(5)).result(SECONDS)
    tracker.submit([add(5)])
    (outcome,) = listener.settled(1)
    assert outcome.rejection is Rejection.NOT_PERMITTED
    tracker.refresh().result(SECONDS)
    assert not may_write(tracker)
    assert shown(tracker) == (1000, 400)
    proxy.fate = pass_on
    tracker.refresh().result(SECONDS)
    assert may_write(tracker), "regained rights are noticed by the next check"


def test_a_change_whose_reply_was_lost_is_shown_once_and_answered_when_it_is_sent_again(
    tracker: Tracker, listener: Listener, proxy: Proxy, books: Books
) -> None:
    # The driver's own retry is lost too. Later tries do not arrive, so the last trouble differs.
    proxy.meet([cut_after, cut_after, answer(429)])
    tracker.submit([add(5)])
    listener.next(Failed)
    assert shown(tracker) == (1005, 400)
    tracker.refresh()
    listener.next(Failed)
    tracker.refresh()
    # The row may be a second younger once its time is known.
    assert listener.next(Refreshed).moves == ()
    assert shown(tracker) == books.quantities() == (1005, 400)
    # A change that the rows contain gets its answer when it is sent again.
    (outcome,) = listener.settled(1)
    assert outcome.verdict is Verdict.ALREADY_APPLIED
    assert (tracker.pending(), shown(tracker)) == ([], (1005, 400))


@pytest.mark.usefixtures("patient")
def test_closing_does_not_wait_for_a_read(config: Config, proxy: Proxy) -> None:
    tracker = Tracker(config)
    with Gate() as gate:
        proxy.fate = gate
        opened = tracker.open()
        gate.await_request()
        history, refreshed = ask_history(tracker, "spice"), tracker.refresh()
        assert tracker.close() == []
        assert gate.is_holding
    for given_up in (opened, history):
        assert isinstance(given_up.exception(SECONDS), DatabaseUnreachable)
    assert refreshed.done()


@pytest.mark.usefixtures("patient")
def test_closing_sends_a_requested_undo(config: Config, proxy: Proxy, books: Books) -> None:
    tracker = Tracker(config)
    listener = Listener(tracker)
    tracker.submit([add(5)])
    listener.settled(1)
    with Gate() as gate:
        proxy.meet([gate])
        tracker.refresh()
        gate.await_request()
        tracker.undo()
        # An aborted refresh does not mean that the server is unreachable.
        assert tracker.close() == []
        assert gate.is_holding
    assert books.quantities() == (1000, 400)


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
