"""The screen at any size: nothing crashes, every line fits, quantities stay visible."""

from __future__ import annotations

import pytest

from ui.conftest import Guild, playing

SIZES = [(200, 60), (120, 40), (80, 24), (60, 20), (40, 10), (20, 5), (1, 1)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_everything_works_at_any_size(guild: Guild, size: tuple[int, int]) -> None:
    async with playing(guild, size) as player:
        player.assert_laid_out()
        player.burst("jjkG \t/spice mel")
        await player.pilot.pause()
        player.assert_laid_out()
        player.burst("+5x")
        await player.pilot.pause()
        player.assert_laid_out()
        player.burst("\x7f\r")
        await player.settles(1)
        assert guild.history("spice")[0][:3] == ("relative", 0, 5), "it is the one in sight"
        for key in ("enter", "f", "s", "o", "question_mark", "ctrl+p"):
            player.hit(key)
            await player.until(lambda: len(player.app.screen_stack) == 2, key)
            player.assert_laid_out()
            player.hit("escape")
            await player.until(lambda: len(player.app.screen_stack) == 1, key)


@pytest.mark.parametrize("size", SIZES[:4], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_names_and_quantities_are_visible(guild: Guild, size: tuple[int, int]) -> None:
    async with playing(guild, size) as player:
        shown = player.line("Plastanium Ingot").split()
        assert {"412", "1,100", "▲"} <= set(shown)
        assert "Complex Machinery" in player.text()
        assert "Hagga" in player.lines()[3]
        assert "▐Hagga▌" in player.lines()[1]


@pytest.mark.parametrize(("size", "columns"), [
    ((80, 24), ["Resource", "Hagga", "Deep Desert", "Total", "%", "Status", "Updated"]),
    ((120, 40), ["Resource", "Category", "Hagga", "Deep Desert", "Total", "Target", "%", "Status",
                 "Updated"]),
    ((200, 60), ["Resource", "Category", "Hagga", "Deep Desert", "Total", "Target", "%", "Status",
                 "Updated", "By"]),
])  # fmt: skip
async def test_columns_are_hidden_in_a_sensible_order(
    guild: Guild, size: tuple[int, int], columns: list[str]
) -> None:
    async with playing(guild, size) as player:
        header = player.lines()[3]
        places = [header.find(title) for title in columns]
        assert -1 not in places
        assert places == sorted(places)


async def test_the_terminal_can_be_resized_at_any_moment(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Steel Ingot")
        player.burst("+5")
        for width, height in (*SIZES, (1, 50), (300, 1), *SIZES[::-1]):
            await player.resize(width, height)
            player.assert_laid_out()
        player.burst("0\r")
        await player.settles(1)
        assert guild.history("steel")[0][:3] == ("relative", 50, 0)
        await player.until(lambda: player.is_on("Steel Ingot"))


async def test_the_cursor_stays_visible_when_the_terminal_shrinks(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press("G")
        await player.resize(60, 10)
        await player.until(lambda: player.is_on("Water"))


@pytest.mark.parametrize("key", ["enter", "f", "ctrl+p"])
async def test_a_dialog_survives_a_resize(guild: Guild, key: str) -> None:
    async with playing(guild) as player:
        await player.press(key)
        for width, height in ((40, 10), (1, 1), (200, 60)):
            await player.resize(width, height)
            player.assert_laid_out()
        await player.press("escape")
        await player.press("G")
        await player.until(lambda: player.is_on("Water"))


async def test_typed_text_is_visible_on_a_narrow_screen(guild: Guild) -> None:
    async with playing(guild, (40, 10)) as player:
        player.burst("/spice infused+12345")
        await player.sees("+12345")
        player.assert_laid_out()
