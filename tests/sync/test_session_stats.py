"""What a run has brought, and what of it can be undone."""

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
from tracker_tui.sync.session_stats import SessionCounter
from tracker_tui.sync.undo import Submission, UndoLog

IN, OUT = Moved(0, 0, 5, 0, Points(0.5, 1, 0, 0.1)), Moved(5, 0, 3, 0, NO_POINTS)


def applied(change: Change, moved: Moved) -> Outcome:
    return Outcome(change, Verdict.APPLIED, None, moved)


def counter_to(change: Change, moved: Moved) -> Change:
    counter = counter_change(change, moved, PLAYER)
    assert counter is not None
    return counter


def test_a_sheet_begins_with_nothing() -> None:
    assert SessionCounter().stats == SessionStats(0, 0, 0.0)


def test_what_came_in_and_what_went_out_is_counted_with_its_points() -> None:
    sheet = SessionCounter()
    for change, moved in [(add(5), IN), (remove(2), OUT), (add(5), IN), (add(5), IN)]:
        sheet.count(applied(change, moved))
    sheet.count(applied(to_deep_desert(3), Moved(3, 0, 0, 3, NO_POINTS)))
    # Not 0.30000000000000004.
    assert sheet.stats == SessionStats(5, 13, 0.3)


def test_an_outcome_told_twice_counts_once() -> None:
    sheet, outcome = SessionCounter(), applied(add(5), IN)
    sheet.count(outcome)
    sheet.count(outcome._replace(verdict=Verdict.ALREADY_APPLIED))
    assert sheet.stats == SessionStats(1, 5, 0.1)


def test_what_was_refused_does_not_count() -> None:
    sheet = SessionCounter()
    sheet.count(Outcome(remove(9), Verdict.REFUSED, None, refusal=Rejection.QUANTITY))
    assert sheet.stats == SessionStats()


def test_what_was_undone_does_not_count_any_more() -> None:
    sheet, change = SessionCounter(), add(5)
    sheet.count(applied(change, IN))
    sheet.count(applied(counter_to(change, IN), Moved(5, 0, 0, 0, NO_POINTS)))
    assert sheet.stats == SessionStats()


# The undo log


def test_submissions_come_out_newest_first_up_to_a_number() -> None:
    log, first, second, third = UndoLog(), add(1), add(2), add(3)
    log.submitted([first])
    log.submitted([second])
    asked = log.newest
    log.submitted([third])
    assert log.pop(asked) == Submission(2, (second,))
    assert log.pop(asked) == Submission(1, (first,))
    assert log.pop(asked) is None
    assert log.pop(log.newest) == Submission(3, (third,))


def test_a_submission_that_was_put_back_comes_out_in_its_place() -> None:
    log = UndoLog()
    for amount in (1, 2, 3):
        log.submitted([add(amount)])
    newest = log.pop(3)
    assert newest is not None
    log.put_back(newest)
    assert [log.pop(3), log.pop(3) is None] == [newest, False]


def test_what_could_not_be_kept_is_nothing_to_undo() -> None:
    log, change = UndoLog(), add(1)
    log.submitted([change])
    log.forget([change])
    assert log.pop(log.newest) is None
    assert not log.settled(applied(change, IN))


def test_only_changes_of_this_run_and_their_undoing_are_its_own() -> None:
    log, mine, other = UndoLog(), add(1), add(2)
    log.submitted([mine])
    assert log.settled(applied(mine, IN))
    assert log.settled(applied(counter_to(mine, IN), OUT))
    assert not log.settled(applied(other, IN))
    assert not log.settled(applied(counter_to(other, IN), OUT))
    assert (log.outcome(mine), log.outcome(other)) == (applied(mine, IN), None)


def test_an_undo_refused_for_its_quantity_can_be_tried_again_behind_all_others() -> None:
    log, first, second = UndoLog(), add(1), add(2)
    for change in (first, second):
        log.submitted([change])
        log.settled(applied(change, IN))
    log.pop(log.newest)
    counter = counter_to(second, IN)
    log.settled(Outcome(counter, Verdict.REFUSED, None, refusal=Rejection.QUANTITY))
    assert log.pop(log.newest) == Submission(1, (first,))
    assert log.pop(log.newest) == Submission(0, (second,))


def test_an_undo_refused_for_another_reason_cannot_be_tried_again() -> None:
    log, change = UndoLog(), add(1)
    log.submitted([change])
    log.settled(applied(change, IN))
    log.pop(log.newest)
    counter = counter_to(change, IN)
    log.settled(Outcome(counter, Verdict.REFUSED, None, refusal=Rejection.NOT_IN_HISTORY))
    assert log.pop(log.newest) is None
