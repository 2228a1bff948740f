"""Rows of the history and of the leaderboard, as other programs may have written them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from helpers.guild import NOW, ask

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
