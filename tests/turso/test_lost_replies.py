"""Requests and replies that get lost on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from helpers.proxy import Proxy, cut_after, cut_before
from tracker_tui.db.turso import Connection, OutcomeUnknown, connect


@pytest.fixture
def connection(proxy: Proxy) -> Iterator[Connection]:
    connection = connect(proxy.url, isolation_level=None)
    yield connection
    connection.close()


def test_reads_are_sent_again_and_writes_are_not(connection: Connection, proxy: Proxy) -> None:
    connection.execute("CREATE TABLE t (n INTEGER)")
    proxy.meet([cut_before])
    ((answered,),) = connection.batches([[("SELECT 1", ())]])
    assert not isinstance(answered, str)
    assert answered.rows == [(1,)]
    proxy.meet([cut_after])
    with pytest.raises(OutcomeUnknown):
        connection.batches([[("INSERT INTO t VALUES (1)", ())]])
    assert connection.execute("SELECT n FROM t").fetchall() == [(1,)]
