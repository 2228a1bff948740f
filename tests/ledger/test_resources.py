"""Creating resources, and reading resources, names and history."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import other_schemas
from helpers.applying import HISTORY_COLUMNS, NOW, apply, update
from helpers.build import PLAYER, add, new_resource, to_hagga
from helpers.ledger_under_test import Books, MakeLedger
from helpers.tracking import recent_history
from tracker_tui.domain.quantities import MAX_QUANTITY
from tracker_tui.errors import LedgerError, TrackerError
from tracker_tui.ledger.resources import NewResource


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
    with pytest.raises(LedgerError):
        books.ledger.create([new_resource("water"), new_resource("spice")], PLAYER)
    assert books.everything() == before


def test_thousands_are_created_at_once(make_ledger: MakeLedger) -> None:
    books = make_ledger(other_schemas.LATER)
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


def test_a_ledger_is_empty_until_something_is_created(make_ledger: MakeLedger) -> None:
    books = make_ledger()
    assert books.ledger.is_empty()
    books.ledger.create([new_resource()], PLAYER)
    assert not books.ledger.is_empty()


def test_a_refresh_reads_a_resource(store: Books) -> None:
    update(store, target_quantity=2000, multiplier=0.5, is_priority=1, description="d", icon="i")
    update(store, image_url="u", status="stale")
    (spice,) = store.ledger.refresh().resources
    assert (spice.id, spice.name, spice.category) == ("spice", "Spice", "Raw")
    assert (spice.hagga, spice.deep_desert, spice.total) == (1000, 400, 1400)
    assert (spice.description, spice.icon, spice.image_url) == ("d", "i", "u")
    assert (spice.target, spice.multiplier, spice.priority) == (2000, 0.5, True)
    # Computed, whatever the column says.
    assert spice.status == "below_target"


def test_a_refresh_has_the_time_of_the_ledgers_clock(store: Books) -> None:
    assert store.ledger.refresh().now == NOW


def test_times_in_milliseconds_are_read_as_seconds(store: Books) -> None:
    update(store, updated_at=1_700_000_123_456)
    (spice,) = store.ledger.refresh().resources
    assert spice.updated_at == 1_700_000_123


@pytest.mark.parametrize(
    ("nickname", "shown"), [("Muad'Dib", "Muad'Dib"), (None, "paul"), ("", "paul")]
)
def test_members_go_by_nickname_or_user_name(
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
    entries = recent_history(store.ledger, "spice")
    assert [entry.id for entry in entries] == [changes[i].id for i in (3, 2, 1, 0, 4)]


def test_history_stops_at_the_limit_and_is_of_one_resource(store: Books) -> None:
    store.insert_resource("water")
    apply(store, add(1, resource_id="water"))
    changes = [add(number) for number in range(1, 6)]
    for change in changes:
        apply(store, change)
    entries = recent_history(store.ledger, "spice", limit=3)
    assert [entry.id for entry in entries] == [c.id for c in reversed(changes[2:])]


def test_a_history_entry_has_the_values_of_its_row(store: Books) -> None:
    change = to_hagga(7, reason="raid")
    apply(store, change)
    (entry,) = recent_history(store.ledger, "spice")
    assert entry[:2] == (change.id, "transfer")
    assert (entry.hagga_before, entry.hagga) == (1000, 1007)
    assert (entry.deep_desert_before, entry.deep_desert) == (400, 393)
    assert (entry.by, entry.reason, entry.at) == (PLAYER, "raid", NOW)
