"""The sign-in code in large letters that cannot be mistaken for one another.

`TextDrawing` is the base of all that is drawn with half blocks, the QR code too. A terminal cell is
about twice as high as wide, so two pixels one above the other are about square. Half blocks rather
than quadrants, because every font with box characters has them.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Final

from rich.cells import cell_len, chop_cells
from textual.geometry import Size
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from tracker_tui.domain.text import one_line
from tracker_tui.ui.widgets.line_table import filled

GLYPH_WIDTH: Final = 5
"""Cells of a letter; a pixel is one cell wide."""
_WIDTH: Final = 40
"""Cells that the code takes at most."""
_GAP: Final = "  "
_FEWEST_A_LINE: Final = 4
_MOST_A_LINE: Final = (_WIDTH + len(_GAP)) // (GLYPH_WIDTH + len(_GAP))
_SHOWN_AT_MOST: Final = 200
"""Characters; that many wide ones still fit in ten lines."""


class TextDrawing(Widget):
    """A widget as large as its drawn `text`. It cannot be selected: a copy would be gibberish."""

    ALLOW_SELECT = False

    text: reactive[str] = reactive("", layout=True)

    def __init__(self, text: str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self.set_reactive(TextDrawing.text, text)

    @property
    @abstractmethod
    def needed(self) -> Size:
        """Columns and rows that the drawing takes."""

    def get_content_width(self, container: Size, viewport: Size) -> int:  # noqa: ARG002
        """Return what `width: auto` means."""
        return self.needed.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return what `height: auto` means."""
        return self.needed.height


def half_blocks(pixels: Iterable[Iterable[object]]) -> tuple[str, ...]:
    """Return one line for each two rows of pixels; truthy pixels are drawn, others blank."""
    rows = [[bool(pixel) for pixel in row] for row in pixels]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return tuple(
        "".join(" ▀▄█"[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )


class LargeCode(TextDrawing):
    """A code in two lines of large letters: eight characters take 26 columns and 9 rows.

    Characters without a glyph are drawn small. A text that cannot be a code, because it is longer
    than twelve characters or not ASCII, is drawn in small letters throughout.
    """

    @property
    def needed(self) -> Size:
        """Columns and rows that the code takes: at most 40 and 10."""
        lines = _drawn(self.text)
        return Size(max(map(cell_len, lines), default=0), len(lines))

    def render_line(self, y: int) -> Strip:
        """Draw a line of the code as plain text, without markup."""
        lines = _drawn(self.text)
        return filled(lines[y] if y < len(lines) else "", self.rich_style, self.size.width)


def _drawn(text: str) -> list[str]:
    # Cap the length: a server sent this text.
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
    """Return a glyph with one small character in the middle."""
    lines = [" " * GLYPH_WIDTH] * GLYPH_HEIGHT
    lines[GLYPH_HEIGHT // 2] = character.center(GLYPH_WIDTH)
    return tuple(lines)


# The letters

_CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

# Five pixels by seven: the fewest that show M, N, W, V and Y apart. Letters that are easily
# confused differ more than they must: a zero is slashed, a 1 has a flag and an I two bars; B, D, 5
# and Z have corners where 8, O, S and 2 are round.
_SHEET: Final = """
.###. ####. .###. ###.. ##### ##### .###. #...# .###.
#...# #...# #...# #..#. #.... #.... #...# #...# ..#..
#...# #...# #.... #...# #.... #.... #.... #...# ..#..
##### ####. #.... #...# ####. ####. #.### ##### ..#..
#...# #...# #.... #...# #.... #.... #...# #...# ..#..
#...# #...# #...# #..#. #.... #.... #...# #...# ..#..
#...# ####. .###. ###.. ##### #.... .#### #...# .###.

..### #...# #.... #...# #...# .###. ####. .###. ####.
...#. #..#. #.... ##.## #...# #...# #...# #...# #...#
...#. #.#.. #.... #.#.# ##..# #...# #...# #...# #...#
...#. ##... #.... #.#.# #.#.# #...# ####. #...# ####.
...#. #.#.. #.... #...# #..## #...# #.... #.#.# #.#..
#..#. #..#. #.... #...# #...# #...# #.... #..#. #..#.
.##.. #...# ##### #...# #...# .###. #.... .##.# #...#

.#### ##### #...# #...# #...# #...# #...# ##### .###.
#.... ..#.. #...# #...# #...# #...# #...# ....# #...#
#.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. #..##
.###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. #.#.#
....# ..#.. #...# #...# #.#.# .#.#. ..#.. .#... ##..#
....# ..#.. #...# .#.#. ##.## #...# ..#.. #.... #...#
####. ..#.. .###. ..#.. #...# #...# ..#.. ##### .###.

..#.. .###. ##### ...#. ##### ..##. ##### .###. .###.
.##.. #...# ...#. ..##. #.... .#... ....# #...# #...#
..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...#
..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .####
..#.. ..#.. ....# ##### ....# #...# .#... #...# ....#
..#.. .#... #...# ...#. #...# #...# .#... #...# ...#.
.###. ##### .###. ...#. .###. .###. .#... .###. .##..
"""


def _glyphs(sheet: str) -> dict[str, tuple[str, ...]]:
    bands = (band.splitlines() for band in sheet.strip().split("\n\n"))
    drawn = [glyph for band in bands for glyph in zip(*map(str.split, band), strict=True)]
    return {
        character: half_blocks([pixel == "#" for pixel in row] for row in rows)
        for character, rows in zip(_CHARACTERS, drawn, strict=True)
    }


GLYPHS: Final = _glyphs(_SHEET)
"""The lines of each letter and digit: GLYPH_HEIGHT lines of GLYPH_WIDTH cells."""
GLYPH_HEIGHT: Final = len(GLYPHS["A"])
