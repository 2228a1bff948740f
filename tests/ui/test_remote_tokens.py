"""Tokens on screen: read-only, rejected, and withdrawn while the dashboard runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.proxy import answer, pass_on, proxy_to
from helpers.servers import Server
from helpers.token_permissions import whole_request_refused
from ui.conftest import NARROW, WIDE, playing
from ui.guild_on_server import RemoteGuild, poll_eagerly, watching

READ_ONLY = "Read only: your TURSO_AUTH_TOKEN may read this database"


@pytest.fixture
def guarded(guarded_server: Server, tmp_path: Path) -> RemoteGuild:
    """The guild on a server that checks tokens."""
    url, token = guarded_server.new_database(), guarded_server.token("rw")
    return RemoteGuild(url, tmp_path, token=token).found()


async def test_a_read_only_token_reads_everything_and_changes_nothing(
    guarded: RemoteGuild, guarded_server: Server
) -> None:
    async with playing(guarded, token=guarded_server.token("ro")) as player:
        for size in (NARROW, WIDE):
            await player.resize(*size)
            await player.sees("● online, read only")
            assert len(player.rows()) == 12
            player.assert_laid_out()
        for keys in ("+", "   >1\r", "/water+5\r", "u"):
            await player.sees_no(READ_ONLY)
            player.burst(keys)
            await player.sees(READ_ONLY)
            assert not player.app.resources.edit.is_open, keys
            assert player.app.tracker.pending() == [], keys
            player.app.clear_notifications()
            player.hit("escape", "escape")
        player.burst("/steel\r")
        await player.until(lambda: player.names() == ["Steel Ingot"])
        await player.press("enter")
        await player.sees("Multiplier", "Resource created")
        await player.press("escape", "escape")
        player.burst("sjjj\r")  # by Hagga, the most first
        await player.until(lambda: player.names()[:2] == ["Spice Sand", "Plastone"])
        guarded.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
        await player.press("r")
        await player.until(lambda: " 4,321 " in player.line("Steel Ingot"))
        assert "● online, read only" in player.text()
    assert guarded.history() == []


async def test_a_rejected_token_is_reported_and_keys_still_quit(guarded: RemoteGuild) -> None:
    async with watching(guarded, NARROW, token="no.such.token") as player:
        for size in (NARROW, WIDE):
            await player.resize(*size)
            await player.sees("○ token rejected", "refuses your", "new one.")
            player.assert_laid_out()
        player.burst("+5\r/x\rGu s")
        player.hit("escape", "escape")
        await player.until(lambda: len(player.app.screen_stack) == 1)
        player.burst("q")
        await player.leaves()
    assert guarded.history() == []


async def test_changes_are_pending_while_a_token_is_rejected_and_rejected_without_rights(
    guarded: RemoteGuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    with proxy_to(guarded.url) as proxy:
        guarded.way = proxy.url
        async with playing(guarded) as player:
            await player.sees("● online   Chani")
            proxy.fate = answer(401)
            player.burst("/water+5\r")
            await player.sees("○ token rejected", "↑ 1 pending", "refuses your TURSO_AUTH_TOKEN")
            proxy.fate = pass_on
            await player.settles(1)
            await player.sees("● online")
            proxy.fate = whole_request_refused("resources:data_update")
            player.burst("+5\r")
            await player.sees("Water +5 rejected.", "does not allow", "▲ 1 rejected: o")
            await player.sees("● online, read only")
            await player.until(lambda: " 12 " in player.line(" Water  "), "what the server has")
            player.burst("+5\r")
            await player.sees(READ_ONLY)
    assert guarded.history() == [("relative", 5, 0, None)]
