"""A session on a guild's server, by keys alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.hanging_server import Gate
from helpers.proxy import Proxy, answer, delayed, pass_on, proxy_to
from helpers.servers import Server
from helpers.token_permissions import whole_request_refused
from ui.conftest import BY_NAME, NARROW, WIDE, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    never_poll(monkeypatch)


async def test_every_action_is_one_request(remote: RemoteGuild, proxy: Proxy) -> None:
    async with playing(remote) as player:
        await player.sees("tracker ▐1 Resources▌", "· localhost", "● online   Chani", "1,200")
        assert player.names() == BY_NAME
        assert proxy.count <= 2
        player.assert_laid_out()
        before = proxy.count
        player.burst("/spice")
        await player.until(lambda: player.is_on("Spice Melange"))
        player.burst("+3*500 # run\r")
        await player.sees("Spice Melange +1,500 → 2,700 at Hagga", "+165 points")
        assert proxy.count == before + 1
        assert remote.history() == [("relative", 1_500, 0, "run")]
        assert remote.quantities("spice") == (2_700, 0)
        assert remote.points() == [("spice", 165.0)]
        await player.press("enter")
        await player.sees("The spice must flow.", "Latest changes")
        assert "Hagga +1,500" in player.line(" run ")
        assert "Hagga +1,200" in player.line("Resource created")
        assert proxy.count == before + 2
        player.assert_laid_out()
        # A transfer in both directions
        player.hit("escape")
        player.burst(">200\r<50\r")
        await player.settles(3)
        assert [row[:3] for row in remote.history()[1:]] == [
            *(("transfer", -200, 200), ("transfer", 50, -50)),
        ]
        assert remote.quantities("spice") == (2_550, 150)
        # Many selected rows, and their undo
        await player.press("escape")
        before = proxy.count
        player.burst("g   +10 # all\r")
        await player.sees(
            "+10 at Hagga: Complex Machinery → 17, Fuel Cell → 50,", "Kindjal Blade → 13"
        )
        assert proxy.count == before + 1
        assert remote.history()[3:] == [("relative", 10, 0, "all")] * 3
        await player.settles(6)
        await player.press("u")
        await player.settles(9)
        await player.sees("Undid Kindjal Blade +10 (back to 3),")
        assert proxy.count == before + 2
    assert [remote.quantities(each)[0] for each in ("machine", "cell", "blade")] == [7, 40, 3]
    assert remote.points() == [("spice", 165.0)]


async def test_changes_wait_for_an_answer_and_keep_their_order(
    remote: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(remote) as player:
        await player.go_to("Water")
        # The screen shows changes before the server has answered.
        with Gate() as gate:
            proxy.fate = gate
            player.burst("+50\r")
            await player.until(lambda: " 57 " in player.line(" Water  "))
            await player.sees("↑ 1 pending")
            player.burst("+1\r>8\r")
            await player.until(lambda: " 50 " in player.line(" Water  "))
            await player.sees("↑ 3 pending")
            assert gate.is_holding
            assert remote.history() == []
        await player.settles(3)
        await player.sees_no("pending")
        assert remote.quantities("water") == (50, 8)
        # Thirty edits in one burst are applied in order.
        proxy.fate = delayed(0.05)
        before = proxy.count
        player.burst("".join(f"+{number}\r" for number in range(1, 31)))
        await player.settles(33)
        await player.until(lambda: " 515 " in player.line(" Water  "))
        assert proxy.count - before < 10, "what waits goes together"
    assert [row[1] for row in remote.history("water")[3:]] == list(range(1, 31))
    assert remote.quantities("water") == (515, 8)


# Tokens

READ_ONLY = "Read only: your TURSO_AUTH_TOKEN may read this database"


@pytest.fixture
def guarded(guarded_server: Server, tmp_path: Path) -> RemoteGuild:
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
