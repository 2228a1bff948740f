"""Peewee connections to a server: one for each thread, opened on demand."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from peewee import (
    ImproperlyConfigured,
    IntegerField,
    InterfaceError,
    Model,
    OperationalError,
)

from helpers.proxy import Proxy
from tracker_tui.turso import TursoDatabase

THREADS, ROWS = 4, 5
SECRET = "eyJhbGciOiJFZERTQSJ9.eyJhIjoicncifQ.c2lnbmF0dXJl"


class Number(Model):
    n = IntegerField(unique=True)


@pytest.fixture
def database(proxy: Proxy) -> Iterator[TursoDatabase]:
    database = TursoDatabase(proxy.url)
    with closing(database), database.bind_ctx([Number]):
        yield database


def test_it_connects_on_demand_and_closes(database: TursoDatabase) -> None:
    for end in (database.commit, database.rollback):
        with pytest.raises(InterfaceError):
            end()
    assert database.is_closed()
    Number.create_table()
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
            Number.create(n=1)
        assert not database.is_closed()
    assert database.is_closed()
    with database:
        Number.create(n=2)
        assert database.in_transaction()
    assert database.is_closed()
    assert Number.select().count() == 2


def test_without_autoconnect_it_connects_only_explicitly(remote_url: str) -> None:
    with closing(TursoDatabase(remote_url, autoconnect=False)) as database:
        with pytest.raises(InterfaceError):
            database.execute_sql("SELECT 1")
        database.connect()
        assert database.execute_sql("SELECT 1").fetchall() == [(1,)]


def test_the_url_can_be_set_later_and_no_token_is_printed(remote_url: str) -> None:
    with closing(TursoDatabase(None)) as database:
        with pytest.raises(InterfaceError):
            database.connect()
        database.init(remote_url, auth_token=SECRET, timeout=3)
        assert database.timeout == 3
        assert database.execute_sql("SELECT 1").fetchall() == [(1,)]
        printed = [repr(database), repr(vars(database)), repr(vars(database.connection()))]
    assert SECRET not in "".join(printed)


def test_pragmas_and_malformed_urls_are_reported_on_connect(remote_url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="pragmas"):
        TursoDatabase(remote_url, pragmas={"foreign_keys": 1}).connect()
    database = TursoDatabase("nonsense://localhost")
    with pytest.raises(InterfaceError, match="begins with libsql"):
        database.connect()
    assert database.is_closed()


def test_each_thread_has_its_own_connection(database: TursoDatabase) -> None:
    Number.create_table()
    together = Barrier(THREADS)

    def insert(thread: int) -> int:
        with database.connection_context(), database.atomic():
            connection = database.connection()
            together.wait(20)
            for n in range(ROWS):
                Number.create(n=thread * ROWS + n)
            return id(connection)

    mine = database.connection()
    with ThreadPoolExecutor(THREADS) as pool:
        connections = set(pool.map(insert, range(THREADS)))
    assert len(connections) == THREADS
    assert database.connection() is mine
    assert [row.n for row in Number.select().order_by(Number.n)] == list(range(THREADS * ROWS))


def test_traffic_is_counted_for_each_thread(database: TursoDatabase, proxy: Proxy) -> None:
    Number.create_table()
    Number.create(n=1)
    before = database.traffic.requests
    assert before == proxy.count
    assert database.traffic.rows_written >= 1

    def elsewhere() -> int:
        with database.connection_context():
            Number.select().count()
            return database.traffic.requests

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(elsewhere).result() == 1
    assert database.traffic.requests == before
