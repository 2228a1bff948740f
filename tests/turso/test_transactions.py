"""Transactions begin, end and fail as in `sqlite3`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any, NamedTuple

import pytest

from tracker_tui.turso import connect
from turso.conftest import SideBySide

ALL = "SELECT a FROM t ORDER BY a"
TABLES = (
    "CREATE TABLE t (a UNIQUE)",
    "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
    "CREATE TABLE child (id REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
)
CHILDREN = "SELECT * FROM child"


class Fails(NamedTuple):
    """A statement, or a call, that must fail."""

    act: str | Callable[[Any], object]


def commit(connection: Any) -> None:
    connection.commit()


def rollback(connection: Any) -> None:
    connection.rollback()


def level(level: Any) -> Callable[[Any], object]:
    """Set the isolation level."""

    def set_it(connection: Any) -> object:
        connection.isolation_level = level
        return connection.isolation_level

    return set_it


def block(*statements: str, error: type[Exception] | None = None) -> Callable[[Any], None]:
    """Run statements in a block, which then raises an error."""

    def run(connection: Any) -> None:
        with connection as entered:
            assert entered is connection
            for sql in statements:
                connection.execute(sql)
            if error is not None:
                raise error

    return run


MANUAL = (
    *("BEGIN", "INSERT INTO t VALUES (1)", "COMMIT"),
    *("BEGIN IMMEDIATE", "INSERT INTO t VALUES (2)", "ROLLBACK"),
    *("begin exclusive", "INSERT INTO t VALUES (3)", "END TRANSACTION"),
    *("SAVEPOINT one", "INSERT INTO t VALUES (4)", "SAVEPOINT two", "DELETE FROM t"),
    *("ROLLBACK TO two", "RELEASE two", "INSERT INTO t VALUES (5)", "RELEASE one"),
    *("SAVEPOINT one", "INSERT INTO t VALUES (6)", "ROLLBACK TO one", "RELEASE one"),
    *(commit, ALL, "INSERT INTO t VALUES (7)", "SAVEPOINT one", "INSERT INTO t VALUES (8)"),
    *("RELEASE one", rollback, ALL),
)
SCENARIOS: dict[str, tuple[Any, ...]] = {
    "only a change begins a transaction": (
        *("SELECT 1", "WITH x AS (SELECT 5 AS a) INSERT INTO t SELECT a FROM x"),
        *("CREATE TABLE u (a)", "INSERT INTO t VALUES (1)", "SELECT 1", "", "DROP TABLE u"),
        *(rollback, ALL, "SELECT * FROM u"),
    ),
    "commit keeps and rollback does not": (
        *(commit, rollback, "INSERT INTO t VALUES (1)", commit, commit),
        *("DELETE FROM t", rollback, ALL),
    ),
    "each isolation level begins its kind of transaction": tuple(
        step
        for kind in ("", "DEFERRED", "IMMEDIATE", "EXCLUSIVE", "deferred", "Immediate", None)
        for step in (level(kind), "INSERT INTO t VALUES (1)", "UPDATE t SET a = 2", rollback, ALL)
    ),
    "isolation level None commits the open transaction": (
        *("INSERT INTO t VALUES (1)", level(None), rollback, ALL),
    ),
    "manual transactions": MANUAL,
    "manual transactions without a level": (level(None), *MANUAL),
    "transactions neither nest nor end twice": (
        *map(Fails, ("COMMIT", "END", "ROLLBACK", "RELEASE one", "ROLLBACK TO one")),
        *("BEGIN", Fails("BEGIN"), "INSERT INTO t VALUES (1)", Fails("BEGIN IMMEDIATE")),
        *(Fails("RELEASE one"), commit, ALL),
    ),
    "a failing statement leaves the transaction open": (
        *("INSERT INTO t VALUES (1)", Fails("INSERT INTO t VALUES (2), (1)")),
        *map(Fails, ("SELECT missing", "SELEC", "SELECT 1; SELECT 2", "SELECT ?")),
        *(commit, ALL),
    ),
    "OR ROLLBACK ends the transaction": (
        *("INSERT INTO t VALUES (1)", Fails("INSERT OR ROLLBACK INTO t VALUES (1)"), commit, ALL),
        *("INSERT INTO t VALUES (2)", commit, ALL),
    ),
    "a commit that lacks a foreign key can be repaired or undone": (
        *("PRAGMA foreign_keys = ON", "INSERT INTO child VALUES (1)", Fails(commit), rollback),
        *(CHILDREN, "INSERT INTO child VALUES (2)", Fails("COMMIT")),
        *("INSERT INTO parent VALUES (2)", commit, CHILDREN),
    ),
    "a block commits or rolls back": (
        *("PRAGMA foreign_keys = ON", block("INSERT INTO t VALUES (1)")),
        Fails(block("INSERT INTO t VALUES (2)", error=LookupError)),
        Fails(block("INSERT INTO t VALUES (3)", "INSERT INTO t VALUES (1)")),
        *(Fails(block("INSERT INTO child VALUES (1)")), ALL, CHILDREN),
    ),
}


@pytest.fixture
def both(both: SideBySide) -> SideBySide:
    for sql in TABLES:
        both.run(sql)
    return both


@pytest.mark.parametrize("steps", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_goes_alike(both: SideBySide, steps: tuple[Any, ...]) -> None:
    for step in steps:
        if isinstance(step, Fails):
            both.fails(step.act)
        elif isinstance(step, str):
            both.run(step)
        else:
            both.do(step)


def test_or_fail_keeps_earlier_rows(both: SideBySide) -> None:
    # Our `total_changes` counts only statements that succeeded.
    both.fails("INSERT OR FAIL INTO t VALUES (1), (1), (2)")
    both.remote.commit()
    assert both.remote.execute(ALL).fetchall() == [(1,)]


def test_an_immediate_transaction_locks_others_out(both: SideBySide, remote_url: str) -> None:
    with closing(connect(remote_url, isolation_level="IMMEDIATE")) as writer:
        writer.execute("INSERT INTO t VALUES (1)")
        assert both.run(ALL) == []
        with (
            closing(connect(remote_url, timeout=0.5)) as other,
            pytest.raises(sqlite3.OperationalError),
        ):
            other.execute("INSERT INTO t VALUES (1)")
    # Closing rolls it back at once, without waiting for a lock.
    assert both.run(ALL) == []
    both.run("INSERT INTO t VALUES (2)")


def test_any_other_isolation_level_is_rejected(both: SideBySide) -> None:
    for kind, levels in (
        (ValueError, ("BOGUS", " DEFERRED", "DEFERRED; DELETE FROM t", "DEFERRED\0")),
        (TypeError, (5, b"DEFERRED")),
    ):
        for each in levels:
            both.fails(level(each))
            with pytest.raises(kind):
                connect("http://localhost:1", isolation_level=each)  # type: ignore[arg-type]
