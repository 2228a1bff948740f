"""The screen at any size: nothing crashes, every line fits, quantities stay visible."""

from __future__ import annotations

from ui.conftest import WIDE, Guild, playing

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
