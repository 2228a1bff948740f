"""The details: chart, members, forecast; and the trend column of the table."""

from __future__ import annotations

import json

import pytest

from ui.conftest import DAY, MEMBER, NARROW, NOW, WIDE, Guild, playing
from ui.history_rows import STILGAR, add_user, record


@pytest.fixture
def busy(guild: Guild) -> Guild:
    """A guild whose spice went from 600 to 1,200 in twelve days."""
    guild.sql("DELETE FROM resource_history WHERE resource_id = 'spice'")
    add_user(guild, STILGAR, "Stilgar")
    stock = 600
    for number, change in enumerate([150, 150, -50, 200, 150]):
        record(
            guild,
            f"h{number}",
            change,
            previous_quantity_hagga=stock,
            new_quantity_hagga=stock + change,
            previous_quantity_deep_desert=0,
            new_quantity_deep_desert=0,
            updated_by=MEMBER if change < 0 else STILGAR,
            created_at=NOW - (12 - 2 * number) * DAY,
        )
        stock += change
    return guild


@pytest.mark.parametrize("size", [WIDE, NARROW, (200, 60), (60, 20)])
async def test_details_show_the_chart_and_who_changed_what(
    busy: Guild, size: tuple[int, int]
) -> None:
    async with playing(busy, size) as player:
        await player.go_to("Spice Melange")
        await player.press("enter")
        await player.sees("▐30d▌")
        player.assert_laid_out()
        if size[1] >= 24:
            # 600 in twelve days, to 1,400; one member added 650, another removed 50.
            await player.sees("─H Hagga", "─T total", "+20 a day · target reached in 10 days")
            await player.sees("Added by", "+650", "-50")
        await player.press("escape")
        await player.sees_no("▐30d▌")


async def test_the_arrows_change_the_period_of_the_chart(busy: Guild) -> None:
    async with playing(busy, (160, 50)) as player:
        await player.go_to("Spice Melange")
        await player.press("enter")
        await player.sees("+650")
        await player.press("left")
        await player.sees("▐7d▌", "+350")
        await player.press("left")
        await player.sees("▐24h▌", "a day")
        await player.press("left")
        await player.sees("▐all▌", "+650")


async def test_h_opens_the_whole_history_of_the_resource(busy: Guild) -> None:
    async with playing(busy) as player:
        await player.go_to("Spice Melange")
        await player.press("enter", "h")
        await player.sees("▐2 History▌", "Spice Melange", "+150 →")
        await player.sees_no("Titanium Ore")


async def test_a_resource_without_history_has_a_flat_line(guild: Guild) -> None:
    guild.sql("DELETE FROM resource_history")
    async with playing(guild, (160, 50)) as player:
        await player.go_to("Water")
        await player.press("enter")
        await player.sees("No changes yet.", "not enough changes", "─T total")


async def test_details_show_values_beside_a_reading_error(busy: Guild) -> None:
    async with playing(busy, (160, 50)) as player:
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.go_to("Spice Melange")
        await player.press("enter")
        await player.sees("no resource_history", "Multiplier")
        busy.sql("ALTER TABLE gone RENAME TO resource_history")
        await player.press("r")
        await player.sees("─T total", "Latest changes")


# Sparklines


@pytest.mark.parametrize("size", [WIDE, NARROW, (200, 60)])
async def test_l_shows_thirty_days_of_every_resource_and_hides_them(
    busy: Guild, size: tuple[int, int]
) -> None:
    async with playing(busy, size) as player:
        await player.press("l")
        await player.sees("30 days")
        await player.until(lambda: "█" in player.line("Spice Melange"), "the sparkline")
        assert "▁" in player.line("Spice Melange")
        # All of its changes are within these days.
        player.assert_laid_out()
        await player.press("l")
        await player.sees_no("30 days")


async def test_a_sparkline_ends_with_the_current_total(busy: Guild) -> None:
    async with playing(busy, (200, 60)) as player:
        await player.press("l")
        await player.until(lambda: "█" in player.line("Spice Melange"), "the sparkline")
        await player.go_to("Spice Melange")
        player.burst("=0\r")
        await player.until(lambda: "█▁ " in player.cursor_row(), "its new end")


async def test_the_trend_column_is_remembered(busy: Guild) -> None:
    async with playing(busy) as player:
        await player.press("l", "q")
        await player.leaves()
    assert json.loads(busy.view_file.read_text())["has_sparklines"] is True
    async with playing(busy) as player:
        await player.sees("30 days")
        await player.until(lambda: "█" in player.line("Spice Melange"), "the sparkline")


async def test_an_error_of_the_trend_column_is_reported(busy: Guild) -> None:
    async with playing(busy) as player:
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("l")
        await player.sees("No trend:")
        await player.press("j")
        assert player.is_on("Fuel Cell")
