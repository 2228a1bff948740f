"""The help and the palette, generated from the bindings of the screen."""

from __future__ import annotations

from textual.widgets import OptionList

from ui.conftest import Guild, playing
from ui.steps import choose

LARGE = (120, 60)
HELP = {
    "Search as you type": "/",
    "Quick edit: change the highlighted row or all selected rows": "+ - = > <",
    "Switch to the other location": "tab",
    "Undo your last change": "u",
    "Pending changes, conflicts and rejected changes": "o",
    "Clear search, selection, filters": "esc",
    "Quit": "q|^q",
    "Help": "?|f1",
    "Everything about this resource": "⏎",
    "Select this row; a quick edit changes all selected rows": "space",
    "To the top": "g|home",
    "Down": "j|↓",
    "Page down": "pgdn",
}


async def test_help_footer_and_palette_list_the_keys(guild: Guild) -> None:
    async with playing(guild, LARGE) as player:
        footer = player.lines()[-1]
        for shown in ("/ Search", "+ - = > < Edit", "u Undo", "? Help", "tab Location"):
            assert shown in footer
        await player.press("question_mark")
        await player.sees("Typing a change")
        lines = player.dialog()
        missing = {
            (shown, help_text)
            for help_text, keys in HELP.items()
            for shown in keys.split("|")
            if not any(f" {shown} " in f" {line}" and help_text in line for line in lines)
        }
        assert missing == set()
        for grammar in ("+500", ">300", "+1.5k", "+3*500+20", "# spice run"):
            assert grammar in player.text()
        await player.press("escape")
        await player.sees_no("Typing a change")
        # In the search
        await player.press("slash", "f1")
        await player.sees("Typing a change")
        lines = player.dialog()
        assert any("To the table" in line for line in lines)
        assert any("Clear" in line and "esc" in line for line in lines)
        await player.press("escape", "escape", "ctrl+p")
        await player.sees("Undo your last change")
        player.assert_laid_out()
        await player.press("escape")
        await player.sees_no("Undo your last change")
        # A palette without room for a line has no pages.
        await player.resize(20, 2)
        await player.press("ctrl+p")
        choices = player.app.screen.query_one(OptionList)
        await player.until(lambda: choices.highlighted is not None)
        await player.press("pageup", "pagedown", "pageup")
        await player.quits("\x11")


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


LEFT_BY_ESC = {"Sort by", "Multiplier", "type + - = > or <"}
ACTIONS = [
    ("sort", "Sort", "Sort by"),
    ("others", "Notify me of others", "Notifications of other people's changes are on."),
    ("details", "Details", "Multiplier"),
    ("edit", "Edit", "type + - = > or <"),
    ("select", "Select", "● 1 selected"),
    ("location", "Location", "▐Deep Desert▌"),
    ("undo", "Undo", "Nothing to undo"),
]
"""Typed text, the hit in the palette, and the text on screen after Enter."""


async def test_the_palette_runs_actions_goes_to_resources_and_quits(guild: Guild) -> None:
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
        # It goes to a resource that the search hides.
        player.burst("/water\r")
        await player.until(lambda: player.names() == ["Water"])
        await choose(player, "plastan", "Go to this resource")
        await player.until(lambda: player.is_on("Plastanium Ingot"))
        await player.press("escape")  # which clears the selection
        player.burst("+5\r")
        await player.settles(1)
        assert len(guild.history("ingot")) == 1
        await choose(player, "quit", "Quit")
        await player.leaves()
    assert guild.view_file.exists()
