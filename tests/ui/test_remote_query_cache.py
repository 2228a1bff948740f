"""History, leaderboard and activity on a server: requests, waiting, no network."""

from __future__ import annotations

import pytest

from helpers.hanging_server import Gate
from helpers.other_schemas import ask
from helpers.proxy import Proxy, cut_before, pass_on
from ui.conftest import Player, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly, watching
from ui.history_rows import (
    STILGAR,
    add_user,
    entries,
    fill,
    opens,
    record,
    some_weeks,
    table_lines,
    table_of,
)

SHOWN = {"2": "spice run 0", "3": "Stilgar", "4": "before the storm"}
"""The screens, and a text that each must show."""


def now_of(guild: RemoteGuild) -> int:
    return int(guild.sql("SELECT strftime('%s', 'now')")[0][0])


@pytest.fixture
def guild(remote: RemoteGuild, monkeypatch: pytest.MonkeyPatch) -> RemoteGuild:
    """A guild where only Stilgar changed anything for hours; polling is disabled."""
    never_poll(monkeypatch)
    remote.sql("UPDATE resources SET updated_at = updated_at - 9000, last_updated_by = '7001'")
    remote.sql("DELETE FROM resource_history")
    monkeypatch.setattr("ui.history_rows.NOW", now_of(remote))
    some_weeks(remote)
    return remote


def age_pages(guild: RemoteGuild, seconds: int) -> None:
    (pages,) = guild.path.parent.glob("guilds/*/pages.db")
    ask(pages, "UPDATE pages SET at = at - ?", seconds)


async def is_idle(player: Player) -> None:
    await player.until(
        lambda: all(worker.is_finished for worker in player.app.workers), "an end of all work"
    )


async def to_the_end(player: Player, pages: int) -> None:
    """Read the pages of the history, to the oldest entry."""
    for _ in range(pages):
        await player.press("G")
        await is_idle(player)


async def waits(player: Player, gate: Gate) -> None:
    await player.until(lambda: gate.is_holding, "the request")


async def test_each_thing_shown_is_one_request(guild: RemoteGuild, proxy: Proxy) -> None:
    async with playing(guild) as player:

        async def requests(expected: int) -> None:
            await is_idle(player)
            assert proxy.count == expected

        count = proxy.count
        await player.press("l")
        await player.until(lambda: "█" in player.line("Spice Melange"), "the sparkline")
        await player.press("l", "l", "j", "k")
        await requests(count + 1)
        await player.go_to("Spice Melange")
        await player.press("enter")
        await player.sees("─T total", "Added by", "Latest changes")
        await requests(count + 2)
        await player.press("escape")
        await opens(player, "3")
        await player.sees(SHOWN["3"])
        await requests(count + 3)
        # The entries, and their sums
        await opens(player, "4")
        await player.sees(SHOWN["4"])
        await requests(count + 5)
        # The first page of the history and the next one, which is loaded ahead
        fill(guild, 350)
        await opens(player, "2")
        await requests(count + 7)
        player.burst("/trip 34\r")
        await player.until(lambda: len(entries(player)) == 14, "the result")
        await requests(count + 8)


async def test_nothing_is_blocked_while_a_screen_loads(guild: RemoteGuild, proxy: Proxy) -> None:
    fill(guild, 250)
    folders = guild.config().folders._replace(downloads=guild.path.parent / "downloads")
    async with playing(guild, folders=folders) as player:
        for key in SHOWN:
            with Gate() as gate:
                proxy.fate = gate
                await player.press(key)
                await waits(player, gate)
                await player.sees("reading …")
                player.assert_laid_out()
                await player.press("j", "G", "enter", "escape")
                assert player.app.screen is player.app.resources, key
                await player.press("g", "j")
                assert player.is_on("Fuel Cell")
                assert gate.is_holding
            await is_idle(player)
        await opens(player, "2")
        await is_idle(player)
        with Gate() as gate:
            proxy.fate = gate
            await player.press("G")
            await waits(player, gate)
            await player.sees("reading …")
            row = table_of(player).highlighted
            await player.press("k", "k")
            assert table_of(player).highlighted != row
        await player.press("G")
        await player.until(lambda: not table_of(player).is_reading, "the page")
        assert table_of(player).row_count > 200
        # Esc cancels a waiting export, which leaves no file.
        await is_idle(player)
        with Gate() as gate:
            proxy.fate = gate
            await player.press("x")
            await waits(player, gate)
            await player.sees("writing CSV")
            await player.press("escape")
            await player.sees("No CSV was written.")
            await is_idle(player)
            assert gate.is_holding
            assert list(folders.downloads.iterdir()) == []
        assert player.app.screen is not player.app.resources


async def test_cached_rows_are_shown_with_their_age(guild: RemoteGuild, proxy: Proxy) -> None:
    async with playing(guild) as player:
        # Without network or cached rows a screen says why it is empty.
        for key, shown in SHOWN.items():
            proxy.fate = cut_before
            await player.press(key)
            await player.sees("tries again")
            player.assert_laid_out()
            proxy.fate = pass_on
            await player.press("r")
            await player.sees(shown)
            await player.sees_no("tries again")
        await player.until(lambda: "Days in a row" in player.text(), "the sums")
        await is_idle(player)
    age_pages(guild, 7_260)
    async with playing(guild) as player:
        for key, shown in SHOWN.items():
            with Gate() as gate:
                proxy.fate = gate
                await player.press(key)
                await player.sees(shown, "read 2 h ago")
                player.assert_laid_out()
            await player.sees_no("read 2 h ago")
            await is_idle(player)
        # Rows stay when the network fails and are updated when it returns.
        await opens(player, "2")
        how_many = len(entries(player))
        proxy.fate = cut_before
        await player.press("r")
        await player.sees("tries again")
        assert len(entries(player)) == how_many
        proxy.fate = pass_on
        await player.press("r")
        await player.sees_no("tries again")
    age_pages(guild, 3 * 86_400)
    proxy.close()
    async with watching(guild) as player:
        await player.sees("offline since")
        for key, shown in SHOWN.items():
            await player.press(key)
            await player.sees(shown, "read 3 d ago")
            player.assert_laid_out()


# Deleted, renamed and removed names leave every open screen

RENAMED = (
    "UPDATE users SET custom_nickname = 'Reverend Mother' WHERE username = 'jessica'",
    "INSERT INTO global_settings VALUES ('inventory_location_1_name', 'Sietch Tabr', '', 1, 1)",
)
GONE = ("DELETE FROM resource_history WHERE id = 'b1'", "DELETE FROM resources WHERE id = 'blade'")


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
    # A quarter of an hour passes at once, between two polls.
    monkeypatch.setattr("tracker_tui.sync.refresh_and_retry_timing.FOCUSED_SECONDS", 0.5)
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


async def test_r_shows_renamed_and_deleted_things(guild: RemoteGuild, proxy: Proxy) -> None:
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
