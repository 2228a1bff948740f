"""What a terminal sends, byte by byte, as keys, clicks and pastes; nothing that comes is an error.

Textual's parser knows the sequences, but it takes an Esc and the key behind it for one key, and
what it cannot read ends the program. So the bytes are cut here, and it sees whole sequences only.
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Generator, Iterable, Iterator
from time import monotonic
from typing import Final

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.message import Message

from tracker_tui.ui.glued_key import GluedKey

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
