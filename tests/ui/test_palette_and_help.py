"""The help and the palette, generated from the bindings of the screen."""

from __future__ import annotations

import pytest
from textual.widgets import OptionList

from ui.conftest import WIDE, Guild, Player, playing

LARGE = (120, 60)
HELP = {
    "/": "Search as you type",
    "+ - = > <": "Quick edit: change the highlighted row or all selected rows",
    "tab": "Switch to the other location",
    "u": "Undo your last change",
    "f": "Filters",
    "s": "Sort",
    "y": "Copy",
    "o": "Pending changes, conflicts and rejected changes",
    "i": "Show what this session changed",
    "n": "Notify me of other people's changes: on / off",
    "r": "Refresh",
    "esc": "Clear search, selection, filters",
    "q": "Quit",
    "^q": "Quit",
    "^p": "Palette",
    "?": "Help",
    "f1": "Help",
    "⏎": "Everything about this resource",
    "space": "Select this row; a quick edit changes all selected rows",
    "g": "To the top",
    "home": "To the top",
    "G": "To the bottom",
    "end": "To the bottom",
    "j": "Down",
    "k": "Up",
    "↑": "Up",
    "↓": "Down",
    "pgup": "Page up",
    "pgdn": "Page down",
}


@pytest.mark.parametrize("key", ["question_mark", "f1"])
async def test_help_lists_every_key(guild: Guild, key: str) -> None:
    async with playing(guild, LARGE) as player:
        await player.press(key)
        await player.sees("Typing a change")
        lines = player.dialog()
        missing = {
            (shown, help_text)
            for shown, help_text in HELP.items()
            if not any(f" {shown} " in f" {line}" and help_text in line for line in lines)
        }
        assert missing == set()
        for grammar in ("+500", ">300", "+1.5k", "+3*500+20", "# spice run"):
            assert grammar in player.text()


async def test_help_lists_the_keys_of_the_search(guild: Guild) -> None:
    async with playing(guild, LARGE) as player:
        await player.press("slash", "f1")
        await player.sees("Typing a change")
        lines = player.dialog()
        assert any("To the table" in line for line in lines)
        assert any("Clear" in line and "esc" in line for line in lines)


async def test_a_remapped_key_works_and_the_help_says_so(guild: Guild) -> None:
    async with playing(
        guild, LARGE, keys={"resources.undo": "z", "table.down": "d,down"}
    ) as player:
        player.burst("d+5\r")
        await player.settles(1)
        assert len(guild.history("cell")) == 1
        await player.press("u")
        await player.press("z")
        await player.settles(2)
        assert guild.quantities("cell") == (40, 2)
        assert len(guild.history()) == 2
        await player.press("question_mark")
        await player.sees("Typing a change")
        assert any(line.split()[:2] == ["z", "Undo"] for line in player.dialog())
        assert not any(line.split()[:2] == ["u", "Undo"] for line in player.dialog())


async def test_the_footer_shows_a_handful_of_keys(guild: Guild) -> None:
    async with playing(guild) as player:
        footer = player.lines()[-1]
        for shown in ("/ Search", "+ - = > < Edit", "u Undo", "? Help", "tab Location"):
            assert shown in footer


LEFT_BY_ESC = {
    *("Sort by", "Show only", "The outbox is empty", "Multiplier"),
    *("Typing a change", "type + - = > or <"),
}


async def choose(player: Player, text: str, wanted: str, enters: int = 1) -> None:
    """Type into the palette and run its first hit."""
    await player.press("ctrl+p")
    await player.pilot.pause()
    player.burst(text)
    await player.sees(wanted)
    await player.pilot.app.workers.wait_for_complete()
    player.hit(*["enter"] * enters)
    await player.pilot.pause()


async def test_the_palette_goes_to_a_resource_that_filters_hide(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/water\r")
        await player.until(lambda: player.names() == ["Water"])
        await choose(player, "plastan", "Go to this resource")
        await player.until(lambda: player.is_on("Plastanium Ingot"))
        player.burst("+5\r")
        await player.settles(1)
        assert len(guild.history("ingot")) == 1


ACTIONS = [
    ("sort", "Sort", "Sort by"),
    ("filters", "Filters", "Show only"),
    ("outbox", "Outbox", "The outbox is empty"),
    ("stats", "Session stats", "This session: 0 changes"),
    ("others", "Notify me of others", "Notifications of other people's changes are on."),
    ("details", "Details", "Multiplier"),
    ("help", "Help", "Typing a change"),
    ("edit", "Edit", "type + - = > or <"),
    ("select", "Select", "● 1 selected"),
    ("location", "Location", "▐Deep Desert▌"),
    ("undo", "Undo", "Nothing to undo"),
    ("copy", "Copy", "Copied: Fuel Cell"),
]
"""Typed text, the hit in the palette, and the text on screen after Enter."""


async def test_the_palette_runs_actions(guild: Guild) -> None:
    async with playing(guild) as player:
        for text, wanted, effect in ACTIONS:
            await choose(player, text, wanted)
            await player.sees(effect)
            player.assert_laid_out()
            if effect in LEFT_BY_ESC:
                await player.press("escape")
                await player.sees_no(effect)
        # A command chosen twice at once runs once; the next Enter opens the row.
        await choose(player, "location", "Location", enters=2)
        await player.sees("Multiplier")
        await player.press("escape")
        await player.sees("▐Hagga▌")


async def test_the_palette_lists_the_actions_before_anything_is_typed(guild: Guild) -> None:
    async with playing(guild, LARGE) as player:
        await player.press("ctrl+p")
        await player.sees("Undo your last change")
        player.assert_laid_out()
        await player.press("escape")
        await player.sees_no("Undo your last change")
        assert player.app.is_running


async def test_a_list_without_room_for_a_line_has_no_pages(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.resize(20, 2)
        await player.press("ctrl+p")
        choices = player.app.screen.query_one(OptionList)
        await player.until(lambda: choices.highlighted is not None)
        await player.press("pageup", "pagedown", "pageup", "escape")
        await player.resize(*WIDE)
        assert "Spice Melange" in player.text()


async def test_the_palette_quits_and_preferences_are_saved(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press("tab")
        await choose(player, "quit", "Quit")
        await player.leaves()
    assert guild.view_file.exists()
