"""Parsing SQL: the first word, the statements of a script, the placeholders."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker_tui.turso import OperationalError, ProgrammingError
from tracker_tui.turso.statements import (
    changes_data,
    check_text,
    encode_statement,
    first_word,
    split,
)

# From Python 3.12 on `sqlite3` warns about names that are filled from a sequence.
pytestmark = pytest.mark.filterwarnings("ignore:Binding:DeprecationWarning")

NULL = {"type": "null"}
TRIGGER = "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; END"


def test_the_first_word_comes_after_comments() -> None:
    for sql, word in [
        *(("SELECT 1", "SELECT"), ("insert into t values (1)", "INSERT")),
        (" \t\r\n-- a comment\n/* another\none */ -- DELETE\nUpdate t SET a = 1", "UPDATE"),
        *(("/**/REPLACE INTO t VALUES (1)", "REPLACE"), ("COMMIT;", "COMMIT")),
        *(("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "WITH"), ("", ""), (" ", "")),
        *(("-- INSERT", ""), ("/* INSERT", ""), ("/* INSERT */", ""), ("(SELECT 1)", "")),
        *(("; SELECT 1", ""), ("-INSERT", "")),
    ]:
        assert first_word(sql) == word


def test_a_transaction_begins_for_changes_of_data_only() -> None:
    for sql, changes in [
        ("INSERT INTO t VALUES (1)", True),
        ("update t SET a = 1", True),
        ("-- x\nDELETE FROM t", True),
        ("REPLACE INTO t VALUES (1)", True),
        ("SELECT 'INSERT'", False),
        ("INSERTED", False),
        ("CREATE TABLE t (a)", False),
        # Like `sqlite3`, which looks only at the first word.
        ("WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", False),
        ("", False),
    ]:
        assert changes_data(sql) is changes


def test_a_null_character_in_a_statement_is_rejected() -> None:
    for sql in ["SELECT 1\0", "\0", "SELECT 'a\0b'"]:
        with pytest.raises(ProgrammingError, match="null character"):
            check_text(sql)


def test_half_a_surrogate_pair_in_a_statement_is_rejected() -> None:
    with pytest.raises(UnicodeEncodeError):
        check_text("SELECT '\ud800'")


def test_a_script_is_split_where_its_statements_end() -> None:
    for script, statements in [
        *(("", []), (" -- nothing; at all", []), (";; /* no; */ ; /* nor; this", [])),
        *(("SELECT 1", ["SELECT 1"]), ("SELECT 1;;", ["SELECT 1;"])),
        ("SELECT ';'; -- a; b\nSELECT 2; ", ["SELECT ';';", " -- a; b\nSELECT 2;"]),
        ("/* a */ SELECT 1 /* b */", ["/* a */ SELECT 1 /* b */"]),
        ("(SELECT 1); SELEC", ["(SELECT 1);", " SELEC"]),
        ('SELECT ";", `;`, [;]; END', ['SELECT ";", `;`, [;];', " END"]),
        *((f"{TRIGGER}; END", [f"{TRIGGER};", " END"]), (f"{TRIGGER}", [TRIGGER])),
        ("BEGIN; COMMIT; END;", ["BEGIN;", " COMMIT;", " END;"]),
        ("SELECT 'open; SELECT 2", ["SELECT 'open; SELECT 2"]),
    ]:
        assert split(script) == statements


def test_two_statements_are_rejected() -> None:
    for sql in ["SELECT 1; SELECT 2", "SELECT 1; SELEC", "COMMIT; -- x\n COMMIT;"]:
        with pytest.raises(ProgrammingError, match="one statement at a time"):
            encode_statement(sql)


def test_numbered_placeholders_stay_unchanged() -> None:
    sql = "SELECT ?, ?2"
    assert encode_statement(sql, (None, None)) == {"sql": sql, "args": [NULL, NULL]}


def test_names_are_sent_once_with_their_prefix() -> None:
    for values in [(None, None), {"a": None, "b": None, "c": None}]:
        sql = "SELECT :a, $b, :a"
        arguments = [{"name": ":a", "value": NULL}, {"name": "$b", "value": NULL}]
        assert encode_statement(sql, values) == {"sql": sql, "named_args": arguments}


def test_names_become_numbers_if_both_are_used() -> None:
    sent = encode_statement("SELECT ?3, :a, ':a', ?, :a -- :a", (None,) * 5)
    assert sent == {"sql": "SELECT ?3, ?4, ':a', ?, ?4 -- :a", "args": [NULL] * 5}


def test_a_placeholder_number_out_of_range_is_rejected() -> None:
    for number in ["0", "32767", "9" * 40]:
        with pytest.raises(OperationalError, match="between"):
            encode_statement(f"SELECT ?{number}", (None,))


def test_the_maximum_number_of_values_is_accepted() -> None:
    assert len(encode_statement("SELECT ?32766", [None] * 32766)["args"]) == 32766


pieces = st.sampled_from(
    [
        *("?", "?1", "?3", "?7", ":a", ":b", "@a", "$a", ":a$b", ":é", "':a'", "'?'", "''", "1"),
        *("'it''s :a'", "x''", "1.5", "NULL", "/* :c ? */ 1", "1 -- :d ?\n", "1 AS x$y"),
        *("1 AS [:e ?]", '2 AS ":e"', "3 AS `:e '`", "'\"' || :f || '\"'", "1 /* ' */ + :g"),
    ]
)


@given(st.lists(pieces, min_size=1, max_size=8))
def test_placeholders_are_counted_and_named_as_sqlite_does(chosen: list[str]) -> None:
    sql = "SELECT " + ", ".join(chosen)
    sent = encode_statement(sql, range(_count(sql)))
    values = sent.get("args") or [each["value"] for each in sent.get("named_args", ())]
    numbers = [int(value["value"]) for value in values]
    assert numbers == list(range(_count(sql)))
    if "named_args" in sent:
        named = {each["name"][1:]: int(each["value"]["value"]) for each in sent["named_args"]}
        # With different prefixes a name may occur twice; `sqlite3` gives both the same value.
        if len(named) == len(numbers):
            assert _rows(sql, named) == _rows(sql, numbers)
    else:
        assert _rows(sent["sql"], numbers) == _rows(sql, numbers)


def _rows(sql: str, values: Any) -> list[Any]:
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute(sql, values).fetchall()


def _count(sql: str) -> int:
    """Return how many values SQLite expects."""
    for count in range(40):
        try:
            _rows(sql, range(count))
        except sqlite3.ProgrammingError:
            continue
        return count
    raise AssertionError(sql)
