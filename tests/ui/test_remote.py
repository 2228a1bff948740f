"""A session on a guild's server, by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.hanging_server import Gate
from helpers.proxy import Proxy, delayed
from ui.conftest import BY_NAME, Guild, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    never_poll(monkeypatch)


@pytest.fixture
def guild(proxy: Proxy, remote_url: str, tmp_path: Path) -> Guild:
    """The guild of RESOURCES on a server behind a proxy."""
    return RemoteGuild(remote_url, tmp_path, way=proxy.url).found()


async def test_the_dashboard_opens_with_rows_and_the_name_of_the_server(
    guild: Guild, proxy: Proxy
) -> None:
    async with playing(guild) as player:
        await player.sees("tracker ▐1 Resources▌", "· localhost", "● online   Chani", "1,200")
        assert player.names() == BY_NAME
        assert proxy.count <= 2
        player.assert_laid_out()


async def test_find_and_change_is_one_request(guild: Guild, proxy: Proxy) -> None:
    async with playing(guild) as player:
        before = proxy.count
        player.burst("/spice")
        await player.until(lambda: player.is_on("Spice Melange"))
        player.burst("+3*500 # run\r")
        await player.sees("Spice Melange +1,500 → 2,700 at Hagga", "+165 points")
        assert proxy.count == before + 1
    assert guild.history() == [("relative", 1_500, 0, "run")]
    assert guild.quantities("spice") == (2_700, 0)
    assert guild.points() == [("spice", 165.0)]


async def test_one_enter_for_many_selected_rows_is_one_request(guild: Guild, proxy: Proxy) -> None:
    async with playing(guild) as player:
        before = proxy.count
        player.burst("   +10 # all\r")
        await player.sees(
            "+10 at Hagga: Complex Machinery → 17, Fuel Cell → 50,", "Kindjal Blade → 13"
        )
        assert proxy.count == before + 1
    assert guild.history() == [("relative", 10, 0, "all")] * 3


async def test_a_transfer_moves_between_the_locations(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/spice mel>200\r<50\r")
        await player.settles(2)
    assert [row[:3] for row in guild.history()] == [("transfer", -200, 200), ("transfer", 50, -50)]
    assert guild.quantities("spice") == (1_050, 150)


async def test_setting_a_quantity_that_another_member_changed_is_a_conflict(
    guild: Guild,
) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("=5")
        await player.sees("7 → 5")
        guild.sql("UPDATE resources SET quantity_hagga = 90 WHERE id = 'water'")
        player.burst("\r")
        await player.sees("▲ 1 conflict: o", "Hagga holds 90 now, not 7.")
        assert guild.quantities("water") == (90, 0)
        await player.until(lambda: " 90 " in player.line(" Water  "), "what the server has")
        await player.press("o")
        await player.sees("Water =5 conflicts: Hagga holds 90 now, not 7.")
        await player.press("enter")
        await player.sees("Water =5 at Hagga (was 90)")
        await player.press("enter")
        await player.settles(1)
        await player.sees_no(": o ")
    assert guild.history("water") == [("absolute", -85, 0, None)]


async def test_undo_undoes_a_whole_submission_in_one_request(guild: Guild, proxy: Proxy) -> None:
    async with playing(guild) as player:
        player.burst("   +10\r")
        await player.settles(3)
        before = proxy.count
        await player.press("u")
        await player.settles(6)
        await player.sees("Undid Kindjal Blade +10 (back to 3),")
        assert proxy.count == before + 1
    assert [guild.quantities(each)[0] for each in ("machine", "cell", "blade")] == [7, 40, 3]
    assert guild.points() == []


async def test_thirty_edits_in_one_burst_are_applied_in_order(guild: Guild, proxy: Proxy) -> None:
    proxy.fate = delayed(0.05)
    async with playing(guild) as player:
        await player.go_to("Water")
        before = proxy.count
        player.burst("".join(f"+{number}\r" for number in range(1, 31)))
        await player.settles(30)
        await player.until(lambda: " 472 " in player.line(" Water  "))
        assert proxy.count - before < 10, "what waits goes together"
    assert [row[1] for row in guild.history("water")] == list(range(1, 31))
    assert guild.quantities("water") == (472, 0)


async def test_the_screen_shows_a_change_before_the_server_has_answered(
    guild: Guild, proxy: Proxy
) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        with Gate() as gate:
            proxy.fate = gate
            player.burst("+50\r")
            await player.until(lambda: " 57 " in player.line(" Water  "))
            await player.sees("↑ 1 pending")
            player.burst("+1\r>8\r")
            await player.until(lambda: " 50 " in player.line(" Water  "))
            await player.sees("↑ 3 pending")
            assert gate.is_holding
            assert guild.history() == []
        await player.settles(3)
        await player.sees_no("pending")
    assert guild.quantities("water") == (50, 8)


async def test_a_restored_backup_is_shown_after_r_and_by_the_next_run(guild: Guild) -> None:
    guild.sql("UPDATE resources SET updated_at = updated_at - 9000")
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+50\r")
        await player.settles(1)
        # One row goes back in time, one changes with the same time, one is gone and one is back.
        guild.sql("UPDATE resources SET quantity_hagga = 7, updated_at = 1 WHERE id = 'water'")
        guild.sql("UPDATE resources SET quantity_hagga = 1300 WHERE id = 'spice'")
        guild.sql("DELETE FROM resource_history")
        guild.sql("DELETE FROM leaderboard")
        guild.sql("DELETE FROM resources WHERE id = 'blade'")
        guild.insert("crate", name="Old Crate", updated_at=1)
        await player.press("r")
        await player.sees("Old Crate", "1,300")
        await player.sees_no("Kindjal Blade")
        await player.until(lambda: " 7 " in player.line(" Water  "), "the older quantity")
        guild.sql("UPDATE resources SET quantity_hagga = 6 WHERE id = 'water'")
    async with playing(guild) as player:
        await player.until(lambda: " 6 " in player.line(" Water  "), "what the server has")


async def test_the_guild_chooses_the_names_of_its_locations(guild: Guild) -> None:
    guild.sql(
        "INSERT INTO global_settings (setting_key, setting_value, created_at, last_updated_at)"
        " VALUES ('inventory_location_1_name', 'Sietch Tabr', 1, 1)"
    )
    async with playing(guild) as player:
        await player.sees("▐Sietch Tabr▌", "▸ Sietch Tabr")
        player.burst("/spice mel+5\r")
        await player.sees("Spice Melange +5 → 1,205 at Sietch Tabr")


async def test_details_show_the_history(guild: Guild, proxy: Proxy) -> None:
    async with playing(guild) as player:
        await player.go_to("Spice Melange")
        player.burst("+500 # worm\r")
        await player.settles(1)
        before = proxy.count
        await player.press("enter")
        await player.sees("The spice must flow.", "Latest changes")
        assert "Hagga +500" in player.line("worm")
        assert "Hagga +1,200" in player.line("Resource created")
        assert proxy.count == before + 1
        player.assert_laid_out()


async def test_changes_by_others_appear_by_themselves(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    async with playing(guild) as player:
        guild.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
        await player.until(lambda: " 4,321 " in player.line("Steel Ingot"))


async def test_r_reads_the_server_at_once(guild: Guild) -> None:
    async with playing(guild) as player:
        guild.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
        await player.press("r")
        await player.until(lambda: " 4,321 " in player.line("Steel Ingot"))


async def test_names_of_the_server_are_plain_text(guild: Guild) -> None:
    for resource_id, name in (("water", "[bold]W[/bold]"), ("worm", "\x1b[31mworm\x1b[0m\x07")):
        guild.sql("UPDATE resources SET name = ? WHERE id = ?", name, resource_id)
    guild.sql(
        "INSERT INTO global_settings (setting_key, setting_value, created_at, last_updated_at)"
        " VALUES ('inventory_location_2_name', '[red]\x1b[2JX', 1, 1)"
    )
    async with playing(guild) as player:
        await player.sees("[bold]W[/bold]", "[31mworm", "[red]")
        player.assert_laid_out()
        player.burst("/[bold]+5\r")
        await player.sees("[bold]W[/bold] +5 → 12 at Hagga")
        player.assert_laid_out()
        await player.press("escape", "escape", "enter")
        await player.sees("Resource created")
        player.assert_laid_out()
