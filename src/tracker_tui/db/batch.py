"""Several queries, one transaction, all results back: what every kind of database offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from peewee import BaseQuery, RawQuery, SelectBase

Rows = list[tuple[Any, ...]]


class Result(NamedTuple):
    """What one query of a batch gave: its rows, or how many rows it changed."""

    rows: Rows
    rowcount: int


class Database(Protocol):
    """A database that the ledger can live in."""

    def batch(self, queries: Sequence[BaseQuery]) -> list[Result]:
        """Run the queries in one transaction and return a result for each.

        Nothing is kept unless all succeed. Raises tracker_tui.errors.DatabaseError, with what the
        driver said as its cause: DatabaseBusy where waiting may help.
        """

    def changed_elsewhere(self) -> bool:
        """Whether others committed since the last call, as far as it can be told at no cost."""

    def close(self) -> object:
        """Let go of the database; the calling thread must be the one that used it."""


def only_reads(queries: Sequence[BaseQuery]) -> bool:
    """Whether a batch needs no write lock."""
    return all(isinstance(query, SelectBase) or _is_raw_select(query) for query in queries)


def _is_raw_select(query: BaseQuery) -> bool:
    return isinstance(query, RawQuery) and query.sql()[0].lstrip().startswith("SELECT")
