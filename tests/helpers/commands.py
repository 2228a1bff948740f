"""Run the command line, and read its output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from helpers.processes import SECONDS
from tracker_tui.cli import main

SETTINGS = ("TURSO_", "DISCORD_", "TRACKER_")

RESOURCE_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("id", "name", "category", "status", "updated_by"), (str,)),
    **dict.fromkeys(("hagga", "deep_desert", "total", "updated_at"), (int,)),
    "target": (int, type(None)),
    "priority": (bool,),
    "multiplier": (float,),
}
COMMANDS = [
    *(["list"], ["history"], ["leaderboard"], ["edit", "iron", "+5"]),
    *(["init"], ["init", "--starter"]),
]


class Ran(NamedTuple):
    """The result of a command."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one clear line on standard error, with nothing on standard output."""
        assert self.out == ""
        assert self.err.endswith("\n")
        assert self.err.splitlines() == [self.err[:-1]]
        assert self.err.strip()
        assert "Traceback" not in self.err
        return self.err


Run = Callable[..., Ran]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SETTINGS)}
    return {**kept, "TRACKER_HOME": str(home), **more}


def process(
    *argv: str, cwd: Path, environ: dict[str, str], stdout: int | None = subprocess.PIPE
) -> Ran:
    done = subprocess.run(
        [sys.executable, "-m", "tracker_tui", *argv],
        cwd=cwd,
        env=environ,
        stdout=stdout,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    out = "" if done.stdout is None else done.stdout.decode("utf-8", "replace")
    return Ran(done.returncode, out.replace("\r\n", "\n"), done.stderr.decode("utf-8", "replace"))


@contextmanager
def editing(run: Run, *argv: str) -> Iterator[list[Ran]]:
    """Edit in a thread during the block; the result is there afterwards."""
    rans: list[Ran] = []
    thread = threading.Thread(target=lambda: rans.append(run("edit", *argv)))
    thread.start()
    yield rans
    thread.join(SECONDS)
    assert len(rans) == 1


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process, which is faster than starting a new one."""

    def command(*argv: str) -> Ran:
        try:
            status = main(argv)
        except SystemExit as end:  # argparse ends the process by itself
            status = end.code if isinstance(end.code, int) else 1
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    return command
