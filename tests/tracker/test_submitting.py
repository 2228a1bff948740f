"""Submitting: shown at once, sent in order, with an outcome for each change, and undone."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from helpers.build import DEEP_DESERT, HAGGA, PLAYER, add, remove, set_to, to_deep_desert
from helpers.listening import Listener
from helpers.other_schemas import ask
from helpers.processes import locked
from helpers.tracking import ask_history, history, shown, stored, undo
from tracker_tui.domain.change import Rejection, Verdict
from tracker_tui.domain.change_syntax import parse_change
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker


def test_a_submission_is_projected_and_shown_once_saved(tracker: Tracker, path: Path) -> None:
    with locked(path):
        saved = tracker.submit([add(5), to_deep_desert(100)])
        projected = tracker.projected("spice")
        assert projected is not None
        assert (projected.hagga, projected.deep_desert) == (905, 500)
        saved.result(20)
        assert shown(tracker) == (905, 500)


def test_a_rejected_change_blocks_others(tracker: Tracker, listener: Listener, path: Path) -> None:
    """Design, "One picture": they were typed in the belief that the earlier one succeeds."""
    changes = [set_to(7, resource_id="water"), add(1, resource_id="gone"), add(5), remove(10_000)]
    tracker.submit(changes)
    outcomes = listener.settled(4)
    assert [outcome.change for outcome in outcomes] == changes
    assert [outcome.verdict for outcome in outcomes] == [
        *(Verdict.APPLIED, Verdict.REJECTED, Verdict.APPLIED, Verdict.REJECTED),
    ]
    assert outcomes[3].shortage == (HAGGA, 1005, -8995)
    assert tracker.needing_player() == [outcomes[1], outcomes[3]]
    assert shown(tracker) == stored(path) == (1005, 400)
    pending, elsewhere = add(5), add(5, resource_id="water")
    tracker.submit([pending])
    tracker.submit([elsewhere]).result(20)
    listener.settled(1)
    ask_history(tracker, "spice").result(20)
    assert tracker.pending() == [pending]
    # It waits for the player, not for a busy database.
    assert tracker.connection.busy_seconds == 0.0
    for change in (changes[1], changes[3]):
        tracker.drop(change)
    listener.until(lambda: not tracker.needing_player())
    tracker.poll()
    listener.settled(1)
    assert history(path) == [each.id for each in (changes[0], changes[2], elsewhere, pending)]


def test_submissions_are_applied_in_order(tracker: Tracker, listener: Listener, path: Path) -> None:
    changes = [add(n, resource_id="spice" if n % 2 else "water") for n in range(1, 121)]
    for change in changes:
        tracker.submit([change])
    outcomes = listener.settled(len(changes))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.APPLIED}
    assert [outcome.change for outcome in outcomes] == changes
    assert history(path) == [change.id for change in changes]
    assert shown(tracker) == stored(path)


@contextmanager
def at_every_step(interrupt: Callable[[], None]) -> Iterator[None]:
    """Call `interrupt` at each point in the program where the scheduler might switch threads."""

    def trace(frame: FrameType, event: str, argument: object) -> None:
        if "tracker_tui" in frame.f_code.co_filename:
            sys.settrace(None)
            interrupt()
            sys.settrace(trace)

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def test_threads_submit_at_once(tracker: Tracker, listener: Listener, path: Path) -> None:
    threads: list[threading.Thread] = []

    def submit_from_another_thread() -> None:
        thread = threading.Thread(target=tracker.submit, args=([add(1)],))
        threads.append(thread)
        thread.start()
        # It may wait for this thread; otherwise its change is sent first.
        thread.join(0.1)
        if not thread.is_alive():
            ask_history(tracker, "spice").result(20)

    with at_every_step(submit_from_another_thread):
        tracker.submit([add(1000)])
    for thread in threads:
        thread.join(20)
    listener.settled(1 + len(threads))
    assert len(threads) > 2
    assert stored(path) == (2000 + len(threads), 400)
    assert shown(tracker) == stored(path)


def test_only_a_set_expects_the_quantity_that_was_seen(tracker: Tracker) -> None:
    seen = tracker.change("spice", parse_change("=5"), DEEP_DESERT, seen=400)
    blind = tracker.change("spice", parse_change("=5"), DEEP_DESERT, seen=None)
    relative = tracker.change("spice", parse_change("+5 # run"), HAGGA, seen=1000)
    assert (seen.expected, blind.expected, relative.expected) == (400, None, None)
    assert (relative.by, relative.reason, relative.amount) == (PLAYER, "run", 5)


def test_undo_goes_back_to_the_start(tracker: Tracker, listener: Listener, path: Path) -> None:
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
