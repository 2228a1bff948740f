"""Placeholders are bound as in `sqlite3`."""

from __future__ import annotations

import sqlite3
from collections import defaultdict, deque
from typing import Any

import pytest

from tracker_tui.turso import ProgrammingError
from turso.conftest import SideBySide

# From Python 3.12 on `sqlite3` warns about names that are filled from a sequence.
pytestmark = pytest.mark.filterwarnings("ignore:Binding:DeprecationWarning")


class Echo(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return key


FILLED: list[tuple[str, Any]] = [
    ("SELECT ?, ?", (1, 2)),
    ("SELECT ?2, ?1, ?02", (1, 2)),
    ("SELECT ?, ?2, ?1, ?", [1, 2, 3]),
    ("SELECT ?5", (1, 2, 3, 4, 5)),
    ("SELECT :a, @b, $c, :a", {"a": 1, "b": 2, "c": 3, "superfluous": object()}),
    ("SELECT :a, :A, :é_1, :1, :a$b", {"a": 1, "A": 2, "é_1": 3, "1": 4, "a$b": 5}),
    ("SELECT @a, :a, $a", {"a": 1}),
    ("SELECT @a, :a, $a, :a", (1, 2, 3)),
    ("SELECT ?1, ?2", {"1": "one", "2": "two"}),
    ("SELECT :a", Echo()),
    ("SELECT :a", defaultdict(int)),
    ("SELECT 1", {"a": 1}),
    ("SELECT ?", "a"),
    ("SELECT ?", b"a"),
    ("SELECT ?", range(1)),
    ("SELECT ?", deque([1])),
    # Named and numbered placeholders share their numbers.
    ("SELECT :a AS a, :a AS b, ? AS c", (1, 2)),
    ("SELECT ?3 AS a, :a AS b, ? AS c, ?4 AS d", (1, 2, 3, 4, 5)),
    ("SELECT ? AS a, ':b' AS b, :a AS c -- :c", (1, 2)),
    # These only look like placeholders.
    ("SELECT ':a', 'it''s :b ?', \"c:d ?\", `c:d ?`, [c:d ?], :e FROM t", {"e": 1}),
    ("SELECT ':a', 'it''s :b ?', \"c:d ?\", `c:d ?`, [c:d ?], :e FROM t", (1,)),
    ("SELECT :a -- :b ?\n, 2 /* :c ? /* */ + 0 -- :d", {"a": 1}),
    ("SELECT 1 AS x$y, 2 AS é$z, :a", {"a": 1}),
    ("SELECT x'00', 1e2, :a", {"a": 1}),
    ("SELECT '[', :a, ']'", {"a": 1}),
]

REFUSED: list[tuple[str, Any]] = [
    ("SELECT ?", ()),
    ("SELECT ?", "ab"),
    ("SELECT 1", (1,)),
    ("SELECT ?5", (1,)),
    ("SELECT :a, :b", (1,)),
    ("SELECT :a", {}),
    ("SELECT :a", {"b": 1}),
    ("SELECT :a", {":a": 1}),
    ("SELECT ?", {"a": 1}),
    ("SELECT ?, :a", {"a": 1}),
    ("SELECT ?2", {"2": 1}),
    ("SELECT ?", None),
    ("SELECT ?", 5),
    ("SELECT ?", {1}),
]


def test_placeholders_are_filled_alike(both: SideBySide) -> None:
    both.run('CREATE TABLE t ("c:d ?")')
    both.run("INSERT INTO t VALUES ('in t')")
    for sql, parameters in FILLED:
        both.run(sql, parameters)


def test_values_that_do_not_match_are_rejected(both: SideBySide) -> None:
    for sql, parameters in REFUSED:
        both.fails(sql, sqlite3.ProgrammingError, parameters)


def test_an_unused_placeholder_number_is_rejected(both: SideBySide) -> None:
    for number in ("0", "32767", "250001", "99999999999"):
        with pytest.raises(sqlite3.OperationalError, match="variable number"):
            both.remote.execute(f"SELECT ?{number}", (1,))


def test_values_that_do_not_match_begin_no_transaction(both: SideBySide) -> None:
    both.run("CREATE TABLE t (a, b)")
    for given in ((1,), {}):
        with pytest.raises(ProgrammingError):
            both.remote.execute("INSERT INTO t VALUES (:a, :b)", given)
        assert not both.remote.in_transaction
