"""The engine on a real ledger: nothing is shown twice or lost, whichever program sends."""

from __future__ import annotations

from functools import partial
from itertools import product

import pytest

from helpers.build import add, remove, set_to
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask
from sync.conftest import Start
from sync.programs import Interleaved, Program
from tracker_tui.domain.change import Change, Rejection, Verdict
from tracker_tui.errors import LocalFileError
from tracker_tui.ledger.refresh_queries import RefreshRequest
from tracker_tui.local.sqlite_file import set_aside
from tracker_tui.sync.outbox_entries import EntryState
from tracker_tui.sync.sender import as_sent

REQUESTS = (RefreshRequest(), RefreshRequest(since=0))


def deliver(program: Program, *changes: Change) -> None:
    """Apply changes without giving the sending program an answer."""
    clock = program.engine.clock
    entries = program.outbox.begin_sending([change.id for change in changes], clock())
    program.ledger.apply_all(as_sent(entries, clock()))


def send(program: Program, change: Change, *, is_answered: bool, was_known: bool) -> None:
    if not was_known:
        program.submit(change)
    if is_answered:
        program.send()
    else:
        deliver(program, change)


# Typed changes


def test_a_change_that_was_not_saved_is_not_shown_projected_or_undone(program: Program) -> None:
    connection = program.outbox._file._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LocalFileError, match="the disk is full"):
        program.submit(add(5, reason="x" * 50_000))
    assert program.shown() == (1000, 0)
    assert program.overlay.projected("spice") == program.overlay.row("spice")
    assert program.engine.undo(program.engine.newest_submission).is_empty


def test_changes_cancelled_elsewhere_disappear(program: Program, start: Start) -> None:
    other = start()
    for take_step in (
        lambda key: program.outbox.begin_sending([key], 2.0),
        lambda key: program.outbox.mark_unsent([key]),
    ):
        change = add(5)
        program.submit(change)
        program.outbox.begin_sending([change.id], 1.0)
        for each in (program, other):
            each.engine.catch_up()
        other.engine.drop([change])
        take_step(change.id)
        program.engine.catch_up()
        assert program.shown() == (1000, 0)
        program.outbox.mark_unsent([change.id])


def test_changes_are_in_the_order_of_typing(program: Program, start: Start, books: Books) -> None:
    other = start()
    program.submit(add(5))
    assert other.shown() == (1000, 0)
    other.engine.catch_up()
    assert other.shown() == (1005, 0)
    program.undo()
    other.engine.catch_up()
    assert other.shown() == (1000, 0)
    other.engine.catch_up()
    assert other.changed == [{"spice"}, {"spice"}]
    program.submit(add(5))
    other.submit(set_to(7))
    program.submit(add(1))
    for each in (program, other):
        each.engine.catch_up()
        assert each.shown() == (8, 0)
    program.send()
    assert books.quantities() == program.shown() == (8, 0)


# Refreshing while another program sends


def test_an_unanswered_change_is_shown_once(program: Program, start: Start, books: Books) -> None:
    for round_, request in enumerate(REQUESTS):
        expected = (1005 + round_ * 205, 0)
        change = add(5)
        program.submit(change)
        deliver(program, change)
        program.refresh(request)
        assert program.shown() == start().shown() == books.quantities() == expected
        assert program.overlay.applied_ids == {change.id}
        for others in (100, 200):
            books.ledger.apply(add(100))
            program.refresh(request)
            assert program.shown() == books.quantities() == (expected[0] + others, 0)
        program.send()
        assert program.shown() == books.quantities() == (expected[0] + 200, 0)
        assert program.overlay.applied_ids == frozenset()


def test_a_refresh_shows_each_change_once(program: Program, start: Start, books: Books) -> None:
    cases = product(REQUESTS, ("before", "after"), (True, False), (True, False))
    for number, case in enumerate(cases, start=1):
        request, moment, is_answered, was_known = case
        other, change = start(), add(5)
        if was_known:
            other.submit(change)

        send_change = partial(send, other, change, is_answered=is_answered, was_known=was_known)
        expected = (1000 + 5 * number, 0)
        program.refresh(request, ledger=Interleaved(program.ledger, **{moment: send_change}))
        assert program.shown() == expected, case
        program.refresh(request)
        assert program.shown() == other.shown() == books.quantities() == expected, case
        program.send()
        assert program.shown() == books.quantities() == expected, case


def test_unsure_rows_wait(program: Program, start: Start, books: Books) -> None:
    books.insert_resource("water", quantity_hagga=50)
    other = start()
    for request, expected in zip(REQUESTS, (1005, 1010), strict=True):
        send_change = partial(send, other, add(5), is_answered=False, was_known=False)
        refreshed = program.refresh(request, ledger=Interleaved(program.ledger, before=send_change))
        assert refreshed.is_partial, request
        assert (program.shown(), program.shown("water")) == ((expected, 0), (50, 0))
        assert not program.refresh(request).is_partial
        assert program.shown() == (expected, 0)


def test_pending_changes_show_no_deleted_resource(program: Program, books: Books) -> None:
    change = add(5)
    program.submit(change)
    books.run("DELETE FROM resource_history")
    books.run("DELETE FROM resources")
    refreshed = program.refresh()
    assert refreshed.removed == {"spice"}
    assert program.overlay.resource("spice") is None
    (outcome,) = program.send()
    assert outcome.rejection is Rejection.NO_RESOURCE
    assert program.states() == {change.id: EntryState.REJECTED}


def test_a_change_that_a_backup_lacks_is_sent_again(program: Program, books: Books) -> None:
    change = add(5)
    program.submit(change)
    deliver(program, change)
    program.refresh()
    assert program.overlay.applied_ids == {change.id}
    for table in ("resource_history", "leaderboard"):
        books.run(f"DELETE FROM {table} WHERE id = ?", change.id)
    books.run("UPDATE resources SET quantity_hagga = 900, updated_at = 1")
    program.refresh()
    assert program.overlay.applied_ids == frozenset()
    assert program.shown() == (905, 0)
    program.send()
    assert program.shown() == books.quantities() == (905, 0)


# Undoing and dropping


def test_undo_withdraws_or_counters_changes(program: Program, books: Books) -> None:
    program.submit(add(5), add(7))
    assert [len(part) for part in program.undo()] == [2, 0, 0]
    assert (program.shown(), program.send(), program.states()) == ((1000, 0), [], {})
    for is_old in (False, True):
        program.submit(add(5))
        program.send()
        if is_old:
            # The outbox keeps only the newest.
            ask(program.outbox._file.path, "DELETE FROM entries")
        assert [len(part) for part in program.undo()] == [0, 0, 1]
        assert (program.shown(), books.quantities()) == ((1000, 0), (1005, 0))
        program.send()
        assert program.shown() == books.quantities() == (1000, 0)
    assert program.engine.stats == (0, 0, 0.0)
    assert books.rows("leaderboard") == []


def test_undo_of_a_change_in_flight_is_queued(program: Program, start: Start, books: Books) -> None:
    for arrives in (True, False):
        change = add(5)
        program.submit(change)
        if arrives:
            deliver(program, change)
        else:
            program.outbox.begin_sending([change.id], program.engine.clock())
        assert [len(part) for part in program.undo()] == [0, 1, 0]
        assert program.shown() == (1000, 0)
        first = Verdict.ALREADY_APPLIED if arrives else Verdict.APPLIED
        # The next run does it, too.
        program.close()
        program = start()
        assert program.shown() == (1000, 0)
        program.refresh()
        assert [outcome.verdict for outcome in program.send()] == [first, Verdict.APPLIED]
        assert program.shown() == books.quantities() == (1000, 0)
        assert not program.sender.has_unsent


def test_an_undo_passes_dropped_submissions(program: Program, start: Start) -> None:
    first, second, third = add(5), add(7), add(9)
    program.submit(first)
    asked = program.engine.newest_submission
    program.submit(second)
    program.engine.undo(asked)
    assert program.states() == {second.id: EntryState.PENDING}
    assert program.shown() == (1007, 0)
    program.submit(third)
    start().engine.drop([third])
    assert program.undo().withdrawn == [second]
    assert (program.shown(), program.states()) == ((1000, 0), {})


def test_a_change_dropped_in_flight_is_undone(program: Program, start: Start, books: Books) -> None:
    for other in (program, start()):
        change = add(5)
        program.submit(change)
        deliver(program, change)
        other.engine.catch_up()
        other.engine.drop([change])
        assert other.shown() == (1000, 0)
        other.send()
        assert program.undo().is_empty
        program.send()
        assert program.shown() == books.quantities() == (1000, 0)


def test_a_resolved_change_in_flight_can_be_undone(program: Program, books: Books) -> None:
    change = remove(1005)
    program.submit(change)
    program.send()
    books.ledger.apply(add(10))
    program.engine.resolve(change)
    deliver(program, change)
    assert program.undo().in_flight == [change]
    program.send()
    assert program.shown() == books.quantities() == (1010, 0)
    change = add(5)
    program.submit(change)
    program.send()
    assert not program.engine.resolve(change._replace(amount=9))
    assert program.shown() == (1015, 0)


def test_a_removed_replica_is_written_again(program: Program, start: Start, books: Books) -> None:
    books.insert_resource("water", quantity_hagga=50)
    program.refresh()
    set_aside(program.outbox._file.path.with_name("replica.db"))
    program.refresh(RefreshRequest(since=2**33))
    later = start()
    assert (later.shown(), later.shown("water")) == ((1000, 0), (50, 0))
