"""Other processes: holding a lock, starting at the same moment, dying at a chosen point."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

SECONDS = 60
"""How long a test waits for another process before it fails."""

_HELPERS = Path(__file__).resolve().parent.parent
_HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
connection.close()
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start Python on `code`; `helpers` can be imported there."""
    preamble = f"import sys; sys.path.insert(0, {str(_HELPERS)!r})\n"
    return subprocess.Popen(
        [sys.executable, "-c", preamble + code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def await_line(process: subprocess.Popen[str]) -> str:
    """Return the next line that the process prints; fail with its errors if it died."""
    assert process.stdout is not None
    line = process.stdout.readline().strip()
    if not line:
        _, complaint = process.communicate(timeout=SECONDS)
        raise AssertionError(f"the process died: {complaint}")
    return line


def run_together(code: str, arguments: Sequence[Sequence[object]]) -> list[str]:
    """Run `code` in one process for each list of arguments, and return what each printed.

    Each must print a line when it is ready, then read a line: all are let go at the same moment.
    """
    processes = [start(code, *given) for given in arguments]
    try:
        for process in processes:
            await_line(process)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        printed = []
        for process in processes:
            out, complaint = process.communicate(timeout=SECONDS)
            assert process.returncode == 0, complaint
            printed.append(out)
        return printed
    finally:
        for process in processes:
            process.kill()
            process.communicate()


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the database with BEGIN EXCLUSIVE in another process."""
    process = start(_HOLD, path)
    try:
        assert await_line(process) == "locked"
        yield
    finally:
        process.communicate("let go\n", timeout=SECONDS)


def until(holds: Callable[[], bool]) -> None:
    """Wait until another process makes a condition true."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)
