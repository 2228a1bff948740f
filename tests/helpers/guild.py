"""A founding database of a few resources, for the command line to work on."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from helpers.wild import ask
from tracker_tui.db.schema import schema_sql

NOW = 1_700_000_000


def make_guild(path: Path) -> None:
    resources = [
        # id, name, hagga, deep desert, category, target, multiplier, priority, by
        ("iron", "Iron Ore", 1_000, 500, "Raw", 2_000, 1.0, 0, "4711"),
        ("ingot", "Iron Ingot", 10, 0, "Refined", None, 2.5, 0, "me"),
        ("spice", "Spice Melange", 4_000, 0, "Refined", 1_000, 5.0, 1, "old nick"),
        ("-dash", "Dashed", 0, 0, None, 10, 1.0, 0, "me"),
    ]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(schema_sql())
        connection.execute(
            "INSERT INTO users VALUES ('u1', '4711', 'paul', NULL, 'Muad''Dib', ?, ?)", (NOW, NOW)
        )
        connection.executemany(
            "INSERT INTO resources (id, name, quantity_hagga, quantity_deep_desert, category, "
            "target_quantity, multiplier, is_priority, last_updated_by, created_at, updated_at) "
            f"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, {NOW}, {NOW})",
            resources,
        )


def quantities(path: Path, resource_id: str) -> tuple[int, int]:
    (row,) = ask(
        path,
        "SELECT quantity_hagga, quantity_deep_desert FROM resources WHERE id = ?",
        resource_id,
    )
    return row[0], row[1]
