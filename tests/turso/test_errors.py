"""Errors are the exceptions of `sqlite3`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from helpers.side_by_side import SideBySide
from tracker_tui import turso

TABLES = (
    "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    """CREATE TABLE t (
        id INTEGER PRIMARY KEY, n INTEGER NOT NULL, s TEXT UNIQUE CHECK (s <> 'bad'),
        parent REFERENCES parent)""",
    "INSERT INTO t (id, n, s) VALUES (1, 1, 'a')",
    "CREATE TRIGGER guard BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'guarded'); END",
)
EXCEPTIONS = (
    *("Warning", "Error", "InterfaceError", "DatabaseError", "DataError", "OperationalError"),
    *("IntegrityError", "InternalError", "ProgrammingError", "NotSupportedError"),
)


@pytest.fixture
def both(both: SideBySide) -> SideBySide:
    both.run("PRAGMA foreign_keys = ON")
    for sql in TABLES:
        both.run(sql)
    both.do(lambda connection: connection.commit())
    return both


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (n, s) VALUES (1, 'a')",
        "INSERT INTO t (n) VALUES (NULL)",
        "INSERT INTO t (n, s) VALUES (1, 'bad')",
        "INSERT INTO t (n, parent) VALUES (1, 99)",
        "INSERT INTO t (id, n) VALUES (1, 1)",
        "INSERT INTO t (id, n) VALUES ('text', 1)",
        "UPDATE t SET n = NULL",
        "DELETE FROM t",
        "SELECT 1 LIMIT 'text'",
    ],
)
def test_a_constraint_that_fails_is_an_integrity_error(both: SideBySide, sql: str) -> None:
    both.fails(sql, sqlite3.IntegrityError)
    with pytest.raises(turso.IntegrityError) as ours:
        both.remote.execute(sql)
    with pytest.raises(sqlite3.IntegrityError) as theirs:
        both.local.execute(sql)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM gone",
        "SELECT gone FROM t",
        "SELECT gone(1)",
        "INSERT INTO parent VALUES (1, 2)",
        "CREATE TABLE t (a)",
        "COMMIT",
        "RELEASE gone",
    ],
)
def test_errors_have_the_message_of_sqlite(both: SideBySide, sql: str) -> None:
    with pytest.raises(sqlite3.OperationalError) as theirs:
        both.local.execute(sql)
    with pytest.raises(turso.OperationalError) as ours:
        both.remote.execute(sql)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM missing",
        "SELECT missing FROM t",
        "SELECT missing(1)",
        "SELECT abs(1, 2)",
        "SELEC 1",
        "SELECT (1",
        "SELECT 'open",
        "CREATE TABLE t (a)",
        "INSERT INTO missing VALUES (1)",
        "INSERT INTO t (missing) VALUES (1)",
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t SELEC",
        "UPDATE t SET missing = 1",
        "DELETE FROM t WHERE missing",
        "SELECT abs(-9223372036854775807 - 1)",
        "SELECT json('{')",
    ],
)
def test_operational_errors(both: SideBySide, sql: str) -> None:
    both.fails(sql, sqlite3.OperationalError)


@pytest.mark.parametrize(
    "sql", ["SELECT 1; SELECT 2", "SELECT ?", "SELECT :a", "SELECT 1\0", "INSERT\0"]
)
def test_programming_errors(both: SideBySide, sql: str) -> None:
    both.fails(sql, sqlite3.ProgrammingError)


def test_a_value_that_is_too_long_is_a_data_error(both: SideBySide) -> None:
    both.fails("SELECT zeroblob(2000000000)", sqlite3.DataError)


@pytest.mark.parametrize("sql", [5, b"SELECT 1", None])
def test_a_statement_is_text(both: SideBySide, sql: Any) -> None:
    both.fails(lambda connection: connection.execute(sql), TypeError)


def test_a_statement_with_half_a_surrogate_pair_is_rejected(both: SideBySide) -> None:
    sql = "SELECT '\ud800'"
    both.fails(sql, UnicodeEncodeError)
    both.fails(lambda connection: connection.executescript(sql), UnicodeEncodeError)


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_each_exception_is_a_subclass_of_the_one_in_sqlite3(name: str) -> None:
    ours, theirs = getattr(turso, name), getattr(sqlite3, name)
    assert issubclass(ours, theirs)
    assert getattr(turso.Connection, name) is ours
    assert [base for base in EXCEPTIONS if issubclass(ours, getattr(turso, base))] == [
        base for base in EXCEPTIONS if issubclass(theirs, getattr(sqlite3, base))
    ]


@pytest.mark.parametrize(
    "act",
    [
        lambda connection, cursor: connection.execute("SELECT 1"),
        lambda connection, cursor: connection.executemany("DELETE FROM t", []),
        lambda connection, cursor: connection.executescript(""),
        lambda connection, cursor: connection.commit(),
        lambda connection, cursor: connection.rollback(),
        lambda connection, cursor: connection.cursor(),
        lambda connection, cursor: connection.__enter__(),
        lambda connection, cursor: cursor.execute("SELECT 1"),
        lambda connection, cursor: cursor.fetchone(),
        lambda connection, cursor: cursor.fetchall(),
        lambda connection, cursor: next(cursor),
    ],
)
def test_a_closed_connection_raises(both: SideBySide, act: Callable[[Any, Any], object]) -> None:
    for connection in (both.local, both.remote):
        cursor = connection.execute("SELECT 1")
        connection.close()
        connection.close()
        with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
            act(connection, cursor)


def test_python_functions_are_not_supported(both: SideBySide) -> None:
    with pytest.raises(turso.NotSupportedError):
        both.remote.create_function("double", 1, lambda value: value * 2)
