"""The wheel is complete and works without this folder."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tracker_tui import __version__

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tracker_tui"
WINDOWS = sys.platform == "win32"
pytestmark = pytest.mark.xdist_group("wheel")


class Installed(NamedTuple):
    """A fresh installation: its command, and an environment without settings."""

    command: Path
    cwd: Path
    environ: dict[str, str]

    def run(self, *argv: str) -> str:
        """Run the installed command and return its output; it must succeed without messages."""
        done = run([self.command, *argv], self.cwd, self.environ)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout


def run(
    argv: Sequence[str | Path], cwd: Path, environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=cwd,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    argv = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    done = run(argv, folder, dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("installed")
    environment = folder / "venv"
    venv.create(environment, system_site_packages=False, with_pip=False)
    scripts = environment / ("Scripts" if WINDOWS else "bin")
    python = scripts / ("python.exe" if WINDOWS else "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    done = run([*pip, "install", "--quiet", wheel], folder, dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    cwd, home = folder / "somewhere else", folder / "home"
    cwd.mkdir()
    home.mkdir()
    # Keep only the variables that every program needs.
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    users = {name: str(home) for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")}
    command = scripts / ("tracker-tui.exe" if WINDOWS else "tracker-tui")
    return Installed(command, cwd, {**kept, **users, "PYTHONUTF8": "1"})


def test_the_wheel_contains_schema_and_catalogue(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        schema = archive.read("tracker_tui/schema.sql")
    assert schema == (ROOT / "schema.sql").read_bytes()
    assert "tracker_tui/catalogue/starter.toml" in names


def test_the_wheel_contains_every_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if name.startswith("tracker_tui/")}
    assert names == {
        f"tracker_tui/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {"tracker_tui/schema.sql"}


def test_the_wheel_contains_only_the_package_and_its_license(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    info = f"tracker_tui-{__version__}.dist-info/"
    assert {name for name in names if not name.startswith(("tracker_tui/", info))} == set()
    assert [name for name in names if name.startswith(info) and name.endswith("LICENSE")] != []


def test_the_installed_command_works_from_its_first_start(installed: Installed) -> None:
    assert installed.run("--version") == f"tracker-tui {__version__}\n"
    assert "starter resources" in installed.run("init", "--starter")
    assert "Spice Melange" in installed.run("list", "spice")
    assert "0 → 500" in installed.run("edit", "Spice Melange", "+500")
    assert "500" in installed.run("list", "spice melange")
    # All files are in the user's folders, none in the current one.
    assert list(installed.cwd.iterdir()) == []
