"""Damaged databases, other programs' databases, and impossible paths: one clear line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from helpers.commands import COMMANDS, Run
from helpers.other_schemas import FORK, make_file

NO_DATABASES = [b"no database at all\n" * 100, b"SQLite format 3\x00" + b"\xff" * 8_192]


def test_a_file_that_is_not_a_database_is_reported_and_unchanged(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "notes.txt"
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    for data in NO_DATABASES:
        path.write_bytes(data)
        for argv in (["list"], ["edit", "iron", "+5"], ["init", "--starter"], ["init", "--plan"]):
            ran = run(*argv)
            assert ran.status == 4, argv
            assert "notes.txt" in ran.error, argv
            assert path.read_bytes() == data, argv


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


def test_another_programs_database_is_reported_and_unchanged(run: Run, other_program: Path) -> None:
    before = other_program.read_bytes()
    for argv in (["list"], ["edit", "iron", "+5"]):
        ran = run(*argv)
        assert ran.status == 4, argv
        assert "other.db" in ran.error, argv
        assert other_program.read_bytes() == before, argv


def test_init_completes_another_programs_database_or_changes_nothing(
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


def test_a_fork_with_one_quantity_is_rejected_and_unchanged(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_file(tmp_path / "fork.db", FORK)
    before = path.read_bytes()
    monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{path}")
    for argv in (*COMMANDS, ["init", "--plan"], ["doctor"]):
        ran = run(*argv)
        assert ran.status == 4, argv
        printed = ran.out + ran.err
        assert "fork.db belongs to another program: its table resources has no column" in printed
        assert "init" not in printed, argv
        assert path.read_bytes() == before, argv


# Paths that cannot be written to. Even root cannot create a file below a file.


def test_an_impossible_place_for_the_database_is_an_error(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("I am no folder")
    for place, named in (
        (f"{tmp_path}/file/guild.db", "guild.db"),
        (f"{tmp_path}", f"{tmp_path}"),
        (f"{tmp_path}/{'x' * 5_000}.db", "xxx"),
    ):
        monkeypatch.setenv("TURSO_DATABASE_URL", f"file:{place}")
        for argv in COMMANDS:
            ran = run(*argv)
            assert ran.status == 4, argv
            assert named in ran.error, argv
            assert str(home) not in ran.error, argv


def test_a_data_folder_that_cannot_be_made_is_an_error(run: Run, home: Path) -> None:
    home.mkdir()
    (home / "data").write_text("I am no folder")
    for argv in COMMANDS:
        ran = run(*argv)
        # The outbox is opened first, except by `init`, which needs none.
        status, named = (4, "tracker.db") if argv[0] == "init" else (1, "outbox.db")
        assert ran.status == status, argv
        assert named in ran.error, argv


def test_a_home_below_a_file_is_an_error(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("I am no folder")
    monkeypatch.setenv("TRACKER_HOME", str(tmp_path / "file" / "home"))
    for argv in COMMANDS:
        ran = run(*argv)
        assert ran.status in (2, 4), argv
        assert str(tmp_path / "file") in ran.error, argv
