"""Fixtures for tests of the driver: the same on a server and with `sqlite3`, and databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from peewee import IntegerField, Model, TextField

from helpers.proxy import Proxy
from helpers.servers import Server
from tracker_tui.turso import Connection, TursoDatabase, connect

Act = Callable[[Any], object]
Kinds = type[Exception] | tuple[type[Exception], ...]


class SideBySide:
    """Runs everything on two connections, each to its own empty database, and compares."""

    def __init__(self, local: sqlite3.Connection, remote: Connection) -> None:
        self.local, self.remote = local, remote

    def do(self, act: Act, case: object = "") -> Any:
        """Run something that must succeed on both with the same result; return the result."""
        expected, actual = act(self.local), act(self.remote)
        assert repr(actual) == repr(expected), case
        assert self.remote.in_transaction is self.local.in_transaction, case
        assert self.remote.total_changes == self.local.total_changes, case
        return actual

    def run(self, sql: str, parameters: Any = ()) -> list[Any]:
        """Run a statement that must succeed with the same cursor attributes; return its rows."""
        rows: list[Any] = self.do(
            lambda connection: cursor_state(connection.execute(sql, parameters)),
            (sql[:200], parameters),
        )[0]
        return rows

    def fails(self, act: Act | str, kind: Kinds, *parameters: Any) -> tuple[str, str]:
        """Run something, or a statement, that must fail on both with exceptions of the same name.

        Both must agree on whether a transaction is open afterwards. Returns both messages.
        """
        case = f"{act!r} {parameters!r}"[:300]
        expected, actual = (
            _failure(connection, act, kind, parameters) for connection in (self.local, self.remote)
        )
        assert type(actual).__name__ == type(expected).__name__, case
        assert self.remote.in_transaction is self.local.in_transaction, case
        return str(expected), str(actual)


def cursor_state(cursor: Any) -> tuple[list[Any], object, int]:
    rows = cursor.fetchall()
    # After all rows are fetched, because `sqlite3` counts the rows of RETURNING only then.
    return rows, cursor.description, cursor.rowcount


def _failure(connection: Any, act: Act | str, kind: Kinds, parameters: Any) -> Exception:
    try:
        connection.execute(act, *parameters) if isinstance(act, str) else act(connection)
    except kind as error:
        return error
    raise AssertionError(f"no error from {act!r:.200} {parameters!r:.200}")


@pytest.fixture
def both(remote_url: str) -> Iterator[SideBySide]:
    """`sqlite3` and the driver, each with an empty database."""
    with closing(sqlite3.connect(":memory:")) as local, closing(connect(remote_url)) as remote:
        yield SideBySide(local, remote)


@pytest.fixture
def new_url(server: Server, proxy: Proxy) -> Callable[[], str]:
    """Create further databases behind the proxy, because a lost transaction keeps its lock."""
    return lambda: f"http://localhost:{proxy.port}{urlsplit(server.new_database()).path}"


class Store(Model):
    """A Peewee model."""

    name = TextField(unique=True)
    amount = IntegerField(default=0)


def stored() -> list[str]:
    """Return the names in the bound database, oldest first."""
    return [store.name for store in Store.select().order_by(Store.id)]


@pytest.fixture
def database(proxy: Proxy) -> Iterator[TursoDatabase]:
    """A Peewee database behind the proxy, with an empty table for `Store`."""
    with closing(TursoDatabase(proxy.url)) as database, database.bind_ctx([Store]):
        Store.create_table()
        proxy.seen.clear()
        yield database
