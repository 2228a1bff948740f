"""Running a program behind a pseudo-terminal: typing, reading, stopping, hanging up, ending."""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

from helpers.commands import environment

SECONDS = 40.0
COLUMNS, LINES = 100, 30


def set_size(file: int, columns: int, lines: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


class Terminal:
    """A dashboard behind a pseudo-terminal that answers no query."""

    def __init__(self, home: Path, *command: str, **settings: str) -> None:
        """Start the dashboard, directly or with another command."""
        import pty

        environ = environment(home, TERM="xterm-256color", PYTHONFAULTHANDLER="1", **settings)
        started = command or (sys.executable, "-m", "tracker_tui")
        self.file, theirs = pty.openpty()
        set_size(theirs, COLUMNS, LINES)
        # The first terminal that a new session opens becomes its own.
        files = [(os.POSIX_SPAWN_OPEN, 0, os.ttyname(theirs), os.O_RDWR, 0)]
        files += [(os.POSIX_SPAWN_DUP2, 0, number) for number in (1, 2)]
        self.pid = os.posix_spawn(started[0], started, environ, file_actions=files, setsid=True)
        os.close(theirs)
        os.set_blocking(self.file, False)
        self.output = b""
        self.patience = SECONDS
        self.status: int | None = None
        """The exit status, or None while it runs."""

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Read the program's output until a condition holds."""
        deadline = monotonic() + self.patience
        while not holds():
            assert monotonic() < deadline, f"{what} never came; drawn: {self._last_words()!r}"
            self.read(0.05)

    def _last_words(self) -> bytes:
        """Abort the program, which tells what its threads do; return the end of its output."""
        if self.pid:
            os.kill(self.pid, signal.SIGABRT)
            for _ in range(20):
                self.read(0.05)
        return self.output[-8000:]

    def read(self, seconds: float) -> None:
        """Read once; wait at most this long for output."""
        if self.file < 0:
            sleep(seconds)
        elif select.select([self.file], [], [], seconds)[0]:
            with suppress(OSError):  # Linux says EIO when the program has gone
                self.output += os.read(self.file, 1 << 16)

    def draws(self, *parts: bytes) -> None:
        """Wait until all of these texts were drawn since `forget` or the start."""
        for part in parts:
            self.until(lambda part=part: part in self.output, repr(part))

    def forget(self) -> None:
        """Discard the output so far."""
        self.read(0.0)
        while self.output:
            self.output = b""
            self.read(0.0)

    def write(self, keys: bytes) -> None:
        """Type bytes, in one write if the terminal accepts it."""
        while keys:
            try:
                keys = keys[os.write(self.file, keys) :]
            except BlockingIOError:
                self.read(0.01)

    def leave(self) -> int:
        self.write(b"\x11")
        return self.ends()

    def ends(self) -> int:
        """Wait for the end; returns the exit status."""
        self.until(lambda: self.has_ended, "the end")
        assert self.status is not None
        return self.status

    @property
    def has_ended(self) -> bool:
        """Whether it has ended; `status` holds the exit status then."""
        if self.status is None:
            self._poll_status(os.WNOHANG)
        return self.status is not None

    def has_stopped(self) -> bool:
        """Whether the system has stopped it since the last call."""
        return self._poll_status(os.WNOHANG | os.WUNTRACED)

    def stops(self) -> bool:
        """Wait until the program is stopped or has ended; return whether it was stopped."""
        self.until(lambda: self.has_stopped() or self.has_ended, "the stop")
        return not self.has_ended

    def _poll_status(self, how: int) -> bool:
        """Check the process once; return whether it was stopped."""
        pid, status = os.waitpid(self.pid, how) if self.pid else (0, 0)
        if pid and not os.WIFSTOPPED(status):
            self.pid, self.status = 0, os.waitstatus_to_exitcode(status)
        return bool(pid) and os.WIFSTOPPED(status)

    def close(self) -> None:
        """End the program if it has not ended."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.file >= 0:
            os.close(self.file)

    def hang_up(self) -> None:
        os.close(self.file)
        self.file = -1
