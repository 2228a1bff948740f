"""The programs to measure: the dashboard, `edit`, the plain app and the probes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.pty_probe import Unanswered

_FOREIGN = ("PYTHON", "TEXTUAL", "TRACKER_", "TURSO_", "DISCORD_", "COLUMNS", "LINES")
_ALSO_FOREIGN = {"NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM", "TERM_PROGRAM", "TMUX"}
_HERE = Path(__file__).parent
CONSOLE_SCRIPT = Path(sys.executable).with_name("tracker-tui")
"""The script that players run. `python -m tracker_tui` would skip a part of the start."""


def environment(database: Path) -> dict[str, str]:
    """Return the environment for a program, with a separate home and without our settings."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_FOREIGN) and name not in _ALSO_FOREIGN
    }
    return kept | {
        "TERM": "xterm-256color",
        "TRACKER_HOME": str(database.parent / "home"),
        "TURSO_DATABASE_URL": f"file:{database}",
    }


def dashboard() -> list[str]:
    """Return the command that opens the dashboard."""
    return [str(CONSOLE_SCRIPT)]


def edit(resource: str, change: str) -> list[str]:
    """Return the command that changes one quantity."""
    return [str(CONSOLE_SCRIPT), "edit", resource, change]


def least_app(rows: int) -> list[str]:
    """Return the command that opens the least Textual app with this many rows."""
    return [sys.executable, str(_HERE / "probes" / "least_app.py"), str(rows)]


def least_app_name(row: int) -> str:
    """Return the name of a row in the least app, counted from 0."""
    return f"Resource {row:05}"


def enter_probe(edits: int) -> list[str]:
    """Return the command that submits edits one after the other."""
    return [sys.executable, "-m", "benchmarks.probes.enter", str(edits)]


def remote_environment(url: str, home: Path) -> dict[str, str]:
    """Return the environment for a program with a database on a server."""
    return environment(home / "none.db") | {
        "TRACKER_HOME": str(home),
        "TURSO_DATABASE_URL": url,
        "TRACKER_AUTH": "none",
    }


def search_probe(kind: str, word: str) -> list[str]:
    """Return the command that types a word into the search, key by key."""
    return [sys.executable, "-m", "benchmarks.probes.search", kind, word]


def wheel_probe(kind: str, rows: int) -> list[str]:
    """Return the command that turns the wheel through the rows of a table."""
    return [sys.executable, "-m", "benchmarks.probes.wheel", kind, str(rows)]


def answer_of(command: Sequence[str], environment: dict[str, str]) -> Any:
    """Run a probe and return the JSON that it prints; raises Unanswered with its errors."""
    done = subprocess.run(
        command, env=environment, cwd=_HERE.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unanswered(done.stderr.strip().splitlines()[-1] if done.stderr else "no answer")
    return json.loads(done.stdout)
