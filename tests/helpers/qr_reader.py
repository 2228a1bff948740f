"""A reader of QR codes in terminal cells, like a phone in front of the screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import zxingcpp
from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.strip import Strip

PIXELS = 4
"""The width in pixels of half a cell, which is about square."""
HALVES = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}
"""Whether the upper and the lower half of a cell have the colour of the text."""
DEFAULT_INK, DEFAULT_GROUND = 229, 0
"""The default greys of a terminal; most are dark."""


def read_qr(strips: Sequence[Strip]) -> str | None:
    """Return the text of the QR code on these lines; None if no code can be read."""
    found = zxingcpp.read_barcodes(
        _picture(strips),
        formats=zxingcpp.BarcodeFormat.QRCode,
        # Many phones read only dark on light, and so does this one.
        try_invert=False,
        text_mode=zxingcpp.TextMode.Plain,
    )
    return found[0].text if found else None


def _picture(strips: Sequence[Strip]) -> memoryview:
    """Return the lines in greys from 0 to 255, a buffer of rows and columns."""
    rows = [row for strip in strips for row in zip(*_halves(strip), strict=True)]
    height, width = len(rows) * PIXELS, max(map(len, rows)) * PIXELS
    picture = bytearray()
    for row in rows:
        line = b"".join(bytes([grey]) * PIXELS for grey in row)
        picture += line.ljust(width, bytes([DEFAULT_GROUND])) * PIXELS
    return memoryview(bytes(picture)).cast("B", shape=(height, width))


def _halves(strip: Strip) -> Iterator[tuple[int, int]]:
    """Yield the greys of the upper and the lower half of each cell."""
    for segment in strip:
        ink, ground = _greys(segment.style or Style())
        for char in segment.text:
            # A phone that sees the whole screen sees a letter as a grey spot.
            greys = {True: ink, False: ground, None: (ink + ground) // 2}
            upper, lower = HALVES.get(char, (None, None))
            yield from [(greys[upper], greys[lower])] * cell_len(char)


def _greys(style: Style) -> tuple[int, int]:
    ink, ground = _grey(style.color, DEFAULT_INK), _grey(style.bgcolor, DEFAULT_GROUND)
    return (ground, ink) if style.reverse else (ink, ground)


def _grey(colour: Color | None, default: int) -> int:
    if colour is None or colour.is_default:
        return default
    red, green, blue = colour.get_truecolor()
    return (299 * red + 587 * green + 114 * blue) // 1000
