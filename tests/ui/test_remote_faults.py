"""A server that is down, dies, or loses replies: the screen says so and no change is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.proxy import Proxy, answer, cut_after, cut_before, cut_within, pass_on
from helpers.rejected_writes import NO_DATABASE
from helpers.servers import running
from ui.conftest import NARROW, WIDE, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly, watching

UNAVAILABLE = answer(503, b"<html>Service Unavailable</html>")
AGAIN = "Try again in a moment."


async def test_a_server_that_is_down_at_the_start_is_reported_until_it_comes_up(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    proxy.fate = UNAVAILABLE
    async with watching(remote) as player:
        for fate, size in ((UNAVAILABLE, WIDE), (answer(429), WIDE), (cut_before, NARROW)):
            await player.resize(*size)
            proxy.fate = fate
            before = proxy.count
            await player.until(lambda before=before: proxy.count > before + 2, "the answer")
            await player.sees("○ offline")
            # The message in place of the rows may take several lines.
            await player.until(lambda: AGAIN in " ".join(" ".join(player.rows()).split()), AGAIN)
            player.assert_laid_out()
        proxy.fate = pass_on
        await player.sees("● online", "1,200")
        assert player.is_on("Complex Machinery")
        # A repeated error is reported once.
        await player.resize(*WIDE)
        proxy.fate = UNAVAILABLE
        before = proxy.count
        await player.until(lambda: proxy.count > before + 5, "some more tries")
        await player.sees("○ offline")
        assert player.text().count(AGAIN) == 1
        proxy.fate = NO_DATABASE
        await player.press("enter")
        await player.sees("has no such database")
        player.assert_laid_out()
        await player.press("escape")
        await player.sees_no("Multiplier")
        assert len(player.names()) == 12


async def test_a_server_that_stops_and_starts_gets_pending_changes_after_r(
    server_binary: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    with running(server_binary, tmp_path) as server:
        guild = RemoteGuild(server.url, tmp_path).found()
        server.stop()
        async with watching(guild) as player:
            await player.sees("○ offline", "cannot be reached. Check the network.")
            server.start()
            await player.press("r")
            await player.sees("● online", "1,200")
            await player.go_to("Water")
            player.burst("+1\r")
            await player.settles(1)
            server.stop()
            player.burst("+10\r-3\r")
            await player.sees("○ offline since ", ", read ", " s ago", "↑ 2 pending")
            await player.until(lambda: " 15 " in player.line(" Water  "), "what was typed")
            player.burst(">5\r")
            await player.sees("↑ 3 pending")
            player.assert_laid_out()
            server.start()
            await player.press("r")
            await player.settles(4)
            await player.sees_no("pending")
            await player.sees("● online")
        assert [row[:3] for row in guild.history("water")] == [
            *(("relative", 1, 0), ("relative", 10, 0), ("relative", -3, 0), ("transfer", -5, 5)),
        ]
        assert guild.quantities("water") == (10, 5)


async def test_a_change_lost_on_the_way_is_applied_once(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    async with playing(remote) as player:
        await player.go_to("Water")
        for number, lost in enumerate((cut_before, cut_after, cut_within, UNAVAILABLE), 1):
            # The driver's own retry is lost as well.
            proxy.meet([lost] * 7)
            player.burst("+5\r>2\r=100\r")
            await player.settles(3 * number)
            await player.until(lambda: " 100 " in player.line(" Water  "))
            await player.sees("● online")
            assert remote.quantities("water") == (100, 2 * number), lost
        rest = [("relative", 5, 0), ("transfer", -2, 2), ("absolute", -3, 0)] * 3
        assert [row[:3] for row in remote.history("water")] == [
            *(("relative", 5, 0), ("transfer", -2, 2), ("absolute", 90, 0), *rest),
        ]
        player.burst("+5\r")
        await player.settles(13)
        proxy.meet([cut_after] * 3)
        await player.press("u")
        await player.settles(14)
        await player.sees("● online")
    assert remote.quantities("water") == (100, 8)


async def test_undo_withdraws_a_change_that_was_not_sent_and_waits_for_an_unknown_outcome(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise the change may be sent again just as it is undone.
    never_poll(monkeypatch)
    async with playing(remote) as player:
        await player.go_to("Water")
        proxy.fate = answer(429)
        player.burst("+50\r")
        await player.sees("↑ 1 pending", "○ offline")
        await player.press("u")
        await player.sees("Undid Water +50 before it was sent.")
        await player.sees_no("pending")
        await player.until(lambda: " 7 " in player.line(" Water  "))
        proxy.fate = pass_on
        await player.press("r")
        await player.sees("● online")
        assert remote.history() == []
        proxy.fate = cut_after
        player.burst("+60\r")
        await player.sees("↑ 1 pending", "○ offline")
        await player.press("u")
        await player.sees("Still being sent, and undone as soon as")
        await player.until(lambda: " 7 " in player.line(" Water  "), "as if it were never typed")
        proxy.fate = pass_on
        await player.press("r")
        await player.settles(2)
        await player.sees("● online", "Undid Water +60 (back to 7)")
    assert [reason for *_, reason in remote.history()] == [None, "Undo: +60"]
    assert remote.quantities("water") == (7, 0)
