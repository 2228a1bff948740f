"""Separate processes: outputs that fail or cannot encode a character, and missing permissions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from helpers.commands import Ran, environment, process
from helpers.guild import make_guild, quantities


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "guild.db"
    make_guild(path)
    return path


def process_at(path: Path, *argv: str, stdout: int | None = subprocess.PIPE, **more: str) -> Ran:
    """Run a command on a database, in another process."""
    environ = environment(path.with_name("home"), TURSO_DATABASE_URL=f"file:{path}", **more)
    return process(*argv, cwd=path.parent, environ=environ, stdout=stdout)


def test_characters_that_the_output_cannot_encode_become_question_marks(path: Path) -> None:
    # Windows uses cp1252 when the output is a file or a pipe.
    windows = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    ran = process_at(path, "edit", "iron", "+5", **windows)
    # The change is stored, so the edit succeeds whatever the output can encode.
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("Iron Ore +5 ? 1,005")
    assert quantities(path, "iron") == (1_005, 500)
    plain = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    ran = process_at(path, "edit", os.fsdecode("W\u00fcrze".encode("latin-1")), "+5", **plain)
    assert ran.status == 2
    assert "rze" in ran.error


def without_reader(path: Path, *argv: str) -> Ran:
    """Run a command whose output is a pipe that is already closed."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return process_at(path, *argv, stdout=writing)
    finally:
        os.close(writing)


def test_a_closed_pipe_causes_no_traceback_and_no_second_edit(path: Path) -> None:
    assert without_reader(path, "list").err == ""
    ran = without_reader(path, "edit", "iron", "+5", "--json")
    assert quantities(path, "iron") == (1_005, 500)
    # After an error, a script would repeat the edit.
    assert (ran.status, ran.err) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_the_output_is_one_clear_line(path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        assert process_at(path, "edit", "iron", "+5", "--json", stdout=full.fileno()).error


# Root ignores permissions because of capabilities, which a process can give up.
GIVE_UP_OVERRIDE = """
import ctypes, os, sys
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24
if os.geteuid() == 0:
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            sys.exit("cannot give up being root")
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""
RUN_EACH = """
import contextlib, io, json, os, sys
from tracker_tui.cli import main
made = []
for settings, argv in json.loads(sys.argv[1]):
    os.environ.update(settings)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(argv)
    made.append((status, out.getvalue(), err.getvalue()))
print(json.dumps(made))
"""
Settings = Mapping[str, str]


def unprivileged(home: Path, *steps: tuple[Settings, list[str]]) -> list[Ran]:
    """Run commands in one process without the rights of root, each after a change of settings."""
    done = subprocess.run(
        [sys.executable, "-c", GIVE_UP_OVERRIDE, RUN_EACH, json.dumps(steps)],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "cannot give up being root" in done.stderr:
        pytest.skip("root cannot give up its rights here")
    assert done.returncode == 0, done.stderr
    return [Ran(*made) for made in json.loads(done.stdout)]


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A read-only folder with a guild's database."""
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


def test_a_read_only_database_can_be_read_and_a_folder_without_rights_is_an_error(
    tmp_path: Path, read_only: Path
) -> None:
    listed, edited, made, started = unprivileged(
        tmp_path / "home",
        ({"TURSO_DATABASE_URL": f"file:{read_only}/guild.db"}, ["list"]),
        ({}, ["edit", "iron", "+5"]),
        ({"TURSO_DATABASE_URL": f"file:{read_only}/new.db"}, ["init", "--starter"]),
        ({"TURSO_DATABASE_URL": "", "TRACKER_HOME": f"{read_only}/home"}, ["list"]),
    )
    assert (listed.status, listed.err) == (0, "")
    # The outbox is the first file that a first start creates.
    for ran, status, named in (
        (edited, 4, "guild.db"),
        (made, 4, "new.db"),
        (started, 1, "outbox"),
    ):
        assert ran.status == status
        assert named in ran.error
    assert [entry.name for entry in read_only.iterdir()] == ["guild.db"]
