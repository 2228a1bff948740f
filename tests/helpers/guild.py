"""A founding database of a few resources, and rows as other programs may have written them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from helpers.other_schemas import ask
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


Quantities = tuple[int, int]


def entry_row(
    entry_id: str,
    before: Quantities,
    after: Quantities,
    resource_id: str = "iron",
    **given: Any,
) -> dict[str, Any]:
    """Return a row of the history; quantities are those at Hagga and in the Deep Desert."""
    plain = {
        "id": entry_id,
        "resource_id": resource_id,
        "previous_quantity_hagga": before[0],
        "new_quantity_hagga": after[0],
        "change_amount_hagga": after[0] - before[0],
        "previous_quantity_deep_desert": before[1],
        "new_quantity_deep_desert": after[1],
        "change_amount_deep_desert": after[1] - before[1],
        "change_type": "relative",
        "updated_by": "4711",
        "created_at": NOW,
    }
    return plain | given


def points_row(points_id: str, points: float, **given: Any) -> dict[str, Any]:
    """Return a row of the leaderboard."""
    plain = {
        "id": points_id,
        "user_id": "4711",
        "resource_id": "iron",
        "action_type": "ADD",
        "quantity_changed": 1,
        "base_points": points,
        "resource_multiplier": 1.0,
        "status_bonus": 0.0,
        "final_points": points,
        "resource_name": "Iron Ore",
        "resource_category": "Raw",
        "resource_status": "critical",
        "created_at": NOW,
    }
    return plain | given


def insert(path: Path, table: str, row: dict[str, Any]) -> None:
    """Insert a row into a table of a file behind the program's back."""
    marks = ", ".join("?" * len(row))
    ask(path, f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())
