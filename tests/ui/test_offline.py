"""Without the server: cached rows, pending changes, and warnings of shortages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from helpers.other_schemas import ask
from helpers.proxy import Fate, Proxy, cut_after, cut_before, pass_on, proxy_to
from ui.conftest import DAY, HOUR, MINUTE, NARROW, WIDE, Player, playing
from ui.guild_on_server import RemoteGuild, poll_eagerly, watching


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll the server continuously."""
    poll_eagerly(monkeypatch)


@pytest.fixture
async def guild(proxy: Proxy, remote_url: str, tmp_path: Path) -> RemoteGuild:
    """The guild of RESOURCES on a server; an earlier run has cached its rows."""
    guild = RemoteGuild(remote_url, tmp_path, way=proxy.url).found()
    async with playing(guild) as player:
        await player.sees("● online", "1,200")
    return guild


def age_rows(guild: RemoteGuild, seconds: int) -> None:
    """Make the cached rows of a guild this much older."""
    (replica,) = guild.path.parent.glob("guilds/*/replica.db")
    ask(
        replica,
        "UPDATE facts SET value = json_array("
        "json_extract(value, '$[0]') - ?, json_extract(value, '$[1]') - ?"
        ") WHERE name = 'reading'",
        *(seconds, seconds),
    )


# Opening


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_dashboard_opens_without_network_on_cached_rows(
    guild: RemoteGuild, proxy: Proxy, size: tuple[int, int]
) -> None:
    proxy.close()
    async with watching(guild, size) as player:
        await player.sees("1,200", "○ offline since ")
        assert player.is_on("Complex Machinery")
        assert re.search(r"○ offline since \d\d:\d\d, read \d+ s ago", player.text())
        player.assert_laid_out()


@pytest.mark.parametrize(
    ("age", "text"),
    [(5 * MINUTE, "read 5 min ago"), (3 * HOUR, "read 3 h ago"), (9 * DAY, "read 9 d ago")],
)
async def test_the_status_bar_says_how_old_the_rows_are(
    guild: RemoteGuild, proxy: Proxy, age: int, text: str
) -> None:
    age_rows(guild, age)
    proxy.fate = cut_before
    async with watching(guild) as player:
        await player.sees(text, "1,200")


async def test_fresh_rows_appear_once_the_server_is_back(
    guild: RemoteGuild, proxy: Proxy, remote_url: str
) -> None:
    proxy.close()
    guild.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
    async with watching(guild) as player:
        await player.sees("○ offline since ")
        assert " 600 " in player.line("Steel Ingot")
        with proxy_to(remote_url, port=proxy.port):
            await player.sees("● online")
            await player.until(lambda: " 4,321 " in player.line("Steel Ingot"))
            await player.sees_no("offline")


async def test_locations_and_members_have_their_names_offline(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    guild.sql(
        "INSERT INTO users (id, discord_id, username, custom_nickname, created_at, last_login)"
        " VALUES ('u', 'Chani', 'x', 'Sihaya', 1, 1)"
    )
    guild.sql(
        "INSERT INTO global_settings (setting_key, setting_value, created_at, last_updated_at)"
        " VALUES ('inventory_location_1_name', 'Sietch Tabr', 1, 1)"
    )
    async with playing(guild) as player:
        await player.sees("● online", "▐Sietch Tabr▌")
    proxy.fate = cut_before
    async with watching(guild, (200, 60)) as player:
        await player.sees("○ offline since ", "▐Sietch Tabr▌", "▸ Sietch Tabr", "Sihaya")


# Typing


async def test_a_change_typed_offline_is_shown_at_once_and_pending(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    proxy.close()
    async with watching(guild) as player:
        await player.sees("1,200", "○ offline since ")
        await player.go_to("Water")
        await player.press("plus", "5", "0", "enter")
        await player.until(lambda: " 57 " in player.line(" Water  "), "what was typed")
        await player.sees("↑ 1 pending")
        await player.sees("Offline: Water +50 saved here, will be sent.")
        await player.press("greater_than_sign", "7", "enter")
        await player.sees("Offline: Water >7 saved here, will be sent.")
        assert "nothing was sent" not in player.text()
        await player.until(lambda: player.line(" Water  ").split()[2:4] == ["50", "7"])
        await player.sees("↑ 2 pending")
        assert len(player.app.screen_stack) == 1
        player.assert_laid_out()
    assert guild.history() == []


@pytest.mark.parametrize("fate", [cut_before, cut_after], ids=["not sent", "answer lost"])
async def test_pending_changes_survive_a_restart_and_are_sent_once(
    guild: RemoteGuild, proxy: Proxy, fate: Fate
) -> None:
    async with playing(guild) as player:
        await player.sees("● online")
        proxy.fate = fate
        player.burst("/water\r+50\r>7\r")
        await player.sees("↑ 2 pending", "○ offline")
    assert [(change.kind.sign, change.amount) for change in player.pending] == [("+", 50), (">", 7)]

    proxy.fate = cut_before
    async with watching(guild) as player:
        await player.sees("○ offline", "↑ 2 pending")
        assert player.line(" Water  ").split()[2:4] == ["50", "7"]
    assert len(player.pending) == 2

    proxy.fate = pass_on
    for _ in range(2):
        async with playing(guild) as player:
            await player.settles(2)
            await player.sees("● online")
            await player.sees_no("pending")
            assert player.line(" Water  ").split()[2:4] == ["50", "7"]
        assert player.pending == []
    assert [row[:3] for row in guild.history()] == [("relative", 50, 0), ("transfer", -7, 7)]
    assert guild.quantities("water") == (50, 7)


async def test_u_does_not_undo_changes_of_an_earlier_run(guild: RemoteGuild, proxy: Proxy) -> None:
    proxy.fate = cut_before
    async with watching(guild) as player:
        await player.sees("1,200")
        player.burst("/water\r+50\r")
        await player.sees("↑ 1 pending")
    async with watching(guild) as player:
        await player.sees("↑ 1 pending")
        await player.press("u")
        await player.sees("Nothing to undo: only changes of this run can be undone.")
        assert "↑ 1 pending" in player.text()


# Shortages


async def test_a_shortage_is_rejected_while_rows_are_fresh(
    guild: RemoteGuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.sync.refresh_and_retry_timing.FOCUSED_SECONDS", 3_600)
    async with playing(guild) as player:
        await player.sees("● online")
        await player.press("r")
        await player.go_to("Water")
        await player.until(lambda: not player.app.tracker.is_stale, "fresh rows")
        player.burst("-8\r")
        await player.sees("✗ Hagga holds only 7: 1 short")
        assert player.app.resources.edit.is_open
        assert "pending" not in player.text()


async def type_into_old_rows(player: Player, keys: str) -> None:
    """Type a removal of more Water than the old rows show."""
    await player.sees("○ offline", "1,200")
    await player.go_to("Water")
    player.burst(keys)
    await player.sees("! Hagga holds only 7: 1 short, as last read; the ledger decides")
    assert "✗" not in player.text()
    player.burst("\r")
    await player.sees("↑ 1 pending")
    assert not player.app.resources.edit.is_open


async def test_a_shortage_by_old_rows_is_only_a_warning(guild: RemoteGuild, proxy: Proxy) -> None:
    age_rows(guild, HOUR)
    proxy.fate = cut_before
    async with watching(guild) as player:
        await type_into_old_rows(player, "-8")
        guild.sql("UPDATE resources SET quantity_hagga = 100 WHERE id = 'water'")
        proxy.fate = pass_on
        await player.settles(1)
        await player.until(lambda: " 92 " in player.line(" Water  "))
    assert guild.quantities("water") == (92, 0)


async def test_a_shortage_by_stale_rows_is_left_to_the_ledger(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    age_rows(guild, HOUR)
    proxy.fate = cut_before
    async with watching(guild) as player:
        await type_into_old_rows(player, "-8")
        proxy.fate = pass_on
        await player.sees("▲ 1 rejected: o", "Water -8 rejected: only 7 at Hagga.")
        await player.sees_no("pending")
        assert " 7 " in player.line(" Water  ")
    assert guild.history() == []


async def test_the_warning_for_many_rows_counts_possible_shortages(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    age_rows(guild, HOUR)
    proxy.fate = cut_before
    async with watching(guild) as player:
        await player.sees("○ offline", "1,200")
        player.burst("g   -20")  # Complex Machinery 7, Fuel Cell 40, Kindjal Blade 3
        await player.sees("! 2 of 3 rows may not allow it, as last read; the ledger decides")
        player.burst("\r")
        await player.sees("↑ 3 pending")
        proxy.fate = pass_on
        await player.sees("▲ 2 rejected: o", "2 rejected: Complex Machinery -20 (only 7")
    assert guild.quantities("cell") == (20, 2)
