"""Rows of the history and the leaderboard as other programs leave them, many in one request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from peewee import RawQuery

from helpers.applying import NOW
from helpers.build import PLAYER
from helpers.ledger_under_test import Books, Row

DAY = 86_400
_IN_ONE_STATEMENT = 100


class Known(NamedTuple):
    """The names in a row of `users`."""

    id: str
    username: str
    nickname: str | None = None


def insertions(table: str, rows: Sequence[Row]) -> list[RawQuery]:
    """Return statements that insert rows of the same columns, in this order."""
    found = []
    for start in range(0, len(rows), _IN_ONE_STATEMENT):
        part = rows[start : start + _IN_ONE_STATEMENT]
        columns = ", ".join(part[0])
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in part)
        values = [value for row in part for value in row.values()]
        found.append(RawQuery(f"INSERT INTO {table} ({columns}) VALUES {marks}", values))
    return found


def insert_all(books: Books, table: str, rows: Sequence[Row]) -> None:
    if rows:
        books.database.batch(insertions(table, rows))


def replace_all(books: Books, tables: dict[str, Sequence[Row]]) -> None:
    """Replace the rows of tables, in one request."""
    queries = [RawQuery(f"DELETE FROM {table}") for table in reversed(tables)]
    for table, rows in tables.items():
        queries += insertions(table, rows)
    books.database.batch(queries)


def history_row(row_id: str, **given: Any) -> Row:
    """Return a row of `resource_history`: 5 units of Spice brought to Hagga."""
    row: Row = {
        "id": row_id,
        "resource_id": "spice",
        "previous_quantity_hagga": 10,
        "new_quantity_hagga": 15,
        "change_amount_hagga": 5,
        "previous_quantity_deep_desert": 0,
        "new_quantity_deep_desert": 0,
        "change_amount_deep_desert": 0,
        "change_type": "relative",
        "updated_by": PLAYER,
        "reason": None,
        "created_at": NOW,
    }
    assert given.keys() <= row.keys()
    return row | given


def moved(hagga: tuple[int, int], deep_desert: tuple[int, int] = (0, 0)) -> Row:
    """Return the columns of the quantities before and after."""
    return {
        "previous_quantity_hagga": hagga[0],
        "new_quantity_hagga": hagga[1],
        "change_amount_hagga": hagga[1] - hagga[0],
        "previous_quantity_deep_desert": deep_desert[0],
        "new_quantity_deep_desert": deep_desert[1],
        "change_amount_deep_desert": deep_desert[1] - deep_desert[0],
    }


def points_row(row_id: str, user_id: str, points: float, **given: Any) -> Row:
    """Return a row of `leaderboard`: points for adding Spice."""
    row: Row = {
        "id": row_id,
        "user_id": user_id,
        "resource_id": "spice",
        "action_type": "ADD",
        "quantity_changed": 5,
        "base_points": points,
        "resource_multiplier": 1.0,
        "status_bonus": 0.0,
        "final_points": points,
        "resource_name": "Spice",
        "resource_category": "Raw",
        "resource_status": "at_target",
        "created_at": NOW,
    }
    assert given.keys() <= row.keys()
    return row | given


def resource_row(resource_id: str, **given: Any) -> Row:
    """Return a row of `resources` with quantities of 0."""
    row: Row = {
        "id": resource_id,
        "name": resource_id.title(),
        "category": "Raw",
        "quantity_hagga": 0,
        "quantity_deep_desert": 0,
        "target_quantity": None,
        "multiplier": 1.0,
        "last_updated_by": PLAYER,
        "created_at": NOW,
        "updated_at": NOW,
    }
    assert given.keys() <= row.keys()
    return row | given


def user_rows(members: Iterable[Known]) -> list[Row]:
    return [
        {
            "id": f"u{number}",
            "discord_id": member.id,
            "username": member.username,
            "custom_nickname": member.nickname,
            "created_at": 1,
            "last_login": 1,
        }
        for number, member in enumerate(members)
    ]


def add_members(books: Books, *members: Known) -> None:
    insert_all(books, "users", user_rows(members))
