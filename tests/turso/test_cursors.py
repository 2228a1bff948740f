"""Cursors, their rows and errors behave like those of `sqlite3`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from tracker_tui import turso
from tracker_tui.turso import Cursor
from turso.conftest import SideBySide

TEN = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i FROM n"
)
ROW = 'SELECT 1 AS a, 2 AS "B""b", 3, NULL AS "x y", 5 AS a, 6 AS "é😀", 7 AS ""'


class MyRow(sqlite3.Row):
    pass


def dictionary(cursor: Any, row: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def test_every_kind_of_statement_reports_the_same(both: SideBySide) -> None:
    for sql in (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT UNIQUE)",
        *("INSERT INTO t (n, s) VALUES (1, 'a'), (2, 'b')", "SELECT * FROM t"),
        *("SELECT *, n AS n, n + 1, 'x' FROM t WHERE 0", "UPDATE t SET n = n + 1"),
        "UPDATE t SET n = 3 WHERE id = 99",
        "INSERT INTO t (n, s) VALUES (3, 'c') RETURNING id, n AS m",
        "INSERT INTO t (s) VALUES ('c') ON CONFLICT (s) DO UPDATE SET n = 9 RETURNING *",
        "INSERT INTO t (s) VALUES ('c') ON CONFLICT DO NOTHING",
        "INSERT OR IGNORE INTO t (s) VALUES ('c')",
        "-- a comment\n /* another */ insert into t (s) values ('d')",
        "REPLACE INTO t (s) VALUES ('c')",
        "WITH x AS (SELECT 'e' AS s) INSERT INTO t (s) SELECT s FROM x",
        "WITH x AS (SELECT 1 AS a) SELECT * FROM x",
        "SELECT id, sum(n) OVER (ORDER BY id) AS total, rank() OVER (ORDER BY s) FROM t",
        *("VALUES (1, 2), (3, 4)", "DELETE FROM t WHERE id = 2 RETURNING *", "DELETE FROM t"),
        *("EXPLAIN QUERY PLAN SELECT 1", "PRAGMA table_info(t)", "PRAGMA user_version = 3"),
        *("PRAGMA user_version", "ALTER TABLE t ADD COLUMN extra", "DROP TABLE t"),
        # Comments, semicolons and empty statements are harmless.
        *("SELECT 1;", "SELECT 1; -- a comment", " ; SELECT 1"),
    ):
        both.run(sql)
    for sql in ("", "  \n", "-- nothing", "/* nothing */", ";", ";;", "-- x\n;"):
        assert both.run(sql) == []
        assert both.do(lambda connection, sql=sql: connection.execute(sql).fetchone()) is None
    with pytest.raises(turso.NotSupportedError):
        both.remote.create_function("double", 1, lambda value: value * 2)


def test_the_last_row_id_is_the_one_of_the_last_insert(both: SideBySide) -> None:
    both.run("CREATE TABLE t (id INTEGER PRIMARY KEY, s)")

    def insert(connection: Any) -> list[object]:
        cursor = connection.cursor()
        row_ids = [cursor.lastrowid]
        for sql in (
            *("INSERT INTO t VALUES (7, 'a')", "UPDATE t SET s = 'b'", "SELECT 1"),
            *("REPLACE INTO t VALUES (3, 'c')", "INSERT INTO t (s) VALUES ('d') RETURNING id"),
            "WITH x AS (SELECT 40 AS id) INSERT INTO t SELECT id, 'e' FROM x",
        ):
            row_ids.append(cursor.execute(sql).lastrowid)
            cursor.fetchall()
        row_ids.append(cursor.executemany("INSERT INTO t VALUES (?, 'f')", [(50,)]).lastrowid)
        row_ids.append(cursor.executescript("INSERT INTO t VALUES (60, 'g')").lastrowid)
        connection.executemany("DELETE FROM t WHERE id = ?", [(60,)])
        return row_ids

    cursor = both.remote.cursor()
    cursor.execute("SELECT 1")
    assert cursor.lastrowid is None
    for connection in (both.local, both.remote):
        assert insert(connection) == [None, 7, 7, 7, 3, 8, 40, 40, 40]


def test_rows_are_fetched_alike(both: SideBySide) -> None:
    def fetch(connection: Any) -> list[object]:
        cursor = connection.cursor()
        before = [cursor.fetchone(), cursor.fetchmany(), cursor.fetchall(), cursor.arraysize]
        assert cursor.execute(TEN) is cursor
        assert cursor.connection is connection
        assert iter(cursor) is cursor
        some = [next(cursor), cursor.fetchone(), cursor.fetchmany(), cursor.fetchmany(2)]
        cursor.arraysize = 3
        rest = [cursor.fetchmany(), cursor.fetchmany(size=1), cursor.fetchall()]
        after = [cursor.fetchone(), cursor.fetchmany(), cursor.fetchall(), list(cursor)]
        return [*before, *some, *rest, *after, cursor.description, cursor.rowcount]

    both.do(fetch)
    both.fails(lambda connection: next(connection.execute("SELECT 1 WHERE 0")))

    def fail(connection: Any) -> list[object]:
        cursor = connection.execute(TEN)
        with pytest.raises(sqlite3.OperationalError):
            cursor.execute("SELECT nothing")
        # No old rows are left.
        return [cursor.fetchall(), cursor.description, cursor.rowcount]

    both.do(fail)


def test_a_large_result_is_complete(both: SideBySide) -> None:
    sql = TEN.replace("< 10", "< 5000").replace("SELECT i FROM", "SELECT i, 'row ' || i FROM")
    assert len(both.run(sql)) == 5000
    columns = ", ".join(f"{number} AS c{number}" for number in range(1500))
    both.run(f"SELECT {columns}")


def test_a_row_factory_makes_the_rows(both: SideBySide) -> None:
    def fetch(connection: Any) -> list[object]:
        cursor = connection.execute(ROW)
        return [cursor.fetchone(), *connection.execute(TEN), connection.execute(TEN).fetchmany(2)]

    def fetch_with_several(connection: Any) -> list[object]:
        before = connection.cursor()
        connection.row_factory = dictionary
        own = connection.cursor()
        own.row_factory = None
        rows = [each.execute(ROW).fetchone() for each in (before, own, connection.cursor())]
        connection.row_factory = None
        return rows

    for factory in (dictionary, None, lambda _, row: row[::-1]):
        both.local.row_factory = both.remote.row_factory = factory
        both.do(fetch, factory)
    # A cursor keeps the one it was created with.
    both.do(fetch_with_several)


def test_sqlite3_row_works_as_a_row_factory(both: SideBySide) -> None:
    def fetch(connection: Any) -> list[object]:
        row, again = connection.execute(ROW).fetchone(), connection.execute(ROW).fetchone()
        assert type(row) is connection.row_factory
        assert row == again
        by_name = [row["a"], row["A"], row['b"B'], row["X Y"], row["é😀"], row[""]]
        return [tuple(row), row.keys(), row[0], row[-1], row[1:3], len(row), hash(row), *by_name]

    for factory in (sqlite3.Row, MyRow):
        both.local.row_factory = both.remote.row_factory = factory
        both.do(fetch, factory)
        for key in ("missing", 99):
            both.fails(lambda c, key=key: c.execute(ROW).fetchone()[key])


def test_a_cursor_can_be_of_another_class_and_accepts_sizes(both: SideBySide) -> None:
    class Mine(Cursor):
        pass

    cursor = both.remote.cursor(Mine)
    assert type(cursor) is Mine
    assert cursor.execute("SELECT 1").fetchall() == [(1,)]

    def size(connection: Any) -> list[object]:
        cursor = connection.cursor()
        return [cursor.setinputsizes([1]), cursor.setoutputsize(1), cursor.setoutputsize(1, 2)]

    both.do(size)


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


SAME_MESSAGE = (
    *("INSERT INTO t (n, s) VALUES (1, 'a')", "INSERT INTO t (n) VALUES (NULL)"),
    *("INSERT INTO t (n, s) VALUES (1, 'bad')", "INSERT INTO t (n, parent) VALUES (1, 99)"),
    *("INSERT INTO t (id, n) VALUES (1, 1)", "INSERT INTO t (id, n) VALUES ('text', 1)"),
    *("UPDATE t SET n = NULL", "DELETE FROM t", "SELECT 1 LIMIT 'text'"),
    *("SELECT * FROM gone", "SELECT gone FROM t", "SELECT gone(1)", "CREATE TABLE t (a)"),
    *("INSERT INTO parent VALUES (1, 2)", "COMMIT", "RELEASE gone"),
)
OTHER_MESSAGE = (
    *("SELECT abs(1, 2)", "SELEC 1", "SELECT (1", "SELECT 'open", "SELECT json('{')"),
    *("INSERT INTO missing VALUES (1)", "INSERT INTO t (missing) VALUES (1)"),
    *("INSERT INTO t VALUES (1)", "INSERT INTO t SELEC", "UPDATE t SET missing = 1"),
    *("DELETE FROM t WHERE missing", "SELECT abs(-9223372036854775807 - 1)"),
    *("SELECT 1; SELECT 2", "SELECT 1; SELEC", "COMMIT; -- x\n COMMIT;"),
    *("SELECT ?", "SELECT :a", "SELECT 1\0", "\0", "SELECT 'a\0b'", "INSERT\0"),
    *("SELECT zeroblob(2000000000)", "SELECT '\ud800'"),
)


@pytest.fixture
def stocked(both: SideBySide) -> SideBySide:
    both.run("PRAGMA foreign_keys = ON")
    for sql in TABLES:
        both.run(sql)
    both.do(lambda connection: connection.commit())
    return both


def test_errors_have_the_class_and_often_the_message_of_sqlite(stocked: SideBySide) -> None:
    for sql in SAME_MESSAGE:
        theirs, ours = stocked.fails(sql)
        assert ours == theirs, sql
        stocked.do(lambda connection: connection.rollback())
    for sql in OTHER_MESSAGE:
        stocked.fails(sql)
    for no_text in (5, b"SELECT 1", None):
        stocked.fails(lambda connection, sql=no_text: connection.execute(sql))
    stocked.fails(lambda connection: connection.executescript("SELECT '\ud800'"))


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
