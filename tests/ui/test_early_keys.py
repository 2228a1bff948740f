"""Keys that are typed while the program is still opening its database."""

from __future__ import annotations

from threading import Event

from tracker_tui.config import Config
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.tracker import Tracker
from tracker_tui.ui.app import TrackerApp
from ui.conftest import Guild, Player


async def test_they_do_their_work_when_the_rows_are_there(guild: Guild) -> None:
    may_open = Event()

    def slowly(config: Config) -> Ledger:
        may_open.wait(30)
        return Ledger(*open_sqlite(config.database, durable=False), clock=guild.now)

    tracker = Tracker(guild.config(), opener=slowly)
    tracker.open()
    app = TrackerApp(tracker)
    async with app.run_test(size=(120, 30), notifications=True) as pilot:
        player = Player(app, pilot, guild)
        player.burst("/water\r+5\r")
        await player.sees("opening …")
        assert guild.history() == []
        may_open.set()
        await player.settles(1)
    tracker.close()
    assert [(row[0], row[1]) for row in guild.history("water")] == [("relative", 5)]
