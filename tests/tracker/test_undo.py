"""Undo: newest submission first, back to the start of the run."""

from __future__ import annotations

from pathlib import Path

from helpers.build import DEEP_DESERT, add, remove, set_to, to_deep_desert
from helpers.listening import Listener
from helpers.other_schemas import ask
from helpers.tracking import shown, stored, undo
from tracker_tui.domain.change import Rejection, Verdict
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker


def test_undo_reverts_any_change(tracker: Tracker, listener: Listener, path: Path) -> None:
    for change in (
        *(add(5), remove(5, DEEP_DESERT), set_to(5), set_to(5000, DEEP_DESERT)),
        to_deep_desert(5),
    ):
        tracker.submit([change])
        listener.settled(1)
        assert undo(tracker, listener) == (0, 0, 1), change
        listener.settled(1)
        assert shown(tracker) == stored(path) == (1000, 400), change
        assert ask(path, "SELECT count(*) FROM leaderboard") == [(0,)], change


def test_undo_reverts_all_changes_of_a_submission(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    # In the other order the second step would lack the quantity that it removes.
    dependent = [add(5000), to_deep_desert(5500), remove(5900, DEEP_DESERT)]
    tracker.submit([*dependent, add(7, resource_id="water")]).result(20)
    listener.until(lambda: not tracker.pending())
    assert undo(tracker, listener) == (0, 0, 4)
    assert {outcome.verdict for outcome in listener.settled(8)} == {Verdict.APPLIED}
    assert (stored(path), stored(path, "water")) == ((1000, 400), (50, 0))


def test_undo_goes_back_to_the_start_of_the_run_past_a_rejected_change(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    for change in (add(5), set_to(2000), to_deep_desert(300), remove(10_000, resource_id="water")):
        tracker.submit([change]).result(20)
    listener.until(lambda: not tracker.pending())
    for _ in range(3):
        assert undo(tracker, listener) == (0, 0, 1)
    assert stored(path) == (1000, 400)
    # An undo is not itself undone.
    assert undo(tracker, listener) == (0, 0, 0)
    assert stored(path) == (1000, 400)


def test_undo_of_a_set_keeps_later_changes_of_others(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    tracker.submit([set_to(5)])
    listener.settled(1)
    other.apply(add(20))
    undo(tracker, listener)
    assert stored(path) == (1020, 400)


def test_an_undo_rejected_for_its_quantity_can_be_retried(
    tracker: Tracker, listener: Listener, other: Ledger, path: Path
) -> None:
    tracker.submit([add(100), add(100, resource_id="water")])
    listener.settled(2)
    other.apply(remove(1100))
    assert undo(tracker, listener) == (0, 0, 2)
    rejected = {outcome.rejection: outcome.verdict for outcome in listener.settled(2)}
    assert rejected == {Rejection.QUANTITY: Verdict.REJECTED, None: Verdict.APPLIED}
    assert (tracker.pending(), tracker.needing_player()) == ([], [])
    assert (stored(path), stored(path, "water")) == ((0, 400), (50, 0))
    other.apply(add(100))
    assert undo(tracker, listener) == (0, 0, 1)
    assert (stored(path), stored(path, "water")) == ((0, 400), (50, 0))


def test_an_impossible_undo_does_not_block_earlier_ones(
    tracker: Tracker, listener: Listener, path: Path
) -> None:
    gone = add(7)
    tracker.submit([add(5)]).result(20)
    listener.until(lambda: not tracker.pending())
    tracker.submit([gone])
    listener.settled(2)
    # An admin deleted the entry, so this program cannot undo it.
    ask(path, "DELETE FROM resource_history WHERE id = ?", gone.id)
    undo(tracker, listener)
    undo(tracker, listener)
    assert stored(path) == (1007, 400)
