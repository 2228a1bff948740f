"""The submissions of a run: their stats, and their undo."""

from __future__ import annotations

from helpers.build import PLAYER, add, remove, to_deep_desert
from tracker_tui.domain.change import (
    Change,
    Moved,
    Outcome,
    Rejection,
    SessionStats,
    Verdict,
    counter_change,
)
from tracker_tui.domain.points import NO_POINTS, Points
from tracker_tui.sync.undo import Submission, UndoLog

IN, OUT = Moved(0, 0, 5, 0, Points(0.5, 1, 0, 0.1)), Moved(5, 0, 3, 0, NO_POINTS)


def applied(change: Change, moved: Moved) -> Outcome:
    return Outcome(change, Verdict.APPLIED, None, moved)


def counter_to(change: Change, moved: Moved) -> Change:
    counter = counter_change(change, moved, PLAYER)
    assert counter is not None
    return counter


def log_of(*submissions: list[Change]) -> UndoLog:
    log = UndoLog()
    for changes in submissions:
        log.add(changes)
    return log


def test_stats_sum_up_additions_removals_and_points() -> None:
    pairs = [(add(5), IN), (remove(2), OUT), (add(5), IN), (add(5), IN)]
    pairs.append((to_deep_desert(3), Moved(3, 0, 0, 3, NO_POINTS)))
    log = log_of([change for change, _ in pairs])
    for change, moved in pairs:
        log.record(applied(change, moved))
    # Not 0.30000000000000004.
    assert log.stats == SessionStats(5, 13, 0.3)


def test_only_what_is_applied_and_not_undone_counts_once() -> None:
    change, rejected = add(5), remove(9)
    log = log_of([change], [rejected])
    assert log.stats == SessionStats(0, 0, 0.0)
    log.record(Outcome(rejected, Verdict.REJECTED, None, rejection=Rejection.QUANTITY))
    assert log.stats == SessionStats()
    outcome = applied(change, IN)
    log.record(outcome)
    log.record(outcome._replace(verdict=Verdict.ALREADY_APPLIED))
    assert log.stats == SessionStats(1, 5, 0.1)
    # Changes of other programs do not count.
    other = add(2)
    log.record(applied(other, IN))
    log.record(applied(counter_to(other, IN), OUT))
    assert (log.outcome(change).verdict, log.outcome(other)) == (Verdict.ALREADY_APPLIED, None)
    assert log.stats == SessionStats(1, 5, 0.1)
    log.record(applied(counter_to(change, IN), Moved(5, 0, 0, 0, NO_POINTS)))
    assert log.stats == SessionStats()


def test_submissions_come_out_newest_first_up_to_a_number() -> None:
    log, first, second, third = UndoLog(), add(1), add(2), add(3)
    log.add([first])
    log.add([second])
    requested = log.newest
    log.add([third])
    assert log.pop(requested) == Submission(2, (second,))
    assert log.pop(requested) == Submission(1, (first,))
    assert log.pop(requested) is None
    assert log.pop(log.newest) == Submission(3, (third,))


def test_a_submission_can_be_put_back_in_its_place_or_forgotten() -> None:
    change = add(3)
    log = log_of([add(1)], [add(2)], [change])
    newest = log.pop(3)
    assert newest is not None
    log.put_back(newest)
    assert [log.pop(3), log.pop(3) is None] == [newest, False]
    # It was not saved.
    log = log_of([change])
    log.forget([change])
    assert log.pop(log.newest) is None
    log.record(applied(change, IN))
    assert log.outcome(change) is None


def test_an_undo_can_be_tried_again_after_all_others_if_only_its_quantity_was_rejected() -> None:
    for rejection, expected in (
        (Rejection.QUANTITY, [1, 0, None]),
        (Rejection.NOT_IN_HISTORY, [1, None]),
    ):
        first, second = add(1), add(2)
        log = log_of([first], [second])
        for change in (first, second):
            log.record(applied(change, IN))
        log.pop(log.newest)
        counter = counter_to(second, IN)
        log.record(Outcome(counter, Verdict.REJECTED, None, rejection=rejection))
        found = [log.pop(log.newest) for _ in expected]
        assert [each and each.number for each in found] == expected
