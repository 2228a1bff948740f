"""Keys that are typed while the program is still opening its database."""

from __future__ import annotations

from threading import Event
from time import monotonic

from tracker_tui.config.settings import Config
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker.tracker import Tracker
from ui.conftest import WIDE, Guild, in_front_of


async def test_they_do_their_work_when_the_rows_are_there(guild: Guild) -> None:
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


async def test_they_wait_for_rows_that_were_read_and_are_not_shown_yet(guild: Guild) -> None:
    tracker = guild.tracker()
    async with in_front_of(tracker, guild, WIDE) as player:
        tracker._ledger_thread.refresher.last_refresh = monotonic()
        player.burst("/water\r+5\r")
        await player.pilot.pause()
        tracker.open()
        await player.settles(1)
    assert [(row[0], row[1]) for row in guild.history("water")] == [("relative", 5)]
