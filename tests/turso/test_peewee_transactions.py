"""Transactions of Peewee on a server: blocks, savepoints, and batches in one request."""

from __future__ import annotations

from contextlib import AbstractContextManager, closing, suppress

import pytest
from peewee import IntegrityError, OperationalError, ProgrammingError, RawQuery, fn

from helpers.proxy import Proxy, answer, cut_after, cut_before
from tracker_tui.turso import OutcomeUnknown, StatementResult, TursoDatabase
from turso.conftest import Store, stored


class Refused(Exception):
    """An error of the program that uses the driver."""


def fail(block: AbstractContextManager[object], *names: str) -> None:
    """Create rows in a block, then raise an exception in it."""
    with block:
        for name in names:
            Store.create(name=name)
        raise Refused


def test_others_see_a_block_once_it_is_committed(database: TursoDatabase, remote_url: str) -> None:
    query = Store.select(Store.name).order_by(Store.id).tuples()
    with closing(TursoDatabase(remote_url)) as other:
        with database.atomic():
            Store.create(name="one")
            Store.create(name="two")
            assert stored() == ["one", "two"]
            assert list(query.execute(other)) == []
        assert list(query.clone().execute(other)) == [("one",), ("two",)]


def test_an_exception_rolls_the_block_back(database: TursoDatabase) -> None:
    for block in (database.atomic, database.transaction):
        with pytest.raises(Refused):
            fail(block(), "one")
        assert not database.in_transaction()
    with suppress(Refused), database.atomic():
        with database.atomic():
            Store.create(name="inner")
        raise Refused
    assert stored() == []


def test_an_inner_block_is_rolled_back_and_the_outer_one_committed(database: TursoDatabase) -> None:
    with database.atomic():
        Store.create(name="outer")
        with pytest.raises(Refused):
            fail(database.atomic(), "inner")
        with pytest.raises(IntegrityError):
            fail(database.atomic(), "two", "outer")
        with database.atomic() as inner:
            Store.create(name="inner")
            inner.rollback()
            Store.create(name="inner again")
        with database.atomic(), database.atomic():
            Store.create(name="innermost")
    assert stored() == ["outer", "inner again", "innermost"]
    with database.atomic() as block:
        Store.create(name="kept")
        block.commit()
        Store.create(name="undone")
        block.rollback()
        Store.create(name="kept too")
    assert stored()[3:] == ["kept", "kept too"]


def test_manual_transactions_and_sessions(database: TursoDatabase) -> None:
    with pytest.raises(OperationalError, match="no transaction is active"):
        database.commit()
    with database.manual_commit():
        database.begin()
        Store.create(name="kept")
        database.commit()
        database.begin()
        Store.create(name="undone")
        database.rollback()
        Store.create(name="by itself")
    database.session_start()
    Store.create(name="of a session")
    assert database.session_commit()
    database.session_start()
    Store.create(name="undone")
    assert database.session_rollback()
    assert stored() == ["kept", "by itself", "of a session"]


def test_a_block_holds_its_lock_until_its_end(database: TursoDatabase, proxy: Proxy) -> None:
    with database.atomic("IMMEDIATE"):
        Store.create(name="one")
        with pytest.raises(OperationalError, match="transaction is open"):
            database.close()
        # A batch cannot be part of another transaction.
        before = proxy.count
        with pytest.raises(ProgrammingError, match="cannot be part"):
            database.batch([Store.insert(name="water")])
        assert proxy.count == before
    assert b"BEGIN IMMEDIATE" in proxy.seen[0].body
    assert proxy.count == 3
    assert stored() == ["one"]


def test_a_batch_has_a_result_for_any_kind_of_query(database: TursoDatabase, proxy: Proxy) -> None:
    raw, second, changed, upserted, read, total, deleted, columns = database.batch(
        [
            RawQuery("INSERT INTO store (name, amount) VALUES (?, ?)", ("spice", 5)),
            Store.insert_many([("water", 1), ("iron", 2)], [Store.name, Store.amount]),
            Store.update(amount=Store.amount + 1).where(Store.amount < 5),
            Store.insert(name="spice", amount=9)
            .on_conflict(conflict_target=[Store.name], preserve=[Store.amount])
            .returning(Store.amount),
            Store.select(Store.name, Store.amount).order_by(Store.id),
            Store.select(fn.SUM(Store.amount)),
            Store.delete().where(Store.name == "spice").returning(Store.name),
            RawQuery("PRAGMA table_info(store)"),
        ]
    )
    assert (raw.rowcount, raw.lastrowid) == (1, 1)
    assert (second.rowcount, second.lastrowid) == (2, 3)
    assert (changed.rowcount, changed.rows) == (2, [])
    assert (read.columns, read.rows) == (
        ("name", "amount"),
        [("spice", 9), ("water", 2), ("iron", 3)],
    )
    assert (upserted.rows, total.rows, deleted.rows) == ([(9,)], [(14,)], [("spice",)])
    assert [row[1] for row in columns.rows] == ["id", "name", "amount"]
    assert proxy.count == 1
    assert (database.batches([]), database.batch([])) == ([], [])


def test_a_failing_query_rolls_only_its_batch_back(database: TursoDatabase, proxy: Proxy) -> None:
    with pytest.raises(IntegrityError, match=r"UNIQUE constraint failed: store\.name"):
        database.batch([Store.insert(name="spice"), Store.insert(name="spice")])
    with pytest.raises(OperationalError, match="no such table"):
        database.batch([Store.insert(name="spice"), RawQuery("SELECT 1 FROM nowhere")])
    assert stored() == []
    before = proxy.count
    results = database.batches(
        [
            [Store.insert(name=f"{name}-ore"), Store.insert(name=name)]
            for name in ("spice", "water", "spice", "iron")
        ]
    )
    assert proxy.count == before + 1
    assert isinstance(results.pop(2), IntegrityError)
    for result in results:
        assert isinstance(result, list)
        assert [each.rowcount for each in result] == [1, 1]
    assert stored() == ["spice-ore", "spice", "water-ore", "water", "iron-ore", "iron"]
    with database.atomic():
        Store.create(name="oil")
    assert stored()[-1] == "oil"


def test_a_lost_batch_is_sent_again_if_harmless(database: TursoDatabase, proxy: Proxy) -> None:
    for lost in (cut_before, cut_after, answer(502)):
        proxy.meet([lost])
        assert database.batch([Store.select()])[0].rows == []
    proxy.meet([cut_after])
    with pytest.raises(OperationalError) as caught:
        database.batch([Store.insert(name="spice")])
    assert isinstance(caught.value.orig, OutcomeUnknown)  # type: ignore[attr-defined]
    proxy.meet([cut_after])
    once = Store.insert(name="water").on_conflict_ignore()
    (result,) = database.batch([once], repeatable=True)
    assert isinstance(result, StatementResult)
    assert stored() == ["spice", "water"]
