"""A database that rejects a change for good, and one that is replaced by another file."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from helpers.build import add, config_for
from helpers.listening import Listener
from helpers.processes import locked
from helpers.recent import ask_history
from helpers.tracking import history, quick, shown, stored, undo
from helpers.wild import ask
from tracker_tui.domain.change import Rejection, Verdict
from tracker_tui.domain.messages import outcome_sentence
from tracker_tui.tracker.tracker import Tracker

REFUSES_WATER = """
    CREATE TRIGGER no_water BEFORE UPDATE ON resources WHEN old.id = 'water'
    BEGIN SELECT RAISE(ABORT, 'the well is closed'); END
"""


def test_a_rejected_change_does_not_block_others(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    ask(path, REFUSES_WATER)
    poisoned, fine = add(5, resource_id="water"), add(7)
    tracker.submit([poisoned, fine])
    refused, applied = listener.settled(2)
    assert (refused.verdict, refused.rejection) == (Verdict.REJECTED, Rejection.BY_DATABASE)
    assert "the well is closed" in outcome_sentence(refused, tracker.places)
    assert applied.verdict is Verdict.APPLIED
    assert tracker.needing_player() == [refused]
    assert shown(tracker, "water") == stored(path, "water") == (50, 0)
    assert shown(tracker) == stored(path) == (1007, 400)


def test_an_undo_passes_a_change_that_needs_the_player(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    tracker.submit([add(5, resource_id="water")])
    listener.settled(1)
    tracker.submit([add(999_999_999, resource_id="water")])
    listener.settled(1)
    assert undo(tracker, listener) == (0, 0, 1)
    assert stored(path, "water") == (50, 0)


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
def test_a_one_shot_edit_on_a_busy_database_is_queued_and_sent_by_the_next_run(
    path: Path,
) -> None:
    change, tracker = add(9), Tracker(config_for(path), opener=quick)
    with locked(path):
        assert tracker.edit(change).result(20).verdict is Verdict.QUEUED
        assert [left.id for left in tracker.close()] == [change.id]
    assert history(path) == []
    tracker = Tracker(config_for(path), opener=quick)
    listener = Listener(tracker)
    tracker.open().result(20)
    listener.settled(1)
    tracker.close()
    assert history(path) == [change.id]


def test_a_change_that_needs_the_player_is_not_a_busy_database(
    tracker: Tracker, listener: Listener
) -> None:
    tracker.submit([add(999_999_999)])
    listener.settled(1)
    tracker.submit([add(5)]).result(20)
    # This is queued behind both sends in the ledger's thread.
    ask_history(tracker, "spice").result(20)
    assert len(tracker.pending()) == 1
    assert tracker.connection.busy_seconds == 0.0
