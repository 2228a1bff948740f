"""`edit` starts from hotkeys during play, so it imports only what it needs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# Printed on standard error, as standard output belongs to the commands.
PRINT_IMPORTS = """
import json, sys
from tracker_tui.cli import main
statuses = [main(argv) for argv in json.loads(sys.argv[1])]
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
raise SystemExit(max(statuses))
"""


def imported_by(home: Path, *commands: list[str]) -> set[str]:
    """Run commands in one process; return the names of all modules that it imported."""
    done = subprocess.run(
        [sys.executable, "-c", PRINT_IMPORTS, json.dumps(commands)],
        env={**os.environ, "TRACKER_HOME": str(home), "TURSO_DATABASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


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


def test_edit_imports_only_what_it_needs(tmp_path: Path) -> None:
    # Making a database imports more.
    imported_by(tmp_path, ["init", "--starter"])
    edit = ["edit", "Plastone", "+5"]
    imported = imported_by(tmp_path, edit, [*edit, "--json"], [*edit, "--reason", "why"])
    assert "tracker_tui.cli.edit" in imported
    libraries = {"textual", "rich", "requests", "tomllib", "dataclasses"}
    assert {name.partition(".")[0] for name in imported} & libraries == set()
    ours = {name for name in imported if name.startswith("tracker_tui.")}
    assert not {name for name in ours if name.split(".")[1] in ("ui", "demo", "catalogue")}
    assert not imported & (HISTORY_MODULES | SIGN_IN_MODULES)


def test_the_first_screen_imports_no_later_screen() -> None:
    code = "import json, sys, tracker_tui.ui.app; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout))
    assert "tracker_tui.ui.resources.resource_screen" in imported
    assert not imported & (HISTORY_MODULES | SIGN_IN_MODULES)


def test_only_the_dashboard_imports_textual(tmp_path: Path) -> None:
    imported = imported_by(
        tmp_path, ["init"], ["list"], ["list", "--json"], ["history"], ["leaderboard", "--json"]
    )
    assert "textual" not in imported
    assert not {name for name in imported if name.startswith("tracker_tui.ui")}
