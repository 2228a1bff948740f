"""Peewee transactions and savepoints on a server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, suppress

import pytest
from peewee import IntegrityError, Model, OperationalError, TextField

from helpers.proxy import Proxy
from tracker_tui.turso import TursoDatabase


class Entry(Model):
    text = TextField(unique=True)


class Refused(Exception):
    """An error of the program that uses the driver."""


@pytest.fixture
def database(proxy: Proxy) -> Iterator[TursoDatabase]:
    database = TursoDatabase(proxy.url)
    with closing(database), database.bind_ctx([Entry]):
        Entry.create_table()
        yield database


@pytest.fixture
def other(remote_url: str) -> Iterator[TursoDatabase]:
    """Another program with the same database."""
    with closing(TursoDatabase(remote_url)) as other:
        yield other


def fail(block: AbstractContextManager[object], *texts: str) -> None:
    """Create entries in a block, then raise an exception in it."""
    with block:
        for text in texts:
            Entry.create(text=text)
        raise Refused


def kept() -> list[str]:
    return [entry.text for entry in Entry.select().order_by(Entry.id)]


def test_a_block_commits_as_a_whole_and_others_see_it_only_then(
    database: TursoDatabase, other: TursoDatabase
) -> None:
    query = Entry.select(Entry.text).order_by(Entry.id).tuples()
    with database.atomic():
        Entry.create(text="one")
        Entry.create(text="two")
        assert kept() == ["one", "two"]
        assert list(query.execute(other)) == []
    assert list(query.clone().execute(other)) == [("one",), ("two",)]


def test_an_exception_rolls_the_block_back(database: TursoDatabase) -> None:
    for block in (database.atomic, database.transaction):
        with pytest.raises(Refused):
            fail(block(), "one")
        assert not database.in_transaction()
        assert kept() == []
    with suppress(Refused), database.atomic():
        with database.atomic():
            Entry.create(text="inner")
        raise Refused
    assert kept() == []


def test_an_inner_block_is_rolled_back_and_the_outer_one_committed(database: TursoDatabase) -> None:
    with database.atomic():
        Entry.create(text="outer")
        with pytest.raises(Refused):
            fail(database.atomic(), "inner")
        with pytest.raises(IntegrityError):
            fail(database.atomic(), "two", "outer")
        with database.atomic() as inner:
            Entry.create(text="inner")
            inner.rollback()
            Entry.create(text="inner again")
        with database.atomic(), database.atomic():
            Entry.create(text="innermost")
    assert kept() == ["outer", "inner again", "innermost"]
    with database.atomic() as block:
        Entry.create(text="kept")
        block.commit()
        Entry.create(text="undone")
        block.rollback()
        Entry.create(text="kept too")
    assert kept()[3:] == ["kept", "kept too"]


def test_manual_transactions_and_sessions(database: TursoDatabase) -> None:
    with pytest.raises(OperationalError, match="no transaction is active"):
        database.commit()
    with database.manual_commit():
        database.begin()
        Entry.create(text="kept")
        database.commit()
        database.begin()
        Entry.create(text="undone")
        database.rollback()
        Entry.create(text="by itself")
    database.session_start()
    Entry.create(text="of a session")
    assert database.session_commit()
    database.session_start()
    Entry.create(text="undone")
    assert database.session_rollback()
    assert kept() == ["kept", "by itself", "of a session"]


def test_a_block_holds_the_lock_that_it_asks_for_until_its_end(
    database: TursoDatabase, proxy: Proxy
) -> None:
    before = proxy.count
    with database.atomic("IMMEDIATE"):
        Entry.create(text="one")
        with pytest.raises(OperationalError, match="transaction is open"):
            database.close()
    assert b"BEGIN IMMEDIATE" in proxy.seen[before].body
    assert proxy.count == before + 3
    assert kept() == ["one"]
