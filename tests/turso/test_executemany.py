"""`executemany` and `executescript` behave like those of `sqlite3`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

import pytest

from turso.conftest import SideBySide, cursor_state

INSERT = "INSERT INTO t VALUES (?, ?)"
TRIGGER = "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET b = 9; SELECT 1; END"
ALL = "SELECT * FROM t ORDER BY a"


@pytest.fixture
def both(both: SideBySide) -> SideBySide:
    both.run("CREATE TABLE t (a UNIQUE, b)")
    return both


def many(both: SideBySide, sql: str, sets: list[Any]) -> None:
    """Run a statement for each set of values from an iterator."""

    def run(connection: Any) -> tuple[object, ...]:
        cursor = connection.executemany(sql, iter(sets))
        return cursor.rowcount, cursor.lastrowid, cursor.fetchall()

    both.do(run)


def empty_again(both: SideBySide) -> None:
    """Delete what a case has left, for the next one."""
    both.do(lambda connection: connection.rollback())
    both.run("DELETE FROM t")
    both.do(lambda connection: connection.commit())


def broken(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    for number in numbers:
        yield number, 0
    raise LookupError("the source of the values failed")


def test_any_number_of_rows_is_inserted(both: SideBySide) -> None:
    for count in (1, 499, 500, 501):
        many(both, INSERT, [(number, str(number)) for number in range(count)])
        assert len(both.run(ALL)) == count
        empty_again(both)


def test_many_rows_take_few_requests_and_no_rows_none(both: SideBySide) -> None:
    before = both.remote.client.traffic.requests
    assert both.remote.executemany(INSERT, []).rowcount == 0
    assert both.remote.client.traffic.requests == before
    both.remote.executemany(INSERT, [(number, 0) for number in range(1000)])
    assert both.remote.client.traffic.requests == before + 2


def test_dictionaries_are_accepted_too(both: SideBySide) -> None:
    sets = [{"a": number, "b": 0, "c": "superfluous"} for number in range(3)]
    many(both, "INSERT INTO t VALUES (:a, :b)", sets)
    many(both, "UPDATE t SET b = :b WHERE a >= :a", sets)
    many(both, "DELETE FROM t WHERE a = :a", sets)
    many(both, "CREATE TABLE IF NOT EXISTS u (a)", [(), ()])
    many(both, "WITH x AS (SELECT 1) INSERT INTO t VALUES (?, ?)", [(1, 2)])


def test_rows_before_a_failing_one_are_kept(both: SideBySide) -> None:
    failing = ((1, 2), (2**64, 0), (1,), (object(), 0), 7)
    for good, last in product((2, 500), failing):
        sets = [*((number, 0) for number in range(good)), last, (9999, 0)]
        both.fails(lambda connection, sets=sets: connection.executemany(INSERT, sets))
        assert len(both.run(ALL)) == good, last
        empty_again(both)
    for good in (1, 700):
        both.fails(lambda c, good=good: c.executemany(INSERT, broken(range(good))))
        assert len(both.run(ALL)) == good
        empty_again(both)


def test_only_changes_of_known_tables_can_run_many_times(both: SideBySide) -> None:
    for sql in (
        *("SELECT ?", "VALUES (?)", "-- c\nSELECT ?", "EXPLAIN SELECT ?"),
        "INSERT INTO missing VALUES (?)",
    ):
        both.fails(lambda connection, sql=sql: connection.executemany(sql, [(1,)]))


def script(both: SideBySide, text: str) -> None:
    both.do(lambda connection: cursor_state(connection.executescript(text)), text[:100])
    both.run(ALL)


def test_a_script_runs_alike(both: SideBySide) -> None:
    for text in (
        "",
        "-- nothing",
        ";;",
        "INSERT INTO t VALUES (1, 2); SELECT * FROM t; UPDATE t SET b = 3 -- done\n",
        "INSERT INTO t VALUES ('x;y', ';');",
        "BEGIN; INSERT INTO t VALUES (1, 2); COMMIT; INSERT INTO t VALUES (3, 4)",
        "BEGIN; INSERT INTO t VALUES (1, 2)",
        "INSERT INTO t VALUES (1, 2); /* done",
        ";\n".join(f"INSERT INTO t VALUES ({number}, ';')" for number in range(1234)),
        "BEGIN;" + "INSERT INTO t VALUES (NULL, 1);" * 600 + "COMMIT; BEGIN; DELETE FROM t",
    ):
        script(both, text)
        empty_again(both)


def test_a_script_commits_first_and_may_make_triggers(both: SideBySide) -> None:
    both.run("INSERT INTO t VALUES (1, 1)")
    script(both, "INSERT INTO t VALUES (2, 2)")
    both.do(lambda connection: connection.rollback())
    assert both.run(ALL) == [(1, 1), (2, 2)]
    text = f"{TRIGGER}; INSERT INTO t VALUES (3, 2); INSERT INTO t VALUES (4, 4);"
    # Not `both.run`, because our `total_changes` omits the changes of triggers.
    for connection in (both.local, both.remote):
        connection.executescript(text)
        assert connection.execute(ALL).fetchall() == [(1, 9), (2, 9), (3, 9), (4, 9)]


def test_statements_before_a_failing_one_of_a_script_are_kept(both: SideBySide) -> None:
    failing = ("INSERT INTO t VALUES (1, 1)", "INSERT INTO missing VALUES (1)")
    for begin, good, bad in product(("", "BEGIN; "), (1, 600), failing):
        inserts = "".join(f"INSERT INTO t VALUES ({number}, 0);" for number in range(1, good + 1))
        text = f"{begin}{inserts} {bad}; INSERT INTO t VALUES (9999, 2)"
        both.fails(lambda connection, text=text: connection.executescript(text))
        assert len(both.run(ALL)) == good, (begin, bad)
        both.do(lambda connection: connection.rollback())
        both.run(ALL)
        empty_again(both)


def test_an_incomplete_script_fails(both: SideBySide) -> None:
    ends = ("SELEC", "INSERT", "INSERT INTO t VALUES (2, 2", "SELEC;", TRIGGER[:-4], "'")
    for number, end in enumerate(ends):
        text = f"INSERT INTO t VALUES ({number}, 1); {end}"
        both.fails(lambda c, text=text: c.executescript(text))
        both.fails(text)
