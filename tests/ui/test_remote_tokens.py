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
def guild(guarded_server: Server, tmp_path: Path) -> RemoteGuild:
    """The guild on a server that checks tokens."""
    return RemoteGuild(
        guarded_server.new_database(), tmp_path, token=guarded_server.token("rw")
    ).found()


@pytest.fixture
def read_only(guarded_server: Server) -> str:
    """A token that may read."""
    return guarded_server.token("ro")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_the_status_bar_says_that_a_token_is_read_only(
    guild: RemoteGuild, read_only: str, size: tuple[int, int]
) -> None:
    async with playing(guild, size, token=read_only) as player:
        await player.sees("● online, read only")
        assert len(player.rows()) == 12
        player.assert_laid_out()


@pytest.mark.parametrize("keys", ["+", "   >1\r", "/water+5\r", "u"])
async def test_a_read_only_token_changes_nothing_and_the_reason_is_shown(
    guild: RemoteGuild, read_only: str, keys: str
) -> None:
    async with playing(guild, token=read_only) as player:
        player.burst(keys)
        await player.sees(READ_ONLY)
        assert not player.app.resources.edit.is_open
        assert player.app.tracker.pending() == []
    assert guild.history() == []


async def test_a_read_only_token_reads_everything(guild: RemoteGuild, read_only: str) -> None:
    async with playing(guild, token=read_only) as player:
        player.burst("/steel\r")
        await player.until(lambda: player.names() == ["Steel Ingot"])
        await player.press("enter")
        await player.sees("Multiplier", "Resource created")
        await player.press("escape", "escape")
        player.burst("sjjj\r")  # by Hagga, the most first
        await player.until(lambda: player.names()[:2] == ["Spice Sand", "Plastone"])
        guild.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
        await player.press("r")
        await player.until(lambda: " 4,321 " in player.line("Steel Ingot"))
        assert "● online, read only" in player.text()


async def test_the_status_bar_says_nothing_of_a_token_that_may_write(guild: RemoteGuild) -> None:
    async with playing(guild) as player:
        await player.sees("● online   Chani")
        player.burst("/water+5\r")
        await player.settles(1)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_rejected_token_is_reported_and_keys_still_quit(
    guild: RemoteGuild, size: tuple[int, int]
) -> None:
    async with watching(guild, size, token="no.such.token") as player:
        await player.sees("○ token rejected", "refuses your", "new one.")
        player.assert_laid_out()
        player.burst("+5\r/x\rGu s")
        player.hit("escape", "escape")
        await player.until(lambda: len(player.app.screen_stack) == 1)
        player.burst("q")
        await player.leaves()
    assert guild.history() == []


async def test_changes_stay_pending_while_a_token_is_rejected(
    guild: RemoteGuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    with proxy_to(guild.url) as proxy:
        guild.way = proxy.url
        async with playing(guild) as player:
            proxy.fate = answer(401)
            player.burst("/water+5\r")
            await player.sees("○ token rejected", "↑ 1 pending", "refuses your TURSO_AUTH_TOKEN")
            proxy.fate = pass_on
            await player.settles(1)
            await player.sees("● online")
    assert guild.history("water") == [("relative", 5, 0, None)]


async def test_rights_withdrawn_while_running_are_reported(
    guild: RemoteGuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    with proxy_to(guild.url) as proxy:
        guild.way = proxy.url
        async with playing(guild) as player:
            proxy.fate = whole_request_refused("resources:data_update")
            player.burst("/water+5\r")
            await player.sees("Water +5 rejected.", "does not allow", "▲ 1 rejected: o")
            await player.sees("● online, read only")
            await player.until(lambda: " 7 " in player.line(" Water  "), "what the server has")
            player.burst("+5\r")
            await player.sees(READ_ONLY)
    assert guild.history() == []
