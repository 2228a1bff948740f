"""Transactions begin, end and fail as in `sqlite3`."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tracker_tui.turso import connect
from turso.conftest import SideBySide

ALL = "SELECT a FROM t ORDER BY a"


@pytest.fixture
def both(both: SideBySide) -> SideBySide:
    both.run("CREATE TABLE t (a UNIQUE)")
    both.run("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    both.run("CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    return both


def commit(connection: Any) -> None:
    connection.commit()


def rollback(connection: Any) -> None:
    connection.rollback()


def set_level(both: SideBySide, level: Any) -> None:
    def set_it(connection: Any) -> object:
        connection.isolation_level = level
        return connection.isolation_level

    both.do(set_it)


def test_only_a_change_begins_a_transaction_which_is_kept_or_not(both: SideBySide) -> None:
    both.do(commit)
    both.do(rollback)
    for sql in (
        *("SELECT 1", "WITH x AS (SELECT 5 AS a) INSERT INTO t SELECT a FROM x"),
        *("CREATE TABLE u (a)", "INSERT INTO t VALUES (1)", "SELECT 1", "", "DROP TABLE u"),
    ):
        both.run(sql)
    both.do(rollback)
    assert both.run(ALL) == [(5,)]
    both.run("SELECT * FROM u")
    both.run("INSERT INTO t VALUES (1)")
    both.do(commit)
    both.do(commit)
    both.run("DELETE FROM t")
    both.do(rollback)
    assert both.run(ALL) == [(1,), (5,)]


def test_every_isolation_level_begins_its_kind_of_transaction(both: SideBySide) -> None:
    for level in ("", "DEFERRED", "IMMEDIATE", "EXCLUSIVE", "deferred", "Immediate", None):
        set_level(both, level)
        both.run("INSERT INTO t VALUES (1)")
        both.run("UPDATE t SET a = 2")
        both.do(rollback, level)
        both.run(ALL)
    # Without one, the open transaction is committed.
    both.run("DELETE FROM t")
    set_level(both, "")
    both.run("INSERT INTO t VALUES (3)")
    set_level(both, None)
    both.do(rollback)
    assert both.run(ALL) == [(3,)]


def test_an_immediate_transaction_locks_out_other_writers(
    both: SideBySide, remote_url: str
) -> None:
    with closing(connect(remote_url, isolation_level="IMMEDIATE")) as writer:
        writer.execute("INSERT INTO t VALUES (1)")
        assert both.run(ALL) == []
        with (
            closing(connect(remote_url, timeout=0.5)) as other,
            pytest.raises(sqlite3.OperationalError),
        ):
            other.execute("INSERT INTO t VALUES (1)")
    # At once, without waiting for a lock.
    assert both.run(ALL) == []
    both.run("INSERT INTO t VALUES (2)")


def test_any_other_isolation_level_is_rejected(both: SideBySide) -> None:
    cases: list[tuple[Any, type[Exception]]] = [
        *(("BOGUS", ValueError), (" DEFERRED", ValueError)),
        *(("DEFERRED; DELETE FROM t", ValueError), ("DEFERRED\0", ValueError), (5, TypeError)),
        (b"DEFERRED", TypeError),
    ]
    for level, kind in cases:
        both.fails(lambda c, level=level: setattr(c, "isolation_level", level), kind)
        with pytest.raises(kind):
            connect("http://localhost:1", isolation_level=level)


@pytest.mark.parametrize("level", ["", None])
def test_manual_transactions(both: SideBySide, level: str | None) -> None:
    set_level(both, level)
    for sql in (
        *("BEGIN", "INSERT INTO t VALUES (1)", "COMMIT"),
        *("BEGIN IMMEDIATE", "INSERT INTO t VALUES (2)", "ROLLBACK"),
        *("begin exclusive", "INSERT INTO t VALUES (3)", "END TRANSACTION"),
        *("SAVEPOINT one", "INSERT INTO t VALUES (4)", "SAVEPOINT two", "DELETE FROM t"),
        *("ROLLBACK TO two", "RELEASE two", "INSERT INTO t VALUES (5)", "RELEASE one"),
        *("SAVEPOINT one", "INSERT INTO t VALUES (6)", "ROLLBACK TO one", "RELEASE one"),
    ):
        both.run(sql)
    both.do(commit)
    assert both.run(ALL) == [(1,), (3,), (4,), (5,)]
    both.run("INSERT INTO t VALUES (7)")
    both.run("SAVEPOINT one")
    both.run("INSERT INTO t VALUES (8)")
    both.run("RELEASE one")
    both.do(rollback)
    both.run(ALL)


def test_transactions_neither_nest_nor_end_twice(both: SideBySide) -> None:
    for sql in ("COMMIT", "END", "ROLLBACK", "RELEASE one", "ROLLBACK TO one"):
        both.fails(sql, sqlite3.OperationalError)
    both.run("BEGIN")
    both.fails("BEGIN", sqlite3.OperationalError)
    both.run("INSERT INTO t VALUES (1)")
    both.fails("BEGIN IMMEDIATE", sqlite3.OperationalError)
    both.fails("RELEASE one", sqlite3.OperationalError)
    both.do(commit)
    assert both.run(ALL) == [(1,)]


def test_a_failing_statement_leaves_the_transaction_open(both: SideBySide) -> None:
    both.run("INSERT INTO t VALUES (1)")
    both.fails("INSERT INTO t VALUES (2), (1)", sqlite3.IntegrityError)
    both.fails("SELECT missing", sqlite3.OperationalError)
    both.fails("SELEC", sqlite3.OperationalError)
    both.fails("SELECT 1; SELECT 2", sqlite3.ProgrammingError)
    both.fails("SELECT ?", sqlite3.ProgrammingError)
    both.do(commit)
    assert both.run(ALL) == [(1,)]


def test_or_rollback_ends_the_transaction_and_or_fail_keeps_earlier_rows(both: SideBySide) -> None:
    both.run("INSERT INTO t VALUES (1)")
    both.fails("INSERT OR ROLLBACK INTO t VALUES (1)", sqlite3.IntegrityError)
    both.do(commit)
    assert both.run(ALL) == []
    both.run("INSERT INTO t VALUES (2)")
    both.do(commit)
    # Our `total_changes` counts only statements that succeeded.
    both.fails("INSERT OR FAIL INTO t VALUES (1), (1), (3)", sqlite3.IntegrityError)
    both.remote.commit()
    assert both.remote.execute(ALL).fetchall() == [(1,), (2,)]


def test_a_commit_that_lacks_a_foreign_key_can_be_repaired_or_undone(both: SideBySide) -> None:
    both.run("PRAGMA foreign_keys = ON")
    both.run("INSERT INTO child VALUES (1)")
    both.fails(commit, sqlite3.IntegrityError)
    both.do(rollback)
    assert both.run("SELECT * FROM child") == []
    both.run("INSERT INTO child VALUES (2)")
    both.fails("COMMIT", sqlite3.IntegrityError)
    both.run("INSERT INTO parent VALUES (2)")
    both.do(commit)
    assert both.run("SELECT * FROM child") == [(2,)]


def test_a_block_commits_or_rolls_back(both: SideBySide) -> None:
    def keep(connection: Any) -> None:
        with connection as entered:
            assert entered is connection
            connection.execute("INSERT INTO t VALUES (1)")

    def fail(connection: Any) -> None:
        with connection:
            connection.execute("INSERT INTO t VALUES (2)")
            raise LookupError("something else went wrong")

    def conflict(connection: Any) -> None:
        with connection:
            connection.execute("INSERT INTO t VALUES (3)")
            connection.execute("INSERT INTO t VALUES (1)")

    def forbidden(connection: Any) -> None:
        connection.execute("PRAGMA foreign_keys = ON")
        with connection:
            connection.execute("INSERT INTO child VALUES (1)")

    both.do(keep)
    both.fails(fail, LookupError)
    both.fails(conflict, sqlite3.IntegrityError)
    both.fails(forbidden, sqlite3.IntegrityError)
    assert both.run(ALL) == [(1,)]
    assert both.run("SELECT * FROM child") == []
