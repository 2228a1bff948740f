"""The details: chart, members, forecast; and the trend column of the table."""

from __future__ import annotations

import json

import pytest

from ui.conftest import DAY, MEMBER, NARROW, NOW, WIDE, Guild, playing
from ui.history_rows import STILGAR, add_user, record


@pytest.fixture
def busy(guild: Guild) -> Guild:
    """A guild whose spice went from 600 to 1,200 in twelve days."""
    guild.sql("DELETE FROM resource_history")
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


async def test_details_show_the_chart_and_who_changed_what(busy: Guild) -> None:
    async with playing(busy) as player:
        await player.go_to("Spice Melange")
        await player.press("enter")
        for size in ((60, 20), NARROW, (200, 60), WIDE):
            await player.resize(*size)
            await player.sees("▐30d▌")
            player.assert_laid_out()
            if size[1] >= 24:
                # 600 in twelve days, to 1,400; one member added 650, another removed 50.
                await player.sees("─H Hagga", "─T total", "+20 a day · target reached in 10 days")
                await player.sees("Added by", "+650", "-50")
        for period, text in (("7d", "+350"), ("24h", "a day"), ("all", "+650")):
            await player.press("left")
            await player.sees(f"▐{period}▌", text)
        # The whole history of the resource.
        await player.press("h")
        await player.sees("▐2 History▌", "Spice Melange", "+150 →")
        await player.press("1")
        await player.sees_no("▐2 History▌")
        await player.go_to("Water")
        await player.press("enter")
        await player.sees("No changes yet.", "not enough changes", "─T total")


async def test_details_show_values_beside_a_reading_error(busy: Guild) -> None:
    async with playing(busy, (160, 50)) as player:
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("l")
        await player.sees("No trend:")
        await player.go_to("Spice Melange")
        await player.press("enter")
        await player.sees("no resource_history", "Multiplier")
        busy.sql("ALTER TABLE gone RENAME TO resource_history")
        await player.press("r")
        await player.sees("─T total", "Latest changes")


async def test_l_shows_thirty_days_of_every_resource_and_is_remembered(busy: Guild) -> None:
    async with playing(busy) as player:
        await player.press("l")
        for size in (NARROW, WIDE, (200, 60)):
            await player.resize(*size)
            await player.sees("30 days")
            # All of its changes are within these days.
            await player.until(lambda: "█" in player.line("Spice Melange"), "the sparkline")
            assert "▁" in player.line("Spice Melange"), size
            player.assert_laid_out()
        await player.go_to("Spice Melange")
        player.burst("=0\r")
        await player.until(lambda: "█▁ " in player.cursor_row(), "its new end")
        await player.press("l")
        await player.sees_no("30 days")
        await player.press("l", "q")
        await player.leaves()
    assert json.loads(busy.view_file.read_text())["has_sparklines"] is True
    async with playing(busy) as player:
        await player.sees("30 days")
        await player.until(lambda: "█" in player.line("Spice Melange"), "the sparkline")
