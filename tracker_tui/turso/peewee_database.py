"""Peewee over a libSQL server: models, queries and `atomic()` as over a file of SQLite."""

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
from tracker_tui.turso.results import StatementResult
from tracker_tui.turso.tokens import Token


class TursoDatabase(SqliteDatabase):
    """A database on a libSQL server, such as Turso.

    Each query is one request, and so are `BEGIN`, `COMMIT` and each savepoint; where that is too
    many, `batch` runs whole transactions in one. Functions in Python do not run on a server: with
    them go Peewee's `.year` and its like on dates, `regexp`, and pragmas of the connection.
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
        """See `connect` for what the arguments mean; the rest is Peewee's.

        Without a URL they are given to `init` later, as with any database of Peewee.
        """
        auth_token = Token.of(auth_token)
        super().__init__(
            url, auth_token=auth_token, timeout=timeout, allow_plain=allow_plain, **options
        )

    def init(  # type: ignore[override]  # what a server needs, in place of what a file needs
        self,
        url: str | None,
        auth_token: str | Token | None = None,
        *,
        timeout: float = DEADLINE,
        allow_plain: bool = False,
        **options: Any,
    ) -> None:
        """Say where the database is; a connection to another one is closed."""
        auth_token = Token.of(auth_token)
        self._open: Callable[[], Connection] = lambda: connect(
            url or "", auth_token, timeout=timeout, isolation_level=None, allow_plain=allow_plain
        )
        super().init(url, timeout=timeout, **options)  # type: ignore[arg-type]  # float is meant

    @property
    def traffic(self) -> Traffic:
        """What this thread's connection has exchanged with the server so far."""
        return self.connection().client.traffic

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
        self,
        batches: Sequence[Sequence[BaseQuery]],
        *,
        repeatable: bool = False,
        seconds: float | None = None,
    ) -> list[list[StatementResult] | PeeweeException]:
        """Run many batches in one request, each a transaction of its own, in this order.

        A batch that failed gives Peewee's exception in place of its results; the others are not
        touched by it. See `batch` for `repeatable`; `seconds` goes before `timeout`.
        """
        if self.in_transaction():
            # It would be kept even where the transaction around it is undone.
            raise ProgrammingError("A batch is a transaction, and cannot be part of another one.")
        statements = [[self.get_sql_context().parse(query) for query in each] for each in batches]
        with __exception_wrapper__:
            connection = self.connection()
            results = connection.batches(statements, repeatable=repeatable, seconds=seconds)
        return [_wrapped(result) for result in results]

    def is_connection_usable(self) -> bool:
        """Whether there is a connection that has not lost its transaction."""
        return not self.is_closed() and not self.connection().is_dead

    def connection(self) -> Connection:
        """Return this thread's connection."""
        connection: Connection = super().connection()  # type: ignore[no-untyped-call]
        return connection

    def commit(self) -> None:
        """Keep what the transaction did; OperationalError if it is lost."""
        try:
            super().commit()
        finally:
            self._replace_dead()

    def rollback(self) -> None:
        """Undo the transaction; if it is lost there is nothing to undo."""
        if self.is_closed():
            raise InterfaceError("Cannot rollback, database connection not open.")
        try:
            with __exception_wrapper__:
                self.connection().rollback()
        finally:
            self._replace_dead()

    def _replace_dead(self) -> None:
        """Begin anew after a lost transaction, but not before its whole block is over.

        Else the rest of the block would be carried out by itself.
        """
        block = self.top_transaction()  # type: ignore[no-untyped-call]
        is_over = block is None or isinstance(block, _manual)
        if is_over and not self.is_closed() and self.connection().is_dead:
            self.connection().close()
            # Not through `close` and `connect`, which would forget the blocks around this one.
            self._state.conn = self._connect()  # type: ignore[attr-defined]  # not in the stubs

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
