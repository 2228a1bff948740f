"""Sending to a real ledger: in order, and applied once even if programs are killed."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from helpers.build import add, remove, set_to
from helpers.ledger_under_test import Books
from sync.conftest import Start
from sync.programs import DAY, Clock, Program
from tracker_tui.domain.change import Change, Rejection, Verdict, without_guard
from tracker_tui.sync.outbox_entries import EntryState, OutboxEntry
from tracker_tui.sync.sender import as_sent, is_outdated, sendable

NOW = 1_700_000_000.0


@pytest.fixture(autouse=True)
def arrakeen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set the local time zone to two hours east of Greenwich."""
    monkeypatch.setenv("TZ", "Arrakeen-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def queued(*entries: tuple[Change, EntryState] | Change, **given: object) -> list[OutboxEntry]:
    """Return entries in this order, pending by default."""
    pairs = [entry if type(entry) is tuple else (entry, EntryState.PENDING) for entry in entries]
    return [
        OutboxEntry(number, change, state, NOW)._replace(**given)
        for number, (change, state) in enumerate(pairs, 1)
    ]


def sent(entries: list[OutboxEntry], now: float = NOW) -> list[Change]:
    return [entry.change for entry in sendable(entries, now)]


def test_open_entries_are_sent_in_order() -> None:
    a, b, c, d = add(1), add(2, resource_id="water"), add(3), add(4)
    assert sent(queued(a, (b, EntryState.SENDING), (c, EntryState.APPLIED), d)) == [a, b, d]


def test_a_change_that_needs_the_player_blocks_later_ones() -> None:
    before, stuck, behind, other = add(1), add(2), add(3), add(4, resource_id="water")
    for state in (EntryState.REJECTED, EntryState.CONFLICT):
        assert sent(queued(before, (stuck, state), behind, other)) == [before, other]
        assert sent(queued((stuck, state), (behind, EntryState.SENDING))) == []
    assert sent(queued((stuck, EntryState.REJECTED), behind, (before, EntryState.APPLIED))) == []


def test_an_undo_is_not_blocked() -> None:
    stuck, undo = add(2), remove(1, undoes="earlier", requires="earlier")
    assert sent(queued((stuck, EntryState.REJECTED), undo)) == [undo]


def test_an_unanswered_change_is_outdated_after_a_day() -> None:
    entries = queued((add(1), EntryState.SENDING), sent_at=NOW)
    behind = queued((add(1), EntryState.SENDING), sent_at=NOW) + queued(add(2))
    assert not is_outdated(entries[0], NOW + DAY)
    assert sent(entries, NOW + DAY) == [entries[0].change]
    assert is_outdated(entries[0], NOW + DAY + 1)
    assert sent(behind, NOW + DAY + 1) == []
    never_sent = queued(add(1))
    assert sent(never_sent, NOW + 400 * DAY) == [never_sent[0].change]


def test_each_change_requires_the_one_before_it_of_its_resource() -> None:
    a, b, c, d = add(1), add(2, resource_id="water"), add(3), add(4)
    changes = as_sent(queued(a, b, c, d), NOW)
    assert [change.requires for change in changes] == [None, None, a.id, c.id]
    assert [change._replace(requires=None) for change in changes] == [a, b, c, d]
    # An undo requires only its original change.
    undo = remove(1, undoes="earlier", requires="earlier")
    changes = as_sent(queued(a, undo, c), NOW)
    assert [change.requires for change in changes] == [None, "earlier", a.id]
    # A requirement of an earlier request is dropped.
    (change,) = as_sent(queued(add(1, requires="somebody's")), NOW)
    assert change.requires is None


def test_a_change_that_is_sent_late_says_so_in_local_time() -> None:
    remarks = {
        0.0: None,
        59.0: None,
        -3600.0: None,
        60.0: "made 00:13, sent 00:14",
        4080.0: "made 00:13, sent 01:21",
        DAY: "made 2023-11-15 00:13, sent 2023-11-16 00:13",
        400 * DAY: "made 2023-11-15 00:13, sent 2024-12-19 00:13",
    }
    entries = queued(add(1))
    assert {later: as_sent(entries, NOW + later)[0].remark for later in remarks} == remarks
    # 23:59 in local time, which is another day than in Greenwich.
    (change,) = as_sent(queued(add(1), made_at=NOW - 840), NOW)
    assert change.remark == "made 2023-11-14 23:59, sent 2023-11-15 00:13"


def history(books: Books) -> list[str]:
    """Return the ids in the history after the creation, in order of commit."""
    return [row["id"] for row in books.rows("resource_history")[1:]]


def crash_while_sending(program: Program, *, arrives: bool) -> None:
    """Send everything, and end before the answer arrives."""
    entries = program.outbox.begin_sending(program.states(), program.engine.clock())
    if arrives:
        program.ledger.apply_all(as_sent(entries, program.engine.clock()))
    program.close()


def test_changes_are_sent_in_order_and_shown(program: Program, books: Books) -> None:
    assert (program.send(), program.outcomes) == ([], [])
    changes = [add(5), remove(1005), add(7)]
    program.submit(*changes)
    assert program.shown() == (7, 0)
    outcomes = program.send()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.APPLIED] * 3
    assert program.outcomes == outcomes
    assert history(books) == [change.id for change in changes]
    assert program.shown() == books.quantities() == (7, 0)
    assert set(program.states().values()) == {EntryState.APPLIED}
    # More changes than one request takes
    program.submit(*(add(1) for _ in range(101)))
    program.send()
    assert books.quantities() == (108, 0)
    assert not program.sender.has_unsent


def test_a_change_of_a_deleted_resource_is_rejected_by_name(program: Program, books: Books) -> None:
    row = program.overlay.row("spice")
    assert row is not None
    program.submit(add(1))
    books.run("DELETE FROM resource_history")
    books.run("DELETE FROM resources")
    (outcome,) = program.send()
    assert (outcome.rejection, outcome.detail) == (Rejection.NO_RESOURCE, row.name)
    assert program.overlay.resource("spice") is None


def test_crashed_programs_apply_changes_once(program: Program, start: Start, books: Books) -> None:
    changes = [add(5), add(7), remove(2), add(9)]
    for change, arrives in zip(changes, (True, True, True, False), strict=True):
        program.submit(change)
        crash_while_sending(program, arrives=arrives)
        program = start()
        assert program.states() == {
            each.id: EntryState.SENDING for each in changes[: changes.index(change) + 1]
        }
        assert program.outbox.withdraw([change.id]) == []
    assert program.shown() == (1019, 0)
    verdicts = [outcome.verdict for outcome in program.send()]
    assert verdicts == [Verdict.ALREADY_APPLIED] * 3 + [Verdict.APPLIED]
    assert history(books) == [change.id for change in changes]
    assert program.shown() == books.quantities() == (1019, 0)


def test_an_outcome_unknown_for_a_day_needs_the_player(
    program: Program, start: Start, books: Books, clock: Clock
) -> None:
    change = add(5)
    program.submit(change)
    crash_while_sending(program, arrives=True)
    clock.now += DAY + 1
    later = start()
    later.refresh()
    assert later.send() == []
    (outcome,) = later.outcomes
    assert (outcome.change, outcome.rejection) == (change, Rejection.UNSURE)
    assert later.states() == {change.id: EntryState.REJECTED}
    assert later.shown() == books.quantities() == (1005, 0)
    assert later.engine.resolve(change)
    (outcome,) = later.send()
    assert (outcome.change.id, outcome.verdict) == (change.id, Verdict.ALREADY_APPLIED)
    assert history(books) == [change.id]
    assert later.shown() == (1005, 0)


def test_a_conflict_blocks_until_resolved(program: Program, start: Start, books: Books) -> None:
    expected: list[Change] = []
    for anyway in (True, False):
        first, _ = books.quantities()
        before, conflict, behind = add(5), set_to(50, expected=7), add(1)
        for change in (before, conflict, behind):
            program.submit(change)
        outcomes = {outcome.change.id: outcome.verdict for outcome in program.send()}
        assert outcomes == {before.id: Verdict.APPLIED, conflict.id: Verdict.CONFLICT}
        assert program.states()[behind.id] is EntryState.PENDING
        assert not program.sender.has_unsent
        assert program.send() == []
        assert books.quantities() == (first + 5, 0)
        # The pending change is still what the player typed.
        assert program.shown() == (first + 6, 0)
        # The next run waits, too.
        program.close()
        program = start()
        assert program.send() == []
        if anyway:
            assert program.engine.resolve(without_guard(conflict))
        else:
            program.engine.drop([conflict])
        program.send()
        expected += [before, conflict, behind] if anyway else [before, behind]
        assert history(books) == [change.id for change in expected]
        assert program.shown() == books.quantities() == ((51 if anyway else first + 6), 0)


def test_a_typed_name_is_looked_up_when_its_change_is_sent(program: Program, books: Books) -> None:
    named, unknown = add(5, resource_id="SPI"), add(7, resource_id="melange")
    program.outbox.put([named, unknown], program.engine.clock(), is_named=True)
    program.send()
    assert history(books) == [named.id]
    assert program.shown() == books.quantities() == (1005, 0)
    assert program.states() == {named.id: EntryState.APPLIED, unknown.id: EntryState.REJECTED}
    assert {o.change.id: o.rejection for o in program.outcomes}[
        unknown.id
    ] is Rejection.UNKNOWN_NAME


def test_programs_send_changes_once(program: Program, start: Start, books: Books) -> None:
    other = start()
    mine, theirs = add(5), add(7)
    program.submit(mine)
    other.submit(theirs)
    with (
        program.sender.try_acquire() as is_acquired,
        other.sender.try_acquire() as is_acquired_by_other,
    ):
        assert (is_acquired, is_acquired_by_other) == (True, False)
    program.send()
    assert other.send() == []
    assert history(books) == [mine.id, theirs.id]
    # The other program gets both outcomes, counts its own, and shows the ledger's quantities.
    assert [outcome.change.id for outcome in other.outcomes] == [mine.id, theirs.id]
    assert (program.engine.stats.changes, other.engine.stats.changes) == (1, 1)
    assert program.shown() == other.shown() == (1012, 0)


def test_a_withdrawn_change_is_not_sent(program: Program, start: Start, books: Books) -> None:
    change = add(5)
    program.submit(change)
    other = start()
    other.engine.drop([change])
    assert program.send() == []
    assert (history(books), program.states()) == ([], {})
    assert program.shown() == other.shown() == (1000, 0)


def test_a_change_behind_an_unanswered_one_is_sent_after_it(program: Program, books: Books) -> None:
    changes, clock = [add(5), remove(1005)], program.engine.clock
    program.submit(*changes)
    entries = program.outbox.begin_sending([changes[0].id], clock())
    program.ledger.apply_all(as_sent(entries, clock()))
    outcomes = program.send()
    assert [outcome.verdict for outcome in outcomes] == [Verdict.ALREADY_APPLIED, Verdict.APPLIED]
    assert program.shown() == books.quantities() == (0, 0)
