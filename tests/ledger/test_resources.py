"""Creating resources, and reading resources, names and history."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from helpers import other_schemas
from helpers.applying import HISTORY_COLUMNS, NOW, apply, stock, update
from helpers.build import PLAYER, add, new_resource, to_hagga
from helpers.ledger_under_test import Books, MakeLedger, on_both
from helpers.records import Known, add_members, resource_row
from helpers.tracking import recent_history
from tracker_tui.db.sqlite import SqliteLedgerDatabase
from tracker_tui.domain.quantities import MAX_QUANTITY
from tracker_tui.errors import LedgerError, TrackerError
from tracker_tui.ledger.resources import NewResource


@on_both
def test_creating_writes_the_resource_complete_and_its_first_history_row(
    make_ledger: MakeLedger,
) -> None:
    books = make_ledger(clock=lambda: NOW)
    assert books.ledger.is_empty()
    new = NewResource("water", "Water", "Refined", 300, 200, "wet", 1000, 0.5, priority=True)
    books.ledger.create([new], PLAYER)
    assert not books.ledger.is_empty()
    given = {"quantity_hagga": 300, "quantity_deep_desert": 200, "target_quantity": 1000}
    expected = resource_row("water", category="Refined", multiplier=0.5, **given)
    expected |= {"description": "wet", "is_priority": 1, "status": "below_target"}
    expected |= {"icon": None, "image_url": None}
    assert books.rows("resources") == [expected]
    (row,) = books.rows("resource_history")
    columns = (0, 300, 300, 0, 200, 200, "absolute", None, None)
    assert tuple(row[name] for name in HISTORY_COLUMNS) == columns
    assert (row["resource_id"], row["reason"]) == ("water", "Resource created")
    assert (row["updated_by"], row["created_at"]) == (PLAYER, NOW)
    assert books.rows("leaderboard") == []
    # The column has no word for above target.
    books.ledger.create([new_resource(hagga=300, target=100)], PLAYER)
    assert books.resource()["status"] == "at_target"


@on_both
def test_creating_several_is_all_or_none(books: Books) -> None:
    before = books.everything()
    with pytest.raises(LedgerError):
        books.ledger.create([new_resource("water"), new_resource("spice")], PLAYER)
    assert books.everything() == before


@on_both
def test_thousands_are_created_at_once(make_ledger: MakeLedger) -> None:
    books = make_ledger(other_schemas.LATER)
    if isinstance(books.database, SqliteLedgerDatabase):
        # The default of SQLite; Debian, for one, raises it.
        books.database.connection().setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
    # With more values than that.
    books.ledger.create([new_resource(f"r{number}") for number in range(2000)], PLAYER)
    assert len(books.ledger.refresh().resources) == 2000
    assert books.run("SELECT count(*) FROM resource_history") == [(2000,)]


def test_a_resource_that_breaks_a_rule_is_not_created(books: Books) -> None:
    before = books.everything()
    wrong_values: list[dict[str, Any]] = [
        *({"name": ""}, {"name": "   "}, {"category": ""}, {"hagga": -1}, {"target": -1}),
        *({"deep_desert": MAX_QUANTITY + 1}, {"target": MAX_QUANTITY + 1}),
        *({"multiplier": wrong} for wrong in (0.0, -1.0, 100.5, float("inf"), float("nan"))),
    ]
    for wrong in wrong_values:
        with pytest.raises((ValueError, TrackerError)):
            books.ledger.create([new_resource("water", **wrong)], PLAYER)
        assert books.everything() == before, wrong


@on_both
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
    assert store.ledger.refresh().now == NOW
    # Times in milliseconds are read as seconds.
    update(store, updated_at=1_700_000_123_456)
    assert store.ledger.refresh().resources[0].updated_at == 1_700_000_123
    # Members go by nickname or user name.
    add_members(store, Known("1", "paul", "Muad'Dib"), Known("2", "chani"), Known("3", "jamis", ""))
    assert store.ledger.refresh().names == {"1": "Muad'Dib", "2": "chani", "3": "jamis"}


def test_history_of_one_resource_is_newest_first_by_time_then_commit(store: Books) -> None:
    store.insert_resource("water")
    apply(store, add(1, resource_id="water"))
    changes = [add(number) for number in range(1, 6)]
    for change in changes:
        apply(store, change)
    store.run("UPDATE resource_history SET created_at = 5 WHERE id = ?", changes[4].id)
    newest_first = [changes[i].id for i in (3, 2, 1, 0, 4)]
    assert [entry.id for entry in recent_history(store.ledger, "spice")] == newest_first
    assert [e.id for e in recent_history(store.ledger, "spice", limit=3)] == newest_first[:3]
    # An entry has the values of its row.
    stock(store)
    change = to_hagga(7, reason="raid")
    apply(store, change)
    (entry,) = recent_history(store.ledger, "spice")
    assert entry[:6] == (change.id, "transfer", 1000, 1007, 400, 393)
    assert (entry.by, entry.reason, entry.at) == (PLAYER, "raid", NOW)
