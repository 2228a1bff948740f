"""The DB-API 2.0 face: a connection that behaves as one of `sqlite3` does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self

from tracker_tui.turso.batches import IN_TRANSACTION, Step, batch, step
from tracker_tui.turso.client import DEADLINE, Batch, BatchResult, Client
from tracker_tui.turso.client_factory import create_client
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
from tracker_tui.turso.http_client import HttpClient
from tracker_tui.turso.results import (
    StatementResult,
    Steps,
    is_autocommit,
    response_of,
    steps_of,
)
from tracker_tui.turso.statements import Parameters
from tracker_tui.turso.stream import Stream
from tracker_tui.turso.tokens import Token

_LEVELS: Final = frozenset({"", "DEFERRED", "IMMEDIATE", "EXCLUSIVE"})
_WHERE_WE_ARE: Final = {"type": "get_autocommit"}


def connect(
    url: str,
    auth_token: str | Token | None = None,
    *,
    timeout: float = DEADLINE,
    isolation_level: str | None = "",
    allow_plain: bool = False,
) -> Connection:
    """Return a connection to a libSQL server; nothing is sent before the first statement.

    `url` is `libsql://`, `https://` or `http://` (`ws://` and `wss://` serve `batches` only);
    `timeout` is for each request as a whole, in seconds; `isolation_level` means what it means in
    `sqlite3`. Plain HTTP to another machine is refused unless `allow_plain`: it would send the
    token in the clear.
    """
    auth_token = Token.of(auth_token)
    client = create_client(url, auth_token, timeout, allow_plain=allow_plain)
    return Connection(client, timeout=timeout, isolation_level=isolation_level)


class Connection:
    """A connection to a libSQL server, for one thread at a time.

    Outside a transaction each statement stands alone, so the connection outlives a lost request. A
    transaction lives in a stream of the server's, and dies with it: then every further call raises
    OperationalError, and only `rollback` and `close` do nothing.
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
        """How transactions begin that are begun by themselves; None: they are not.

        Set to None it commits what is open, as in `sqlite3`.
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
        """Whether a transaction is open, as the server said with its last answer."""
        return self._in_transaction

    @property
    def is_dead(self) -> bool:
        """Whether a transaction was lost, and with it this connection."""
        return self._is_dead

    def check_usable(self) -> None:
        """Raise ProgrammingError if closed, TransactionLost (an OperationalError) if dead."""
        if self._is_closed:
            raise ProgrammingError("Cannot operate on a closed database.")
        if self._is_dead:
            raise TransactionLost("The transaction was lost, and nothing of it was kept")

    # What DB-API offers

    def cursor(self, factory: Callable[[Connection], Cursor] = Cursor) -> Cursor:
        """Return a new cursor."""
        self.check_usable()
        return factory(self)

    def execute(self, sql: str, parameters: Parameters = ()) -> Cursor:
        """Run one statement with a cursor of its own."""
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Parameters]) -> Cursor:
        """Run one statement for each set of parameters."""
        return self.cursor().executemany(sql, parameters)

    def executescript(self, script: str) -> Cursor:
        """Commit what is open, then run many statements; their rows are not kept."""
        return self.cursor().executescript(script)

    def commit(self) -> None:
        """Keep what the open transaction did."""
        self.check_usable()
        if self._in_transaction:
            self.run_steps([step({"sql": "COMMIT"}, IN_TRANSACTION)])

    def rollback(self) -> None:
        """Undo what the open transaction did; a lost one is undone already."""
        if self._is_dead:
            return
        self.check_usable()
        if self._in_transaction:
            self.run_steps([step({"sql": "ROLLBACK"}, IN_TRANSACTION)])

    def interrupt(self) -> None:
        """Let what waits for the server in another thread fail at once; safe from any thread."""
        self.client.interrupt()

    def close(self) -> None:
        """Let go of the server; an open transaction is undone."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            if self._stream is not None:
                # The server would do so by itself, but only after ten seconds.
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

    # Beyond DB-API

    def batches(
        self, batches: Sequence[Batch], *, repeatable: bool = False, seconds: float | None = None
    ) -> list[BatchResult]:
        """Run batches, each a transaction of its own, in one request; see `Client.batches`.

        They are independent of a transaction that is open here.
        """
        if self._is_closed:
            raise ProgrammingError("Cannot operate on a closed database.")
        return self.client.batches(batches, repeatable=repeatable, seconds=seconds)

    def run_steps(self, steps: Sequence[Step], *, begins: bool = False) -> list[StatementResult]:
        """Run the steps of one batch in this connection's stream; raises what failed in it.

        `begins` says that the first is a BEGIN which is there only for the next.
        """
        request = batch(steps)
        was_in_transaction = self._in_transaction
        outcome: Steps = steps_of(self._send(request), len(steps))
        self._count(outcome)
        if begins and not isinstance(outcome.errors[1], IntegrityError | None):
            # `sqlite3` begins only for a statement that it understood.
            with suppress(Error):
                self.rollback()
        for error in outcome.errors:
            if isinstance(error, TransactionLost) and was_in_transaction:
                self._die()
            if error is not None:
                raise error
        done = [result for result in outcome.results if result is not None]
        if was_in_transaction and len(done) < len(steps):
            # Its condition did not hold: the server has gone back to committing by itself.
            self._die()
            self.check_usable()
        if len(done) < len(steps):
            raise OutcomeUnknown("The server says neither that a statement ran nor why it did not")
        return done

    def begin_step(self) -> Step:
        """Return the step that begins a transaction as `isolation_level` says."""
        return step({"sql": f"BEGIN {self._isolation_level or ''}".strip()})

    def _send(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the response to a request, and learn whether a transaction is open after it."""
        self.check_usable()
        if self._stream is None:
            raise NotSupportedError("Over a WebSocket there are batches only: use https:// or so.")
        if not self._in_transaction and not self._stream.is_open:
            self._stream.forget()
        was_in_transaction = self._in_transaction
        try:
            answers = self._exchange(self._stream, [request, _WHERE_WE_ARE])
            # Looked at first: it holds whether the request itself succeeded or not.
            self._in_transaction = not is_autocommit(answers[1])
        except Error:
            if was_in_transaction:
                self._die()
            raise
        if was_in_transaction and not self._in_transaction and answers[0]["type"] == "error":
            # It was refused before it ran, so it is not what ended the transaction.
            self._die()
            self.check_usable()
        return response_of(answers[0])

    def _exchange(self, stream: Stream, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        try:
            return stream.send(requests, self._timeout)
        except TransactionLost:
            if self._in_transaction:
                raise
            # An idle stream that the server has closed meanwhile: nothing was in it.
            return stream.send(requests, self._timeout)

    def _count(self, steps: Steps) -> None:
        done = [result for result in steps.results if result is not None]
        self.client.traffic.count(done)
        self.total_changes += sum(result.rowcount for result in done)

    def _die(self) -> None:
        self._is_dead = True
        self._in_transaction = False

    # What a remote database cannot do

    def create_function(self, *_: object, **__: object) -> None:
        """Raise NotSupportedError: the server runs no Python."""
        raise NotSupportedError("A remote database runs no functions of ours.")

    create_aggregate = create_collation = create_window_function = create_function
    enable_load_extension = load_extension = create_function
