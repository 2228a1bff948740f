"""Transactions that the server or the network loses: none of their changes are kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest

from helpers.lost_transactions import EXPIRED, LOSSES, reported
from helpers.proxy import Fate, Proxy
from helpers.servers import Server, running
from tracker_tui.turso import Connection, OperationalError, TransactionLost, connect

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[Connection]:
    with closing(connect(proxy.url, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        yield connection


@pytest.fixture
def restarting(server_binary: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that the test may stop."""
    with running(server_binary, tmp_path) as server:
        yield server


def stored(url: str) -> list[int]:
    """Return the rows that another connection sees."""
    with closing(connect(url)) as other:
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


@every_loss
def test_a_lost_transaction_fails_every_call_and_keeps_nothing(
    connection: Connection, proxy: Proxy, loss: Fate
) -> None:
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
    assert stored(proxy.url) == []


def test_a_lost_read_fails_its_transaction_or_only_itself(proxy: Proxy) -> None:
    with closing(connect(proxy.url, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.execute("INSERT INTO t VALUES (1)")
        for loss in LOSSES.values():
            proxy.meet([loss])
            with suppress(OperationalError):
                connection.execute("SELECT 1")
            assert not connection.is_dead
            assert connection.execute("SELECT 2").fetchall() == [(2,)]
    for loss in LOSSES.values():
        with closing(connect(proxy.url, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]
            proxy.meet([loss])
            with pytest.raises(OperationalError):
                connection.execute("SELECT n FROM t")
            is_lost(connection)


@every_loss
def test_a_lost_implicit_transaction_fails_every_call(proxy: Proxy, loss: Fate) -> None:
    with closing(connect(proxy.url)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
        proxy.meet([loss])
        with pytest.raises(OperationalError):
            connection.executemany("INSERT INTO t VALUES (?)", [(3,), (4,)])
        is_lost(connection)
    assert stored(proxy.url) == []


@every_loss
def test_a_block_raises_if_its_commit_is_lost(proxy: Proxy, loss: Fate) -> None:
    with closing(connect(proxy.url)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")

        def insert() -> None:
            with connection:
                connection.execute("INSERT INTO t VALUES (1)")
                connection.execute("INSERT INTO t VALUES (2)")
                proxy.meet([loss])

        with pytest.raises(OperationalError):
            insert()
        is_lost(connection)
    # A commit whose response was lost may have been carried out, but only as a whole.
    assert stored(proxy.url) in ([], [1, 2])


def test_a_savepoint_is_lost_with_its_transaction(connection: Connection, proxy: Proxy) -> None:
    connection.execute("SAVEPOINT s")
    connection.execute("INSERT INTO t VALUES (1)")
    proxy.meet([LOSSES["rolled back"]])
    with pytest.raises(TransactionLost):
        connection.execute("RELEASE s")
    is_lost(connection)
    assert stored(proxy.url) == []


def test_a_transaction_held_too_long_is_ended_for_another_writer(remote_url: str) -> None:
    def write() -> None:
        with closing(connect(remote_url, isolation_level=None)) as other:
            # The server makes it wait until the transaction with the lock is five seconds old.
            other.execute("INSERT INTO t VALUES (7)")

    with closing(connect(remote_url, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t VALUES (1)")
        with ThreadPoolExecutor(1) as pool:
            pool.submit(write).result()
        with pytest.raises(TransactionLost) as caught:
            connection.execute("INSERT INTO t VALUES (2)")
        assert caught.value.code == "TRANSACTION_TIMEOUT"
        is_lost(connection)
    assert stored(remote_url) == [7]


def test_an_idle_connection_outlives_a_restart_of_the_server_but_no_transaction_does(
    restarting: Server,
) -> None:
    with closing(connect(restarting.url)) as connection:
        connection.execute("CREATE TABLE t (n INTEGER)")
        restarting.stop()
        restarting.start()
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
        connection.execute("INSERT INTO t VALUES (2)")
        restarting.stop()
        with pytest.raises(OperationalError):
            connection.execute("INSERT INTO t VALUES (3)")
        restarting.start()
        is_lost(connection)
    with closing(connect(restarting.url)) as connection:
        connection.execute("INSERT INTO t VALUES (4)")
        restarting.stop()
        restarting.start()
        with pytest.raises(TransactionLost):
            connection.execute("INSERT INTO t VALUES (5)")
        is_lost(connection)
    assert stored(restarting.url) == [1]


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


def test_a_transaction_that_could_not_begin_can_begin_later(
    connection: Connection, proxy: Proxy
) -> None:
    for code in ("TRANSACTION_BUSY", "TRANSACTION_TIMEOUT"):
        proxy.meet([reported(code)])
        with pytest.raises(OperationalError):
            connection.execute("BEGIN IMMEDIATE")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.execute("COMMIT")
    assert stored(proxy.url) == [1, 1]
