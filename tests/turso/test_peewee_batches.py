"""Batches of Peewee queries: one request, a transaction for each batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from peewee import (
    IntegerField,
    IntegrityError,
    Model,
    OperationalError,
    ProgrammingError,
    RawQuery,
    TextField,
    fn,
)

from helpers.proxy import Proxy, answer, cut_after, cut_before
from tracker_tui.turso import OutcomeUnknown, StatementResult, TursoDatabase


class Store(Model):
    name = TextField(unique=True)
    amount = IntegerField(default=0)


@pytest.fixture
def database(proxy: Proxy) -> Iterator[TursoDatabase]:
    database = TursoDatabase(proxy.url)
    with closing(database), database.bind_ctx([Store]):
        Store.create_table()
        proxy.seen.clear()
        yield database


def stored() -> list[str]:
    return [store.name for store in Store.select().order_by(Store.id)]


def test_each_query_has_its_result(database: TursoDatabase, proxy: Proxy) -> None:
    first, second, changed, read = database.batch(
        [
            Store.insert(name="spice", amount=5),
            Store.insert_many([("water", 1), ("iron", 2)], [Store.name, Store.amount]),
            Store.update(amount=Store.amount + 1).where(Store.amount < 5),
            Store.select(Store.name, Store.amount).order_by(Store.id),
        ]
    )
    assert (first.rowcount, first.lastrowid) == (1, 1)
    assert (second.rowcount, second.lastrowid) == (2, 3)
    assert (changed.rowcount, changed.rows) == (2, [])
    assert read.rows == [("spice", 5), ("water", 2), ("iron", 3)]
    assert read.columns == ("name", "amount")
    assert proxy.count == 1
    assert (database.batches([]), database.batch([])) == ([], [])


def test_a_batch_holds_queries_of_every_kind(database: TursoDatabase) -> None:
    results = database.batch(
        [
            RawQuery("INSERT INTO store (name, amount) VALUES (?, ?)", ("spice", 5)),
            Store.insert(name="spice", amount=9)
            .on_conflict(conflict_target=[Store.name], preserve=[Store.amount])
            .returning(Store.amount),
            Store.select(fn.SUM(Store.amount)),
            Store.delete().where(Store.name == "spice").returning(Store.name),
            RawQuery("PRAGMA table_info(store)"),
        ]
    )
    assert [result.rows for result in results[1:4]] == [[(9,)], [(9,)], [("spice",)]]
    assert [row[1] for row in results[4].rows] == ["id", "name", "amount"]


def test_a_failing_query_rolls_its_batch_back(database: TursoDatabase) -> None:
    with pytest.raises(IntegrityError, match=r"UNIQUE constraint failed: store\.name"):
        database.batch([Store.insert(name="spice"), Store.insert(name="spice")])
    with pytest.raises(OperationalError, match="no such table"):
        database.batch([Store.insert(name="spice"), RawQuery("SELECT 1 FROM nowhere")])
    assert stored() == []
    with database.atomic():
        Store.create(name="spice")
    assert stored() == ["spice"]


def test_many_batches_are_one_request_and_a_failing_one_does_not_affect_others(
    database: TursoDatabase, proxy: Proxy
) -> None:
    names = ["spice", "water", "spice", "iron"]
    results = database.batches(
        [[Store.insert(name=f"{name}-ore"), Store.insert(name=name)] for name in names]
    )
    assert proxy.count == 1
    failed = results.pop(2)
    assert isinstance(failed, IntegrityError)
    for result in results:
        assert isinstance(result, list)
        assert [each.rowcount for each in result] == [1, 1]
    assert stored() == ["spice-ore", "spice", "water-ore", "water", "iron-ore", "iron"]


def test_a_batch_cannot_be_part_of_another_transaction(
    database: TursoDatabase, proxy: Proxy
) -> None:
    with database.atomic():
        Store.create(name="spice")
        before = proxy.count
        with pytest.raises(ProgrammingError, match="cannot be part"):
            database.batch([Store.insert(name="water")])
        assert proxy.count == before
    assert stored() == ["spice"]


def test_a_lost_batch_is_sent_again_only_if_that_is_harmless(
    database: TursoDatabase, proxy: Proxy
) -> None:
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
