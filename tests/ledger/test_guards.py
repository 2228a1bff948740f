"""A change may mind what was seen, and what must have gone before."""

from __future__ import annotations

from helpers.applying import apply, refused, update
from helpers.books import Books
from helpers.build import DEEP_DESERT, add, set_to
from tracker_tui.domain.change import Rejection, Verdict


def test_an_absolute_change_applies_if_what_was_seen_is_there(store: Books) -> None:
    apply(store, set_to(5, expected=1000))
    assert store.quantities() == (5, 400)


def test_an_absolute_change_applies_if_what_is_wanted_is_there_already(store: Books) -> None:
    update(store, quantity_hagga=5)
    assert apply(store, set_to(5, expected=1000))["change_amount_hagga"] == 0


def test_an_absolute_change_that_saw_something_else_is_a_conflict(store: Books) -> None:
    before = store.everything()
    outcome = store.ledger.apply(set_to(5, expected=999))
    assert outcome.verdict is Verdict.CONFLICT
    assert (outcome.rejection, outcome.shortage, outcome.moved) == (None, None, None)
    assert outcome.resource.hagga == 1000
    assert store.everything() == before


def test_the_guard_looks_at_the_location_of_the_change_alone(store: Books) -> None:
    apply(store, set_to(5, DEEP_DESERT, expected=400))
    assert store.quantities() == (1000, 5)


def test_an_absolute_change_without_a_guard_asks_nobody(store: Books) -> None:
    apply(store, set_to(5))
    assert store.quantities() == (5, 400)


def test_a_guard_of_zero_is_a_guard(store: Books) -> None:
    assert store.ledger.apply(set_to(5, expected=0)).verdict is Verdict.CONFLICT


def test_a_conflict_may_be_settled_with_the_same_id(store: Books) -> None:
    change = set_to(5, expected=999)
    store.ledger.apply(change)
    apply(store, change._replace(expected=None))
    assert store.quantities() == (5, 400)


def test_a_change_that_requires_one_in_the_history_applies_after_it(store: Books) -> None:
    first = add(1)
    apply(store, first)
    apply(store, add(2, requires=first.id))
    assert store.quantities() == (1003, 400)


def test_a_change_that_requires_what_is_not_in_the_history_is_refused(store: Books) -> None:
    outcome = refused(store, add(2, requires="never"))
    assert outcome.rejection is Rejection.NOT_IN_HISTORY
