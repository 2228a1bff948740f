"""The wheel is complete and works without this folder."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from helpers.commands import environment, process
from tracker_tui import __version__

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tracker_tui"
OPTIONAL = {"aiohttp", "keyring", "libsql_client"}
"""Used only if they are installed; the first comes with the last."""
INFO = f"tracker_tui-{__version__}.dist-info"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contents of the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in found if "__pycache__" not in str(path)}


def test_the_wheel_contains_the_package_its_schema_and_its_license(unpacked: Path) -> None:
    assert (unpacked / "tracker_tui/schema.sql").read_bytes() == (ROOT / "schema.sql").read_bytes()
    assert "catalogue/starter.toml" in files(PACKAGE)
    assert files(unpacked / "tracker_tui") == files(PACKAGE) | {"schema.sql"}
    assert {path.name for path in unpacked.iterdir()} == {"tracker_tui", INFO}
    assert list((unpacked / INFO).rglob("LICENSE")) != []


def imported() -> Iterator[str]:
    """Yield the name of each top-level package that the program imports."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (name.name.partition(".")[0] for name in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def test_the_wheel_requires_what_the_program_imports(unpacked: Path) -> None:
    metadata = (unpacked / INFO / "METADATA").read_text("utf-8")
    required = set(re.findall(r"^Requires-Dist: ([\w-]+)[^;\n]*$", metadata, re.MULTILINE))
    known = packages_distributions()
    others = set(imported()) - {"tracker_tui", *OPTIONAL} - sys.stdlib_module_names
    assert len(others) > 5
    for name in others:
        assert {found.lower() for found in known[name]} & required, name


def test_the_installed_command_works_from_its_first_start(unpacked: Path, tmp_path: Path) -> None:
    entry_points = (unpacked / INFO / "entry_points.txt").read_text("utf-8")
    assert "tracker-tui = tracker_tui.cli:main" in entry_points
    cwd = tmp_path / "somewhere else"
    cwd.mkdir()
    users = ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")
    given = dict.fromkeys(users, str(tmp_path / "home")) | {"PYTHONPATH": str(unpacked)}
    environ = environment(tmp_path, PYTHONUTF8="1") | given
    del environ["TRACKER_HOME"]
    for argv, expected in (
        (["--version"], f"tracker-tui {__version__}\n"),
        (["init", "--starter"], "starter resources"),
        (["edit", "Spice Melange", "+500"], "0 → 500"),
        (["list", "spice melange"], "500"),
    ):
        ran = process(*argv, cwd=cwd, environ=environ)
        assert (ran.status, ran.err) == (0, ""), argv
        assert expected in ran.out, argv
    # All files are in the user's folders, none in the current one.
    assert list(cwd.iterdir()) == []
