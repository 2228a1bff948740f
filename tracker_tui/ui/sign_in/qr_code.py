"""A text as a QR code, to be read off the screen by a phone."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from tracker_tui.ui.sign_in.glyphs import half_blocks
from tracker_tui.ui.widgets.line_table import filled
from tracker_tui.ui.widgets.text_drawing import TextDrawing

# Many phones read only dark on light, so neither a theme nor the terminal's own palette may say
# what is dark: these are no theme variables, and no "black", which a terminal shows as it likes.
# Light is the background: it fills a cell up where the blocks of a font leave gaps between lines.
_INK: Final = Style(color=Color.from_rgb(0, 0, 0), bgcolor=Color.from_rgb(255, 255, 255))

_QUIET, _LESS_QUIET = 4, 2
"""Light modules around the code: what the standard asks for, and what phones get by with."""
_ROOM: Final = 38
"""Columns that a screen of 80 has for a code beside which there is something to read."""
_LONGEST: Final = 2_953
"""Bytes that the largest QR code holds."""


class QrCode(TextDrawing):
    """Draws the QR code of `text`, two modules a cell; nothing where there is no such code.

    A part of it tells a phone nothing: it is to be shown where there is room for `needed`.
    """

    @property
    def needed(self) -> Size:
        """Columns and rows that the code takes, its quiet zone included."""
        lines = _drawn(self.text)
        return Size(len(lines[0]), len(lines)) if lines else Size(0, 0)

    def render_line(self, y: int) -> Strip:
        """Draw a line of the code."""
        lines = _drawn(self.text)
        width, ground = self.size.width, self.rich_style
        return (
            filled(lines[y], _INK, width, ground) if y < len(lines) else Strip.blank(width, ground)
        )


@lru_cache(maxsize=2)
def _drawn(text: str) -> tuple[str, ...]:
    if not text or len(text) > _LONGEST:
        return ()
    # Only who signs in pays for it.
    import segno

    # Left alone, segno takes some UTF-8 for Kanji. It is not declared as UTF-8 (ECI): phones guess
    # that well, and some read no code that declares anything.
    mode = None if text.isascii() else "byte"
    try:
        code = segno.make(
            text, error="L", mode=mode, encoding="utf-8", micro=False, boost_error=False
        )
    except ValueError:
        # Too long, or half of a surrogate pair, which JSON may hold.
        return ()
    modules, _ = code.symbol_size(border=0)
    quiet = _QUIET if modules + 2 * _QUIET <= _ROOM else _LESS_QUIET
    return half_blocks(code.matrix_iter(border=quiet))
