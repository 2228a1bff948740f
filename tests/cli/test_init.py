"""`tracker-tui init`, and databases and places that no command can use: one clear line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from helpers.commands import COMMANDS, Run
from helpers.guild import ask
from helpers.other_schemas import FORK

FOUNDING_TABLES = {"users", "user_sessions", "resources", "resource_history", "leaderboard"}


def tables(path: Path) -> set[str]:
    names = ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {name for (name,) in names}


def tables_made_by(sql: str) -> set[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(sql)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name for (name,) in names}


def test_init_creates_an_empty_database_and_starter_adds_the_catalogue(
    run: Run, home: Path
) -> None:
    assert run("init").status == 0
    path = home / "data" / "tracker.db"
    assert tables(path) == FOUNDING_TABLES
    assert run("list", "--json").document == []
    # The only other entry is the folder with local stores; no temporary file is left.
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["guilds", "tracker.db"]
    assert run("init", "--starter").status == 0
    first = run("list", "--json").document
    assert len(first) > 50
    assert run("init", "--starter").status == 0
    assert run("list", "--json").document == first


def test_init_fills_the_configured_file_if_it_is_missing_or_empty(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing, empty = tmp_path / "new folder" / "gild ★.db", tmp_path / "empty.db"
    empty.touch()
    for path in (missing, empty):
        monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
        ran = run("list")
        assert ran.status == 4
        assert "init" in ran.error
        assert run("init", "--plan").status == 0
        assert not missing.parent.exists() or path is empty
        assert empty.read_bytes() == b""
        assert run("init", "--starter").status == 0
        assert tables(path) == FOUNDING_TABLES
        assert len(run("list", "--json").document) > 50


def test_init_plan_prints_the_sql_and_creates_nothing(run: Run, home: Path) -> None:
    ran = run("init", "--plan")
    assert ran.status == 0
    assert not home.exists()
    assert tables_made_by(ran.out) == FOUNDING_TABLES


def test_init_leaves_a_complete_database_unchanged(run: Run, guild: Path) -> None:
    before = guild.read_bytes()
    for options in ([], ["--starter"], ["--plan"]):
        ran = run("init", *options)
        assert ran.status == 0
        assert guild.read_bytes() == before
    assert tables_made_by(ran.out) == set()  # at most a comment


# Unusable databases


def test_a_file_that_is_not_a_database_is_reported_and_unchanged(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, data = tmp_path / "notes.txt", b"SQLite format 3\x00" + b"\xff" * 8_192
    path.write_bytes(data)
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    for argv in (["list"], ["edit", "iron", "+5"], ["init", "--starter"], ["init", "--plan"]):
        ran = run(*argv)
        assert ran.status == 4, argv
        assert "notes.txt" in ran.error, argv
        assert path.read_bytes() == data, argv


OTHER_PROGRAMS = (
    "CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT)",
    "CREATE TABLE resources (number INTEGER PRIMARY KEY, path TEXT)",
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); INSERT INTO users VALUES (1, 'a')",
    ";".join(FORK),
)


def test_another_programs_database_is_reported_and_completed_by_init_or_unchanged(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, script in enumerate(OTHER_PROGRAMS):
        path = tmp_path / f"other-{number}.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)
        monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
        before = path.read_bytes()
        for argv in (["list"], ["edit", "iron", "+5"]):
            ran = run(*argv)
            assert ran.status == 4, (script, argv)
            assert path.name in ran.error, (script, argv)
            assert path.read_bytes() == before, (script, argv)
        ran = run("init", "--starter")
        if ran.status == 0:
            assert len(run("list", "--json").document) > 50, script
            assert run("edit", "Plastone", "+5").status == 0, script
        else:
            assert (ran.status, path.read_bytes()) == (4, before), script
    # The last is a fork with one quantity. Nothing suggests to complete it.
    for argv in (["list"], ["init"], ["init", "--plan"], ["doctor"]):
        ran = run(*argv)
        assert ran.status == 4, argv
        assert "belongs to another program: its table resources has no column" in ran.out + ran.err
        assert "init" not in ran.out + ran.err, argv


# Even root cannot create a file below a file.


def test_an_impossible_place_is_an_error(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    file.write_text("I am no folder")
    for place, named in (
        (f"{file}/guild.db", "guild.db"),
        (f"{tmp_path}/{'x' * 5_000}.db", "xxx"),
    ):
        with monkeypatch.context() as environment:
            environment.setenv("TURSO_DATABASE_URL", f"file:{place}")
            for argv in COMMANDS:
                ran = run(*argv)
                assert ran.status == 4, argv
                assert named in ran.error, argv
                assert str(home) not in ran.error, argv
    (home / "data").rename(home / "used")
    (home / "data").write_text("I am no folder")
    for argv in COMMANDS:
        ran = run(*argv)
        # The outbox is opened first, except by `init`, which needs none.
        status, named = (4, "tracker.db") if argv[0] == "init" else (1, "outbox.db")
        assert ran.status == status, argv
        assert named in ran.error, argv
    monkeypatch.setenv("TRACKER_HOME", str(file / "home"))
    for argv in COMMANDS:
        ran = run(*argv)
        assert ran.status in (2, 4), argv
        assert str(file) in ran.error, argv
