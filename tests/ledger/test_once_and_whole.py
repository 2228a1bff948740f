"""A change happens once however often it is sent, and whole or not at all."""

from __future__ import annotations

import pytest

from helpers.applying import MOVES, apply, refused, undo
from helpers.books import Books
from helpers.build import add, remove, set_to
from tracker_tui.domain.change import Change, Rejection, Verdict
from tracker_tui.errors import LedgerError
from tracker_tui.ledger.ledger import random_id

# One change, once


@pytest.mark.parametrize("change", [c for c, _ in MOVES], ids=lambda c: f"{c.kind} {c.amount}")
def test_a_change_that_is_sent_again_does_nothing_again(store: Books, change: Change) -> None:
    first = store.ledger.apply(change)
    before = store.everything()
    again = store.ledger.apply(change)
    assert again.verdict is Verdict.ALREADY_APPLIED
    assert (again.moved, again.resource) == (first.moved, first.resource)
    assert store.everything() == before


def test_a_change_sent_again_tells_what_it_did_though_others_moved_on(store: Books) -> None:
    change = add(5)
    first = store.ledger.apply(change)
    apply(store, remove(1005))
    again = store.ledger.apply(change)
    assert again.moved == first.moved
    assert again.resource.hagga == 0


def test_a_change_sent_again_is_applied_before_its_guards_are_asked(store: Books) -> None:
    change = set_to(5, expected=1000)
    apply(store, change)
    apply(store, add(1))
    assert store.ledger.apply(change).verdict is Verdict.ALREADY_APPLIED


def test_an_id_that_another_resource_has_is_refused(store: Books) -> None:
    store.insert_resource("water", quantity_hagga=10)
    change = add(5)
    apply(store, change)
    outcome = refused(store, change._replace(resource_id="water"))
    assert outcome.rejection is Rejection.ID_TAKEN


def test_the_ids_of_the_rows_are_the_id_of_the_change(store: Books) -> None:
    change = add(1000)
    apply(store, change)
    assert [row["id"] for row in store.rows("leaderboard")] == [change.id]


def test_ids_of_ours_look_like_those_of_the_wild() -> None:
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
