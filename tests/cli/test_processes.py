"""Separate processes: a new machine, many at once, and outputs that fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.commands import Ran, environment, process
from helpers.guild import ask, make_guild, quantities


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
    rejected = process("edit", "Plastone", "-501", cwd=place, environ=environ)
    assert rejected.status == 1
    assert "500" in rejected.error
    # No file is created outside the folder.
    assert [entry.name for entry in place.iterdir()] == ["guild"]


def test_concurrent_first_starts_create_one_database_with_one_catalogue(tmp_path: Path) -> None:
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
        "guilds",
        "tracker.db",
        "tracker.db-wal",
        "tracker.db-shm",
    }
    names = ask(path, "SELECT name FROM resources")
    assert len(names) == len(set(names)) == len(documents[0])
    assert ask(path, "SELECT count(*) FROM resource_history") == [(len(names),)]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_edit_succeeds_with_any_output_encoding(tmp_path: Path, encoding: str) -> None:
    # Windows uses cp1252 when the output is a file or a pipe.
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
    # The change is stored, so the edit succeeds whatever the output can encode.
    edited = process("edit", "iron", "+5", cwd=tmp_path, environ=environ)
    assert quantities(path, "iron") == (1_005, 500)
    assert (edited.status, edited.err) == (0, "")


def without_reader(path: Path, *argv: str) -> Ran:
    """Run a command whose output is a pipe that is already closed."""
    reading, writing = os.pipe()
    os.close(reading)
    home = path.with_name("home")
    environ = environment(home, TURSO_DATABASE_URL=f"file:{path}")
    try:
        return process(*argv, cwd=path.parent, environ=environ, stdout=writing)
    finally:
        os.close(writing)


def test_a_closed_pipe_causes_no_traceback_and_no_second_edit(tmp_path: Path) -> None:
    path = tmp_path / "guild.db"
    make_guild(path)
    assert without_reader(path, "list").err == ""
    ran = without_reader(path, "edit", "iron", "+5", "--json")
    assert quantities(path, "iron") == (1_005, 500)
    # After an error, a script would repeat the edit.
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
