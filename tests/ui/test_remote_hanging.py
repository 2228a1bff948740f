"""A server that accepts a request and never answers does not block the user."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.hanging_server import Gate
from helpers.proxy import Proxy
from ui.conftest import NARROW, Player, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly, watching


@pytest.fixture
def guild(proxy: Proxy, remote_url: str, tmp_path: Path) -> RemoteGuild:
    """The guild of RESOURCES on a server behind a proxy."""
    return RemoteGuild(remote_url, tmp_path, way=proxy.url).found()


async def hangs(player: Player, gate: Gate) -> None:
    """Wait until the program waits for the server."""
    await player.until(lambda: gate.is_holding, "the request")


async def test_q_quits_at_once_while_the_first_refresh_hangs(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    with Gate() as gate:
        proxy.fate = gate
        async with watching(guild) as player:
            await hangs(player, gate)
            await player.sees("opening …")
            player.burst("q")
            await player.leaves()
        # The tracker is closed too, and the request is still in flight.
        assert gate.is_holding


async def test_q_quits_at_once_while_several_refreshes_hang(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    with Gate() as gate:
        async with playing(guild) as player:
            proxy.fate = gate
            player.burst("rrrrr")
            await hangs(player, gate)
            player.burst("rrrrrq")
            await player.leaves()
        assert gate.is_holding


async def test_details_can_be_closed_while_their_history_hangs(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(guild) as player:
        with Gate() as gate:
            proxy.fate = gate
            await player.press("enter")
            await hangs(player, gate)
            await player.sees("reading the history …")
            await player.press("escape")
            await player.sees_no("Multiplier")
            await player.press("j")
            assert player.is_on("Fuel Cell")
            assert gate.is_holding


async def test_closed_details_are_not_requested_again(
    guild: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    async with playing(guild) as player:
        before = proxy.count
        with Gate() as gate:
            proxy.fate = gate
            for _ in range(5):
                await player.press("enter")
                await hangs(player, gate)
                await player.press("escape")
            player.burst("+5\r")
            await player.sees("↑ 1 pending")
        await player.settles(1)
        # The first history, which was in flight, and the change.
        assert proxy.count == before + 2


async def test_a_change_waits_for_a_hanging_request_and_the_status_bar_says_so(
    guild: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.ui.status_bar._PATIENCE_SECONDS", 0.05)
    async with playing(guild) as player:
        with Gate() as gate:
            proxy.fate = gate
            await player.press("enter")
            await hangs(player, gate)
            await player.press("escape")
            player.burst("+5\r")
            await player.sees("○ waiting for the server …", "↑ 1 pending")
            player.assert_laid_out()
            assert guild.history() == []
        await player.settles(1)
        await player.sees("● online")


async def test_the_status_bar_says_waiting_even_if_nothing_is_pending(
    guild: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.ui.status_bar._PATIENCE_SECONDS", 0.05)
    async with playing(guild, NARROW) as player:
        with Gate() as gate:
            proxy.fate = gate
            await player.press("r")
            await hangs(player, gate)
            await player.sees("○ waiting for the server …")
            player.assert_laid_out()
        await player.sees("● online")


async def test_a_request_times_out_and_its_change_stays_pending(
    guild: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    monkeypatch.setattr("tracker_tui.db.remote.DEADLINE", 0.5)
    async with playing(guild, busy_seconds=None) as player:
        with Gate() as gate:
            proxy.fate = gate
            player.burst("+5\r")
            await player.sees("○ offline", "↑ 1 pending", "did not answer in time")
        await player.settles(1)
        await player.sees("● online")
    assert guild.history("machine") == [("relative", 5, 0, None)]
