"""500 edits typed faster than any hand can: all must be applied, in the order typed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from time import perf_counter

from benchmarks import programs
from benchmarks.databases import names
from benchmarks.pty_probe import Terminal, Unanswered
from benchmarks.repetition import in_turns, medians_of, seconds_of
from benchmarks.report import Line
from benchmarks.rows.bench import FEW, Bench
from benchmarks.rows.ledger import addition, durable_ledger
from benchmarks.rows.screens import FIRST_SCREEN_ROW

_EDITS = 500
# Different amounts, so that their order shows.
_AMOUNTS = [1 + number % 9 for number in range(_EDITS)]
_KEYS = b"".join(b"+%d\r" % amount for amount in _AMOUNTS)
_LOOK_EVERY = 0.02


def lines(bench: Bench) -> Iterator[Line]:
    """Measure from the first byte until the history has all edits, against the ledger alone."""
    # No warm-up: a round takes seconds, and caches would save a hundredth of it.
    times = 1 if bench.is_quick else 2
    rounds = in_turns(partial(_typed, bench), partial(_applied, bench), times)
    yield Line(f"{_EDITS} edits typed as one burst", *medians_of(rounds))


def _typed(bench: Bench) -> float:
    path = bench.databases.copy_of(FEW)
    with (
        Terminal(programs.dashboard(), programs.environment(path)) as terminal,
        closing(sqlite3.connect(path)) as connection,
    ):
        terminal.wait_for(names(FEW)[FIRST_SCREEN_ROW])
        start = perf_counter()
        terminal.type(_KEYS)
        terminal.wait_until(
            lambda: _count(connection) >= _EDITS, f"{_EDITS} edits in the history", _LOOK_EVERY
        )
        seconds = perf_counter() - start
        if _amounts(connection) != _AMOUNTS:
            raise Unanswered("the edits are in the history, but not in the order typed")
    return seconds


def _count(connection: sqlite3.Connection) -> int:
    rows = connection.execute("SELECT count(*) FROM resource_history WHERE rowid > ?", (FEW,))
    return int(rows.fetchone()[0])


def _amounts(connection: sqlite3.Connection) -> list[int]:
    """Return the added amounts in the order of commit."""
    rows = connection.execute(
        "SELECT change_amount_hagga FROM resource_history WHERE rowid > ? ORDER BY rowid", (FEW,)
    )
    return [amount for (amount,) in rows]


def _applied(bench: Bench) -> float:
    path: Path = bench.databases.copy_of(FEW)
    with closing(durable_ledger(path)) as ledger:
        return seconds_of(lambda: [ledger.apply(addition(amount)) for amount in _AMOUNTS])
