"""A database that the ledger can live in: batches of queries go in, checked rows come out.

A batch is a list of Peewee queries that run in one transaction. `SqliteLedgerDatabase` runs it on a
file, `RemoteLedgerDatabase` on a server, and the ledger does not know which one it talks to:

    (result,) = database.batch([ResourceRow.select(ResourceRow.id.cast("TEXT"))])
    ids = [resource_id for (resource_id,) in RowType(TEXT).checked(result.rows)]

SQLite lets any row hold any value, so our queries cast what they select, and a `RowType` says which
types must come out. If a value still has another type, the answer was changed on the way or comes
from something other than SQLite. The whole answer is then unusable: none of it is shown or stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import NoneType
from typing import Any, Final, Protocol

from peewee import BaseQuery, RawQuery, SelectBase, SqliteDatabase

from tracker_tui.errors import AnswerLost, LedgerError

Rows = list[tuple[Any, ...]]


class Result(Protocol):
    """The result of one query of a batch; the driver for servers has its own class for it."""

    @property
    def rows(self) -> Rows:
        """The rows of a SELECT."""

    @property
    def rowcount(self) -> int:
        """How many rows an INSERT, UPDATE or DELETE changed."""


BatchResult = Sequence[Result] | LedgerError
"""A result for each query of a batch, or why the batch was rolled back."""


def results_or_raise(result: BatchResult) -> Sequence[Result]:
    """Return the results of a batch; raises the error that is in their place."""
    if isinstance(result, LedgerError):
        raise result
    return result


class Database(Protocol):
    """A SQLite file or a database on a server."""

    @property
    def where(self) -> str:
        """The name to show to players: a path or a host, never a secret."""

    def batch(self, queries: Sequence[BaseQuery]) -> Sequence[Result]:
        """Run the queries in one transaction and return a result for each.

        All of them succeed or none has an effect. Raises tracker_tui.errors.LedgerError with the
        driver's error as its cause; DatabaseBusy where waiting may help.
        """

    def batches(
        self,
        batches: Sequence[Sequence[BaseQuery]],
        *,
        repeatable: bool = False,
        seconds: float | None = None,
    ) -> list[BatchResult]:
        """Run each batch in its own transaction, in this order; one request to a server.

        A batch that failed has its error in place of its results, and does not affect the others.
        `repeatable`: a batch that may already have run can be sent again, as those that only read
        always can. `seconds` is the longest time it may take. Raises LedgerError if the request as
        a whole failed.
        """

    def changed_elsewhere(self) -> bool:
        """Whether others committed since the last call, as far as this costs no request."""

    def interrupt(self) -> None:
        """Make a call that waits in another thread fail soon."""

    def close(self) -> object:
        """Close the connection; call it in the thread that used the database."""


_DIALECT: Final = SqliteDatabase(None)


def compiled(query: BaseQuery) -> tuple[str, list[Any]]:
    """Return the SQL of a query and the values for its placeholders."""
    statement: tuple[str, list[Any]] = _DIALECT.get_sql_context().parse(query)
    return statement


def only_reads(queries: Sequence[BaseQuery]) -> bool:
    """Whether a batch needs no write lock."""
    return all(isinstance(query, SelectBase) or _is_raw_read(query) for query in queries)


def _is_raw_read(query: BaseQuery) -> bool:
    if not isinstance(query, RawQuery):
        return False
    sql = query.sql()[0].lstrip()
    return sql.startswith("SELECT") or sql == "PRAGMA schema_version"


# The types of rows

TEXT: Final = (str,)
TEXT_OR_NULL: Final = (str, NoneType)
INTEGER: Final = (int,)
INTEGER_OR_NULL: Final = (int, NoneType)
REAL: Final = (float,)
REAL_OR_NULL: Final = (float, NoneType)

NONSENSE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""Python's errors for an answer of the wrong shape or types."""


class RowType:
    """The types that each column of a query may have."""

    def __init__(self, *columns: tuple[type, ...]) -> None:
        self._columns = columns

    def checked(self, rows: Rows) -> Rows:
        """Return the rows; raises AnswerLost if one of them has other types."""
        # Rows of one query share a handful of signatures, so a large answer costs next to nothing.
        for signature in {tuple(map(type, row)) for row in rows}:
            if not self.has(signature):
                raise unusable_answer()
        return rows

    def only(self, rows: Rows) -> tuple[Any, ...]:
        """Return the one row of an answer; raises AnswerLost for any other number of rows."""
        if len(rows) != 1:
            raise unusable_answer()
        return self.checked(rows)[0]

    def has(self, signature: tuple[type, ...]) -> bool:
        """Whether a row may have values of these types."""
        return len(signature) == len(self._columns) and all(
            found in allowed for found, allowed in zip(signature, self._columns, strict=True)
        )


NUMBER: Final = RowType(INTEGER)
"""A row of one whole number."""


def unusable_answer() -> AnswerLost:
    """Return the error for an answer that makes no sense: a change may have been applied or not."""
    return AnswerLost(
        "The database gave no usable answer: its values have the wrong types. "
        "Try again in a moment."
    )
