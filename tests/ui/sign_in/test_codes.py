"""The QR code and the large code: a phone and a player read them off the screen."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size
from textual.strip import Strip
from textual.widgets import Static

from helpers.privates import screen_strips
from helpers.qr_reader import read_qr
from tracker_tui.ui.sign_in.large_code import (
    GLYPH_HEIGHT,
    GLYPH_WIDTH,
    GLYPHS,
    LargeCode,
    half_blocks,
)
from tracker_tui.ui.sign_in.qr_code import QrCode
from tracker_tui.ui.themes import DARK, THEMES

CODE = "ZAW6C586"
LINK = f"https://discord.com/activate?user_code={CODE}"
LONG = (LINK + "&state=" + "0123456789abcdef" * 4)[:100]
OTHERS = ("Sign in with Discord", LINK, "Waiting … █▀▄ 4:31", "y copy the link  esc cancel")
LARGE = (80, 48)
BLACK, WHITE = "#000000", "#ffffff"


class SignIn(App[None]):
    """A QR code and large letters side by side, with text above and below."""

    CSS = """
    Horizontal, QrCode, LargeCode { width: auto; height: auto; }
    LargeCode { margin: 1 1 1 2; }
    """

    def __init__(self, text: str, theme: str = DARK.name) -> None:
        super().__init__()
        for ours in THEMES:
            self.register_theme(ours)
        self.theme = theme
        self.code = QrCode(text)

    def compose(self) -> ComposeResult:
        title, *others = OTHERS
        yield Static(title, markup=False)
        with Horizontal():
            yield self.code
            yield LargeCode(CODE)
        yield from (Static(line, markup=False) for line in others)

    def strips(self) -> list[Strip]:
        return screen_strips(self)

    def colours(self) -> set[tuple[str, str]]:
        """Return the colours of the code: foreground and background."""
        return {
            (segment.style.color.get_truecolor().hex, segment.style.bgcolor.get_truecolor().hex)
            for strip in self.strips()[self.code.region.y : self.code.region.bottom]
            for segment in strip.crop(self.code.region.x, self.code.region.right)
            if segment.text
        }


@pytest.mark.parametrize("no_color", [None, "1"], ids=["colour", "no-color"])
async def test_a_code_is_read_under_every_theme(
    monkeypatch: pytest.MonkeyPatch, no_color: str | None
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    app = SignIn(LINK)
    assert app.code.needed == Size(37, 19)
    async with app.run_test(size=(80, 24)) as pilot:
        # There is room for text beside it.
        assert app.code.region.size == app.code.needed
        beside = app.query_one(LargeCode)
        assert app.screen.region.contains_region(beside.region)
        assert beside.region.size == beside.needed
        for theme in (*(theme.name for theme in THEMES), "ansi-dark", "ansi-light"):
            app.theme = theme
            await pilot.pause()
            assert read_qr(app.strips()) == LINK, theme
            assert app.colours() == {(BLACK, WHITE)}, theme
            text = "\n".join(strip.text for strip in app.strips())
            assert [line for line in OTHERS if line not in text] == [], theme


async def test_the_quiet_zone_is_light_on_all_sides() -> None:
    app = SignIn("")
    async with app.run_test(size=LARGE) as pilot:
        for modules, longest in ((29, 53), (33, 78), (37, 106)):
            app.code.text = LINK.ljust(longest, "x")
            await pilot.pause()
            quiet = (app.code.needed.width - modules) // 2
            assert quiet == (4 if modules == 29 else 2)
            region = app.code.region
            lines = [strip.text[: region.right] for strip in app.strips()[region.y : region.bottom]]
            assert [line.strip() for line in lines[: quiet // 2]] == [""] * (quiet // 2)
            assert {line[:quiet] + line[-quiet:] for line in lines} == {" " * 2 * quiet}
            # The last row of an odd number of modules is the upper half of a cell.
            last = lines[-(quiet // 2) - 1 :]
            assert [line.strip(" ▀") for line in last] == [""] * (quiet // 2 + 1)


TEXTS = (
    "https://discord.com/activate?user_code=0O5S8B1I",
    "HTTPS://EXAMPLE.ORG/12345678",
    "1234567890",
    LONG,
    LINK,
    "",
    "https://example.org/bücher?q=“ß”",
    "https://例え.テスト/活性化?コード=😀",
    # Its UTF-8 could be Kanji in another encoding.
    "例え",
    "§",
    # Neither text nor short enough.
    *("\ud800", "x" * 2_954, "é" * 2_000),
)


async def test_a_reader_reads_each_new_text() -> None:
    app, found = SignIn(""), {}
    async with app.run_test(size=LARGE) as pilot:
        for text in TEXTS:
            app.code.text = text
            await pilot.pause()
            found[text] = read_qr(app.strips())
            assert app.code.region.size == app.code.needed
            assert (app.code.needed == Size(0, 0)) is (found[text] is None)
    assert found == {text: text or None for text in TEXTS[:-3]} | dict.fromkeys(TEXTS[-3:])


async def test_spare_room_is_no_part_of_the_code() -> None:
    app = SignIn(LINK)
    async with app.run_test(size=LARGE) as pilot:
        app.code.styles.width, app.code.styles.height = 44, 22
        await pilot.pause()
        assert read_qr(app.strips()) == LINK
        assert app.code.needed == Size(37, 19)
        assert app.colours() > {(BLACK, WHITE)}


# The large code

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
    cells = [cell for line in GLYPHS[character] for cell in line]
    return [cell in "▀█" for cell in cells] + [cell in "▄█" for cell in cells]


def differing(one: str, other: str) -> int:
    return sum(left != right for left, right in zip(pixels(one), pixels(other), strict=True))


def test_letters_and_digits_have_glyphs_of_one_size() -> None:
    assert "".join(GLYPHS) == CHARACTERS
    assert {len(lines) for lines in GLYPHS.values()} == {GLYPH_HEIGHT}
    assert {len(line) for lines in GLYPHS.values() for line in lines} == {GLYPH_WIDTH}


def test_any_two_glyphs_differ_and_similar_ones_in_several_pixels() -> None:
    assert [pair for pair in combinations(CHARACTERS, 2) if differing(*pair) < 2] == []
    assert [pair for pair in ALIKE if differing(*pair) < 3] == []


def test_pixels_share_cells_in_pairs() -> None:
    assert half_blocks([[0, 1, 0, 1], [0, 0, 1, 1], [1, 0, 0, 1]]) == (" ▀▄█", "▀  ▀")
    assert half_blocks([]) == ()


@given(st.text(max_size=300))
def test_no_text_is_larger_than_40_by_10(text: str) -> None:
    needed = LargeCode(text).needed
    assert needed.width <= 40
    assert needed.height <= 10


async def test_a_code_is_read_from_left_to_right_and_down() -> None:
    app = Shown(CODE)
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
    app = Shown(CODE)
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
