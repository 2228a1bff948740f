"""Undo: newest submission first, back to the start of the run."""

from __future__ import annotations

from pathlib import Path

from helpers.build import DEEP_DESERT, add, remove, set_to, to_deep_desert
from helpers.listening import Listener
from helpers.other_schemas import ask
from helpers.tracking import shown, stored, undo
from tracker_tui.domain.change import Rejection
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker


def test_undo_reverts_any_change_back_to_the_start_of_the_run(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    for change in (
        *(add(5), remove(5, DEEP_DESERT), set_to(5), set_to(5000, DEEP_DESERT)),
        to_deep_desert(5),
    ):
        tracker.submit([change]).result(20)
    # A rejected change is passed.
    tracker.submit([remove(10_000, resource_id="iron")])
    # In the other order the second step would lack the quantity that it removes.
    dependent = [add(5000), to_deep_desert(4900), remove(5900, DEEP_DESERT)]
    tracker.submit([*dependent, add(7, resource_id="water")]).result(20)
    listener.until(lambda: not tracker.pending())
    assert undo(tracker, listener) == (0, 0, 4)
    assert (stored(path), stored(path, "water")) == ((0, 5005), (50, 0))
    for _ in range(5):
        assert undo(tracker, listener) == (0, 0, 1)
    assert shown(tracker) == stored(path) == (1000, 400)
    assert ask(path, "SELECT count(*) FROM leaderboard") == [(0,)]
    # An undo is not itself undone.
    assert undo(tracker, listener) == (0, 0, 0)
    assert stored(path) == (1000, 400)


def test_an_undo_that_others_prevent_can_be_retried_and_blocks_no_earlier_one(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    tracker.submit([set_to(1100)])
    listener.settled(1)
    gone = add(7)
    tracker.submit([gone])
    listener.settled(1)
    # An admin deleted the entry, so this program cannot undo it.
    ask(path, "DELETE FROM resource_history WHERE id = ?", gone.id)
    undo(tracker, listener)
    other.apply(remove(1050))
    tracker.submit([add(100, resource_id="water")])
    listener.settled(2)
    assert undo(tracker, listener) == (0, 0, 1)
    assert stored(path, "water") == (50, 0)
    assert undo(tracker, listener) == (0, 0, 1)
    rejected = [outcome.rejection for outcome in listener.settled(2)]
    assert rejected == [None, Rejection.QUANTITY]
    assert (tracker.pending(), tracker.needing_player()) == ([], [])
    assert stored(path) == (57, 400)
    # It keeps the later changes of others.
    other.apply(add(100))
    assert undo(tracker, listener) == (0, 0, 1)
    assert stored(path) == (57, 400)
