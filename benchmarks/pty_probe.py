"""A program on a pseudo-terminal: start it, read from it, type into it, quit it.

No terminal answers it and its output is discarded, so only the program's own time is measured.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, perf_counter
from types import TracebackType
from typing import Self

_COLUMNS, _LINES = 120, 40
_PATIENCE = 60.0
_FAREWELL = 20.0
_CTRL_Q = b"\x11"
_CHUNK = 1 << 16


class Unanswered(Exception):
    """A program did not do what the benchmark waited for."""


class Terminal:
    """Starts a program on 120 x 40 cells; `started` is the time of the start by perf_counter."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        self.started = perf_counter()
        self._pid, self._file = pty.fork()
        if self._pid == 0:
            _become(command, environment)
        os.set_blocking(self._file, False)
        self._unread = b""
        self._has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Quit the program, and kill it if it does not."""
        deadline = monotonic() + _FAREWELL
        with suppress(OSError):
            os.write(self._file, _CTRL_Q)
        while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            if monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
                os.waitpid(self._pid, 0)
                break
            self._read(0.005)
        os.close(self._file)

    def wait_for(self, text: str) -> float:
        """Return when `text` was on screen, by perf_counter, and forget the output up to it."""
        wanted = text.encode()
        self.wait_until(lambda: wanted in self._unread, f"“{text}” on screen")
        seen = perf_counter()
        self._unread = self._unread.partition(wanted)[2]
        return seen

    def wait_until(self, is_so: Callable[[], bool], what: str, look_every: float = 1.0) -> None:
        """Read the program's output until `is_so`, which is called after each piece of it."""
        deadline = monotonic() + _PATIENCE
        while not is_so():
            if self._has_ended:
                raise Unanswered(f"the program ended before there was {what}")
            if monotonic() > deadline:
                raise Unanswered(f"waited {_PATIENCE:.0f} s for {what}")
            self._read(look_every)

    def type(self, keys: bytes) -> None:
        """Send keys to the program, and read its output so that neither waits for the other."""
        while keys:
            try:
                keys = keys[os.write(self._file, keys) :]
            except BlockingIOError:
                self._read(0.01)

    def forget(self) -> None:
        """Forget the output so far: the next `wait_for` needs a new drawing."""
        self._read(0.0)
        self._unread = b""

    def peak_memory(self) -> float | None:
        """Return the peak memory of the program in MB; None if the system does not report it."""
        with suppress(OSError):
            status = Path(f"/proc/{self._pid}/status").read_text(encoding="ascii")
            if found := re.search(r"VmHWM:\s*(\d+) kB", status):
                return int(found[1]) / 1024
        return None

    def _read(self, seconds: float) -> None:
        if not select.select([self._file], [], [], seconds)[0]:
            return
        try:
            read = os.read(self._file, _CHUNK)
        except OSError:
            read = b""  # Linux: the program has closed its side; on macOS there are no bytes
        self._unread += read
        self._has_ended = not read


def _become(command: Sequence[str], environment: Mapping[str, str]) -> None:
    """In the child process: set the size of the terminal, then become the program."""
    try:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, _COLUMNS, 0, 0))
        os.execve(command[0], list(command), dict(environment))
    finally:
        os._exit(127)
