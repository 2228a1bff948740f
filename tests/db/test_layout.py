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
from helpers.ledger_under_test import Books, MakeLedger
from helpers.other_schemas import Statements
from helpers.tracking import recent_history
from tracker_tui.db.layout import Layout, SchemaKind
from tracker_tui.domain.change import Change, Verdict
from tracker_tui.errors import LedgerError

DEFAULTS = {HAGGA: "Hagga", DEEP_DESERT: "Deep Desert"}
PREFIXES = ("previous_quantity", "new_quantity", "change_amount")
WITH_LOCATIONS = ["later", "grown"]


def setting(key: str, value: str | bytes | None, books: Books) -> None:
    books.insert(
        "global_settings", setting_key=key, setting_value=value, created_at=1, last_updated_at=1
    )


@pytest.mark.parametrize(
    ("statements", "kind"),
    [
        ((), SchemaKind.NONE),
        (other_schemas.FOUNDING, SchemaKind.FOUNDING),
        (other_schemas.MIDDLE, SchemaKind.MIDDLE),
        (other_schemas.LATER, SchemaKind.LATER),
        (other_schemas.GROWN, SchemaKind.LATER),
        ((*other_schemas.FOUNDING, *other_schemas.LOCATION_COLUMNS), SchemaKind.LATER),
        ((*other_schemas.FOUNDING, *other_schemas.MIDDLE_COLUMNS), SchemaKind.MIDDLE),
        ((*other_schemas.FOUNDING, *other_schemas.FOREIGN), SchemaKind.FOUNDING),
        (other_schemas.FOREIGN, SchemaKind.FOREIGN),
        ((other_schemas.SETTINGS,), SchemaKind.FOREIGN),
        (other_schemas.FOUNDING[:-1], SchemaKind.FOREIGN),
        (("CREATE TABLE resources (id text PRIMARY KEY)",), SchemaKind.FOREIGN),
    ],
    ids=[
        *("nothing", "founding", "middle", "later", "grown", "locations alone", "tiers alone"),
        *("beside another program", "foreign", "settings alone", "no leaderboard", "one table"),
    ],
)
def test_schemas_are_distinguished_by_their_columns(
    make_ledger: MakeLedger, statements: Statements, kind: SchemaKind
) -> None:
    assert make_ledger(statements).ledger.layout.kind is kind


def test_names_are_compared_as_sqlite_compares_them(make_ledger: MakeLedger) -> None:
    shouting = tuple(statement.upper() for statement in other_schemas.LATER)
    assert make_ledger(shouting).ledger.layout.kind is SchemaKind.LATER


@pytest.mark.parametrize("name", other_schemas.OURS)
def test_every_schema_is_read_and_written(make_ledger: MakeLedger, name: str) -> None:
    books = make_ledger(other_schemas.OURS[name])
    books.ledger.create([new_resource(hagga=10, target=100)], "founder")
    assert books.ledger.apply(add(90)).verdict is Verdict.APPLIED
    (spice,) = books.ledger.refresh().resources
    assert (spice.hagga, spice.deep_desert, spice.target, spice.name) == (100, 0, 100, "Spice")
    assert [entry.hagga for entry in recent_history(books.ledger, "spice")] == [100, 10]


# The newer columns beside the older


@pytest.mark.parametrize("name", WITH_LOCATIONS)
@pytest.mark.parametrize(
    "change",
    [
        add(7),
        add(7, DEEP_DESERT),
        remove(7),
        remove(7, DEEP_DESERT),
        set_to(7),
        set_to(7, DEEP_DESERT),
        set_to(100),
        to_deep_desert(7),
        to_hagga(7),
    ],
    ids=lambda c: f"{c.kind} at {c.location}",
)
def test_a_change_writes_both_columns_of_each_pair(
    make_ledger: MakeLedger, name: str, change: Change
) -> None:
    books = make_ledger(other_schemas.OURS[name])
    books.ledger.create([new_resource(hagga=100, deep_desert=50)], "founder")
    assert books.ledger.apply(change).verdict is Verdict.APPLIED
    resource, entry = books.resource(), books.row("resource_history", change.id)
    assert resource["quantity_location_1"] == resource["quantity_hagga"]
    assert resource["quantity_location_2"] == resource["quantity_deep_desert"]
    for prefix in PREFIXES:
        assert entry[f"{prefix}_location_1"] == entry[f"{prefix}_hagga"]
        assert entry[f"{prefix}_location_2"] == entry[f"{prefix}_deep_desert"]


@pytest.mark.parametrize("name", WITH_LOCATIONS)
def test_creating_writes_both_columns_of_each_pair(make_ledger: MakeLedger, name: str) -> None:
    books = make_ledger(other_schemas.OURS[name])
    books.ledger.create([new_resource(hagga=100, deep_desert=50)], "founder")
    resource, (entry,) = books.resource(), books.rows("resource_history")
    assert (resource["quantity_location_1"], resource["quantity_location_2"]) == (100, 50)
    assert [entry[f"{prefix}_location_1"] for prefix in PREFIXES] == [0, 100, 100]
    assert [entry[f"{prefix}_location_2"] for prefix in PREFIXES] == [0, 50, 50]


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


# Columns and tables of some schemas


@pytest.mark.parametrize("name", ["middle", "later", "grown"])
def test_subcategory_and_tier_are_shown_where_they_exist(
    make_ledger: MakeLedger, name: str
) -> None:
    books = make_ledger(other_schemas.OURS[name])
    books.insert_resource(subcategory="Metals", tier=4)
    (spice,) = books.ledger.refresh().resources
    assert (spice.subcategory, spice.tier) == ("Metals", 4)
    assert spice.shown_tier == "Tier 4 (Aluminum)"


def test_subcategory_and_tier_are_none_where_they_do_not_exist(make_ledger: MakeLedger) -> None:
    books = make_ledger()
    books.insert_resource()
    (spice,) = books.ledger.refresh().resources
    # A query for a missing column in double quotes would return the text of its name.
    assert (spice.subcategory, spice.tier) == (None, None)


@pytest.mark.parametrize("name", ["middle", "later", "grown"])
def test_configured_location_names_are_shown(make_ledger: MakeLedger, name: str) -> None:
    books = make_ledger(other_schemas.OURS[name])
    setting("inventory_location_1_name", "Arrakeen", books)
    setting("inventory_location_2_name", " Sietch Tabr ", books)
    assert books.ledger.refresh().cached_layout.places == {
        HAGGA: "Arrakeen",
        DEEP_DESERT: "Sietch Tabr",
    }


@pytest.mark.parametrize("value", ["", "   ", None])
def test_a_blank_location_name_is_the_default(make_ledger: MakeLedger, value: str | None) -> None:
    books = make_ledger(other_schemas.LATER)
    setting("inventory_location_1_name", value, books)
    assert books.ledger.refresh().cached_layout.places == DEFAULTS


def test_other_settings_do_not_name_locations(make_ledger: MakeLedger) -> None:
    books = make_ledger(other_schemas.LATER)
    setting("theme", "dark", books)
    assert books.ledger.refresh().cached_layout.places == DEFAULTS


def test_a_database_without_settings_has_the_default_names(make_ledger: MakeLedger) -> None:
    assert make_ledger().ledger.refresh().cached_layout.places == DEFAULTS


def test_a_setting_in_milliseconds_is_harmless(make_ledger: MakeLedger) -> None:
    books = make_ledger(other_schemas.LATER)
    setting("inventory_location_1_name", "Arrakeen", books)
    books.run("UPDATE global_settings SET last_updated_at = 1700000000000")
    assert books.ledger.refresh().cached_layout.places[HAGGA] == "Arrakeen"


@pytest.mark.parametrize("table", other_schemas.TABLES)
def test_an_unknown_column_is_unchanged(make_ledger: MakeLedger, table: str) -> None:
    books = make_ledger(
        (*other_schemas.LATER, f"ALTER TABLE {table} ADD COLUMN moon text DEFAULT 'full'")
    )
    books.ledger.create([new_resource()], "founder")
    assert books.ledger.apply(add(1000)).verdict is Verdict.APPLIED
    assert len(books.ledger.refresh().resources) == 1
    assert {row["moon"] for row in books.rows(table)} <= {"full"}


def test_other_tables_and_views_are_harmless(make_ledger: MakeLedger) -> None:
    books = make_ledger(
        (
            *other_schemas.FOUNDING,
            *other_schemas.FOREIGN,
            "CREATE VIEW rich AS SELECT id FROM resources",
        )
    )
    books.ledger.create([new_resource()], "founder")
    assert books.ledger.apply(add(1)).verdict is Verdict.APPLIED


# Schema changes during a run


def grow(books: Books, statements: Statements) -> None:
    for statement in statements:
        books.run(statement)


def test_location_columns_that_appear_are_written_after_the_next_refresh(books: Books) -> None:
    books.ledger.refresh()
    grow(books, other_schemas.LOCATION_COLUMNS)
    books.ledger.refresh()
    change = add(5)
    books.ledger.apply(change)
    assert books.resource()["quantity_location_1"] == 5
    assert books.row("resource_history", change.id)["new_quantity_location_1"] == 5


def test_location_columns_that_appear_are_written_by_creations_after_the_next_refresh(
    books: Books,
) -> None:
    grow(books, other_schemas.LOCATION_COLUMNS)
    books.ledger.refresh()
    books.ledger.create([new_resource("water", hagga=8)], "founder")
    assert books.resource("water")["quantity_location_1"] == 8


def test_tiers_that_appear_are_shown_by_the_next_refresh(books: Books) -> None:
    books.ledger.refresh()
    grow(books, other_schemas.MIDDLE_COLUMNS)
    books.run("UPDATE resources SET tier = 2, subcategory = 'Metals'")
    (spice,) = books.ledger.refresh().resources
    assert (spice.tier, spice.subcategory) == (2, "Metals")


def test_location_names_that_appear_are_shown_by_the_next_refresh(books: Books) -> None:
    books.ledger.refresh()
    grow(books, (other_schemas.SETTINGS,))
    setting("inventory_location_2_name", "Sietch Tabr", books)
    assert books.ledger.refresh().cached_layout.places[DEEP_DESERT] == "Sietch Tabr"


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


def test_a_layout_has_only_columns_of_the_database(
    make_ledger: MakeLedger,
) -> None:
    books = make_ledger(other_schemas.MIDDLE)
    rows = books.database.batch([Layout.query()])[0].rows
    tables = {table for table, _ in rows}
    assert tables == {*other_schemas.TABLES, "global_settings"}
