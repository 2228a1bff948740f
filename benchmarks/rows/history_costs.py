"""The costs of history, charts and leaderboard on a server: requests, rows read, seconds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median
from typing import Any

from peewee import RawQuery

from benchmarks.long_history import BUSIEST_MEMBER as _MEMBER
from benchmarks.long_history import BUSIEST_RESOURCE as _RESOURCE
from benchmarks.long_history import WORD_IN_NO_ENTRY as _WORD
from benchmarks.repetition import seconds_of
from benchmarks.report import Line, Unit
from benchmarks.rows.bench import Bench
from tracker_tui.db.layout import Layout
from tracker_tui.db.remote import RemoteLedgerDatabase
from tracker_tui.domain.history import HistoryFilter
from tracker_tui.domain.period import ALL, MONTH, WEEK
from tracker_tui.domain.status import DAY
from tracker_tui.ledger.history import PAGE, SEARCHED, HistoryQuery
from tracker_tui.ledger.leaderboard import LeaderboardQuery
from tracker_tui.ledger.ledger import Ledger
from tracker_tui.ledger.quantity_series import DailyLevelsQuery, QuantitySeriesQuery
from tracker_tui.ledger.refresh_queries import Query

_NOW = "CAST(strftime('%s', 'now') AS INTEGER)"
_IN_BOTH_PERIODS = f"SELECT count(*) FROM leaderboard WHERE created_at >= {_NOW} - {14 * DAY}"
_USERS = "SELECT count(*) FROM users"
_OF_RESOURCE = f"""
    SELECT count(*) FROM resource_history
    WHERE resource_id = '{_RESOURCE}' AND created_at >= {_NOW} - {MONTH.span}
"""
_OF_ALL = f"SELECT count(*) FROM resource_history WHERE created_at >= {_NOW} - {31 * DAY}"


def lines(bench: Bench, database: RemoteLedgerDatabase) -> Iterator[Line]:
    """Count the costs of each question, then time those that add up many rows."""
    ledger = Ledger(database, Layout.founding())
    yield from _counts(database, ledger)
    timed: dict[str, tuple[Query[Any], float | None]] = {
        "the leaderboard of 7 days": (LeaderboardQuery(period=WEEK), None),
        "the leaderboard of all time": (LeaderboardQuery(period=ALL), 1.0),
        "a chart of 30 days": (QuantitySeriesQuery(resource_id=_RESOURCE, period=MONTH), None),
        "sparklines of 30 days": (DailyLevelsQuery(days=30), None),
    }
    for name, (question, below) in timed.items():
        ask = partial(seconds_of, partial(ledger.ask, question))
        ask()  # fills the caches and does not count
        seconds = median(ask() for _ in range(bench.times(9)))
        yield Line(f"server, {name}", seconds, None, below=below)


def _counts(database: RemoteLedgerDatabase, ledger: Ledger) -> Iterator[Line]:
    """Compare the rows that the server reads with the rows that an answer needs."""
    counts = (_IN_BOTH_PERIODS, _USERS, _OF_RESOURCE, _OF_ALL)
    results = database.batch([RawQuery(count) for count in counts])
    in_both, users, of_resource, of_all = (result.rows[0][0] for result in results)
    asked: dict[str, tuple[Query[Any], int]] = {
        "a page": (HistoryQuery(), PAGE),
        "a page of one resource": (HistoryQuery(filter=HistoryFilter(resource_id=_RESOURCE)), PAGE),
        "a page of one member": (HistoryQuery(filter=HistoryFilter(member_id=_MEMBER)), PAGE),
        "a search in 30 days": (
            HistoryQuery(filter=HistoryFilter(text=_WORD, period=MONTH)),
            SEARCHED,
        ),
        "the leaderboard of 7 days": (LeaderboardQuery(period=WEEK), in_both + users),
        "a chart of 30 days": (
            QuantitySeriesQuery(resource_id=_RESOURCE, period=MONTH),
            of_resource + users,
        ),
        "sparklines of 30 days": (DailyLevelsQuery(days=30), of_all),
    }
    requests = 0
    for name, (question, rows) in asked.items():
        before = (database.traffic.requests, database.traffic.rows_read)
        ledger.ask(question)
        requests = max(requests, database.traffic.requests - before[0])
        rows_read = database.traffic.rows_read - before[1]
        yield Line(f"server, rows read by {name}", rows_read, rows, Unit.PIECES)
    yield Line("  requests for each of them, at most", requests, None, Unit.PIECES, below=2)
