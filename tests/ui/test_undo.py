"""Undo: the last quick edit, back to the start of this run, and its limits."""

from __future__ import annotations

import pytest

from helpers.processes import locked
from tracker_tui.db import sqlite
from ui.conftest import Guild, playing
from ui.guild_on_server import never_poll


async def test_u_undoes_the_last_quick_edit_with_all_its_rows_and_points(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Spice Melange")
        player.burst("+500 # run\r")
        await player.settles(1)
        await player.sees("Spice Melange +500 → 1,700 at Hagga")
        await player.press("u")
        await player.settles(2)
        await player.sees("Undid Spice Melange +500 (back to 1,200)")
        assert guild.history() == [
            ("relative", 500, 0, "run"),
            ("relative", -500, 0, "Undo: run"),
        ]
        assert guild.quantities("spice") == (1_200, 0)
        assert guild.points() == []
        player.burst("g   +10\r")
        await player.settles(5)
        await player.press("u")
        await player.settles(8)
        assert guild.quantities("machine") == (7, 0)
        assert guild.quantities("cell") == (40, 2)
        assert guild.quantities("blade") == (3, 1)
        assert guild.points() == []


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


async def test_undo_keeps_other_peoples_changes_and_a_rejected_one_can_be_tried_again(
    guild: Guild,
) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("=7\r")  # which needs no undo
        await player.settles(1)
        await player.press("u")
        await player.sees("Nothing to undo")
        assert len(guild.history()) == 1
        player.burst("=50\r")
        await player.settles(2)
        guild.sql("UPDATE resources SET quantity_hagga = quantity_hagga + 1000 WHERE id = 'water'")
        await player.press("u")
        await player.settles(3)
        await player.sees("Undid Water =50 (now 1,007)")
        assert guild.quantities("water") == (1_007, 0)
        player.burst("+50\r")
        await player.settles(4)
        guild.sql("UPDATE resources SET quantity_hagga = 2 WHERE id = 'water'")
        await player.press("u")
        await player.sees("Water +50 not undone: only 2 at Hagga.")
        assert ": o " not in player.text()
        guild.sql("UPDATE resources SET quantity_hagga = 57 WHERE id = 'water'")
        await player.press("u")
        await player.settles(5)
        assert guild.quantities("water") == (7, 0)


async def test_a_pending_change_is_undone_without_being_sent(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    # Otherwise the change may be sent again just as it is undone.
    never_poll(monkeypatch)
    async with playing(guild) as player:
        await player.go_to("Water")
        with locked(guild.path):
            player.burst("+50\r")
            await player.sees("↑ 1 pending", "in use by another program")
            await player.press("u")
            await player.sees("Undid Water +50 before it was sent.")
            await player.sees_no("pending")
            await player.until(lambda: " 7 " in player.line(" Water  "))
        guild.insert("new", name="A new one")
        await player.press("r")
        await player.sees("A new one")
        assert guild.history() == []
