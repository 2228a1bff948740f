"""The large code: its letters differ, fit, and are plain text."""

from __future__ import annotations

from itertools import combinations

import pytest
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


async def on_screen(text: str) -> list[str]:
    """Return the lines of the screen with the code."""
    app = Shown(text)
    async with app.run_test(size=(80, 24)):
        lines = app.lines()
        height = app.code.needed.height
        assert app.code.region.size == app.code.needed
        assert "".join(lines[height:]) == ""
        return lines[:height]


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


@pytest.mark.parametrize("pair", ALIKE)
def test_similar_glyphs_differ_in_several_pixels(pair: str) -> None:
    assert differing(*pair) >= 3


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
    lines = await on_screen("ZAW6C586")
    upper, between, lower = lines[:4], lines[4], lines[5:]
    assert between == ""
    for row, shown in ((upper, "ZAW6"), (lower, "C586")):
        for place, character in enumerate(shown):
            left = place * (GLYPH_WIDTH + 2)
            cells = tuple(line.ljust(40)[left : left + GLYPH_WIDTH] for line in row)
            assert cells == GLYPHS[character]


async def test_characters_without_a_glyph_are_small() -> None:
    lines = await on_screen("WDJB-MJHT")
    assert lines[2].rstrip().endswith("-")
    assert set("".join(lines)) - BLOCKS == {"-"}
    assert LargeCode("WDJB-MJHT").needed == Size(33, 9)


async def test_a_code_too_long_for_large_letters_is_shown_in_small_ones() -> None:
    assert LargeCode("A" * 12).needed == Size(40, 9)
    assert await on_screen("A" * 13) == ["A" * 13]
    assert await on_screen("B" * 50) == ["B" * 40, "B" * 10]


async def test_an_empty_text_draws_nothing() -> None:
    assert await on_screen("") == []


@pytest.mark.parametrize(
    # This part is drawn small; letters and digits may be large.
    ("text", "shown"),
    [
        ("[bold]x", "[bold]x"),
        ("[@click=app.quit]Z", "[@click=app.quit]Z"),
        ("\x1b[2J\x1b]0;", "[];"),
        ("\x9b31m\r\n\t", "m"),
        ("😀é漢", "😀é漢"),
        ("\u202eab\u200b", "ab"),
        ("a\u0301" + "\u0301" * 50, "a\u0301\u0301"),
        ("\ud800x", "x"),
    ],
    ids=["markup", "action", "escape", "c1", "wide", "bidi", "marks", "surrogate"],
)
async def test_hostile_text_is_plain_text(text: str, shown: str) -> None:
    lines = await on_screen(text)
    drawn = "".join(lines)
    assert drawn.isprintable()
    assert max(map(cell_len, lines)) <= 40
    assert [char for char in drawn if char not in BLOCKS] == list(shown)


async def test_a_new_code_replaces_the_first() -> None:
    app = Shown("ZAW6C586")
    async with app.run_test(size=(80, 24)) as pilot:
        before = app.lines()
        app.code.text = "AB"
        await pilot.pause()
        assert app.code.region.size == app.code.needed == Size(12, 4)
        assert app.lines()[:9] != before[:9]
        assert "".join(app.lines()[4:]) == ""
