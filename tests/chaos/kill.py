"""A kill between any two accesses of a program to its files or its ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peewee import BaseQuery

from tracker_tui.db.database import BatchResult, Database, Result, results_or_raise
from tracker_tui.local.sqlite_file import LocalFile


class Killed(BaseException):
    """The program was killed. Its own code must not catch this."""


class Killer:
    """Kills at the n-th point from now on, as `kill -9` would."""

    def __init__(self) -> None:
        self._left: int | None = None

    def strike_at(self, point: int) -> None:
        """Kill at this point, counted from 0."""
        self._left = point

    def strike_never(self) -> None:
        self._left = None

    def point(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                self._left = None
                raise Killed

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Suspend kills while a block runs."""
        left, self._left = self._left, None
        try:
            yield
        finally:
            self._left = left

    @contextmanager
    def watching_files(self, look: Callable[[Path], None]) -> Iterator[None]:
        """Make points of the start, the end and the aftermath of each transaction on disk.

        `look` sees each commit before the next kill.
        """
        original = LocalFile.transaction

        @contextmanager
        def transaction(file: LocalFile) -> Iterator[sqlite3.Connection]:
            self.point()
            with original(file) as connection:
                yield connection
                self.point()
            look(file.path)
            self.point()

        LocalFile.transaction = transaction  # type: ignore[method-assign]
        try:
            yield
        finally:
            LocalFile.transaction = original  # type: ignore[method-assign]


class DeadlyDatabase:
    """A database with a point before and after each request."""

    def __init__(self, database: Database, killer: Killer) -> None:
        self._database = database
        self._killer = killer
        self.where = database.where

    def batch(self, queries: Sequence[BaseQuery]) -> Sequence[Result]:
        return results_or_raise(self.batches([queries])[0])

    def batches(
        self,
        batches: Sequence[Sequence[BaseQuery]],
        *,
        repeatable: bool = False,
        seconds: float | None = None,
    ) -> list[BatchResult]:
        self._killer.point()
        results = self._database.batches(batches, repeatable=repeatable, seconds=seconds)
        self._killer.point()
        return results

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)
