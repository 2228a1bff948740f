"""Changes that other programs make to the same file, and waiting for a lock."""

from __future__ import annotations

import pytest

from helpers.other_schemas import SETTINGS
from helpers.processes import locked
from tracker_tui.db import sqlite
from tracker_tui.ui.app import TrackerApp
from ui.conftest import Guild, Player, playing, screen_strips


def looks(player: Player, name: str) -> str:
    """Return the style of a row's name."""
    strip = next(strip for strip in screen_strips(player.app) if f" {name} " in strip.text)
    return str(next(segment.style for segment in strip if name in segment.text))


async def test_the_row_of_a_change_by_others_flashes_for_a_moment(guild: Guild) -> None:
    async with playing(guild) as player:
        usual = looks(player, "Steel Ingot")
        guild.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
        await player.until(lambda: "4,321" in player.line("Steel Ingot"))
        assert looks(player, "Steel Ingot") != usual
        assert looks(player, "Spice Sand") == usual
        await player.until(lambda: looks(player, "Steel Ingot") == usual, "the end of the flash")


async def test_the_row_of_an_own_change_flashes_too(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Steel Ingot")
        cursor, usual = looks(player, "Steel Ingot"), looks(player, "650")
        player.burst("+5\r")
        await player.settles(1)
        await player.until(lambda: looks(player, "655") != usual)
        assert looks(player, "Steel Ingot") == cursor, "the cursor stays in sight"
        await player.until(lambda: looks(player, "655") == usual)


async def test_the_counts_follow(guild: Guild) -> None:
    async with playing(guild) as player:
        guild.sql("UPDATE resources SET quantity_hagga = 0, target_quantity = 10")
        await player.sees("9 ▼ critical   0 ▾ low   0 = on target   3 ▲ above target")


async def test_the_cursor_stays_on_its_resource(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Spice Sand")
        guild.insert("a1", name="Aaa first")
        guild.insert("a2", name="Aaa second")
        await player.sees("Aaa first")
        await player.until(lambda: player.is_on("Spice Sand"))
        guild.sql("DELETE FROM resources WHERE id IN ('a1', 'a2')")
        for other in ("cell", "blade"):
            guild.sql("DELETE FROM resource_history WHERE resource_id = ?", other)
            guild.sql("DELETE FROM resources WHERE id = ?", other)
        await player.sees_no("Kindjal Blade")
        await player.until(lambda: player.is_on("Spice Sand"))
        guild.sql("UPDATE resources SET name = 'Zzz' WHERE id = 'sand'")
        await player.until(lambda: player.is_on("Zzz"))


async def test_the_cursor_stays_when_a_change_moves_its_row(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("sjjj\r")  # by Hagga, the most first
        await player.until(lambda: player.names()[0] == "Spice Sand")
        await player.press("g")
        guild.sql("UPDATE resources SET quantity_hagga = 99999 WHERE id = 'water'")
        await player.until(lambda: player.names()[:2] == ["Water", "Spice Sand"])
        assert player.is_on("Spice Sand")


async def test_the_row_under_the_cursor_is_deleted(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press("G")
        guild.sql("DELETE FROM resource_history WHERE resource_id = 'water'")
        guild.sql("DELETE FROM resources WHERE id = 'water'")
        await player.sees_no(" Water ")
        assert player.is_on("Titanium Ore")
        player.burst("-1\r")
        await player.settles(1)
        assert guild.quantities("ore") == (299, 0)


async def test_renamed_members_and_locations_appear(guild: Guild) -> None:
    guild.sql(SETTINGS)
    async with playing(guild, (200, 60)) as player:
        guild.sql(
            "INSERT INTO users (id, discord_id, username, custom_nickname, created_at, last_login)"
            " VALUES ('u', 'Chani', 'x', 'Sihaya', 1, 1)"
        )
        guild.sql(
            "INSERT INTO global_settings (setting_key, setting_value, created_at, last_updated_at)"
            " VALUES ('inventory_location_1_name', 'Sietch Tabr', 1, 1)"
        )
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
    app = TrackerApp(tracker)
    try:
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            player = Player(app, pilot, guild)
            await player.sees("○ unavailable", "is not a tracker")
            player.burst("+5\r/x\rG s")
            await player.pilot.pause()
            player.assert_laid_out()
    finally:
        tracker.close()
