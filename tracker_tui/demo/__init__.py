"""`tracker-tui demo`: a believable guild in a database that is thrown away at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tracker_tui.config.settings import DATABASE_NAME
from tracker_tui.db.sqlite import create_sqlite, open_sqlite
from tracker_tui.demo.clock import Clock
from tracker_tui.demo.guild import DAYS, make_guild, seeded_ids, sign_in
from tracker_tui.demo.members import guild_members
from tracker_tui.ledger.ledger import Ledger

SEED = 2
"""Of the guild that everybody sees; any other makes another one."""


@contextmanager
def demo_database(
    member: str | None = None, *, seed: int = SEED, now: int | None = None, days: int = DAYS
) -> Iterator[Path]:
    """Make a guild with `days` evenings behind it; its file is gone when the context is left.

    `member` is the id under which the local user writes: one of the twelve is then called so, and
    has a history of their own. `now` is in Unix seconds, this moment if left out; the same seed,
    member, days and now give the same rows.
    """
    if sys.stderr.isatty():
        sys.stderr.write(f"tracker-tui: making a guild with {days} days of history …\n")
    # On Windows a file that something still looks at cannot be deleted: its own cleaning gets it.
    with TemporaryDirectory(prefix="tracker-tui-demo-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / DATABASE_NAME
        create_sqlite(path, lambda *_: None)
        _fill(path, member, seed, int(time.time()) if now is None else now, days)
        yield path


def _fill(path: Path, member: str | None, seed: int, now: int, days: int) -> None:
    # Nothing is lost with a power cut that would not have been thrown away.
    database, layout = open_sqlite(path, durable=False)
    try:
        members = guild_members(member)
        clock = Clock(end=now)
        ledger = Ledger(database, layout, clock=clock, new_id=seeded_ids(seed))
        sign_in(database, members, ledger.new_id, now=now, days=days)
        make_guild(ledger, members, clock, seed=seed, now=now, days=days)
    finally:
        database.close()
