"""Local databases that are busy, reject a change or are replaced: no change gets lost."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from helpers import other_schemas
from helpers.build import add, config_for, remove
from helpers.listening import Listener
from helpers.other_schemas import ask, make_file
from helpers.processes import locked
from helpers.tracking import history, quick, shown, stored, undo
from tracker_tui.domain.change import Verdict
from tracker_tui.errors import DatabaseBusy
from tracker_tui.tracker.events import Failed, Refreshed
from tracker_tui.tracker.tracker import Tracker


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
    # The next submission sends the earlier ones first.
    changes.append(remove(7))
    tracker.submit(changes[3:])
    assert [outcome.change for outcome in listener.settled(4)] == changes
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
def test_a_one_shot_edit_is_queued_and_closing_returns_what_could_not_be_sent(path: Path) -> None:
    tracker = Tracker(config_for(path), opener=quick)
    tracker.open().result(20)
    with locked(path):
        outcome = tracker.edit(add(5)).result(20)
        assert outcome.verdict is Verdict.QUEUED
        assert "in use by another program" in outcome.detail
        changes = [add(5), add(7)]
        tracker.submit(changes)
        assert tracker.close()[-2:] == changes
    assert history(path) == []


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
        change = add(5)
        tracker.submit([change])
        assert tracker.close() == [change]
    # The next run sends what stayed in the outbox, once.
    with closing(Tracker(config_for(path), opener=quick)) as tracker:
        listener = Listener(tracker)
        tracker.open().result(20)
        assert [outcome.change for outcome in listener.settled(1)] == [change]
    assert history(path) == [change.id]
