"""Pixels as half blocks, two a cell one above the other, and a font made of pixels.

A terminal's cell is about twice as high as it is wide, so that these pixels are about square.
Half blocks, and not quadrants: every font that has box characters at all has them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

GLYPH_WIDTH: Final = 5
"""Pixels from the left to the right of a glyph, which are cells, too."""

_CHARACTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

# Five pixels by seven: the fewest that show M, N, W, V and Y as what they are. What is easily taken
# for something else differs more than it must: a zero is slashed, a 1 has a flag and an I two bars,
# a B, a D, a 5 and a Z have corners where an 8, an O, an S and a 2 are round.
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


def half_blocks(pixels: Iterable[Iterable[object]]) -> tuple[str, ...]:
    """Return lines that show rows of pixels of one length; true ones are drawn, others blank."""
    rows = [[bool(pixel) for pixel in row] for row in pixels]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    return tuple(
        "".join(" ▀▄█"[upper + 2 * lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )


def _glyphs(sheet: str) -> dict[str, tuple[str, ...]]:
    bands = (band.splitlines() for band in sheet.strip().split("\n\n"))
    drawn = [glyph for band in bands for glyph in zip(*map(str.split, band), strict=True)]
    return {
        character: half_blocks([pixel == "#" for pixel in row] for row in rows)
        for character, rows in zip(_CHARACTERS, drawn, strict=True)
    }


GLYPHS: Final = _glyphs(_SHEET)
"""What each of A–Z and 0–9 looks like: lines of as many cells as GLYPH_WIDTH, all equally many."""
GLYPH_HEIGHT: Final = len(GLYPHS["A"])
