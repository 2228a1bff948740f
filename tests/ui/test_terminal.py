"""The program itself, in a process of its own, on a real pseudo-terminal."""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

from tracker_tui.sync.store import left_behind
from ui.conftest import Guild, MakeGuild

pty = pytest.importorskip("pty", reason="there are no pseudo-terminals on Windows")
SECONDS = 40.0
COLUMNS, LINES = 100, 30


class Terminal:
    """A dashboard behind a pseudo-terminal that nobody answers for."""

    def __init__(self, guild: Guild, home: Path) -> None:
        import fcntl
        import termios

        environment = os.environ | {
            "TRACKER_HOME": str(home),
            "TURSO_DATABASE_URL": f"file:{guild.path}",
            "TERM": "xterm-256color",
        }
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            try:
                size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
                fcntl.ioctl(0, termios.TIOCSWINSZ, size)
                command = [sys.executable, "-m", "tracker_tui"]
                os.execve(command[0], command, environment)
            finally:
                os._exit(127)
        os.set_blocking(self.file, False)
        self.output = b""

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Read what the program draws until something holds."""
        deadline = monotonic() + SECONDS
        while not holds():
            assert monotonic() < deadline, f"{what} never came; drawn: {self.output[-2000:]!r}"
            self.read(0.05)

    def read(self, seconds: float) -> None:
        """Read once, or wait so long for something to read."""
        if select.select([self.file], [], [], seconds)[0]:
            with suppress(OSError):  # Linux says EIO when the program has gone
                self.output += os.read(self.file, 1 << 16)

    def write(self, keys: bytes) -> None:
        """Type, in one write where the terminal takes it."""
        while keys:
            try:
                keys = keys[os.write(self.file, keys) :]
            except BlockingIOError:
                self.read(0.01)

    def leave(self) -> int:
        """Leave by ctrl+q; returns the exit status."""
        self.write(b"\x11")
        return self.ends()

    def ends(self) -> int:
        """Wait for the end; returns the exit status."""
        ended: list[int] = []

        def is_over() -> bool:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                ended.append(os.waitstatus_to_exitcode(status))
            return bool(ended)

        self.until(is_over, "the end")
        self.pid = 0
        return ended[0]

    def close(self) -> None:
        """End the program if it has not ended."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.file)


@pytest.fixture
def real_guild(make_guild: MakeGuild) -> Guild:
    """The guild, for a program that has no clock but the database's."""
    return make_guild(now=None)


@pytest.fixture
def terminal(real_guild: Guild, home: Path) -> Iterator[Terminal]:
    """The dashboard, its table on screen."""
    terminal = Terminal(real_guild, home)
    try:
        terminal.until(lambda: b"Plastanium Ingot" in terminal.output, "the table")
        yield terminal
    finally:
        terminal.close()


def test_find_and_change_written_at_once(terminal: Terminal, real_guild: Guild) -> None:
    terminal.write(b"/spice mel+3*500\r")
    terminal.until(lambda: bool(real_guild.history()), "the change")
    assert real_guild.history("spice") == [("relative", 1_500, 0, None)]
    assert real_guild.quantities("spice") == (2_700, 0)
    assert real_guild.points() == [("spice", 165.0)]
    terminal.until(lambda: b"2,700" in terminal.output, "the new quantity on screen")
    assert terminal.leave() == 0


def test_500_edits_written_at_once(terminal: Terminal, real_guild: Guild) -> None:
    amounts = [1 + number % 9 for number in range(500)]
    terminal.write(b"/water\r" + b"".join(b"+%d\r" % amount for amount in amounts))
    terminal.until(lambda: len(real_guild.history()) == 500, "500 changes")
    assert [row[1] for row in real_guild.history("water")] == amounts
    assert real_guild.quantities("water") == (7 + sum(amounts), 0)


def test_keys_written_after_a_burst_are_answered_soon(
    terminal: Terminal, real_guild: Guild, home: Path
) -> None:
    terminal.write(b"/water\r" + b"+1\r" * 100)
    terminal.until(lambda: len(real_guild.history()) == 100, "100 changes")
    # An outbox that is opened before the last answer is kept closes by itself.
    stores = home / "data" / "guilds"
    terminal.until(lambda: not any(left_behind(stores)), "the last answer")
    terminal.output = b""
    terminal.write(b"o")
    terminal.until(lambda: b"Nothing waits, neither for you" in terminal.output, "the outbox")


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_ended_from_outside_it_stores_and_leaves_the_terminal_in_order(
    terminal: Terminal, real_guild: Guild, name: str
) -> None:
    terminal.write(b"/water\r+5\r+6")
    terminal.until(lambda: b"+6" in terminal.output, "the change that is half typed")
    number = getattr(signal, name)
    os.kill(terminal.pid, number)
    assert terminal.ends() == 128 + number
    assert real_guild.quantities("water") == (12, 0)
    # The main screen, the cursor, and no more mouse reports.
    for sequence in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l"):
        assert sequence in terminal.output
    assert b"Traceback" not in terminal.output


def test_leaving_at_once_stores_what_was_typed(terminal: Terminal, real_guild: Guild) -> None:
    terminal.write(b"/water\r" + b"+1\r" * 30)
    assert terminal.leave() == 0
    assert real_guild.quantities("water") == (37, 0)
    assert b"Traceback" not in terminal.output
