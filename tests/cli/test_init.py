"""`tracker-tui init`: new databases, plans, and databases that stay unchanged."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from helpers.commands import Run
from helpers.guild import ask

FOUNDING_TABLES = {"users", "user_sessions", "resources", "resource_history", "leaderboard"}


def tables(path: Path) -> set[str]:
    names = ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
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


def test_init_creates_the_configured_file(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new folder" / "gild ★.db"
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    assert run("list").status == 4
    assert not path.parent.exists()
    assert run("init", "--starter").status == 0
    assert tables(path) == FOUNDING_TABLES


def test_init_plan_prints_the_sql_and_creates_nothing(run: Run, home: Path) -> None:
    ran = run("init", "--plan")
    assert ran.status == 0
    assert not home.exists()
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(ran.out)
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert {name for (name,) in names} == FOUNDING_TABLES


def test_init_leaves_a_complete_database_unchanged(run: Run, guild: Path) -> None:
    before = guild.read_bytes()
    for options in ([], ["--starter"], ["--plan"]):
        ran = run("init", *options)
        assert ran.status == 0
        assert guild.read_bytes() == before
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(ran.out)  # at most a comment
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


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
