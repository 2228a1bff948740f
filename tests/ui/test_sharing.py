"""Several programs of one member on one machine: each shows the changes of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
from ui.guild_on_server import RemoteGuild, never_poll, poll_eagerly, watching


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Poll the database continuously."""
    poll_eagerly(monkeypatch)


@pytest.fixture
def remote(proxy: Proxy, remote_url: str, tmp_path: Path) -> RemoteGuild:
    """The guild of RESOURCES on a server behind a proxy."""
    return RemoteGuild(remote_url, tmp_path, way=proxy.url).found()


@pytest.fixture(params=["file", "server"])
def shared(request: pytest.FixtureRequest) -> Guild:
    """The guild of RESOURCES in a file, or on a server."""
    found: Guild = request.getfixturevalue("guild" if request.param == "file" else "remote")
    return found


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


async def test_changes_by_another_program_appear_by_themselves(shared: Guild) -> None:
    async with playing(shared) as player:
        await player.sees("1,200")
        with another_program(shared) as other:
            submit(other, "water", "+50 # macro pad")
            await player.until(lambda: " 57 " in player.line(" Water  "), "the other's change")
            await player.settles(1)
            await player.sees_no("pending")
    assert shared.history() == [("relative", 50, 0, "macro pad")]


async def test_changes_of_another_program_show_while_in_flight(
    remote: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(remote) as player:
        await player.sees("● online")
        with another_program(remote) as other, Gate() as gate:
            proxy.fate = writes_meet(gate)
            submit(other, "water", "+50")
            await player.until(lambda: " 57 " in player.line(" Water  "), "the other's change")
            await player.sees("↑ 1 pending")
            player.burst("/water\r+1\r")
            await player.until(lambda: " 58 " in player.line(" Water  "), "both")
            assert remote.history() == []
            gate.__exit__()
            await player.settles(2)
        await player.sees_no("pending")
        assert " 58 " in player.line(" Water  ")
    assert [row[1] for row in remote.history()] == [50, 1]


async def test_a_refresh_shows_a_change_by_another_program(
    remote: RemoteGuild, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    never_poll(monkeypatch)
    async with playing(remote) as player:
        await player.sees("● online")
        with another_program(remote) as other, Gate() as gate:
            proxy.fate = writes_meet(gate)
            submit(other, "water", "+50")
            await player.until(lambda: gate.is_holding, "the other's change on its way")
            await player.press("r")
            await player.until(lambda: " 57 " in player.line(" Water  "), "the other's change")


async def test_pending_changes_of_another_program_are_sent_by_the_dashboard(
    remote: RemoteGuild, proxy: Proxy
) -> None:
    async with playing(remote) as player:
        await player.sees("● online")
        proxy.fate = cut_before
        with another_program(remote) as other:
            submit(other, "water", "+50")
            await player.sees("↑ 1 pending")
        proxy.fate = pass_on
        await player.settles(1)
        await player.sees_no("pending")
        await player.press("u")
        await player.sees("Nothing to undo: only changes of this run can be undone.")
        await player.press("i")
        await player.sees("This session: 0 changes")
    assert remote.quantities("water") == (57, 0)


async def test_a_change_withdrawn_by_another_program_disappears(
    remote: RemoteGuild, proxy: Proxy
) -> None:
    async with watching(remote) as player:
        await player.sees("● online")
        proxy.fate = cut_before
        # A change that may be sent already cannot be withdrawn, only undone once answered.
        with another_program(remote) as other, send_lock_held(store_location(other.config).folder):
            submit(other, "water", "+50")
            await player.until(lambda: " 57 " in player.line(" Water  "))
            other.undo()
            await player.until(lambda: " 7 " in player.line(" Water  "))
        proxy.fate = pass_on
        await player.sees("● online")
        await player.sees_no("pending")
    assert remote.quantities("water") == (7, 0)


# Two dashboards, one conflict


class Pair:
    """Two dashboards of one member; `at` selects the active one for Textual."""

    def __init__(self, one: Player, other: Player) -> None:
        self.one, self.other = one, other

    def at(self, player: Player) -> Player:
        """Make one of the two active."""
        make_active(player.app)
        return player


async def have_a_conflict(pair: Pair) -> None:
    """Create a conflict in the first dashboard; wait until both show it."""
    one = pair.at(pair.one)
    await one.go_to("Water")
    one.burst("=20")
    await one.sees("7 → 20")
    one.guild.sql("UPDATE resources SET quantity_hagga = 100 WHERE id = 'water'")
    one.burst("\r")
    await one.sees("▲ 1 conflict: o")
    for player in (pair.one, pair.other):
        await pair.at(player).sees("▲ 1 conflict: o")
        await player.press("o")
        await player.sees("Water =20 conflicts: Hagga holds 100 now, not 7.")


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [("d", "d", 113), ("d", "a", 113), ("a", "d", 20), ("x", "a", 100), ("d", "x", 113)],
)
async def test_two_dashboards_resolve_one_conflict_and_the_first_one_counts(
    shared: Guild, first: str, second: str, left: int
) -> None:
    async with playing(shared) as one, playing(shared) as other:
        pair = Pair(one, other)
        await have_a_conflict(pair)
        await pair.at(one).press(first)
        await one.settles(0 if first == "x" else 1)
        await one.sees_no(": o ")
        await pair.at(other).press(second)
        for player in (one, other):
            await pair.at(player).sees_no(": o ")
            await player.sees_no("pending")
            await player.until(
                lambda player=player: f" {left} " in player.line(" Water  "), f"{left}"
            )
    assert shared.quantities("water") == (left, 0)
    assert len(shared.history()) == (0 if first == "x" else 1)
