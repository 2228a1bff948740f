"""A Peewee database on a libSQL server: models, queries and `atomic()` work as on a SQLite file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from peewee import (  # type: ignore[attr-defined]  # the stubs leave the wrapper out
    BaseQuery,
    ImproperlyConfigured,
    InterfaceError,
    PeeweeException,
    ProgrammingError,
    SqliteDatabase,
    __exception_wrapper__,
    _manual,
)

from tracker_tui.turso.client import DEADLINE, Traffic
from tracker_tui.turso.connection import Connection, connect
from tracker_tui.turso.errors import Error
from tracker_tui.turso.urls import Token
from tracker_tui.turso.values import StatementResult


class TursoDatabase(SqliteDatabase):
    """A database on a libSQL server, such as Turso.

    Each query is one request, and so are `BEGIN`, `COMMIT` and each savepoint. `batch` runs a whole
    transaction in one request. A server cannot run Python functions, so Peewee's `.year` and the
    like on dates, `regexp`, and pragmas of the connection do not work.
    """

    server_version = (3, 45, 0)

    def __init__(
        self,
        url: str | None,
        auth_token: str | Token | None = None,
        *,
        timeout: float = DEADLINE,
        allow_plain: bool = False,
        **options: Any,
    ) -> None:
        """See `connect` for the arguments; `options` are Peewee's.

        With None as the URL, call `init` later, as for any Peewee database.
        """
        auth_token = Token.of(auth_token)
        super().__init__(
            url, auth_token=auth_token, timeout=timeout, allow_plain=allow_plain, **options
        )

    def init(  # type: ignore[override]  # a server needs other arguments than a file
        self,
        url: str | None,
        auth_token: str | Token | None = None,
        *,
        timeout: float = DEADLINE,
        allow_plain: bool = False,
        **options: Any,
    ) -> None:
        """Set where the database is; closes the connection to another one."""
        auth_token = Token.of(auth_token)
        self._open: Callable[[], Connection] = lambda: connect(
            url or "", auth_token, timeout=timeout, isolation_level=None, allow_plain=allow_plain
        )
        super().init(url, timeout=timeout, **options)  # type: ignore[arg-type]  # float is meant

    @property
    def traffic(self) -> Traffic:
        """The requests, statements and rows of this thread's connection so far."""
        return self.connection().client.traffic

    def batch(
        self, queries: Sequence[BaseQuery], *, repeatable: bool = False
    ) -> list[StatementResult]:
        """Run queries in one transaction and one request; return a result for each.

        An error in one of them rolls all back. See `Client.batches` for `repeatable`.
        """
        (result,) = self.batches([queries], repeatable=repeatable)
        if isinstance(result, PeeweeException):
            raise result
        return result

    def batches(
        self,
        batches: Sequence[Sequence[BaseQuery]],
        *,
        repeatable: bool = False,
        seconds: float | None = None,
    ) -> list[list[StatementResult] | PeeweeException]:
        """Run many batches in one request, each in its own transaction, in this order.

        A batch that failed has Peewee's exception in place of its results, and does not affect the
        others. See `Client.batches` for `repeatable`; `seconds` overrides `timeout`.
        """
        if self.in_transaction():
            # It would be kept even if the transaction around it is rolled back.
            raise ProgrammingError("A batch is a transaction, and cannot be part of another one.")
        statements = [[self.get_sql_context().parse(query) for query in each] for each in batches]
        with __exception_wrapper__:
            client = self.connection().client
            results = client.batches(statements, repeatable=repeatable, seconds=seconds)
        return [_wrapped(result) for result in results]

    def is_connection_usable(self) -> bool:
        """Whether this thread is connected and has not lost its transaction."""
        return not self.is_closed() and not self.connection().is_dead

    def connection(self) -> Connection:
        """Return this thread's connection."""
        connection: Connection = super().connection()  # type: ignore[no-untyped-call]
        return connection

    def commit(self) -> None:
        """Commit the transaction; raises OperationalError if it was lost."""
        try:
            super().commit()
        finally:
            self._replace_dead()

    def rollback(self) -> None:
        """Roll back the transaction; does nothing if it was lost."""
        if self.is_closed():
            raise InterfaceError("Cannot rollback, database connection not open.")
        try:
            with __exception_wrapper__:
                self.connection().rollback()
        finally:
            self._replace_dead()

    def _replace_dead(self) -> None:
        """Connect again after a lost transaction, as soon as its outermost block has ended.

        Earlier, the rest of the block would run without a transaction.
        """
        block = self.top_transaction()  # type: ignore[no-untyped-call]
        is_over = block is None or isinstance(block, _manual)
        if is_over and not self.is_closed() and self.connection().is_dead:
            self.connection().close()
            # `close` and `connect` of this class would forget the blocks around this one.
            self._state.conn = self._connect()  # type: ignore[attr-defined]  # not in the stubs

    def _connect(self) -> Connection:
        if self._pragmas:  # type: ignore[attr-defined]  # the stubs leave it out
            raise ImproperlyConfigured("A remote database accepts no pragmas.")
        return self._open()


def _wrapped(result: list[StatementResult] | Error) -> list[StatementResult] | PeeweeException:
    if not isinstance(result, Error):
        return result
    try:
        with __exception_wrapper__:
            raise result
    except PeeweeException as wrapped:
        return wrapped
