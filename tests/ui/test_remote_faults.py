"""A server that is down, hangs or loses replies: the screen says so and no change is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from helpers.hanging_server import Gate
from helpers.other_schemas import ask
from helpers.outbox_files import send_lock_held
from helpers.proxy import Proxy, answer, cut_after, cut_before, pass_on, proxy_to
from helpers.rejected_writes import NO_DATABASE, writes_meet
from tracker_tui.domain.change_syntax import parse_change
from tracker_tui.domain.quantities import Location
from tracker_tui.guild.database_factory import store_location
from tracker_tui.tracker.tracker import Tracker
from ui.conftest import HOUR, MEMBER, NARROW, WIDE, Guild, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly, watching
from ui.history_rows import add_user

UNAVAILABLE = answer(503, b"<html>Service Unavailable</html>")
AGAIN = "Try again in a moment."


async def test_a_server_that_is_down_at_the_start_is_reported_until_it_comes_up(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    proxy.fate = UNAVAILABLE
    async with watching(remote) as player:
        for fate, size in ((UNAVAILABLE, WIDE), (answer(429), WIDE), (cut_before, NARROW)):
            player.app.clear_notifications()
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


async def test_undo_waits_for_an_unknown_outcome(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    async with playing(remote) as player:
        await player.go_to("Water")
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


async def test_details_can_be_closed_while_their_history_hangs_and_changes_wait(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    monkeypatch.setattr("tracker_tui.ui.resources.resource_screen._CLOCK_SECONDS", 0.1)
    monkeypatch.setattr("tracker_tui.ui.status_bar._PATIENCE_SECONDS", 0.05)
    async with playing(remote) as player:
        before = proxy.count
        with Gate() as gate:
            proxy.fate = gate
            for _ in range(3):
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


def age_rows(guild: RemoteGuild, seconds: int) -> None:
    (replica,) = guild.path.parent.glob("guilds/*/replica.db")
    times = "json_extract(value, '$[0]') - ?, json_extract(value, '$[1]') - ?"
    sql = f"UPDATE facts SET value = json_array({times}) WHERE name = 'reading'"
    ask(replica, sql, seconds, seconds)


async def test_the_dashboard_opens_on_cached_rows_until_the_server_is_back(
    remote: RemoteGuild, proxy: Proxy, remote_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    add_user(remote, MEMBER, "Sihaya")
    remote.name_hagga("Sietch Tabr")
    async with playing(remote) as player:
        await player.sees("● online", "1,200", "▐Sietch Tabr▌")
    proxy.close()
    remote.sql("UPDATE resources SET quantity_hagga = 4321 WHERE id = 'steel'")
    age_rows(remote, 3 * HOUR)
    async with watching(remote, NARROW) as player:
        await player.sees("1,200", "○ offline since ", "read 3 h ago")
        await player.press("u")
        await player.sees("Nothing to undo")
        assert player.is_on("Complex Machinery")
        player.assert_laid_out()
        await player.resize(200, 60)
        await player.sees("▐Sietch Tabr▌", "▸ Sietch Tabr", "Sihaya")
        player.assert_laid_out()
        # A change is shown at once, and pending.
        await player.go_to("Water")
        player.burst("+50\r")
        await player.until(lambda: " 57 " in player.line(" Water  "), "what was typed")
        await player.sees("↑ 1 pending", "Offline: Water +50 saved here, will be sent.")
        player.burst(">7\r")
        await player.sees("Offline: Water >7 saved here, will be sent.")
        assert "nothing was sent" not in player.text()
        await player.until(lambda: player.line(" Water  ").split()[2:4] == ["50", "7"])
        await player.sees("↑ 2 pending")
        assert len(player.app.screen_stack) == 1
        assert remote.history() == []
        assert " 600 " in player.line("Steel Ingot")
        with proxy_to(remote_url, port=proxy.port):
            await player.sees("● online")
            await player.until(lambda: " 4,321 " in player.line("Steel Ingot"))
            await player.settles(2)
            await player.sees_no("offline")


async def test_a_shortage_by_old_rows_is_only_a_warning(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    async with playing(remote) as player:
        await player.sees("● online", "1,200")
    age_rows(remote, HOUR)
    proxy.fate = cut_before
    async with watching(remote) as player:
        await player.sees("○ offline", "1,200")
        for name, held in {"Water": 7, "Sandworm Tooth": 1}.items():
            await player.go_to(name)
            player.burst(f"-{held + 1}")
            shortage = f"! Hagga holds only {held}: 1 short, as last read; the ledger decides"
            await player.sees(shortage)
            assert "✗" not in player.text()
            player.burst("\r")
            await player.until(lambda: not player.app.resources.edit.is_open, "the table")
        player.burst("g   -20")  # Complex Machinery 7, Fuel Cell 40, Kindjal Blade 3
        await player.sees("! 2 of 3 rows may not allow it, as last read; the ledger decides")
        player.burst("\r")
        await player.sees("↑ 5 pending")
        remote.sql("UPDATE resources SET quantity_hagga = 100 WHERE id = 'water'")
        proxy.fate = pass_on
        await player.sees("▲ 3 rejected: o")
        await player.press("o")
        await player.sees("Complex Machinery -20 rejected: only 7 at Hagga.", "Sandworm Tooth -2")
        await player.press("escape")
        await player.sees_no("pending")
        await player.until(lambda: " 92 " in player.line(" Water  "))
    assert remote.quantities("water") == (92, 0)
    assert remote.quantities("cell") == (20, 2)
    assert remote.quantities("worm") == (1, 0)


@contextmanager
def another_program(guild: Guild) -> Iterator[Tracker]:
    """Run the tracker of another dashboard of the same member."""
    tracker = guild.tracker()
    try:
        tracker.open()
        yield tracker
    finally:
        tracker.close()


def submit(tracker: Tracker, resource_id: str, text: str) -> None:
    """Submit a change as if it was typed in that program."""
    typed = parse_change(text)
    tracker.submit([tracker.change(resource_id, typed, Location.HAGGA, seen=None)])


async def test_pending_changes_of_others_are_shown(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    async with playing(remote) as player:
        await player.sees("● online")
        # The dashboard sends what another program could not.
        proxy.fate = cut_before
        with another_program(remote) as other:
            submit(other, "water", "+60")
            await player.sees("↑ 1 pending")
        proxy.fate = pass_on
        await player.settles(1)
        await player.sees_no("pending")
        assert remote.quantities("water") == (67, 0)
        await player.press("u")
        await player.sees("Nothing to undo: only changes of this run can be undone.")
        await player.press("i")
        await player.sees("This session: 0 changes")
        # Both programs show a change that is being sent.
        with another_program(remote) as other, Gate() as gate:
            proxy.fate = writes_meet(gate)
            submit(other, "water", "+50")
            await player.until(lambda: " 117 " in player.line(" Water  "), "the other's change")
            await player.sees("↑ 1 pending")
            player.burst("/water\r+1\r")
            await player.until(lambda: " 118 " in player.line(" Water  "), "both")
            assert len(remote.history()) == 1
            gate.__exit__()
            await player.settles(3)
        await player.sees_no("pending")
        assert [row[1] for row in remote.history()] == [60, 50, 1]
        # A change that may be sent already cannot be withdrawn, only undone once answered.
        proxy.fate = cut_before
        with another_program(remote) as other, send_lock_held(store_location(other.config).folder):
            submit(other, "water", "+70")
            await player.until(lambda: " 188 " in player.line(" Water  "))
            other.undo()
            await player.until(lambda: " 118 " in player.line(" Water  "))
        proxy.fate = pass_on
        await player.sees("● online")
        await player.sees_no("pending")
    assert remote.quantities("water") == (118, 0)
