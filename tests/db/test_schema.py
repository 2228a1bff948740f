"""`init` adds what is missing, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from peewee import BaseQuery

from helpers import other_schemas
from helpers.other_schemas import Statements, ask, dump, journal_mode, make_file
from helpers.processes import run_together
from tracker_tui.db.database import Database, Result, only_reads
from tracker_tui.db.layout import SchemaKind
from tracker_tui.db.schema import bring_up_to_date, plan, schema_sql
from tracker_tui.db.sqlite import open_sqlite, open_unchecked
from tracker_tui.errors import LedgerError, NotATrackerDatabase

A_MEMBER = (
    "INSERT INTO users (id, discord_id, username, created_at, last_login)"
    " VALUES ('u', '1', 'Chani', 1, 2)"
)
A_RESOURCE = (
    "INSERT INTO resources (id, name, last_updated_by, created_at, updated_at)"
    " VALUES ('r', 'Spice', '1', 1, 1700000000000)"
)
ROWS: Statements = (A_MEMBER, A_RESOURCE)
NO_HISTORY = tuple(s for s in other_schemas.FOUNDING if s is not other_schemas.HISTORY)
NO_TARGETS = tuple(
    s.replace("target_quantity integer, ", "").replace("last_updated_by text NOT NULL,", "")
    for s in other_schemas.FOUNDING
)

PARTIAL: dict[str, Statements] = {
    "nothing at all": (),
    "another program's tables": other_schemas.FOREIGN,
    "one table is missing": (*NO_HISTORY, *ROWS),
    "columns are missing": (
        *NO_TARGETS,
        A_MEMBER,
        "INSERT INTO resources (id, name, created_at, updated_at) VALUES ('r', 'Spice', 1, 2)",
    ),
    "only users": (other_schemas.USERS, A_MEMBER),
    "indexes are missing": (*other_schemas.FOUNDING, *ROWS),
    "middle": (*other_schemas.MIDDLE, *ROWS),
    "later": (*other_schemas.LATER, *ROWS),
    "grown": (*other_schemas.GROWN, *ROWS, "CREATE INDEX mine ON resources (name)"),
}

OTHER_KEYS = (
    *("resource integer PRIMARY KEY, id text", "number integer PRIMARY KEY"),
    *("id integer PRIMARY KEY", "id text", None),
)

INIT = """
import sys
from pathlib import Path
from tracker_tui.db.schema import bring_up_to_date
from tracker_tui.db.sqlite import open_unchecked
database, _ = open_unchecked(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
bring_up_to_date(database)
database.close()
"""


def init(path: Path) -> list[str]:
    database, _ = open_unchecked(path)
    try:
        return bring_up_to_date(database)
    finally:
        database.close()


def shape(path: Path) -> set[tuple[object, ...]]:
    """Return every column of every table, and every index with its columns."""
    return {
        *ask(
            path,
            'SELECT t.name, c.name, upper(c.type), c."notnull", c.dflt_value, c.pk'
            " FROM sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'",
        ),
        *ask(
            path,
            'SELECT t.name, i."unique", group_concat(c.name) FROM sqlite_master t'
            " JOIN pragma_index_list(t.name) i JOIN pragma_index_info(i.name) c"
            " WHERE t.type = 'table' GROUP BY t.name, i.name",
        ),
    }


def rows_of(path: Path) -> list[str]:
    return [line for line in dump(path) if line.startswith("INSERT")]


@pytest.mark.parametrize("name", PARTIAL)
def test_init_adds_what_is_missing_by_its_plan_and_nothing_else(tmp_path: Path, name: str) -> None:
    path = make_file(tmp_path / "guild.db", PARTIAL[name])
    before, rows, content = shape(path), rows_of(path), path.read_bytes()
    database, _ = open_unchecked(path)
    planned = plan(database)
    database.close()
    assert path.read_bytes() == content, "a plan changes nothing"
    assert init(path) == planned != []
    # Every table, column and index is there,
    wanted = make_file(tmp_path / "wanted.db", ())
    with closing(sqlite3.connect(wanted)) as connection:
        connection.executescript(schema_sql())
    after = shape(path)
    assert {row[:2] for row in shape(wanted)} <= {row[:2] for row in after}
    of_indexes = [
        {(row[0], row[2]) for row in rows if len(row) == 3} for rows in (shape(wanted), after)
    ]
    assert of_indexes[0] <= of_indexes[1]
    # nothing was removed,
    assert before <= after
    if name not in ("nothing at all", "columns are missing"):
        assert rows_of(path) == rows
    if name == "columns are missing":
        asked = "SELECT id, name, created_at, updated_at, target_quantity FROM resources"
        assert ask(path, asked) == [("r", "Spice", 1, 2, None)]
    # and the statements can be run by hand.
    assert shape(make_file(tmp_path / "by-hand.db", (*PARTIAL[name], *planned))) == after
    # A second init finds nothing to do.
    content = path.read_bytes()
    assert init(path) == []
    assert path.read_bytes() == content
    database, layout = open_sqlite(path)
    database.close()
    assert layout.kind in (SchemaKind.FOUNDING, SchemaKind.MIDDLE, SchemaKind.LATER)


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_init_leaves_the_journal_mode_alone(tmp_path: Path, journal: str) -> None:
    for name in ("nothing at all", "one table is missing", "later"):
        statements = (*PARTIAL[name], "CREATE TABLE z (a)")
        path = make_file(tmp_path / f"{name}.db", statements, journal=journal)
        init(path)
        assert journal_mode(path) == journal, name


@pytest.mark.parametrize("key", OTHER_KEYS)
def test_a_table_of_ours_with_another_primary_key_is_rejected(
    tmp_path: Path, key: str | None
) -> None:
    table = other_schemas.RESOURCES.replace("id text PRIMARY KEY", key or "id text, guild text")
    if key is None:
        table = f"{table[:-1]}, PRIMARY KEY (id, guild))"
    path = make_file(tmp_path / "guild.db", (other_schemas.USERS, table, *other_schemas.FOREIGN))
    before = path.read_bytes()
    with pytest.raises(NotATrackerDatabase, match=r"resources.*Nothing was changed"):
        init(path)
    assert path.read_bytes() == before


def test_init_is_all_or_nothing(tmp_path: Path) -> None:
    # Two members with one Discord id: the unique index cannot be created.
    twice = A_MEMBER.replace("'u'", "'other'")
    path = make_file(tmp_path / "guild.db", (other_schemas.USERS, A_MEMBER, twice))
    before = path.read_bytes()
    with pytest.raises(LedgerError):
        init(path)
    assert path.read_bytes() == before


def test_neither_a_plain_nor_a_partial_index_replaces_the_one_that_is_needed(
    tmp_path: Path,
) -> None:
    # The website upserts on discord_id, which SQLite rejects without a unique index.
    plain = "CREATE INDEX by_discord ON users (discord_id)"
    partial = "CREATE INDEX fresh ON resources (updated_at) WHERE is_priority = 1"
    path = make_file(tmp_path / "guild.db", (*other_schemas.FOUNDING[:1], plain))
    init(path)
    asked = "SELECT count(*) FROM pragma_index_list('users') WHERE \"unique\" AND origin = 'c'"
    assert ask(path, asked) == [(1,)]
    path = make_file(tmp_path / "another.db", (*other_schemas.FOUNDING, partial))
    init(path)
    asked = "SELECT name FROM pragma_index_list('resources') WHERE origin = 'c' AND NOT partial"
    assert len(ask(path, asked)) == 1


def test_names_in_other_letter_case_are_the_same_names(tmp_path: Path) -> None:
    others = [s for s in other_schemas.FOUNDING if s is not other_schemas.SESSIONS]
    path = make_file(tmp_path / "guild.db", (*others, other_schemas.SESSIONS.upper()))
    assert not any("user_sessions" in s.lower() and "TABLE" in s for s in init(path))


class Overtaken:
    """A database in which another `init` runs between our plan and our writes."""

    def __init__(self, database: Database, path: Path) -> None:
        self._database = database
        self._path = path
        self.where = database.where

    def batch(self, queries: Sequence[BaseQuery]) -> Sequence[Result]:
        if not only_reads(queries):
            init(self._path)
        return self._database.batch(queries)

    def changed_elsewhere(self) -> bool:
        raise AssertionError

    def close(self) -> object:
        raise AssertionError


@pytest.mark.parametrize("name", ["nothing at all", "one table is missing", "columns are missing"])
def test_an_init_overtaken_by_another_succeeds(tmp_path: Path, name: str) -> None:
    path = make_file(tmp_path / "guild.db", PARTIAL[name])
    database, _ = open_unchecked(path)
    try:
        bring_up_to_date(Overtaken(database, path))
        assert plan(database) == []
    finally:
        database.close()


def test_inits_at_once_make_one_schema(tmp_path: Path) -> None:
    path = make_file(tmp_path / "guild.db", PARTIAL["columns are missing"])
    alone = make_file(tmp_path / "alone.db", PARTIAL["columns are missing"])
    init(alone)
    run_together(INIT, [(path,)] * 3)
    assert shape(path) == shape(alone)
    assert rows_of(path) == rows_of(alone)
