"""A server that is down, dies, or loses replies: the screen says so and no change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.proxy import (
    Fate,
    Proxy,
    answer,
    cut_after,
    cut_before,
    cut_within,
    delayed,
    pass_on,
)
from helpers.rejected_writes import NO_DATABASE
from helpers.servers import Server, running
from ui.conftest import NARROW, WIDE, Player, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly, watching

UNAVAILABLE = answer(503, b"<html>Service Unavailable</html>")
LOSSES = {"request": cut_before, "reply": cut_after, "half": cut_within, "503": UNAVAILABLE}


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll the server continuously."""
    poll_eagerly(monkeypatch)


@pytest.fixture
def guild(proxy: Proxy, remote_url: str, tmp_path: Path) -> RemoteGuild:
    """The guild of RESOURCES on a server behind a proxy."""
    return RemoteGuild(remote_url, tmp_path, way=proxy.url).found()


@pytest.fixture
def mortal_server(server_binary: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that a test may stop and start."""
    with running(server_binary, tmp_path) as server:
        yield server


@pytest.mark.parametrize(
    ("fate", "size"), [(UNAVAILABLE, WIDE), (cut_before, NARROW), (answer(429), WIDE)]
)
async def test_a_server_that_down_at_the_start_is_reported_until_it_comes_up(
    guild: RemoteGuild, proxy: Proxy, fate: Fate, size: tuple[int, int]
) -> None:
    proxy.fate = fate
    async with watching(guild, size) as player:
        await player.sees("○ offline")
        await player.until(lambda: "Try again in a moment." in table_message(player))
        player.assert_laid_out()
        proxy.fate = pass_on
        await player.sees("● online", "1,200")
        assert player.is_on("Complex Machinery")
        player.burst("/water+5\r")
        await player.settles(1)


def table_message(player: Player) -> str:
    """Return the message in place of the rows, which may take several lines."""
    return " ".join(" ".join(player.rows()).split())


async def test_r_connects_to_a_server_that_was_not_started_yet(
    mortal_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    guild = RemoteGuild(mortal_server.url, tmp_path).found()
    mortal_server.stop()
    async with watching(guild) as player:
        await player.sees("○ offline", "cannot be reached. Check the network.")
        mortal_server.start()
        await player.press("r")
        await player.sees("● online", "1,200")


async def test_a_server_that_dies_in_the_middle_gets_pending_changes_when_it_is_back(
    mortal_server: Server, tmp_path: Path
) -> None:
    guild = RemoteGuild(mortal_server.url, tmp_path).found()
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+1\r")
        await player.settles(1)
        mortal_server.stop()
        player.burst("+10\r-3\r")
        await player.sees("○ offline since ", ", read ", " s ago", "↑ 2 pending")
        await player.until(lambda: " 15 " in player.line(" Water  "), "what was typed")
        player.burst(">5\r")
        await player.sees("↑ 3 pending")
        player.assert_laid_out()
        mortal_server.start()
        await player.settles(4)
        await player.sees_no("pending")
        await player.sees("● online")
    assert [row[:3] for row in guild.history("water")] == [
        *(("relative", 1, 0), ("relative", 10, 0), ("relative", -3, 0), ("transfer", -5, 5)),
    ]
    assert guild.quantities("water") == (10, 5)


@pytest.mark.parametrize("lost", LOSSES.values(), ids=LOSSES)
async def test_a_change_lost_on_the_way_is_applied_once(
    guild: RemoteGuild, proxy: Proxy, lost: Fate
) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        # The driver's own retry is lost as well.
        proxy.meet([lost] * 7)
        player.burst("+5\r>2\r=100\r")
        await player.settles(3)
        await player.until(lambda: " 100 " in player.line(" Water  "))
        await player.sees("● online")
    assert [row[:3] for row in guild.history("water")] == [
        *(("relative", 5, 0), ("transfer", -2, 2), ("absolute", 90, 0)),
    ]
    assert guild.quantities("water") == (100, 2)


async def test_an_undo_whose_reply_is_lost_is_applied_once(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+5\r")
        await player.settles(1)
        proxy.meet([cut_after] * 3)
        await player.press("u")
        await player.settles(2)
        await player.sees("● online")
    assert guild.quantities("water") == (7, 0)


async def test_undo_withdraws_a_change_that_was_not_sent(
    guild: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise the change may be sent again just as it is undone.
    never_poll(monkeypatch)
    async with playing(guild) as player:
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
    assert guild.history() == []


async def test_a_change_with_unknown_outcome_is_undone_once_the_outcome_is_known(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        proxy.fate = cut_after
        player.burst("+50\r")
        await player.sees("↑ 1 pending", "○ offline")
        await player.press("u")
        await player.sees("Still being sent, and undone as soon as")
        await player.until(lambda: " 7 " in player.line(" Water  "), "as if it were never typed")
        proxy.fate = pass_on
        await player.settles(2)
        await player.sees("● online", "Undid Water +50 (back to 7)")
    assert [reason for *_, reason in guild.history()] == [None, "Undo: +50"]
    assert guild.quantities("water") == (7, 0)


async def test_the_details_say_why_they_have_no_history_and_can_be_closed(
    guild: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(guild) as player:
        proxy.fate = NO_DATABASE
        await player.press("enter")
        await player.sees("has no such database")
        player.assert_laid_out()
        await player.press("escape")
        await player.sees_no("Multiplier")
        assert len(player.names()) == 12


async def test_a_repeated_error_is_reported_once(guild: RemoteGuild, proxy: Proxy) -> None:
    async with playing(guild) as player:
        proxy.fate = UNAVAILABLE
        before = proxy.count
        await player.until(lambda: proxy.count > before + 5, "some more tries")
        await player.sees("○ offline")
        assert player.text().count("Try again in a moment.") == 1


async def test_a_session_on_a_slow_and_unreliable_line(guild: RemoteGuild, proxy: Proxy) -> None:
    fates = [delayed(0.02), cut_after, pass_on, cut_within, UNAVAILABLE, cut_before]
    proxy.meet(fates * 10)
    async with watching(guild) as player:
        await player.sees("1,200")
        await player.go_to("Water")
        for number in range(1, 11):
            player.burst(f"+{number}\r")
            await player.pilot.pause()
        await player.settles(10)
    assert [row[1] for row in guild.history("water")] == list(range(1, 11))
    assert guild.quantities("water") == (7 + 55, 0)
