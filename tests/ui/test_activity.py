"""My activity, by keys alone."""

from __future__ import annotations

import pytest

from ui.conftest import DAY, HOUR, MEMBER, NARROW, NOW, WIDE, Guild, Player, playing
from ui.history_rows import add_points, entries, record, some_weeks, table_lines


@pytest.fixture
def busy(guild: Guild) -> Guild:
    """A guild in which the player made changes on three of four days."""
    guild.sql("DELETE FROM resource_history")
    some_weeks(guild)
    guild.sql("DELETE FROM resource_history WHERE updated_by = ?", MEMBER)
    for number, (days, change, resource) in enumerate(
        [(0, 500, "spice"), (0, -20, "water"), (1, 70, "spice"), (2, 5, "ore"), (20, 9, "ore")]
    ):
        of = {"resource_id": resource, "created_at": NOW - days * DAY - HOUR}
        record(guild, f"own{number}", change, updated_by=MEMBER, **of)
    add_points(guild, "later", 7.25, user_id=MEMBER, created_at=NOW - 20 * DAY)
    return guild


def fact(player: Player, name: str) -> str:
    return player.line(f" {name} ").split(name)[1].strip().split("  ")[0]


async def test_changes_points_streak_and_totals_of_each_period(busy: Guild) -> None:
    async with playing(busy) as player:
        busy.sql("ALTER TABLE resource_history RENAME TO gone")
        await player.press("4")
        await player.reads("it has no resource_history.")
        busy.sql("ALTER TABLE gone RENAME TO resource_history")
        await player.press("r")
        for size in (NARROW, (60, 20), WIDE):
            await player.resize(*size)
            await player.until(lambda: fact(player, "Days in a row") == "3", "the sums")
            assert fact(player, "Changes") == "4"
            assert fact(player, "Points") == "5.50"
            if size[0] > 60:
                await player.sees("2 x         +570           -0")
                assert "Spice Melange" in player.line("2 x         +570           -0")
                assert "Water" in player.line("1 x           +0          -20")
            assert len(entries(player)) == 4
            player.assert_laid_out()
        await player.press("right")
        await player.sees("▐30d▌", "12.75")
        await player.until(lambda: len(entries(player)) == 5, "the rows")
        await player.press("left", "left")
        await player.sees("▐24h▌")
        await player.until(lambda: len(entries(player)) == 2, "the rows")
        await player.until(lambda: fact(player, "Days in a row") == "3", "the sums")
        await player.press("right", "G")
        await player.sees("▐7d▌")
        # Enter and v work as in the history.
        await player.until(lambda: "enter looks further back" in table_lines(player)[-1], "it")
        await player.press("enter")
        await player.until(lambda: len(entries(player)) == 5, "older changes")
        await player.press("g", "enter")
        await player.sees("When", "Total")
        await player.press("escape", "v")
        await player.until(lambda: player.app.screen is player.app.resources, "the resources")
        assert player.is_on("Water")
        player.burst("+5 # a sip\r4")
        await player.sees("a sip")
        await player.until(lambda: fact(player, "Changes") == "5", "the sum")
        busy.sql("DELETE FROM resource_history")
        await player.press("r")
        await player.sees("You changed nothing")
        await player.until(lambda: fact(player, "Days in a row") == "0", "no day")
