"""Existing schemas: recognised by their columns, read and written."""

from __future__ import annotations

import pytest

from helpers import other_schemas
from helpers.build import (
    DEEP_DESERT,
    HAGGA,
    add,
    new_resource,
    remove,
    set_to,
    to_deep_desert,
    to_hagga,
)
from helpers.ledger_under_test import Books, MakeLedger, on_both
from helpers.other_schemas import Statements
from helpers.remote_guild import name_locations
from helpers.tracking import recent_history
from tracker_tui.db.layout import Layout, SchemaKind
from tracker_tui.domain.change import Verdict
from tracker_tui.errors import LedgerError

DEFAULTS = {HAGGA: "Hagga", DEEP_DESERT: "Deep Desert"}
PREFIXES = ("previous_quantity", "new_quantity", "change_amount")
WITH_LOCATIONS = ["later", "grown"]


def test_schemas_are_distinguished_by_their_columns(make_ledger: MakeLedger) -> None:
    cases: list[tuple[Statements, SchemaKind]] = [
        ((), SchemaKind.NONE),
        (other_schemas.FOUNDING, SchemaKind.FOUNDING),
        (other_schemas.MIDDLE, SchemaKind.MIDDLE),
        (other_schemas.LATER, SchemaKind.LATER),
        (other_schemas.GROWN, SchemaKind.LATER),
        # Names are compared as SQLite compares them.
        (tuple(statement.upper() for statement in other_schemas.LATER), SchemaKind.LATER),
        ((*other_schemas.FOUNDING, *other_schemas.LOCATION_COLUMNS), SchemaKind.LATER),
        ((*other_schemas.FOUNDING, *other_schemas.MIDDLE_COLUMNS), SchemaKind.MIDDLE),
        ((*other_schemas.FOUNDING, *other_schemas.FOREIGN), SchemaKind.FOUNDING),
        (other_schemas.FOREIGN, SchemaKind.FOREIGN),
        ((other_schemas.SETTINGS,), SchemaKind.FOREIGN),
        (other_schemas.FOUNDING[:-1], SchemaKind.FOREIGN),
        (("CREATE TABLE resources (id text PRIMARY KEY)",), SchemaKind.FOREIGN),
    ]
    for statements, kind in cases:
        assert make_ledger(statements).ledger.layout.kind is kind, statements


@on_both
@pytest.mark.parametrize("name", other_schemas.OURS)
def test_every_schema_is_read_and_written(make_ledger: MakeLedger, name: str) -> None:
    books = make_ledger(other_schemas.OURS[name])
    books.ledger.create([new_resource(hagga=10, target=100)], "founder")
    assert books.ledger.apply(add(90)).verdict is Verdict.APPLIED
    (spice,) = books.ledger.refresh().resources
    assert (spice.hagga, spice.deep_desert, spice.target, spice.name) == (100, 0, 100, "Spice")
    assert [entry.hagga for entry in recent_history(books.ledger, "spice")] == [100, 10]


@on_both
@pytest.mark.parametrize("name", WITH_LOCATIONS)
def test_creations_and_changes_write_both_columns_of_each_pair(
    make_ledger: MakeLedger, name: str
) -> None:
    books = make_ledger(other_schemas.OURS[name])
    books.ledger.create([new_resource(hagga=100, deep_desert=50)], "founder")
    resource, (entry,) = books.resource(), books.rows("resource_history")
    assert (resource["quantity_location_1"], resource["quantity_location_2"]) == (100, 50)
    assert [entry[f"{prefix}_location_1"] for prefix in PREFIXES] == [0, 100, 100]
    assert [entry[f"{prefix}_location_2"] for prefix in PREFIXES] == [0, 50, 50]
    for change in (
        *(add(7), add(7, DEEP_DESERT), remove(7), remove(8, DEEP_DESERT), set_to(9)),
        *(set_to(7, DEEP_DESERT), set_to(9), to_deep_desert(3), to_hagga(4)),
    ):
        assert books.ledger.apply(change).verdict is Verdict.APPLIED, change
        resource, entry = books.resource(), books.row("resource_history", change.id)
        assert resource["quantity_location_1"] == resource["quantity_hagga"], change
        assert resource["quantity_location_2"] == resource["quantity_deep_desert"], change
        for prefix in PREFIXES:
            assert entry[f"{prefix}_location_1"] == entry[f"{prefix}_hagga"], change
            assert entry[f"{prefix}_location_2"] == entry[f"{prefix}_deep_desert"], change


@pytest.mark.parametrize("name", WITH_LOCATIONS)
def test_the_older_columns_are_the_truth(make_ledger: MakeLedger, name: str) -> None:
    books = make_ledger(other_schemas.OURS[name])
    # As after an edit by a website that uses only the older columns.
    books.insert_resource(quantity_hagga=100, quantity_location_1=3, quantity_location_2=9)
    (spice,) = books.ledger.refresh().resources
    assert (spice.hagga, spice.deep_desert) == (100, 0)
    books.ledger.apply(add(1))
    row = books.resource()
    assert (row["quantity_hagga"], row["quantity_location_1"]) == (101, 101)


@pytest.mark.parametrize("name", ["middle", "later", "grown"])
def test_values_of_some_schemas_are_shown_where_they_exist(
    make_ledger: MakeLedger, name: str
) -> None:
    books = make_ledger(other_schemas.OURS[name])
    books.insert_resource(subcategory="Metals", tier=4)
    (spice,) = books.ledger.refresh().resources
    assert (spice.subcategory, spice.tier) == ("Metals", 4)
    assert spice.shown_tier == "Tier 4 (Aluminum)"
    theme = {"setting_key": "theme", "setting_value": "dark"}
    books.insert("global_settings", **theme, created_at=1, last_updated_at=1)
    # Their times are in milliseconds.
    name_locations(books, "Arrakeen", " Sietch Tabr ")
    named = {HAGGA: "Arrakeen", DEEP_DESERT: "Sietch Tabr"}
    assert books.ledger.refresh().cached_layout.places == named
    for blank in ("", "   ", None):
        books.run("UPDATE global_settings SET setting_value = ?", blank)
        assert books.ledger.refresh().cached_layout.places == DEFAULTS, blank


@on_both
def test_values_of_other_schemas_have_defaults(make_ledger: MakeLedger) -> None:
    books = make_ledger()
    books.insert_resource()
    snapshot = books.ledger.refresh()
    (spice,) = snapshot.resources
    # A query for a missing column in double quotes would return the text of its name.
    assert (spice.subcategory, spice.tier) == (None, None)
    assert snapshot.cached_layout.places == DEFAULTS


def test_unknown_columns_tables_and_views_are_unchanged(make_ledger: MakeLedger) -> None:
    more = [f"ALTER TABLE {t} ADD COLUMN moon text DEFAULT 'full'" for t in other_schemas.TABLES]
    more.append("CREATE VIEW rich AS SELECT id FROM resources")
    books = make_ledger((*other_schemas.LATER, *other_schemas.FOREIGN, *more))
    books.ledger.create([new_resource()], "founder")
    assert books.ledger.apply(add(1000)).verdict is Verdict.APPLIED
    assert len(books.ledger.refresh().resources) == 1
    for table in ("resources", "resource_history", "leaderboard"):
        assert {row["moon"] for row in books.rows(table)} == {"full"}, table


def grow(books: Books, statements: Statements) -> None:
    for statement in statements:
        books.run(statement)


@on_both
def test_what_appears_is_used_after_the_next_refresh(books: Books) -> None:
    books.ledger.refresh()
    grow(books, other_schemas.LOCATION_COLUMNS)
    books.ledger.refresh()
    change = add(5)
    books.ledger.apply(change)
    assert books.resource()["quantity_location_1"] == 5
    assert books.row("resource_history", change.id)["new_quantity_location_1"] == 5
    books.ledger.create([new_resource("water", hagga=8)], "founder")
    assert books.resource("water")["quantity_location_1"] == 8
    grow(books, other_schemas.MIDDLE_COLUMNS)
    books.run("UPDATE resources SET tier = 2, subcategory = 'Metals'")
    (spice, _) = books.ledger.refresh().resources
    assert (spice.tier, spice.subcategory) == (2, "Metals")
    grow(books, (other_schemas.SETTINGS,))
    name_locations(books, "Arrakeen", "Sietch Tabr")
    assert books.ledger.refresh().cached_layout.places[DEEP_DESERT] == "Sietch Tabr"


@on_both
def test_columns_and_tables_that_vanish_do_not_stop_the_next_refresh(
    make_ledger: MakeLedger,
) -> None:
    books = make_ledger(other_schemas.GROWN)
    books.insert_resource(tier=3)
    books.ledger.refresh()
    grow(books, ("ALTER TABLE resources DROP COLUMN tier", "DROP TABLE global_settings"))
    snapshot = books.ledger.refresh()
    assert [resource.tier for resource in snapshot.resources] == [None]
    assert snapshot.cached_layout.places == DEFAULTS


@on_both
def test_a_statement_that_fails_for_a_name_makes_the_ledger_read_the_columns(
    make_ledger: MakeLedger,
) -> None:
    books = make_ledger(other_schemas.GROWN)
    books.insert_resource()
    books.ledger.refresh()
    for number in (1, 2):
        grow(books, (f"ALTER TABLE resources DROP COLUMN quantity_location_{number}",))
    change = add(5)
    try:
        books.ledger.apply(change)
    except LedgerError:
        # The ledger may try again by itself or not; it must have read the columns.
        books.ledger.apply(change)
    assert books.quantities() == (5, 0)


def test_a_layout_has_only_columns_of_the_database(make_ledger: MakeLedger) -> None:
    books = make_ledger(other_schemas.MIDDLE)
    rows = books.database.batch([Layout.query()])[0].rows
    tables = {table for table, _ in rows}
    assert tables == {*other_schemas.TABLES, "global_settings"}
