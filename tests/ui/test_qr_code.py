"""QR codes: a phone reads the encoded text from the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.geometry import Size
from textual.strip import Strip
from textual.widgets import Static

from helpers.examples import share
from helpers.privates import screen_strips
from helpers.qr_reader import read_qr
from tracker_tui.ui.sign_in.large_code import LargeCode
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


async def on_screen(text: str, size: tuple[int, int] = LARGE) -> list[Strip]:
    """Return the screen with the code of `text`."""
    app = SignIn(text)
    async with app.run_test(size=size):
        return app.strips()


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


@given(st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=80))
@share(0.4)
async def test_a_reader_reads_any_text(text: str) -> None:
    assert read_qr(await on_screen(text)) == text


async def test_spare_room_is_no_part_of_the_code() -> None:
    app = SignIn(LINK)
    async with app.run_test(size=LARGE) as pilot:
        app.code.styles.width, app.code.styles.height = 44, 22
        await pilot.pause()
        assert read_qr(app.strips()) == LINK
        assert app.code.needed == Size(37, 19)
        assert app.colours() > {(BLACK, WHITE)}
