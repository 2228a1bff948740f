"""The terminal under the dashboard: what Textual's own driver for it leaves to luck.

It reads through `TerminalInput`, draws on standard output, ends where the terminal is gone, and
lets the app come to rest before the process is stopped. All that it needs of Textual's privates is
here and in `terminal_input`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from select import select
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from textual.drivers.linux_driver import LinuxDriver

from tracker_tui.ui.signals import handle_signal
from tracker_tui.ui.terminal_input import TerminalInput

if TYPE_CHECKING:
    from tracker_tui.ui.base_app import BaseApp

_CHUNK: Final = 1 << 12
_HELD_AT_MOST: Final = 1 << 16


class TerminalOutput:
    """Writes to a terminal; where that is gone it says so once, and writes nothing."""

    def __init__(self, stream: TextIO, when_gone: Callable[[], object]) -> None:
        self._number = stream.fileno()
        self._encoding = stream.encoding
        self._when_gone = when_gone
        self._held: list[bytes] = []
        self._is_gone = False

    def fileno(self) -> int:
        """Return the number of the file."""
        return self._number

    def write(self, text: str) -> int:
        """Write soon; what belongs together goes out together."""
        self._held.append(text.encode(self._encoding, "replace"))
        if sum(map(len, self._held)) > _HELD_AT_MOST:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Write now."""
        data, self._held = memoryview(b"".join(self._held)), []
        while data and not self._is_gone:
            try:
                data = data[os.write(self._number, data) :]
            except BlockingIOError:
                # Another program that shares the terminal wants no write to wait.
                select([], [self._number], [])
            except OSError:
                self._is_gone = True
                self._when_gone()


class TerminalDriver(LinuxDriver):
    """The driver of a `BaseApp`."""

    _app: BaseApp

    def __init__(
        self,
        app: BaseApp,
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        # Textual draws on standard error, which may be a file; that this is no file was looked at.
        self._file = cast("Any", TerminalOutput(sys.__stdout__ or sys.stdout, self._hang_up))

        self._is_away = False
        # Not in the middle of whatever runs, as Textual's are: they would wait for threads there.
        handle_signal(signal.SIGTSTP, self._stop)
        handle_signal(signal.SIGCONT, self._go_on)

    # Being stopped, and going on

    def start_application_mode(self) -> None:
        """Take the terminal; in the background that is not to be had."""
        before = self._key_thread
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._is_away = self._key_thread is before

    def _stop(self) -> None:
        if not self._is_away:
            self._app.rest()
            self._leave()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        if not self._is_away:
            # Stopped without being asked: the terminal is as the shell has left it.
            self._leave()
        self.resume_application_mode()
        if not self._is_away:
            self._app.wake()
            self.send_message(self.SignalResume())

    def _leave(self) -> None:
        self.suspend_application_mode()
        self._is_away = True

    # Reading

    def run_input_thread(self) -> None:
        """Read until the end; where the terminal is gone, that is the end."""
        try:
            self._read()
        except OSError:
            self._hang_up()
        except Exception as error:  # noqa: BLE001 - nobody is above a thread to hear of it
            self._tell_app(self._app.fail, error)

    def _read(self) -> None:
        source = TerminalInput()
        while not self.exit_event.is_set():
            if select([self.fileno], [], [], source.patience)[0]:
                data = os.read(self.fileno, _CHUNK)
                if not data:
                    self._hang_up()
                    return
                for message in source.feed(data):
                    self.process_message(message)
            for message in source.tick():
                self.process_message(message)

    def _hang_up(self) -> None:
        self._tell_app(self._app.hang_up)

    def _tell_app(self, what: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # it has ended meanwhile
            self._loop.call_soon_threadsafe(what, *arguments)
