"""The Peewee models match schema.sql, and schema.sql matches the data contract."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest
from peewee import Field, FloatField, ForeignKeyField, IntegerField, Model, TextField

from helpers.other_schemas import FOUNDING, TABLES
from tracker_tui.db import models
from tracker_tui.db.models import LOCATION_PAIRS, OPTIONAL, GlobalSetting, HistoryRow, ResourceRow
from tracker_tui.db.schema import schema_sql

MODELS: dict[str, type[Model]] = {model._meta.table_name: model for model in models.TABLES}
SQL_TYPES: dict[type[Field], str] = {TextField: "TEXT", IntegerField: "INTEGER", FloatField: "REAL"}
COLUMNS = [
    (table, field)
    for table, model in MODELS.items()
    for field in model._meta.sorted_fields
    if field not in OPTIONAL
]


class Column(NamedTuple):
    """A column as `PRAGMA table_info` describes it."""

    type: str
    required: bool
    default: str | None
    key: int


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(schema_sql())
        yield connection


def columns(connection: sqlite3.Connection, table: str) -> dict[str, Column]:
    rows = connection.execute(f"PRAGMA table_info({table})")
    return {
        name: Column(kind.upper(), bool(required), default, key)
        for _, name, kind, required, default, key in rows
    }


def references(connection: sqlite3.Connection, table: str) -> dict[str, tuple[str, str]]:
    rows = connection.execute(f"PRAGMA foreign_key_list({table})")
    return {row[3]: (row[2], row[4]) for row in rows}


def indexes(connection: sqlite3.Connection) -> set[tuple[str, bool, tuple[str, ...]]]:
    """Return (table, is unique, columns) of each index that was created explicitly."""
    return {
        (
            table,
            bool(unique),
            tuple(row[2] for row in connection.execute(f"PRAGMA index_info({name})")),
        )
        for table in TABLES
        for _, name, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})")
        if origin == "c"
    }


@pytest.fixture(scope="module")
def contract() -> Iterator[sqlite3.Connection]:
    """The founding schema as the data contract lists it, written down by hand."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for statement in FOUNDING:
            connection.execute(statement)
        yield connection


def test_schema_sql_has_the_five_tables_and_no_other(schema: sqlite3.Connection) -> None:
    rows = schema.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
    assert tuple(name for (name,) in rows) == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_schema_sql_has_the_columns_of_the_contract(
    schema: sqlite3.Connection, contract: sqlite3.Connection, table: str
) -> None:
    assert columns(schema, table) == columns(contract, table)


@pytest.mark.parametrize("table", TABLES)
def test_schema_sql_has_the_references_of_the_contract(
    schema: sqlite3.Connection, contract: sqlite3.Connection, table: str
) -> None:
    assert references(schema, table) == references(contract, table)


@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_a_rowid_in_the_order_of_commit(
    schema: sqlite3.Connection, table: str
) -> None:
    # Raises "no such column" on a table WITHOUT ROWID.
    assert schema.execute(f"SELECT rowid FROM {table}").fetchall() == []


def test_schema_sql_has_the_indexes_of_the_contract(schema: sqlite3.Connection) -> None:
    assert indexes(schema) >= {
        ("users", True, ("discord_id",)),
        ("resource_history", False, ("created_at",)),
        ("resource_history", False, ("resource_id", "created_at")),
        ("resource_history", False, ("updated_by", "created_at")),
        ("resources", False, ("updated_at",)),
        ("leaderboard", False, ("created_at", "user_id", "final_points")),
        ("leaderboard", False, ("user_id", "created_at", "final_points")),
    }


def test_the_unique_index_has_the_name_of_the_website(schema: sqlite3.Connection) -> None:
    rows = schema.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    assert ("users_discord_id_unique",) in rows.fetchall()


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("user_sessions", "user_id"),
        ("resource_history", "resource_id"),
        ("leaderboard", "user_id"),
        ("leaderboard", "resource_id"),
    ],
)
def test_every_reference_field_leads_an_index(
    schema: sqlite3.Connection, table: str, column: str
) -> None:
    assert any(t == table and names[0] == column for t, _, names in indexes(schema))


def test_models_and_tables_match() -> None:
    assert tuple(MODELS) == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_a_model_has_the_columns_of_its_table(schema: sqlite3.Connection, table: str) -> None:
    ours = {field.column_name for name, field in COLUMNS if name == table}
    assert ours == set(columns(schema, table))


@pytest.mark.parametrize(("table", "field"), COLUMNS, ids=str)
def test_a_field_matches_its_column(schema: sqlite3.Connection, table: str, field: Field) -> None:
    column = columns(schema, table)[field.column_name]
    stored_as = field.rel_field if isinstance(field, ForeignKeyField) else field
    assert SQL_TYPES[type(stored_as)] == column.type
    assert field.primary_key == bool(column.key)
    # SQLite allows NULL in a text key unless it says NOT NULL; no model writes such a key.
    assert field.null == (not column.required and not column.key)
    assert field.default == (None if column.default is None else float(column.default))


@pytest.mark.parametrize(("table", "field"), COLUMNS, ids=str)
def test_a_field_has_the_reference_of_its_column(
    schema: sqlite3.Connection, table: str, field: Field
) -> None:
    refers_to = None
    if isinstance(field, ForeignKeyField):
        refers_to = (field.rel_model._meta.table_name, field.rel_field.column_name)
    assert references(schema, table).get(field.column_name) == refers_to


@pytest.mark.parametrize(
    ("table", "field"), [(t, f) for t, f in COLUMNS if f.index or f.unique], ids=str
)
def test_a_field_that_a_model_calls_indexed_leads_an_index(
    schema: sqlite3.Connection, table: str, field: Field
) -> None:
    leading = {(t, names[0], u) for t, u, names in indexes(schema)}
    assert (table, field.column_name, bool(field.unique)) in leading


@pytest.mark.parametrize("field", sorted(OPTIONAL, key=str), ids=str)
def test_an_optional_field_is_in_its_model_but_not_in_schema_sql(
    schema: sqlite3.Connection, field: Field
) -> None:
    assert field in field.model._meta.sorted_fields
    assert field.column_name not in columns(schema, field.model._meta.table_name)


def test_the_optional_fields_are_columns_of_existing_schemas() -> None:
    history = {
        f"{prefix}_location_{number}"
        for prefix in ("previous_quantity", "new_quantity", "change_amount")
        for number in (1, 2)
    }
    named = {(field.model, field.column_name) for field in OPTIONAL}
    assert named == {(HistoryRow, name) for name in history} | {
        (ResourceRow, "subcategory"),
        (ResourceRow, "tier"),
        (ResourceRow, "quantity_location_1"),
        (ResourceRow, "quantity_location_2"),
    }


def test_location_1_is_hagga_and_location_2_the_deep_desert() -> None:
    pairs = {
        (old.model, old.column_name): (new.model, new.column_name) for old, new in LOCATION_PAIRS
    }
    expected = {
        (ResourceRow, "quantity_hagga"): (ResourceRow, "quantity_location_1"),
        (ResourceRow, "quantity_deep_desert"): (ResourceRow, "quantity_location_2"),
    }
    for prefix in ("previous_quantity", "new_quantity", "change_amount"):
        expected[HistoryRow, f"{prefix}_hagga"] = (HistoryRow, f"{prefix}_location_1")
        expected[HistoryRow, f"{prefix}_deep_desert"] = (HistoryRow, f"{prefix}_location_2")
    assert pairs == expected


def test_the_settings_table_has_the_websites_name() -> None:
    names = {field.column_name for field in GlobalSetting._meta.sorted_fields}
    assert GlobalSetting._meta.table_name == "global_settings"
    assert names <= {"setting_key", "setting_value", "description", "created_at", "last_updated_at"}
