"""Transactions that the server or the network loses: none of their changes are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from helpers.driver_faults import by_batch, failure_of
from helpers.proxy import Fate, Proxy
from helpers.servers import running
from tracker_tui import turso
from tracker_tui.turso import Connection, OperationalError, TransactionLost, connect
from turso.conftest import EXPIRED, LOSSES, reported


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[Connection]:
    with opened(proxy.url) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        yield connection


def opened(url: str, level: str | None = None) -> closing[Connection]:
    return closing(connect(url, isolation_level=level))


def stored(url: str) -> list[int]:
    """Return the rows that another connection sees."""
    with opened(url) as other:
        return [n for (n,) in other.execute("SELECT n FROM t ORDER BY n")]


def is_lost(connection: Connection) -> None:
    """Assert that a connection can only be rolled back and closed."""
    assert connection.is_dead
    assert not connection.in_transaction
    for _ in range(2):
        for statement in ("SELECT 1", "INSERT INTO t VALUES (3)", "BEGIN", "ROLLBACK"):
            with pytest.raises(TransactionLost):
                connection.execute(statement)
        for call in (connection.commit, connection.cursor, connection.__enter__):
            with pytest.raises(OperationalError):
                call()
        connection.rollback()


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_lost_transaction_fails_every_call_and_keeps_nothing(
    new_url: Callable[[], str], proxy: Proxy, loss: Fate
) -> None:
    url = new_url()
    with opened(url) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        # Without a transaction only the read fails.
        proxy.meet([loss])
        with suppress(OperationalError):
            connection.execute("SELECT 1")
        assert not connection.is_dead
        assert connection.execute("SELECT 2").fetchall() == [(2,)]
        connection.execute("BEGIN")
        cursor = connection.execute("INSERT INTO t VALUES (1)")
        proxy.meet([loss])
        with pytest.raises(OperationalError):
            connection.execute("INSERT INTO t VALUES (2)")
        sent = proxy.count
        is_lost(connection)
        with pytest.raises(OperationalError):
            cursor.execute("INSERT INTO t VALUES (4)")
        assert proxy.count == sent
    with opened(url) as connection:
        connection.execute("BEGIN")
        assert connection.execute("SELECT n FROM t").fetchall() == []
        proxy.meet([loss])
        with pytest.raises(OperationalError):
            connection.execute("SELECT n FROM t")
        is_lost(connection)
    assert stored(url) == []


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_lost_implicit_transaction_or_commit_fails_every_call(
    new_url: Callable[[], str], proxy: Proxy, loss: Fate
) -> None:
    url = new_url()
    with opened(url, "") as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
        proxy.meet([loss])
        with pytest.raises(OperationalError):
            connection.executemany("INSERT INTO t VALUES (?)", [(3,), (4,)])
        is_lost(connection)
    assert stored(url) == []
    url = new_url()

    def insert(connection: Connection) -> None:
        with connection:
            connection.execute("INSERT INTO t VALUES (1)")
            connection.execute("INSERT INTO t VALUES (2)")
            proxy.meet([loss])

    with opened(url, "") as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        with pytest.raises(OperationalError):
            insert(connection)
        is_lost(connection)
    # A commit whose response was lost may have been carried out, but only as a whole.
    assert stored(url) in ([], [1, 2])


def test_a_transaction_held_too_long_is_ended_for_another_writer(remote_url: str) -> None:
    with opened(remote_url) as connection, opened(remote_url) as other:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t VALUES (1)")
        # The server makes it wait until the transaction with the lock is five seconds old.
        other.execute("INSERT INTO t VALUES (7)")
        with pytest.raises(TransactionLost) as caught:
            connection.execute("INSERT INTO t VALUES (2)")
        assert caught.value.code == "TRANSACTION_TIMEOUT"
        is_lost(connection)
    assert stored(remote_url) == [7]


def test_an_idle_connection_outlives_a_restart(server_binary: Path, tmp_path: Path) -> None:
    with running(server_binary, tmp_path) as server:
        with opened(server.url, "") as connection:
            connection.execute("CREATE TABLE t (n INTEGER)")
            server.stop()
            assert type(failure_of(lambda: by_batch(connection))) in (
                turso.NotSent,
                turso.OutcomeUnknown,
            )
            server.start()
            connection.execute("INSERT INTO t VALUES (1)")
            connection.commit()
            connection.execute("INSERT INTO t VALUES (2)")
            with opened(server.url, "") as other:
                other.execute("SELECT 1")
                server.stop()
                with pytest.raises(OperationalError):
                    connection.execute("INSERT INTO t VALUES (3)")
                server.start()
                is_lost(connection)
                other.execute("INSERT INTO t VALUES (4)")
                server.stop()
                server.start()
                with pytest.raises(TransactionLost):
                    other.execute("INSERT INTO t VALUES (5)")
                is_lost(other)
        assert stored(server.url) == [1]


# Outside a transaction


def test_an_idle_stream_that_expired_is_replaced_once(connection: Connection, proxy: Proxy) -> None:
    before = proxy.count
    proxy.meet([EXPIRED])
    connection.execute("INSERT INTO t VALUES (1)")
    assert proxy.count == before + 2
    # A server that loses every stream is not retried forever.
    proxy.meet([EXPIRED, EXPIRED])
    with pytest.raises(OperationalError):
        connection.execute("INSERT INTO t VALUES (2)")
    assert proxy.count == before + 4
    connection.execute("INSERT INTO t VALUES (3)")
    assert stored(proxy.url) == [1, 3]


def test_a_transaction_can_begin_after_a_failure(connection: Connection, proxy: Proxy) -> None:
    for code in ("TRANSACTION_BUSY", "TRANSACTION_TIMEOUT"):
        proxy.meet([reported(code)])
        with pytest.raises(OperationalError):
            connection.execute("BEGIN IMMEDIATE")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.execute("COMMIT")
    assert stored(proxy.url) == [1, 1]
