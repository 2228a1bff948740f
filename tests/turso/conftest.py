"""Fixtures for tests of the driver: the same on a server and with `sqlite3`, and databases."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from peewee import IntegerField, Model, TextField

from helpers.proxy import Fate, ProxiedRequest, Proxy, answer, cut_after, cut_before, cut_within
from helpers.servers import Server
from tracker_tui.turso import Connection, TursoDatabase, connect

Act = Callable[[Any], object]
PYTHON_ERRORS = (ArithmeticError, BufferError, LookupError, StopIteration, TypeError, ValueError)


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

    def fails(self, act: Act | str, *parameters: Any) -> tuple[str, str]:
        """Run something, or a statement, that must fail on both with exceptions of the same name.

        Both must agree on whether a transaction is open afterwards. Returns both messages.
        """
        case = f"{act!r} {parameters!r}"[:300]
        expected, actual = (
            _failure(connection, act, parameters) for connection in (self.local, self.remote)
        )
        assert type(actual).__name__ == type(expected).__name__, case
        assert isinstance(actual, type(expected)), case
        assert self.remote.in_transaction is self.local.in_transaction, case
        return str(expected), str(actual)


def cursor_state(cursor: Any) -> tuple[list[Any], object, int]:
    rows = cursor.fetchall()
    # After all rows are fetched, because `sqlite3` counts the rows of RETURNING only then.
    return rows, cursor.description, cursor.rowcount


def _failure(connection: Any, act: Act | str, parameters: Any) -> Exception:
    try:
        connection.execute(act, *parameters) if isinstance(act, str) else act(connection)
    except (sqlite3.Error, *PYTHON_ERRORS) as error:
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


# Ways to lose a transaction, as fates of its next request

EXPIRED = answer(
    400, b'{"message":"The stream has expired due to inactivity","code":"STREAM_EXPIRED"}'
)


def unknown_baton(proxied: ProxiedRequest) -> None:
    """Ask the server to continue a stream that it does not know."""
    proxied.body = json.dumps({**json.loads(proxied.body), "baton": "unknown"}).encode()
    proxied.reply(proxied.forward())


def rolled_back(proxied: ProxiedRequest) -> None:
    """Roll the transaction back on the server without telling the client."""
    body = json.loads(proxied.body)
    body["requests"].insert(0, {"type": "execute", "stmt": {"sql": "ROLLBACK"}})
    proxied.body = json.dumps(body).encode()
    reply = proxied.forward()
    document = json.loads(reply.body)
    del document["results"][0]
    proxied.reply(reply._replace(body=json.dumps(document).encode()))


def rejected(proxied: ProxiedRequest) -> None:
    """The same, with a next statement that the server rejects before it runs."""
    body = json.loads(proxied.body)
    body["requests"][0]["batch"]["steps"] = [{"stmt": {"sql": "SELEC"}}]
    proxied.body = json.dumps(body).encode()
    rolled_back(proxied)


def reported(code: str) -> Fate:
    """Answer that every step failed with this code and no transaction is open."""

    def fate(proxied: ProxiedRequest) -> None:
        count = len(json.loads(proxied.body)["requests"][0]["batch"]["steps"])
        result = {
            "step_results": [None] * count,
            "step_errors": [{"message": "Something of the server's", "code": code}] * count,
        }
        responses = [
            {"type": "batch", "result": result},
            {"type": "get_autocommit", "is_autocommit": True},
        ]
        body = {"baton": None, "results": [{"type": "ok", "response": r} for r in responses]}
        answer(200, json.dumps(body).encode())(proxied)

    return fate


LOSSES: dict[str, Fate] = {
    "request lost": cut_before,
    "response lost": cut_after,
    "half a response": cut_within,
    "stream expired": EXPIRED,
    "unknown baton": unknown_baton,
    "ended for another writer": reported("TRANSACTION_TIMEOUT"),
    "rolled back": rolled_back,
    "rejected": rejected,
    "server failed": answer(502, b"<html>Bad Gateway</html>"),
    "token expired": answer(401),
}
