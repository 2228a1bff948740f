"""Errors are the exceptions of `sqlite3`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tracker_tui import turso
from turso.conftest import SideBySide

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


SAME_MESSAGE: dict[type[Exception], list[str]] = {
    sqlite3.IntegrityError: [
        *("INSERT INTO t (n, s) VALUES (1, 'a')", "INSERT INTO t (n) VALUES (NULL)"),
        *("INSERT INTO t (n, s) VALUES (1, 'bad')", "INSERT INTO t (n, parent) VALUES (1, 99)"),
        *("INSERT INTO t (id, n) VALUES (1, 1)", "INSERT INTO t (id, n) VALUES ('text', 1)"),
        *("UPDATE t SET n = NULL", "DELETE FROM t", "SELECT 1 LIMIT 'text'"),
    ],
    sqlite3.OperationalError: [
        *("SELECT * FROM gone", "SELECT gone FROM t", "SELECT gone(1)", "CREATE TABLE t (a)"),
        *("INSERT INTO parent VALUES (1, 2)", "COMMIT", "RELEASE gone"),
    ],
}
OTHER_MESSAGE: dict[type[Exception], list[Any]] = {
    sqlite3.OperationalError: [
        *("SELECT abs(1, 2)", "SELEC 1", "SELECT (1", "SELECT 'open", "SELECT json('{')"),
        *("INSERT INTO missing VALUES (1)", "INSERT INTO t (missing) VALUES (1)"),
        *("INSERT INTO t VALUES (1)", "INSERT INTO t SELEC", "UPDATE t SET missing = 1"),
        *("DELETE FROM t WHERE missing", "SELECT abs(-9223372036854775807 - 1)"),
    ],
    sqlite3.ProgrammingError: [
        *("SELECT 1; SELECT 2", "SELECT 1; SELEC", "COMMIT; -- x\n COMMIT;"),
        *("SELECT ?", "SELECT :a", "SELECT 1\0", "\0", "SELECT 'a\0b'", "INSERT\0"),
    ],
    sqlite3.DataError: ["SELECT zeroblob(2000000000)"],
    UnicodeEncodeError: ["SELECT '\ud800'"],
}


@pytest.fixture
def both(both: SideBySide) -> SideBySide:
    both.run("PRAGMA foreign_keys = ON")
    for sql in TABLES:
        both.run(sql)
    both.do(lambda connection: connection.commit())
    return both


def test_errors_have_the_class_and_the_message_of_sqlite(both: SideBySide) -> None:
    for kind, statements in SAME_MESSAGE.items():
        for sql in statements:
            theirs, ours = both.fails(sql, kind)
            assert ours == theirs, sql
            both.do(lambda connection: connection.rollback())
    with pytest.raises(turso.IntegrityError):
        both.remote.execute("UPDATE t SET n = NULL")


def test_other_errors_have_the_class_of_sqlite(both: SideBySide) -> None:
    for kind, statements in OTHER_MESSAGE.items():
        for sql in statements:
            both.fails(sql, kind)
    for sql in (5, b"SELECT 1", None):
        both.fails(lambda connection, sql=sql: connection.execute(sql), TypeError)
    both.fails(lambda connection: connection.executescript("SELECT '\ud800'"), UnicodeEncodeError)


def test_each_exception_is_a_subclass_of_the_one_in_sqlite3() -> None:
    for name in EXCEPTIONS:
        ours, theirs = getattr(turso, name), getattr(sqlite3, name)
        assert issubclass(ours, theirs)
        assert getattr(turso.Connection, name) is ours
        assert [base for base in EXCEPTIONS if issubclass(ours, getattr(turso, base))] == [
            base for base in EXCEPTIONS if issubclass(theirs, getattr(sqlite3, base))
        ]


def test_a_closed_connection_or_cursor_raises(both: SideBySide) -> None:
    of_both: dict[str, Callable[[Any], object]] = {
        "execute": lambda it: it.execute("SELECT 1"),
        "executemany": lambda it: it.executemany("DELETE FROM t", []),
        "executescript": lambda it: it.executescript(""),
    }
    of_connections = {
        "commit": lambda connection: connection.commit(),
        "rollback": lambda connection: connection.rollback(),
        "cursor": lambda connection: connection.cursor(),
        "with": lambda connection: connection.__enter__(),
    }
    of_cursors = {
        "fetchone": lambda cursor: cursor.fetchone(),
        "fetchmany": lambda cursor: cursor.fetchmany(),
        "fetchall": lambda cursor: cursor.fetchall(),
        "next": next,
        "list": list,
    }

    def all_raise(it: Any, acts: dict[str, Callable[[Any], object]], message: str) -> None:
        for name, act in acts.items():
            with pytest.raises(sqlite3.ProgrammingError, match=message):
                pytest.fail(f"{name} returned {act(it)!r}")

    for connection in (both.local, both.remote):
        closed, cursor = connection.execute("SELECT 1"), connection.execute("SELECT 1")
        for _ in range(2):
            closed.close()
        all_raise(closed, of_both | of_cursors, "closed cursor")
        for _ in range(2):
            connection.close()
        all_raise(connection, of_both | of_connections, "closed database")
        all_raise(cursor, of_both | of_cursors, "closed database")


def test_python_functions_are_not_supported(both: SideBySide) -> None:
    with pytest.raises(turso.NotSupportedError):
        both.remote.create_function("double", 1, lambda value: value * 2)
