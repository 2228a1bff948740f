"""The DB-API 2.0 face: cursors, which hold all rows of the last statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Self

from tracker_tui.db.turso.batches import IN_TRANSACTION, Condition, Step, after, step
from tracker_tui.db.turso.errors import Error, ProgrammingError
from tracker_tui.db.turso.results import Row, StatementResult
from tracker_tui.db.turso.statements import Parameters, changes_data, first_word, wired

if TYPE_CHECKING:
    from tracker_tui.db.turso.connection import Connection

_STATEMENTS_A_REQUEST: Final = 500
_INSERTS: Final = frozenset({"INSERT", "REPLACE"})
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
        self._is_closed = False

    def execute(self, sql: str, parameters: Parameters = ()) -> Self:
        """Run one statement, after a BEGIN in the same request where `sqlite3` would begin."""
        self._reset()
        steps = self._begin_steps(sql)
        steps.append(step(wired(sql, parameters), self._condition(steps)))
        try:
            result = self.connection.run_steps(steps)[-1]
        except Error as error:
            if error.code == _NOTHING:
                return self
            raise
        self._take(sql, result)
        return self

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> Self:
        """Run one statement for each set of parameters, hundreds in one request.

        Stops at the first that fails; those before it are kept, as `sqlite3` does.
        """
        self._reset()
        if first_word(sql) in ("SELECT", "VALUES"):
            raise ProgrammingError("executemany() can only execute DML statements.")
        sets, changed = iter(parameters), 0
        while some := list(islice(sets, _STATEMENTS_A_REQUEST)):
            steps = self._begin_steps(sql)
            begun = len(steps)
            for each in some:
                steps.append(step(wired(sql, each), self._condition(steps)))
            results = self.connection.run_steps(steps)[begun:]
            changed += sum(result.rowcount for result in results)
        self.rowcount = changed if changes_data(sql) else -1
        return self

    def executescript(self, script: str) -> Self:
        """Commit what is open, then run all statements of a script; their rows are not kept."""
        self._reset()
        self.connection.commit()
        self.connection.run_script(script)
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
            source = _named_cursor(self.description or ())
        make: Any = factory
        return make(source, row)

    def _begin_steps(self, sql: str) -> list[Step]:
        connection = self.connection
        begins = connection.isolation_level is not None and changes_data(sql)
        return [connection.begin_step()] if begins and not connection.in_transaction else []

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

    def _check_usable(self) -> None:
        if self._is_closed:
            raise ProgrammingError("Cannot operate on a closed cursor.")
        self.connection.check_usable()


def _named_cursor(description: Description) -> sqlite3.Cursor:
    names = ", ".join('NULL AS "{}"'.format(name.replace('"', '""')) for name, *_ in description)
    return sqlite3.connect(":memory:").execute(f"SELECT {names}")
