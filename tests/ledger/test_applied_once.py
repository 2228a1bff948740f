"""A change is applied once and as a whole, and undo takes it back with its points."""

from __future__ import annotations

import pytest

from helpers.applying import MOVES, apply, rejected, undo
from helpers.build import DEEP_DESERT, PLAYER, add, remove, set_to, to_deep_desert, to_hagga
from helpers.ledger_under_test import Books
from tracker_tui.domain.change import Change, Rejection, Verdict, counter_change
from tracker_tui.domain.text import MAX_REASON
from tracker_tui.errors import LedgerError
from tracker_tui.ledger.ledger import random_id

# One change, once


@pytest.mark.parametrize("change", [c for c, _ in MOVES], ids=lambda c: f"{c.kind} {c.amount}")
def test_a_change_sent_again_changes_nothing(store: Books, change: Change) -> None:
    first = store.ledger.apply(change)
    before = store.everything()
    again = store.ledger.apply(change)
    assert again.verdict is Verdict.ALREADY_APPLIED
    assert (again.moved, again.resource) == (first.moved, first.resource)
    assert store.everything() == before


def test_a_change_sent_again_reports_its_own_effect_after_later_changes(store: Books) -> None:
    change = add(5)
    first = store.ledger.apply(change)
    apply(store, remove(1005))
    again = store.ledger.apply(change)
    assert again.moved == first.moved
    assert again.resource.hagga == 0


def test_a_change_sent_again_is_applied_despite_its_guards(store: Books) -> None:
    change = set_to(5, expected=1000)
    apply(store, change)
    apply(store, add(1))
    assert store.ledger.apply(change).verdict is Verdict.ALREADY_APPLIED


def test_the_id_of_another_resources_change_is_rejected(store: Books) -> None:
    store.insert_resource("water", quantity_hagga=10)
    change = add(5)
    apply(store, change)
    outcome = rejected(store, change._replace(resource_id="water"))
    assert outcome.rejection is Rejection.ID_TAKEN


def test_the_ids_of_the_rows_are_the_id_of_the_change(store: Books) -> None:
    change = add(1000)
    apply(store, change)
    assert [row["id"] for row in store.rows("leaderboard")] == [change.id]


def test_our_ids_look_like_those_of_the_website() -> None:
    ids = {random_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(i) == 21 and i.replace("-", "").replace("_", "").isalnum() for i in ids)
    assert all(i.isascii() for i in ids)


# One transaction


@pytest.mark.parametrize("table", ["resource_history", "leaderboard"])
@pytest.mark.parametrize("how", ["ABORT", "FAIL", "ROLLBACK"])
def test_a_change_that_fails_half_way_leaves_nothing(store: Books, how: str, table: str) -> None:
    before = store.everything()
    store.run(
        f"CREATE TRIGGER no AFTER INSERT ON {table} BEGIN SELECT RAISE({how}, 'no room'); END"
    )
    change = add(1000)
    with pytest.raises(LedgerError):
        store.ledger.apply(change)
    assert store.everything() == before
    store.run("DROP TRIGGER no")
    assert store.ledger.apply(change).verdict is Verdict.APPLIED


def test_an_undo_that_fails_half_way_leaves_nothing(store: Books) -> None:
    change = add(1000)
    apply(store, change)
    before = store.everything()
    store.run("CREATE TRIGGER no BEFORE DELETE ON leaderboard BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(LedgerError):
        store.ledger.apply(undo(store, change))
    assert store.everything() == before


@pytest.mark.parametrize(
    ("change", "change_type"),
    [
        (add(100), "relative"),
        (remove(100, DEEP_DESERT), "relative"),
        (set_to(5), "relative"),
        (set_to(5000, DEEP_DESERT), "relative"),
        (to_hagga(100), "transfer"),
        (to_deep_desert(100), "transfer"),
    ],
    ids=lambda value: f"{value.kind} at {value.location}" if isinstance(value, Change) else None,
)
def test_undo_is_a_counter_change_that_brings_everything_back(
    store: Books, change: Change, change_type: str
) -> None:
    apply(store, change)
    row = apply(store, undo(store, change))
    assert store.quantities() == (1000, 400)
    assert (row["change_type"], row["updated_by"]) == (change_type, "the undoer")
    assert row["reason"].startswith("Undo: ")
    assert store.rows("leaderboard") == []
    assert len(store.rows("resource_history")) == 2


def test_undo_keeps_later_changes_of_others(store: Books) -> None:
    change = set_to(5)
    apply(store, change)
    others = add(20, by="chani")
    apply(store, others)
    apply(store, undo(store, change))
    assert store.quantities() == (1020, 400)
    assert [row["id"] for row in store.rows("leaderboard")] == [others.id]


def test_undo_of_a_set_that_changed_nothing_is_no_change(store: Books) -> None:
    change = set_to(1000)
    moved = store.ledger.apply(change).moved
    assert moved is not None
    assert counter_change(change, moved, PLAYER) is None


def test_undo_of_a_spent_quantity_is_rejected_and_the_points_stay(store: Books) -> None:
    change = add(100)
    apply(store, change)
    apply(store, remove(1100, by="chani"))
    assert rejected(store, undo(store, change)).rejection is Rejection.QUANTITY
    assert len(store.rows("leaderboard")) == 1


def test_undo_of_a_change_deleted_from_the_history_is_rejected(store: Books) -> None:
    change = add(100)
    apply(store, change)
    counter = undo(store, change)
    store.run("DELETE FROM resource_history WHERE id = ?", change.id)
    assert rejected(store, counter).rejection is Rejection.NOT_IN_HISTORY


def test_an_undo_sent_again_changes_nothing(store: Books) -> None:
    change = add(100)
    apply(store, change)
    counter = undo(store, change)
    apply(store, counter)
    before = store.everything()
    assert store.ledger.apply(counter).verdict is Verdict.ALREADY_APPLIED
    assert store.everything() == before


def test_undo_of_a_removal_adds_but_earns_nothing(store: Books) -> None:
    change = remove(1000)
    apply(store, change)
    counter = undo(store, change)
    assert store.ledger.apply(counter).moved.points.final == 0
    assert store.rows("leaderboard") == []


def test_undo_of_a_change_with_the_longest_reason_keeps_to_the_limit(store: Books) -> None:
    change = add(100, reason="x" * MAX_REASON)
    apply(store, change)
    assert len(apply(store, undo(store, change))["reason"]) <= MAX_REASON
