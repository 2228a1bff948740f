"""A text as a QR code, for a phone to scan from the screen."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip

from tracker_tui.ui.sign_in.large_code import TextDrawing, half_blocks
from tracker_tui.ui.widgets.line_table import filled

# Many phones read only dark on light, so neither the theme nor the terminal's palette may choose
# these colours; terminals redefine even "black". Light is the background, because blocks of some
# fonts leave gaps between lines.
_INK: Final = Style(color=Color.from_rgb(0, 0, 0), bgcolor=Color.from_rgb(255, 255, 255))

_QUIET, _LESS_QUIET = 4, 2
"""Light modules around the code: the standard asks for four, phones manage with two."""
_ROOM: Final = 38
"""Columns for the code on a screen of 80, with text beside it."""
_LONGEST: Final = 2_953
"""Bytes that the largest QR code holds."""


class QrCode(TextDrawing):
    """The QR code of `text`, two modules a cell; empty if the text is too long for one.

    Show it only where all of it fits (`needed`): phones cannot read a part.
    """

    @property
    def needed(self) -> Size:
        """Columns and rows that the code takes, with its quiet zone."""
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
    # Imported late: only a sign-in needs it.
    import segno

    # By default segno takes some UTF-8 for Kanji. The code does not declare UTF-8 (ECI): phones
    # guess it well, and some cannot read a code that declares anything.
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
