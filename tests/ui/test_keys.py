"""Keys typed faster than the screen draws or before the first rows are not lost."""

from __future__ import annotations

from threading import Event
from time import monotonic

from tracker_tui.config.settings import Config
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker
from ui.conftest import WIDE, Guild, in_front_of, playing

BURSTS = {
    "/spice+3*500\r": ("spice", ("relative", 1_500, 0)),
    "/water\r=5\r": ("water", ("absolute", -2, 0)),
    "/fuel\x1b[B+5\r": ("fuel", ("relative", 5, 0)),
    "/zzz\x7f\x7f\x7fplastan>5\r": ("ingot", ("transfer", -5, 5)),
    "gjjj\t+5\r": ("ingot", ("relative", 0, 5)),
    "\tGk-5\r": ("ore", ("relative", -5, 0)),
    "g+5\x1b[200~0\x1b[201~0\r": ("machine", ("relative", 500, 0)),
    "/steel\r\t\t+5\r": ("steel", ("relative", 5, 0)),
}
"""Keys typed in one burst, with the change that they make."""


async def test_every_key_of_a_burst_goes_where_it_belongs(guild: Guild) -> None:
    async with playing(guild) as player:
        for count, (keys, (resource_id, change)) in enumerate(BURSTS.items(), start=1):
            player.burst(keys)
            await player.settles(count)
            last = guild.sql("SELECT resource_id FROM resource_history ORDER BY rowid")[-1]
            assert (*last, guild.history()[-1][:3]) == (resource_id, change), keys
            await player.press("escape")
        assert guild.quantities("spice") == (2_700, 0)
        assert guild.points()[0] == ("spice", 165.0)
        # Many resources in one burst
        player.burst("/spice mel+1\r/water+2\r/steel-3\r/plastanium>4\r")
        await player.settles(len(BURSTS) + 4)
        assert [row[:3] for row in guild.history()[len(BURSTS) :]] == [
            ("relative", 1, 0),
            ("relative", 2, 0),
            ("relative", -3, 0),
            ("transfer", -4, 4),
        ]
        # By hand
        await player.press(*"/spice", "plus", *"3*500", "enter")
        await player.settles(len(BURSTS) + 5)
        assert guild.history("spice")[-1] == ("relative", 1_500, 0, None)


async def test_a_burst_of_edits_is_saved_in_order_and_drawn_and_quitting_loses_none(
    guild: Guild,
) -> None:
    async with playing(guild) as player:
        await player.go_to("Water")
        player.burst("+1\r" * 30)
        await player.settles(30)
        quantities = guild.sql(
            "SELECT new_quantity_hagga FROM resource_history WHERE resource_id = 'water'"
            " AND change_type = 'relative' ORDER BY rowid"
        )
        assert quantities == [(7 + number,) for number in range(1, 31)]
        await player.until(lambda: " 37 " in player.line(" Water  "), "the last quantity")
        await player.press("down")
        player.assert_laid_out()
        player.burst("+1\r" * 20 + "q")
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
