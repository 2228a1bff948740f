"""The DB-API 2.0 face: cursors, which hold all rows of the last statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, Self

from tracker_tui.turso.batches import IN_TRANSACTION, Condition, Step, after, only_reads, step
from tracker_tui.turso.errors import Error, ProgrammingError
from tracker_tui.turso.results import Row, StatementResult
from tracker_tui.turso.statements import (
    Parameters,
    changes_data,
    check_text,
    first_word,
    split,
    wired,
)

if TYPE_CHECKING:
    from tracker_tui.turso.connection import Connection

_STATEMENTS_A_REQUEST: Final = 500
_INSERTS: Final = frozenset({"INSERT", "REPLACE", "WITH"})
_NOTHING: Final = "SQL_NO_STATEMENT"

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
        self._named: sqlite3.Cursor | None = None
        self._is_closed = False

    def execute(self, sql: str, parameters: Parameters = ()) -> Self:
        """Run one statement, after a BEGIN in the same request where `sqlite3` would begin."""
        self._reset()
        try:
            (result,) = self._run(sql, [wired(sql, parameters)])
        except Error as error:
            if error.code == _NOTHING:
                return self
            raise
        self._take(sql, result)
        return self

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> Self:
        """Run one statement for each set of parameters, hundreds in one request.

        Stops at the first that fails, or cannot be sent; those before it are kept, as `sqlite3`
        does.
        """
        self._reset()
        if only_reads([(sql, ())]):
            raise ProgrammingError("executemany() can only execute DML statements.")
        sets, changed = iter(parameters), 0
        while first := list(islice(sets, 1)):
            statements = []
            try:
                for each in chain(first, islice(sets, _STATEMENTS_A_REQUEST - 1)):
                    statements.append(wired(sql, each))  # noqa: PERF401 - a list would be lost
            finally:
                if statements:
                    changed += sum(done.rowcount for done in self._run(sql, statements))
        self.rowcount = changed if changes_data(sql) else -1
        return self

    def executescript(self, script: str) -> Self:
        """Commit what is open, then run all statements of a script; their rows are not kept.

        One by one, hundreds in one request: of a whole script the server would leave out, without
        a word, a statement that breaks off.
        """
        self._reset()
        check_text(script)
        self.connection.commit()
        statements = iter(split(script))
        while some := list(islice(statements, _STATEMENTS_A_REQUEST)):
            steps: list[Step] = []
            for sql in some:
                # Only the first: the script may end its transaction, and begin another.
                open_still = IN_TRANSACTION if self.connection.in_transaction else None
                condition = after(len(steps) - 1) if steps else open_still
                steps.append(step({"sql": sql, "want_rows": False}, condition))
            self.connection.run_steps(steps)
        return self

    def fetchone(self) -> Any:
        """Return the next row, None when there is none left."""
        return next(self, None)

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows, `arraysize` unless told."""
        return list(islice(self, self.arraysize if size is None else size))

    def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        return list(self)

    def close(self) -> None:
        """Let go of the rows; the cursor refuses everything from here on."""
        self._is_closed = True
        self._rows = iter(())

    def setinputsizes(self, sizes: object) -> None:
        """Do nothing, as DB-API allows."""

    def setoutputsize(self, size: object, column: object = None) -> None:
        """Do nothing, as DB-API allows."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        self._check_usable()
        row = next(self._rows)
        return row if self.row_factory is None else self._made(self.row_factory, row)

    def _made(self, factory: Callable[..., Any], row: Row) -> Any:
        source: Any = self
        if isinstance(factory, type) and issubclass(factory, sqlite3.Row):
            # It takes a cursor of sqlite3 only, from which it learns the names of the columns.
            self._named = self._named or _named_cursor(self.description or ())
            source = self._named
        make: Any = factory
        return make(source, row)

    def _run(self, sql: str, statements: Iterable[dict[str, Any]]) -> list[StatementResult]:
        """Run one SQL text with each of its sets of values; return a result for each."""
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
        """Return when the next step may run: after the one before it, in the open transaction."""
        conditions: list[Condition] = [after(len(steps) - 1)] if steps else []
        if self.connection.in_transaction:
            conditions.append(IN_TRANSACTION)
        return {"type": "and", "conds": conditions} if conditions else None

    def _take(self, sql: str, result: StatementResult) -> None:
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
        self._named = None

    def _check_usable(self) -> None:
        if self._is_closed:
            raise ProgrammingError("Cannot operate on a closed cursor.")
        self.connection.check_usable()


def _named_cursor(description: Description) -> sqlite3.Cursor:
    names = ", ".join('NULL AS "{}"'.format(name.replace('"', '""')) for name, *_ in description)
    with closing(sqlite3.connect(":memory:")) as connection:
        return connection.execute(f"SELECT {names}")
