"""One change applied to a durable file, against the least that any program could do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks.repetition import medians, seconds_of
from benchmarks.report import Line, Unit
from benchmarks.rows.bench import FEW, Bench
from tracker_tui.db.sqlite import open_sqlite
from tracker_tui.domain.change import Change
from tracker_tui.domain.quantities import Kind, Location
from tracker_tui.ledger.ledger import Ledger, random_id

_RESOURCE = "resource-00001"
_HISTORY = (
    "INSERT INTO resource_history VALUES (?, ?, 1, 2, 1, 0, 0, 0, 'relative', 'me', NULL, "
    "CAST(strftime('%s', 'now') AS INTEGER), NULL, NULL)"
)
_UPDATE = (
    "UPDATE resources SET quantity_hagga = quantity_hagga + 1, "
    "updated_at = CAST(strftime('%s', 'now') AS INTEGER) WHERE id = ?"
)


def lines(bench: Bench) -> Iterator[Line]:
    """Measure changes in turns with bare transactions, each until it is on disk."""
    ledger = durable_ledger(bench.databases.copy_of(FEW))
    with closing(ledger), closing(_bare_connection(bench.databases.copy_of(FEW))) as connection:
        pair = medians(
            partial(seconds_of, lambda: ledger.apply(addition())),
            partial(seconds_of, _bare_transaction(connection)),
            bench.times(400),
        )
    yield Line(
        "ledger, one change applied",
        pair.measured * 1000,
        pair.baseline * 1000,
        Unit.MILLISECONDS,
    )


def durable_ledger(path: Path) -> Ledger:
    """Open a ledger that waits for the disk."""
    return Ledger(*open_sqlite(path, durable=True))


def addition(amount: int = 1) -> Change:
    """Return a change that adds to the quantity of one resource."""
    return Change(random_id(), _RESOURCE, Kind.ADD, Location.HAGGA, amount, "benchmark")


def _bare_connection(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _bare_transaction(connection: sqlite3.Connection) -> Callable[[], None]:
    def run() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_HISTORY, (random_id(), _RESOURCE))
        connection.execute(_UPDATE, (_RESOURCE,))
        connection.execute("COMMIT")

    return run
