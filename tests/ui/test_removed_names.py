"""Deleted, renamed and removed names leave every open screen."""

from __future__ import annotations

import pytest

from helpers.proxy import Proxy
from ui.conftest import playing
from ui.guild_on_server import RemoteGuild, poll_eagerly, watching
from ui.history_rows import (
    STILGAR,
    add_user,
    entries,
    fill,
    opens,
    record,
    table_lines,
    table_of,
)
from ui.test_remote_query_cache import after_weeks, is_idle, now_of, to_the_end

RENAMED = (
    "UPDATE users SET custom_nickname = 'Reverend Mother' WHERE username = 'jessica'",
    "INSERT INTO global_settings VALUES ('inventory_location_1_name', 'Sietch Tabr', '', 1, 1)",
)
GONE = ("DELETE FROM resource_history WHERE id = 'b1'", "DELETE FROM resources WHERE id = 'blade'")


@pytest.fixture
def guild(remote: RemoteGuild, monkeypatch: pytest.MonkeyPatch) -> RemoteGuild:
    """A guild on a server where only Stilgar has changed anything for hours."""
    remote.sql("UPDATE resources SET updated_at = updated_at - 9000, last_updated_by = '7001'")
    return after_weeks(remote, monkeypatch)


def take_out(guild: RemoteGuild) -> None:
    """Remove Stilgar from the guild and make his history anonymous."""
    guild.sql(
        "UPDATE resource_history SET updated_by = 'deleted-user-x', reason = NULL"
        " WHERE updated_by IN (?, 'stil')",
        STILGAR,
    )
    guild.sql("DELETE FROM users WHERE discord_id = ?", STILGAR)


def bring_back(guild: RemoteGuild) -> None:
    add_user(guild, STILGAR, "Stilgar", "stil")
    guild.sql(
        "UPDATE resource_history SET updated_by = ?, reason = 'spice run 0'"
        " WHERE updated_by = 'deleted-user-x'",
        STILGAR,
    )


WITH_NAMES = {
    "2jj\r": "Reason       spice run 0",
    "3\r": "Stilgar   #1",
    "/spice mel\r\r": "Latest changes",
}
"""Keys that open a screen and a dialog with names, and a text that is there."""


async def test_removed_members_are_gone_after_a_full_refresh_and_entries_of_others_appear(
    guild: RemoteGuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    # A quarter of an hour passes at once.
    monkeypatch.setattr("tracker_tui.sync.refresh_and_retry_timing.FULL_REFRESH_SECONDS", 0.0)
    async with playing(guild) as player:
        for keys, is_there in WITH_NAMES.items():
            for key in keys:
                player.burst(key)
                await is_idle(player)
            await player.sees(is_there, "Stilgar")
            take_out(guild)
            for _ in range(2):
                await player.sees_no("Stilgar")
                await player.sees_no("spice run")
                player.assert_laid_out()
                await player.press("escape")
            bring_back(guild)
        await opens(player, "2")
        now = now_of(guild)
        record(guild, "theirs", 1, resource_id="water", reason="somebody else", created_at=now)
        guild.sql("UPDATE resources SET quantity_hagga = 8, updated_at = ? WHERE id = 'water'", now)
        await player.sees("somebody else")
        assert "somebody else" in table_lines(player)[1]


async def test_r_shows_renamed_and_deleted_names_and_resources(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(guild) as player:
        await opens(player, "2")
        await player.sees("jessica", "spice run 0", "Hagga")
        shown = len(entries(player))
        for statement in (*RENAMED, *GONE):
            guild.sql(statement)
        before = proxy.count
        await player.press("r")
        await player.sees("Reverend Mother", "Sietch Tabr")
        await player.sees_no("jessica")
        await player.until(lambda: len(entries(player)) == shown - 1, "the end of the entry")
        await is_idle(player)
        assert proxy.count == before + 2
        await player.press("1")
        await player.sees("▸ Sietch Tabr")
        await player.sees_no("Kindjal Blade")
        # Details follow their resource until it is deleted.
        player.burst("/spice mel\r\r")
        await player.sees("Latest changes", "1,200")
        guild.sql(
            "UPDATE resources SET name = 'The Spice', quantity_hagga = 1300 WHERE id = 'spice'"
        )
        await player.press("r")
        await player.sees("The Spice", "1,300")
        for table in ("resource_history", "leaderboard"):
            guild.sql(f"DELETE FROM {table}")
        guild.sql("DELETE FROM resources WHERE id = 'spice'")
        await player.press("r")
        await player.sees("This resource was deleted.")
        await player.sees_no("Latest changes")
        await player.press("escape")
        await player.until(lambda: player.app.screen is player.app.resources, "the table")


async def test_entries_far_down_are_reloaded_too(guild: RemoteGuild) -> None:
    fill(guild, 350)
    async with playing(guild) as player:
        await opens(player, "2")
        await to_the_end(player, 4)
        await player.sees("trip 1 ", "Stilgar")
        take_out(guild)
        guild.sql("DELETE FROM resource_history WHERE id = 'entry-3'")
        row = table_of(player).highlighted
        await player.press("r")
        await player.sees_no("trip")
        await player.sees_no("Stilgar")
        assert table_of(player).highlighted != row
        assert "+1 " in table_lines(player)[-1]
        assert not any(" +3 " in line for line in entries(player))
        await player.press("g")
        await player.sees(" +350 ", "deleted-user-x")
        await player.sees_no("trip")


async def test_removed_names_are_not_shown_offline(guild: RemoteGuild, proxy: Proxy) -> None:
    fill(guild, 250)
    async with playing(guild) as player:
        await opens(player, "2")
        await to_the_end(player, 3)
        await player.sees("trip 1 ")
        player.burst("/water\r")
        await player.until(lambda: "Spice" not in "".join(entries(player)), "the result")
        await is_idle(player)
        player.burst("\x1b")
        await player.press("3")
        await player.sees("Stilgar")
    take_out(guild)
    async with playing(guild) as player:
        # Only the newest entries are reloaded.
        await opens(player, "2")
        await is_idle(player)
    proxy.close()
    async with watching(guild) as player:
        await player.sees("offline since")
        await player.press("2")
        await player.sees("+250 ", "deleted-user-x")
        for _ in range(3):
            await to_the_end(player, 1)
            assert "trip" not in player.text()
        player.burst("/water\r")
        await is_idle(player)
        assert "trip" not in player.text()
        await player.press("3")
        await is_idle(player)
        assert "Stilgar" not in player.text()
