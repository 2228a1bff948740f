"""All schemas on a server, one that changes while a program runs, foreign ones, and `init`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from helpers import other_schemas
from helpers.commands import Run
from helpers.ledger_under_test import Books, Row
from helpers.other_schemas import ask_at
from helpers.outbox_files import changed, store_of
from helpers.proxy import Proxy
from helpers.remote_guild import NICKNAME, configure, every_schema, settled
from helpers.servers import Server
from tracker_tui.config.settings import Remote
from tracker_tui.db.remote import open_remote

with_settings = pytest.mark.parametrize("remote_guild", ["middle", "later", "grown"], indirect=True)
with_locations = pytest.mark.parametrize("remote_guild", ["later", "grown"], indirect=True)
PAIRS = {"hagga": "location_1", "deep_desert": "location_2"}


def assert_both_columns_agree(books: Books, resource_id: str = "spice") -> None:
    """Check that newer columns repeat the older ones, in the resource and in our history rows."""
    rows: list[tuple[str, Row]] = [("quantity", books.resource(resource_id))]
    for row in books.rows("resource_history"):
        if row["resource_id"] == resource_id:
            prefixes = ("previous_quantity", "new_quantity", "change_amount")
            rows += [(prefix, row) for prefix in prefixes]
    for prefix, row in rows:
        for older, newer in PAIRS.items():
            assert row[f"{prefix}_{newer}"] == row[f"{prefix}_{older}"]


def rename(books: Books, *names: str | None) -> None:
    """Name the locations, as the website does."""
    for number, name in enumerate(names, start=1):
        books.insert(
            "global_settings",
            setting_key=f"inventory_location_{number}_name",
            setting_value=name,
            created_at=1,
            last_updated_at=1_700_000_000_000,
        )


@every_schema
def test_every_schema_is_listed(run: Run, remote_guild: Books) -> None:
    spice = next(each for each in run("list", "--json").document if each["id"] == "spice")
    assert (spice["hagga"], spice["deep_desert"], spice["target"]) == (1_000, 400, 2_500)
    assert spice["updated_by"] == NICKNAME
    listed = run("list", "spice").out
    assert "Hagga" in listed
    assert "Deep Desert" in listed


@every_schema
def test_every_schema_is_edited(run: Run, remote_guild: Books) -> None:
    for change, after in (("+5", (1_005, 400)), (">305", (700, 705)), ("=7", (7, 705))):
        assert run("edit", "spice", change).status == 0
        assert remote_guild.quantities() == after
    assert run("edit", "spice", "remove", "5", "--at", "deep-desert").status == 0
    assert remote_guild.quantities() == (7, 700)
    assert run("edit", "Iron Ore", "+3").status == 0
    assert remote_guild.quantities("iron") == (10, 0)


@with_locations
def test_both_columns_of_a_pair_are_written(run: Run, remote_guild: Books) -> None:
    for change in ("+5", ">305", "=7"):
        run("edit", "spice", change)
        run("edit", "iron ore", "+8")
    assert_both_columns_agree(remote_guild)
    assert_both_columns_agree(remote_guild, "iron")


# Names of locations


@with_settings
def test_the_guilds_names_for_its_locations_are_shown(run: Run, remote_guild: Books) -> None:
    rename(remote_guild, "Arrakeen", "The Deep")
    listed = run("list").out
    assert "Arrakeen" in listed
    assert "The Deep" in listed
    assert "Hagga" not in listed
    assert "Spice +5 → 1,005 at Arrakeen" in run("edit", "spice", "+5").out


@with_settings
@pytest.mark.parametrize("name", ["", "  ", None])
def test_a_blank_name_of_a_location_is_the_usual_one(
    run: Run, remote_guild: Books, name: str | None
) -> None:
    rename(remote_guild, name, "The Deep")
    listed = run("list").out
    assert "Hagga" in listed
    assert "The Deep" in listed


@with_settings
def test_the_reason_of_a_move_uses_the_guilds_names(run: Run, remote_guild: Books) -> None:
    """From the first edit on, and in later ones that use the cached layout."""
    rename(remote_guild, "Arrakeen", "The Deep")
    run("edit", "spice", "to-hagga", "7")
    run("edit", "spice", "to-deep-desert", "30")
    run("edit", "spice", ">2 # carried by hand")
    *_, first, moved, by_hand = [row["reason"] for row in remote_guild.rows("resource_history")]
    assert first == "Moved 7 from The Deep to Arrakeen"
    assert moved == "Moved 30 from Arrakeen to The Deep"
    assert by_hand == "carried by hand"


# The cached layout


def remembered(folder: Path) -> str:
    """Return the cached layout in the replica of a store."""
    asked = "SELECT value FROM facts WHERE name = 'acquaintance'"
    ((document,),) = other_schemas.ask(folder / "replica.db", asked)
    assert isinstance(document, str)
    return document


def remember(folder: Path, document: str) -> None:
    """Replace the cached layout in the replica of a store."""
    sql = "UPDATE facts SET value = ? WHERE name = 'acquaintance'"
    other_schemas.ask(folder / "replica.db", sql, document)


@pytest.mark.parametrize("resource", ["spice", "Spice"])
def test_columns_added_since_the_last_edit_are_written_too(
    run: Run, remote_guild: Books, proxy: Proxy, resource: str
) -> None:
    assert run("edit", resource, "+5").status == 0
    for statement in (
        *other_schemas.MIDDLE_COLUMNS,
        other_schemas.SETTINGS,
        *other_schemas.LOCATION_COLUMNS,
    ):
        remote_guild.run(statement)
    proxy.seen.clear()
    assert run("edit", resource, "+5").status == 0
    assert remote_guild.quantities() == (1_010, 400)
    row, newest = remote_guild.resource(), remote_guild.rows("resource_history")[-1]
    # The other location did not change, so its new column stays empty.
    assert row["quantity_location_1"] == newest["new_quantity_location_1"] == 1_010
    assert newest["new_quantity_location_2"] == 400
    proxy.seen.clear()
    assert run("edit", "spice", "+5").status == 0
    assert proxy.count == 1


def test_a_new_table_of_settings_is_noticed_with_the_columns(run: Run, remote_guild: Books) -> None:
    run("edit", "spice", "+5")
    for statement in (other_schemas.SETTINGS, *other_schemas.LOCATION_COLUMNS):
        remote_guild.run(statement)
    rename(remote_guild, "Arrakeen")
    assert "Arrakeen" in run("edit", "spice", "+5").out


@pytest.mark.parametrize("resource", ["spice", "Spice"])
def test_a_new_table_of_settings_alone_is_noticed_by_the_next_edit(
    run: Run, remote_guild: Books, proxy: Proxy, resource: str
) -> None:
    assert run("edit", resource, ">1").status == 0
    remote_guild.run(other_schemas.SETTINGS)
    rename(remote_guild, "Arrakeen", "The Deep")
    assert run("edit", resource, ">2").status == 0
    reasons = [row["reason"] for row in remote_guild.rows("resource_history")][-2:]
    assert reasons == ["Moved 1 from Hagga to Deep Desert", "Moved 2 from Arrakeen to The Deep"]
    assert remote_guild.quantities() == (997, 403)
    proxy.seen.clear()
    assert run("edit", "spice", ">3").status == 0
    assert proxy.count == 1


def test_columns_renamed_to_names_of_equal_length_are_noticed_by_the_next_edit(
    run: Run, remote_guild: Books, proxy: Proxy
) -> None:
    """No statement fails because of the old names."""
    other_schemas.add_under_other_names(remote_guild.run)
    assert run("edit", "spice", "+5").status == 0
    other_schemas.rename_as_others_do(remote_guild.run)
    for requests in (3, 1):
        proxy.seen.clear()
        assert run("edit", "spice", "=700").status == 0
        assert proxy.count == requests
    # The other location did not change.
    assert remote_guild.resource()["quantity_location_1"] == 700


def test_a_dropped_column_is_noticed_although_the_fingerprint_fits(
    run: Run, remote_guild: Books, home: Path
) -> None:
    """As with a restored database, which may have any `schema_version`."""
    run("edit", "spice", "+5")
    good = remembered(store_of(home))
    remember(store_of(home), good.replace('"target_quantity"', '"target_quantity", "tier"'))
    assert run("edit", "spice", "+5").status == 0
    assert remote_guild.quantities() == (1_010, 400)
    assert remembered(store_of(home)) == good


def test_the_cached_layout_of_an_earlier_version_is_read_and_checked(
    run: Run, remote_guild: Books, home: Path, proxy: Proxy
) -> None:
    run("edit", "spice", "+5")
    good = remembered(store_of(home))
    document = json.loads(good) | {"fingerprint": 4_711}
    document["places"]["hagga"] = "Arrakeen"
    remember(store_of(home), json.dumps(document))
    proxy.seen.clear()
    ran = run("edit", "spice", "+5")
    assert (ran.status, ran.err) == (0, "")
    assert proxy.count == 2
    assert remembered(store_of(home)) == good


PLACES = '"places": {"hagga": "Hagga", "deep-desert": "Deep Desert"}'
GARBAGE = {
    "empty": "",
    "no JSON": "\0{",
    "another shape": "[1, 2]",
    "null": "null",
    "nothing in it": "{}",
    "no columns": f'{{"columns": {{}}, "fingerprint": 1, {PLACES}}}',
    "wrong types": f'{{"columns": {{"resources": 5}}, "fingerprint": 1, {PLACES}}}',
    "no number": f'{{"columns": {{}}, "fingerprint": "many", {PLACES}}}',
    "infinity": f'{{"columns": {{}}, "fingerprint": Infinity, {PLACES}}}',
    "too great a number": f'{{"columns": {{}}, "fingerprint": {10**30}, {PLACES}}}',
    "too many digits": f'{{"columns": {{}}, "fingerprint": {"9" * 5_000}, {PLACES}}}',
    "too deep": "[" * 100_000,
    "too long": '{"columns": "' + "x" * 2_000_000 + '"}',
}


@pytest.mark.parametrize(
    "name",
    list(GARBAGE),
)
def test_a_cached_layout_of_garbage_is_dropped(
    run: Run, remote_guild: Books, home: Path, name: str
) -> None:
    run("edit", "spice", "+5")
    good = remembered(store_of(home))
    remember(store_of(home), GARBAGE[name])
    ran = run("edit", "spice", "+5")
    assert ran.status == 0
    assert ran.err == "" or "copy of the resources was damaged. It is read again" in ran.err
    assert remembered(store_of(home)) == good
    assert remote_guild.quantities() == (1_010, 400)


@pytest.fixture
def later(server: Server) -> Iterator[tuple[str, Books]]:
    """Another guild, of the later schema, and its URL."""
    url = server.new_database()
    with closing(open_remote(Remote(url, token=None))) as database:
        yield url, settled(database, other_schemas.LATER)


def test_the_cached_layout_of_another_database_is_noticed(
    run: Run,
    remote_guild: Books,
    later: tuple[str, Books],
    proxy: Proxy,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when a guild moves: the same address, but other columns and tables."""
    run("edit", "spice", "+5")
    ours = store_of(home)
    url, books = later
    configure(monkeypatch, url)
    run("edit", "spice", "+5")
    (theirs,) = (folder for folder in ours.parent.iterdir() if folder != ours)
    of_founding, of_later = remembered(ours), remembered(theirs)
    remember(theirs, of_founding)
    remember(ours, of_later)
    assert run("edit", "spice", "+5").status == 0
    configure(monkeypatch, proxy.url)
    assert run("edit", "spice", "+5").status == 0
    assert remote_guild.quantities() == books.quantities() == (1_010, 400)
    assert_both_columns_agree(books)
    assert (remembered(ours), remembered(theirs)) == (of_founding, of_later)


def test_a_layout_that_cannot_be_cached_only_costs_a_request(
    run: Run, remote_guild: Books, home: Path, proxy: Proxy
) -> None:
    run("edit", "spice", "=1000")
    (replica,) = home.rglob("replica.db")
    replica.unlink()
    replica.mkdir()
    for _ in range(2):
        proxy.seen.clear()
        ran = run("edit", "spice", "+5")
        assert ran.status == 0
        assert "replica.db cannot be used" in ran.err
        assert proxy.count == 2
    assert remote_guild.quantities() == (1_010, 400)


Rows = list[tuple[Any, ...]]


@pytest.fixture
def empty(remote_url: str, proxy: Proxy, run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """The configured database is empty."""
    configure(monkeypatch, proxy.url)
    return remote_url


@pytest.fixture
def foreign(empty: str) -> str:
    """The configured database belongs to another program."""
    for statement in (*other_schemas.FOREIGN, "INSERT INTO albums (title) VALUES ('Dune')"):
        ask_at(empty, statement)
    return empty


def schema(url: str) -> Rows:
    return ask_at(url, "SELECT type, name, sql FROM sqlite_master ORDER BY rowid")


CHANGED_TABLES = ("resources", "resource_history", "leaderboard")
READING_COMMANDS = (["list"], ["edit", "spice", "+5"], ["edit", "iron ore", "+5"])


@pytest.mark.parametrize("argv", READING_COMMANDS, ids=" ".join)
def test_an_empty_database_is_reported(run: Run, empty: str, argv: list[str]) -> None:
    ran = run(*argv)
    assert ran.status == 4
    assert "is an empty database" in ran.error
    assert "tracker-tui init --starter" in ran.error
    assert schema(empty) == []


@pytest.mark.parametrize("argv", READING_COMMANDS, ids=" ".join)
def test_the_database_of_another_program_is_reported(
    run: Run, foreign: str, argv: list[str]
) -> None:
    before = schema(foreign)
    ran = run(*argv)
    assert ran.status == 4
    assert "is not a tracker database" in ran.error
    assert schema(foreign) == before


def test_a_fork_with_one_quantity_is_rejected_and_unchanged(run: Run, empty: str) -> None:
    for statement in other_schemas.FORK:
        ask_at(empty, statement)
    before = schema(empty)
    for argv in (*READING_COMMANDS, ["history"], ["leaderboard"], ["doctor"], ["init"]):
        ran = run(*argv)
        assert ran.status == 4
        assert "belongs to another program: its table resources" in ran.out + ran.err
    assert schema(empty) == before


@pytest.mark.parametrize("table", other_schemas.TABLES)
def test_a_missing_table_is_reported(run: Run, remote_guild: Books, table: str) -> None:
    remote_guild.run(f"ALTER TABLE {table} RENAME TO gone")
    for argv in READING_COMMANDS:
        ran = run(*argv)
        if argv[0] == "edit" and table not in CHANGED_TABLES:
            # No change needs this table.
            assert ran.status == 0
        else:
            assert ran.status == 4
            assert f"it has no {table}" in ran.error


@pytest.mark.parametrize("table", CHANGED_TABLES)
def test_a_table_dropped_since_the_last_edit_is_reported(
    run: Run, remote_guild: Books, table: str
) -> None:
    run("edit", "spice", "+5")
    remote_guild.run(f"ALTER TABLE {table} RENAME TO gone")
    ran = run("edit", "spice", "+5")
    assert ran.status == 4
    assert f"it has no {table}" in ran.error
    remote_guild.run(f"ALTER TABLE gone RENAME TO {table}")
    assert "[]" in run("list", "nothing", "--json").out
    assert [row[2] for row in changed(remote_guild)] == [1_005]


def test_init_plan_prints_statements_and_changes_nothing(run: Run, empty: str) -> None:
    planned = run("init", "--plan").out
    assert planned.count("CREATE TABLE IF NOT EXISTS") == 5
    assert schema(empty) == []
    for statement in planned.split(";\n"):
        ask_at(empty, statement.rstrip().removesuffix(";"))
    assert run("init", "--plan").out == "-- nothing is missing\n"


def test_init_makes_an_empty_database_ours(run: Run, empty: str) -> None:
    assert run("init").status == 0
    assert {name for kind, name, _ in schema(empty) if kind == "table"} == set(other_schemas.TABLES)
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
    run: Run, remote_guild: Books, remote_url: str
) -> None:
    before, rows = schema(remote_url), remote_guild.everything()
    assert run("init").status == 0
    after = schema(remote_url)
    assert after[: len(before)] == before
    assert {kind for kind, _, _ in after[len(before) :]} == {"index"}
    assert remote_guild.everything() == rows
    assert run("init", "--plan").out == "-- nothing is missing\n"


def test_init_in_the_database_of_another_program_leaves_its_tables_alone(
    run: Run, foreign: str
) -> None:
    before = schema(foreign)
    assert run("init").status == 0
    assert schema(foreign)[: len(before)] == before
    assert ask_at(foreign, "SELECT * FROM albums") == [(1, "Dune")]
    assert run("list").status == 0


def test_init_rejects_a_table_with_another_key(run: Run, empty: str) -> None:
    table = other_schemas.RESOURCES.replace(
        "id text PRIMARY KEY", "number integer PRIMARY KEY, id text"
    )
    ask_at(empty, table)
    before = schema(empty)
    for argv in (["init"], ["init", "--starter"], ["init", "--plan"]):
        ran = run(*argv)
        assert ran.status == 4
        assert "another primary key" in ran.error
    assert schema(empty) == before
