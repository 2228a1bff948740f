"""`tracker-tui edit` as a whole process, as a hotkey runs it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial

from benchmarks import programs
from benchmarks.databases import names
from benchmarks.pty_probe import Unanswered
from benchmarks.repetition import medians, seconds_of
from benchmarks.report import Line
from benchmarks.rows.bench import FEW, Bench
from benchmarks.rows.screens import least_app


def lines(bench: Bench) -> Iterator[Line]:
    """Measure an edit by name and one by id against the start of the least Textual app."""
    environment = programs.environment(bench.databases.copy_of(FEW))
    least = least_app(bench.databases, FEW)
    for how, resource in (("name", names(FEW)[0]), ("id", "resource-00001")):
        work = partial(_edit, resource, environment)
        pair = medians(partial(seconds_of, work), least.first_screen, bench.times(13))
        yield Line(f"edit by {how}, whole process", *pair, ratio_at_most=0.45)


def _edit(resource: str, environment: dict[str, str]) -> None:
    command = programs.edit(resource, "+5")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unanswered(f"edit said {done.stderr.strip()}")
