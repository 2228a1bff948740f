"""Starting both programs and waiting for their first screen in the same way."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks import programs
from benchmarks.databases import Databases, names
from benchmarks.pty_probe import Terminal

FIRST_SCREEN_ROW = 20
"""Counted from 0; it is in the middle of the first screenful of both programs."""


class Seen(NamedTuple):
    """Seconds from exec to the first screenful and to the last row; peak memory in MB."""

    first_screen: float
    last_row: float
    peak_memory: float | None


class Subject(NamedTuple):
    """A program, two rows of its table, and the key that goes to the last row."""

    command: list[str]
    environment: dict[str, str]
    row: str
    last_row: str
    key_to_last_row: bytes

    def first_screen(self) -> float:
        """Return the seconds from exec to the first filled table."""
        with Terminal(self.command, self.environment) as terminal:
            return terminal.wait_for(self.row) - terminal.started

    def first_screen_and_key(self) -> Seen:
        """Go to the last row after the first screenful; return the times and the memory."""
        with Terminal(self.command, self.environment) as terminal:
            first = terminal.wait_for(self.row)
            terminal.forget()
            terminal.type(self.key_to_last_row)
            last = terminal.wait_for(self.last_row)
            started = terminal.started
            return Seen(first - started, last - started, terminal.peak_memory())


def dashboard(databases: Databases, rows: int) -> Subject:
    """Return the dashboard on a database with this many resources."""
    environment = programs.environment(databases.of(rows))
    known = names(rows)
    return Subject(programs.dashboard(), environment, known[FIRST_SCREEN_ROW], known[-1], b"G")


def least_app(databases: Databases, rows: int) -> Subject:
    """Return the least app with this many rows; Ctrl+End goes to the last one."""
    return Subject(
        programs.least_app(rows),
        programs.environment(databases.folder / "none"),
        programs.least_app_name(FIRST_SCREEN_ROW),
        programs.least_app_name(rows - 1),
        b"\x1b[1;5F",
    )
