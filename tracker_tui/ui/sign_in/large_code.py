"""A code to be typed elsewhere, in letters that cannot be taken for one another."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len, chop_cells
from textual.geometry import Size
from textual.strip import Strip

from tracker_tui.domain.text import one_line
from tracker_tui.ui.sign_in.glyphs import GLYPH_HEIGHT, GLYPH_WIDTH, GLYPHS
from tracker_tui.ui.widgets.line_table import filled
from tracker_tui.ui.widgets.text_drawing import TextDrawing

_WIDTH: Final = 40
"""Columns that it takes at most."""
_GAP: Final = "  "
_FEWEST_A_LINE: Final = 4
_MOST_A_LINE: Final = (_WIDTH + len(_GAP)) // (GLYPH_WIDTH + len(_GAP))
_SHOWN_AT_MOST: Final = 200
"""Characters; that many wide ones still fit in ten lines."""


class LargeCode(TextDrawing):
    """Draws a code in two lines of large letters: eight characters take 26 columns and 9 rows.

    Characters without a glyph stand small in their place. What is no code, because it is longer
    than twelve characters or not ASCII, is shown in small letters altogether.
    """

    @property
    def needed(self) -> Size:
        """Columns and rows that the code takes: at most 40 and 10."""
        lines = _drawn(self.text)
        return Size(max(map(cell_len, lines), default=0), len(lines))

    def render_line(self, y: int) -> Strip:
        """Draw a line of the code; nothing in it is markup."""
        lines = _drawn(self.text)
        return filled(lines[y] if y < len(lines) else "", self.rich_style, self.size.width)


def _drawn(text: str) -> list[str]:
    # It comes from a server, which may send anything.
    shown = one_line(text, _SHOWN_AT_MOST)
    a_line = max(_FEWEST_A_LINE, (len(shown) + 1) // 2)
    if a_line > _MOST_A_LINE or not shown.isascii():
        return chop_cells(shown, _WIDTH)
    upper, lower = _large(shown[:a_line]), _large(shown[a_line:])
    return [*upper, "", *lower] if lower else upper


def _large(text: str) -> list[str]:
    glyphs = [GLYPHS.get(character) or _small(character) for character in text]
    return [_GAP.join(line) for line in zip(*glyphs, strict=True)]


def _small(character: str) -> tuple[str, ...]:
    """Return a glyph's room with one narrow character in it as the terminal draws it."""
    lines = [" " * GLYPH_WIDTH] * GLYPH_HEIGHT
    lines[GLYPH_HEIGHT // 2] = character.center(GLYPH_WIDTH)
    return tuple(lines)
