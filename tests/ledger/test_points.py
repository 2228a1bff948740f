"""The points that a change earns, and the status that it writes."""

from __future__ import annotations

from itertools import count

import pytest

from helpers import other_schemas
from helpers.applying import NOW, apply, points_of, update
from helpers.build import DEEP_DESERT, HAGGA, add, remove, set_to, to_deep_desert, to_hagga
from helpers.ledger_under_test import Books, MakeLedger
from tracker_tui.domain.change import Change
from tracker_tui.domain.quantities import MAX_QUANTITY, Location


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
def test_the_worked_examples_of_the_contract(
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
def test_an_unusable_multiplier_counts_as_1(store: Books, stored: str) -> None:
    store.run(f"UPDATE resources SET multiplier = {stored}")
    change = add(1000)
    apply(store, change)
    row = points_of(store, change)
    assert (row["resource_multiplier"], row["final_points"]) == (1.0, 100.0)


def test_a_multiplier_that_is_null_counts_as_1(make_ledger: MakeLedger) -> None:
    loose = tuple(
        s.replace("multiplier real DEFAULT 1.0 NOT NULL", "multiplier real")
        for s in other_schemas.FOUNDING
    )
    books = make_ledger(loose)
    books.insert_resource(multiplier=None)
    change = add(1000)
    apply(books, change)
    assert points_of(books, change)["final_points"] == 100.0


@pytest.mark.parametrize(
    ("amount", "location", "moved"), [(7, HAGGA, 993), (900, DEEP_DESERT, 500)]
)
def test_a_set_that_changes_something_earns_one_point(
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
