"""History, leaderboard and activity on a server: requests, waiting, no network."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.hanging_server import Gate
from helpers.other_schemas import ask
from helpers.proxy import Proxy, cut_before, pass_on
from tracker_tui.ui.history.history_entries_screen import EntriesScreen
from ui.conftest import Player, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly, watching
from ui.history_rows import entries, fill, opens, some_weeks, table_lines, table_of

SCREENS = ["2", "3", "4"]
SHOWN = {"2": "spice run 0", "3": "Stilgar", "4": "before the storm"}
"""Text that each screen must show."""


@pytest.fixture
def guild(
    proxy: Proxy, remote_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> RemoteGuild:
    """A guild on a server after some weeks; polling is disabled."""
    never_poll(monkeypatch)
    guild = RemoteGuild(remote_url, tmp_path, way=proxy.url).found()
    guild.sql("DELETE FROM resource_history")
    monkeypatch.setattr("ui.history_rows.NOW", int(guild.sql("SELECT strftime('%s', 'now')")[0][0]))
    some_weeks(guild)
    return guild


@pytest.fixture
async def seen(guild: RemoteGuild) -> RemoteGuild:
    """The guild after an earlier run opened every screen."""
    async with playing(guild) as player:
        for key in SCREENS:
            await opens(player, key)
            await player.sees(SHOWN[key])
        await player.until(lambda: "Days in a row" in player.text(), "the sums")
    return guild


def age_pages(guild: RemoteGuild, seconds: int) -> None:
    """Make the cached pages this much older."""
    (pages,) = guild.path.parent.glob("guilds/*/pages.db")
    ask(pages, "UPDATE pages SET at = at - ?", seconds)


async def is_idle(player: Player) -> None:
    """Wait until all workers are finished."""
    await player.until(
        lambda: all(worker.is_finished for worker in player.app.workers), "an end of all work"
    )


# Requests


@pytest.mark.parametrize(("key", "requests"), [("2", 1), ("3", 1), ("4", 2)])
async def test_a_screen_is_one_request_for_each_thing_it_shows(
    guild: RemoteGuild, proxy: Proxy, key: str, requests: int
) -> None:
    async with playing(guild) as player:
        before = proxy.count
        await opens(player, key)
        await is_idle(player)
        await player.sees(SHOWN[key])
        assert proxy.count == before + requests


async def test_each_page_and_each_filter_of_the_history_is_one_request(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    fill(guild, 350)
    async with playing(guild) as player:
        before = proxy.count
        await opens(player, "2")
        await is_idle(player)
        # The first page and the next one, which is loaded ahead.
        assert proxy.count == before + 2
        before = proxy.count
        player.burst("/trip 34\r")
        await player.until(lambda: len(entries(player)) == 14, "the result")
        await is_idle(player)
        assert proxy.count == before + 1


async def test_sparklines_of_all_resources_are_one_request_and_kept(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(guild) as player:
        before = proxy.count
        await player.press("l")
        await player.until(lambda: "█" in player.line("Spice Melange"), "the sparkline")
        await player.press("l", "l", "j", "k")
        await is_idle(player)
        assert proxy.count == before + 1


async def test_the_details_are_one_request(guild: RemoteGuild, proxy: Proxy) -> None:
    async with playing(guild) as player:
        before = proxy.count
        await player.go_to("Spice Melange")
        await player.press("enter")
        await player.sees("─T total", "Added by", "Latest changes")
        assert proxy.count == before + 1


# Waiting


@pytest.mark.parametrize("key", SCREENS)
async def test_a_loading_screen_says_so_and_esc_leaves_it(
    guild: RemoteGuild, proxy: Proxy, key: str
) -> None:
    async with playing(guild) as player:
        with Gate() as gate:
            proxy.fate = gate
            await player.press(key)
            await player.until(lambda: gate.is_holding, "the request")
            await player.sees("reading …")
            player.assert_laid_out()
            await player.press("j", "G", "enter", "escape")
            assert player.app.screen is player.app.resources
            await player.press("j")
            assert player.is_on("Fuel Cell")
            assert gate.is_holding


@pytest.mark.parametrize("key", SCREENS)
async def test_cached_rows_are_shown_at_once_while_the_server_is_asked(
    seen: RemoteGuild, proxy: Proxy, key: str
) -> None:
    age_pages(seen, 7_260)
    async with playing(seen) as player:
        with Gate() as gate:
            proxy.fate = gate
            await player.press(key)
            await player.sees(SHOWN[key], "read 2 h ago")
            player.assert_laid_out()
        await player.sees_no("read 2 h ago")


async def test_keys_work_while_a_page_is_loading(guild: RemoteGuild, proxy: Proxy) -> None:
    fill(guild, 450)
    async with playing(guild) as player:
        await opens(player, "2")
        await is_idle(player)
        with Gate() as gate:
            proxy.fate = gate
            await player.press("G")
            await player.until(lambda: gate.is_holding, "the request")
            await player.sees("reading …")
            row = table_of(player).highlighted
            await player.press("k", "k")
            assert table_of(player).highlighted != row
        await player.press("G")
        await player.until(lambda: not table_of(player).is_reading, "the page")
        assert table_of(player).row_count > 200


async def test_quitting_waits_for_no_page(guild: RemoteGuild, proxy: Proxy) -> None:
    with Gate() as gate:
        async with playing(guild) as player:
            proxy.fate = gate
            await player.press("2")
            await player.until(lambda: gate.is_holding, "the request")
            player.burst("q")
            await player.leaves()
        assert gate.is_holding


async def test_esc_cancels_a_waiting_export_and_leaves_no_file(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    folders = guild.config().folders._replace(downloads=guild.path.parent / "downloads")
    async with playing(guild, folders=folders) as player:
        await opens(player, "2")
        with Gate() as gate:
            proxy.fate = gate
            await player.press("x")
            await player.until(lambda: gate.is_holding, "the request")
            await player.sees("writing CSV")
            await player.press("escape")
            await player.sees("No CSV was written.")
            await is_idle(player)
            assert gate.is_holding
            assert list(folders.downloads.iterdir()) == []
        assert player.app.screen is not player.app.resources


# Without the server


@pytest.mark.parametrize("key", SCREENS)
async def test_without_network_a_screen_shows_cached_rows_and_their_age(
    seen: RemoteGuild, proxy: Proxy, key: str
) -> None:
    age_pages(seen, 3 * 86_400)
    proxy.close()
    async with watching(seen) as player:
        await player.sees("offline since")
        await player.press(key)
        await player.sees(SHOWN[key], "read 3 d ago")
        player.assert_laid_out()


@pytest.mark.parametrize("key", SCREENS)
async def test_without_network_or_cached_rows_a_screen_says_why_it_is_empty(
    guild: RemoteGuild, proxy: Proxy, key: str
) -> None:
    async with playing(guild) as player:
        proxy.fate = cut_before
        await player.press(key)
        await player.sees("tries again")
        player.assert_laid_out()
        proxy.fate = pass_on
        await player.press("r")
        await player.sees(SHOWN[key])
        await player.sees_no("tries again")


async def test_older_cached_pages_are_available_without_network(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    fill(guild, 350)
    async with playing(guild) as player:
        await opens(player, "2")
        for _ in range(4):
            await player.press("G")
            await is_idle(player)
        await player.sees("trip 1 ")
    proxy.close()
    async with watching(guild) as player:
        await player.sees("offline since")
        await player.press("2")
        await player.sees("trip 350")
        for _ in range(4):
            await player.press("G")
            await is_idle(player)
        await player.sees("trip 1 ")


async def test_cached_pages_remain_after_the_newest_rows_are_reloaded(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    fill(guild, 250)
    async with playing(guild) as player:
        await opens(player, "2")
        for _ in range(3):
            await player.press("G")
            await is_idle(player)
        await player.sees("trip 1 ")
    columns = "resource_id, previous_quantity_hagga, new_quantity_hagga, change_amount_hagga, "
    columns += "previous_quantity_deep_desert, new_quantity_deep_desert, "
    columns += "change_amount_deep_desert, change_type, updated_by"
    guild.sql(
        f"INSERT INTO resource_history (id, created_at, reason, {columns}) SELECT 'new', "
        f"created_at + 9, 'newest', {columns} FROM resource_history WHERE id = 'entry-250'"
    )
    async with playing(guild) as player:  # another run, which reads the first page twice
        await opens(player, "2")
        await player.sees("newest")
        await player.press("r")
        await is_idle(player)
    proxy.close()
    async with watching(guild) as player:
        await player.sees("offline since")
        await player.press("2")
        await player.sees("newest")
        for _ in range(4):
            await player.press("G")
            await is_idle(player)
        await player.sees("trip 1 ")


async def test_rows_stay_when_the_network_fails_and_update_when_it_returns(
    seen: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with playing(seen) as player:
        await opens(player, "2")
        await player.sees(SHOWN["2"])
        shown = len(entries(player))
        proxy.fate = cut_before
        await player.press("r")
        await player.sees("tries again")
        assert len(entries(player)) == shown
        proxy.fate = pass_on
        await player.press("r")
        await player.sees_no("tries again")


async def test_entries_of_others_appear_by_themselves(
    guild: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    async with playing(guild) as player:
        await opens(player, "2")
        screen = player.app.screen
        assert isinstance(screen, EntriesScreen)
        guild.sql(
            "INSERT INTO resource_history (id, resource_id, previous_quantity_hagga,"
            " new_quantity_hagga, change_amount_hagga, previous_quantity_deep_desert,"
            " new_quantity_deep_desert, change_amount_deep_desert, change_type, updated_by,"
            " reason, created_at) VALUES ('theirs', 'water', 7, 8, 1, 0, 0, 0, 'relative',"
            " '7001', 'somebody else', strftime('%s', 'now'))"
        )
        guild.sql(
            "UPDATE resources SET quantity_hagga = 8, quantity_location_1 = 8,"
            " updated_at = strftime('%s', 'now') WHERE id = 'water'"
        )
        await player.sees("somebody else")
        assert "somebody else" in table_lines(player)[1]
