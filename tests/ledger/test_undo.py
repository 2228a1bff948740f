"""Undo is a counter-change: it takes back what was done, and the points with it."""

from __future__ import annotations

import pytest

from helpers.applying import apply, refused, undo
from helpers.books import Books
from helpers.build import DEEP_DESERT, PLAYER, add, remove, set_to, to_deep_desert, to_hagga
from tracker_tui.domain.change import Change, Rejection, Verdict, counter_change
from tracker_tui.domain.text import MAX_REASON


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


def test_undo_keeps_what_others_did_since(store: Books) -> None:
    change = set_to(5)
    apply(store, change)
    others = add(20, by="chani")
    apply(store, others)
    apply(store, undo(store, change))
    assert store.quantities() == (1020, 400)
    assert [row["id"] for row in store.rows("leaderboard")] == [others.id]


def test_undo_of_a_count_that_changed_nothing_is_no_change(store: Books) -> None:
    change = set_to(1000)
    moved = store.ledger.apply(change).moved
    assert moved is not None
    assert counter_change(change, moved, PLAYER) is None


def test_undo_of_what_others_spent_is_refused_and_the_points_stay(store: Books) -> None:
    change = add(100)
    apply(store, change)
    apply(store, remove(1100, by="chani"))
    assert refused(store, undo(store, change)).rejection is Rejection.QUANTITY
    assert len(store.rows("leaderboard")) == 1


def test_undo_of_what_is_not_in_the_history_any_more_is_refused(store: Books) -> None:
    change = add(100)
    apply(store, change)
    counter = undo(store, change)
    store.run("DELETE FROM resource_history WHERE id = ?", change.id)
    assert refused(store, counter).rejection is Rejection.NOT_IN_HISTORY


def test_undo_that_is_sent_again_does_nothing_again(store: Books) -> None:
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
