"""Without the server: cached rows, pending changes, and warnings of shortages."""

from __future__ import annotations

import pytest

from helpers.other_schemas import ask
from helpers.proxy import Proxy, cut_after, cut_before, pass_on, proxy_to
from ui.conftest import HOUR, MEMBER, NARROW, playing
from ui.guild_on_server import RemoteGuild, poll_eagerly, watching
from ui.history_rows import add_user


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll the server continuously."""
    poll_eagerly(monkeypatch)


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


async def test_the_dashboard_opens_on_cached_rows_until_the_server_is_back(
    remote: RemoteGuild, proxy: Proxy, remote_url: str
) -> None:
    add_user(remote, MEMBER, "Sihaya")
    remote.name_hagga("Sietch Tabr")
    async with playing(remote) as player:
        await player.sees("● online", "1,200", "▐Sietch Tabr▌")
    proxy.close()
    remote.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
    age_rows(remote, 3 * HOUR)
    async with watching(remote, NARROW) as player:
        await player.sees("1,200", "○ offline since ", "read 3 h ago")
        assert player.is_on("Complex Machinery")
        player.assert_laid_out()
        await player.resize(200, 60)
        await player.sees("▐Sietch Tabr▌", "▸ Sietch Tabr", "Sihaya")
        player.assert_laid_out()
        # A change is shown at once, and pending.
        await player.go_to("Water")
        await player.press("plus", "5", "0", "enter")
        await player.until(lambda: " 57 " in player.line(" Water  "), "what was typed")
        await player.sees("↑ 1 pending", "Offline: Water +50 saved here, will be sent.")
        await player.press("greater_than_sign", "7", "enter")
        await player.sees("Offline: Water >7 saved here, will be sent.")
        assert "nothing was sent" not in player.text()
        await player.until(lambda: player.line(" Water  ").split()[2:4] == ["50", "7"])
        await player.sees("↑ 2 pending")
        assert len(player.app.screen_stack) == 1
        assert remote.history() == []
        assert " 600 " in player.line("Steel Ingot")
        with proxy_to(remote_url, port=proxy.port):
            await player.sees("● online")
            await player.until(lambda: " 4,321 " in player.line("Steel Ingot"))
            await player.settles(2)
            await player.sees_no("offline")


async def test_pending_changes_survive_a_restart_and_are_sent_once(
    remote: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(remote) as player:
        await player.sees("● online")
        proxy.fate = cut_before
        player.burst("/water\r+50\r")
        await player.sees("↑ 1 pending", "○ offline")
        before = proxy.count
        proxy.fate = cut_after
        player.burst(">7\r")
        await player.sees("↑ 2 pending")
        await player.until(lambda: proxy.count > before + 1, "a lost answer")
    assert [(change.kind.sign, change.amount) for change in player.pending] == [("+", 50), (">", 7)]

    proxy.fate = cut_before
    async with watching(remote) as player:
        await player.sees("○ offline", "↑ 2 pending")
        assert player.line(" Water  ").split()[2:4] == ["50", "7"]
        await player.press("u")
        await player.sees("Nothing to undo: only changes of this run can be undone.")
        assert "↑ 2 pending" in player.text()
    assert len(player.pending) == 2

    proxy.fate = pass_on
    async with playing(remote) as player:
        await player.settles(2)
        await player.sees("● online")
        await player.sees_no("pending")
        assert player.line(" Water  ").split()[2:4] == ["50", "7"]
    assert player.pending == []
    assert [row[:3] for row in remote.history()] == [("relative", 50, 0), ("transfer", -7, 7)]
    assert remote.quantities("water") == (50, 7)


async def test_a_shortage_by_old_rows_is_only_a_warning(remote: RemoteGuild, proxy: Proxy) -> None:
    async with playing(remote) as player:
        await player.sees("● online", "1,200")
    age_rows(remote, HOUR)
    proxy.fate = cut_before
    async with watching(remote) as player:
        await player.sees("○ offline", "1,200")
        for name in ("Water", "Sandworm Tooth"):
            held = {"Water": 7, "Sandworm Tooth": 1}[name]
            await player.go_to(name)
            player.burst(f"-{held + 1}")
            await player.sees(
                f"! Hagga holds only {held}: 1 short, as last read; the ledger decides"
            )
            assert "✗" not in player.text()
            player.burst("\r")
            await player.until(lambda: not player.app.resources.edit.is_open, "the table")
        player.burst("g   -20")  # Complex Machinery 7, Fuel Cell 40, Kindjal Blade 3
        await player.sees("! 2 of 3 rows may not allow it, as last read; the ledger decides")
        player.burst("\r")
        await player.sees("↑ 5 pending")
        remote.sql("UPDATE resources SET quantity_hagga = 100 WHERE id = 'water'")
        proxy.fate = pass_on
        await player.sees("▲ 3 rejected: o")
        await player.press("o")
        await player.sees("Complex Machinery -20 rejected: only 7 at Hagga.", "Sandworm Tooth -2")
        await player.press("escape")
        await player.sees_no("pending")
        await player.until(lambda: " 92 " in player.line(" Water  "))
    assert remote.quantities("water") == (92, 0)
    assert remote.quantities("cell") == (20, 2)
    assert remote.quantities("worm") == (1, 0)
