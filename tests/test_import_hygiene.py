"""`edit` starts from hotkeys during play, so it imports only what it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

# Printed on standard error, as standard output belongs to the command.
PRINT_IMPORTS = """
import json, sys
from tracker_tui.cli import main
status = main(json.loads(sys.argv[1]))
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
raise SystemExit(status)
"""


def imported_by(home: Path, *argv: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PRINT_IMPORTS, json.dumps(argv)],
        env={**os.environ, "TRACKER_HOME": str(home), "TURSO_DATABASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a database: making one imports more."""
    home = tmp_path_factory.mktemp("home")
    imported_by(home, "init", "--starter")
    return home


@pytest.mark.parametrize("more", [[], ["--json"], ["--reason", "why"]], ids=["", "json", "reason"])
@pytest.mark.parametrize("unneeded", ["textual", "rich", "requests", "tomllib", "dataclasses"])
def test_edit_imports_no_unneeded_library(home: Path, unneeded: str, more: list[str]) -> None:
    imported = imported_by(home, "edit", "Plastone", "+5", *more)
    assert "tracker_tui.cli.edit" in imported
    assert {name for name in imported if name.partition(".")[0] == unneeded} == set()


def test_edit_imports_no_screen_and_no_demo(home: Path) -> None:
    imported = imported_by(home, "edit", "Plastone", "+5")
    ours = {name for name in imported if name.startswith("tracker_tui.")}
    assert not {name for name in ours if name.split(".")[1] in ("ui", "demo", "catalogue")}


HISTORY_MODULES = {
    "tracker_tui.tracker.query_cache",
    *(
        f"tracker_tui.ledger.{name}"
        for name in ("history", "leaderboard", "quantity_series", "activity")
    ),
    *(
        f"tracker_tui.domain.{name}"
        for name in ("history", "leaderboard", "quantity_series", "activity")
    ),
    *("msgspec", "plotille"),
}


SIGN_IN_MODULES = {
    *(
        f"tracker_tui.auth.{name}"
        for name in ("discord", "discord_session", "guild_membership", "session", "sign_in")
    ),
    *("tracker_tui.guild.join", "tracker_tui.guild.sign_out", "tracker_tui.ui.sign_in.sign_in_app"),
    *("oauthlib", "requests_oauthlib", "segno", "tomlkit", "keyring", "webbrowser"),
}


def test_edit_imports_no_sign_in(home: Path) -> None:
    assert not imported_by(home, "edit", "Plastone", "+5") & SIGN_IN_MODULES


def test_edit_imports_no_history_and_leaderboard(home: Path) -> None:
    assert not imported_by(home, "edit", "Plastone", "+5") & HISTORY_MODULES


def test_the_first_screen_imports_no_later_screen() -> None:
    code = "import json, sys, tracker_tui.ui.app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout))
    assert "tracker_tui.ui.resources.resource_screen" in imported
    assert not imported & (HISTORY_MODULES | SIGN_IN_MODULES)


@pytest.mark.parametrize(
    "argv",
    [["list"], ["list", "--json"], ["history"], ["leaderboard", "--json"], ["init"]],
    ids=" ".join,
)
def test_only_the_dashboard_imports_textual(home: Path, argv: list[str]) -> None:
    imported = imported_by(home, *argv)
    assert "textual" not in imported
    assert not {name for name in imported if name.startswith("tracker_tui.ui")}
