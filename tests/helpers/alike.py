"""`sqlite3` and the driver for libSQL servers side by side: what one does, the other must do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tracker_tui.turso import Connection, connect

Connected = sqlite3.Connection | Connection
Act = Callable[[Any], object]


class SideBySide:
    """Two connections, each to an empty database of its own, that are told the same."""

    def __init__(self, local: sqlite3.Connection, remote: Connection) -> None:
        self.local, self.remote = local, remote

    def do(self, act: Act) -> Any:
        """Do something that must succeed, with the same result, on both; return the result."""
        expected, found = act(self.local), act(self.remote)
        assert repr(found) == repr(expected)
        assert self.remote.in_transaction is self.local.in_transaction
        assert self.remote.total_changes == self.local.total_changes
        return found

    def run(self, sql: str, parameters: Any = ()) -> list[Any]:
        """Run a statement that must succeed, alike in all that a cursor tells; return its rows."""
        rows: list[Any] = self.do(lambda connection: _told(connection.execute(sql, parameters)))[0]
        return rows

    def fails(self, act: Act | str, kind: type[Exception]) -> None:
        """Do something, or run a statement, that must fail on both with an exception of one name.

        Whether a transaction is open afterwards must be the same too.
        """
        expected, found = _failure(self.local, act, kind), _failure(self.remote, act, kind)
        assert type(found).__name__ == type(expected).__name__
        assert self.remote.in_transaction is self.local.in_transaction


@contextmanager
def side_by_side(remote_url: str) -> Iterator[SideBySide]:
    """Connect to both for as long as the block runs."""
    with (
        closing(sqlite3.connect(":memory:")) as local,
        closing(connect(remote_url)) as remote,
    ):
        yield SideBySide(local, remote)


def _told(cursor: Any) -> tuple[list[Any], object, int]:
    rows = cursor.fetchall()
    # Counted when all rows are fetched: `sqlite3` counts a RETURNING no earlier.
    return rows, cursor.description, cursor.rowcount


def _failure(connection: Connected, act: Act | str, kind: type[Exception]) -> Exception:
    with pytest.raises(kind) as caught:
        connection.execute(act) if isinstance(act, str) else act(connection)
    return caught.value
