"""Changes that others make to the same file, waiting for a lock, and undo."""

from __future__ import annotations

import pytest

from helpers.other_schemas import SETTINGS
from helpers.processes import locked
from tracker_tui.db import sqlite
from ui.conftest import MEMBER, Guild, in_front_of, playing
from ui.history_rows import add_user


async def test_the_cursor_stays_on_its_resource(guild: Guild) -> None:
    guild.sql(SETTINGS)
    async with playing(guild, (200, 60)) as player:
        await player.go_to("Spice Sand")
        guild.insert("a1", name="Aaa first")
        guild.insert("a2", name="Aaa second")
        await player.sees("Aaa first")
        await player.until(lambda: player.is_on("Spice Sand"))
        for gone in ("a1", "a2", "cell", "blade"):
            guild.delete(gone)
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
        guild.delete("sand")
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
            await player.sees("↑ 1 pending", "in use by another program")
            await player.sees("Water +50 saved here, will be sent.")
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


# Undo


async def test_u_undoes_the_last_quick_edit_with_all_its_rows_and_points(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Spice Melange")
        player.burst("+500 # run\r")
        await player.settles(1)
        await player.sees("Spice Melange +500 → 1,700 at Hagga")
        await player.press("u")
        await player.settles(2)
        await player.sees("Undid Spice Melange +500 (back to 1,200)")
        assert [row[1:] for row in guild.history()] == [(500, 0, "run"), (-500, 0, "Undo: run")]
        player.burst("g   +10\r")
        await player.settles(5)
        await player.press("u")
        await player.settles(8)
        assert guild.quantities("machine") == (7, 0)
        assert guild.quantities("cell") == (40, 2)
        assert guild.quantities("blade") == (3, 1)
        assert guild.points() == []
        # Other people's changes stay.
        await player.go_to("Water")
        player.burst("=50\r")
        await player.settles(9)
        guild.sql("UPDATE resources SET quantity_hagga = quantity_hagga + 1000 WHERE id = 'water'")
        await player.press("u")
        await player.settles(10)
        await player.sees("Undid Water =50 (now 1,007)")
        assert guild.quantities("water") == (1_007, 0)


async def test_undo_goes_back_to_the_start_of_this_run_and_no_further(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("+5\r")
        await player.settles(1)
    async with playing(guild) as player:
        await player.go_to("Plastanium Ingot")
        player.burst("+500\r=7\r>5\r")
        await player.settles(4)
        player.burst("uuu")
        await player.settles(7)
        assert guild.quantities("ingot") == (412, 1_100)
        assert [row[:3] for row in guild.history("ingot")][3:] == [
            ("transfer", 5, -5),
            ("relative", 905, 0),
            ("relative", -500, 0),
        ]
        await player.press("u")
        await player.sees("Nothing to undo")
        assert guild.quantities("machine") == (12, 0)
        # A later change is not undone.
        await player.go_to("Water")
        with locked(guild.path):  # only the ledger's thread waits
            player.burst("+10\ru+200\r")
            await player.sees("pending")
        await player.until(lambda: not player.app.tracker.pending())
        await player.until(lambda: guild.quantities("water") == (207, 0), "+200 alone")
