"""The rows that each kind of change writes, its guards, and the changes that are rejected."""

from __future__ import annotations

import unicodedata

from helpers import other_schemas
from helpers.applying import HISTORY_COLUMNS, MOVES, NOW, apply, rejected, stock, update
from helpers.build import DEEP_DESERT, HAGGA, PLAYER, add, remove, set_to, to_deep_desert, to_hagga
from helpers.ledger_under_test import Books, MakeLedger, on_both
from helpers.records import history_row, moved, points_row
from helpers.remote_guild import name_locations
from tracker_tui.domain.change import Rejection, Verdict
from tracker_tui.domain.quantities import MAX_QUANTITY
from tracker_tui.domain.text import MAX_REASON

ADMIN = "999999999999999999"


def test_an_addition_writes_only_what_it_must_and_every_column_of_its_rows(store: Books) -> None:
    store.insert_resource("water", quantity_hagga=7)
    store.run("UPDATE resources SET multiplier = 1.5, target_quantity = 10000 WHERE id = 'spice'")
    before, water = store.resource(), store.resource("water")
    change = add(50, DEEP_DESERT, reason="spice run", entered_by=ADMIN)
    changed = moved((1000, 1000), (400, 450))
    expected = history_row(change.id, reason="spice run", **changed)
    untouched = dict.fromkeys(("transfer_amount", "transfer_direction"))
    assert apply(store, change) == expected | untouched
    # The change and its points belong to the member, and the resource names who entered it.
    earned = {"quantity_changed": 50, "base_points": 5.0, "resource_multiplier": 1.5}
    earned |= {"status_bonus": 0.1, "resource_status": "critical"}
    assert store.rows("leaderboard") == [points_row(change.id, PLAYER, 8.25, **earned)]
    assert store.resource("water") == water
    assert store.resource() == before | {
        "quantity_deep_desert": 450,
        "status": "critical",
        "last_updated_by": ADMIN,
        "updated_at": NOW,
    }


@on_both
def test_every_kind_of_change_fills_both_locations_and_its_outcome_says_so(store: Books) -> None:
    written = {}
    for change, _ in MOVES:
        stock(store)
        effect = store.ledger.apply(change).moved
        row = store.row("resource_history", change.id)
        written[change] = tuple(row[name] for name in HISTORY_COLUMNS)
        assert effect[:4] == tuple(written[change][place] for place in (0, 3, 1, 4))
        assert store.quantities() == effect[2:4], change
    assert written == dict(MOVES)


def test_the_outcome_has_the_resource_as_it_is_after_the_change(store: Books) -> None:
    outcome = store.ledger.apply(add(5))
    assert outcome.resource == store.ledger.refresh().resources[0]
    assert (outcome.resource.hagga, outcome.resource.updated_at) == (1005, NOW)
    # Setting the same quantity earns nothing, but is somebody's update.
    stock(store)
    apply(store, set_to(1000, by="chani"))
    assert store.rows("leaderboard") == []
    assert (store.resource()["updated_at"], store.resource()["last_updated_by"]) == (NOW, "chani")


def test_only_a_move_without_a_reason_gets_one(store: Books) -> None:
    assert apply(store, to_deep_desert(1000))["reason"] == "Moved 1,000 from Hagga to Deep Desert"
    assert apply(store, to_hagga(7))["reason"] == "Moved 7 from Deep Desert to Hagga"
    assert apply(store, to_hagga(7, reason="raid"))["reason"] == "raid"
    assert apply(store, add(7))["reason"] is None


def test_a_move_is_described_with_the_guilds_own_names(make_ledger: MakeLedger) -> None:
    books = make_ledger(other_schemas.LATER)
    books.insert_resource(quantity_hagga=100)
    name_locations(books, "Arrakeen")
    # No name breaks the rules of a reason.
    for name in ("Arrakeen", "Arra\nkeen\x1b[31m\x00", "A" * 10_000):
        books.run("UPDATE global_settings SET setting_value = ?", name)
        books.ledger.refresh()
        reason = apply(books, to_deep_desert(7))["reason"]
        assert name != "Arrakeen" or reason == "Moved 7 from Arrakeen to Deep Desert"
        assert len(reason) <= MAX_REASON
        assert not [char for char in reason if unicodedata.category(char) == "Cc"]


@on_both
def test_texts_are_values_not_sql(store: Books) -> None:
    for text in ("'; DROP TABLE users; --", "%s {0} ?", "spice 🌶 \u202e", "\\"):
        assert apply(store, add(7, reason=text, by=text))["reason"] == text
        assert store.resource()["last_updated_by"] == text


def test_a_set_applies_where_the_quantity_is_the_one_seen_or_wanted(store: Books) -> None:
    # Only the location of the change is checked.
    for change, after in (
        (set_to(5), (5, 400)),
        (set_to(5, expected=1000), (5, 400)),
        (set_to(5, DEEP_DESERT, expected=400), (1000, 5)),
        (set_to(1000, expected=999), (1000, 400)),
    ):
        stock(store)
        apply(store, change)
        assert store.quantities() == after, change


def test_a_set_that_saw_another_quantity_is_a_conflict(store: Books) -> None:
    before = store.everything()
    # A guard of zero is a guard.
    for expected in (999, 0):
        outcome = store.ledger.apply(set_to(5, expected=expected))
        assert outcome.verdict is Verdict.CONFLICT
        assert (outcome.rejection, outcome.shortage, outcome.moved) == (None, None, None)
        assert outcome.resource.hagga == 1000
        assert store.everything() == before
    # It can be resolved with the same id.
    change = set_to(5, expected=999)
    store.ledger.apply(change)
    apply(store, change._replace(expected=None))
    assert store.quantities() == (5, 400)


def test_a_change_needs_its_resource_and_the_change_that_it_requires(store: Books) -> None:
    outcome = rejected(store, add(1, resource_id="gone"))
    assert (outcome.rejection, outcome.resource) == (Rejection.NO_RESOURCE, None)
    first = add(1)
    second = add(2, requires=first.id)
    assert rejected(store, second).rejection is Rejection.NOT_IN_HISTORY
    apply(store, first)
    apply(store, second)
    assert store.quantities() == (1003, 400)


def test_a_change_that_would_leave_the_range_is_rejected(store: Books) -> None:
    for change, location, there, wanted in (
        (remove(1001), HAGGA, 1000, -1),
        (remove(401, DEEP_DESERT), DEEP_DESERT, 400, -1),
        (to_deep_desert(1001), HAGGA, 1000, -1),
        (to_hagga(401), DEEP_DESERT, 400, -1),
        (add(MAX_QUANTITY - 999), HAGGA, 1000, MAX_QUANTITY + 1),
        (set_to(MAX_QUANTITY + 1), HAGGA, 1000, MAX_QUANTITY + 1),
    ):
        outcome = rejected(store, change)
        assert outcome.rejection is Rejection.QUANTITY, change
        assert outcome.shortage == (location, there, wanted), change
        assert f"{there:,}" in outcome.shortage.sentence("Hagga")
    update(store, quantity_deep_desert=MAX_QUANTITY)
    outcome = rejected(store, to_deep_desert(1))
    assert outcome.shortage == (DEEP_DESERT, MAX_QUANTITY, MAX_QUANTITY + 1)


def test_changes_up_to_the_bounds_are_allowed_and_a_negative_quantity_may_rise_to_0(
    store: Books,
) -> None:
    for there, change, after in (
        (1000, remove(1000), (0, 400)),
        (1000, to_deep_desert(1000), (0, 1400)),
        (1000, add(MAX_QUANTITY - 1000), (MAX_QUANTITY, 400)),
        (1000, set_to(MAX_QUANTITY), (MAX_QUANTITY, 400)),
        (1000, set_to(0), (0, 400)),
        (-50, add(50), (0, 400)),
        (-50, add(60), (10, 400)),
        (-50, set_to(0), (0, 400)),
        (-50, to_hagga(50), (0, 350)),
        # The location that is not changed may hold anything.
        (-50, add(5, DEEP_DESERT), (-50, 405)),
        (-50, remove(5, DEEP_DESERT), (-50, 395)),
        (MAX_QUANTITY + 5, add(1, DEEP_DESERT), (MAX_QUANTITY + 5, 401)),
        (MAX_QUANTITY + 5, remove(1, DEEP_DESERT), (MAX_QUANTITY + 5, 399)),
        (MAX_QUANTITY + 5, remove(5), (MAX_QUANTITY, 400)),
    ):
        stock(store)
        update(store, quantity_hagga=there)
        apply(store, change)
        assert store.quantities() == after, (there, change)
    # A quantity out of range may not stay there.
    update(store, quantity_hagga=-50)
    for change in (add(49), remove(1), to_hagga(49), to_deep_desert(1)):
        assert rejected(store, change).shortage.there == -50, change
    update(store, quantity_hagga=MAX_QUANTITY + 5)
    assert rejected(store, remove(4)).shortage.is_too_much
