"""Processes that may not write to the database's folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.commands import Ran, environment
from helpers.guild import make_guild

# Root ignores permissions because of capabilities, which a process can give up.
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


def test_a_read_only_database_can_be_read(tmp_path: Path, read_only: Path) -> None:
    environ = environment(
        tmp_path / "home", TURSO_DATABASE_URL=f"file:{read_only}/guild.db", PYTHONUTF8="1"
    )
    listed = unprivileged("list", cwd=tmp_path, environ=environ)
    assert (listed.status, listed.err) == (0, "")
    edited = unprivileged("edit", "iron", "+5", cwd=tmp_path, environ=environ)
    assert edited.status == 4
    assert "guild.db" in edited.error


def test_init_in_a_read_only_folder_is_an_error(tmp_path: Path, read_only: Path) -> None:
    environ = environment(tmp_path / "home", TURSO_DATABASE_URL=f"file:{read_only}/new.db")
    ran = unprivileged("init", "--starter", cwd=tmp_path, environ=environ)
    assert ran.status == 4
    assert "new.db" in ran.error
    assert [entry.name for entry in read_only.iterdir()] == ["guild.db"]


def test_a_first_start_in_a_read_only_home_is_an_error(tmp_path: Path, read_only: Path) -> None:
    ran = unprivileged("list", cwd=tmp_path, environ=environment(read_only / "home"))
    # The outbox is the first file that is created.
    assert ran.status == 1
    assert "outbox.db" in ran.error
