"""The large code: its letters differ, fit, and are plain text."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Size

from helpers.privates import screen_strips
from tracker_tui.ui.sign_in.large_code import (
    GLYPH_HEIGHT,
    GLYPH_WIDTH,
    GLYPHS,
    LargeCode,
    half_blocks,
)

CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
ALIKE = ["0O", "0D", "0Q", "OQ", "OD", "5S", "8B", "1I", "2Z", "UV", "VY", "MN", "MW", "6G", "CG"]
BLOCKS = set(" ▀▄█")


class Shown(App[None]):
    CSS = "LargeCode { width: auto; height: auto; }"

    def __init__(self, text: str) -> None:
        super().__init__()
        self.code = LargeCode(text)

    def compose(self) -> ComposeResult:
        yield self.code

    def lines(self) -> list[str]:
        return [strip.text.rstrip() for strip in screen_strips(self)]


def pixels(character: str) -> list[bool]:
    """Return the pixels of a glyph from its cells."""
    cells = [cell for line in GLYPHS[character] for cell in line]
    return [cell in "▀█" for cell in cells] + [cell in "▄█" for cell in cells]


def differing(one: str, other: str) -> int:
    return sum(left != right for left, right in zip(pixels(one), pixels(other), strict=True))


def test_letters_and_digits_have_glyphs_of_one_size() -> None:
    assert "".join(GLYPHS) == CHARACTERS
    assert {len(lines) for lines in GLYPHS.values()} == {GLYPH_HEIGHT}
    assert {len(line) for lines in GLYPHS.values() for line in lines} == {GLYPH_WIDTH}


def test_any_two_glyphs_differ() -> None:
    assert [pair for pair in combinations(CHARACTERS, 2) if differing(*pair) < 2] == []


def test_similar_glyphs_differ_in_several_pixels() -> None:
    assert [pair for pair in ALIKE if differing(*pair) < 3] == []


def test_pixels_share_cells_in_pairs() -> None:
    assert half_blocks([[0, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1]]) == (" ▀▄█", "▀  ▀")
    assert half_blocks([]) == ()


@given(st.text(CHARACTERS, min_size=8, max_size=8))
def test_a_code_of_eight_takes_two_lines_of_four(text: str) -> None:
    assert LargeCode(text).needed == Size(26, 9)


@given(st.text(max_size=300))
def test_no_text_is_larger_than_40_by_10(text: str) -> None:
    needed = LargeCode(text).needed
    assert needed.width <= 40
    assert needed.height <= 10


async def test_a_code_is_read_from_left_to_right_and_down() -> None:
    app = Shown("ZAW6C586")
    async with app.run_test(size=(80, 24)):
        lines = app.lines()[: app.code.needed.height]
    upper, between, lower = lines[:4], lines[4], lines[5:]
    assert between == ""
    for row, shown in ((upper, "ZAW6"), (lower, "C586")):
        for place, character in enumerate(shown):
            left = place * (GLYPH_WIDTH + 2)
            cells = tuple(line.ljust(40)[left : left + GLYPH_WIDTH] for line in row)
            assert cells == GLYPHS[character]


HOSTILE = {
    # Of each text: what is drawn small; letters and digits may be large.
    "[bold]x": "[bold]x",
    "[@click=app.quit]Z": "[@click=app.quit]Z",
    "\x1b[2J\x1b]0;": "[];",
    "\x9b31m\r\n\t": "m",
    "😀é漢": "😀é漢",
    "\u202eab\u200b": "ab",
    "a\u0301" + "\u0301" * 50: "a\u0301\u0301",
    "\ud800x": "x",
}


async def test_each_new_code_replaces_the_one_before() -> None:
    app = Shown("ZAW6C586")
    async with app.run_test(size=(80, 24)) as pilot:

        async def show(text: str) -> list[str]:
            app.code.text = text
            await pilot.pause()
            assert app.code.region.size == app.code.needed
            height = app.code.needed.height
            assert "".join(app.lines()[height:]) == ""
            return app.lines()[:height]

        # Characters without a glyph are small, and so is a code that is too long.
        lines = await show("WDJB-MJHT")
        assert lines[2].rstrip().endswith("-")
        assert set("".join(lines)) - BLOCKS == {"-"}
        assert app.code.needed == Size(33, 9)
        await show("AB")
        assert app.code.needed == Size(12, 4)
        await show("A" * 12)
        assert app.code.needed == Size(40, 9)
        assert await show("A" * 13) == ["A" * 13]
        assert await show("B" * 50) == ["B" * 40, "B" * 10]
        assert await show("") == []
        small = {}
        for text in HOSTILE:
            lines = await show(text)
            drawn = "".join(lines)
            assert drawn.isprintable()
            assert max(map(cell_len, lines)) <= 40
            small[text] = "".join(char for char in drawn if char not in BLOCKS)
        assert small == HOSTILE
