"""A session on a guild's server, by keys alone."""

from __future__ import annotations

import pytest

from helpers.hanging_server import Gate
from helpers.proxy import Proxy, delayed
from ui.conftest import BY_NAME, playing
from ui.guild_on_server import RemoteGuild, never_poll


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
        # Setting a quantity that another member changed is a conflict.
        player.burst("=5")
        await player.sees("7 → 5")
        remote.sql("UPDATE resources SET quantity_hagga = 90 WHERE id = 'water'")
        player.burst("\r")
        await player.sees("▲ 1 conflict: o", "Hagga holds 90 now, not 7.")
        assert remote.quantities("water") == (90, 0)
        await player.until(lambda: " 90 " in player.line(" Water  "), "what the server has")
        await player.press("o")
        await player.sees("Water =5 conflicts: Hagga holds 90 now, not 7.")
        await player.press("enter")
        await player.sees("Water =5 at Hagga (was 90)")
        await player.settles(1)
        await player.sees_no(": o ")
        assert remote.history("water") == [("absolute", -85, 0, None)]
        # The screen shows changes before the server has answered.
        with Gate() as gate:
            proxy.fate = gate
            player.burst("+50\r")
            await player.until(lambda: " 55 " in player.line(" Water  "))
            await player.sees("↑ 1 pending")
            player.burst("+1\r>8\r")
            await player.until(lambda: " 48 " in player.line(" Water  "))
            await player.sees("↑ 3 pending")
            assert gate.is_holding
            assert len(remote.history()) == 1
        await player.settles(4)
        await player.sees_no("pending")
        assert remote.quantities("water") == (48, 8)
        # Thirty edits in one burst are applied in order.
        proxy.fate = delayed(0.05)
        before = proxy.count
        player.burst("".join(f"+{number}\r" for number in range(1, 31)))
        await player.settles(34)
        await player.until(lambda: " 513 " in player.line(" Water  "))
        assert proxy.count - before < 10, "what waits goes together"
    assert [row[1] for row in remote.history("water")[4:]] == list(range(1, 31))
    assert remote.quantities("water") == (513, 8)


async def test_a_restored_backup_is_shown_after_r_and_by_the_next_run(remote: RemoteGuild) -> None:
    remote.sql("UPDATE resources SET updated_at = updated_at - 9000")
    async with playing(remote) as player:
        await player.go_to("Water")
        player.burst("+50\r")
        await player.settles(1)
        # One row goes back in time, one changes with the same time, one is gone and one is back.
        remote.sql("UPDATE resources SET quantity_hagga = 7, updated_at = 1 WHERE id = 'water'")
        remote.sql("UPDATE resources SET quantity_hagga = 1300 WHERE id = 'spice'")
        remote.sql("DELETE FROM resource_history")
        remote.sql("DELETE FROM leaderboard")
        remote.sql("DELETE FROM resources WHERE id = 'blade'")
        remote.insert("crate", name="Old Crate", updated_at=1)
        await player.press("r")
        await player.sees("Old Crate", "1,300")
        await player.sees_no("Kindjal Blade")
        await player.until(lambda: " 7 " in player.line(" Water  "), "the older quantity")
        remote.sql("UPDATE resources SET quantity_hagga = 6 WHERE id = 'water'")
        remote.name_hagga("Sietch Tabr")
    async with playing(remote) as player:
        await player.until(lambda: " 6 " in player.line(" Water  "), "what the server has")
        # The guild chooses the names of its locations.
        await player.sees("▐Sietch Tabr▌", "▸ Sietch Tabr")
        player.burst("/spice mel+5\r")
        await player.sees("Spice Melange +5 → 1,305 at Sietch Tabr")
