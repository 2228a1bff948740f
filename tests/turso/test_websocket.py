"""Batches over a WebSocket, for self-hosted servers: the same promises as over HTTP."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from peewee import IntegrityError, NotSupportedError, OperationalError, PeeweeException, RawQuery

from helpers.proxy import Proxy
from helpers.servers import Server, free_port, running
from tracker_tui import turso
from tracker_tui.turso import NotSent, TimedOut, TokenRefused, TursoDatabase, connect


@pytest.fixture
def table() -> str:
    """A unique name of a table: over a WebSocket all tests share a database."""
    return f"ws_{uuid4().hex}"


@pytest.fixture
def database(server: Server) -> Iterator[TursoDatabase]:
    with closing(TursoDatabase(at(server))) as database:
        yield database


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A listener that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def at(server: Server) -> str:
    return server.url.replace("http://", "ws://")


def run(database: TursoDatabase, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    (result,) = database.batch([RawQuery(sql, values)])
    return result.rows


def failure(database: TursoDatabase, sql: str) -> turso.Error:
    """Run something that must fail; return the driver's error inside Peewee's."""
    with pytest.raises(PeeweeException) as caught:
        run(database, sql)
    assert isinstance(caught.value, OperationalError)
    error: turso.Error = caught.value.orig  # type: ignore[attr-defined]
    return error


def test_a_batch_returns_results_or_is_rolled_back(database: TursoDatabase, table: str) -> None:
    _, inserted, read = database.batch(
        [
            RawQuery(f"CREATE TABLE {table} (n INTEGER PRIMARY KEY, t TEXT)"),
            RawQuery(f"INSERT INTO {table} (t) VALUES (?), (?)", ("one", "two")),
            RawQuery(f"SELECT n, t FROM {table}"),
        ]
    )
    assert (inserted.rowcount, inserted.lastrowid) == (2, 2)
    assert read.rows == [(1, "one"), (2, "two")]
    assert read.columns == ("n", "t")
    with pytest.raises(IntegrityError, match="UNIQUE constraint failed"):
        database.batch([RawQuery(f"INSERT INTO {table} (n) VALUES (?)", (n,)) for n in (3, 1)])
    assert run(database, f"SELECT n FROM {table}") == [(1,), (2,)]
    # A failing batch does not affect others.
    insert = f"INSERT INTO {table} (n) VALUES (?)"
    results = database.batches([[RawQuery(insert, (n,))] for n in (3, 4, 3, 5)])
    assert [isinstance(result, IntegrityError) for result in results] == [False, False, True, False]
    assert run(database, f"SELECT n FROM {table}") == [(1,), (2,), (3,), (4,), (5,)]


def test_values_are_as_over_http(database: TursoDatabase, remote_url: str, server: Server) -> None:
    values = (
        *(None, True, 0, 2**63 - 1, -(2**63), 0.1, -0.0, 1e300, "", "☃ 😀\n'\"", b""),
        b"\x00\xff",
    )
    query = RawQuery(f"SELECT {', '.join('?' * len(values))}", values)
    types = RawQuery(f"SELECT {', '.join(['typeof(?)'] * len(values))}", values)
    with closing(TursoDatabase(remote_url)) as http:
        expected = [result.rows for result in http.batch([query, types])]
    assert repr([result.rows for result in database.batch([query, types])]) == repr(expected)
    assert repr(expected[0]) == repr([(None, 1, *values[2:])])
    with closing(connect(at(server))) as connection:
        named = "SELECT :b, :a", {"a": 1, "b": 2, "c": 3}
        (result,) = connection.client.batches([[named]])
    assert isinstance(result, list)
    assert result[0].rows == [(2, 1)]


def test_single_statements_are_not_supported(server: Server, database: TursoDatabase) -> None:
    connection = connect(at(server))
    with closing(connection), pytest.raises(turso.NotSupportedError, match="only batches"):
        connection.execute("SELECT 1")
    with pytest.raises(NotSupportedError, match="only batches"):
        database.execute_sql("SELECT 1")
    with pytest.raises(NotSupportedError, match="only batches"):
        database.atomic().__enter__()
    assert not database.in_transaction()


def test_a_token_is_checked_by_the_server(guarded_server: Server, table: str) -> None:
    where, expired = at(guarded_server), guarded_server.token("rw", exp=1)
    for token in (None, "nonsense", "eyJhbGciOiJFZERTQSJ9.e30.c2ln", expired):
        with closing(TursoDatabase(where, token)) as database:
            # Several times, because the server may hang up before its reason arrives.
            for _ in range(5):
                error = failure(database, "SELECT 1")
                assert isinstance(error, TokenRefused), token
                assert token is None or token not in str(error)
    with closing(TursoDatabase(where, guarded_server.token("rw"))) as writer:
        run(writer, f"CREATE TABLE {table} (n)")
    with closing(TursoDatabase(where, guarded_server.token("ro"))) as reader:
        # The server hangs up without a message.
        assert failure(reader, f"INSERT INTO {table} VALUES (1)").may_have_happened
        assert run(reader, f"SELECT * FROM {table}") == []


def test_after_a_restart_of_the_server_batches_work(server_binary: Path, tmp_path: Path) -> None:
    with running(server_binary, tmp_path) as server, closing(TursoDatabase(at(server))) as database:
        run(database, "CREATE TABLE t (n)")
        server.stop()
        failure(database, "INSERT INTO t VALUES (1)")
        server.start()
        run(database, "INSERT INTO t VALUES (2)")
        assert run(database, "SELECT n FROM t") == [(2,)]


def test_a_rejected_connection_was_not_sent(proxy: Proxy, caplog: pytest.LogCaptureFixture) -> None:
    # Nothing listens on the first port, and the second one knows no WebSockets.
    for port in (free_port(), proxy.port):
        with closing(TursoDatabase(f"ws://localhost:{port}")) as database:
            error = failure(database, "SELECT 1")
        assert isinstance(error, NotSent)
        assert not error.may_have_happened
        assert caplog.records == []


def test_a_silent_server_ends_with_the_deadline_or_an_interruption(
    server: Server, silent: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    before = set(threading.enumerate())
    url = f"ws://localhost:{silent.getsockname()[1]}"
    with closing(TursoDatabase(url, timeout=0.1)) as database:
        for _ in range(2):
            assert isinstance(failure(database, "SELECT 1"), TimedOut)
            silent.accept()[0].close()
    with closing(connect(url, timeout=20)) as connection, ThreadPoolExecutor(1) as pool:
        call = pool.submit(connection.client.batches, [[("SELECT 1", ())]])
        peer, _ = silent.accept()
        with peer:
            connection.interrupt()
            with pytest.raises(TimedOut):
                call.result(10)
    # The library writes to standard error if it is cancelled.
    assert caplog.records == []
    # Closing leaves no thread behind, and the database can be used again.
    with closing(TursoDatabase(at(server))) as database:
        for _ in range(2):
            assert run(database, "SELECT 1") == [(1,)]
            assert set(threading.enumerate()) > before
            assert database.close()
    assert set(threading.enumerate()) <= before


def test_the_missing_extra_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "libsql_client", None)
    with pytest.raises(turso.NotSupportedError, match=r"pip install 'tracker-tui\[ws\]'"):
        connect(at(server))
    with pytest.raises(NotSupportedError, match=r"pip install 'tracker-tui\[ws\]'"):
        TursoDatabase(at(server)).connect()
