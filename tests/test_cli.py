"""The command line, as people and scripts meet it (interface.md, "Commands")."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tracker_tui import __version__
from tracker_tui.cli import main
from tracker_tui.db.schema import schema_sql

NOW = 1_700_000_000
SETTINGS = ("TURSO_", "DISCORD_", "TRACKER_")

RESOURCE_TYPES: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "name": (str,),
    "category": (str,),
    "hagga": (int,),
    "deep_desert": (int,),
    "total": (int,),
    "target": (int, type(None)),
    "status": (str,),
    "priority": (bool,),
    "multiplier": (float,),
    "updated_at": (int,),
    "updated_by": (str,),
}
FOUNDING_TABLES = {"users", "user_sessions", "resources", "resource_history", "leaderboard"}


class Ran(NamedTuple):
    """What a command answered."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one clear line on standard error, with nothing on standard output."""
        assert self.out == ""
        assert self.err.endswith("\n")
        assert self.err.splitlines() == [self.err[:-1]]
        assert self.err.strip()
        assert "Traceback" not in self.err
        return self.err


Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is configured, and on which we stand in some folder."""
    for name in os.environ:
        if name.startswith(SETTINGS):
            monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("TRACKER_HOME", str(folder))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return folder


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; quicker than a new one, for the many."""

    def command(*argv: str) -> Ran:
        try:
            status = main(argv)
        except SystemExit as end:  # argparse ends the process by itself
            status = end.code if isinstance(end.code, int) else 1
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return command


@pytest.fixture
def guild(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A founding database of a few resources, configured."""
    path = tmp_path / "guild.db"
    make_guild(path)
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    return path


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


def ask(path: Path, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(sql, parameters).fetchall()


def quantities(path: Path, resource_id: str) -> tuple[int, int]:
    (row,) = ask(
        path,
        "SELECT quantity_hagga, quantity_deep_desert FROM resources WHERE id = ?",
        resource_id,
    )
    return row[0], row[1]


# list


def test_list_shows_every_resource_by_name(run: Run, guild: Path) -> None:
    ran = run("list")
    assert (ran.status, ran.err) == (0, "")
    names = ["Dashed", "Iron Ingot", "Iron Ore", "Spice Melange"]
    lines = ran.out.splitlines()
    shown = [next((n for n in names if n in line), None) for line in lines]
    assert [name for name in shown if name] == names
    ore = next(line for line in lines if "Iron Ore" in line)
    for cell in ("Raw", "1,000", "500", "1,500", "2,000", "75 %", "below"):
        assert cell in ore


def test_list_finds_by_words_in_any_order(run: Run, guild: Path) -> None:
    assert [r["name"] for r in run("list", "ore iron", "--json").document] == ["Iron Ore"]
    assert [r["name"] for r in run("list", "--json", "refined iron").document] == ["Iron Ingot"]
    assert run("list", "unobtainium", "--json").document == []
    assert run("list", "unobtainium").status == 0


def test_list_json_has_the_promised_keys_and_types(run: Run, guild: Path) -> None:
    resources = run("list", "--json").document
    assert len(resources) == 4
    for resource in resources:
        for key, types in RESOURCE_TYPES.items():
            assert type(resource[key]) in types, key


def test_list_json_says_what_is_in_the_database(run: Run, guild: Path) -> None:
    resources = {resource["id"]: resource for resource in run("list", "--json").document}
    assert (
        resources["iron"].items()
        >= {
            "name": "Iron Ore",
            "category": "Raw",
            "hagga": 1_000,
            "deep_desert": 500,
            "total": 1_500,
            "target": 2_000,
            "status": "below_target",
            "priority": False,
            "multiplier": 1.0,
            "updated_at": NOW,
            "updated_by": "Muad'Dib",
        }.items()
    )
    # Computed: the column has no word for it, and nobody filled it.
    assert resources["spice"]["status"] == "above_target"
    assert resources["spice"]["priority"] is True
    assert resources["spice"]["updated_by"] == "old nick"
    assert resources["ingot"]["target"] is None
    assert resources["-dash"]["category"] == "Uncategorized"


def test_list_is_not_stopped_by_a_hostile_row(run: Run, guild: Path) -> None:
    ask(
        guild,
        "UPDATE resources SET name = ?, category = ?, multiplier = 9e999, updated_at = ?, "
        "last_updated_by = ? WHERE id = 'iron'",
        "\x1b[2J[red]Iron\nOre\u202e",
        "Raw\r\x07",
        NOW * 1_000,
        "\x1b]0;x\x07",
    )
    listed = run("list")
    assert listed.status == 0
    assert len(listed.out.splitlines()) == 5
    assert not set(listed.out) & {"\x1b", "\x07", "\r", "\u202e"}
    documents = run("list", "--json")
    assert documents.out.isascii()
    assert "\x1b" not in documents.out
    (iron,) = [r for r in documents.document if r["id"] == "iron"]
    assert iron["updated_at"] == NOW


def test_list_shows_a_quantity_below_zero(run: Run, guild: Path) -> None:
    ask(guild, "UPDATE resources SET quantity_hagga = -700 WHERE id = 'iron'")
    assert "-700" in run("list", "iron ore").out
    (iron,) = run("list", "iron ore", "--json").document
    assert (iron["hagga"], iron["total"], iron["status"]) == (-700, -200, "critical")


def test_list_changes_nothing_in_the_file(run: Run, guild: Path) -> None:
    before = guild.read_bytes()
    assert run("list").status == 0
    assert guild.read_bytes() == before


# edit


@pytest.mark.parametrize(
    ("change", "hagga", "deep_desert"),
    [
        (["+500"], 1_500, 500),
        (["-20"], 980, 500),
        (["=1200"], 1_200, 500),
        ([">300"], 700, 800),
        (["<300"], 1_300, 200),
        (["+3*500+20"], 2_520, 500),
        (["+1.5k"], 2_500, 500),
        (["+1,200"], 2_200, 500),
        (["+1", "200"], 2_200, 500),
        (["add", "500"], 1_500, 500),
        (["remove", "20"], 980, 500),
        (["set", "1200"], 1_200, 500),
        (["set", "0"], 0, 500),
        (["to-deep-desert", "300"], 700, 800),
        (["to-hagga", "300"], 1_300, 200),
        (["add", "1.5k"], 2_500, 500),
    ],
)
def test_edit_takes_signs_and_words(
    run: Run, guild: Path, change: list[str], hagga: int, deep_desert: int
) -> None:
    ran = run("edit", "iron", *change)
    assert (ran.status, ran.err) == (0, "")
    assert len(ran.out.splitlines()) == 1
    assert "Iron Ore" in ran.out
    assert quantities(guild, "iron") == (hagga, deep_desert)


@pytest.mark.parametrize(
    "argv",
    [
        ["iron", "+5", "--at", "deep-desert"],
        ["iron", "+5", "--at=deep-desert"],
        ["--at", "deep-desert", "iron", "+5"],
        ["iron", "--at", "deep-desert", "add", "5"],
    ],
)
def test_edit_works_at_the_location_named(run: Run, guild: Path, argv: list[str]) -> None:
    assert run("edit", *argv).status == 0
    assert quantities(guild, "iron") == (1_000, 505)


@pytest.mark.parametrize(
    "argv",
    [
        ["-dash", "+5"],
        ["-dash", "add", "5", "--json"],
        ["--json", "-dash", "+5"],
        ["--reason", "-why-", "-dash", "+5"],
        ["--", "-dash", "+5"],
        ["--at", "hagga", "--", "-dash", "+5"],
    ],
)
def test_edit_takes_an_id_that_begins_with_a_dash(run: Run, guild: Path, argv: list[str]) -> None:
    ran = run("edit", *argv)
    assert (ran.status, ran.err) == (0, "")
    assert quantities(guild, "-dash") == (5, 0)


@pytest.mark.parametrize("resource", ["iron", "Iron Ore", "iron ore", "ORE"])
def test_edit_finds_the_resource_by_id_or_name(run: Run, guild: Path, resource: str) -> None:
    assert run("edit", resource, "-20").status == 0
    assert quantities(guild, "iron") == (980, 500)


@pytest.mark.parametrize(
    ("argv", "reason"),
    [
        (["+5 # spice run"], "spice run"),
        (["+5", "#", "spice", "run"], "spice run"),
        (["add", "5", "#", "run"], "run"),
        (["+5", "--reason", "spice run"], "spice run"),
        (["+5", "--reason=spice # run"], "spice # run"),
        (["+5", "--reason", "--json"], "--json"),
        (["+5", "--reason", "two\nlines\x1b[31m"], "two lines [31m"),
        (["+5", "--reason", " "], None),
        (["+5"], None),
    ],
)
def test_edit_keeps_the_reason(run: Run, guild: Path, argv: list[str], reason: str | None) -> None:
    assert run("edit", "iron", *argv).status == 0
    assert ask(guild, "SELECT reason FROM resource_history") == [(reason,)]


def test_a_transfer_without_a_reason_says_what_was_moved(run: Run, guild: Path) -> None:
    assert run("edit", "iron", ">300").status == 0
    ((reason,),) = ask(guild, "SELECT reason FROM resource_history")
    assert "300" in reason


def test_edit_json_has_the_promised_keys_and_types(run: Run, guild: Path) -> None:
    ran = run("edit", "iron", "+500", "--json")
    document = ran.document
    assert ran.status == 0
    assert document["outcome"] == "applied"
    assert document["previous"] == {"hagga": 1_000, "deep_desert": 500}
    assert document["points"] == 50.0
    assert isinstance(document["points"], float)
    assert isinstance(document["message"], str)
    for key, types in RESOURCE_TYPES.items():
        assert type(document["resource"][key]) in types, key
    assert document["resource"]["total"] == 2_000
    # One id for the change, its history row and its points.
    assert ask(guild, "SELECT id FROM resource_history") == [(document["change_id"],)]
    assert ask(guild, "SELECT id, final_points FROM leaderboard") == [(document["change_id"], 50.0)]


def test_edit_goes_under_the_name_of_the_local_user(run: Run, guild: Path) -> None:
    document = run("edit", "iron", "+500", "--json").document
    ((by,),) = ask(guild, "SELECT updated_by FROM resource_history")
    assert by == document["resource"]["updated_by"] != ""


@pytest.mark.parametrize(
    ("argv", "there"),
    [
        (["-1001"], "1,000"),
        (["<501"], "500"),
        (["--at", "deep-desert", "-501"], "500"),
        (["+999999999"], "1,000"),
    ],
)
def test_edit_refuses_what_cannot_be_and_says_how_much_is_there(
    run: Run, guild: Path, argv: list[str], there: str
) -> None:
    ran = run("edit", "iron", *argv)
    assert ran.status == 1
    assert there in ran.error
    assert quantities(guild, "iron") == (1_000, 500)
    assert ask(guild, "SELECT * FROM resource_history") == []


def test_edit_json_tells_of_a_refusal_too(run: Run, guild: Path) -> None:
    ran = run("edit", "iron", "-1001", "--json")
    assert ran.status == 1
    assert ran.document["outcome"] == "refused"
    assert ran.document["points"] == 0
    assert "1,000" in ran.document["message"]
    assert ran.document["resource"]["hagga"] == 1_000
    assert {"change_id", "previous"} <= ran.document.keys()


def test_edit_if_sets_only_where_the_number_is_there(run: Run, guild: Path) -> None:
    assert run("edit", "iron", "=1200", "--if", "1000").status == 0
    assert quantities(guild, "iron") == (1_200, 500)
    ran = run("edit", "iron", "=1300", "--if", "1000")
    assert ran.status == 1
    assert "1,200" in ran.error
    conflict = run("edit", "iron", "--if=1000", "set", "1300", "--json")
    assert (conflict.status, conflict.document["outcome"]) == (1, "conflict")
    assert quantities(guild, "iron") == (1_200, 500)


def test_edit_if_looks_at_the_location_named(run: Run, guild: Path) -> None:
    assert run("edit", "iron", "=7", "--if", "500", "--at", "deep-desert").status == 0
    assert quantities(guild, "iron") == (1_000, 7)


def test_edit_if_takes_an_amount_as_it_is_typed(run: Run, guild: Path) -> None:
    assert run("edit", "iron", "=1200", "--if", "1k").status == 0


@pytest.mark.parametrize("expected", ["", "x", "-1", "+5", "1.5", "1,5", "=5"])
def test_edit_if_takes_nothing_but_a_quantity(run: Run, guild: Path, expected: str) -> None:
    ran = run("edit", "iron", "=1200", f"--if={expected}")
    assert ran.status == 2
    assert "--if" in ran.error


@pytest.mark.parametrize("change", ["+5", "-5", ">5", "<5"])
def test_edit_if_goes_with_an_absolute_change_only(run: Run, guild: Path, change: str) -> None:
    ran = run("edit", "iron", change, "--if", "1000")
    assert ran.status == 2
    assert "--if" in ran.error


@pytest.mark.parametrize(
    ("change", "column"),
    [("500", 1), ("+1,5k", 3), ("+0", 2), ("+5;drop", 3), ("+\x1b[31m", 2)],
)
def test_edit_points_at_what_is_wrong_with_a_change(
    run: Run, guild: Path, change: str, column: int
) -> None:
    ran = run("edit", "iron", change)
    assert ran.status == 2
    assert f"column {column}" in ran.error
    assert "\x1b" not in ran.error
    assert ask(guild, "SELECT * FROM resource_history") == []


def test_edit_tells_of_an_endless_change_in_few_words(run: Run, guild: Path) -> None:
    ran = run("edit", "iron", "+" + "9" * 9_999)
    assert ran.status == 2
    assert len(ran.error) < 300


@pytest.mark.parametrize(
    "argv", [["+5", "--reason", "x" * 501], ["+5 # a", "--reason", "b"], ["+5 #" + "x" * 501]]
)
def test_edit_takes_one_reason_of_at_most_500_characters(
    run: Run, guild: Path, argv: list[str]
) -> None:
    ran = run("edit", "iron", *argv)
    assert ran.status == 2
    assert "reason" in ran.error


def test_edit_lists_the_names_that_an_ambiguous_text_may_mean(run: Run, guild: Path) -> None:
    ran = run("edit", "IRON O", "+5")
    assert ran.status == 0
    ran = run("edit", "ir", "+5")
    assert ran.status == 1
    assert "Iron Ore" in ran.error
    assert "Iron Ingot" in ran.error


@pytest.mark.parametrize("resource", ["Copper", "", " ", "\x1b[31m", "x" * 9_999, "-nothing"])
def test_edit_tells_of_a_resource_that_is_not_there(run: Run, guild: Path, resource: str) -> None:
    ran = run("edit", resource, "+5")
    assert ran.status == 1
    assert "\x1b" not in ran.error
    assert "list" in ran.error


def test_edit_names_hostile_candidates_in_one_plain_line(run: Run, guild: Path) -> None:
    ask(
        guild,
        "UPDATE resources SET id = 'a' || char(10, 27) || '[2J', name = 'Iron' || char(13) "
        "WHERE id = 'iron'",
    )
    ask(
        guild,
        "INSERT INTO resources (id, name, last_updated_by, created_at, updated_at) "
        "VALUES ('b', 'Iron 2', 'me', 0, 0)",
    )
    ran = run("edit", "iro", "+5")
    assert ran.status == 1
    assert ran.error[:-1].isprintable()


@pytest.mark.parametrize(
    "argv",
    [
        ["edit"],
        ["edit", "iron"],
        ["edit", "iron", "+5", "--at", "moon"],
        ["edit", "iron", "+5", "--at"],
        ["edit", "iron", "+5", "--if"],
        ["nonsense"],
        ["list", "--nonsense"],
        ["list", "two", "words"],
        ["init", "now"],
        ["--nonsense"],
        ["--profile"],
    ],
    ids=" ".join,
)
def test_what_makes_no_sense_is_told_in_one_line(run: Run, guild: Path, argv: list[str]) -> None:
    ran = run(*argv)
    assert ran.status == 2
    assert "tracker-tui" in ran.error


def test_version_and_help_are_no_errors(run: Run) -> None:
    assert run("--version") == (0, f"tracker-tui {__version__}\n", "")
    for command in ([], ["edit"], ["list"], ["init"], ["demo"]):
        ran = run(*command, "--help")
        assert (ran.status, ran.err) == (0, "")
        assert "--profile" in ran.out
        assert "--debug" in ran.out


def test_help_for_edit_quotes_the_signs_and_says_the_words(run: Run) -> None:
    text = run("edit", "--help").out
    for sign in ("'+500'", "'-20'", "'=1200'", "'>300'", "'<300'"):
        assert sign in text
    for word in ("add 500", "remove", "set", "to-deep-desert", "to-hagga"):
        assert word in text


# init


def tables(path: Path) -> set[str]:
    names = ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in names}


def test_init_makes_an_empty_database(run: Run, home: Path) -> None:
    assert run("init").status == 0
    path = home / "data" / "tracker.db"
    assert tables(path) == FOUNDING_TABLES
    assert run("list", "--json").document == []
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["tracker.db"]


def test_init_starter_plants_the_catalogue_once(run: Run, home: Path) -> None:
    assert run("init", "--starter").status == 0
    first = run("list", "--json").document
    assert len(first) > 50
    assert run("init", "--starter").status == 0
    assert run("list", "--json").document == first


def test_init_makes_the_file_that_was_named(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new folder" / "gild ★.db"
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    assert run("list").status == 4
    assert not path.parent.exists()
    assert run("init", "--starter").status == 0
    assert tables(path) == FOUNDING_TABLES


def test_init_plan_prints_the_sql_and_makes_nothing(run: Run, home: Path) -> None:
    ran = run("init", "--plan")
    assert ran.status == 0
    assert not home.exists()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(ran.out)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert {name for (name,) in names} == FOUNDING_TABLES


def test_init_plan_has_nothing_to_say_of_a_whole_database(run: Run, guild: Path) -> None:
    ran = run("init", "--plan")
    assert ran.status == 0
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(ran.out)  # a comment at most
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


@pytest.mark.parametrize("starter", [[], ["--starter"]])
def test_init_leaves_a_whole_database_as_it_is(run: Run, guild: Path, starter: list[str]) -> None:
    before = guild.read_bytes()
    assert run("init", *starter).status == 0
    assert guild.read_bytes() == before


def test_init_fills_an_empty_file(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    ran = run("list")
    assert ran.status == 4
    assert "init" in ran.error
    assert run("init", "--plan").status == 0
    assert path.read_bytes() == b""
    assert run("init", "--starter").status == 0
    assert tables(path) == FOUNDING_TABLES
    assert len(run("list", "--json").document) > 50


def test_init_adds_to_a_founding_database_what_it_lacks(run: Run, guild: Path) -> None:
    rows = ask(guild, "SELECT * FROM resources")
    for name in ("resources_updated_at", "leaderboard_resource_id"):
        ask(guild, f"DROP INDEX {name}")
    ask(guild, "DROP TABLE user_sessions")
    planned = run("init", "--plan").out
    assert "user_sessions" in planned
    assert "DROP" not in planned.upper()
    assert "user_sessions" not in tables(guild)
    assert run("init", "--starter").status == 0
    assert tables(guild) == FOUNDING_TABLES
    indexes = {name for (name,) in ask(guild, "SELECT name FROM sqlite_master")}
    assert {"resources_updated_at", "leaderboard_resource_id"} <= indexes
    # It has resources, so the catalogue stays out.
    assert ask(guild, "SELECT * FROM resources") == rows


NO_DATABASES = [b"no database at all\n" * 100, b"SQLite format 3\x00" + b"\xff" * 8_192]


@pytest.mark.parametrize("data", NO_DATABASES, ids=["text", "garbled"])
@pytest.mark.parametrize(
    "argv",
    [["list"], ["edit", "iron", "+5"], ["init"], ["init", "--starter"], ["init", "--plan"]],
    ids=" ".join,
)
def test_a_file_that_is_no_database_is_told_of_and_left_alone(
    run: Run,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    argv: list[str],
    data: bytes,
) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(data)
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    ran = run(*argv)
    assert ran.status == 4
    assert "notes.txt" in ran.error
    assert path.read_bytes() == data


OTHER_PROGRAMS = {
    "other tables": "CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT);",
    "same name": "CREATE TABLE resources (number INTEGER PRIMARY KEY, path TEXT);"
    "INSERT INTO resources (path) VALUES ('/etc');",
    "same key name": "CREATE TABLE resources (id INTEGER PRIMARY KEY, path TEXT);",
    "two users": "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);"
    "INSERT INTO users (email) VALUES ('a'), ('b');",
}


@pytest.fixture(params=OTHER_PROGRAMS)
def other_program(
    request: pytest.FixtureRequest, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The configured database belongs to another program."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OTHER_PROGRAMS[request.param])
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    return path


@pytest.mark.parametrize("argv", [["list"], ["edit", "iron", "+5"]], ids=" ".join)
def test_the_database_of_another_program_is_told_of_and_left_alone(
    run: Run, other_program: Path, argv: list[str]
) -> None:
    before = other_program.read_bytes()
    ran = run(*argv)
    assert ran.status == 4
    assert "other.db" in ran.error
    assert other_program.read_bytes() == before


def test_init_serves_the_database_of_another_program_whole_or_not_at_all(
    run: Run, other_program: Path
) -> None:
    before = other_program.read_bytes()
    ran = run("init", "--starter")
    if ran.status == 0:
        assert len(run("list", "--json").document) > 50
        assert run("edit", "Plastone", "+5").status == 0
    else:
        assert ran.status == 4
        assert ran.error
        assert other_program.read_bytes() == before


def test_init_refuses_a_table_with_another_key(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OTHER_PROGRAMS["same name"])
    before = path.read_bytes()
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    for argv in (["init"], ["init", "--starter"], ["init", "--plan"]):
        ran = run(*argv)
        assert ran.status == 4
        assert "resources" in ran.error
        assert path.read_bytes() == before


# Where nothing can be written. Root may write everywhere, but not below a file.

COMMANDS = [["list"], ["edit", "iron", "+5"], ["init"], ["init", "--starter"]]


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_database_below_a_file_is_told_of(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    (tmp_path / "file").write_text("I am no folder")
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{tmp_path}/file/guild.db")
    ran = run(*argv)
    assert ran.status == 4
    assert "guild.db" in ran.error


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_data_folder_that_cannot_be_made_is_told_of(
    run: Run, home: Path, argv: list[str]
) -> None:
    home.mkdir()
    (home / "data").write_text("I am no folder")
    ran = run(*argv)
    assert ran.status == 4
    assert "tracker.db" in ran.error


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_home_below_a_file_is_told_of(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    (tmp_path / "file").write_text("I am no folder")
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "file" / "home"))
    ran = run(*argv)
    assert ran.status in (2, 4)
    assert str(tmp_path / "file") in ran.error


@pytest.mark.parametrize("argv", COMMANDS, ids=" ".join)
def test_a_database_that_is_a_folder_is_told_of(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{tmp_path}")
    ran = run(*argv)
    assert ran.status == 4
    assert str(tmp_path) in ran.error
    assert str(home) not in ran.error


def test_a_database_whose_name_is_too_long_is_told_of(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{tmp_path}/{'x' * 5_000}.db")
    for argv in COMMANDS:
        assert run(*argv).status == 4
        assert run(*argv).error


# What is configured


def test_a_url_of_another_kind_is_refused_for_now(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", "libsql://guild.turso.io?authToken=eyJsecret")
    for argv in COMMANDS:
        ran = run(*argv)
        assert ran.status == 2
        assert "TURSO_DATABASE_URL" in ran.error
        assert "eyJsecret" not in ran.error
    assert not (home / "data").exists()


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_profile_is_another_guild(run: Run, guild: Path, home: Path, place: str) -> None:
    other = guild.with_name("other.db")
    make_guild(other)
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text(
        f"[profiles.other]\nTURSO_DATABASE_URL = 'file:{other}'\n"
    )
    edit = ["edit", "iron", "+5"]
    profile = ["--profile", "other"]
    ran = run(*profile, *edit) if place == "before" else run(*edit, *profile)
    assert ran.status == 0
    assert quantities(other, "iron") == (1_005, 500)
    assert quantities(guild, "iron") == (1_000, 500)


def test_a_profile_that_is_not_there_is_told_of(run: Run, guild: Path) -> None:
    ran = run("--profile", "nobody", "list")
    assert ran.status == 2
    assert "nobody" in ran.error


def test_debug_shows_the_traceback_and_logs_it(run: Run, guild: Path, home: Path) -> None:
    ran = run("--debug", "edit", "Copper", "+5")
    assert ran.status == 1
    assert "Traceback" in ran.err
    assert "Copper" in ran.err
    logs = [path for path in (home / "state").rglob("*") if path.is_file()]
    assert any("Traceback" in path.read_text(encoding="utf-8") for path in logs)


@pytest.mark.parametrize("argv", [["edit", "Copper", "+5", "--debug"], ["list", "--debug"]])
def test_debug_may_stand_behind_the_command(
    run: Run, guild: Path, monkeypatch: pytest.MonkeyPatch, argv: list[str]
) -> None:
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{guild}.gone")
    assert "Traceback" in run(*argv).err


def test_the_first_start_plants_the_starter_catalogue(run: Run, home: Path) -> None:
    ran = run("edit", "Plastone", "+5", "--json")
    assert ran.status == 0
    assert ran.document["resource"]["hagga"] == 5
    assert len(run("list", "--json").document) > 50


# Whole processes


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return {**kept, "TRACKER_HOME": str(home), **more}


def process(
    *argv: str, cwd: Path, environ: dict[str, str], stdout: int | None = subprocess.PIPE
) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "tracker_tui", *argv],
        cwd=cwd,
        env=environ,
        stdout=stdout,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    out = "" if done.stdout is None else done.stdout.decode("utf-8", "replace")
    return Ran(done.returncode, out.replace("\r\n", "\n"), done.stderr.decode("utf-8", "replace"))


def test_a_new_machine_lists_and_edits_from_the_first_command_on(tmp_path: Path) -> None:
    place = tmp_path / "new machine"
    place.mkdir()
    environ = environment(place / "guild", PYTHONUTF8="1")
    listed = process("list", "plastone", cwd=place, environ=environ)
    assert (listed.status, listed.err) == (0, "")
    assert "Plastone" in listed.out
    edited = process("edit", "Plastone", "+500", "--json", cwd=place, environ=environ)
    assert (edited.status, edited.err) == (0, "")
    assert edited.document["resource"]["hagga"] == 500
    refused = process("edit", "Plastone", "-501", cwd=place, environ=environ)
    assert refused.status == 1
    assert "500" in refused.error
    # Everything is in the one folder, and nothing fell beside it.
    assert [entry.name for entry in place.iterdir()] == ["guild"]


def test_first_starts_at_once_make_one_database_with_one_catalogue(tmp_path: Path) -> None:
    environ = environment(tmp_path / "home")
    starts = [
        subprocess.Popen(
            [sys.executable, "-m", "tracker_tui", "list", "--json"],
            env=environ,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(3)
    ]
    answers = [(*start.communicate(timeout=60), start.returncode) for start in starts]
    assert [(err, status) for _, err, status in answers] == [(b"", 0)] * 3
    documents = [json.loads(out) for out, _, _ in answers]
    assert documents[0] == documents[1] == documents[2]
    path = tmp_path / "home" / "data" / "tracker.db"
    assert {entry.name for entry in path.parent.iterdir()} <= {
        "tracker.db",
        "tracker.db-wal",
        "tracker.db-shm",
    }
    names = ask(path, "SELECT name FROM resources")
    assert len(names) == len(set(names)) == len(documents[0])
    assert ask(path, "SELECT count(*) FROM resource_history") == [(len(names),)]


def test_many_edits_at_once_are_all_counted(tmp_path: Path) -> None:
    path = tmp_path / "guild.db"
    make_guild(path)
    environ = environment(tmp_path / "home", TURSO_DATABASE_URL=f"file:{path}")
    edits = [
        subprocess.Popen(
            [sys.executable, "-m", "tracker_tui", "edit", "iron", "+5"],
            env=environ,
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(6)
    ]
    assert [edit.wait(timeout=60) for edit in edits] == [0] * 6
    assert quantities(path, "iron") == (1_030, 500)
    assert ask(path, "SELECT count(*) FROM resource_history") == [(6,)]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_output_without_arrows_and_stars_is_no_failure(tmp_path: Path, encoding: str) -> None:
    # cp1252 is what Windows gives to a program whose output goes to a file or a pipe.
    path = tmp_path / "guild.db"
    make_guild(path)
    environ = environment(
        tmp_path / "home",
        TURSO_DATABASE_URL=f"file:{path}",
        PYTHONIOENCODING=encoding,
        PYTHONUTF8="0",
    )
    listed = process("list", cwd=tmp_path, environ=environ)
    assert (listed.status, listed.err) == (0, "")
    assert "Spice Melange" in listed.out
    # The change is in the database: whatever the output can hold, it was no failure.
    edited = process("edit", "iron", "+5", cwd=tmp_path, environ=environ)
    assert quantities(path, "iron") == (1_005, 500)
    assert (edited.status, edited.err) == (0, "")


def without_reader(path: Path, *argv: str) -> Ran:
    """Run a command whose reader has gone before it says anything."""
    reading, writing = os.pipe()
    os.close(reading)
    home = path.with_name("home")
    environ = environment(home, TURSO_DATABASE_URL=f"file:{path}")
    try:
        return process(*argv, cwd=path.parent, environ=environ, stdout=writing)
    finally:
        os.close(writing)


def test_a_reader_that_went_away_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "guild.db"
    make_guild(path)
    assert without_reader(path, "list").err == ""
    assert without_reader(path, "list", "--json").err == ""


def test_an_edit_that_nobody_reads_of_is_done_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "guild.db"
    make_guild(path)
    ran = without_reader(path, "edit", "iron", "+5", "--json")
    assert quantities(path, "iron") == (1_005, 500)
    # A script that believes it failed would add it again.
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("argv", [["list"], ["edit", "iron", "+5", "--json"]], ids=" ".join)
def test_a_full_disk_behind_the_output_is_one_clear_line(tmp_path: Path, argv: list[str]) -> None:
    path = tmp_path / "guild.db"
    make_guild(path)
    environ = environment(tmp_path / "home", TURSO_DATABASE_URL=f"file:{path}")
    with Path("/dev/full").open("wb") as full:
        ran = process(*argv, cwd=tmp_path, environ=environ, stdout=full.fileno())
    assert ran.error


# Root ignores permissions by one capability, and a process may give it up for good.
GIVE_UP_OVERRIDE = """
import ctypes, os, sys
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24
if os.geteuid() == 0:
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            sys.exit("cannot give up being root")
os.execv(sys.executable, [sys.executable, "-m", "tracker_tui", *sys.argv[1:]])
"""


def unprivileged(*argv: str, cwd: Path, environ: dict[str, str]) -> Ran:
    done = subprocess.run(
        [sys.executable, "-c", GIVE_UP_OVERRIDE, *argv],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "cannot give up being root" in done.stderr:
        pytest.skip("root cannot give up its rights here")
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder in which a guild's database may be read and nothing written."""
    if sys.platform == "win32":
        pytest.skip("Windows has other permissions")
    if os.geteuid() == 0 and sys.platform != "linux":
        pytest.skip("root cannot give up its rights here")
    folder = tmp_path / "read only"
    folder.mkdir()
    make_guild(folder / "guild.db")
    (folder / "guild.db").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


def test_a_database_that_may_not_be_written_can_be_read(tmp_path: Path, read_only: Path) -> None:
    environ = environment(
        tmp_path / "home", TURSO_DATABASE_URL=f"file:{read_only}/guild.db", PYTHONUTF8="1"
    )
    listed = unprivileged("list", cwd=tmp_path, environ=environ)
    assert (listed.status, listed.err) == (0, "")
    edited = unprivileged("edit", "iron", "+5", cwd=tmp_path, environ=environ)
    assert edited.status == 4
    assert "guild.db" in edited.error


@pytest.mark.parametrize("argv", [["init"], ["init", "--starter"]], ids=" ".join)
def test_init_in_a_folder_that_may_not_be_written_is_told_of(
    tmp_path: Path, read_only: Path, argv: list[str]
) -> None:
    environ = environment(tmp_path / "home", TURSO_DATABASE_URL=f"file:{read_only}/new.db")
    ran = unprivileged(*argv, cwd=tmp_path, environ=environ)
    assert ran.status == 4
    assert "new.db" in ran.error
    assert [entry.name for entry in read_only.iterdir()] == ["guild.db"]


def test_a_first_start_in_a_home_that_may_not_be_written_is_told_of(
    tmp_path: Path, read_only: Path
) -> None:
    ran = unprivileged("list", cwd=tmp_path, environ=environment(read_only / "home"))
    assert ran.status == 4
    assert "tracker.db" in ran.error
