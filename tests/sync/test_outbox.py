"""The outbox: every step is on disk when it returns, and documents are read back or damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.build import PLAYER, add, set_to
from helpers.other_schemas import ask
from sync.conftest import MakeOutbox
from tracker_tui.domain.change import (
    Change,
    Moved,
    Outcome,
    Rejection,
    Shortage,
    Verdict,
    counter_change,
)
from tracker_tui.domain.points import NO_POINTS, Points
from tracker_tui.domain.resource import Resource
from tracker_tui.errors import LocalFileDamaged, LocalFileError
from tracker_tui.sync.outbox import Outbox
from tracker_tui.sync.outbox_entries import (
    EntryState,
    OutboxEntry,
    change_from_json,
    change_to_json,
    outcome_from_json,
    outcome_to_json,
)

NOW = 1_700_000_000.0
OnDisk = Callable[[], list[OutboxEntry]]


@pytest.fixture
def outbox(make_outbox: MakeOutbox) -> Outbox:
    return make_outbox()


def applied(change: Change) -> Outcome:
    return Outcome(change, Verdict.APPLIED, None, Moved(0, 0, change.amount, 0, NO_POINTS))


def rejected(change: Change, refusal: Rejection = Rejection.QUANTITY) -> Outcome:
    return Outcome(change, Verdict.REJECTED, None, rejection=refusal)


def counter_to(change: Change) -> Change:
    counter = counter_change(change, Moved(0, 0, change.amount, 0, NO_POINTS), PLAYER)
    assert counter is not None
    return counter


def in_state(outbox: Outbox, state: EntryState) -> Change:
    """Add a change and bring it into a state, as a run of the program would."""
    change = add(5)
    outbox.put([change], NOW)
    if state is not EntryState.PENDING:
        outbox.begin_sending([change.id], NOW + 1)
    if state is EntryState.APPLIED:
        outbox.settle([applied(change)], NOW + 2)
    if state is EntryState.REJECTED:
        outbox.settle([rejected(change)], NOW + 2)
    if state is EntryState.CONFLICT:
        outbox.settle([Outcome(change, Verdict.CONFLICT, None)], NOW + 2)
    return change


@pytest.fixture
def on_disk(make_outbox: MakeOutbox) -> OnDisk:
    """Return the entries that the next run finds if this one is killed now."""
    return lambda: make_outbox().entries()


def test_stored_changes_are_on_disk_in_order(outbox: Outbox, on_disk: OnDisk) -> None:
    first, second, third = add(1), add(2), add(3)
    outbox.put([first, second], NOW)
    outbox.put([third], NOW + 1, is_named=True)
    # A submission is stored whole or not at all.
    with pytest.raises(LocalFileError):
        outbox.put([add(2), first], NOW)
    expected = [
        OutboxEntry(1, first, EntryState.PENDING, NOW),
        OutboxEntry(2, second, EntryState.PENDING, NOW),
        OutboxEntry(3, third, EntryState.PENDING, NOW + 1, is_named=True),
    ]
    assert on_disk() == outbox.entries() == expected
    # Numbers are never used again, and a resource's id replaces its typed name.
    outbox.withdraw([third.id])
    outbox.put([third], NOW, is_named=True)
    outbox.set_resource(third.id, "water")
    found = OutboxEntry(4, third._replace(resource_id="water"), EntryState.PENDING, NOW)
    assert on_disk() == outbox.entries() == [*expected[:2], found]


def test_a_sending_entry_keeps_its_first_time(outbox: Outbox, on_disk: OnDisk) -> None:
    change = in_state(outbox, EntryState.PENDING)
    (before,) = outbox.begin_sending([change.id], NOW + 1)
    assert before == OutboxEntry(1, change, EntryState.PENDING, NOW)
    (again,) = outbox.begin_sending([change.id], NOW + 9)
    assert (again.state, again.sent_at) == (EntryState.SENDING, NOW + 1)
    assert on_disk() == [again]
    assert again == OutboxEntry(1, change, EntryState.SENDING, NOW, sent_at=NOW + 1)
    # Pending again, if it was not sent.
    outbox.mark_unsent([change.id])
    assert on_disk() == outbox.entries() == [before]


@pytest.mark.parametrize("state", EntryState)
def test_each_state_allows_its_steps(outbox: Outbox, on_disk: OnDisk, state: EntryState) -> None:
    needs_player = state in (EntryState.REJECTED, EntryState.CONFLICT)
    is_open = state in (EntryState.PENDING, EntryState.SENDING)

    def one_entry() -> tuple[Change, OutboxEntry]:
        for entry in outbox.entries():
            ask(outbox._file.path, "DELETE FROM entries WHERE id = ?", entry.change.id)
        outbox.catch_up()
        change = in_state(outbox, state)
        (entry,) = on_disk()
        return change, entry

    change, entry = one_entry()
    assert (entry.state, entry.is_open, entry.needs_player) == (state, is_open, needs_player)
    assert (entry.outcome == applied(change)) is (state is EntryState.APPLIED)
    assert not (needs_player and entry.sent_at)
    assert outbox.withdraw([change.id]) == ([change] if state is EntryState.PENDING else [])
    assert on_disk() == outbox.entries()
    assert len(outbox.entries()) == (state is not EntryState.PENDING)

    change, _ = one_entry()
    outbox.drop(change.id)
    assert len(on_disk()) == len(outbox.entries()) == (not needs_player)

    change, _ = one_entry()
    changed = change._replace(amount=99)
    assert outbox.resolve(changed, NOW + 5) is needs_player
    (entry,) = on_disk()
    assert entry.state is (EntryState.PENDING if needs_player else state)
    assert entry.change == (changed if needs_player else change)

    change, _ = one_entry()
    assert outbox.cancel([change.id]) == ([] if state is EntryState.APPLIED else [change])
    expected = {EntryState.SENDING: [True], EntryState.APPLIED: [False]}.get(state, [])
    assert [entry.cancel_requested for entry in on_disk()] == expected

    change, _ = one_entry()
    begun = outbox.begin_sending([change.id, "unheard of"], NOW + 5)
    assert [entry.change for entry in begun] == ([change] if is_open else [])


def test_a_resolved_change_may_stay_sending(outbox: Outbox, on_disk: OnDisk) -> None:
    change = in_state(outbox, EntryState.SENDING)
    outbox.settle([rejected(change, Rejection.UNSURE)], NOW + 90_000)
    assert outbox.resolve(change, NOW + 90_001)
    assert outbox.withdraw([change.id]) == []
    (entry,) = on_disk()
    assert (entry.state, entry.sent_at) == (EntryState.SENDING, NOW + 90_001)


def test_applied_cancelled_changes_are_countered(outbox: Outbox, on_disk: OnDisk) -> None:
    change, kept = in_state(outbox, EntryState.SENDING), in_state(outbox, EntryState.SENDING)
    outbox.cancel([change.id])
    outbox.settle([applied(change), applied(kept)], NOW + 3)
    first, second, third = on_disk()
    assert (first.change.id, first.state) == (change.id, EntryState.APPLIED)
    assert (second.change.id, second.state) == (kept.id, EntryState.APPLIED)
    assert third == OutboxEntry(3, counter_to(change), EntryState.PENDING, NOW + 3)
    assert outbox.entries() == [first, second, third]


def test_a_rejected_cancelled_change_or_undo_is_deleted(outbox: Outbox, on_disk: OnDisk) -> None:
    lost, declined = in_state(outbox, EntryState.SENDING), in_state(outbox, EntryState.SENDING)
    counter = counter_to(add(5))
    outbox.put([counter], NOW)
    for change in (lost, declined):
        outbox.cancel([change.id])
    outbox.mark_unsent([lost.id])
    outbox.settle([rejected(declined), rejected(counter)], NOW + 3)
    assert on_disk() == outbox.entries() == []


def test_an_unsure_cancelled_change_is_shown(outbox: Outbox, on_disk: OnDisk) -> None:
    _, change = changes = [counter_to(add(5)), add(5)]
    ids = [each.id for each in changes]
    outbox.put(changes, NOW)
    outbox.begin_sending(ids, NOW)
    # A counter-change in flight is not cancelled.
    assert outbox.cancel(ids) == [change]
    assert [entry.cancel_requested for entry in outbox.entries()] == [False, True]
    outbox.settle([rejected(each, Rejection.UNSURE) for each in changes], NOW + 90_000)
    for entry in on_disk():
        assert (entry.state, entry.sent_at) == (EntryState.REJECTED, NOW), entry
        assert not entry.cancel_requested
    assert len(outbox.entries()) == 2


def test_the_newest_200_applied_changes_are_kept(outbox: Outbox, on_disk: OnDisk) -> None:
    pending, *done = changes = [add(number) for number in range(1, 252)]
    outbox.put(changes, NOW)
    outbox.settle([applied(change) for change in done], NOW + 1)
    expected = [entry.change for entry in on_disk()]
    assert expected == [pending, *done[-200:]]
    assert [entry.change for entry in outbox.entries()] == expected


def test_no_other_outbox_is_opened(outbox: Outbox, outbox_path: Path, on_disk: OnDisk) -> None:
    in_state(outbox, EntryState.PENDING)
    with pytest.raises(LocalFileError, match="another member's") as caught:
        Outbox(outbox_path, "another", "the guild")
    assert not isinstance(caught.value, LocalFileDamaged)
    assert on_disk() == outbox.entries()


def test_malformed_entries_are_damage(outbox: Outbox, outbox_path: Path, on_disk: OnDisk) -> None:
    in_state(outbox, EntryState.PENDING)
    ((before, change_id),) = ask(outbox_path, "SELECT change, id FROM entries")
    for column, value in (
        *(("change", "{}"), ("change", b"\xff"), ("id", "other")),
        *(("state", "lost"), ("outcome", "[]")),
    ):
        ask(outbox_path, f"UPDATE entries SET {column} = ?", value)
        with pytest.raises(LocalFileDamaged):
            pytest.fail(f"{column} = {value!r} opened {on_disk()}")
        whole = "UPDATE entries SET change = ?, id = ?, state = 'pending', outcome = NULL"
        ask(outbox_path, whole, before, change_id)
    assert on_disk() == outbox.entries()


def test_a_full_disk_stores_and_loses_nothing(outbox: Outbox, on_disk: OnDisk) -> None:
    expected = in_state(outbox, EntryState.PENDING)
    connection = outbox._file._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(LocalFileError, match="the disk is full"):
        outbox.put([add(1), set_to(2, reason="x" * 50_000)], NOW)
    assert [entry.change for entry in outbox.entries()] == [expected]
    assert on_disk() == outbox.entries()
    # The entries that are there can still be sent.
    assert outbox.begin_sending([expected.id], NOW)


numbers = st.floats(allow_nan=False)


def any_of(kind: type[Any], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy for named tuples with any values of their fields' types."""
    return st.builds(kind, **(dict.fromkeys(kind._fields, ...) | given))


changes = any_of(Change)
moves = any_of(Moved, points=st.builds(Points, *[numbers] * 4))
outcomes = any_of(
    Outcome,
    change=changes,
    resource=st.none() | any_of(Resource, multiplier=numbers),
    moved=st.none() | moves,
    shortage=st.none() | any_of(Shortage),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
DEEP = ("[" * 100_000, '{"a":' * 100_000)


@given(changes)
def test_any_change_survives_being_stored(change: Change) -> None:
    assert change_from_json(change_to_json(change)) == change


@given(outcomes)
def test_any_outcome_survives_being_stored(outcome: Outcome) -> None:
    found = outcome_from_json(outcome_to_json(outcome), outcome.change)
    assert found == outcome
    # Equality alone would accept 1 for 1.0 and for True.
    assert repr(found) == repr(outcome)


@given(st.text() | anything.map(json.dumps))
def test_any_other_document_is_damage(text: str) -> None:
    with pytest.raises(LocalFileDamaged):
        change_from_json(text)
    with pytest.raises(LocalFileDamaged):
        outcome_from_json(text, add(1))


def test_a_malformed_change_or_outcome_is_damage() -> None:
    document = json.loads(change_to_json(set_to(1, expected=2)))
    malformed: list[dict[str, Any]] = [
        *({"id": 7}, {"resource_id": None}, {"by": ["x"]}, {"reason": 1.5}, {"remark": {}}),
        *({"kind": "steal"}, {"kind": {}}, {"location": "arrakeen"}),
        *({"amount": "12"}, {"amount": 1.5}, {"amount": True}, {"amount": float("inf")}),
        *({"expected": "12"}, {"expected": False}),
    ]
    texts = [json.dumps(document | part) for part in malformed]
    texts += [
        json.dumps({name: each for name, each in document.items() if name != key})
        for key in ("id", "resource_id", "by", "kind", "location", "amount")
    ]
    for text in (*texts, *DEEP):
        with pytest.raises(LocalFileDamaged):
            pytest.fail(f"{text[:200]} was read as {change_from_json(text)}")
    assert change_from_json(json.dumps(document)).expected == 2
    document = json.loads(outcome_to_json(Outcome(add(1), Verdict.APPLIED, None)))
    malformed = [
        *({"verdict": "perhaps"}, {"resource": ["spice"]}, {"resource": 5}, {"refusal": "mood"}),
        *({"moved": [1, 2, 3]}, {"moved": [1, 2, 3, 4, [1.0]]}, {"said": None}),
        {"moved": ["1", 2, 3, 4, [1.0, 1.0, 1.0, 1.0]]},
        *({"shortage": ["arrakeen", 1, 2]}, {"shortage": [1]}, {"shortage": []}),
    ]
    for text in (*(json.dumps(document | part) for part in malformed), *DEEP):
        with pytest.raises(LocalFileDamaged):
            pytest.fail(f"{text[:200]} was read as {outcome_from_json(text, add(1))}")
    assert outcome_from_json(json.dumps(document), add(1)).verdict is Verdict.APPLIED
