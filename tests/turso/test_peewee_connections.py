"""Peewee connections to a server: one for each thread, opened on demand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from peewee import ImproperlyConfigured, InterfaceError, OperationalError

from helpers.proxy import Proxy
from tracker_tui.turso import TursoDatabase
from turso.conftest import Store, stored

THREADS = 4
SECRET = "eyJhbGciOiJFZERTQSJ9.eyJhIjoicncifQ.c2lnbmF0dXJl"


def test_it_connects_on_demand_and_closes(database: TursoDatabase) -> None:
    assert database.close()
    for end in (database.commit, database.rollback):
        with pytest.raises(InterfaceError):
            end()
    assert database.is_closed()
    Store.create_table()
    assert not database.is_closed()
    assert database.is_connection_usable()
    assert database.close()
    assert not database.close()
    assert not database.is_connection_usable()
    # Explicitly
    assert database.connect()
    assert not database.connect(reuse_if_open=True)
    with pytest.raises(OperationalError):
        database.connect()
    database.close()
    # For the length of a block
    with database.connection_context():
        with database.connection_context():
            Store.create(name="one")
        assert not database.is_closed()
    assert database.is_closed()
    with database:
        Store.create(name="two")
        assert database.in_transaction()
    assert database.is_closed()
    assert stored() == ["one", "two"]


def test_settings_are_checked_on_connect_and_no_token_is_printed(remote_url: str) -> None:
    with closing(TursoDatabase(remote_url, autoconnect=False)) as database:
        with pytest.raises(InterfaceError):
            database.execute_sql("SELECT 1")
        database.connect()
        assert database.execute_sql("SELECT 1").fetchall() == [(1,)]
    with closing(TursoDatabase(None)) as database:
        with pytest.raises(InterfaceError):
            database.connect()
        database.init(remote_url, auth_token=SECRET, timeout=3)
        assert database.timeout == 3
        assert database.execute_sql("SELECT 1").fetchall() == [(1,)]
        printed = [repr(database), repr(vars(database)), repr(vars(database.connection()))]
    assert SECRET not in "".join(printed)
    with pytest.raises(ImproperlyConfigured, match="pragmas"):
        TursoDatabase(remote_url, pragmas={"foreign_keys": 1}).connect()
    database = TursoDatabase("nonsense://localhost")
    with pytest.raises(InterfaceError, match="begins with libsql"):
        database.connect()
    assert database.is_closed()


def test_each_thread_has_a_connection_and_traffic(database: TursoDatabase, proxy: Proxy) -> None:
    Store.create(name="mine")
    requests, mine = database.traffic.requests, database.connection()
    # The fixture forgets the requests that made the table.
    assert requests == proxy.count + 2
    assert database.traffic.rows_written >= 1
    together = Barrier(THREADS)

    def insert(thread: int) -> tuple[int, int]:
        with database.connection_context(), database.atomic():
            together.wait(20)
            for n in range(2):
                Store.create(name=f"{thread}-{n}")
            return id(database.connection()), database.traffic.requests

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(insert, range(THREADS)))
    assert len({connection for connection, _ in found}) == THREADS
    assert {counted for _, counted in found} == {3}
    assert (database.connection(), database.traffic.requests) == (mine, requests)
    assert sorted(stored()) == sorted(
        ["mine", *(f"{t}-{n}" for t in range(THREADS) for n in (0, 1))]
    )
