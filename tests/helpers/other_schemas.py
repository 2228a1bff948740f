"""Schemas of other programs (data contract), written by hand.

None is copied from schema.sql, which is compared with them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from tracker_tui.turso import connect

Statements = tuple[str, ...]

USERS = """CREATE TABLE users (
    id text PRIMARY KEY, discord_id text NOT NULL, username text NOT NULL, avatar text,
    custom_nickname text, created_at integer NOT NULL, last_login integer NOT NULL)"""
USERS_UNIQUE = "CREATE UNIQUE INDEX users_discord_id_unique ON users (discord_id)"
SESSIONS = """CREATE TABLE user_sessions (
    id text PRIMARY KEY, user_id text NOT NULL REFERENCES users (id), roles text NOT NULL,
    is_in_guild integer NOT NULL, created_at integer NOT NULL)"""
RESOURCES = """CREATE TABLE resources (
    id text PRIMARY KEY, name text NOT NULL, quantity_hagga integer DEFAULT 0 NOT NULL,
    quantity_deep_desert integer DEFAULT 0 NOT NULL, description text, category text, icon text,
    image_url text, status text, target_quantity integer, multiplier real DEFAULT 1.0 NOT NULL,
    is_priority integer DEFAULT 0 NOT NULL, last_updated_by text NOT NULL,
    created_at integer NOT NULL, updated_at integer NOT NULL)"""
HISTORY = """CREATE TABLE resource_history (
    id text PRIMARY KEY, resource_id text NOT NULL REFERENCES resources (id),
    previous_quantity_hagga integer NOT NULL, new_quantity_hagga integer NOT NULL,
    change_amount_hagga integer NOT NULL, previous_quantity_deep_desert integer NOT NULL,
    new_quantity_deep_desert integer NOT NULL, change_amount_deep_desert integer NOT NULL,
    change_type text NOT NULL, updated_by text NOT NULL, reason text, created_at integer NOT NULL,
    transfer_amount integer, transfer_direction text)"""
LEADERBOARD = """CREATE TABLE leaderboard (
    id text PRIMARY KEY, user_id text NOT NULL, resource_id text NOT NULL REFERENCES resources (id),
    action_type text NOT NULL, quantity_changed integer NOT NULL, base_points real NOT NULL,
    resource_multiplier real NOT NULL, status_bonus real NOT NULL, final_points real NOT NULL,
    resource_name text NOT NULL, resource_category text NOT NULL, resource_status text NOT NULL,
    created_at integer NOT NULL)"""
SETTINGS = """CREATE TABLE global_settings (
    setting_key text PRIMARY KEY, setting_value text, description text,
    created_at integer NOT NULL, last_updated_at integer NOT NULL)"""

MIDDLE_COLUMNS: Statements = (
    "ALTER TABLE resources ADD COLUMN subcategory text",
    "ALTER TABLE resources ADD COLUMN tier integer",
)
LOCATION_COLUMNS: Statements = (
    "ALTER TABLE resources ADD COLUMN quantity_location_2 integer DEFAULT 0 NOT NULL",
    "ALTER TABLE resources ADD COLUMN quantity_location_1 integer DEFAULT 0 NOT NULL",
    *(
        f"ALTER TABLE resource_history ADD COLUMN {prefix}_location_{number} integer"
        for number in (1, 2)
        for prefix in ("previous_quantity", "new_quantity", "change_amount")
    ),
)

FOUNDING: Statements = (USERS, USERS_UNIQUE, SESSIONS, RESOURCES, HISTORY, LEADERBOARD)
# The newer columns in the middle of the table, as in a database that was made with them.
MIDDLE: Statements = (
    *(USERS, USERS_UNIQUE, SESSIONS, HISTORY, LEADERBOARD, SETTINGS),
    RESOURCES.replace("icon text", "subcategory text, tier integer, icon text"),
)
LATER: Statements = (
    *(USERS, USERS_UNIQUE, SESSIONS, LEADERBOARD, SETTINGS),
    RESOURCES.replace(
        "description text",
        "quantity_location_1 integer DEFAULT 0 NOT NULL,"
        " quantity_location_2 integer DEFAULT 0 NOT NULL, description text",
    ).replace("icon text", "subcategory text, tier integer, icon text"),
    HISTORY.replace(
        "change_type text",
        "previous_quantity_location_1 integer, new_quantity_location_1 integer,"
        " change_amount_location_1 integer, previous_quantity_location_2 integer,"
        " new_quantity_location_2 integer, change_amount_location_2 integer, change_type text",
    ),
)
GROWN: Statements = (*FOUNDING, *MIDDLE_COLUMNS, SETTINGS, *LOCATION_COLUMNS)
"""The later schema, its columns in the order in which ALTER added them."""

FOREIGN: Statements = (
    "CREATE TABLE albums (id INTEGER PRIMARY KEY, title TEXT NOT NULL)",
    "CREATE TABLE tracks (id INTEGER PRIMARY KEY, album INTEGER REFERENCES albums (id))",
)

FORK: Statements = (
    "CREATE TABLE guilds (id text PRIMARY KEY, title text)",
    USERS,
    USERS_UNIQUE,
    """CREATE TABLE resources (
    id text PRIMARY KEY, guild_id text, name text NOT NULL, quantity integer DEFAULT 0 NOT NULL,
    category text, target_quantity integer, last_updated_by text NOT NULL,
    created_at integer NOT NULL, updated_at integer NOT NULL)""",
    """CREATE TABLE resource_history (
    id text PRIMARY KEY, resource_id text NOT NULL, previous_quantity integer NOT NULL,
    new_quantity integer NOT NULL, change_amount integer NOT NULL, change_type text NOT NULL,
    updated_by text NOT NULL, reason text, created_at integer NOT NULL)""",
    LEADERBOARD,
    """INSERT INTO resources (id, name, quantity, last_updated_by, created_at, updated_at)
    VALUES ('spice', 'Spice', 1200, '1', 1, 2)""",
)
"""Another program's tables, under our names."""

OURS: dict[str, Statements] = {
    "founding": FOUNDING,
    "middle": MIDDLE,
    "later": LATER,
    "grown": GROWN,
}
"""Every schema that the program must work on, by name."""

TABLES = ("users", "user_sessions", "resources", "resource_history", "leaderboard")


def add_under_other_names(run: Callable[[str], object]) -> None:
    """Add location columns whose names are as long as those of the later schema."""
    for statement in LOCATION_COLUMNS:
        run(statement.replace("_location_", "_elsewhere"))


def rename_as_others_do(run: Callable[[str], object]) -> None:
    """Rename these columns to the names of the later schema."""
    for statement in LOCATION_COLUMNS:
        table, name = statement.removeprefix("ALTER TABLE ").split(" ADD COLUMN ")
        name = name.partition(" ")[0]
        old = name.replace("_location_", "_elsewhere")
        run(f"ALTER TABLE {table} RENAME COLUMN {old} TO {name}")


def make_file(path: Path, statements: Iterable[str], *, journal: str = "delete") -> Path:
    """Make a database file as another program would; returns its path."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def ask(path: Path, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Run one statement on a file behind the program's back; returns its rows."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(sql, values).fetchall()
        connection.commit()
    return rows


def ask_at(where: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Run one statement at a path or at a URL; returns its rows."""
    if "://" not in where:
        return ask(Path(where), sql, *values)
    with closing(connect(where)) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(sql, values).fetchall()
        connection.commit()
    return rows


def journal_mode(path: Path) -> str:
    """Return the journal mode that the file itself says, without opening it as a database."""
    return {1: "delete", 2: "wal"}[path.read_bytes()[18]]


def dump(path: Path) -> list[str]:
    """Return a file's schema and rows as SQL, one statement a line."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())
