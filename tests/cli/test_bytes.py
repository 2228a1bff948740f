"""Invalid UTF-8 in arguments, settings and paths: one clear line, never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from helpers.commands import Run, environment, process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bytes")

BAD = os.fsdecode(b"\xff\xe9")
LATIN = os.fsdecode("W\u00fcrze".encode("latin-1"))


def test_an_argument_that_is_not_utf_8_is_rejected(run: Run, home: Path) -> None:
    for argv in (
        ["edit", LATIN, "+5"],
        ["edit", "Plastone", "+5", "--reason", LATIN],
        ["list", LATIN],
        ["--profile", BAD, "list"],
    ):
        ran = run(*argv)
        assert ran.status == 2, argv
        assert "is not UTF-8 text" in ran.error, argv
        assert not home.exists()


def test_a_setting_that_is_not_utf_8_is_rejected_by_name(
    run: Run, home: Path, tmp_path: Path
) -> None:
    for name, value in (
        ("TRACKER_HOME", f"{tmp_path}/{BAD}"),
        ("TURSO_DATABASE_URL", f"file:{tmp_path}/{BAD}.db"),
    ):
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setenv(name, value)
            for argv in (["list"], ["edit", "Plastone", "+5", "--debug"]):
                ran = run(*argv)
                assert ran.status == 2, (name, argv)
                assert f"{name} in the environment isn't UTF-8" in ran.err, (name, argv)
                assert "UnicodeEncodeError" not in ran.err


def test_a_folder_name_that_is_not_utf_8_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / BAD
    folder.mkdir()
    environ = environment(tmp_path / "home", TURSO_DATABASE_URL="file:guild.db")
    assert "isn't UTF-8" in process("list", cwd=folder, environ=environ).error


def test_a_user_name_that_is_not_utf_8_is_read_as_older_systems_wrote_it(tmp_path: Path) -> None:
    name = os.fsdecode("caf\u00e9".encode("latin-1"))
    environ = environment(tmp_path / "home", USER=name, LOGNAME=name)
    ran = process("edit", "Plastone", "+5", "--json", cwd=tmp_path, environ=environ)
    assert (ran.status, ran.err) == (0, "")
    assert ran.document["resource"]["updated_by"] == "caf\u00e9"


def test_characters_that_the_output_cannot_encode_become_question_marks(tmp_path: Path) -> None:
    environ = environment(tmp_path / "home", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    ran = process("edit", LATIN, "+5", cwd=tmp_path, environ=environ)
    assert ran.status == 2
    assert "rze" in ran.error
