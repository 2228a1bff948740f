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


def made_of(statements: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(statements)
        yield connection


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    yield from made_of(schema_sql())


@pytest.fixture(scope="module")
def contract() -> Iterator[sqlite3.Connection]:
    """The founding schema as the data contract lists it, written down by hand."""
    yield from made_of(";".join(FOUNDING))


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
    found = set()
    for table in TABLES:
        for _, name, unique, origin, _ in connection.execute(f"PRAGMA index_list({table})"):
            if origin == "c":
                described = connection.execute(f"PRAGMA index_info({name})")
                found.add((table, bool(unique), tuple(row[2] for row in described)))
    return found


def test_schema_sql_has_the_tables_columns_and_references_of_the_contract(
    schema: sqlite3.Connection, contract: sqlite3.Connection
) -> None:
    rows = schema.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
    assert tuple(name for (name,) in rows) == tuple(MODELS) == TABLES
    for table in TABLES:
        assert columns(schema, table) == columns(contract, table), table
        assert references(schema, table) == references(contract, table), table
        # Raises "no such column" on a table WITHOUT ROWID, which has no order of commit.
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
    rows = schema.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
    assert ("users_discord_id_unique",) in rows.fetchall(), "the website's name"
    leading = {(table, names[0]) for table, _, names in indexes(schema)}
    referring = {(t, f.column_name) for t, f in COLUMNS if isinstance(f, ForeignKeyField)}
    assert referring | {("leaderboard", "user_id")} <= leading


def test_the_fields_of_a_model_match_the_columns_of_its_table(schema: sqlite3.Connection) -> None:
    leading = {(t, names[0], unique) for t, unique, names in indexes(schema)}
    for table in TABLES:
        of_table = columns(schema, table)
        fields = {field.column_name: field for name, field in COLUMNS if name == table}
        assert fields.keys() == of_table.keys()
        for name, field in fields.items():
            column = of_table[name]
            refers_to, stored_as = None, field
            if isinstance(field, ForeignKeyField):
                stored_as = field.rel_field
                refers_to = (field.rel_model._meta.table_name, stored_as.column_name)
            assert SQL_TYPES[type(stored_as)] == column.type, field
            assert field.primary_key == bool(column.key), field
            # SQLite allows NULL in a text key unless it says NOT NULL; no model writes such a key.
            assert field.null == (not column.required and not column.key), field
            default = None if column.default is None else float(column.default)
            assert field.default == default, field
            assert references(schema, table).get(name) == refers_to, field
            if field.index or field.unique:
                assert (table, name, bool(field.unique)) in leading, field
    for field in OPTIONAL:
        assert field in field.model._meta.sorted_fields
        assert field.column_name not in columns(schema, field.model._meta.table_name)


def test_the_optional_fields_and_their_older_counterparts() -> None:
    pairs = {
        (old.model, old.column_name): (new.model, new.column_name) for old, new in LOCATION_PAIRS
    }
    prefixes: list[tuple[type[Model], str]] = [(ResourceRow, "quantity")]
    prefixes += [(HistoryRow, name) for name in ("previous_quantity", "new_quantity")]
    prefixes.append((HistoryRow, "change_amount"))
    places = {"hagga": "location_1", "deep_desert": "location_2"}
    assert pairs == {
        (model, f"{prefix}_{old}"): (model, f"{prefix}_{new}")
        for model, prefix in prefixes
        for old, new in places.items()
    }
    named = {(field.model, field.column_name) for field in OPTIONAL}
    assert named == {*pairs.values(), (ResourceRow, "subcategory"), (ResourceRow, "tier")}
    # The settings table has the website's name.
    names = {field.column_name for field in GlobalSetting._meta.sorted_fields}
    assert GlobalSetting._meta.table_name == "global_settings"
    assert names <= {"setting_key", "setting_value", "description", "created_at", "last_updated_at"}
