"""The terminal input: any bytes, in any pieces, become the right keys."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key, Paste
from textual.message import Message

from tracker_tui.ui.base_app import BaseApp

pytest.importorskip("termios", reason="Windows has its own driver")

from tracker_tui.ui.keys import GluedKey
from tracker_tui.ui.terminal_driver import TerminalInput

A_WHILE = 0.2
LONG = 5.0

FRAGMENTS = [
    *(b"\x1b", b"\x1b[", b"\x1b[M", b"\x1b[<", b"\x1bO", b"\x1b]1", b"\x1bP>", b"\x1b[200~"),
    *(b"\x1b[M \x84\x30", b"\x1b[48;1:1u", b"\x1b[57413;129;43u", b"\x1b[1114112;1u"),
    *(b"\x1b[<0;99999999999999999999;1M", b"\x1b[48;0;0;0;0t", b"\x1b[48;99999;99999;1;1t"),
    *(b";", b"1", b":", b"u", b"~", b"\xc3", b"\xbc", b"\xff", b"\x00", b"q"),
]


def sent(*pieces: bytes | float) -> list[Message]:
    """Return the messages for bytes; each piece is one read, a number is a pause."""
    now = 0.0
    source = TerminalInput(lambda: now)
    messages: list[Message] = []
    for piece in (*pieces, A_WHILE):
        if isinstance(piece, bytes):
            messages += source.feed(piece)
        else:
            now += piece
        messages += source.tick()
    return messages


def keys(messages: Sequence[Message]) -> list[str]:
    """Return the names of the keys; `~` marks a key right after an Esc."""
    return [
        ("~" if isinstance(message, GluedKey) else "") + message.key
        for message in messages
        if isinstance(message, Key)
    ]


KEYS: dict[tuple[bytes | float, ...], str] = {
    # tmux, a slow line: in one read, and in two that come together
    (b"\x1b\r",): "escape ~enter",
    (b"\x1b", b"\r"): "escape ~enter",
    (b"\x1b", A_WHILE, b"\r"): "escape enter",
    (b"\x1b+",): "escape ~plus",
    (b"\x1buu",): "escape ~u u",
    (b"\x1bb\x1bf",): "escape ~b escape ~f",
    (b"\x1b1",): "escape ~1",
    (b"\x1b\xc3", b"\xbc"): "escape ~ü",
    (b"\x1b\x1b[3~u",): "escape ~delete u",
    (b"\x1b[", A_WHILE): "escape ~left_square_bracket",
    (b"\x1b[", b"A"): "up",
    (b"\x1b", b"[A"): "up",
    (b"\x1bOM\x1bOA",): "enter up",
    # the kitty keyboard protocol: Alt is neither, the keypad is the keyboard
    (b"\x1b[27u\x1b[13u",): "escape enter",
    (b"\x1b[117;3u\x1b[13;3u",): "alt+u alt+enter",
    (b"\x1b[57413;129;43u\x1b[57412;129;45u\x1b[57415;129;61u",): "plus minus equals_sign",
    (b"\x1b[57410;129;47u\x1b[57411;129;42u\x1b[57409;129;44u",): "slash asterisk comma",
    (b"\x1b[57413u\x1b[57404;129;53u\x1b[57414;129u",): "plus 5 enter",
    # input that is not a key
    (b"\x1b[M \x84\x30u",): "u",
    (b"\x1b[M", b"\xc3", b"\xbc", b"\x1bu"): "u",
    (b"\x1b[48;1:1uu", b"\x1b[99999999999;1uu"): "u u",
    (b"\x1b]11;rgb:0/0/0\x1b\\\x1bP>|tmux\x1b\\u",): "u",
    (b"\x1b[1;2;\x1b[A",): "up",
    (b"\x1b[12", LONG, b"u"): "u",
}
"""What a terminal sends, and the keys; a number is a pause."""


def test_bytes_are_these_keys() -> None:
    assert {pieces: " ".join(keys(sent(*pieces))) for pieces in KEYS} == KEYS


def test_a_keypad_key_types_its_character() -> None:
    (plus, comma) = sent(b"\x1b[57413;129;43u\x1b[57409;129;44u")
    assert isinstance(plus, Key)
    assert isinstance(comma, Key)
    assert (plus.character, comma.character) == ("+", ",")


def test_a_paste_is_not_a_key() -> None:
    pasted, key = sent(b"\x1b[200~a\x1b\r\xff\x1b[2", LONG, b"01~u")
    assert isinstance(pasted, Paste)
    assert pasted.text == "a\x1b\r\N{REPLACEMENT CHARACTER}"
    assert keys([key]) == ["u"]


@given(st.lists(st.binary(max_size=12) | st.sampled_from(FRAGMENTS), max_size=40))
def test_a_key_is_recognized_after_any_bytes(pieces: list[bytes]) -> None:
    messages = sent(*pieces, LONG, b"\x1b[201~", LONG, b"u")
    assert keys(messages)[-1:] == ["u"]


def test_another_textual_version_uses_its_own_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    assert BaseApp().get_driver_class().__name__ == "TerminalDriver"
    monkeypatch.setitem(sys.modules, "tracker_tui.ui.terminal_driver", None)
    assert BaseApp().get_driver_class().__name__ == "LinuxDriver"
