"""History, leaderboard and activity on a server: requests, waiting, no network."""

from __future__ import annotations

import pytest

from helpers.hanging_server import Gate
from helpers.other_schemas import ask
from helpers.proxy import Proxy, cut_before, pass_on
from ui.conftest import Player, playing
from ui.guild_on_server import RemoteGuild, never_poll, watching
from ui.history_rows import entries, fill, opens, some_weeks, table_of

SHOWN = {"2": "spice run 0", "3": "Stilgar", "4": "before the storm"}
"""The screens, and a text that each must show."""


def now_of(guild: RemoteGuild) -> int:
    return int(guild.sql("SELECT strftime('%s', 'now')")[0][0])


def after_weeks(remote: RemoteGuild, monkeypatch: pytest.MonkeyPatch) -> RemoteGuild:
    """Return a guild on a server with some weeks of changes, and disable polling."""
    never_poll(monkeypatch)
    remote.sql("DELETE FROM resource_history")
    monkeypatch.setattr("ui.history_rows.NOW", now_of(remote))
    some_weeks(remote)
    return remote


@pytest.fixture
def guild(remote: RemoteGuild, monkeypatch: pytest.MonkeyPatch) -> RemoteGuild:
    """A guild on a server after some weeks; polling is disabled."""
    return after_weeks(remote, monkeypatch)


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


# Requests


async def test_a_screen_is_one_request_for_each_thing_it_shows(
    guild: RemoteGuild, proxy: Proxy
) -> None:
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


# Waiting


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


# Without the server


async def test_cached_rows_are_shown_at_once_with_their_age(
    guild: RemoteGuild, proxy: Proxy
) -> None:
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
