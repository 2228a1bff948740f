"""The points that a change earns, and the status that it writes."""

from __future__ import annotations

import pytest

from helpers import other_schemas
from helpers.applying import NOW, apply, points_of, stock, update
from helpers.build import DEEP_DESERT, add, set_to
from helpers.ledger_under_test import Books, MakeLedger, on_both
from tracker_tui.domain.quantities import MAX_QUANTITY


@on_both
def test_the_worked_examples_of_the_contract(store: Books) -> None:
    for there, target, multiplier, quantity, base, bonus, final in (
        (0, 10_000, 2.0, 1000, 100.0, 0.10, 220.00),
        (4000, 10_000, 1.0, 1000, 100.0, 0.05, 105.00),
        (9000, 10_000, 1.0, 1000, 100.0, 0.0, 100.00),
        (0, None, 0.67, 15, 1.5, 0.0, 1.01),
        (0, None, 1.0, 1, 0.1, 0.0, 0.10),
        (0, None, 0.05, 1, 0.1, 0.0, 0.01),
        (0, None, 100.0, MAX_QUANTITY, 99_999_999.9, 0.0, 9_999_999_990.0),
        (0, 0, 1.0, 1000, 100.0, 0.0, 100.0),
        (0, None, 1.0, 333, 33.3, 0.0, 33.3),
    ):
        update(store, quantity_hagga=there, quantity_deep_desert=0)
        update(store, target_quantity=target, multiplier=multiplier)
        change = add(quantity)
        outcome = store.ledger.apply(change)
        row = points_of(store, change)
        assert row["base_points"] == pytest.approx(base, rel=1e-15)
        assert (row["resource_multiplier"], row["status_bonus"]) == (multiplier, bonus)
        assert row["final_points"] == final
        assert outcome.moved.points == (row["base_points"], multiplier, bonus, final)
    # Points that round to nothing make no row.
    stock(store)
    update(store, multiplier=0.04)
    assert apply(store, add(1))["change_amount_hagga"] == 1
    assert store.rows("leaderboard") == []


def test_an_unusable_multiplier_counts_as_1(make_ledger: MakeLedger) -> None:
    loose = tuple(
        s.replace("multiplier real DEFAULT 1.0 NOT NULL", "multiplier real")
        for s in other_schemas.FOUNDING
    )
    books = make_ledger(loose)
    books.insert_resource()
    for stored in ("0", "-3.5", "9e999", "-9e999", "'much'", "x'00'", "NULL"):
        books.run(f"UPDATE resources SET multiplier = {stored}")
        change = add(1000)
        apply(books, change)
        row = points_of(books, change)
        assert (row["resource_multiplier"], row["final_points"]) == (1.0, 100.0), stored


def test_a_set_that_changes_something_earns_one_point(store: Books) -> None:
    update(store, multiplier=3.0, target_quantity=1_000_000)
    for change, moved in ((set_to(7), 993), (set_to(8), 1), (set_to(900, DEEP_DESERT), 500)):
        apply(store, change)
        row = points_of(store, change)
        assert (row["action_type"], row["quantity_changed"]) == ("SET", moved)
        assert (row["base_points"], row["resource_multiplier"]) == (1.0, 1.0)
        assert (row["status_bonus"], row["final_points"]) == (0.0, 1.0)
        assert (row["resource_status"], row["created_at"]) == ("critical", NOW)


def test_the_leaderboard_keeps_the_category(store: Books) -> None:
    kept = dict.fromkeys(("Blueprints", "Gear Blueprints"), "Gear Blueprints")
    for stored, shown in {None: "Other", "Refined": "Refined", "My own": "My own", **kept}.items():
        update(store, category=stored)
        change = add(1000)
        apply(store, change)
        assert points_of(store, change)["resource_category"] == shown


def test_the_status_is_that_of_the_total_after_the_change(store: Books) -> None:
    expected = {1000: "above_target", **dict.fromkeys((None, 0, 1001, 1500), "at_target")}
    expected |= {1501: "below_target", 3000: "below_target", 3001: "critical"}
    for target, status in expected.items():
        stock(store)
        # 1,000 + 100 at Hagga and 400 in the Deep Desert: 1,500.
        update(store, target_quantity=target, status="stale")
        change = add(100)
        apply(store, change)
        assert points_of(store, change)["resource_status"] == status, target
        # The column has no word for above target.
        assert store.resource()["status"] == status.replace("above", "at"), target
