"""The terminal: a Textual driver that survives bad input, a closed terminal and Ctrl+Z.

Textual's own driver reads an Esc and the next key as one key, crashes on bytes that it cannot
decode, and draws on standard error. This one splits the input into whole sequences before it
reaches Textual's parser, drops what makes no sense, draws on standard output, ends the app when the
terminal is gone, and pauses the tracker before the process stops. For example, Esc and Enter in one
read become `escape` and a `GluedKey("enter")`.

This module holds what the driver needs of the private parts of Textual.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from codecs import getincrementaldecoder
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from select import select
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, TextIO, cast

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tracker_tui.ui.base_app import handle_signal
from tracker_tui.ui.keys import GluedKey

if TYPE_CHECKING:
    from tracker_tui.ui.base_app import BaseApp


_WHOLE_SEQUENCE: Final = re.compile(
    rb"\x1b(?:"
    rb"\[M[\s\S]{3}"  # an old mouse report: three bytes, of any value
    rb"|\[\[[A-Z]"  # a function key of the Linux console
    rb"|\[(?![M\[])[0-?]*[ -/]*[@-~]"
    rb"|O[ -~]"
    rb"|\][0-9][^\x07\x1b]*(?:\x07|\x1b\\)"  # replies to a program that has ended
    rb"|P[0-9!$+>|][^\x1b]*\x1b\\"
    rb")"
)
_UNFINISHED_SEQUENCE: Final = re.compile(
    rb"\x1b(?:"
    rb"\[(?:M[\s\S]{0,2}|\[|[0-?]{0,64}[ -/]{0,8})"
    rb"|O"
    rb"|\](?:[0-9][^\x07\x1b]{0,4096}\x1b?)?"
    rb"|P(?:[0-9!$+>|][^\x1b]{0,4096}\x1b?)?"
    rb")?"
)
_BROKEN_SEQUENCE: Final = re.compile(rb"\x1b\[[0-?]+[ -/]*")
_MEANINGLESS: Final = (b"\x1b[M", b"\x1b]", b"\x1bP")
_PASTE_BEGINS: Final = b"\x1b[200~"
_PASTE_ENDS: Final = b"\x1b[201~"
_LONGEST_PASTE: Final = 1 << 20
_LONGEST_TYPED: Final = 2
_STALE_SECONDS: Final = 1.0
_IDLE_SECONDS: Final = 0.1
_LARGEST_SCREEN: Final = 4096
_KEYPAD: Final = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "equal": "=",
    "decimal": ".",
    "separator": ",",
}
_NAMES: Final = {
    "+": "plus",
    "-": "minus",
    "*": "asterisk",
    "/": "slash",
    "=": "equals_sign",
    ".": "full_stop",
    ",": "comma",
}


class TerminalInput:
    """Turns the bytes that a terminal sends into messages for an app."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._parser = XTermParser()
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._unfinished = b""
        self._unfinished_since = 0.0
        self._paste: bytearray | None = None
        self._is_behind_escape = False

    @property
    def timeout(self) -> float:
        """Seconds until the next call of `tick`, unless bytes arrive before."""
        if not self._is_typed:
            return _IDLE_SECONDS
        left = self._unfinished_since + constants.ESCAPE_DELAY - self._clock()
        return min(max(left, 0.0), _IDLE_SECONDS)

    @property
    def _is_typed(self) -> bool:
        """Whether the unfinished sequence may be typed keys: Esc, or Esc and one more."""
        return 0 < len(self._unfinished) <= _LONGEST_TYPED

    def feed(self, data: bytes) -> Iterator[Message]:
        """Read bytes; yield the messages that they complete."""
        data, self._unfinished = self._unfinished + data, b""
        while data:
            if self._paste is not None:
                data = yield from self._read_paste(self._paste, data)
            elif not data.startswith(b"\x1b"):
                text, escape, rest = data.partition(b"\x1b")
                yield from self._messages(self._decode(text))
                data = escape + rest
            elif found := _WHOLE_SEQUENCE.match(data):
                yield from self._read_sequence(found[0])
                data = data[found.end() :]
            elif _UNFINISHED_SEQUENCE.fullmatch(data):
                self._unfinished, self._unfinished_since = data, self._clock()
                return
            elif found := _BROKEN_SEQUENCE.match(data):
                data = data[found.end() :]
            else:
                yield from self._escape()
                self._is_behind_escape = True
                data = data[1:]

    def tick(self) -> Iterator[Message]:
        """Yield an Esc that no other byte followed in time; drop stale, unfinished sequences."""
        age = self._clock() - self._unfinished_since
        if not self._unfinished or age < constants.ESCAPE_DELAY:
            return
        if self._is_typed:
            unfinished, self._unfinished = self._unfinished, b""
            yield from self._escape()
            self._is_behind_escape = len(unfinished) > 1
            yield from self._messages(self._decode(unfinished[1:]))
        elif age >= _STALE_SECONDS:
            self._unfinished = b""

    def _escape(self) -> Iterator[Message]:
        # The rest of an unfinished character does not come any more.
        yield from self._messages(self._decode(b"", final=True))
        yield from self._with_glued_key([events.Key("escape", "\x1b")])

    def _read_paste(self, paste: bytearray, data: bytes) -> Generator[Message, None, bytes]:
        """Collect pasted text; return the bytes behind it."""
        searched = max(0, len(paste) - len(_PASTE_ENDS) + 1)
        paste += data
        end = paste.find(_PASTE_ENDS, searched)
        if end < 0:
            del paste[_LONGEST_PASTE : -len(_PASTE_ENDS)]
            return b""
        self._paste = None
        text = paste[:end].decode("utf-8", "replace").replace("\x00", "")
        yield from self._with_glued_key([events.Paste(text)])
        return bytes(paste[end + len(_PASTE_ENDS) :])

    def _read_sequence(self, sequence: bytes) -> Iterator[Message]:
        if sequence == _PASTE_BEGINS:
            self._paste = bytearray()
        elif not sequence.startswith(_MEANINGLESS):
            yield from self._messages(sequence.decode("ascii", "replace"))

    def _messages(self, text: str) -> Iterator[Message]:
        """Parse plain text, or one whole sequence."""
        if not text:
            return
        try:
            messages = list(self._parser.feed(text))
        except Exception:  # noqa: BLE001 - it fails in many ways on absurd numbers
            messages = []
        if not messages:
            # It may wait for the rest, and would misread what comes next.
            self._reset_parser()
        yield from self._with_glued_key(filter(_makes_sense, map(_on_keyboard, messages)))

    def _with_glued_key(self, messages: Iterable[Message]) -> Iterator[Message]:
        for message in messages:
            is_glued, self._is_behind_escape = self._is_behind_escape, False
            if is_glued and isinstance(message, events.Key):
                yield GluedKey(message.key, message.character)
            else:
                yield message
        self._is_behind_escape = False

    def _reset_parser(self) -> None:
        before, self._parser = self._parser, XTermParser()
        for name in ("last_x", "last_y", "mouse_pixels", "terminal_size", "terminal_pixel_size"):
            setattr(self._parser, name, getattr(before, name))


def _on_keyboard(message: Message) -> Message:
    """Return a keypad key as the keyboard key with the same character."""
    if isinstance(message, events.Key) and message.key in _KEYPAD:
        character = message.character or _KEYPAD[message.key]
        return events.Key(_NAMES.get(character, message.key), character)
    return message


def _makes_sense(message: Message) -> bool:
    if isinstance(message, events.Resize):
        return all(0 < length <= _LARGEST_SCREEN for length in message.size)
    if isinstance(message, events.MouseEvent):
        return message.screen_x < _LARGEST_SCREEN and message.screen_y < _LARGEST_SCREEN
    return True


_CHUNK: Final = 1 << 12
_LARGEST_BUFFER: Final = 1 << 16


class TerminalOutput:
    """Writes to a terminal; calls `when_gone` once if the terminal is gone."""

    def __init__(self, stream: TextIO, when_gone: Callable[[], object]) -> None:
        self._number = stream.fileno()
        self._encoding = stream.encoding
        self._when_gone = when_gone
        self._buffer: list[bytes] = []
        self._is_gone = False

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._number

    def write(self, text: str) -> int:
        """Buffer the text until the next flush, so that a frame goes out in one piece."""
        self._buffer.append(text.encode(self._encoding, "replace"))
        if sum(map(len, self._buffer)) > _LARGEST_BUFFER:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Write the buffered text."""
        data, self._buffer = memoryview(b"".join(self._buffer)), []
        while data and not self._is_gone:
            try:
                data = data[os.write(self._number, data) :]
            except BlockingIOError:
                # Another program made the shared terminal non-blocking.
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
        # Textual draws on standard error, which may be a file.
        self._file = cast("Any", TerminalOutput(sys.__stdout__ or sys.stdout, self._hang_up))
        self._is_away = False
        # In the event loop: Textual's own handlers interrupt code that may hold a lock.
        handle_signal(signal.SIGTSTP, self._stop)
        handle_signal(signal.SIGCONT, self._resume)

    # Being stopped, and going on

    def start_application_mode(self) -> None:
        """Take over the terminal, unless this process runs in the background."""
        before = self._key_thread
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._is_away = self._key_thread is before

    def _stop(self) -> None:
        if not self._is_away:
            self._app.pause_work()
            self._release_terminal()
        os.kill(os.getpid(), signal.SIGSTOP)

    def _resume(self) -> None:
        if not self._is_away:
            # Stopped by SIGSTOP: the shell may have changed the terminal.
            self._release_terminal()
        self.resume_application_mode()
        if not self._is_away:
            self._app.resume_work()
            self.send_message(self.SignalResume())

    def _release_terminal(self) -> None:
        self.suspend_application_mode()
        self._is_away = True

    # Reading

    def run_input_thread(self) -> None:
        """Read until the app ends or the terminal is gone."""
        try:
            self._read()
        except OSError:
            self._hang_up()
        except Exception as error:  # noqa: BLE001 - nothing above a thread reports it
            self._call_app(self._app.fail, error)

    def _read(self) -> None:
        source = TerminalInput()
        while not self.exit_event.is_set():
            if select([self.fileno], [], [], source.timeout)[0]:
                data = os.read(self.fileno, _CHUNK)
                if not data:
                    self._hang_up()
                    return
                for message in source.feed(data):
                    self.process_message(message)
            for message in source.tick():
                self.process_message(message)

    def _hang_up(self) -> None:
        self._call_app(self._app.hang_up)

    def _call_app(self, function: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the app has ended
            self._loop.call_soon_threadsafe(function, *arguments)
