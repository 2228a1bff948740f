"""Databases on a server that hold no schema of ours, and `init`, which only ever adds."""

from __future__ import annotations

from typing import Any

import pytest

from helpers import wild
from helpers.books import Books
from helpers.commands import Run
from helpers.proxy import Proxy
from helpers.wild import ask_at
from remote.guilds import configure, every_schema
from remote.outboxes import changed

Rows = list[tuple[Any, ...]]


@pytest.fixture
def empty(remote_url: str, proxy: Proxy, run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """The configured database is empty."""
    configure(monkeypatch, proxy.url)
    return remote_url


@pytest.fixture
def foreign(empty: str) -> str:
    """The configured database belongs to another program."""
    for statement in (*wild.FOREIGN, "INSERT INTO albums (title) VALUES ('Dune')"):
        ask_at(empty, statement)
    return empty


def schema(url: str) -> Rows:
    return ask_at(url, "SELECT type, name, sql FROM sqlite_master ORDER BY rowid")


CHANGED_TABLES = ("resources", "resource_history", "leaderboard")
READING_COMMANDS = (["list"], ["edit", "spice", "+5"], ["edit", "iron ore", "+5"])


@pytest.mark.parametrize("argv", READING_COMMANDS, ids=" ".join)
def test_an_empty_database_is_told_of(run: Run, empty: str, argv: list[str]) -> None:
    ran = run(*argv)
    assert ran.status == 4
    assert "is an empty database" in ran.error
    assert "tracker-tui init --starter" in ran.error
    assert schema(empty) == []


@pytest.mark.parametrize("argv", READING_COMMANDS, ids=" ".join)
def test_the_database_of_another_program_is_told_of(
    run: Run, foreign: str, argv: list[str]
) -> None:
    before = schema(foreign)
    ran = run(*argv)
    assert ran.status == 4
    assert "is not a tracker database" in ran.error
    assert schema(foreign) == before


def test_a_fork_with_one_quantity_is_rejected_and_left_alone(run: Run, empty: str) -> None:
    for statement in wild.FORK:
        ask_at(empty, statement)
    before = schema(empty)
    for argv in (*READING_COMMANDS, ["history"], ["leaderboard"], ["doctor"], ["init"]):
        ran = run(*argv)
        assert ran.status == 4
        assert "belongs to another program: its table resources" in ran.out + ran.err
    assert schema(empty) == before


@pytest.mark.parametrize("table", wild.TABLES)
def test_a_database_that_lacks_a_table_is_told_of(run: Run, guild: Books, table: str) -> None:
    guild.run(f"ALTER TABLE {table} RENAME TO gone")
    for argv in READING_COMMANDS:
        ran = run(*argv)
        if argv[0] == "edit" and table not in CHANGED_TABLES:
            # No change needs it, so none is held up by it.
            assert ran.status == 0
        else:
            assert ran.status == 4
            assert f"it has no {table}" in ran.error


@pytest.mark.parametrize("table", CHANGED_TABLES)
def test_a_table_that_went_since_the_last_edit_is_told_of(
    run: Run, guild: Books, table: str
) -> None:
    run("edit", "spice", "+5")
    guild.run(f"ALTER TABLE {table} RENAME TO gone")
    ran = run("edit", "spice", "+5")
    assert ran.status == 4
    assert f"it has no {table}" in ran.error
    guild.run(f"ALTER TABLE gone RENAME TO {table}")
    assert "[]" in run("list", "nothing", "--json").out
    assert [row[2] for row in changed(guild)] == [1_005]


def test_init_plan_only_shows_what_init_would_do(run: Run, empty: str) -> None:
    planned = run("init", "--plan").out
    assert planned.count("CREATE TABLE IF NOT EXISTS") == 5
    assert schema(empty) == []
    for statement in planned.split(";\n"):
        ask_at(empty, statement.rstrip().removesuffix(";"))
    assert run("init", "--plan").out == "-- nothing is missing\n"


def test_init_makes_an_empty_database_ours(run: Run, empty: str) -> None:
    assert run("init").status == 0
    assert {name for kind, name, _ in schema(empty) if kind == "table"} == set(wild.TABLES)
    assert run("list", "--json").document == []
    before = schema(empty)
    again = run("init")
    assert (again.status, "nothing was missing" in again.out) == (0, True)
    assert schema(empty) == before


def test_init_starter_plants_once(run: Run, empty: str) -> None:
    first = run("init", "--starter")
    assert (first.status, "starter resources" in first.out) == (0, True)
    planted = ask_at(empty, "SELECT id FROM resources ORDER BY rowid")
    assert len(planted) > 50
    again = run("init", "--starter")
    assert (again.status, "has resources already" in again.out) == (0, True)
    assert ask_at(empty, "SELECT id FROM resources ORDER BY rowid") == planted
    assert run("edit", "Plastone", "+5").status == 0


@every_schema
def test_init_adds_indexes_to_a_guilds_database_and_touches_nothing_else(
    run: Run, guild: Books, remote_url: str
) -> None:
    before, rows = schema(remote_url), guild.everything()
    assert run("init").status == 0
    after = schema(remote_url)
    assert after[: len(before)] == before
    assert {kind for kind, _, _ in after[len(before) :]} == {"index"}
    assert guild.everything() == rows
    assert run("init", "--plan").out == "-- nothing is missing\n"


def test_init_in_the_database_of_another_program_leaves_its_tables_alone(
    run: Run, foreign: str
) -> None:
    before = schema(foreign)
    assert run("init").status == 0
    assert schema(foreign)[: len(before)] == before
    assert ask_at(foreign, "SELECT * FROM albums") == [(1, "Dune")]
    assert run("list").status == 0


def test_init_refuses_a_table_with_another_key(run: Run, empty: str) -> None:
    table = wild.RESOURCES.replace("id text PRIMARY KEY", "number integer PRIMARY KEY, id text")
    ask_at(empty, table)
    before = schema(empty)
    for argv in (["init"], ["init", "--starter"], ["init", "--plan"]):
        ran = run(*argv)
        assert ran.status == 4
        assert "another primary key" in ran.error
    assert schema(empty) == before
