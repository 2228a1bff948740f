"""The rows that each kind of change writes, its guards, and the changes that are rejected."""

from __future__ import annotations

import unicodedata

import pytest

from helpers import other_schemas
from helpers.applying import HISTORY_COLUMNS, MOVES, NOW, apply, points_of, rejected, update
from helpers.build import DEEP_DESERT, HAGGA, PLAYER, add, remove, set_to, to_deep_desert, to_hagga
from helpers.ledger_under_test import Books, MakeLedger
from tracker_tui.domain.change import Change, Rejection, Verdict
from tracker_tui.domain.quantities import MAX_QUANTITY, Location
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


def test_a_change_updates_only_the_columns_that_it_must(store: Books) -> None:
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


def test_an_addition_earns_one_leaderboard_row_complete_in_every_column(
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
def test_the_outcome_matches_the_written_rows(store: Books, change: Change) -> None:
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


def test_setting_the_same_quantity_earns_nothing(store: Books) -> None:
    change = set_to(1000, by="chani")
    apply(store, change)
    assert store.rows("leaderboard") == []
    assert (store.resource()["updated_at"], store.resource()["last_updated_by"]) == (NOW, "chani")


def test_a_move_without_a_reason_gets_one(store: Books) -> None:
    assert apply(store, to_deep_desert(1000))["reason"] == "Moved 1,000 from Hagga to Deep Desert"
    assert apply(store, to_hagga(7))["reason"] == "Moved 7 from Deep Desert to Hagga"


def test_a_transfer_with_a_reason_keeps_it(store: Books) -> None:
    assert apply(store, to_deep_desert(7, reason="raid"))["reason"] == "raid"


def test_a_transfer_is_described_with_the_guilds_own_names(make_ledger: MakeLedger) -> None:
    books = make_ledger(other_schemas.LATER)
    books.insert_resource(quantity_hagga=10)
    named(books, "Arrakeen")
    assert apply(books, to_deep_desert(7))["reason"] == "Moved 7 from Arrakeen to Deep Desert"


@pytest.mark.parametrize("name", ["Arra\nkeen\x1b[31m\x00", "A" * 10_000], ids=["controls", "long"])
def test_no_name_of_a_location_breaks_the_rules_of_a_reason(
    make_ledger: MakeLedger, name: str
) -> None:
    books = make_ledger(other_schemas.LATER)
    books.insert_resource(quantity_hagga=10)
    named(books, name)
    reason = apply(books, to_deep_desert(7))["reason"]
    assert len(reason) <= MAX_REASON
    assert not [char for char in reason if unicodedata.category(char) == "Cc"]


def named(books: Books, hagga: str) -> None:
    """Configure a name for location 1, and make the ledger read it."""
    key = "inventory_location_1_name"
    books.insert(
        "global_settings", setting_key=key, setting_value=hagga, created_at=1, last_updated_at=1
    )
    books.ledger.refresh()


def test_an_addition_without_a_reason_has_none(store: Books) -> None:
    assert apply(store, add(7))["reason"] is None


@pytest.mark.parametrize("text", ["'; DROP TABLE users; --", "%s {0} ?", "spice 🌶 \u202e", "\\"])
def test_texts_are_values_not_sql(store: Books, text: str) -> None:
    assert apply(store, add(7, reason=text, by=text))["reason"] == text
    assert store.resource()["last_updated_by"] == text


# On behalf of


def test_a_change_on_behalf_belongs_to_the_member_and_the_resource_names_the_admin(
    store: Books,
) -> None:
    change = add(1000, by="chani", entered_by=ADMIN)
    assert apply(store, change)["updated_by"] == "chani"
    assert points_of(store, change)["user_id"] == "chani"
    assert store.resource()["last_updated_by"] == ADMIN


def test_a_set_applies_if_the_quantity_is_the_one_seen(store: Books) -> None:
    apply(store, set_to(5, expected=1000))
    assert store.quantities() == (5, 400)


def test_a_set_applies_if_the_quantity_is_already_the_wanted_one(store: Books) -> None:
    update(store, quantity_hagga=5)
    assert apply(store, set_to(5, expected=1000))["change_amount_hagga"] == 0


def test_a_set_that_saw_another_quantity_is_a_conflict(store: Books) -> None:
    before = store.everything()
    outcome = store.ledger.apply(set_to(5, expected=999))
    assert outcome.verdict is Verdict.CONFLICT
    assert (outcome.rejection, outcome.shortage, outcome.moved) == (None, None, None)
    assert outcome.resource.hagga == 1000
    assert store.everything() == before


def test_the_guard_checks_only_the_location_of_the_change(store: Books) -> None:
    apply(store, set_to(5, DEEP_DESERT, expected=400))
    assert store.quantities() == (1000, 5)


def test_a_set_without_a_guard_always_applies(store: Books) -> None:
    apply(store, set_to(5))
    assert store.quantities() == (5, 400)


def test_a_guard_of_zero_is_a_guard(store: Books) -> None:
    assert store.ledger.apply(set_to(5, expected=0)).verdict is Verdict.CONFLICT


def test_a_conflict_can_be_resolved_with_the_same_id(store: Books) -> None:
    change = set_to(5, expected=999)
    store.ledger.apply(change)
    apply(store, change._replace(expected=None))
    assert store.quantities() == (5, 400)


def test_a_change_that_requires_one_in_the_history_applies_after_it(store: Books) -> None:
    first = add(1)
    apply(store, first)
    apply(store, add(2, requires=first.id))
    assert store.quantities() == (1003, 400)


def test_a_change_whose_requirement_is_not_in_the_history_is_rejected(store: Books) -> None:
    outcome = rejected(store, add(2, requires="never"))
    assert outcome.rejection is Rejection.NOT_IN_HISTORY


@pytest.mark.parametrize(
    ("change", "location", "there", "wanted"),
    [
        (remove(1001), HAGGA, 1000, -1),
        (remove(401, DEEP_DESERT), DEEP_DESERT, 400, -1),
        (to_deep_desert(1001), HAGGA, 1000, -1),
        (to_hagga(401), DEEP_DESERT, 400, -1),
        (add(MAX_QUANTITY - 999), HAGGA, 1000, MAX_QUANTITY + 1),
        (set_to(MAX_QUANTITY + 1), HAGGA, 1000, MAX_QUANTITY + 1),
    ],
    ids=lambda value: f"{value.kind} {value.amount}" if isinstance(value, Change) else None,
)
def test_a_change_that_would_leave_the_range_is_rejected(
    store: Books, change: Change, location: Location, there: int, wanted: int
) -> None:
    outcome = rejected(store, change)
    assert outcome.rejection is Rejection.QUANTITY
    assert outcome.shortage == (location, there, wanted)
    assert f"{there:,}" in outcome.shortage.sentence("Hagga")


def test_a_transfer_to_a_full_location_is_rejected(store: Books) -> None:
    update(store, quantity_deep_desert=MAX_QUANTITY)
    outcome = rejected(store, to_deep_desert(1))
    assert outcome.shortage == (DEEP_DESERT, MAX_QUANTITY, MAX_QUANTITY + 1)


@pytest.mark.parametrize(
    ("change", "quantities"),
    [
        (remove(1000), (0, 400)),
        (to_deep_desert(1000), (0, 1400)),
        (add(MAX_QUANTITY - 1000), (MAX_QUANTITY, 400)),
        (set_to(MAX_QUANTITY), (MAX_QUANTITY, 400)),
        (set_to(0), (0, 400)),
    ],
    ids=lambda value: f"{value.kind} {value.amount}" if isinstance(value, Change) else None,
)
def test_the_bounds_themselves_are_allowed(
    store: Books, change: Change, quantities: tuple[int, int]
) -> None:
    apply(store, change)
    assert store.quantities() == quantities


def test_a_change_of_a_missing_resource_is_rejected(store: Books) -> None:
    outcome = rejected(store, add(1, resource_id="gone"))
    assert (outcome.rejection, outcome.resource) == (Rejection.NO_RESOURCE, None)


@pytest.mark.parametrize(
    ("change", "quantities"),
    [
        (add(50), (0, 400)),
        (add(60), (10, 400)),
        (set_to(0), (0, 400)),
        (to_hagga(50), (0, 350)),
        (add(5, DEEP_DESERT), (-50, 405)),
        (remove(5, DEEP_DESERT), (-50, 395)),
    ],
    ids=lambda value: f"{value.kind} at {value.location}" if isinstance(value, Change) else None,
)
def test_a_negative_quantity_may_change_to_0_or_more(
    store: Books, change: Change, quantities: tuple[int, int]
) -> None:
    update(store, quantity_hagga=-50)
    apply(store, change)
    assert store.quantities() == quantities


@pytest.mark.parametrize(
    "change", [add(49), remove(1), to_hagga(49), to_deep_desert(1)], ids=lambda c: c.kind
)
def test_a_negative_quantity_may_not_stay_below_0(store: Books, change: Change) -> None:
    update(store, quantity_hagga=-50)
    assert rejected(store, change).shortage.there == -50


@pytest.mark.parametrize("change", [add(1, DEEP_DESERT), remove(1, DEEP_DESERT)])
def test_the_location_that_is_not_changed_may_hold_anything(store: Books, change: Change) -> None:
    update(store, quantity_hagga=MAX_QUANTITY + 5)
    apply(store, change)
    assert store.quantities()[0] == MAX_QUANTITY + 5


def test_a_quantity_that_stays_above_the_maximum_is_rejected(store: Books) -> None:
    update(store, quantity_hagga=MAX_QUANTITY + 5)
    assert rejected(store, remove(4)).shortage.is_too_much
    apply(store, remove(5))
