"""The whole command, from start to exit status, on a server that does not answer."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import partialmethod

import pytest
from textual.pilot import Pilot

from helpers.hanging_server import PATIENCE, Gate
from helpers.proxy import Proxy, cut_after, pass_on
from helpers.remote_guild import configure
from tracker_tui.cli import main
from tracker_tui.ui.app import TrackerApp
from ui.conftest import WIDE, Player
from ui.guild_on_server import RemoteGuild

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


def test_quitting_is_immediate_while_the_first_refresh_hangs(
    scenario: Scenario, proxy: Proxy
) -> None:
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
