"""Write through the driver while something fails; check the error and the rows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from helpers.proxy import Fate, Proxy
from tracker_tui.turso import Connection, Error, OutcomeUnknown, TimedOut, connect

Write = Callable[[Connection], object]
SECONDS = 20
"""How long to wait for a thread or an event before the test fails."""
SOON = 0.3
"""A deadline in seconds that is meant to be missed."""


def by_execute(connection: Connection) -> object:
    return connection.execute("INSERT INTO t VALUES (1)")


def by_batch(connection: Connection) -> object:
    (result,) = connection.client.batches([[("INSERT INTO t VALUES (1)", ())]])
    if isinstance(result, Error):
        raise result
    return result


WAYS: tuple[Write, ...] = (by_execute, by_batch)


@contextmanager
def writer(url: str, token: str | None = None, *, timeout: float = SECONDS) -> Iterator[Connection]:
    connection = connect(url, token, timeout=timeout, isolation_level=None, allow_plain=True)
    try:
        yield connection
    finally:
        connection.close()


def make_table(url: str, token: str | None = None) -> None:
    with writer(url, token) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")


def count_rows(url: str, token: str | None = None) -> int:
    with writer(url, token) as connection:
        (count,) = connection.execute("SELECT count(*) FROM t").fetchone()
        assert isinstance(count, int)
        return count


def failure_of(run: Callable[[], object]) -> Error:
    """Run something that must raise an error of the driver with a one-line message; return it."""
    with pytest.raises(Error) as caught:
        run()
    message = str(caught.value)
    assert message
    assert message.isprintable()
    assert len(message) < 300
    return caught.value


def failed_write(write: Write, connection: Connection, kind: type[Error], expected: str) -> Error:
    """Assert that a write fails with exactly this class and message; return the error."""
    error = failure_of(lambda: write(connection))
    assert type(error) is kind, repr(error)
    assert expected in str(error)
    assert error.may_have_happened is (kind in (OutcomeUnknown, TimedOut))
    return error


def writes_fail(connection: Connection, kind: type[Error], expected: str) -> None:
    """Assert that a statement and a batch fail with exactly this class and message."""
    for write in WAYS:
        failed_write(write, connection, kind, expected)


def writes_fail_once(
    proxy: Proxy, fate: Fate, connection: Connection, kind: type[Error], expected: str
) -> None:
    """The same for writes that meet a fate; afterwards the connection works."""
    for write in WAYS:
        proxy.meet([fate])
        failed_write(write, connection, kind, expected)
    works(connection)


def give_time(connection: Connection) -> None:
    """Extend the deadline of a connection after the request that was meant to miss it."""
    connection._timeout = connection.client._seconds = SECONDS


def works(connection: Connection) -> None:
    """Assert that a connection reads, with a statement and with a batch."""
    assert connection.execute("SELECT 1").fetchall() == [(1,)]
    (result,) = connection.client.batches([[("SELECT 2", ())]])
    assert not isinstance(result, Error)
    assert [each.rows for each in result] == [[(2,)]]


def await_left_behind() -> None:
    """Wait until the threads of abandoned requests have ended."""
    for thread in threading.enumerate():
        if thread.name == "http-request":
            thread.join(SECONDS)
            assert not thread.is_alive()
