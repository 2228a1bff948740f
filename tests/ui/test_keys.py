"""Keys typed faster than the screen draws or before the first rows are not lost."""

from __future__ import annotations

import asyncio
from threading import Event
from time import monotonic

import pytest

from tracker_tui.config.settings import Config
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker
from ui.conftest import WIDE, Guild, in_front_of, playing


async def test_find_and_change_by_keys_one_at_a_time(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.press(*"/spice", "plus", *"3*500", "enter")
        await player.settles(1)
        assert guild.history("spice") == [("relative", 1_500, 0, None)]


async def test_find_and_change_in_one_burst(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/spice+3*500\r")
        await player.settles(1)
        assert guild.history("spice") == [("relative", 1_500, 0, None)]
        assert guild.history() == guild.history("spice")
        assert guild.quantities("spice") == (2_700, 0)
        assert guild.points() == [("spice", 165.0)]


@pytest.mark.parametrize(
    ("keys", "resource_id", "change"),
    [
        ("/spice mel+3*500\r", "spice", ("relative", 1_500, 0)),
        ("/water\r=5\r", "water", ("absolute", -2, 0)),
        ("/fuel\x1b[B+5\r", "fuel", ("relative", 5, 0)),
        ("/zzz\x7f\x7f\x7fplastan>5\r", "ingot", ("transfer", -5, 5)),
        ("jjj\t+5\r", "ingot", ("relative", 0, 5)),
        ("Gk-5\r", "ore", ("relative", -5, 0)),
        ("+5\x1b[200~0\x1b[201~0\r", "machine", ("relative", 500, 0)),
        ("/steel\r\t\t+5\r", "steel", ("relative", 5, 0)),
    ],
)
async def test_every_key_of_a_burst_goes_where_it_belongs(
    guild: Guild, keys: str, resource_id: str, change: tuple[str, int, int]
) -> None:
    async with playing(guild) as player:
        player.burst(keys)
        await player.settles(1)
        assert [row[:3] for row in guild.history(resource_id)] == [change]


async def test_edits_of_many_resources_in_one_burst(guild: Guild) -> None:
    async with playing(guild) as player:
        player.burst("/spice mel+1\r/water+2\r/steel-3\r/plastanium>4\r")
        await player.settles(4)
        assert [row[:3] for row in guild.history()] == [
            ("relative", 1, 0),
            ("relative", 2, 0),
            ("relative", -3, 0),
            ("transfer", -4, 4),
        ]


async def test_500_times_plus_one_in_one_burst(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+1\r" * 500)
        await committed(guild, 500)
        quantities = guild.sql(
            "SELECT new_quantity_hagga FROM resource_history WHERE resource_id = 'water'"
            " AND change_type = 'relative' ORDER BY rowid"
        )
        assert quantities == [(7 + number,) for number in range(1, 501)]


async def test_a_burst_does_not_block_the_screen(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+1\r" * 200)
        await committed(guild, 200)
        async with asyncio.timeout(3):
            while " 207 " not in player.line(" Water  "):
                await asyncio.sleep(0)
        await player.press("down")
        player.assert_laid_out()


async def committed(guild: Guild, how_many: int) -> None:
    """Wait until the history has this many changes, without reading the screen."""
    async with asyncio.timeout(60):
        while len(guild.history()) < how_many:
            await asyncio.sleep(0)


async def test_quitting_at_once_loses_nothing(guild: Guild) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+1\r" * 50 + "q")
        await player.leaves()
    assert guild.quantities("water") == (57, 0)


async def test_early_keys_are_dispatched_with_the_first_rows(guild: Guild) -> None:
    may_open = Event()

    def slowly(config: Config) -> Ledger:
        may_open.wait(30)
        return Ledger(*open_sqlite(config.database, durable=False), clock=guild.now)

    tracker = Tracker(guild.config(), opener=slowly)
    tracker.open()
    async with in_front_of(tracker, guild, WIDE) as player:
        player.burst("/water\r+5\r")
        await player.sees("opening …")
        assert guild.history() == []
        may_open.set()
        await player.settles(1)
    assert [(row[0], row[1]) for row in guild.history("water")] == [("relative", 5)]


async def test_early_keys_wait_until_the_rows_are_shown(guild: Guild) -> None:
    tracker = guild.tracker()
    async with in_front_of(tracker, guild, WIDE) as player:
        tracker._ledger_thread.refresher.last_refresh = monotonic()
        player.burst("/water\r+5\r")
        await player.pilot.pause()
        tracker.open()
        await player.settles(1)
    assert [(row[0], row[1]) for row in guild.history("water")] == [("relative", 5)]
