"""`tracker-tui demo`: a believable guild in a temporary database.

`scenario` plans who plays when, `activities` turns a plan into changes, `inventory` applies them
through the real ledger, and `fixture_data` holds names, recipes and reasons. Example:

    with demo_database("chani") as path:
        ...  # a SQLite file with 90 days of history, deleted at the end of the block
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tracker_tui.config.settings import DATABASE_NAME
from tracker_tui.db.sqlite import create_sqlite, open_sqlite
from tracker_tui.demo.fixture_data import guild_members
from tracker_tui.demo.inventory import SimulatedClock
from tracker_tui.demo.scenario import DAYS, insert_members, make_guild, seeded_ids
from tracker_tui.ledger.ledger import Ledger

SEED = 2
"""The seed of the guild that `tracker-tui demo` shows."""


@contextmanager
def demo_database(
    member: str | None = None, *, seed: int = SEED, now: int | None = None, days: int = DAYS
) -> Iterator[Path]:
    """Make a guild with `days` evenings of history; its file is deleted at the end of the block.

    `member` is the id of the local user, who then replaces one of the twelve members. `now` is in
    Unix seconds (default: the current time). The same arguments give the same rows.
    """
    if sys.stderr.isatty():
        sys.stderr.write(f"tracker-tui: making a guild with {days} days of history …\n")
    # Windows can't delete a file that another program has open, and cleans up later.
    with TemporaryDirectory(prefix="tracker-tui-demo-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / DATABASE_NAME
        create_sqlite(path, lambda *_: None)
        _fill(path, member, seed, int(time.time()) if now is None else now, days)
        yield path


def _fill(path: Path, member: str | None, seed: int, now: int, days: int) -> None:
    # The file is temporary, so it need not survive a power cut.
    database, layout = open_sqlite(path, durable=False)
    try:
        members = guild_members(member)
        clock = SimulatedClock(end=now)
        ledger = Ledger(database, layout, clock=clock, new_id=seeded_ids(seed))
        insert_members(database, members, ledger.new_id, now=now, days=days)
        make_guild(ledger, members, clock, seed=seed, now=now, days=days)
    finally:
        database.close()
