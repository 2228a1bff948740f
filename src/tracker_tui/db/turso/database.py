"""Peewee over a libSQL server: models, queries and `atomic()` as over a file of SQLite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from peewee import (  # type: ignore[attr-defined]  # the stubs leave the wrapper out
    BaseQuery,
    ImproperlyConfigured,
    PeeweeException,
    SqliteDatabase,
    __exception_wrapper__,
)

from tracker_tui.db.turso.client import DEADLINE, Traffic
from tracker_tui.db.turso.connection import Connection, connect
from tracker_tui.db.turso.errors import Error
from tracker_tui.db.turso.results import StatementResult


class TursoDatabase(SqliteDatabase):
    """A database on a libSQL server, such as Turso.

    Each query is one request, and so are `BEGIN`, `COMMIT` and each savepoint; where that is too
    many, `batch` runs whole transactions in one. Functions in Python do not run on a server: with
    them go Peewee's `.year` and its like on dates, `regexp`, and pragmas of the connection.
    """

    server_version = (3, 45, 0)

    def __init__(
        self,
        url: str,
        auth_token: str | None = None,
        *,
        timeout: float = DEADLINE,
        allow_plain: bool = False,
        **options: Any,
    ) -> None:
        """See `connect` for what the arguments mean; the rest is Peewee's."""
        # In a closure: whatever prints the object must not print the token.
        self._open: Callable[[], Connection] = lambda: connect(
            url, auth_token, timeout=timeout, isolation_level=None, allow_plain=allow_plain
        )
        super().__init__(url, **options)

    @property
    def traffic(self) -> Traffic:
        """What this thread has exchanged with the server so far."""
        return self._usable().client.traffic

    def batch(
        self, queries: Sequence[BaseQuery], *, repeatable: bool = False
    ) -> list[StatementResult]:
        """Run queries in one transaction and one request; return a result for each.

        Nothing is kept unless all succeed. `repeatable` says that a batch which may already have
        been carried out can be sent once more; batches that only read always can.
        """
        (result,) = self.batches([queries], repeatable=repeatable)
        if isinstance(result, PeeweeException):
            raise result
        return result

    def batches(
        self, batches: Sequence[Sequence[BaseQuery]], *, repeatable: bool = False
    ) -> list[list[StatementResult] | PeeweeException]:
        """Run many batches in one request, each a transaction of its own, in this order.

        A batch that failed gives Peewee's exception in place of its results; the others are not
        touched by it. See `batch` for `repeatable`.
        """
        statements = [[self.get_sql_context().parse(query) for query in each] for each in batches]
        with __exception_wrapper__:
            results = self._usable().batches(statements, repeatable=repeatable)
        return [_wrapped(result) for result in results]

    def is_connection_usable(self) -> bool:
        """Whether there is a connection that has not lost its transaction."""
        return not self.is_closed() and not self._driver().is_dead

    def connection(self) -> Connection:
        """Return this thread's connection."""
        return self._usable()

    def cursor(self, named_cursor: object = None) -> Any:
        """Return a cursor; a connection that died with its transaction is replaced after it."""
        if not self.is_closed():
            self._usable()
        return super().cursor(named_cursor)  # type: ignore[no-untyped-call]

    def rollback(self) -> None:
        """Undo the transaction; if it is lost there is nothing to undo."""
        with __exception_wrapper__:
            self._usable().rollback()

    def _usable(self) -> Connection:
        is_over = not self.in_transaction()
        if is_over and not self.is_closed() and self._driver().is_dead:
            self.close()
        return self._driver()

    def _driver(self) -> Connection:
        connection: Connection = super().connection()  # type: ignore[no-untyped-call]
        return connection

    def _connect(self) -> Connection:
        if self._pragmas:  # type: ignore[attr-defined]  # the stubs leave it out
            raise ImproperlyConfigured("A remote database takes no pragmas.")
        return self._open()


def _wrapped(result: list[StatementResult] | Error) -> list[StatementResult] | PeeweeException:
    if not isinstance(result, Error):
        return result
    try:
        with __exception_wrapper__:
            raise result
    except PeeweeException as wrapped:
        return wrapped
