"""Reading commands as whole processes, while another program writes."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks import programs
from benchmarks.pty_probe import Unanswered
from benchmarks.repetition import medians, seconds_of
from benchmarks.report import Line
from benchmarks.rows.bench import Bench
from benchmarks.rows.network import filled
from benchmarks.servers import server_in
from tracker_tui.turso import connect

_GUILD: Final = 600
_COMMANDS: Final = ("list", "history", "leaderboard")
_HELD: Final = ("BEGIN IMMEDIATE", "UPDATE resources SET quantity_hagga = quantity_hagga + 1")
Connect = Callable[[], Any]


def lines(bench: Bench) -> Iterator[Line]:
    """Measure on a SQLite file and on a real server, in turns with and without a writer."""
    path = bench.databases.copy_of(_GUILD)
    environment = programs.environment(path)
    yield from _commands(bench, "file", environment, partial(_open_file, path))
    with ExitStack() as stack:
        server = stack.enter_context(server_in(bench.databases.folder / "reading"))
        url = server.new_database()
        stack.enter_context(closing(filled(url, _GUILD)))
        environment = programs.remote_environment(url, bench.databases.folder / "reading-home")
        yield from _commands(
            bench, "server", environment, partial(connect, url, isolation_level=None)
        )


def _commands(
    bench: Bench, where: str, environment: dict[str, str], connect_: Connect
) -> Iterator[Line]:
    for command in _COMMANDS:
        run = partial(seconds_of, partial(_run, command, environment))
        run()  # the first run reads everything
        pair = medians(partial(_beside_a_writer, connect_, run), run, bench.times(9))
        yield Line(f"{where}, {command} while another writes", *pair, ratio_at_most=1.2)


def _run(command: str, environment: dict[str, str]) -> None:
    argv = [str(programs.CONSOLE_SCRIPT), command]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unanswered(f"{command} said {done.stderr.strip()}")


def _beside_a_writer(connect_: Connect, measure: Callable[[], float]) -> float:
    with _writing(connect_):
        return measure()


@contextmanager
def _writing(connect_: Connect) -> Iterator[None]:
    """Hold the write lock, as the website does during a change in several steps."""
    with closing(connect_()) as connection:
        for statement in _HELD:
            connection.execute(statement)
        # Closed without a COMMIT, so nothing is changed.
        yield


def _open_file(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)
