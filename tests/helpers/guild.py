"""A founding database of a few resources, and rows as other programs may have written them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from helpers import records
from helpers.applying import NOW
from helpers.other_schemas import ask
from helpers.records import history_row, moved
from tracker_tui.db.schema import schema_sql


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
    asked = "SELECT quantity_hagga, quantity_deep_desert FROM resources WHERE id = ?"
    ((hagga, deep_desert),) = ask(path, asked, resource_id)
    return hagga, deep_desert


Quantities = tuple[int, int]


def entry_row(
    entry_id: str,
    before: Quantities,
    after: Quantities,
    resource_id: str = "iron",
    **given: Any,
) -> dict[str, Any]:
    """Return a row of the history; quantities are those at Hagga and in the Deep Desert."""
    move = moved((before[0], after[0]), (before[1], after[1]))
    plain = {"resource_id": resource_id, "updated_by": "4711", **move}
    return history_row(entry_id, **(plain | given))


def points_row(points_id: str, points: float, **given: Any) -> dict[str, Any]:
    """Return a row of the leaderboard."""
    plain = {"resource_id": "iron", "resource_name": "Iron Ore", "resource_status": "critical"}
    plain |= {"quantity_changed": 1}
    return records.points_row(points_id, given.pop("user_id", "4711"), points, **(plain | given))


def insert(path: Path, table: str, row: dict[str, Any]) -> None:
    """Insert a row into a table of a file behind the program's back."""
    marks = ", ".join("?" * len(row))
    ask(path, f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())
