"""The screen in every theme and at any size: text is legible, and every line fits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import pytest
from textual.color import Color

from tracker_tui.ui.app import TrackerApp
from tracker_tui.ui.themes import THEMES, contrast
from ui.conftest import WIDE, Guild, playing, screen_strips
from ui.history_rows import some_weeks

TEXT: Final = 4.5
"""The contrast that WCAG requires of text (success criterion 1.4.3)."""
GRAPHICS: Final = 3.0
"""The contrast required of graphics (1.4.11): bars, chart lines, borders, scrollbars."""
_GRAPHIC: Final = frozenset(map(chr, (*range(0x2500, 0x25B0), *range(0x2800, 0x2900))))
"""Lines, blocks and dots; the signs of statuses are text."""
_SCROLLBAR_ENDS: Final = frozenset("▁▂▃▄▅▆▇")
"""Textual draws the ends of a scrollbar's handle with them; they carry no information."""


def drawn(app: TrackerApp) -> Iterator[tuple[str, Color, Color]]:
    """Yield each piece of text on screen with its colour and its background.

    Text behind a dialog is faint on purpose, so only the dialog counts.
    """
    dialogs = app.screen.query(".dialog")
    shown = dialogs.first().region if dialogs else app.screen.region
    for strip in screen_strips(app)[shown.y : shown.bottom]:
        for segment in strip.crop(shown.x, shown.right):
            style = segment.style
            if style is None or not segment.text.strip():
                continue
            assert style.color is not None, segment
            assert style.bgcolor is not None, segment
            colours = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
            yield segment.text, *(colours[::-1] if style.reverse else colours)


def too_faint(app: TrackerApp) -> dict[str, float]:
    found = {}
    for text, colour, ground in drawn(app):
        signs = {sign for sign in text if not sign.isspace()}
        if signs <= _SCROLLBAR_ENDS:
            continue
        is_graphic = signs <= _GRAPHIC
        ratio = contrast(colour, ground)
        if ratio < (GRAPHICS if is_graphic else TEXT):
            found[f"{text.strip()} {colour.hex} on {ground.hex}"] = round(ratio, 2)
    return found


OPENED: Final = {
    "resources": ("1", "Plastanium"),
    "details": ("enter", "Latest changes"),
    "history": ("2", "spice run 0"),
    "entry": ("enter", "Hagga"),
    "leaderboard": ("3", "Stilgar"),
    "activity": ("4", "Days in a row"),
}
"""The main screens and what Enter opens from them, in the order of a walk."""


async def test_text_is_legible_on_every_screen_in_every_theme(guild: Guild) -> None:
    some_weeks(guild)
    faint: dict[str, dict[str, float]] = {}
    async with playing(guild) as player:
        app = player.app
        # The ends of the selected tab are coloured towards its text.
        tabs = [(text, colour, ground) for text, colour, ground in drawn(app)]
        number = next(n for n, (text, *_) in enumerate(tabs) if text == "1 Resources")
        (left, before, _), (_, _, ground), (right, after, _) = tabs[number - 1 : number + 2]
        assert (left, right) == ("▐", "▌")
        assert before == after == ground
        fixed = [name for name, theme in app.available_themes.items() if not theme.ansi]
        ours = [theme.name for theme in THEMES]
        assert len(fixed) > 15
        for screen, (key, shown) in OPENED.items():
            await player.press(key)
            await player.sees(shown)
            # Textual's own themes are tried on the screen with most colours.
            some = [*ours, "textual-light", "monokai"] if screen == "history" else ours
            for theme in fixed if screen == "resources" else some:
                app.theme = theme
                await player.pilot.pause()
                found = too_faint(app)
                faint |= {f"{screen}, {theme}": found} if found else {}
            if key == "enter":
                await player.press("escape")
        await player.press("1", "space", "plus", "5")
        await player.sees("→")
        for theme in ours:
            app.theme = theme
            await player.pilot.pause()
            found = too_faint(app)
            faint |= {f"edit, {theme}": found} if found else {}
    assert faint == {}


async def test_textual_theme_overrides_the_saved_theme_and_is_not_saved(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    guild.view_file.parent.mkdir(parents=True)
    guild.view_file.write_text('{"theme": "arrakis-day"}')
    monkeypatch.setenv("TEXTUAL_THEME", "nord")
    async with playing(guild) as player:
        assert player.app.theme == "nord"
        await player.press("q")
        await player.leaves()
    assert json.loads(guild.view_file.read_text())["theme"] == "arrakis-day"
    monkeypatch.setenv("TEXTUAL_THEME", "nordic")
    async with playing(guild) as player:
        await player.sees("TEXTUAL_THEME names no theme: “nordic”")
        assert player.app.theme == "arrakis-day"


SIZES = [(1, 1), (20, 5), (40, 10)]
DIALOGS = ("enter", "f", "s", "o", "question_mark", "ctrl+p")


async def test_everything_works_at_any_size(guild: Guild) -> None:
    async with playing(guild, SIZES[0]) as player:
        for count, size in enumerate(SIZES, start=1):
            await player.resize(*size)
            player.assert_laid_out()
            player.burst("jjkG \t/spice mel")
            await player.pilot.pause()
            player.assert_laid_out()
            player.burst("+5x")
            await player.pilot.pause()
            player.assert_laid_out()
            player.burst("\x7f\r")
            await player.settles(count)
            last = guild.history("spice")[-1][:3]
            assert last == ("relative", 0, 5), f"{size}: it is the one in sight"
            for key in DIALOGS:
                player.hit(key)
                await player.until(lambda: len(player.app.screen_stack) == 2, f"{key}, {size}")
                player.assert_laid_out()
                player.hit("escape")
                await player.until(lambda: len(player.app.screen_stack) == 1, f"{key}, {size}")
            player.hit("escape", "escape", "tab")  # clear search and selection


COLUMNS = {
    (60, 20): ["Resource", "Hagga", "Deep Desert"],
    (80, 24): ["Resource", "Hagga", "Deep Desert", "Total", "%", "Status", "Updated"],
    (120, 40): ["Resource", "Category", "Hagga", "Deep Desert", "Total", "Target", "%", "Status"],
    (200, 60): ["Category", "Hagga", "Deep Desert", "Total", "Target", "%", "Updated", "By"],
}
"""Titles that are on a screen of this size, in order."""


async def test_the_terminal_can_be_resized_at_any_moment(guild: Guild) -> None:
    async with playing(guild) as player:
        for size, columns in COLUMNS.items():
            await player.resize(*size)
            shown = player.line("Plastanium Ingot").split()
            assert {"412", "1,100", "▲"} <= set(shown), size
            assert "Complex Machinery" in player.text(), size
            assert "▐Hagga▌" in player.lines()[1], size
            places = [player.lines()[3].find(title) for title in columns]
            assert -1 not in places, size
            assert places == sorted(places), size
        # With the cursor at the end
        await player.press("G")
        await player.resize(60, 10)
        await player.until(lambda: player.is_on("Water"))
        # In a dialog
        for key in ("enter", "f", "ctrl+p"):
            await player.press(key)
            for size in ((1, 1), (200, 60)):
                await player.resize(*size)
                player.assert_laid_out()
            await player.press("escape", "g", "G")
            await player.until(lambda: player.is_on("Water"), f"the table after {key}")
        # In a quick edit
        await player.go_to("Steel Ingot")
        player.burst("+5")
        for size in (*SIZES, (1, 50), (300, 1), WIDE):
            await player.resize(*size)
            player.assert_laid_out()
        player.burst("0\r")
        await player.settles(1)
        assert guild.history("steel")[0][:3] == ("relative", 50, 0)
        await player.until(lambda: player.is_on("Steel Ingot"))
        await player.resize(40, 10)
        player.burst("/spice infused+12345")
        await player.sees("+12345")
        player.assert_laid_out()
