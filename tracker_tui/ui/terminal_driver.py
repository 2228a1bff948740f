"""What a terminal sends, byte by byte, as keys, clicks and pastes; nothing that comes is an error.

Textual's parser knows the sequences, but it takes an Esc and the key behind it for one key, and
what it cannot read ends the program. So the bytes are cut here, and it sees whole sequences only.

The terminal under the dashboard: what Textual's own driver for it leaves to luck.

It reads through `TerminalInput`, draws on standard output, ends where the terminal is gone, and
lets the app come to rest before the process is stopped. All that it needs of Textual's privates is
here and in `terminal_input`.
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


_WHOLE: Final = re.compile(
    rb"\x1b(?:"
    rb"\[M[\s\S]{3}"  # an old mouse report: three bytes, of any value
    rb"|\[\[[A-Z]"  # a function key of the Linux console
    rb"|\[(?![M\[])[0-?]*[ -/]*[@-~]"
    rb"|O[ -~]"
    rb"|\][0-9][^\x07\x1b]*(?:\x07|\x1b\\)"  # answers to what another program asked, which left
    rb"|P[0-9!$+>|][^\x1b]*\x1b\\"
    rb")"
)
_BEGUN: Final = re.compile(
    rb"\x1b(?:"
    rb"\[(?:M[\s\S]{0,2}|\[|[0-?]{0,64}[ -/]{0,8})"
    rb"|O"
    rb"|\](?:[0-9][^\x07\x1b]{0,4096}\x1b?)?"
    rb"|P(?:[0-9!$+>|][^\x1b]{0,4096}\x1b?)?"
    rb")?"
)
_BROKEN: Final = re.compile(rb"\x1b\[[0-?]+[ -/]*")
_MEANINGLESS: Final = (b"\x1b[M", b"\x1b]", b"\x1bP")
_PASTE_BEGINS: Final = b"\x1b[200~"
_PASTE_ENDS: Final = b"\x1b[201~"
_LONGEST_PASTE: Final = 1 << 20
_TYPED_AT_MOST: Final = 2
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
    """Takes bytes, and gives messages for an app."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._parser = XTermParser()
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self._begun = b""
        self._begun_at = 0.0
        self._paste: bytearray | None = None
        self._is_behind_escape = False

    @property
    def patience(self) -> float:
        """For how many seconds `tick` has nothing to do, unless something comes."""
        if not self._is_typed:
            return _IDLE_SECONDS
        left = self._begun_at + constants.ESCAPE_DELAY - self._clock()
        return min(max(left, 0.0), _IDLE_SECONDS)

    @property
    def _is_typed(self) -> bool:
        """Whether what has begun may be keys: Esc, or Esc and one more."""
        return 0 < len(self._begun) <= _TYPED_AT_MOST

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take what was read."""
        data, self._begun = self._begun + data, b""
        while data:
            if self._paste is not None:
                data = yield from self._take_paste(self._paste, data)
            elif not data.startswith(b"\x1b"):
                text, escape, rest = data.partition(b"\x1b")
                yield from self._messages(self._decode(text))
                data = escape + rest
            elif found := _WHOLE.match(data):
                yield from self._take_sequence(found[0])
                data = data[found.end() :]
            elif _BEGUN.fullmatch(data):
                self._begun, self._begun_at = data, self._clock()
                return
            elif found := _BROKEN.match(data):
                data = data[found.end() :]
            else:
                yield from self._take_escape()
                self._is_behind_escape = True
                data = data[1:]

    def tick(self) -> Iterator[Message]:
        """Take that nothing more has come for a while: an Esc is an Esc then."""
        age = self._clock() - self._begun_at
        if not self._begun or age < constants.ESCAPE_DELAY:
            return
        if self._is_typed:
            begun, self._begun = self._begun, b""
            yield from self._take_escape()
            self._is_behind_escape = len(begun) > 1
            yield from self._messages(self._decode(begun[1:]))
        elif age >= _STALE_SECONDS:
            self._begun = b""

    def _take_escape(self) -> Iterator[Message]:
        # What a character lacks that was begun before does not come any more.
        yield from self._messages(self._decode(b"", final=True))
        yield from self._marked([events.Key("escape", "\x1b")])

    def _take_paste(self, paste: bytearray, data: bytes) -> Generator[Message, None, bytes]:
        """Take what is pasted; returns what comes behind it."""
        looked = max(0, len(paste) - len(_PASTE_ENDS) + 1)
        paste += data
        end = paste.find(_PASTE_ENDS, looked)
        if end < 0:
            del paste[_LONGEST_PASTE : -len(_PASTE_ENDS)]
            return b""
        self._paste = None
        text = paste[:end].decode("utf-8", "replace").replace("\x00", "")
        yield from self._marked([events.Paste(text)])
        return bytes(paste[end + len(_PASTE_ENDS) :])

    def _take_sequence(self, sequence: bytes) -> Iterator[Message]:
        if sequence == _PASTE_BEGINS:
            self._paste = bytearray()
        elif not sequence.startswith(_MEANINGLESS):
            yield from self._messages(sequence.decode("ascii", "replace"))

    def _messages(self, text: str) -> Iterator[Message]:
        """Return what the parser makes of plain text, or of one sequence."""
        if not text:
            return
        try:
            messages = list(self._parser.feed(text))
        except Exception:  # noqa: BLE001 - it fails in many ways on numbers that make no sense
            messages = []
        if not messages:
            # It may wait for more of this, and would take what comes next for that.
            self._begin_anew()
        yield from self._marked(filter(_makes_sense, map(_on_keyboard, messages)))

    def _marked(self, messages: Iterable[Message]) -> Iterator[Message]:
        for message in messages:
            is_glued, self._is_behind_escape = self._is_behind_escape, False
            if is_glued and isinstance(message, events.Key):
                yield GluedKey(message.key, message.character)
            else:
                yield message
        self._is_behind_escape = False

    def _begin_anew(self) -> None:
        before, self._parser = self._parser, XTermParser()
        for name in ("last_x", "last_y", "mouse_pixels", "terminal_size", "terminal_pixel_size"):
            setattr(self._parser, name, getattr(before, name))


def _on_keyboard(message: Message) -> Message:
    """Return a key of the keypad as the key of the keyboard with that character."""
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
