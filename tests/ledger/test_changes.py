"""What each kind of change writes, and whose it is."""

from __future__ import annotations

import unicodedata

import pytest

from helpers import wild
from helpers.applying import HISTORY_COLUMNS, MOVES, NOW, apply, points_of, update
from helpers.books import Books, MakeLedger
from helpers.build import DEEP_DESERT, PLAYER, add, set_to, to_deep_desert, to_hagga
from tracker_tui.domain.change import Change
from tracker_tui.domain.text import MAX_REASON

ADMIN = "999999999999999999"


def test_a_relative_change_is_one_history_row_complete_in_every_column(store: Books) -> None:
    change = add(50, DEEP_DESERT, reason="spice run")
    assert apply(store, change) == {
        "id": change.id,
        "resource_id": "spice",
        "previous_quantity_hagga": 1000,
        "new_quantity_hagga": 1000,
        "change_amount_hagga": 0,
        "previous_quantity_deep_desert": 400,
        "new_quantity_deep_desert": 450,
        "change_amount_deep_desert": 50,
        "change_type": "relative",
        "updated_by": PLAYER,
        "reason": "spice run",
        "created_at": NOW,
        "transfer_amount": None,
        "transfer_direction": None,
    }


def test_a_change_updates_of_its_resource_what_it_must_and_nothing_else(store: Books) -> None:
    before = store.resource()
    apply(store, add(50, DEEP_DESERT, by="chani"))
    assert store.resource() == before | {
        "quantity_deep_desert": 450,
        "status": "at_target",
        "last_updated_by": "chani",
        "updated_at": NOW,
    }


def test_a_change_touches_no_other_resource(store: Books) -> None:
    store.insert_resource("water", quantity_hagga=7)
    before = store.resource("water")
    apply(store, add(50))
    assert store.resource("water") == before


def test_what_an_addition_earns_is_one_leaderboard_row_complete_in_every_column(
    store: Books,
) -> None:
    update(store, multiplier=1.5, target_quantity=10_000)
    change = add(100)
    apply(store, change)
    assert store.rows("leaderboard") == [
        {
            "id": change.id,
            "user_id": PLAYER,
            "resource_id": "spice",
            "action_type": "ADD",
            "quantity_changed": 100,
            "base_points": 10.0,
            "resource_multiplier": 1.5,
            "status_bonus": 0.1,
            "final_points": 16.5,
            "resource_name": "Spice",
            "resource_category": "Raw",
            "resource_status": "critical",
            "created_at": NOW,
        }
    ]


@pytest.mark.parametrize(
    ("change", "columns"), MOVES, ids=[f"{c.kind} {c.amount} at {c.location}" for c, _ in MOVES]
)
def test_every_kind_of_change_fills_both_locations(
    store: Books, change: Change, columns: tuple[int | str | None, ...]
) -> None:
    row = apply(store, change)
    assert tuple(row[name] for name in HISTORY_COLUMNS) == columns
    assert store.quantities() == (columns[1], columns[4])


@pytest.mark.parametrize("change", [c for c, _ in MOVES], ids=lambda c: f"{c.kind} {c.amount}")
def test_the_outcome_tells_what_was_written(store: Books, change: Change) -> None:
    moved = store.ledger.apply(change).moved
    row = store.row("resource_history", change.id)
    assert moved is not None
    assert moved[:4] == tuple(
        row[name]
        for name in (
            *("previous_quantity_hagga", "previous_quantity_deep_desert"),
            *("new_quantity_hagga", "new_quantity_deep_desert"),
        )
    )


def test_the_outcome_has_the_resource_as_it_is_after_the_change(store: Books) -> None:
    outcome = store.ledger.apply(add(5))
    assert outcome.resource == store.ledger.refresh().resources[0]
    assert (outcome.resource.hagga, outcome.resource.updated_at) == (1005, NOW)


def test_setting_what_is_there_is_a_count_that_earns_nothing(store: Books) -> None:
    change = set_to(1000, by="chani")
    apply(store, change)
    assert store.rows("leaderboard") == []
    assert (store.resource()["updated_at"], store.resource()["last_updated_by"]) == (NOW, "chani")


def test_a_transfer_without_a_reason_says_what_was_moved(store: Books) -> None:
    assert apply(store, to_deep_desert(1000))["reason"] == "Moved 1,000 from Hagga to Deep Desert"
    assert apply(store, to_hagga(7))["reason"] == "Moved 7 from Deep Desert to Hagga"


def test_a_transfer_with_a_reason_keeps_it(store: Books) -> None:
    assert apply(store, to_deep_desert(7, reason="raid"))["reason"] == "raid"


def test_what_was_moved_is_told_with_the_guilds_own_names(make_ledger: MakeLedger) -> None:
    books = make_ledger(wild.LATER)
    books.insert_resource(quantity_hagga=10)
    named(books, "Arrakeen")
    assert apply(books, to_deep_desert(7))["reason"] == "Moved 7 from Arrakeen to Deep Desert"


@pytest.mark.parametrize("name", ["Arra\nkeen\x1b[31m\x00", "A" * 10_000], ids=["controls", "long"])
def test_no_name_of_a_location_breaks_the_rules_of_a_reason(
    make_ledger: MakeLedger, name: str
) -> None:
    books = make_ledger(wild.LATER)
    books.insert_resource(quantity_hagga=10)
    named(books, name)
    reason = apply(books, to_deep_desert(7))["reason"]
    assert len(reason) <= MAX_REASON
    assert not [char for char in reason if unicodedata.category(char) == "Cc"]


def named(books: Books, hagga: str) -> None:
    """Configure a name for location 1 and let the ledger learn it."""
    key = "inventory_location_1_name"
    books.insert(
        "global_settings", setting_key=key, setting_value=hagga, created_at=1, last_updated_at=1
    )
    books.ledger.refresh()


def test_an_addition_without_a_reason_has_none(store: Books) -> None:
    assert apply(store, add(7))["reason"] is None


@pytest.mark.parametrize("text", ["'; DROP TABLE users; --", "%s {0} ?", "spice 🌶 \u202e", "\\"])
def test_texts_are_values_and_never_sql(store: Books, text: str) -> None:
    assert apply(store, add(7, reason=text, by=text))["reason"] == text
    assert store.resource()["last_updated_by"] == text


# On behalf of


def test_a_change_on_behalf_is_the_members_and_only_the_resource_names_the_admin(
    store: Books,
) -> None:
    change = add(1000, by="chani", entered_by=ADMIN)
    assert apply(store, change)["updated_by"] == "chani"
    assert points_of(store, change)["user_id"] == "chani"
    assert store.resource()["last_updated_by"] == ADMIN
