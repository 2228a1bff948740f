"""Creating resources: complete, by the rules, all or none."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import wild
from helpers.applying import HISTORY_COLUMNS, NOW
from helpers.books import Books, MakeLedger
from helpers.build import PLAYER, new_resource
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
