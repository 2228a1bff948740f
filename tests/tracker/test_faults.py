"""Opening, reading and closing, also while a database is busy or replaced: no change gets lost."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.build import DEEP_DESERT, HAGGA, PLAYER, add, config_for, new_resource, remove
from helpers.listening import Listener
from helpers.other_schemas import ask, make_file
from helpers.processes import locked
from helpers.tracking import ask_history, history, quick, shown, stored, undo
from tracker_tui.domain.change import Verdict
from tracker_tui.errors import DatabaseBusy
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.events import ChangesQueued, Failed, Refreshed
from tracker_tui.tracker.tracker import Tracker


def test_opening_loads_everything(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    listener = Listener(tracker)
    tracker.open().result(20)
    changed = frozenset({"spice", "water"})
    loaded = Refreshed(changed=changed, is_first=True, history_may_differ=True)
    assert listener.next(Refreshed) == loaded
    assert {resource.id for resource in tracker.resources()} == {"spice", "water"}
    tracker.close()


@pytest.mark.usefixtures("patient")
def test_close_sends_pending_changes_and_publishes_no_more_events(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    tracker.submit([add(5)])
    assert tracker.close() == []
    assert stored(path) == (1005, 400)
    tracker = Tracker(config_for(path), opener=quick)
    tracker.open().result(20)
    listener = Listener(tracker)
    tracker.close()
    assert listener.events == []


def test_polls_see_changes(tracker: Tracker, listener: Listener, other: Ledger, path: Path) -> None:
    other.apply(add(5))
    other.create([new_resource("oil")], "x")
    ask(path, "DELETE FROM resources WHERE id = 'water'")
    tracker.poll()
    changed, removed = frozenset({"spice", "oil"}), frozenset({"water"})
    refreshed = Refreshed(changed=changed, removed=removed, history_may_differ=True)
    assert listener.next(Refreshed) == refreshed
    assert shown(tracker) == (1005, 400)
    # A change during a poll is found by the next one.
    for number in range(1, 10):
        other.apply(add(1))
        tracker.poll()
        listener.next(Refreshed)
        assert shown(tracker) == (1005 + number, 400)


def test_idle_polls_say_nothing(tracker: Tracker, listener: Listener, other: Ledger) -> None:
    tracker.submit([add(5)])
    listener.settled(1)
    listener.next(ChangesQueued)
    for _ in range(5):
        tracker.poll()
        ask_history(tracker, "spice").result(20)
    assert listener.events == []


def test_names_places_and_time_are_those_of_the_database(tmp_path: Path) -> None:
    path = make_file(
        tmp_path / "guild.db",
        (
            *other_schemas.LATER,
            f"INSERT INTO users VALUES ('u', '{PLAYER}', 'paul', NULL, 'Muad''Dib', 1, 1)",
            "INSERT INTO global_settings VALUES ('inventory_location_1_name', 'Sietch', '', 1, 1)",
        ),
    )
    tracker = Tracker(config_for(path), opener=quick)
    tracker.open().result(20)
    assert (tracker.name_of(PLAYER), tracker.name_of("Stilgar")) == ("Muad'Dib", "Stilgar")
    assert tracker.places == {HAGGA: "Sietch", DEEP_DESERT: "Deep Desert"}
    ((now,),) = ask(path, "SELECT CAST(strftime('%s', 'now') AS INTEGER)")
    assert isinstance(now, int)
    assert abs(tracker.now() - now) <= 2
    tracker.close()


def test_changes_go_into_a_replaced_database_file(
    tracker: Tracker, listener: Listener, path: Path, tmp_path: Path
) -> None:
    backup = tmp_path / "backup.db"
    ask(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, backup)
    tracker.submit([add(5)])
    listener.settled(1)
    # Like restoring a backup: the old file's write-ahead log goes too.
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink()
    backup.replace(path)
    tracker.submit([add(7)])
    listener.settled(1)
    tracker.poll()
    tracker.refresh().result(20)
    assert shown(tracker) == stored(path) == (1007, 400)


@pytest.mark.usefixtures("impatient")
def test_changes_are_shown_and_kept_and_sent_in_order_once_it_is_free(
    path: Path, tracker: Tracker, listener: Listener
) -> None:
    changes = [add(5), remove(1005), add(7)]
    with locked(path):
        for change in changes:
            tracker.submit([change])
            failed = listener.next(Failed)
        assert isinstance(failed.error, DatabaseBusy)
        assert tracker.connection.trouble is failed.error
        assert (tracker.pending(), tracker.needing_player()) == (changes, [])
        # With a write-ahead log readers never wait.
        tracker.refresh().result(20)
        assert shown(tracker) == (7, 400)
        # A one-shot edit is queued, too.
        changes += [add(9), remove(16)]
        outcome = tracker.edit(changes[3]).result(20)
        assert outcome.verdict is Verdict.QUEUED
        assert "in use by another program" in outcome.detail
    # The next submission sends the earlier ones first.
    tracker.submit(changes[4:])
    assert [outcome.change for outcome in listener.settled(5)] == changes
    assert shown(tracker) == stored(path) == (0, 400)
    assert (tracker.pending(), tracker.connection.trouble) == ([], None)
    assert history(path) == [change.id for change in changes]


@pytest.mark.usefixtures("impatient")
def test_an_undo_withdraws_pending_changes_and_is_kept_for_applied_ones(
    path: Path, tracker: Tracker, listener: Listener
) -> None:
    """Design, "One picture": the screen shows the outbox's pending changes on top."""
    tracker.submit([add(5)])
    (applied,) = listener.settled(1)
    with locked(path):
        tracker.submit([add(50), add(7, resource_id="water")])
        listener.next(Failed)
        assert undo(tracker, listener) == (2, 0, 0)
        assert shown(tracker) == (1005, 400)
        assert tracker.pending() == []
        tracker.undo()
        listener.next(Failed)
        assert len(tracker.pending()) == 1
        assert shown(tracker) == (1000, 400)
    assert history(path) == [applied.change.id]
    tracker.poll()
    listener.settled(1)
    assert shown(tracker) == stored(path) == (1000, 400)


@pytest.mark.usefixtures("impatient")
def test_opening_fails_and_poll_tries_again(tmp_path: Path) -> None:
    # A writer blocks readers only with a rollback journal.
    path = make_file(tmp_path / "guild.db", other_schemas.FOUNDING)
    tracker = Tracker(config_for(path), opener=quick)
    listener = Listener(tracker)
    with locked(path):
        opened = tracker.open()
        with pytest.raises(DatabaseBusy):
            opened.result(20)
        assert listener.next(Failed).error is tracker.connection.trouble
    tracker.poll()
    assert listener.next(Refreshed).is_first
    assert tracker.connection.trouble is None
    tracker.close()


def test_closing_waits_for_no_locked_database(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Waiting for the lock would take forever here.
    monkeypatch.setattr("tracker_tui.db.sqlite.BUSY_SECONDS", float("inf"))
    monkeypatch.setattr("tracker_tui.db.sqlite._SQLITE_WAITS", 0.05)
    monkeypatch.setattr("tracker_tui.tracker.ledger_thread._CLOSING_SECONDS", 0.1)
    tracker = Tracker(config_for(path), opener=quick)
    tracker.open().result(20)
    with locked(path):
        changes = [add(5), add(7)]
        tracker.submit(changes)
        assert tracker.close() == changes
    # The next run sends what stayed in the outbox, once.
    with closing(Tracker(config_for(path), opener=quick)) as tracker:
        listener = Listener(tracker)
        tracker.open().result(20)
        assert [outcome.change for outcome in listener.settled(2)] == changes
    assert history(path) == [change.id for change in changes]
