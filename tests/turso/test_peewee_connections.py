"""Peewee connections to a server, one for each thread, and transactions that they lose."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

import pytest
from peewee import ImproperlyConfigured, InterfaceError, OperationalError

from helpers.proxy import Fate, Proxy
from tracker_tui.turso import TransactionLost, TursoDatabase
from turso.conftest import LOSSES, Store, reported, stored

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


def continue_anyway(database: TursoDatabase) -> None:
    """Try every operation in a block whose transaction is lost."""
    for call in (
        lambda: Store.create(name="half"),
        lambda: Store.select().count(),
        lambda: Store.delete().execute(),
        lambda: database.execute_sql("INSERT INTO store (name) VALUES ('half')"),
        lambda: database.atomic().__enter__(),
        database.commit,
        database.begin,
    ):
        with pytest.raises(OperationalError):
            call()
    database.rollback()
    assert not database.is_connection_usable()


def lose(database: TursoDatabase, loss: Callable[[], object]) -> None:
    """Lose the transaction in the middle of a block that ends normally."""
    with database.atomic():
        Store.create(name="before")
        loss()
        with pytest.raises(OperationalError):
            Store.create(name="after")
        continue_anyway(database)
        continue_anyway(database)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_lost_block_fails_whole(new_url: Callable[[], str], proxy: Proxy, loss: Fate) -> None:
    def nested(database: TursoDatabase) -> None:
        with database.atomic():
            Store.create(name="outer")
            with pytest.raises(OperationalError) as caught:
                lose(database, lambda: proxy.meet([loss]))
            assert isinstance(caught.value.orig, TransactionLost)  # type: ignore[attr-defined]
            continue_anyway(database)

    def losing_the_commit(database: TursoDatabase) -> None:
        with database.atomic():
            Store.create(name="one")
            Store.create(name="two")
            proxy.meet([loss])

    def losing_the_rollback(database: TursoDatabase) -> None:
        with database.atomic():
            Store.create(name="one")
            proxy.meet([loss])
            raise LookupError

    for block in (nested, losing_the_commit, losing_the_rollback):
        # Rolling back is harmless to lose.
        errors = (OperationalError, *([LookupError] if block is losing_the_rollback else []))
        with closing(TursoDatabase(new_url())) as database, database.bind_ctx([Store]):
            Store.create_table()
            with pytest.raises(errors):
                block(database)
            assert not database.in_transaction()
            assert database.is_connection_usable()
            # A commit whose response was lost may have been carried out, but only as a whole.
            committed = [["one", "two"]] if block is losing_the_commit else []
            assert stored() in ([], *committed)


def test_after_the_block_the_database_works_again(database: TursoDatabase, proxy: Proxy) -> None:
    # The other losses leave the lock with a transaction that cannot be ended for five seconds.
    for name in ("rolled back", "rejected"):
        database.close()
        with database.connection_context():
            with database.connection_context():
                with pytest.raises(OperationalError) as caught:
                    lose(database, lambda name=name: proxy.meet([LOSSES[name]]))
                assert isinstance(caught.value.orig, TransactionLost)  # type: ignore[attr-defined]
                assert not database.in_transaction()
                with database.atomic():
                    Store.create(name=f"{name}: whole")
                    with database.atomic():
                        Store.create(name=f"{name}: too")
            Store.create(name=f"{name}: outside")
            assert not database.is_closed()
        assert database.is_closed()
    assert stored() == [
        *("rolled back: whole", "rolled back: too", "rolled back: outside"),
        *("rejected: whole", "rejected: too", "rejected: outside"),
    ]


def test_a_lost_transaction_without_a_block_ends(database: TursoDatabase, proxy: Proxy) -> None:
    def lose_here() -> None:
        Store.create(name="before")
        proxy.meet([LOSSES["rolled back"]])
        for _ in range(2):
            with pytest.raises(OperationalError):
                Store.create(name="after")
        database.rollback()

    with database.manual_commit():
        database.begin()
        lose_here()
        database.begin()
        Store.create(name="manual")
        database.commit()
    database.begin()
    lose_here()
    Store.create(name="outside blocks")
    database.session_start()
    Store.create(name="before")
    proxy.meet([LOSSES["rolled back"]])
    with pytest.raises(OperationalError):
        database.session_commit()
    Store.create(name="session")
    assert stored() == ["manual", "outside blocks", "session"]


def test_a_block_that_did_not_begin_can_begin_later(database: TursoDatabase, proxy: Proxy) -> None:
    proxy.meet([reported("TRANSACTION_BUSY")])
    with pytest.raises(OperationalError):
        database.atomic("IMMEDIATE").__enter__()
    with database.atomic("IMMEDIATE"):
        Store.create(name="whole")
    assert stored() == ["whole"]
