"""The Outbox: conflicts, rejected changes and pending changes."""

from __future__ import annotations

from contextlib import closing

import pytest

from helpers.build import add
from helpers.hanging_server import Gate
from helpers.other_schemas import ask
from helpers.privates import make_active
from helpers.proxy import Proxy, answer, pass_on
from helpers.rejected_writes import writes_meet
from tracker_tui.guild.database_factory import store_location
from tracker_tui.sync.outbox import OUTBOX_NAME, Outbox
from ui.conftest import MEMBER, TALL, Guild, Player, playing
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly, watching
from ui.steps import previews

NOTHING = "The outbox is empty."
BUSY = answer(429)
"""An answer after which a change is certainly not stored."""
LONG = "\N{HOT PEPPER}" * 500
"""A reason for which a file needs several more pages."""
CONFLICT = "Water =1,200 conflicts: Hagga holds 100 now, not 7."
KEYS = "enter, a apply anyway   d as a difference   e edit again   delete drop   esc back"
KEYS_OF_REJECTED = "enter, a send again   e edit again   delete drop   esc back"
KEYS_OF_PENDING = "delete drop   esc back"


async def type_too_late(player: Player, name: str, keys: str, elsewhere: int) -> None:
    """Type a change; another member sets the resource to another quantity before Enter."""
    await player.go_to(name)
    player.burst(keys)
    await player.sees("→")
    player.guild.sql("UPDATE resources SET quantity_hagga = ? WHERE name = ?", elsewhere, name)
    player.burst("\r")
    await player.sees("▲ 1 conflict: o" if "=" in keys else "▲ 1 rejected: o")
    assert not player.app.resources.edit.is_open
    assert len(player.app.screen_stack) == 1, "nothing but the status bar and a notification"


async def open_outbox(player: Player, *lines: str) -> None:
    await player.press("o")
    await player.sees("Outbox", *lines)
    player.assert_laid_out()


async def water_becomes(player: Player, quantity: int) -> None:
    await player.until(lambda: f" {quantity:,} " in player.line(" Water  "), f"{quantity}")


async def reset_water(player: Player, quantity: int) -> None:
    """Set Water as another member would, and wait until it is shown."""
    player.guild.sql("UPDATE resources SET quantity_hagga = ? WHERE id = 'water'", quantity)
    await water_becomes(player, quantity)


async def test_a_conflict_is_applied_anyway_as_a_difference_edited_or_dropped(guild: Guild) -> None:
    as_set, as_difference = ("absolute", 1_100, 0, "counted"), ("relative", 1_193, 0, "counted")
    async with playing(guild) as player:
        for key, changes, quantity in (("a", 1, 1_200), ("d", 2, 1_293), ("delete", 2, 100)):
            await reset_water(player, 7)
            await type_too_late(player, "Water", "=1200 # counted", 100)
            await open_outbox(player, CONFLICT, KEYS)
            await player.press(key)
            await player.settles(changes)
            await player.sees_no(": o ")
            assert len(player.app.screen_stack) == 1, "nothing is left to decide"
            await water_becomes(player, quantity)
        await open_outbox(player, NOTHING)
        await player.press("escape")
        # Edited again at its location, it stays until it is submitted.
        await reset_water(player, 7)
        await type_too_late(player, "Water", "=1200 # counted", 100)
        await player.press("tab")
        await player.sees("▐Deep Desert▌")
        await open_outbox(player, "Water =1,200")
        await player.press("e")
        await player.sees("Hagga 100 → 1,200", "▐Hagga▌")
        assert "=1,200 # counted" in player.text()
        assert "▲ 1 conflict: o" in player.text()
        player.burst("\r")
        await player.settles(3)
        await player.sees_no(": o ")
        assert guild.history() == [as_set, as_difference, as_set]
        # A rejected removal is applied once there is enough.
        await player.press("tab")
        await reset_water(player, 7)
        await type_too_late(player, "Water", "-5", 1)
        await open_outbox(player, "Water -5 rejected: only 1 at Hagga.", KEYS_OF_REJECTED)
        await player.press("e")
        await previews(player, "✗ Hagga holds only 1: 4 short")
        await player.press("escape")
        await player.sees("▲ 1 rejected: o")
        await open_outbox(player, "Water -5 rejected")
        await player.press("d")
        await player.sees("Water -5: enter, a send again")
        assert "Outbox" in player.text()
        await player.press("a")  # still too little
        await player.until(lambda: len(player.app.screen_stack) == 1)
        await player.sees("▲ 1 rejected: o")
        await reset_water(player, 50)
        await open_outbox(player, "Water -5")
        await player.press("a")
        await player.settles(4)
        await player.sees_no(": o ")
    assert guild.quantities("water") == (45, 0)


async def test_a_conflict_survives_a_restart_and_holds_back_later_changes(guild: Guild) -> None:
    async with playing(guild) as player:
        await type_too_late(player, "Water", "=1200", 100)
    assert player.pending == [], "it has its answer"
    async with playing(guild) as player:
        await player.sees("▲ 1 conflict: o")
        await player.go_to("Water")
        player.burst("+1\r")
        await player.sees("↑ 1 pending")
        player.burst("/plastone\r+3\r")
        await player.until(lambda: guild.quantities("plastone") == (5_003, 0))
        assert guild.quantities("water") == (100, 0)
        await open_outbox(player, CONFLICT, "↑ Water +1 at Hagga: pending, will be sent")
        await player.press("x", "escape")
        await player.sees_no("pending")
        await player.sees_no(": o ")
    assert guild.quantities("water") == (101, 0)


async def test_pending_changes_are_listed_and_dropped(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    async with playing(remote, TALL) as player:
        await player.sees("● online")
        proxy.fate = BUSY
        player.burst("/water\r+50\r>7\r")
        await player.sees("↑ 2 pending", "○ offline")
        await open_outbox(player, "↑ Water +50 at Hagga: pending, will be sent", KEYS_OF_PENDING)
        await player.sees("↑ Water >7 at Hagga: pending, will be sent")
        assert "apply anyway" not in player.text()
        await player.press("a", "d", "e", "enter")
        await player.sees(f"Water +50: {KEYS_OF_PENDING}")
        assert "Water +50 at Hagga: pending, will be sent" in player.text()
        await player.press("j", "x")
        await player.sees_no("Water >7 at Hagga")
        await player.press("escape")
        await player.sees("↑ 1 pending")
        assert player.line(" Water  ").split()[2:4] == ["57", "0"]
        await open_outbox(player, "Water +50")
        await player.press("x")
        await player.sees_no("pending")
        await player.until(lambda: player.line(" Water  ").split()[2:4] == ["7", "0"])
        proxy.fate = pass_on
        await player.sees("● online")
        assert remote.history() == []
        # An outbox that is damaged while it is open is set aside.
        proxy.fate = BUSY
        player.burst("+50\r")
        await player.sees("↑ 1 pending", "○ offline")
        path = store_location(remote.config()).folder / OUTBOX_NAME
        ask(path, "UPDATE entries SET change = CAST(x'7bff7d' AS TEXT)")
        await player.sees("The outbox is damaged", "Check your latest changes")
        player.app.clear_notifications()
        await player.sees_no("pending")
        assert player.line(" Water  ").split()[2] == "7"
        proxy.fate = pass_on
        player.burst("+1\r")
        await player.settles(1)
    assert remote.quantities("water") == (8, 0)


async def test_the_first_of_hundreds_of_pending_changes_are_listed_and_dropped(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    proxy.fate = BUSY
    site = store_location(remote.config())
    with closing(Outbox(site.folder / OUTBOX_NAME, site.member, site.place)) as outbox:
        changes = [add(each, resource_id="water", by=MEMBER) for each in range(1, 321)]
        outbox.put(changes, 1.8e9)
        async with watching(remote) as player:
            await player.sees("↑ 320 pending")
            await open_outbox(player, "Outbox: the first 200 of 320")
            # The next ones move up.
            player.burst("x" * 10)
            await player.sees("Outbox: the first 200 of 310")
            await player.press("G")
            await player.sees("water +210 at Hagga")
            await player.press("escape")
            await player.sees("↑ 310 pending")
            outbox.catch_up()
            assert len(outbox.entries()) == 310


async def test_a_change_in_flight_is_undone_once_answered_and_interrupts_no_typing(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_eagerly(monkeypatch)
    async with playing(remote) as player:
        await player.sees("● online")
        with Gate() as gate:
            proxy.fate = writes_meet(gate)
            player.burst("/water\r+50\r")
            await player.until(lambda: gate.is_holding, "the change on its way")
            await open_outbox(player, "↑ Water +50 at Hagga: pending, will be sent")
            await player.press("x")
            await water_becomes(player, 7)
            await open_outbox(player, "↑ Water +50 at Hagga: being undone")
            await player.press("escape")
        await player.settles(2)
        await player.sees_no("pending")
        assert [row[:2] for row in remote.history()] == [("relative", 50), ("relative", -50)]
        assert remote.quantities("water") == (7, 0)
        with Gate() as gate:
            proxy.fate = writes_meet(gate)
            player.burst("=20\r")
            await player.until(lambda: gate.is_holding, "the change on its way")
            remote.sql("UPDATE resources SET quantity_hagga = 9 WHERE id = 'water'")
            await player.press("escape")
            player.burst("/plastone\r+50 # half ty")
            await player.sees("+50 # half ty")
        await player.sees("▲ 1 conflict: o")
        assert len(player.app.screen_stack) == 1
        player.burst("ped\r")
        await player.settles(3)
    assert remote.history()[2:] == [("relative", 50, 0, "half typed")]


def fill_disk(player: Player, pages: int = 1) -> None:
    """Limit the outbox to so many pages."""
    connection = player.app.tracker._store.outbox._file._connection
    connection.execute(f"PRAGMA max_page_count = {pages}")


async def undo_on_a_full_disk(player: Player) -> None:
    """Try to undo; no older notification counts, and none is left over the status bar."""
    fill_disk(player)
    player.app.clear_notifications()
    await player.sees_no("the disk is full")
    await player.press("u")
    await player.sees("the disk is full")
    player.app.clear_notifications()


async def test_a_full_disk_saves_nothing_and_undoes_nothing_or_everything(guild: Guild) -> None:
    async with playing(guild) as player:
        fill_disk(player)
        player.burst(" " * 12 + "+5 # " + "because of this and that " * 8 + "\r")
        await player.sees("Not saved: Complex Machinery +5, Fuel Cell +5,", "and 7 more.")
        await player.sees("the disk is full", "Make room.")
        assert "pending" not in player.text()
        assert " 7 " in player.line("Complex Machinery  ")
        await player.press("u")
        await player.sees("Nothing to undo")
        fill_disk(player, pages=1_000_000)
        player.burst("g+6\r")
        await player.settles(1)
        assert [row[:3] for row in guild.history()] == [("relative", 6, 0)]
        # A conflict edited again on a full disk stays as it was.
        await type_too_late(player, "Water", "=1200", 100)
        fill_disk(player)
        await open_outbox(player, "Water =1,200")
        await player.press("e")
        await player.sees("Hagga 100 → 1,200")
        player.burst(f" # {LONG}\r")
        await player.sees("Not saved: Water =1,200.", "the disk is full")
        fill_disk(player, pages=1_000_000)
        await open_outbox(player, CONFLICT)
        await player.press("escape")
        # An undo undoes nothing or everything; the change of Water waits for its conflict.
        for name in ("Fuel Cell", "Plastone", "Titanium Ore", "Water"):
            await player.go_to(name)
            await player.press("space")
        player.burst(f"+5 # {LONG}\r")
        await player.until(lambda: len(guild.history()) == 4, "all but the one for Water")
        await player.sees("↑ 1 pending")
        await undo_on_a_full_disk(player)
        await player.sees("↑ 1 pending")
        assert " 105 " in player.line(" Water  "), "it is still pending"
        assert " 305 " in player.line(" Titanium Ore  "), "its undo was not saved"
        fill_disk(player, pages=1_000_000)
        await player.press("u")
        await player.sees("Undid Water +5 before it was sent.")
        await player.sees_no("pending")
        await water_becomes(player, 100)
        assert " 300 " in player.line(" Titanium Ore  ")
        assert len(guild.history()) == 7
        assert guild.quantities("ore") == (300, 0)
        await open_outbox(player, CONFLICT)
        await player.press("e")
        await player.sees("Hagga 100 → 1,200")
        player.burst("\r")
        await player.settles(8)
        await player.sees_no(": o ")
    assert player.pending == []
    assert guild.quantities("water") == (1_200, 0)


async def test_two_dashboards_resolve_one_conflict_and_the_first_one_counts(guild: Guild) -> None:
    async with playing(guild) as one, playing(guild) as other:
        for first, second, changes, left in (("d", "a", 1, 113), ("x", "a", 1, 100)):
            guild.sql("UPDATE resources SET quantity_hagga = 7 WHERE id = 'water'")
            for player in (other, one):
                make_active(player.app)
                await water_becomes(player, 7)
            await type_too_late(one, "Water", "=20", 100)
            for player in (one, other):
                make_active(player.app)
                await player.sees("▲ 1 conflict: o")
                await open_outbox(player, "Water =20 conflicts: Hagga holds 100 now, not 7.")
            make_active(one.app)
            await one.press(first)
            await one.settles(changes)
            await one.sees_no(": o ")
            make_active(other.app)
            await other.press(second)
            for player in (one, other):
                make_active(player.app)
                await player.sees_no(": o ")
                await player.sees_no("pending")
                await water_becomes(player, left)
            assert guild.quantities("water") == (left, 0), (first, second)
            assert len(guild.history()) == changes, (first, second)
