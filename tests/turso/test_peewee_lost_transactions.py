"""Lost transactions in Peewee: the block fails as a whole, then the database works again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from peewee import Model, OperationalError, TextField

from helpers.lost_transactions import LOSSES, reported
from helpers.proxy import Fate, Proxy
from tracker_tui.turso import TransactionLost, TursoDatabase

every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


class Entry(Model):
    text = TextField(unique=True)


@pytest.fixture
def database(proxy: Proxy) -> Iterator[TursoDatabase]:
    database = TursoDatabase(proxy.url)
    with closing(database), database.bind_ctx([Entry]):
        Entry.create_table()
        yield database


def stored() -> list[str]:
    return [entry.text for entry in Entry.select().order_by(Entry.id)]


def continue_anyway(database: TursoDatabase) -> None:
    """Try every operation in a block whose transaction is lost."""
    for call in (
        lambda: Entry.create(text="half"),
        lambda: Entry.select().count(),
        lambda: Entry.delete().execute(),
        lambda: database.execute_sql("INSERT INTO entry (text) VALUES ('half')"),
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
        Entry.create(text="before")
        loss()
        with pytest.raises(OperationalError):
            Entry.create(text="after")
        continue_anyway(database)
        continue_anyway(database)


@every_loss
def test_a_lost_transaction_fails_its_blocks_as_a_whole(
    database: TursoDatabase, proxy: Proxy, loss: Fate
) -> None:
    def nested() -> None:
        with database.atomic():
            Entry.create(text="outer")
            with pytest.raises(OperationalError) as caught:
                lose(database, lambda: proxy.meet([loss]))
            assert isinstance(caught.value.orig, TransactionLost)  # type: ignore[attr-defined]
            continue_anyway(database)

    with pytest.raises(OperationalError):
        nested()
    assert not database.in_transaction()
    assert database.is_connection_usable()
    assert stored() == []


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
                    Entry.create(text=f"{name}: whole")
                    with database.atomic():
                        Entry.create(text=f"{name}: too")
            Entry.create(text=f"{name}: outside")
            assert not database.is_closed()
        assert database.is_closed()
    assert stored() == [
        *("rolled back: whole", "rolled back: too", "rolled back: outside"),
        *("rejected: whole", "rejected: too", "rejected: outside"),
    ]


@every_loss
def test_a_block_whose_commit_is_lost_fails(
    database: TursoDatabase, proxy: Proxy, loss: Fate
) -> None:
    def insert() -> None:
        with database.atomic():
            Entry.create(text="one")
            Entry.create(text="two")
            proxy.meet([loss])

    with pytest.raises(OperationalError):
        insert()
    assert database.is_connection_usable()
    # A commit whose response was lost may have been carried out, but only as a whole.
    assert stored() in ([], ["one", "two"])


@every_loss
def test_a_block_whose_rollback_is_lost_keeps_nothing(
    database: TursoDatabase, proxy: Proxy, loss: Fate
) -> None:
    def fail() -> None:
        with database.atomic():
            Entry.create(text="one")
            proxy.meet([loss])
            raise LookupError

    with pytest.raises((LookupError, OperationalError)):
        fail()
    assert database.is_connection_usable()
    assert stored() == []


def test_a_lost_transaction_without_a_block_ends_with_its_rollback_or_commit(
    database: TursoDatabase, proxy: Proxy
) -> None:
    def lose_here() -> None:
        Entry.create(text="before")
        proxy.meet([LOSSES["rolled back"]])
        for _ in range(2):
            with pytest.raises(OperationalError):
                Entry.create(text="after")
        database.rollback()

    with database.manual_commit():
        database.begin()
        lose_here()
        database.begin()
        Entry.create(text="manual")
        database.commit()
    database.begin()
    lose_here()
    Entry.create(text="outside blocks")
    database.session_start()
    Entry.create(text="before")
    proxy.meet([LOSSES["rolled back"]])
    with pytest.raises(OperationalError):
        database.session_commit()
    Entry.create(text="session")
    assert stored() == ["manual", "outside blocks", "session"]


def test_a_block_that_could_not_begin_can_begin_later(
    database: TursoDatabase, proxy: Proxy
) -> None:
    proxy.meet([reported("TRANSACTION_BUSY")])
    with pytest.raises(OperationalError):
        database.atomic("IMMEDIATE").__enter__()
    with database.atomic("IMMEDIATE"):
        Entry.create(text="whole")
    assert stored() == ["whole"]
