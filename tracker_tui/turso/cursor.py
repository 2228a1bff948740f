"""A DB-API 2.0 cursor that behaves like one of `sqlite3`; it holds all rows of its statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, Self

from tracker_tui.turso.batches import IN_TRANSACTION, Condition, Step, after, only_reads, step
from tracker_tui.turso.errors import Error, ProgrammingError
from tracker_tui.turso.statements import (
    Parameters,
    changes_data,
    check_text,
    encode_statement,
    first_word,
    split,
)
from tracker_tui.turso.values import Row, StatementResult

if TYPE_CHECKING:
    from tracker_tui.turso.connection import Connection

_STATEMENTS_PER_REQUEST: Final = 500
_INSERTS: Final = frozenset({"INSERT", "REPLACE", "WITH"})
_NO_STATEMENT: Final = "SQL_NO_STATEMENT"

Description = tuple[tuple[str, None, None, None, None, None, None], ...]


class Cursor:
    """Runs statements on a connection, one request each."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.row_factory = connection.row_factory
        self.arraysize = 1
        self.description: Description | None = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self._rows: Iterator[Row] = iter(())
        self._sqlite_cursor: sqlite3.Cursor | None = None
        self._is_closed = False

    def execute(self, sql: str, parameters: Parameters = ()) -> Self:
        """Run one statement, with a BEGIN in the same request if `sqlite3` would begin."""
        self._reset()
        try:
            (result,) = self._run(sql, [encode_statement(sql, parameters)])
        except Error as error:
            if error.code == _NO_STATEMENT:
                return self
            raise
        self._store(sql, result)
        return self

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> Self:
        """Run one statement for each set of parameters, hundreds in one request.

        Stops at the first set that fails or cannot be sent; like `sqlite3`, it keeps those before.
        """
        self._reset()
        if only_reads([(sql, ())]):
            raise ProgrammingError("executemany() can only execute DML statements.")
        sets, changed = iter(parameters), 0
        while first := list(islice(sets, 1)):
            statements = []
            try:
                for each in chain(first, islice(sets, _STATEMENTS_PER_REQUEST - 1)):
                    statements.append(encode_statement(sql, each))  # noqa: PERF401 - a list would be lost
            finally:
                if statements:
                    changed += sum(done.rowcount for done in self._run(sql, statements))
        self.rowcount = changed if changes_data(sql) else -1
        return self

    def executescript(self, script: str) -> Self:
        """Commit, then run all statements of a script, hundreds in one request; drop their rows.

        The script is split here, because the server silently skips an incomplete last statement.
        """
        self._reset()
        check_text(script)
        self.connection.commit()
        statements = iter(split(script))
        while some := list(islice(statements, _STATEMENTS_PER_REQUEST)):
            steps: list[Step] = []
            for sql in some:
                # Only for the first step: the script may end its transaction and begin another.
                still_open = IN_TRANSACTION if self.connection.in_transaction else None
                condition = after(len(steps) - 1) if steps else still_open
                steps.append(step({"sql": sql, "want_rows": False}, condition))
            self.connection.run_steps(steps)
        return self

    def fetchone(self) -> Any:
        """Return the next row; None if there is none left."""
        return next(self, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next `size` rows; default: `arraysize`."""
        return list(islice(self, self.arraysize if size is None else size))

    def fetchall(self) -> list[Any]:
        """Return the remaining rows."""
        return list(self)

    def close(self) -> None:
        """Drop the rows; any further call raises ProgrammingError."""
        self._is_closed = True
        self._rows = iter(())

    def setinputsizes(self, sizes: object) -> None:
        """Do nothing, which DB-API allows."""

    def setoutputsize(self, size: object, column: object = None) -> None:
        """Do nothing, which DB-API allows."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        self._check_usable()
        row = next(self._rows)
        return row if self.row_factory is None else self._make_row(self.row_factory, row)

    def _make_row(self, factory: Callable[..., Any], row: Row) -> Any:
        source: Any = self
        if isinstance(factory, type) and issubclass(factory, sqlite3.Row):
            # It accepts only cursors of sqlite3, and takes the names of the columns from them.
            self._sqlite_cursor = self._sqlite_cursor or _sqlite_cursor(self.description or ())
            source = self._sqlite_cursor
        make: Any = factory
        return make(source, row)

    def _run(self, sql: str, statements: Iterable[dict[str, Any]]) -> list[StatementResult]:
        """Run a statement with each of its sets of values; return a result for each."""
        connection = self.connection
        begins = (
            changes_data(sql)
            and connection.isolation_level is not None
            and not connection.in_transaction
        )
        steps = [connection.begin_step()] if begins else []
        for statement in statements:
            steps.append(step(statement, self._condition(steps)))
        return connection.run_steps(steps, begins=begins)[int(begins) :]

    def _condition(self, steps: list[Step]) -> Condition | None:
        """Return when the next step runs: if the last one succeeded, in the open transaction."""
        conditions: list[Condition] = [after(len(steps) - 1)] if steps else []
        if self.connection.in_transaction:
            conditions.append(IN_TRANSACTION)
        return {"type": "and", "conds": conditions} if conditions else None

    def _store(self, sql: str, result: StatementResult) -> None:
        self._rows = iter(result.rows)
        if result.columns:
            self.description = tuple(
                (name, None, None, None, None, None, None) for name in result.columns
            )
        if changes_data(sql):
            self.rowcount = result.rowcount
        if first_word(sql) in _INSERTS:
            self.lastrowid = result.lastrowid

    def _reset(self) -> None:
        self._check_usable()
        self._rows, self.description, self.rowcount = iter(()), None, -1
        self._sqlite_cursor = None

    def _check_usable(self) -> None:
        if self._is_closed:
            raise ProgrammingError("Cannot operate on a closed cursor.")
        self.connection.check_usable()


def _sqlite_cursor(description: Description) -> sqlite3.Cursor:
    names = ", ".join('NULL AS "{}"'.format(name.replace('"', '""')) for name, *_ in description)
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute(f"SELECT {names}")
