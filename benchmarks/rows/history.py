"""Pages of a history with a million entries, against one with ten thousand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from time import time

from peewee import RawQuery

from benchmarks import long_history
from benchmarks.long_history import (
    BUSIEST_MEMBER,
    BUSIEST_RESOURCE,
    MEMBER_WITH_ONE_ENTRY,
    WORD_IN_NO_ENTRY,
)
from benchmarks.pty_probe import Unanswered
from benchmarks.repetition import medians, seconds_of
from benchmarks.report import Line, Unit
from benchmarks.rows import history_costs
from benchmarks.rows.bench import Bench
from benchmarks.servers import server_in
from tracker_tui.config.settings import Remote
from tracker_tui.db.database import Database
from tracker_tui.db.layout import Layout
from tracker_tui.db.remote import RemoteLedgerDatabase, open_remote
from tracker_tui.db.schema import bring_up_to_date
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.domain.pages import PageCursor
from tracker_tui.domain.period import MONTH, WEEK
from tracker_tui.ledger.history import HistoryQuery
from tracker_tui.ledger.ledger import Ledger

_SMALL = 10_000
_SEARCH = "a search in 30 days, finding nothing"
_NEAR_THE_OLDEST = """
    SELECT created_at, rowid FROM resource_history ORDER BY created_at, rowid LIMIT 1 OFFSET 150
"""


def lines(bench: Bench) -> Iterator[Line]:
    """Measure on a file and on a real server, and count the rows that the server reads."""
    many = 100_000 if bench.is_quick else 1_000_000
    with ExitStack() as stack:
        files = [
            stack.enter_context(closing(open_sqlite(bench.databases.with_history(entries))[0]))
            for entries in (many, _SMALL)
        ]
        yield from _pages(bench, f"file, {many:,} entries", *files)
        server = stack.enter_context(server_in(bench.databases.folder / "history"))
        large, small = (
            stack.enter_context(closing(_filled(server.new_database(), entries)))
            for entries in (many, _SMALL)
        )
        yield from _pages(bench, f"server, {many:,} entries", large, small)
        yield from history_costs.lines(bench, large)


def _filled(url: str, entries: int) -> RemoteLedgerDatabase:
    database = open_remote(Remote(url, token=None))
    bring_up_to_date(database)
    long_history.fill(database, entries, int(time()))
    return database


def _pages(bench: Bench, where: str, large: Database, small: Database) -> Iterator[Line]:
    """Measure pages on both; a page and its baseline have equally many entries."""
    on_large, on_small = (Ledger(database, Layout.founding()) for database in (large, small))
    asked, of_small = _questions(large), _questions(small)
    for number, (name, question) in enumerate(asked.items()):
        ask, ask_small = partial(on_large.ask, question), partial(on_small.ask, of_small[name])
        entries, fewer = len(ask().entries), len(ask_small().entries)
        if fewer < 0.9 * entries:
            raise Unanswered(f"{name}: {entries} entries against {fewer}")
        pair = medians(partial(seconds_of, ask), partial(seconds_of, ask_small), bench.times(100))
        yield Line(
            f"  {name}" if number else f"{where}, {name}",
            1000 * pair.measured,
            1000 * pair.baseline,
            Unit.MILLISECONDS,
            # A search looks through up to 5,000 rows; the small database has fewer.
            ratio_at_most=None if name == _SEARCH else 1.5,
        )


def _questions(database: Database) -> dict[str, HistoryQuery]:
    (oldest,) = database.batch([RawQuery(_NEAR_THE_OLDEST)])[0].rows
    return {
        "first page": HistoryQuery(),
        "the oldest page": HistoryQuery(before=PageCursor(*oldest)),
        "of one resource": HistoryQuery(filter=HistoryFilter(resource_id=BUSIEST_RESOURCE)),
        "of one member": HistoryQuery(filter=HistoryFilter(member_id=BUSIEST_MEMBER)),
        "of a member with one entry": HistoryQuery(
            filter=HistoryFilter(member_id=MEMBER_WITH_ONE_ENTRY)
        ),
        "of 7 days": HistoryQuery(filter=HistoryFilter(period=WEEK)),
        _SEARCH: HistoryQuery(filter=HistoryFilter(text=WORD_IN_NO_ENTRY, period=MONTH)),
    }
