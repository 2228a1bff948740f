"""Changes that other programs make to the same file, and waiting for a lock."""

from __future__ import annotations

import pytest

from helpers.other_schemas import SETTINGS
from helpers.processes import locked
from tracker_tui.db import sqlite
from ui.conftest import MEMBER, Guild, Player, in_front_of, playing, screen_strips
from ui.history_rows import add_user


def looks(player: Player, name: str) -> str:
    """Return the style of a row's name."""
    strip = next(strip for strip in screen_strips(player.app) if f" {name} " in strip.text)
    return str(next(segment.style for segment in strip if name in segment.text))


async def test_the_row_of_a_change_flashes_for_a_moment(guild: Guild) -> None:
    async with playing(guild) as player:
        usual = looks(player, "Steel Ingot")
        guild.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
        await player.until(lambda: "4,321" in player.line("Steel Ingot"))
        assert looks(player, "Steel Ingot") != usual
        assert looks(player, "Spice Sand") == usual
        await player.until(lambda: looks(player, "Steel Ingot") == usual, "the end of the flash")
        # The row of an own change flashes, too.
        await player.go_to("Steel Ingot")
        cursor, usual = looks(player, "Steel Ingot"), looks(player, "4,371")
        player.burst("+5\r")
        await player.settles(1)
        await player.until(lambda: looks(player, "4,376") != usual)
        assert looks(player, "Steel Ingot") == cursor, "the cursor stays in sight"
        await player.until(lambda: looks(player, "4,376") == usual)


async def test_the_cursor_stays_on_its_resource(guild: Guild) -> None:
    guild.sql(SETTINGS)
    async with playing(guild, (200, 60)) as player:
        await player.go_to("Spice Sand")
        guild.insert("a1", name="Aaa first")
        guild.insert("a2", name="Aaa second")
        await player.sees("Aaa first")
        await player.until(lambda: player.is_on("Spice Sand"))
        for gone in ("a1", "a2", "cell", "blade"):
            guild.sql("DELETE FROM resource_history WHERE resource_id = ?", gone)
            guild.sql("DELETE FROM resources WHERE id = ?", gone)
        await player.sees_no("Kindjal Blade")
        await player.until(lambda: player.is_on("Spice Sand"))
        guild.sql("UPDATE resources SET name = 'Zzz' WHERE id = 'sand'")
        await player.until(lambda: player.is_on("Zzz"))
        # A change moves its row when the table is sorted by Hagga, the most first.
        player.burst("sjjj\r")
        await player.until(lambda: " Zzz " in player.rows()[0])
        await player.press("g")
        guild.sql("UPDATE resources SET quantity_hagga = 99999 WHERE id = 'water'")
        await player.until(lambda: player.names()[0] == "Water")
        assert player.is_on("Zzz")
        # The row under the cursor is deleted.
        guild.sql("DELETE FROM resource_history WHERE resource_id = 'sand'")
        guild.sql("DELETE FROM resources WHERE id = 'sand'")
        await player.sees_no("Zzz")
        await player.until(lambda: player.is_on("Plastone"))
        player.burst("-1\r")
        await player.settles(1)
        assert guild.quantities("plastone") == (4_999, 0)
        # Counts and names follow.
        guild.sql("UPDATE resources SET quantity_hagga = 0, target_quantity = 10")
        await player.sees("7 ▼ critical   0 ▾ low   0 = on target   2 ▲ above target")
        add_user(guild, MEMBER, "Sihaya")
        guild.name_hagga("Sietch Tabr")
        await player.sees("Sihaya", "▐Sietch Tabr▌", "▸ Sietch Tabr")


async def test_a_locked_database_is_reported_and_the_change_stays_pending(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    async with playing(guild) as player:
        await player.go_to("Water")
        with locked(guild.path):
            player.burst("+50\r")
            await player.sees("↑ 1 pending", "Water +50 saved here, will be sent.")
            await player.until(lambda: " 57 " in player.line(" Water  "), "what was typed")
            player.burst("+1\r")
            await player.sees("↑ 2 pending")
            player.assert_laid_out()
            assert guild.history() == []
        await player.settles(2)
        await player.sees_no("pending")
        await player.sees("● local")
        assert [row[1] for row in guild.history("water")] == [50, 1]
        assert guild.quantities("water") == (58, 0)


async def test_an_unreadable_database_is_reported(guild: Guild) -> None:
    guild.sql("DROP TABLE leaderboard")
    tracker = guild.tracker()
    tracker.open()
    async with in_front_of(tracker, guild, (80, 24)) as player:
        await player.sees("○ unavailable", "is not a tracker")
        player.burst("+5\r/x\rG s")
        await player.pilot.pause()
        player.assert_laid_out()
