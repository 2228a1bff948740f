"""The programs that are started: the dashboard, `edit`, and the plain app beside them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_FOREIGN = ("PYTHON", "TEXTUAL", "TRACKER_", "TURSO_", "DISCORD_", "COLUMNS", "LINES")
_ALSO_FOREIGN = {"NO_COLOR", "FORCE_COLOR", "COLORTERM", "TERM", "TERM_PROGRAM", "TMUX"}
_HERE = Path(__file__).parent
CONSOLE_SCRIPT = Path(sys.executable).with_name("tracker-tui")
"""What players run; not `python -m tracker_tui`, which skips a part of the start."""


def environment(database: Path) -> dict[str, str]:
    """Return the variables for a child, whoever runs the benchmarks: caches on, a home apart."""
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
    """Return the command that opens the least Textual app with so many rows."""
    return [sys.executable, str(_HERE / "probes" / "least_app.py"), str(rows)]


def least_app_name(row: int) -> str:
    """Return what the least app calls a row, counted from 0."""
    return f"Resource {row:05}"


def enter_probe(edits: int) -> list[str]:
    """Return the command that submits so many edits, one after the other."""
    return [sys.executable, "-m", "benchmarks.probes.entering", str(edits)]


def remote_environment(url: str, home: Path) -> dict[str, str]:
    """Return the variables for a child with a database on a server."""
    return environment(home / "none.db") | {
        "TRACKER_HOME": str(home),
        "TURSO_DATABASE_URL": url,
        "TRACKER_AUTH": "none",
    }


def filter_probe(kind: str, word: str) -> list[str]:
    """Return the command that types a word into a filter, one key at a time."""
    return [sys.executable, "-m", "benchmarks.probes.filtering", kind, word]


def wheel_probe(kind: str, rows: int) -> list[str]:
    """Return the command that turns the wheel through so many rows of a table."""
    return [sys.executable, "-m", "benchmarks.probes.turning", kind, str(rows)]
