"""Several programs of one member on one machine: each shows the changes of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from helpers.hanging_server import Gate
from helpers.outbox_files import send_lock_held
from helpers.privates import make_active
from helpers.proxy import Proxy, cut_before, pass_on
from helpers.rejected_writes import writes_meet
from tracker_tui.domain.change_syntax import parse_change
from tracker_tui.domain.quantities import Location
from tracker_tui.guild.database_factory import store_location
from tracker_tui.tracker.tracker import Tracker
from ui.conftest import Guild, Player, playing
from ui.guild_on_server import RemoteGuild, poll_eagerly


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    poll_eagerly(monkeypatch)


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


async def test_pending_changes_of_another_program_show_are_sent_and_may_be_withdrawn(
    remote: RemoteGuild, proxy: Proxy
) -> None:
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
        # What is in flight is shown by both.
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


# Two dashboards, one conflict


def at(player: Player) -> Player:
    make_active(player.app)
    return player


ROUNDS = [("d", "a", 113), ("x", "a", 100), ("d", "x", 113)]
"""The keys in the first and in the second dashboard, and what is left."""


async def test_two_dashboards_resolve_one_conflict_and_the_first_one_counts(
    guild: Guild,
) -> None:
    changes = 0
    async with playing(guild) as one, playing(guild) as other:
        for first, second, left in ROUNDS:
            guild.sql("UPDATE resources SET quantity_hagga = 7 WHERE id = 'water'")
            for player in (other, one):
                await at(player).until(lambda player=player: " 7 " in player.line(" Water  "))
            await one.go_to("Water")
            one.burst("=20")
            await one.sees("7 → 20")
            guild.sql("UPDATE resources SET quantity_hagga = 100 WHERE id = 'water'")
            one.burst("\r")
            for player in (one, other):
                await at(player).sees("▲ 1 conflict: o")
                await player.press("o")
                await player.sees("Water =20 conflicts: Hagga holds 100 now, not 7.")
            await at(one).press(first)
            changes += first != "x"
            await one.settles(changes)
            await one.sees_no(": o ")
            await at(other).press(second)
            for player in (one, other):
                await at(player).sees_no(": o ")
                await player.sees_no("pending")
                await player.until(
                    lambda player=player, left=left: f" {left} " in player.line(" Water  "),
                    f"{left} after {first} and {second}",
                )
            assert guild.quantities("water") == (left, 0), (first, second)
            assert len(guild.history()) == changes, (first, second)


# A copied home folder
