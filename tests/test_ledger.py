"""What a change does to the shared tables, rule by rule (data contract)."""

from __future__ import annotations

import unicodedata
from itertools import count
from typing import Any

import pytest

from helpers import wild
from helpers.books import Books, MakeLedger, Row
from helpers.build import (
    DEEP_DESERT,
    HAGGA,
    PLAYER,
    add,
    new_resource,
    remove,
    set_to,
    to_deep_desert,
    to_hagga,
)
from tracker_tui.domain.change import Change, counter_change
from tracker_tui.domain.limits import MAX_QUANTITY, MAX_REASON
from tracker_tui.domain.outcome import Outcome, Refusal, Verdict
from tracker_tui.domain.quantities import Location
from tracker_tui.errors import DatabaseError, TrackerError
from tracker_tui.ledger.ledger import random_id
from tracker_tui.ledger.resources import NewResource

NOW = 1_700_000_000
ADMIN = "999999999999999999"


@pytest.fixture
def store(make_ledger: MakeLedger) -> Books:
    """Spice as an older website left it: 1,000 at Hagga, 400 in the Deep Desert, no target."""
    books = make_ledger(clock=lambda: NOW)
    books.insert_resource(quantity_hagga=1000, quantity_deep_desert=400, category="Raw")
    return books


def update(books: Books, **values: Any) -> None:
    """Change the resource behind the ledger's back."""
    for column, value in values.items():
        books.run(f"UPDATE resources SET {column} = ?", value)


def apply(books: Books, change: Change) -> Row:
    """Apply a change that must go through, and return its history row."""
    outcome = books.ledger.apply(change)
    assert outcome.verdict is Verdict.APPLIED, outcome
    return books.row("resource_history", change.id)


def points_of(books: Books, change: Change) -> Row:
    return books.row("leaderboard", change.id)


def refused(books: Books, change: Change) -> Outcome:
    """Apply a change that must be refused and leave every table as it was."""
    before = books.everything()
    outcome = books.ledger.apply(change)
    assert outcome.verdict is Verdict.REFUSED
    assert outcome.moved is None
    assert books.everything() == before
    return outcome


# A change


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


HISTORY_COLUMNS = (
    *("previous_quantity_hagga", "new_quantity_hagga", "change_amount_hagga"),
    *("previous_quantity_deep_desert", "new_quantity_deep_desert", "change_amount_deep_desert"),
    *("change_type", "transfer_amount", "transfer_direction"),
)
MOVES = [
    (add(7), (1000, 1007, 7, 400, 400, 0, "relative", None, None)),
    (add(7, DEEP_DESERT), (1000, 1000, 0, 400, 407, 7, "relative", None, None)),
    (remove(7), (1000, 993, -7, 400, 400, 0, "relative", None, None)),
    (remove(400, DEEP_DESERT), (1000, 1000, 0, 400, 0, -400, "relative", None, None)),
    (set_to(7), (1000, 7, -993, 400, 400, 0, "absolute", None, None)),
    (set_to(900, DEEP_DESERT), (1000, 1000, 0, 400, 900, 500, "absolute", None, None)),
    (set_to(1000), (1000, 1000, 0, 400, 400, 0, "absolute", None, None)),
    (to_deep_desert(7), (1000, 993, -7, 400, 407, 7, "transfer", 7, "to_deep_desert")),
    (to_hagga(7), (1000, 1007, 7, 400, 393, -7, "transfer", 7, "to_hagga")),
    # Where the cursor stands decides nothing of a transfer.
    (
        to_hagga(7, location=DEEP_DESERT),
        (1000, 1007, 7, 400, 393, -7, "transfer", 7, "to_hagga"),
    ),
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


# Refusals


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
def test_what_would_leave_the_range_is_refused_whole(
    store: Books, change: Change, location: Location, there: int, wanted: int
) -> None:
    outcome = refused(store, change)
    assert outcome.refusal is Refusal.QUANTITY
    assert outcome.shortage == (location, there, wanted)
    assert f"{there:,}" in outcome.shortage.sentence("Hagga")


def test_a_transfer_to_a_full_location_is_refused_whole(store: Books) -> None:
    update(store, quantity_deep_desert=MAX_QUANTITY)
    outcome = refused(store, to_deep_desert(1))
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


def test_a_change_of_a_resource_that_is_not_there_is_refused(store: Books) -> None:
    outcome = refused(store, add(1, resource_id="gone"))
    assert (outcome.refusal, outcome.resource) == (Refusal.NO_RESOURCE, None)


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
def test_of_a_negative_quantity_any_change_is_allowed_that_ends_at_0_or_more(
    store: Books, change: Change, quantities: tuple[int, int]
) -> None:
    update(store, quantity_hagga=-50)
    apply(store, change)
    assert store.quantities() == quantities


@pytest.mark.parametrize(
    "change", [add(49), remove(1), to_hagga(49), to_deep_desert(1)], ids=lambda c: c.kind
)
def test_of_a_negative_quantity_no_change_is_allowed_that_ends_below_0(
    store: Books, change: Change
) -> None:
    update(store, quantity_hagga=-50)
    assert refused(store, change).shortage.there == -50


@pytest.mark.parametrize("change", [add(1, DEEP_DESERT), remove(1, DEEP_DESERT)])
def test_the_location_that_does_not_move_may_hold_anything(store: Books, change: Change) -> None:
    update(store, quantity_hagga=MAX_QUANTITY + 5)
    apply(store, change)
    assert store.quantities()[0] == MAX_QUANTITY + 5


def test_what_stays_above_the_maximum_is_refused(store: Books) -> None:
    update(store, quantity_hagga=MAX_QUANTITY + 5)
    assert refused(store, remove(4)).shortage.is_too_much
    apply(store, remove(5))


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
    assert outcome.refusal is Refusal.ID_TAKEN


def test_the_ids_of_the_rows_are_the_id_of_the_change(store: Books) -> None:
    change = add(1000)
    apply(store, change)
    assert [row["id"] for row in store.rows("leaderboard")] == [change.id]


def test_ids_of_ours_look_like_those_of_the_wild() -> None:
    ids = {random_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(i) == 21 and i.replace("-", "").replace("_", "").isalnum() for i in ids)
    assert all(i.isascii() for i in ids)


# Guards


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
    assert (outcome.refusal, outcome.shortage, outcome.moved) == (None, None, None)
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
    assert outcome.refusal is Refusal.NOT_IN_HISTORY


# Points


@pytest.mark.parametrize(
    ("there", "target", "multiplier", "quantity", "base", "bonus", "final"),
    [
        (0, 10_000, 2.0, 1000, 100.0, 0.10, 220.00),
        (4000, 10_000, 1.0, 1000, 100.0, 0.05, 105.00),
        (9000, 10_000, 1.0, 1000, 100.0, 0.0, 100.00),
        (0, None, 0.67, 15, 1.5, 0.0, 1.01),
        (0, None, 1.0, 1, 0.1, 0.0, 0.10),
        (0, None, 0.05, 1, 0.1, 0.0, 0.01),
        (0, None, 100.0, MAX_QUANTITY, 99_999_999.9, 0.0, 9_999_999_990.0),
        (0, 0, 1.0, 1000, 100.0, 0.0, 100.0),
        (0, None, 1.0, 333, 33.3, 0.0, 33.3),
    ],
)
def test_points_as_the_contract_works_them_out(
    store: Books,
    there: int,
    target: int | None,
    multiplier: float,
    quantity: int,
    base: float,
    bonus: float,
    final: float,
) -> None:
    update(store, quantity_hagga=there, quantity_deep_desert=0)
    update(store, target_quantity=target, multiplier=multiplier)
    change = add(quantity)
    outcome = store.ledger.apply(change)
    row = points_of(store, change)
    assert row["base_points"] == pytest.approx(base, rel=1e-15)
    assert (row["resource_multiplier"], row["status_bonus"]) == (multiplier, bonus)
    assert row["final_points"] == final
    assert outcome.moved.points == (row["base_points"], multiplier, bonus, final)


def test_points_that_round_to_nothing_make_no_row(store: Books) -> None:
    update(store, multiplier=0.04)
    assert apply(store, add(1))["change_amount_hagga"] == 1
    assert store.rows("leaderboard") == []


@pytest.mark.parametrize("stored", ["0", "-3.5", "9e999", "-9e999", "'much'", "x'00'"])
def test_a_multiplier_that_is_none_counts_as_1(store: Books, stored: str) -> None:
    store.run(f"UPDATE resources SET multiplier = {stored}")
    change = add(1000)
    apply(store, change)
    row = points_of(store, change)
    assert (row["resource_multiplier"], row["final_points"]) == (1.0, 100.0)


def test_a_multiplier_that_is_null_counts_as_1(make_ledger: MakeLedger) -> None:
    loose = tuple(
        s.replace("multiplier real DEFAULT 1.0 NOT NULL", "multiplier real") for s in wild.FOUNDING
    )
    books = make_ledger(loose)
    books.insert_resource(multiplier=None)
    change = add(1000)
    apply(books, change)
    assert points_of(books, change)["final_points"] == 100.0


@pytest.mark.parametrize(
    ("amount", "location", "moved"), [(7, HAGGA, 993), (900, DEEP_DESERT, 500)]
)
def test_a_count_that_changes_something_earns_one_point(
    store: Books, amount: int, location: Location, moved: int
) -> None:
    update(store, multiplier=3.0, target_quantity=1_000_000)
    change = set_to(amount, location)
    apply(store, change)
    row = points_of(store, change)
    assert (row["action_type"], row["quantity_changed"]) == ("SET", moved)
    assert (row["base_points"], row["resource_multiplier"]) == (1.0, 1.0)
    assert (row["status_bonus"], row["final_points"]) == (0.0, 1.0)
    assert (row["resource_status"], row["created_at"]) == ("critical", NOW)


@pytest.mark.parametrize(
    "change", [remove(7), to_hagga(7), to_deep_desert(7)], ids=lambda c: c.kind
)
def test_removals_and_transfers_earn_nothing(store: Books, change: Change) -> None:
    apply(store, change)
    assert store.rows("leaderboard") == []


@pytest.mark.parametrize(
    ("stored", "kept"),
    [
        (None, "Other"),
        ("Blueprints", "Gear Blueprints"),
        ("Gear Blueprints", "Gear Blueprints"),
        ("Refined", "Refined"),
        ("My own", "My own"),
    ],
)
def test_the_leaderboard_keeps_the_category(store: Books, stored: str | None, kept: str) -> None:
    update(store, category=stored)
    change = add(1000)
    apply(store, change)
    assert points_of(store, change)["resource_category"] == kept


@pytest.mark.parametrize(
    ("target", "stored", "on_the_leaderboard"),
    [
        (None, "at_target", "at_target"),
        (0, "at_target", "at_target"),
        (1000, "at_target", "above_target"),
        (1001, "at_target", "at_target"),
        (1500, "at_target", "at_target"),
        (1501, "below_target", "below_target"),
        (3000, "below_target", "below_target"),
        (3001, "critical", "critical"),
    ],
)
def test_the_status_is_that_of_the_total_after_the_change(
    store: Books, target: int | None, stored: str, on_the_leaderboard: str
) -> None:
    # 1,000 + 100 at Hagga and 400 in the Deep Desert: 1,500.
    update(store, target_quantity=target, status="stale")
    change = add(100)
    apply(store, change)
    assert store.resource()["status"] == stored
    assert points_of(store, change)["resource_status"] == on_the_leaderboard


@pytest.mark.parametrize("change", [set_to(1100), remove(400), to_deep_desert(5)])
def test_every_kind_of_change_writes_the_status(store: Books, change: Change) -> None:
    update(store, target_quantity=10_000)
    apply(store, change)
    assert store.resource()["status"] == "critical"


def test_the_times_of_one_change_are_one_time(make_ledger: MakeLedger) -> None:
    ticking = count(NOW)
    books = make_ledger(clock=lambda: next(ticking))
    books.insert_resource()
    changes = [add(1000), set_to(5), add(1000, DEEP_DESERT)]
    for change in changes:
        at = apply(books, change)["created_at"]
        assert books.resource()["updated_at"] == at
        assert points_of(books, change)["created_at"] == at


# On behalf of


def test_a_change_on_behalf_is_the_members_and_only_the_resource_names_the_admin(
    store: Books,
) -> None:
    change = add(1000, by="chani", entered_by=ADMIN)
    assert apply(store, change)["updated_by"] == "chani"
    assert points_of(store, change)["user_id"] == "chani"
    assert store.resource()["last_updated_by"] == ADMIN


# Undo


def undo(books: Books, change: Change, **given: Any) -> Change:
    """Return the counter-change of a change that was applied."""
    moved = books.ledger.apply(change).moved
    assert moved is not None
    counter = counter_change(change, moved, random_id(), "the undoer")
    assert counter is not None
    return counter._replace(**given)


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
    assert counter_change(change, moved, random_id(), PLAYER) is None


def test_undo_of_what_others_spent_is_refused_and_the_points_stay(store: Books) -> None:
    change = add(100)
    apply(store, change)
    apply(store, remove(1100, by="chani"))
    assert refused(store, undo(store, change)).refusal is Refusal.QUANTITY
    assert len(store.rows("leaderboard")) == 1


def test_undo_of_what_is_not_in_the_history_any_more_is_refused(store: Books) -> None:
    change = add(100)
    apply(store, change)
    counter = undo(store, change)
    store.run("DELETE FROM resource_history WHERE id = ?", change.id)
    assert refused(store, counter).refusal is Refusal.NOT_IN_HISTORY


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


# One transaction


@pytest.mark.parametrize("table", ["resource_history", "leaderboard"])
@pytest.mark.parametrize("how", ["ABORT", "FAIL", "ROLLBACK"])
def test_a_change_that_fails_half_way_leaves_nothing(store: Books, how: str, table: str) -> None:
    before = store.everything()
    store.run(
        f"CREATE TRIGGER no AFTER INSERT ON {table} BEGIN SELECT RAISE({how}, 'no room'); END"
    )
    change = add(1000)
    with pytest.raises(DatabaseError):
        store.ledger.apply(change)
    assert store.everything() == before
    store.run("DROP TRIGGER no")
    assert store.ledger.apply(change).verdict is Verdict.APPLIED


def test_an_undo_that_fails_half_way_leaves_nothing(store: Books) -> None:
    change = add(1000)
    apply(store, change)
    before = store.everything()
    store.run("CREATE TRIGGER no BEFORE DELETE ON leaderboard BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(DatabaseError):
        store.ledger.apply(undo(store, change))
    assert store.everything() == before


# Creating


def test_creating_writes_the_resource_complete(make_ledger: MakeLedger) -> None:
    books = make_ledger(clock=lambda: NOW)
    new = NewResource("water", "Water", "Refined", 300, 200, "wet", 1000, 0.5, priority=True)
    books.ledger.create([new], PLAYER)
    assert books.rows("resources") == [
        {
            "id": "water",
            "name": "Water",
            "quantity_hagga": 300,
            "quantity_deep_desert": 200,
            "description": "wet",
            "category": "Refined",
            "icon": None,
            "image_url": None,
            "status": "below_target",
            "target_quantity": 1000,
            "multiplier": 0.5,
            "is_priority": 1,
            "last_updated_by": PLAYER,
            "created_at": NOW,
            "updated_at": NOW,
        }
    ]


def test_creating_writes_the_first_history_row_and_no_points(make_ledger: MakeLedger) -> None:
    books = make_ledger(clock=lambda: NOW)
    books.ledger.create([new_resource(hagga=300, deep_desert=200)], PLAYER)
    (row,) = books.rows("resource_history")
    assert tuple(row[name] for name in HISTORY_COLUMNS) == (
        *(0, 300, 300, 0, 200, 200),
        *("absolute", None, None),
    )
    assert (row["resource_id"], row["reason"]) == ("spice", "Resource created")
    assert (row["updated_by"], row["created_at"]) == (PLAYER, NOW)
    assert books.rows("leaderboard") == []


def test_creating_stores_above_target_as_the_column_can(make_ledger: MakeLedger) -> None:
    books = make_ledger()
    books.ledger.create([new_resource(hagga=300, target=100)], PLAYER)
    assert books.resource()["status"] == "at_target"


def test_creating_several_is_all_or_none(books: Books) -> None:
    before = books.everything()
    with pytest.raises(DatabaseError):
        books.ledger.create([new_resource("water"), new_resource("spice")], PLAYER)
    assert books.everything() == before


def test_thousands_are_created_at_once(make_ledger: MakeLedger) -> None:
    books = make_ledger(wild.LATER)
    books.ledger.create([new_resource(f"r{number}") for number in range(5000)], PLAYER)
    assert len(books.ledger.refresh().resources) == 5000
    assert books.run("SELECT count(*) FROM resource_history") == [(5000,)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "   "},
        {"category": ""},
        {"hagga": -1},
        {"deep_desert": MAX_QUANTITY + 1},
        {"target": -1},
        {"target": MAX_QUANTITY + 1},
        {"multiplier": 0.0},
        {"multiplier": -1.0},
        {"multiplier": 100.5},
        {"multiplier": float("inf")},
        {"multiplier": float("nan")},
    ],
    ids=str,
)
def test_a_resource_that_breaks_a_rule_is_not_created(books: Books, wrong: dict[str, Any]) -> None:
    before = books.everything()
    with pytest.raises((ValueError, TrackerError)):
        books.ledger.create([new_resource("water", **wrong)], PLAYER)
    assert books.everything() == before


# Reading


def test_a_ledger_is_empty_until_something_is_created(make_ledger: MakeLedger) -> None:
    books = make_ledger()
    assert books.ledger.is_empty()
    books.ledger.create([new_resource()], PLAYER)
    assert not books.ledger.is_empty()


def test_a_refresh_reads_a_resource_as_it_stands(store: Books) -> None:
    update(store, target_quantity=2000, multiplier=0.5, is_priority=1, description="d", icon="i")
    update(store, image_url="u", status="stale")
    (spice,) = store.ledger.refresh().resources
    assert (spice.id, spice.name, spice.category) == ("spice", "Spice", "Raw")
    assert (spice.hagga, spice.deep_desert, spice.total) == (1000, 400, 1400)
    assert (spice.description, spice.icon, spice.image_url) == ("d", "i", "u")
    assert (spice.target, spice.multiplier, spice.priority) == (2000, 0.5, True)
    # Computed, whatever the column says.
    assert spice.status == "below_target"


def test_a_refresh_tells_the_time_of_the_ledgers_clock(store: Books) -> None:
    assert store.ledger.refresh().now == NOW


def test_times_in_milliseconds_are_read_as_seconds(store: Books) -> None:
    update(store, updated_at=1_700_000_123_456)
    (spice,) = store.ledger.refresh().resources
    assert spice.updated_at == 1_700_000_123


@pytest.mark.parametrize(
    ("nickname", "shown"), [("Muad'Dib", "Muad'Dib"), (None, "paul"), ("", "paul")]
)
def test_members_are_called_by_nickname_else_by_user_name(
    store: Books, nickname: str | None, shown: str
) -> None:
    store.insert(
        "users",
        id="u",
        discord_id=PLAYER,
        username="paul",
        custom_nickname=nickname,
        created_at=1,
        last_login=1,
    )
    assert store.ledger.refresh().names == {PLAYER: shown}


def test_history_is_newest_first_by_time_and_then_by_order_of_commit(store: Books) -> None:
    changes = [add(number) for number in range(1, 6)]
    for change in changes:
        apply(store, change)
    store.run("UPDATE resource_history SET created_at = 5 WHERE id = ?", changes[4].id)
    entries = store.ledger.recent_history("spice")
    assert [entry.id for entry in entries] == [changes[i].id for i in (3, 2, 1, 0, 4)]


def test_history_stops_at_the_limit_and_is_of_one_resource(store: Books) -> None:
    store.insert_resource("water")
    apply(store, add(1, resource_id="water"))
    changes = [add(number) for number in range(1, 6)]
    for change in changes:
        apply(store, change)
    entries = store.ledger.recent_history("spice", limit=3)
    assert [entry.id for entry in entries] == [c.id for c in reversed(changes[2:])]


def test_a_history_entry_tells_what_its_row_says(store: Books) -> None:
    change = to_hagga(7, reason="raid")
    apply(store, change)
    (entry,) = store.ledger.recent_history("spice")
    assert entry[:2] == (change.id, "transfer")
    assert (entry.hagga_before, entry.hagga) == (1000, 1007)
    assert (entry.deep_desert_before, entry.deep_desert) == (400, 393)
    assert (entry.by, entry.reason, entry.at) == (PLAYER, "raid", NOW)
