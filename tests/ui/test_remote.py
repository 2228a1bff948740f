"""A session on a guild's server, by keys alone, tokens, and the end of the command."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import partialmethod
from pathlib import Path

import pytest
from textual.pilot import Pilot

from helpers.hanging_server import PATIENCE, Gate
from helpers.proxy import Proxy, answer, cut_after, delayed, pass_on, proxy_to
from helpers.remote_guild import configure
from helpers.servers import Server
from helpers.token_permissions import whole_request_refused
from tracker_tui.cli import main
from tracker_tui.ui.app import TrackerApp
from ui.conftest import BY_NAME, NARROW, TALL, WIDE, Player, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    never_poll(monkeypatch)


async def test_every_action_is_one_request(remote: RemoteGuild, proxy: Proxy) -> None:
    async with playing(remote, TALL) as player:
        await player.sees("tracker ▐1 Resources▌", "· localhost", "● online   Chani", "1,200")
        assert player.names() == BY_NAME
        assert proxy.count <= 2
        before = proxy.count
        player.burst("/spice")
        await player.until(lambda: player.is_on("Spice Melange"))
        player.burst("+3*500 # run\r")
        await player.sees("Spice Melange +1,500 → 2,700 at Hagga", "+165 points")
        assert proxy.count == before + 1
        assert remote.history() == [("relative", 1_500, 0, "run")]
        assert remote.points() == [("spice", 165.0)]
        await player.press("enter")
        await player.sees("The spice must flow.", "Latest changes")
        assert "Hagga +1,500" in player.line(" run ")
        assert "Hagga +1,200" in player.line("Resource created")
        assert proxy.count == before + 2
        player.assert_laid_out()
        # Many selected rows, and their undo
        await player.press("escape", "escape")
        before = proxy.count
        player.burst("g   +10 # all\r")
        await player.sees("+10 at Hagga: Complex Machinery → 17, Fuel Cell → 50,")
        assert proxy.count == before + 1
        assert remote.history()[1:] == [("relative", 10, 0, "all")] * 3
        await player.settles(4)
        await player.press("u")
        await player.settles(7)
        await player.sees("Undid Kindjal Blade +10 (back to 3),")
        assert proxy.count == before + 2
    assert [remote.quantities(each)[0] for each in ("machine", "cell", "blade")] == [7, 40, 3]
    assert remote.points() == [("spice", 165.0)]


async def test_pending_changes_keep_their_order(remote: RemoteGuild, proxy: Proxy) -> None:
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


READ_ONLY = "Read only: your TURSO_AUTH_TOKEN may read this database"


@pytest.fixture
def guarded(guarded_server: Server, tmp_path: Path) -> RemoteGuild:
    url, token = guarded_server.new_database(), guarded_server.token("rw")
    return RemoteGuild(url, tmp_path, token=token).found()


async def test_a_read_only_token_changes_nothing(
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


Play = Callable[[Player], Awaitable[None]]
Scenario = Callable[[Play], int]


@pytest.fixture
def scenario(remote: RemoteGuild, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    """Run `tracker-tui` until the player quits; return its exit status."""
    configure(monkeypatch, remote.way)
    monkeypatch.setattr("tracker_tui.db.remote.DEADLINE", PATIENCE)

    def run(play: Play) -> int:
        async def at_the_keys(pilot: Pilot[None]) -> None:
            assert isinstance(pilot.app, TrackerApp)
            try:
                await play(Player(pilot.app, pilot, remote))
            except BaseException:
                pilot.app.exit()
                raise

        # The only difference from production: nothing is drawn on a terminal.
        run = partialmethod(TrackerApp.run, headless=True, size=WIDE, auto_pilot=at_the_keys)
        monkeypatch.setattr(TrackerApp, "run", run)
        for stream in (sys.stdin, sys.stdout):
            monkeypatch.setattr(stream, "isatty", lambda: True)
        return main([])

    return run


def test_quitting_sends_changes_or_names_them_and_the_next_run_sends_them_once(
    scenario: Scenario, remote: RemoteGuild, proxy: Proxy, capsys: pytest.CaptureFixture[str]
) -> None:
    async def play(player: Player) -> None:
        await player.sees("1,200")
        player.burst("/water\r+5\r>2\rq")

    assert scenario(play) == 0
    assert remote.quantities("water") == (10, 2)

    async def play_offline(player: Player) -> None:
        await player.sees("1,200")
        proxy.fate = cut_after
        player.burst("/water\r+5\r>2\r")
        await player.sees("↑ 2 pending")
        player.burst("q")

    assert scenario(play_offline) == 0
    printed = capsys.readouterr().err
    pending = "2 changes are pending on this machine; the next tracker-tui sends them"
    assert f"{pending}: Water +5 at Hagga, Water >2 at Hagga\n" in printed
    assert "Traceback" not in printed

    async def play_on(player: Player) -> None:
        await player.settles(4)
        await player.sees_no("pending")
        player.burst("q")

    proxy.fate = pass_on
    assert scenario(play_on) == 0
    assert capsys.readouterr().err == ""
    changes = [("relative", 5, 0), ("transfer", -2, 2)] * 2
    assert [row[:3] for row in remote.history()] == changes
    assert remote.quantities("water") == (13, 4)


def test_quitting_is_immediate_while_opening_hangs(scenario: Scenario, proxy: Proxy) -> None:
    with Gate() as gate:
        proxy.fate = gate

        async def play(player: Player) -> None:
            await player.until(lambda: gate.is_holding, "the request")
            await player.sees("opening …")
            player.burst("q")

        assert scenario(play) == 0
        assert gate.is_holding, "it waited for the answer"


def test_quitting_is_immediate_while_anything_hangs(
    scenario: Scenario, proxy: Proxy, capsys: pytest.CaptureFixture[str]
) -> None:
    with Gate() as gate:

        async def play(player: Player) -> None:
            await player.sees("1,200")
            proxy.fate = gate
            player.burst("rrrrr2\r1\r")  # refreshes, history and details
            await player.until(lambda: gate.is_holding, "the request")
            player.burst("\x11")

        assert scenario(play) == 0
        assert gate.is_holding, "it waited for the answer"
    assert capsys.readouterr().err == ""
