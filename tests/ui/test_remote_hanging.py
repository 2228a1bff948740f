"""A server that accepts a request and never answers does not block the user."""

from __future__ import annotations

import pytest

from helpers.hanging_server import Gate
from helpers.proxy import Proxy
from ui.conftest import NARROW, WIDE, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly


async def test_details_can_be_closed_while_their_history_hangs_and_changes_wait(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    monkeypatch.setattr("tracker_tui.ui.status_bar._PATIENCE_SECONDS", 0.05)
    async with playing(remote) as player:
        before = proxy.count
        with Gate() as gate:
            proxy.fate = gate
            for _ in range(5):
                await player.press("enter")
                await player.until(lambda: gate.is_holding, "the request")
                await player.sees("reading the history …")
                await player.press("escape")
            await player.sees_no("Multiplier")
            await player.press("j")
            assert player.is_on("Fuel Cell")
            player.burst("+5\r")
            await player.sees("○ waiting for the server …", "↑ 1 pending")
            player.assert_laid_out()
            assert gate.is_holding
            assert remote.history() == []
        await player.settles(1)
        await player.sees("● online")
        assert proxy.count == before + 2, "the first history, which was in flight, and the change"
        # The status bar says that it waits even if nothing is pending.
        with Gate() as gate:
            proxy.fate = gate
            await player.press("r")
            await player.until(lambda: gate.is_holding, "the request")
            for size in (NARROW, WIDE):
                await player.resize(*size)
                await player.sees("○ waiting for the server …")
                player.assert_laid_out()
        await player.sees("● online")


async def test_a_request_times_out_and_its_change_stays_pending(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    monkeypatch.setattr("tracker_tui.db.remote.DEADLINE", 0.5)
    async with playing(remote, busy_seconds=None) as player:
        with Gate() as gate:
            proxy.fate = gate
            player.burst("+5\r")
            await player.sees("○ offline", "↑ 1 pending", "did not answer in time")
        await player.settles(1)
        await player.sees("● online")
    assert remote.history("machine") == [("relative", 5, 0, None)]
