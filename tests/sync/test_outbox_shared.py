"""One outbox, several running programs: each sees the others' steps, and none gets lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.build import PLAYER, add, set_to
from helpers.other_schemas import ask
from helpers.processes import run_together
from sync.conftest import MakeOutbox
from tracker_tui.domain.change import (
    Change,
    Moved,
    Outcome,
    Rejection,
    Verdict,
    as_difference,
    undo_id,
    without_guard,
)
from tracker_tui.domain.points import NO_POINTS
from tracker_tui.local.sqlite_file import set_aside
from tracker_tui.sync.outbox import Outbox
from tracker_tui.sync.outbox_entries import EntryState, OutboxEntry

NOW = 1_700_000_000.0
RACE = """
import sys
from pathlib import Path
from helpers.build import PLAYER
from tracker_tui.sync.outbox import Outbox
outbox, ids = Outbox(Path(sys.argv[1]), PLAYER, "the guild"), sys.argv[3:]
print("ready", flush=True)
sys.stdin.readline()
for change_id in ids:
    if sys.argv[2] == "withdraw":
        won = outbox.withdraw([change_id])
    else:
        won = outbox.begin_sending([change_id], 1.0)
    print(change_id if won else "")
"""


@pytest.fixture
def pair(make_outbox: MakeOutbox) -> tuple[Outbox, Outbox]:
    return make_outbox(), make_outbox()


def test_a_decision_on_an_old_entry_replaces_no_newer_one(pair: tuple[Outbox, Outbox]) -> None:
    mine, theirs = pair
    change = set_to(165, expected=277)
    conflict = Outcome(change, Verdict.CONFLICT, None)
    mine.put([change], NOW)
    mine.begin_sending([change.id], NOW)
    mine.settle([conflict], NOW)
    theirs.catch_up()
    difference = as_difference(change)
    assert difference is not None
    assert mine.resolve(difference, NOW)
    mine.begin_sending([change.id], NOW)
    mine.settle([Outcome(difference, Verdict.REJECTED, None, rejection=Rejection.QUANTITY)], NOW)
    assert not theirs.resolve(without_guard(change), NOW)
    theirs.catch_up()
    assert [entry.change for entry in theirs.entries()] == [difference]
    assert theirs.resolve(without_guard(difference), NOW)


def test_catch_up_returns_the_steps_of_the_other_program(pair: tuple[Outbox, Outbox]) -> None:
    mine, theirs = pair
    changes = [add(number) for number in range(1, 5)]
    mine.put(changes[:1], NOW)
    assert theirs.entries() == []
    update = theirs.catch_up()
    assert update is not None
    before, after = update
    expected = [OutboxEntry(1, changes[0], EntryState.PENDING, NOW)]
    assert (dict(before), list(after.values())) == ({}, expected)
    assert theirs.catch_up() is None
    assert mine.catch_up() is None
    # After own steps, too.
    for outbox, change in zip((theirs, mine, theirs), changes[1:], strict=True):
        outbox.put([change], NOW)
    for outbox in pair:
        assert outbox.catch_up() is not None
        assert [entry.change for entry in outbox.entries()] == changes


def test_a_step_works_on_the_entry_on_disk(pair: tuple[Outbox, Outbox]) -> None:
    mine, theirs = pair
    change = add(5)
    mine.put([change], NOW)
    # This program does not know the change yet.
    assert theirs.begin_sending([change.id], NOW)
    assert mine.withdraw([change.id]) == []
    assert mine.cancel([change.id]) == [change]
    theirs.mark_unsent([change.id])
    for outbox in pair:
        outbox.catch_up()
        assert outbox.entries() == []


def test_a_change_is_withdrawn_or_sent_not_both(outbox_path: Path, make_outbox: MakeOutbox) -> None:
    outbox = make_outbox()
    ids = [f"change-{number}" for number in range(20)]
    outbox.put([add(1, id=change_id) for change_id in ids], NOW)
    # From both ends, so that they meet in the middle.
    printed = run_together(
        RACE, [[outbox_path, "withdraw", *ids], [outbox_path, "send", *reversed(ids)]]
    )
    withdrawn, sent = (set(out.split()) - {"ready"} for out in printed)
    assert not withdrawn & sent
    assert withdrawn | sent == set(ids)
    outbox.catch_up()
    assert {entry.change.id for entry in outbox.entries()} == sent


def test_the_outbox_can_be_read_during_a_write(outbox_path: Path, make_outbox: MakeOutbox) -> None:
    outbox, first, second = make_outbox(), add(1), add(2)
    outbox.put([first], NOW)

    with (
        ThreadPoolExecutor(1) as thread,
        closing(sqlite3.connect(outbox_path, isolation_level=None)) as holder,
    ):
        holder.execute("BEGIN IMMEDIATE")
        putting = thread.submit(outbox.put, [second], NOW)
        # The thread holds the outbox's lock once this one cannot acquire it.
        while outbox._lock.acquire(blocking=False):
            outbox._lock.release()
        assert [entry.change for entry in outbox.entries()] == [first]
        assert outbox.entry(first.id) is not None
        assert not putting.done()
        holder.execute("ROLLBACK")
        putting.result(20)
    assert [entry.change for entry in outbox.entries()] == [first, second]


def test_a_removed_file_is_replaced_for_its_owner(
    outbox_path: Path, make_outbox: MakeOutbox
) -> None:
    outbox, change = make_outbox(), add(2)
    outbox.put([add(1)], NOW)
    set_aside(outbox_path)
    outbox.put([change], NOW)
    assert [entry.change for entry in outbox.entries()] == [change]
    assert make_outbox().entries() == outbox.entries()
    assert ask(outbox_path, "SELECT member, place FROM owner") == [(PLAYER, "the guild")]


# Any steps of two programs, against a model in plain Python

CHANGES = [add(number, id=f"c{number}") for number in range(1, 5)]
COUNTERS = {change.id: undo_id(change.id) for change in CHANGES}


class Model:
    """The expected outbox, by id: state, whether it may be applied, whether cancelled."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[str, bool, bool]] = {}

    def do(self, step: str, key: str) -> bool:
        """Do one step; returns whether it had an effect."""
        state, may_be_there, cancel_requested = self.held.get(key, ("", False, False))
        match step, state:
            case "put", "":
                self.held[key] = ("pending", False, False)
            case "send", "pending" | "sending":
                self.held[key] = ("sending", True, cancel_requested)
            case "take back", "sending":
                self._keep(key, cancel_requested, ("pending", False, False))
            case "apply", "pending" | "sending" | "applied" | "refused":
                self.held[key] = ("applied", may_be_there, cancel_requested)
                if cancel_requested:
                    self.held[COUNTERS[key]] = ("pending", False, False)
            case "refuse", "pending" | "sending" | "refused":
                self._keep(key, cancel_requested, ("refused", False, False))
            case ("withdraw" | "cancel" | "undo", "pending") | ("cancel", "refused"):
                del self.held[key]
            case "cancel" | "undo", "sending":
                self.held[key] = (state, may_be_there, True)
            case "undo", "applied" if COUNTERS[key] not in self.held:
                self.held[COUNTERS[key]] = ("pending", False, False)
            case "resolve", "refused":
                self.held[key] = ("pending", False, cancel_requested)
            case "drop", "refused":
                del self.held[key]
            case _:
                return False
        return True

    def _keep(self, key: str, cancel_requested: bool, held: tuple[str, bool, bool]) -> None:
        if cancel_requested:
            del self.held[key]
        else:
            self.held[key] = held


def applied(change: Change) -> Outcome:
    return Outcome(change, Verdict.APPLIED, None, Moved(0, 0, change.amount, 0, NO_POINTS))


def refused(change: Change) -> Outcome:
    return Outcome(change, Verdict.REJECTED, None, rejection=Rejection.QUANTITY)


DO: dict[str, Callable[[Outbox, Change], Any]] = {
    "put": lambda outbox, change: outbox.put([change], NOW),
    "send": lambda outbox, change: outbox.begin_sending([change.id], NOW),
    "take back": lambda outbox, change: outbox.mark_unsent([change.id]),
    "apply": lambda outbox, change: outbox.settle([applied(change)], NOW),
    "refuse": lambda outbox, change: outbox.settle([refused(change)], NOW),
    "withdraw": lambda outbox, change: outbox.withdraw([change.id]),
    "cancel": lambda outbox, change: outbox.cancel([change.id]),
    "undo": lambda outbox, change: not outbox.undo([change], {}, NOW).is_empty,
    "resolve": lambda outbox, change: outbox.resolve(change, NOW),
    "drop": lambda outbox, change: outbox.drop(change.id),
}
steps = st.lists(
    st.tuples(st.booleans(), st.sampled_from([*DO]), st.sampled_from(CHANGES)), max_size=25
)


def held_by(outbox: Outbox) -> dict[str, tuple[str, bool, bool]]:
    return {
        entry.change.id: (entry.state.value, entry.sent_at is not None, entry.cancel_requested)
        for entry in outbox.entries()
    }


@given(steps)
def test_any_steps_of_two_programs_match_the_model(taken: list[tuple[bool, str, Change]]) -> None:
    model = Model()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.db"
        pair = [Outbox(path, PLAYER, "the guild") for _ in range(2)]
        for is_second, step, change in taken:
            is_there = change.id in model.held
            is_answered = model.held.get(change.id, ("",))[0] == "applied"
            counter_is_there = COUNTERS[change.id] in model.held
            if (step == "put" and is_there) or (step in ("apply", "refuse") and is_answered):
                # Ids are used once, and the ledger's first answer is its last.
                continue
            assert not (step == "apply" and counter_is_there)
            result = DO[step](pair[is_second], change)
            came = model.do(step, change.id)
            if step in ("send", "withdraw", "cancel", "undo", "resolve"):
                assert bool(result) is came
        reopened = Outbox(path, PLAYER, "the guild")
        for outbox in pair:
            outbox.catch_up()
            assert held_by(outbox) == held_by(reopened) == model.held
            assert outbox.entries() == reopened.entries()
        for outbox in (*pair, reopened):
            outbox.close()
