"""Changes by others: rows, notifications, locks; undo, session stats, the time on screen."""

from __future__ import annotations

import time
from collections import Counter
from itertools import count

import pytest
from textual.strip import Strip

from helpers.other_schemas import SETTINGS
from helpers.processes import locked
from helpers.proxy import Proxy, cut_before
from tracker_tui.db import sqlite
from tracker_tui.ui.notifications import SteadyNotification
from tracker_tui.ui.resources.resource_table import ResourceTable
from ui.conftest import MEMBER, NOW, Guild, MakeGuild, Player, in_front_of, playing, screen_strips
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly
from ui.history_rows import add_user

ON, OFF = "other people's changes are on.", "other people's changes are off."


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    poll_eagerly(monkeypatch)


def others_bring(guild: Guild, resource_id: str, amount: int, by: str = "Stilgar") -> None:
    """Add to the quantity at Hagga as another member."""
    now = "CAST(strftime('%s', 'now') AS INTEGER)" if guild.now is None else str(NOW)
    guild.sql(
        "UPDATE resources SET quantity_hagga = quantity_hagga + ?, last_updated_by = ?,"
        f" updated_at = {now} WHERE id = ?",
        *(amount, by, resource_id),
    )


def look(player: Player, name: str) -> str:
    strip = next(strip for strip in screen_strips(player.app) if f" {name} " in strip.text)
    return str(next(segment.style for segment in strip if name in segment.text))


async def test_changes_flash_and_those_of_others_are_reported_after_n(guild: Guild) -> None:
    add_user(guild, "4711", "Usul")
    guild.sql("UPDATE resources SET name = '[bold]W[/bold]' WHERE id = 'water'")
    guild.sql("UPDATE resources SET name = ? WHERE id = 'worm'", "\x1b[31mworm\x1b[2J")
    async with playing(guild) as player:
        await player.sees("1,200")
        usual = look(player, "Steel Ingot")
        others_bring(guild, "steel", 50)
        await player.until(lambda: " 650 " in player.line("Steel Ingot"))
        await player.until(lambda: look(player, "Steel Ingot") != usual, "the flash")
        assert look(player, "Spice Sand") == usual
        await player.until(lambda: look(player, "Steel Ingot") == usual, "the end of the flash")
        # The row of an own change flashes, too.
        player.burst("gjjj")
        await player.until(lambda: player.is_on("Fuel Cell"))
        cursor, usual = look(player, "Fuel Cell"), look(player, "40")
        player.burst("+5\r")
        await player.until(lambda: " 45 " in player.line(" Fuel Cell  "), "the change")
        await player.until(lambda: look(player, "45") != usual, "the flash")
        assert look(player, "Fuel Cell") == cursor, "the cursor stays in sight"
        await player.until(lambda: look(player, "45") == usual, "the end of the flash")
        assert "Stilgar: " not in player.text()
        await player.press("n")
        await player.sees(ON)
        others_bring(guild, "steel", 50)
        await player.sees("Stilgar: Steel Ingot Hagga +50")
        others_bring(guild, "steel", -50, by="4711")
        await player.sees("Usul: Steel Ingot Hagga -50")
        # A move names both locations.
        guild.sql(
            "UPDATE resources SET quantity_hagga = 550, quantity_deep_desert = 150,"
            " last_updated_by = 'Stilgar' WHERE id = 'steel'"
        )
        await player.sees("Stilgar: Steel Ingot Hagga -100, Deep Desert", "+100")
        # Names are plain text.
        others_bring(guild, "water", 5, by="[red]x[/red][/]")
        await player.sees("[red]x[/red][/]: [bold]W[/bold] Hagga +5")
        others_bring(guild, "worm", 5, by="\x1b[32my\x1b[2J")
        await player.sees("[31mworm", "[32my")
        player.assert_laid_out()
        # Own changes are not reported as others'.
        player.burst("/plastone\r+5\r")
        await player.settles(2)
        await player.sees("Plastone +5 → 5,005 at Hagga")
        await player.press("r", "escape")
        others_bring(guild, "sand", 50)
        await player.sees("Stilgar: Spice Sand")
        assert "Chani: " not in player.text()
        await player.press("n")
        await player.sees(OFF)
        others_bring(guild, "ore", -2)
        await player.until(lambda: " 298 " in player.line("Titanium Ore"))
        assert "Stilgar: Titanium" not in player.text()


async def test_reporting_is_remembered_and_many_changes_are_one_report(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press("n")
        await player.sees(ON)
        await player.quits()
    async with playing(guild) as player:
        others_bring(guild, "water", 1)
        await player.sees("Stilgar: Water Hagga +1")
        guild.sql(
            "UPDATE resources SET quantity_hagga = quantity_hagga + 1,"
            " last_updated_by = iif(id < 'o', 'Stilgar', 'Jessica')"
        )
        await player.sees("Jessica, Stilgar changed 12 resources")


async def test_only_changes_since_the_start_count(remote: RemoteGuild, proxy: Proxy) -> None:
    async with playing(remote) as player:
        await player.sees("● online")
        await player.press("n")
        await player.sees(ON)
        add_user(remote, "4711", "Usul")  # a new member has a name at once
        others_bring(remote, "steel", -50, by="4711")
        await player.sees("Usul: Steel Ingot Hagga -50")
        await player.quits()
    others_bring(remote, "steel", 70)
    async with playing(remote) as player:
        await player.until(lambda: " 620 " in player.line("Steel Ingot"))
        assert "Stilgar: " not in player.text()
        others_bring(remote, "steel", 50)
        await player.sees("Stilgar: Steel Ingot Hagga +50")
        player.burst("/spice mel\r+500\r")
        await player.settles(1)
        proxy.fate = cut_before
        player.burst("+20\r")
        await player.sees("↑ 1 pending")
        await player.press("i")
        await player.sees("This session: 1 change, +500, 55 points; 1 pending")


async def test_a_change_of_a_deleted_resource_can_only_be_dropped(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    async with playing(guild) as player:
        await player.press("G")
        guild.delete("water")
        player.burst("+5\r")
        await player.sees("▲ 1 rejected: o", "Water +5 rejected: this resource was deleted.")
        player.app.clear_notifications()
        await player.sees_no(" Water ")
        await player.press("o")
        await player.sees("▲ Water +5 rejected: this resource was deleted.")
        assert not [word for word in ("anyway", "once more", "edit") if word in player.text()]
        await player.press("e", "a", "enter")
        await player.sees("Water +5: delete drop   esc back")
        await player.press("delete")
        await player.sees_no(": o ")


async def test_a_changed_row_of_2_000_redraws_its_own_line_alone(
    make_guild: MakeGuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker_tui.ui.resources.resource_screen._CLOCK_SECONDS", 3_600)
    guild = make_guild([])
    guild.sql(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
        " INSERT INTO resources (id, name, quantity_hagga, last_updated_by, created_at, updated_at)"
        f" SELECT 'r' || i, printf('Thing %05d', i), i, 'Stilgar', {NOW}, {NOW} FROM n"
    )
    drawn: Counter[int] = Counter()
    render_line = ResourceTable.render_line

    def counted(table: ResourceTable, y: int) -> Strip:
        drawn[y] += 1
        return render_line(table, y)

    async with playing(guild) as player:
        await player.sees("Thing 00020")
        monkeypatch.setattr(ResourceTable, "render_line", counted)
        others_bring(guild, "r7", 700_000)
        await player.until(lambda: " 700,007 " in player.line("Thing 00007"))
        usual = look(player, "Thing 00008")
        await player.until(lambda: look(player, "Thing 00007") == usual, "the end of the flash")
        assert set(drawn) == {7}, "line 0 is the header"
        drawn.clear()
        others_bring(guild, "r1999", 1)  # far below
        others_bring(guild, "r8", 700_000)
        await player.until(lambda: " 700,008 " in player.line("Thing 00008"))
        assert set(drawn) == {8}


async def test_i_shows_the_session_stats(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press("i")
        await player.sees("This session: 0 changes, ±0, 0 points")
        player.burst("/spice mel\r+500\r-100\r")
        await player.settles(2)
        await player.press("u")
        await player.settles(3)
        player.burst("=1700\r")
        await player.settles(4)
        player.burst("/water\r-3\r")
        await player.settles(5)
        await player.press("i")
        await player.sees("This session: 3 changes, +497, 55 points")


def speed_up_clock(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Advance the clock at each reading, as on a busy machine."""
    looks = count()
    wall, steady = time.time, time.monotonic
    monkeypatch.setattr("textual.notifications.time", lambda: wall() + next(looks) * seconds)
    monkeypatch.setattr(
        "tracker_tui.ui.notifications.monotonic", lambda: steady() + next(looks) * seconds
    )


async def test_a_notification_that_expires_at_once_hangs_nothing(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with playing(guild) as player:
        for tenths in range(1, 21):
            speed_up_clock(monkeypatch, tenths / 10)
            player.app.notify(f"after {tenths}", timeout=2)
            await player.press("j" if tenths % 2 else "k")
        monkeypatch.undo()
        await player.go_to("Water")


def test_the_time_left_does_not_depend_on_the_wall_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("tracker_tui.ui.notifications.monotonic", lambda: now[0])
    monkeypatch.setattr("textual.notifications.time", lambda: 1e12)
    notification = SteadyNotification("text", timeout=4)
    # The screen may be slow to get there.
    now[0] += 60
    assert not notification.has_expired
    assert (notification.time_left, notification.has_expired) == (4, False)
    now[0] += 3.9
    assert (notification.time_left, notification.has_expired) == (0.5, False)
    now[0] += 0.2
    assert (notification.time_left, notification.has_expired) == (0.5, True)


async def test_the_cursor_stays_on_its_resource(guild: Guild) -> None:
    guild.sql(SETTINGS)
    async with playing(guild, (200, 60)) as player:
        await player.go_to("Spice Sand")
        guild.insert("a1", name="Aaa first")
        guild.insert("a2", name="Aaa second")
        await player.sees("Aaa first")
        await player.until(lambda: player.is_on("Spice Sand"))
        for gone in ("a1", "a2", "cell", "blade"):
            guild.delete(gone)
        await player.sees_no("Kindjal Blade")
        await player.until(lambda: player.is_on("Spice Sand"))
        guild.sql("UPDATE resources SET name = 'Zzz' WHERE id = 'sand'")
        await player.until(lambda: player.is_on("Zzz"))
        # A change moves its row when the table is sorted by Hagga, the most first.
        player.burst("sjjj\r")
        await player.until(lambda: " Zzz " in player.rows()[0])
        await player.press("g")
        guild.sql("UPDATE resources SET quantity_hagga = 99999 WHERE id = 'water'")
        await player.until(lambda: player.names()[0] == "Water")
        assert player.is_on("Zzz")
        # The row under the cursor is deleted.
        guild.delete("sand")
        await player.sees_no("Zzz")
        await player.until(lambda: player.is_on("Plastone"))
        player.burst("-1\r")
        await player.settles(1)
        assert guild.quantities("plastone") == (4_999, 0)
        # Counts and names follow.
        guild.sql("UPDATE resources SET quantity_hagga = 0, target_quantity = 10")
        await player.sees("7 ▼ critical   0 ▾ low   0 = on target   2 ▲ above target")
        add_user(guild, MEMBER, "Sihaya")
        guild.name_hagga("Sietch Tabr")
        await player.sees("Sihaya", "▐Sietch Tabr▌", "▸ Sietch Tabr")


async def test_a_locked_database_is_reported_and_the_change_stays_pending(
    guild: Guild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    async with playing(guild) as player:
        await player.go_to("Water")
        with locked(guild.path):
            player.burst("+50\r")
            await player.sees("↑ 1 pending", "in use by another program")
            await player.sees("Water +50 saved here, will be sent.")
            await player.until(lambda: " 57 " in player.line(" Water  "), "what was typed")
            player.assert_laid_out()
            assert guild.history() == []
        await player.settles(1)
        await player.sees_no("pending")
        await player.sees("● local")
    assert guild.quantities("water") == (57, 0)


async def test_an_unreadable_database_is_reported(guild: Guild) -> None:
    guild.sql("DROP TABLE leaderboard")
    tracker = guild.tracker()
    tracker.open()
    async with in_front_of(tracker, guild, (80, 24)) as player:
        await player.sees("○ unavailable", "is not a tracker")
        player.burst("+5\r/x\rG s")
        await player.pilot.pause()
        player.assert_laid_out()


async def test_u_undoes_the_last_quick_edit_with_all_its_rows_and_points(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Spice Melange")
        player.burst("+500 # run\r")
        await player.settles(1)
        await player.sees("Spice Melange +500 → 1,700 at Hagga")
        await player.press("u")
        await player.settles(2)
        await player.sees("Undid Spice Melange +500 (back to 1,200)")
        assert [row[1:] for row in guild.history()] == [(500, 0, "run"), (-500, 0, "Undo: run")]
        player.burst("g   +10\r")
        await player.settles(5)
        await player.press("u")
        await player.settles(8)
        assert guild.quantities("machine") == (7, 0)
        assert guild.quantities("cell") == (40, 2)
        assert guild.quantities("blade") == (3, 1)
        assert guild.points() == []
        # Other people's changes stay.
        await player.go_to("Water")
        player.burst("=50\r")
        await player.settles(9)
        guild.sql("UPDATE resources SET quantity_hagga = quantity_hagga + 1000 WHERE id = 'water'")
        await player.press("u")
        await player.settles(10)
        await player.sees("Undid Water =50 (now 1,007)")
        assert guild.quantities("water") == (1_007, 0)
        # A later change is not undone.
        with locked(guild.path):  # only the ledger's thread waits
            player.burst("+10\ru+200\r")
            await player.sees("pending")
        await player.until(lambda: not player.app.tracker.pending())
        await player.until(lambda: guild.quantities("water") == (1_207, 0), "+200 alone")
        player.app.clear_notifications()
    async with playing(guild) as player:
        await player.press("u")
        await player.sees("Nothing to undo: only changes of this run can be undone.")
