"""Several queries, one transaction, all results back: what every kind of database offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from peewee import BaseQuery, RawQuery, SelectBase

from tracker_tui.errors import LedgerError

Rows = list[tuple[Any, ...]]


class Result(NamedTuple):
    """What one query of a batch gave: its rows, or how many rows it changed."""

    rows: Rows
    rowcount: int


BatchResult = list[Result] | LedgerError
"""A result for each query of a batch, or why nothing of it was kept."""


def results_or_raise(result: BatchResult) -> list[Result]:
    """Return the results of a batch; raises the error that is in their place."""
    if isinstance(result, LedgerError):
        raise result
    return result


class Database(Protocol):
    """A database that the ledger can live in."""

    @property
    def where(self) -> str:
        """What to call it in front of people: a path or a host, never a secret."""

    def batch(self, queries: Sequence[BaseQuery]) -> list[Result]:
        """Run the queries in one transaction and return a result for each.

        Nothing is kept unless all succeed. Raises tracker_tui.errors.LedgerError, with what the
        driver said as its cause: DatabaseBusy where waiting may help.
        """

    def batches(
        self,
        batches: Sequence[Sequence[BaseQuery]],
        *,
        repeatable: bool = False,
        seconds: float | None = None,
    ) -> list[BatchResult]:
        """Run batches, each a transaction of its own, in this order; one request to a server.

        A batch that failed has its error in place of its results, and touches no other.
        `repeatable` says that a batch which may have been carried out can be sent again; those that
        only read always can. `seconds` is how long it may take at most. Raises LedgerError where
        it concerns them all.
        """

    def changed_elsewhere(self) -> bool:
        """Whether others committed since the last call, as far as it can be told at no cost."""

    def interrupt(self) -> None:
        """Let a call that waits for a server in another thread fail at once; a file never does."""

    def close(self) -> object:
        """Let go of the database; the calling thread must be the one that used it."""


def only_reads(queries: Sequence[BaseQuery]) -> bool:
    """Whether a batch needs no write lock."""
    return all(isinstance(query, SelectBase) or _is_raw_read(query) for query in queries)


def _is_raw_read(query: BaseQuery) -> bool:
    if not isinstance(query, RawQuery):
        return False
    sql = query.sql()[0].lstrip()
    return sql.startswith("SELECT") or sql == "PRAGMA schema_version"
