"""Invalid UTF-8 in arguments, settings and paths: one clear line, never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from helpers.commands import environment, process

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bytes")

BAD = os.fsdecode(b"\xff\xe9")
LATIN = os.fsdecode("W\u00fcrze".encode("latin-1"))


@pytest.mark.parametrize(
    "argv",
    [
        ["edit", LATIN, "+5"],
        ["edit", "Plastone", "+5", "--reason", LATIN],
        ["list", LATIN],
        ["--profile", BAD, "list"],
    ],
    ids=["resource", "reason", "text", "profile"],
)
def test_an_argument_that_is_not_utf_8_is_rejected(tmp_path: Path, argv: list[str]) -> None:
    ran = process(*argv, cwd=tmp_path, environ=environment(tmp_path / "home"))
    assert ran.status == 2
    assert "is not UTF-8 text" in ran.error
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("name", ["TRACKER_HOME", "TURSO_DATABASE_URL"])
def test_a_setting_that_is_not_utf_8_is_rejected_by_name(tmp_path: Path, name: str) -> None:
    value = f"file:{tmp_path}/{BAD}.db" if name.endswith("URL") else f"{tmp_path}/{BAD}"
    environ = environment(tmp_path / "home") | {name: value}
    for argv in (["list"], ["edit", "Plastone", "+5", "--debug"]):
        ran = process(*argv, cwd=tmp_path, environ=environ)
        assert ran.status == 2
        assert f"{name} in the environment isn't UTF-8" in ran.err
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
