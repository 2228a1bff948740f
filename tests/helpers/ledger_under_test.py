"""A ledger under test, and its raw rows, on whatever kind of database it lives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pytest
from peewee import RawQuery

from helpers.build import PLAYER
from helpers.other_schemas import FOUNDING, TABLES, Statements
from tracker_tui.db.database import Database, Rows
from tracker_tui.db.layout import Layout
from tracker_tui.ledger.ledger import Ledger

Row = dict[str, Any]

on_both = pytest.mark.parametrize("empty_database", ["file", "server"], indirect=True)
"""Run a test on a file and on a server, because they may differ; otherwise it runs on a file."""
on_a_server = pytest.mark.parametrize("empty_database", ["server"], indirect=True)
on_both_with_share = pytest.mark.parametrize(
    ("empty_database", "examples"), [("file", 0.7), ("server", 0.1)], indirect=["empty_database"]
)
"""Like `on_both`, with the share of a property's examples: a server is slow."""


class Books:
    """A ledger, with a way to its raw rows that needs nothing but `Database.batch`."""

    def __init__(
        self, database: Database, statements: Statements, *, clock: Callable[[], int] | None = None
    ) -> None:
        """Run the statements on an empty database, and open a ledger on it."""
        self.database = database
        database.batch([RawQuery(statement) for statement in statements])
        layout = Layout.from_rows(database.batch([Layout.query()])[0].rows)
        self.ledger = Ledger(database, layout, clock=clock)

    def run(self, sql: str, *values: Any) -> Rows:
        """Run one statement behind the ledger's back; returns its rows."""
        return self.database.batch([RawQuery(sql, values)])[0].rows

    def rows(self, table: str) -> list[Row]:
        """Return a table's rows by column name, in order of commit."""
        return self.tables(table)[table]

    def tables(self, *tables: str) -> dict[str, list[Row]]:
        """Return the rows of several tables, all of the same moment."""
        asked = [
            RawQuery(sql)
            for table in tables
            for sql in (_columns_of(table), f"SELECT * FROM {table} ORDER BY rowid")
        ]
        results = iter(self.database.batch(asked))
        found = {}
        for table in tables:
            names = [name for (name,) in next(results).rows]
            found[table] = [dict(zip(names, row, strict=True)) for row in next(results).rows]
        return found

    def row(self, table: str, row_id: str) -> Row:
        """Return the one row of this id."""
        (found,) = (row for row in self.rows(table) if row["id"] == row_id)
        return found

    def resource(self, resource_id: str = "spice") -> Row:
        """Return a resource's row."""
        return self.row("resources", resource_id)

    def quantities(self, resource_id: str = "spice") -> tuple[int, int]:
        """Return the quantities at Hagga and in the Deep Desert."""
        row = self.resource(resource_id)
        return row["quantity_hagga"], row["quantity_deep_desert"]

    def insert(self, table: str, **values: Any) -> None:
        """Insert a row as some other program would."""
        marks = ", ".join("?" * len(values))
        self.run(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", *values.values())

    def insert_resource(self, resource_id: str = "spice", **values: Any) -> None:
        """Insert a resource with no history, as an older website left it."""
        plain = {
            "name": resource_id.title(),
            "last_updated_by": PLAYER,
            "created_at": 1_700_000_000,
            "updated_at": 1_700_000_000,
        }
        self.insert("resources", id=resource_id, **(plain | values))

    def everything(self) -> dict[str, Rows]:
        """Return all rows of all tables as SQL literals, which tell 1 from 1.0 and from '1'."""
        asked = self.database.batch([RawQuery(_columns_of(table)) for table in TABLES])
        queries = []
        for table, names in zip(TABLES, asked, strict=True):
            columns = ", ".join(f'quote("{name}")' for (name,) in names.rows)
            queries.append(RawQuery(f"SELECT rowid, {columns} FROM {table} ORDER BY rowid"))
        results = self.database.batch(queries)
        return {table: result.rows for table, result in zip(TABLES, results, strict=True)}


def _columns_of(table: str) -> str:
    return f"SELECT name FROM pragma_table_info('{table}')"


class MakeLedger(Protocol):
    """Makes books on a new database of their own."""

    def __call__(
        self, statements: Statements = FOUNDING, *, clock: Callable[[], int] | None = None
    ) -> Books: ...
