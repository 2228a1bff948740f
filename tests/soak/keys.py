"""Random input: keys, many at once, clicks, and bytes that are no keys."""

from __future__ import annotations

import random
from collections.abc import Callable

_LETTERS = b"abcdefghijklmnoprstuvwxyzGKJUVNA"
"""Without `q`, which quits."""
_NAMED = (
    *(b"\r", b"\t", b" ", b"\x7f", b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D", b"\x1b[5~"),
    *(b"\x1b[6~", b"\x1b[H", b"\x1b[F", b"\x1b[3~", b"\x1bOP", b"\x10", b"?", b"/", b"1", b"2"),
    *(b"3", b"4"),
)
_GLUED = (b"\x1b\r", b"\x1bu", b"\x1b+", b"\x1b\x1b[3~", b"\x1b\x1b\x1b", b"\x1b1")
_LINES = (
    *(b"+5\r", b"-3\r", b"=120 # counted\r", b">2\r", b"<2\r", b"/spice\r", b"/water+1\r", b"u"),
    *(b"s\r\r", b"s\r\r\r\r\r", b"f \r\r", b"o\r\x1b", b"?\x1b", b"\r\x1b", b"\x10\r\r\r"),
    b"\x10so",
    *(b"2f \r", b"2\r\x1b", b"3\r\x1b", b"4\r\x1b", b"s\x1bf\x1bo\x1b", b"+\x1b", b"l", b"n", b"i"),
)
_ODD = (
    *(b"\x1b[M \x84\x30", b"\xe9", b"\x1b[48;1:1u", b"\x1b[I", b"\x1b[O", b"\x1b[57413;129;43u"),
    *(b"\x1b[200~+7\r\x1b[201~", b"\x00", b"\x1b[", b"\x1b]11;rgb:0/0/0\x07", b"\xf0\x9f\xa6\x8a"),
)
Bytes = Callable[[random.Random], bytes]


def _mouse(dice: random.Random) -> bytes:
    at = b"%d;%d" % (dice.randint(1, 100), dice.randint(1, 30))
    if dice.random() < 0.3:
        return b"\x1b[<%d;%sM" % (dice.choice([64, 65]), at)
    return (b"\x1b[<0;%sM\x1b[<0;%sm" % (at, at)) * dice.randint(1, 3)


_KINDS: tuple[tuple[int, Bytes], ...] = (
    (30, lambda dice: bytes([dice.choice(_LETTERS)])),
    (25, lambda dice: dice.choice(_NAMED)),
    (20, lambda _dice: b"\x1b"),
    (8, lambda dice: dice.choice(_GLUED)),
    (15, lambda dice: dice.choice(_LINES)),
    (4, lambda dice: bytes([dice.choice(b"0123456789+-=<>#*.k")])),
    (4, _mouse),
    (3, lambda dice: dice.choice(_ODD)),
    (1, lambda dice: dice.randbytes(dice.randint(1, 6)).translate(None, b"q\x11\x1a")),
)


def next_keys(dice: random.Random) -> bytes:
    (kind,) = dice.choices([make for _, make in _KINDS], [weight for weight, _ in _KINDS])
    return kind(dice)
