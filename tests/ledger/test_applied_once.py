"""A change is applied once and as a whole, and undo takes it back with its points."""

from __future__ import annotations

import re
from itertools import product

import pytest

from helpers.applying import MOVES, apply, rejected, stock, undo
from helpers.build import DEEP_DESERT, add, remove, set_to, to_deep_desert, to_hagga
from helpers.ledger_under_test import Books, on_both
from helpers.other_schemas import TABLES
from tracker_tui.domain.change import Rejection, Verdict
from tracker_tui.errors import LedgerError
from tracker_tui.ledger.ledger import random_id


def test_a_change_sent_again_changes_nothing(store: Books) -> None:
    # Guards don't matter the second time.
    for change in (*(change for change, _ in MOVES), set_to(5, expected=1000)):
        stock(store)
        first = store.ledger.apply(change)
        before = store.everything()
        again = store.ledger.apply(change)
        assert again.verdict is Verdict.ALREADY_APPLIED, change
        assert (again.moved, again.resource) == (first.moved, first.resource), change
        assert store.everything() == before, change


def test_a_change_sent_again_reports_its_own_effect_after_later_changes(store: Books) -> None:
    store.insert_resource("water", quantity_hagga=10)
    change = add(1000)
    first = store.ledger.apply(change)
    assert [row["id"] for row in store.rows("leaderboard")] == [change.id]
    apply(store, remove(2000))
    again = store.ledger.apply(change)
    assert again.moved == first.moved
    assert again.resource.hagga == 0
    # So does the history, which knows the resource of an edit by name.
    looked_up = store.ledger.outcome(change._replace(resource_id="Spice"))
    assert looked_up == again._replace(verdict=Verdict.APPLIED)
    assert store.ledger.outcome(add(1)) is None
    # Of another resource it is another change.
    outcome = rejected(store, change._replace(resource_id="water"))
    assert outcome.rejection is Rejection.ID_TAKEN


def test_our_ids_look_like_those_of_the_website() -> None:
    ids = {random_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{21}", change_id) for change_id in ids)


@on_both
def test_a_change_that_fails_half_way_leaves_nothing(store: Books) -> None:
    # SQLite ends the transaction by itself only for ROLLBACK.
    for table, how in product(TABLES[3:], ("ABORT", "FAIL", "ROLLBACK")):
        before = store.everything()
        store.run(
            f"CREATE TRIGGER no AFTER INSERT ON {table} BEGIN SELECT RAISE({how}, 'no room'); END"
        )
        change = add(1000)
        with pytest.raises(LedgerError):
            store.ledger.apply(change)
        assert store.everything() == before, (table, how)
        store.run("DROP TRIGGER no")
        assert store.ledger.apply(change).verdict is Verdict.APPLIED, (table, how)
    # So does an undo.
    before = store.everything()
    store.run("CREATE TRIGGER no BEFORE DELETE ON leaderboard BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(LedgerError):
        store.ledger.apply(undo(store, change))
    assert store.everything() == before


@on_both
def test_undo_is_a_counter_change_that_brings_everything_back(store: Books) -> None:
    for change, change_type in (
        (add(100), "relative"),
        (remove(100, DEEP_DESERT), "relative"),
        (set_to(5), "relative"),
        (set_to(5000, DEEP_DESERT), "relative"),
        (to_hagga(100), "transfer"),
        (to_deep_desert(100), "transfer"),
    ):
        stock(store)
        apply(store, change)
        counter = undo(store, change)
        outcome = store.ledger.apply(counter)
        assert (outcome.verdict, outcome.moved.points.final) == (Verdict.APPLIED, 0.0), change
        row = store.row("resource_history", counter.id)
        assert store.quantities() == (1000, 400), change
        assert (row["change_type"], row["updated_by"]) == (change_type, "the undoer"), change
        assert row["reason"].startswith("Undo: ")
        assert store.rows("leaderboard") == []
        assert len(store.rows("resource_history")) == 2
        # Sent again, it changes nothing.
        before = store.everything()
        assert store.ledger.apply(counter).verdict is Verdict.ALREADY_APPLIED, change
        assert store.everything() == before, change


def test_undo_keeps_later_changes_and_is_rejected_if_they_spent_the_quantity(store: Books) -> None:
    change, others = set_to(5), add(20, by="chani")
    apply(store, change)
    apply(store, others)
    apply(store, undo(store, change))
    assert store.quantities() == (1020, 400)
    assert [row["id"] for row in store.rows("leaderboard")] == [others.id]
    stock(store)
    change = add(100)
    apply(store, change)
    counter = undo(store, change)
    apply(store, remove(1100, by="chani"))
    assert rejected(store, counter).rejection is Rejection.QUANTITY
    assert len(store.rows("leaderboard")) == 1
    # So is that of a change that was deleted from the history.
    apply(store, add(1000))
    store.run("DELETE FROM resource_history WHERE id = ?", change.id)
    assert rejected(store, counter).rejection is Rejection.NOT_IN_HISTORY
