"""A ledger on a server: few requests, and growing pauses while it is unreachable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from email.utils import formatdate
from pathlib import Path
from queue import SimpleQueue

import pytest

from helpers.build import add, new_resource, remote_config, remove
from helpers.clocks import Clock
from helpers.hanging_server import PATIENCE, Gate
from helpers.ledger_under_test import Books
from helpers.listening import SECONDS, Listener
from helpers.other_schemas import add_under_other_names, rename_as_others_do
from helpers.proxy import Fate, Proxy, altered, answer, pass_on
from helpers.rejected_writes import BLOCKED, batch_failed, writes_meet
from helpers.tracking import ask_history, may_write, shown
from tracker_tui.errors import DatabaseUnreachable, TrackerError
from tracker_tui.ledger.ledger import random_id
from tracker_tui.sync.refresh_and_retry_timing import (
    FOCUSED_SECONDS,
    FULL_REFRESH_SECONDS,
    IDLE_SECONDS,
    MAX_EXTRA_REFRESHES,
    UNFOCUSED_SECONDS,
)
from tracker_tui.tracker.events import Event, Failed, OutcomesReceived, Refreshed
from tracker_tui.tracker.tracker import Tracker

ANYBODY = {"username": "x", "created_at": 1, "last_login": 1}
SAYS_NOTHING_OF_COMMITS = altered(
    lambda body: re.sub(rb'"replication_index":"?\d+"?', b'"replication_index":null', body)
)
"""The replies of a server that doesn't report commits: only its rows show changes."""
BUSY = answer(429)
"""The answer of a server that asks clients to wait; the driver doesn't retry it."""


def go_back(books: Books) -> None:
    """Restore a backup: rows and times go back, one row disappears, one reappears."""
    books.run("UPDATE resources SET quantity_hagga = 900, updated_at = updated_at - 9000")
    books.run("DELETE FROM resource_history WHERE resource_id = 'water'")
    books.run("DELETE FROM resources WHERE id = 'water'")
    books.insert_resource("oil", updated_at=1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of the refresh schedule; it stands still."""
    clock = Clock()
    timing = "sync.refresh_and_retry_timing"
    for module in ("tracker.tracker", "tracker.ledger_thread", timing, "sync.refresher"):
        monkeypatch.setattr(f"tracker_tui.{module}.time", clock)
    monkeypatch.setattr("random.uniform", lambda _, longest: longest)
    return clock


@pytest.fixture
def tracker(clock: Clock, books: Books, proxy: Proxy, tmp_path: Path) -> Iterator[Tracker]:
    """A tracker that uses the proxy and has opened its ledger in the usual way."""
    with closing(Tracker(remote_config(proxy.url, tmp_path, busy_seconds=PATIENCE))) as tracker:
        tracker.schedule._clock = clock.monotonic
        tracker.schedule.player_active()
        tracker.open().result(20)
        assert may_write(tracker)
        proxy.seen.pop()  # as the helper did
        yield tracker


def test_a_server_is_asked_at_most_every_five_seconds(
    tracker: Tracker, listener: Listener, clock: Clock, proxy: Proxy
) -> None:
    assert shown(tracker) == (1000, 400)
    assert proxy.count == 1, "opening is one request"
    for number in range(1, 4):
        for _ in range(49):
            clock.advance(0.1)
            tracker.poll()
        # This is queued behind them all in the ledger's thread.
        ask_history(tracker, "spice").result(20)
        assert proxy.count == 2 * number
        clock.advance(0.2)
        tracker.poll()
        assert listener.next(Refreshed) == Refreshed()
        assert proxy.count == 2 * number + 1
    # It slows down without the focus, and pauses without the player.
    for has_focus, seconds in ((False, UNFOCUSED_SECONDS - 0.1), (True, IDLE_SECONDS + 0.1)):
        tracker.schedule.player_active(has_focus=has_focus)
        before = proxy.count
        clock.advance(seconds)
        tracker.poll()
        ask_history(tracker, "spice").result(20)
        assert proxy.count == before + 1
        tracker.schedule.player_active(has_focus=True)
        tracker.poll()
        listener.next(Refreshed)
        assert proxy.count == before + 2


def test_polls_see_changes(
    tracker: Tracker, listener: Listener, clock: Clock, books: Books
) -> None:
    books.ledger.apply(add(5, by="somebody else"))
    books.ledger.create([new_resource("oil")], "x")
    books.run("DELETE FROM resource_history WHERE resource_id = 'water'")
    books.run("DELETE FROM resources WHERE id = 'water'")
    clock.advance(FULL_REFRESH_SECONDS)
    tracker.poll()
    refreshed = listener.next(Refreshed)
    assert (refreshed.changed, refreshed.removed) == ({"spice", "oil"}, {"water"})
    assert [(before.hagga, after.hagga) for before, after in refreshed.moves] == [(1000, 1005)]
    assert shown(tracker) == (1005, 400)
    # So are new columns, by a full refresh.
    for change_columns in (add_under_other_names, rename_as_others_do):
        change_columns(books.run)
        clock.advance(FOCUSED_SECONDS)
        tracker.poll()
        listener.next(Refreshed)
    tracker.submit([add(5)])
    listener.settled(1)
    assert books.resource()["quantity_location_1"] == 1010


def test_a_restored_backup_is_noticed_within_a_quarter_of_an_hour(
    tracker: Tracker, listener: Listener, clock: Clock, books: Books, proxy: Proxy
) -> None:
    proxy.fate = SAYS_NOTHING_OF_COMMITS
    go_back(books)
    clock.advance(FOCUSED_SECONDS)
    tracker.poll()
    assert listener.next(Refreshed).changed == frozenset(), "no cursor leads to them"
    clock.advance(FULL_REFRESH_SECONDS)
    tracker.poll()
    refreshed = listener.next(Refreshed)
    assert (refreshed.changed, refreshed.removed) == ({"spice", "oil"}, {"water"})
    assert shown(tracker) == (900, 400)
    assert proxy.count == 3


def test_a_restored_backup_is_noticed_at_once_if_the_server_reports_commits(
    tracker: Tracker, listener: Listener, clock: Clock, books: Books, proxy: Proxy
) -> None:
    go_back(books)
    for requests in (3, 4):
        clock.advance(FOCUSED_SECONDS)
        tracker.poll()
        refreshed = listener.next(Refreshed)
        assert proxy.count == requests
        assert refreshed.history_may_differ is (requests == 3), "only the first is a full refresh"
    assert shown(tracker) == (900, 400)
    assert tracker.resource("water") is None
    # A commit of our own, or one that shows in a row, needs no full refresh.
    tracker.submit([add(5)])
    listener.settled(1)
    books.ledger.apply(add(1, by="x"))
    before = proxy.count
    clock.advance(FOCUSED_SECONDS)
    tracker.poll()
    assert listener.next(Refreshed).changed == {"spice"}
    assert proxy.count == before + 1


def test_a_busy_server_is_not_read_in_full_each_time(
    tracker: Tracker, listener: Listener, clock: Clock, books: Books, proxy: Proxy
) -> None:
    for _ in range(MAX_EXTRA_REFRESHES + 3):
        books.run("UPDATE users SET last_login = last_login")
        books.insert("users", id=random_id(), discord_id=random_id(), **ANYBODY)
        clock.advance(FOCUSED_SECONDS)
        tracker.poll()
        listener.next(Refreshed)
    assert proxy.count == 1 + (MAX_EXTRA_REFRESHES + 3) + MAX_EXTRA_REFRESHES
    clock.advance(FULL_REFRESH_SECONDS)
    tracker.poll()
    assert listener.next(Refreshed).history_may_differ


def test_an_unknown_name_is_looked_up_once(
    tracker: Tracker, listener: Listener, clock: Clock, books: Books, proxy: Proxy
) -> None:
    books.insert("users", id="u", discord_id="7", username="irulan", created_at=1, last_login=1)
    books.ledger.apply(add(1, by="7"))
    books.ledger.apply(add(1, by="old nick", resource_id="water"))
    for requests in (3, 4):
        clock.advance(FOCUSED_SECONDS)
        tracker.poll()
        listener.next(Refreshed)
        assert proxy.count == requests
    assert (tracker.name_of("7"), tracker.name_of("old nick")) == ("irulan", "old nick")


def test_refreshes_do_not_queue_up(tracker: Tracker, clock: Clock, proxy: Proxy) -> None:
    clock.advance(10)
    with Gate() as gate:
        proxy.fate = gate
        tracker.poll()
        gate.await_request()
        for _ in range(5):
            tracker.poll()
        (asked,) = {tracker.refresh() for _ in range(5)}
        assert not asked.done()
    asked.result(20)
    ask_history(tracker, "spice").result(20)
    # The opening, the poll that hung, the refresh, the history.
    assert proxy.count == 4
    # A poll that was queued before a failure respects the pause after it.
    listener = Listener(tracker)
    clock.advance(10)
    with Gate(BUSY) as gate:
        proxy.fate = gate
        tracker.poll()
        gate.await_request()
        tracker.poll()
    listener.next(Failed)
    assert isinstance(ask_history(tracker, "spice").exception(20), DatabaseUnreachable)
    assert proxy.count == 4 + 2


# While the server is away


def test_pauses_between_retries_grow_to_half_a_minute_until_it_is_back(
    tracker: Tracker, listener: Listener, clock: Clock, proxy: Proxy
) -> None:
    proxy.fate = BUSY
    clock.advance(10)
    tracker.poll()
    listener.next(Failed)
    for pause in (1, 2, 4, 8, 16, 30, 30):
        before = proxy.count
        clock.advance(pause - 0.1)
        tracker.poll()
        clock.advance(0.2)
        tracker.poll()
        assert isinstance(listener.next(Failed).error, DatabaseUnreachable)
        assert proxy.count == before + 1
    # A server that is back is asked as before.
    for pause in (30.1, 1.1):
        proxy.fate = pass_on
        clock.advance(pause)
        tracker.poll()
        listener.next(Refreshed)
        assert tracker.connection.trouble is None
        proxy.fate = BUSY
        clock.advance(10)
        tracker.poll()
        listener.next(Failed)


def test_a_change_during_a_pause_is_sent_at_once_and_makes_it_no_longer(
    tracker: Tracker, listener: Listener, clock: Clock, proxy: Proxy, books: Books
) -> None:
    proxy.fate = BUSY
    changes = [add(number) for number in range(1, 7)]
    for change in changes:
        tracker.submit([change])
        listener.next(Failed)
    assert tracker.pending() == changes
    assert shown(tracker) == (1021, 400)
    proxy.fate = pass_on
    clock.advance(1.1)
    tracker.poll()
    assert [outcome.change for outcome in listener.settled(6)] == changes
    assert shown(tracker) == books.quantities() == (1021, 400)


def test_a_requested_refresh_ends_trouble(
    tracker: Tracker, listener: Listener, proxy: Proxy
) -> None:
    tracker.submit([remove(10_000)])
    listener.settled(1)
    proxy.fate = BUSY
    tracker.refresh().result(20)
    # It is blocked by the one before it, which needs the player.
    tracker.submit([add(5)])
    ask_history(tracker, "spice").exception(20)
    assert isinstance(tracker.connection.trouble, DatabaseUnreachable)
    proxy.fate = pass_on
    tracker.refresh().result(20)
    assert tracker.connection.trouble is None


@pytest.mark.parametrize(
    "blocked",
    [writes_meet(BLOCKED), batch_failed("BLOCKED")],
    ids=["whole request", "statement"],
)
def test_a_read_does_not_end_trouble_in_sending(
    tracker: Tracker, listener: Listener, clock: Clock, proxy: Proxy, books: Books, blocked: Fate
) -> None:
    proxy.fate = blocked
    change = add(5)
    tracker.submit([change])
    listener.next(Failed)
    for pause in (1, 2, 4, 8):
        before = proxy.count
        clock.advance(pause - 0.1)
        tracker.poll()
        clock.advance(0.2)
        tracker.poll()
        assert "is blocked" in str(listener.next(Failed).error)
        assert "is blocked" in str(tracker.connection.trouble)
        assert tracker.pending() == [change]
        # One request tried to send; another one read if a refresh was due.
        assert proxy.count in (before + 1, before + 2)
    listener.next(Refreshed)
    proxy.fate = pass_on
    # Trouble is over before the outcome is published.
    received: SimpleQueue[tuple[Event, TrackerError | None]] = SimpleQueue()
    tracker.listen(lambda event: received.put((event, tracker.connection.trouble)))
    clock.advance(16.1)
    tracker.poll()
    while not isinstance((pair := received.get(timeout=SECONDS))[0], OutcomesReceived):
        pass
    assert pair[1] is None
    assert shown(tracker) == books.quantities() == (1005, 400)


def test_a_server_is_not_asked_before_its_retry_time(
    tracker: Tracker,
    listener: Listener,
    clock: Clock,
    proxy: Proxy,
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tracker_tui.turso.pipeline.monotonic", clock.monotonic)
    proxy.fate = answer(429, Retry_After=formatdate(clock.time() + 605, usegmt=True))
    tracker.submit([add(5)])
    error = listener.next(Failed).error
    assert "asks you to wait until" in str(error)
    asked = proxy.count
    proxy.fate = pass_on
    for _ in range(5):
        clock.advance(118)
        tracker.submit([add(1, resource_id="water")]).result(20)
        tracker.poll()
        with pytest.raises(DatabaseUnreachable, match="asks you to wait"):
            ask_history(tracker, "spice").result(20)
    assert (proxy.count, len(tracker.pending())) == (asked, 6)
    assert 0 < tracker.connection.backoff.seconds_left < 100
    clock.advance(100)
    tracker.poll()
    assert {outcome.is_in_history for outcome in listener.settled(6)} == {True}
    assert books.quantities() == (1_005, 400)
