"""A DB-API 2.0 connection that behaves like one of `sqlite3`.

Outside a transaction each statement is a separate request, and a lost answer harms nothing else.
A transaction lives in one stream on the server (see `pipeline`), statement by statement. Each of
its statements is a step that runs only if the transaction is still open, because the server may
roll it back at any time: after 5 seconds it does so for others that wait to write. Then the
connection is dead:

    connection.execute("INSERT …")    # raises TransactionLost: nothing of the transaction was kept
    connection.rollback()             # does nothing
    connection.execute("SELECT 1")    # raises TransactionLost again
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from tracker_tui.turso.batches import (
    IN_TRANSACTION,
    Step,
    StepOutcomes,
    batch,
    step,
    step_outcomes,
)
from tracker_tui.turso.client import DEADLINE, Client, HttpClient, create_client
from tracker_tui.turso.cursor import Cursor
from tracker_tui.turso.errors import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    NotSupportedError,
    OperationalError,
    OutcomeUnknown,
    ProgrammingError,
    TransactionLost,
    Warning,  # noqa: A004 - the name is DB-API's
)
from tracker_tui.turso.pipeline import Stream
from tracker_tui.turso.statements import Parameters
from tracker_tui.turso.urls import Token
from tracker_tui.turso.values import StatementResult, is_autocommit, response_of

_LEVELS: Final = frozenset({"", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"})
_GET_AUTOCOMMIT: Final = {"type": "get_autocommit"}


def connect(
    url: str,
    auth_token: str | Token | None = None,
    *,
    timeout: float = DEADLINE,
    isolation_level: str | None = "",
    allow_plain: bool = False,
) -> Connection:
    """Return a connection to a libSQL server; nothing is sent before the first statement.

    `url` is `libsql://`, `https://` or `http://` (`ws://` and `wss://` support only `batches` of
    the connection's `client`). `timeout` is the time for a whole request in seconds.
    `isolation_level` has the meaning that it has in `sqlite3`. Plain HTTP to another machine is an
    error unless `allow_plain`: it would send the token unencrypted.
    """
    auth_token = Token.of(auth_token)
    client = create_client(url, auth_token, timeout, allow_plain=allow_plain)
    return Connection(client, timeout=timeout, isolation_level=isolation_level)


class Connection:
    """A connection to a libSQL server; use it from one thread at a time.

    After a lost transaction every call raises OperationalError, except `rollback` and `close`.
    """

    Error = Error
    Warning = Warning
    InterfaceError = InterfaceError
    DatabaseError = DatabaseError
    DataError = DataError
    OperationalError = OperationalError
    IntegrityError = IntegrityError
    InternalError = InternalError
    ProgrammingError = ProgrammingError
    NotSupportedError = NotSupportedError

    def __init__(
        self, client: Client, *, timeout: float = DEADLINE, isolation_level: str | None = ""
    ) -> None:
        self.client = client
        self.row_factory: Callable[..., Any] | None = None
        self.total_changes = 0
        self._timeout = timeout
        self._stream = client.stream() if isinstance(client, HttpClient) else None
        self._in_transaction = False
        self._is_dead = False
        self._is_closed = False
        self.isolation_level = isolation_level

    # The state

    @property
    def isolation_level(self) -> str | None:
        """How implicit transactions begin; None turns them off.

        Setting it to None commits the open transaction, as in `sqlite3`.
        """
        return self._isolation_level

    @isolation_level.setter
    def isolation_level(self, level: str | None) -> None:
        if not isinstance(level, str | None):
            raise TypeError("isolation_level must be str or None")
        if level is None:
            self.commit()
        elif level.upper() not in _LEVELS:
            raise ValueError("isolation_level string must be '', 'DEFERRED', 'IMMEDIATE' or so")
        self._isolation_level = None if level is None else level.upper()

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, according to the latest answer."""
        return self._in_transaction

    @property
    def is_dead(self) -> bool:
        """Whether a lost transaction made this connection unusable."""
        return self._is_dead

    def check_usable(self) -> None:
        """Raise ProgrammingError if closed, TransactionLost (an OperationalError) if dead."""
        if self._is_closed:
            raise ProgrammingError("Cannot operate on a closed database.")
        if self._is_dead:
            raise TransactionLost("The transaction was lost, and nothing of it was kept")

    # DB-API 2.0

    def cursor(self, factory: Callable[[Connection], Cursor] = Cursor) -> Cursor:
        """Return a new cursor, made by `factory`."""
        self.check_usable()
        return factory(self)

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Run one statement; return its cursor."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> Cursor:
        """Run one statement for each set of parameters; see `Cursor.executemany`."""
        return self.cursor().executemany(sql, parameters)

    def executescript(self, script: str) -> Cursor:
        """Commit, then run the statements of a script; see `Cursor.executescript`."""
        return self.cursor().executescript(script)

    def commit(self) -> None:
        """Commit the open transaction."""
        self.check_usable()
        if self._in_transaction:
            self.run_steps([step({"sql": "COMMIT"}, IN_TRANSACTION)])

    def rollback(self) -> None:
        """Roll back the open transaction; a lost one is rolled back already."""
        if self._is_dead:
            return
        self.check_usable()
        if self._in_transaction:
            self.run_steps([step({"sql": "ROLLBACK"}, IN_TRANSACTION)])

    def interrupt(self) -> None:
        """Make a call that waits in another thread fail at once."""
        self.client.interrupt()

    def close(self) -> None:
        """Close the connection; an open transaction is rolled back."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._stream is not None:
                # Otherwise the server keeps the stream, and its locks, for ten seconds.
                with suppress(OperationalError):
                    self._stream.close(self._timeout)
        finally:
            self._in_transaction = False
            self.client.close()

    def __enter__(self) -> Self:
        self.check_usable()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.rollback()
            return
        try:
            self.commit()
        except Error:
            self.rollback()
            raise

    # For cursors

    def run_steps(self, steps: Sequence[Step], *, begins: bool = False) -> list[StatementResult]:
        """Run the steps of one batch in this connection's stream; raises the error of a step.

        `begins`: the first step is an implicit BEGIN for the next one.
        """
        request = batch(steps)
        was_in_transaction = self._in_transaction
        outcomes = step_outcomes(self._send(request), len(steps))
        self._count(outcomes)
        if begins and not isinstance(outcomes.errors[1], IntegrityError | None):
            # `sqlite3` does not begin a transaction for a statement with a syntax error.
            with suppress(Error):
                self.rollback()
        for error in outcomes.errors:
            if isinstance(error, TransactionLost) and was_in_transaction:
                self._die()
            if error is not None:
                raise error
        done = [result for result in outcomes.results if result is not None]
        if was_in_transaction and len(done) < len(steps):
            # A step was skipped because the server has ended the transaction.
            self._die()
            self.check_usable()
        if len(done) < len(steps):
            raise OutcomeUnknown("The server says neither that a statement ran nor why it did not")
        return done

    def begin_step(self) -> Step:
        """Return the step that begins an implicit transaction."""
        return step({"sql": f"BEGIN {self._isolation_level or ''}".strip()})

    def _send(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the response to a request; note whether a transaction is open after it."""
        self.check_usable()
        if self._stream is None:
            raise NotSupportedError("A WebSocket supports only batches. Use https:// instead.")
        if not self._in_transaction and not self._stream.is_open:
            self._stream.forget()
        was_in_transaction = self._in_transaction
        try:
            answers = self._ask(self._stream, [request, _GET_AUTOCOMMIT])
            # Read this first: it is true whether the request itself succeeded or not.
            self._in_transaction = not is_autocommit(answers[1])
        except Error:
            if was_in_transaction:
                self._die()
            raise
        if was_in_transaction and not self._in_transaction and answers[0]["type"] == "error":
            # The server rejected it before it ran, so something else ended the transaction.
            self._die()
            self.check_usable()
        return response_of(answers[0])

    def _ask(self, stream: Stream, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        try:
            return stream.send(requests, self._timeout)
        except TransactionLost:
            if self._in_transaction:
                raise
            # The server has closed the idle stream, which held no transaction.
            return stream.send(requests, self._timeout)

    def _count(self, outcomes: StepOutcomes) -> None:
        done = [result for result in outcomes.results if result is not None]
        self.client.traffic.count(done)
        self.total_changes += sum(result.rowcount for result in done)

    def _die(self) -> None:
        self._is_dead = True
        self._in_transaction = False

    # Not supported

    def create_function(self, *_: object, **__: object) -> None:
        """Raise NotSupportedError: the server cannot run Python."""
        raise NotSupportedError("A remote database cannot run Python functions.")

    create_aggregate = create_collation = create_window_function = create_function
    enable_load_extension = load_extension = create_function
