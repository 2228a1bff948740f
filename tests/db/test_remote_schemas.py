"""All schemas on a server, one that changes while a program runs, foreign ones, and `init`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from helpers import other_schemas
from helpers.commands import Run
from helpers.ledger_under_test import Books
from helpers.other_schemas import ask_at
from helpers.outbox_files import changed
from helpers.proxy import Proxy
from helpers.remote_guild import NICKNAME, configure, name_locations


@pytest.mark.parametrize("remote_guild", ["founding", "grown"], indirect=True)
def test_a_schema_is_listed_edited_and_initialised(
    run: Run, remote_guild: Books, remote_url: str
) -> None:
    spice = next(each for each in run("list", "--json").document if each["id"] == "spice")
    assert (spice["hagga"], spice["deep_desert"], spice["target"]) == (1_000, 400, 2_500)
    assert spice["updated_by"] == NICKNAME
    listed = run("list", "spice").out
    assert "Hagga" in listed
    assert "Deep Desert" in listed
    for change, after in (("+5", (1_005, 400)), (">305", (700, 705)), ("=7", (7, 705))):
        assert run("edit", "spice", change).status == 0
        assert remote_guild.quantities() == after
    assert run("edit", "spice", "remove", "5", "--at", "deep-desert").status == 0
    assert remote_guild.quantities() == (7, 700)
    assert run("edit", "Iron Ore", "+3").status == 0
    assert remote_guild.quantities("iron") == (10, 0)
    # `init` adds indexes and touches nothing else.
    before, rows = schema(remote_url), remote_guild.everything()
    assert run("init").status == 0
    after_init = schema(remote_url)
    assert after_init[: len(before)] == before
    assert {kind for kind, _, _ in after_init[len(before) :]} == {"index"}
    assert remote_guild.everything() == rows
    assert run("init", "--plan").out == "-- nothing is missing\n"


@pytest.mark.parametrize("remote_guild", ["later"], indirect=True)
def test_the_guilds_names_for_its_locations_are_used(run: Run, remote_guild: Books) -> None:
    name_locations(remote_guild, "Arrakeen", "The Deep")
    # The reason of a move uses them in the first edit, and in later ones that use the cache.
    run("edit", "spice", "to-hagga", "7")
    run("edit", "spice", "to-deep-desert", "30")
    run("edit", "spice", ">2 # carried by hand")
    *_, first, moved, by_hand = [row["reason"] for row in remote_guild.rows("resource_history")]
    assert first == "Moved 7 from The Deep to Arrakeen"
    assert moved == "Moved 30 from Arrakeen to The Deep"
    assert by_hand == "carried by hand"
    listed = run("list").out
    assert "Arrakeen" in listed
    assert "The Deep" in listed
    assert "Hagga" not in listed
    assert "Spice +5 → 980 at Arrakeen" in run("edit", "spice", "+5").out
    # A blank name is the default.
    for name in ("", "  ", None):
        remote_guild.run(
            "UPDATE global_settings SET setting_value = ? WHERE setting_key LIKE '%_1_name'", name
        )
        listed = run("list").out
        assert "Hagga" in listed, name
        assert "The Deep" in listed, name


Rows = list[tuple[Any, ...]]


@pytest.fixture
def empty(remote_url: str, proxy: Proxy, run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    configure(monkeypatch, proxy.url)
    return remote_url


def schema(url: str) -> Rows:
    return ask_at(url, "SELECT type, name, sql FROM sqlite_master ORDER BY rowid")


CHANGED_TABLES = ("resources", "resource_history", "leaderboard")
READING_COMMANDS = (["list"], ["edit", "spice", "+5"], ["edit", "iron ore", "+5"])


def test_an_empty_database_is_reported_and_made_ours_by_init(run: Run, empty: str) -> None:
    for argv in READING_COMMANDS:
        ran = run(*argv)
        assert ran.status == 4, argv
        assert "is an empty database" in ran.error
        assert "tracker-tui init --starter" in ran.error
    planned = run("init", "--plan").out
    assert planned.count("CREATE TABLE IF NOT EXISTS") == 5
    assert schema(empty) == []
    first = run("init", "--starter")
    assert (first.status, "starter resources" in first.out) == (0, True)
    assert {name for kind, name, _ in schema(empty) if kind == "table"} == set(other_schemas.TABLES)
    before, planted = schema(empty), ask_at(empty, "SELECT id FROM resources ORDER BY rowid")
    assert len(planted) > 50
    # Once
    again = run("init", "--starter")
    assert (again.status, "has resources already" in again.out) == (0, True)
    assert ask_at(empty, "SELECT id FROM resources ORDER BY rowid") == planted
    again = run("init")
    assert (again.status, "nothing was missing" in again.out) == (0, True)
    assert schema(empty) == before
    assert run("edit", "Plastone", "+5").status == 0


def test_the_database_of_another_program_is_reported_and_its_tables_are_left_alone(
    run: Run, empty: str
) -> None:
    for statement in (*other_schemas.FOREIGN, "INSERT INTO albums (title) VALUES ('Dune')"):
        ask_at(empty, statement)
    before = schema(empty)
    for argv in READING_COMMANDS:
        ran = run(*argv)
        assert ran.status == 4, argv
        assert "is not a tracker database" in ran.error
    assert run("init").status == 0
    assert schema(empty)[: len(before)] == before
    assert ask_at(empty, "SELECT * FROM albums") == [(1, "Dune")]
    assert run("list", "--json").document == []


KEY = "number integer PRIMARY KEY, id text"
REJECTED: dict[str, tuple[other_schemas.Statements, tuple[list[str], ...]]] = {
    "belongs to another program: its table resources": (
        other_schemas.FORK,
        (*READING_COMMANDS, ["history"], ["leaderboard"], ["doctor"], ["init"]),
    ),
    "another primary key": (
        (other_schemas.RESOURCES.replace("id text PRIMARY KEY", KEY),),
        (["init"], ["init", "--starter"], ["init", "--plan"]),
    ),
}


@pytest.mark.parametrize("said", REJECTED)
def test_tables_that_cannot_be_ours_are_rejected_and_unchanged(
    run: Run, empty: str, said: str
) -> None:
    statements, commands = REJECTED[said]
    for statement in statements:
        ask_at(empty, statement)
    before = schema(empty)
    for argv in commands:
        ran = run(*argv)
        assert ran.status == 4, argv
        assert said in ran.out + ran.err, argv
    assert schema(empty) == before


def test_a_missing_table_is_reported(run: Run, remote_guild: Books, home: Path) -> None:
    for table in other_schemas.TABLES:
        remote_guild.run(f"ALTER TABLE {table} RENAME TO gone")
        for argv in READING_COMMANDS:
            ran = run(*argv)
            # No change needs the other tables.
            if argv[0] == "edit" and table not in CHANGED_TABLES:
                assert ran.status == 0, (table, argv)
            else:
                assert ran.status == 4, (table, argv)
                assert f"it has no {table}" in ran.error
        remote_guild.run(f"ALTER TABLE gone RENAME TO {table}")
        # The next one finds a machine that knows no columns.
        shutil.rmtree(home)


def test_a_table_dropped_since_the_last_edit_is_reported(run: Run, remote_guild: Books) -> None:
    for number, table in enumerate(CHANGED_TABLES, 1):
        run("edit", "spice", "+5")
        remote_guild.run(f"ALTER TABLE {table} RENAME TO gone")
        ran = run("edit", "spice", "+5")
        assert ran.status == 4, table
        assert f"it has no {table}" in ran.error
        remote_guild.run(f"ALTER TABLE gone RENAME TO {table}")
        assert "[]" in run("list", "nothing", "--json").out
        assert len(changed(remote_guild)) == number, table


def test_the_plan_of_init_can_be_run_by_hand(run: Run, empty: str) -> None:
    for statement in run("init", "--plan").out.split(";\n"):
        ask_at(empty, statement.rstrip().removesuffix(";"))
    assert run("init", "--plan").out == "-- nothing is missing\n"
