"""Bringing a database up to schema.sql: add what is missing, never drop or rewrite.

schema.sql is the one description of our tables. Its own SQL is run on an empty SQLite in memory and
read back, so that both sides are described by SQLite in the same words. Missing parts become
a plan of statements, which `tracker-tui init --plan` shows and `init` runs. For example,
a database without our index on `resources(updated_at)` gives

    plan(database) == ["CREATE INDEX IF NOT EXISTS resources_updated_at ON resources (updated_at)"]

An index of another name on the same columns serves as well. A table that has another primary key,
or lacks an identifying column, belongs to another program: `init` then changes nothing.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from peewee import RawQuery

from tracker_tui.db.database import INTEGER, TEXT, TEXT_OR_NULL, Database, RowType
from tracker_tui.db.layout import Layout
from tracker_tui.errors import LedgerError, NotATrackerDatabase

_COLUMNS = """
    SELECT tables.name, columns.name, columns.type, columns."notnull", columns.dflt_value,
           columns.pk
    FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' ORDER BY tables.rowid, columns.cid
"""
_INDEXES = """
    SELECT tables.name, indexes.name, indexes."unique", indexes.partial,
           (SELECT sql FROM sqlite_master WHERE type = 'index' AND name = indexes.name),
           (SELECT group_concat(name) FROM
               (SELECT name FROM pragma_index_info(indexes.name) ORDER BY seqno))
    FROM sqlite_master AS tables JOIN pragma_index_list(tables.name) AS indexes
    WHERE tables.type = 'table' ORDER BY tables.rowid, indexes.seq DESC
"""
_TABLES = "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid"


@dataclass(frozen=True, kw_only=True)
class SchemaColumn:
    """A column as SQLite describes it."""

    type: str
    is_required: bool
    default: str | None
    key: int
    """Its position in the primary key, from 1; 0: it is not part of it."""


@dataclass(frozen=True, kw_only=True)
class SchemaIndex:
    """An index on columns of a table, and the SQL that creates it."""

    table: str
    columns: tuple[str, ...]
    is_unique: bool
    is_partial: bool
    sql: str | None

    def serves_as(self, wanted: SchemaIndex) -> bool:
        """Whether this index makes the wanted one unnecessary."""
        return (
            (self.table, self.columns) == (wanted.table, wanted.columns)
            and (self.is_unique or not wanted.is_unique)
            and not self.is_partial
        )


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The tables of a database; names in lower case, as SQLite compares them."""

    tables: dict[str, str]
    """The SQL that creates each table."""
    columns: dict[str, dict[str, SchemaColumn]]
    indexes: list[SchemaIndex]


def schema_sql() -> str:
    """Return the text of schema.sql: a wheel carries it in the package, a checkout beside it."""
    package = Path(__file__).parents[1]
    carried = package / "schema.sql"
    path = carried if carried.exists() else package.with_name("schema.sql")
    return path.read_text(encoding="utf-8")


def wanted_schema() -> Schema:
    """Return what schema.sql creates, read back from SQLite."""
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(schema_sql())
        return _schema(*(connection.execute(sql).fetchall() for sql in _QUESTIONS))
    finally:
        connection.close()


def schema_statements() -> list[str]:
    """Return the statements that create a database from nothing."""
    wanted = wanted_schema()
    indexes = [index.sql for index in wanted.indexes if index.sql is not None]
    return [_unless_exists(sql) for sql in (*wanted.tables.values(), *indexes)]


def plan(database: Database) -> list[str]:
    """Return the statements that `bring_up_to_date` would run; raises NotATrackerDatabase."""
    results = database.batch([RawQuery(sql) for sql in _QUESTIONS])
    rows = (kind.checked(result.rows) for kind, result in zip(_ROWS, results, strict=True))
    there = _schema(*rows)
    columns = {table: frozenset(names) for table, names in there.columns.items()}
    Layout(columns).require_no_foreign_table(database.where)
    return list(_missing(wanted_schema(), there))


def bring_up_to_date(database: Database) -> list[str]:
    """Add what is missing, all or nothing; return the statements that ran."""
    statements = plan(database)
    while statements:
        try:
            database.batch([RawQuery(sql) for sql in statements])
        except LedgerError:
            # Another `init` may have been quicker. Then there is less to do than before.
            left = plan(database)
            if left == statements:
                raise
            statements = left
        else:
            break
    return statements


_QUESTIONS = (_TABLES, _COLUMNS, _INDEXES)
_ROWS = (
    RowType(TEXT, TEXT_OR_NULL),
    RowType(TEXT, TEXT, TEXT, INTEGER, TEXT_OR_NULL, INTEGER),
    RowType(TEXT, TEXT, INTEGER, INTEGER, TEXT_OR_NULL, TEXT_OR_NULL),
)


def _schema(
    tables: list[tuple[str, str]],
    columns: list[tuple[str, str, str, int, str | None, int]],
    indexes: list[tuple[str, str, int, int, str | None, str | None]],
) -> Schema:
    described: dict[str, dict[str, SchemaColumn]] = {}
    for table, name, kind, required, default, key in columns:
        column = SchemaColumn(
            type=kind.upper(), is_required=bool(required), default=default, key=key
        )
        described.setdefault(table.lower(), {})[name.lower()] = column
    return Schema(
        tables={name.lower(): sql for name, sql in tables},
        columns=described,
        indexes=[
            SchemaIndex(
                table=table.lower(),
                columns=tuple((names or "").lower().split(",")),
                is_unique=bool(unique),
                is_partial=bool(partial),
                sql=sql,
            )
            for table, _, unique, partial, sql, names in indexes
        ],
    )


def _missing(wanted: Schema, there: Schema) -> Iterator[str]:
    for table, sql in wanted.tables.items():
        if table not in there.tables:
            yield _unless_exists(sql)
            continue
        found = there.columns.get(table, {})
        for name, column in wanted.columns[table].items():
            present = found.get(name)
            if column.key and not _has_same_key(found, name, column):
                message = (
                    f"The table {table} of this database has another primary key than {name}: "
                    "it belongs to another program. Nothing was changed."
                )
                raise NotATrackerDatabase(message)
            if present is None:
                yield _add_column(table, name, column)
    for index in wanted.indexes:
        served = any(present.serves_as(index) for present in there.indexes)
        if index.sql is not None and not served:
            yield _unless_exists(index.sql)


def _has_same_key(columns: dict[str, SchemaColumn], name: str, wanted: SchemaColumn) -> bool:
    keys = [(key, column.type) for key, column in columns.items() if column.key]
    return keys == [(name, wanted.type)]


def _unless_exists(sql: str) -> str:
    # SQLite stores a definition without IF NOT EXISTS, but two programs may `init` at once.
    return re.sub(r"^CREATE (TABLE|UNIQUE INDEX|INDEX) ", r"CREATE \1 IF NOT EXISTS ", sql)


def _add_column(table: str, name: str, column: SchemaColumn) -> str:
    parts = [f'ALTER TABLE {table} ADD COLUMN "{name}" {column.type}']
    # SQLite adds a required column only with a default for the existing rows.
    default = column.default
    if column.is_required:
        default = default or ("''" if column.type == "TEXT" else "0")
        parts.append("NOT NULL")
    if default is not None:
        parts.append(f"DEFAULT {default}")
    return " ".join(parts)
