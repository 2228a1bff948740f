"""Clients: whole transactions on a server, many in one request. The program uses these.

    client = create_client("libsql://guild-me.turso.io", token)
    read, written = client.batches([
        [("SELECT name FROM resources WHERE id = ?", ("spice",))],
        [("DELETE FROM resources WHERE id = ?", ("spice",)), ("SELECT changes()", ())],
    ])

Both batches travel in one HTTP request, and each runs in its own transaction. `read` is a list
with a `StatementResult` for each statement, or the `Error` that rolled the batch back. Errors that
concern the request as a whole are raised.

If the answer gets lost, a request that only reads is sent a second time, and so is one that the
caller calls repeatable because its statements check whether they ran before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

from tracker_tui.turso.batches import (
    only_reads,
    replication_index,
    transaction,
    transaction_results,
)
from tracker_tui.turso.errors import Error, OutcomeUnknown, PlainTextRefused
from tracker_tui.turso.pipeline import CLOSE, Stream, Transport
from tracker_tui.turso.statements import Statement
from tracker_tui.turso.urls import Endpoint, Token, endpoint
from tracker_tui.turso.values import StatementResult, response_of

DEADLINE: Final = 15.0
"""Seconds for one request as a whole, by default."""

Batch = Sequence[Statement]
BatchResult = list[StatementResult] | Error
"""A result for each statement of a batch, or the error that rolled it back.

If the batch was sent twice, the error is that of the second time: `may_have_happened` is true.
"""


@dataclass
class Traffic:
    """Counts of what was sent to a server and received from it."""

    requests: int = 0
    rows_read: int = 0
    rows_written: int = 0
    commits: int | None = None
    """A number that changes with each commit; None if the server does not tell it."""

    def count(self, results: Sequence[StatementResult]) -> None:
        """Add the server's counts for some statements."""
        self.rows_read += sum(result.rows_read for result in results)
        self.rows_written += sum(result.rows_written for result in results)


class Client(Protocol):
    """Runs batches on a server. Use it from one thread; only `interrupt` is for others."""

    @property
    def traffic(self) -> Traffic:
        """The requests, statements and rows so far."""

    def batches(
        self, batches: Sequence[Batch], *, repeatable: bool = False, seconds: float | None = None
    ) -> list[BatchResult]:
        """Run each batch in its own transaction, in this order.

        `repeatable`: running a batch twice does no harm, so a lost request may be sent once more,
        as those that only read always are. `seconds` is the deadline.
        """

    def interrupt(self) -> None:
        """Make a call that waits in another thread fail at once."""

    def close(self) -> None:
        """Close the connection."""


def create_client(
    url: str, token: str | Token | None, seconds: float = DEADLINE, *, allow_plain: bool = False
) -> Client:
    """Return a client for the server of a URL; nothing is sent yet.

    Raises InterfaceError for a malformed URL or token; PlainTextRefused if the token would travel
    unencrypted to another machine, unless `allow_plain`; NotSupportedError for a WebSocket without
    the extra `ws`.
    """
    token = Token.of(token)
    token.check()
    server = endpoint(url)
    if not (server.is_encrypted or server.is_this_machine or allow_plain):
        raise PlainTextRefused(
            f"{server.scheme}:// would send the token in the clear to {server.host}"
        )
    if server.is_websocket:
        from tracker_tui.turso.websocket import WebSocketClient

        return WebSocketClient(server, token, seconds)
    return HttpClient(server, token, seconds)


class HttpClient:
    """Speaks Hrana 3 over HTTP: any number of batches are one request."""

    def __init__(self, server: Endpoint, token: Token, seconds: float = DEADLINE) -> None:
        self._server = server
        self._seconds = seconds
        self._transport = Transport(token, seconds)
        self._traffic = Traffic()

    @property
    def traffic(self) -> Traffic:
        """See `Client.traffic`."""
        self._traffic.requests = self._transport.requests_sent
        return self._traffic

    def stream(self) -> Stream:
        """Return a new stream, for statements that are sent one by one."""
        return Stream(self._transport, self._server)

    def batches(
        self, batches: Sequence[Batch], *, repeatable: bool = False, seconds: float | None = None
    ) -> list[BatchResult]:
        """See `Client.batches`."""
        seconds = self._seconds if seconds is None else seconds
        deadline = monotonic() + seconds
        try:
            return self._send(batches, seconds)
        except OutcomeUnknown as lost:
            left, reads = deadline - monotonic(), all(map(only_reads, batches))
            if left <= 0 or not (repeatable or reads):
                raise
            if reads:
                return self._send(batches, left)
            return send_again(lost, lambda: self._send(batches, left))

    def interrupt(self) -> None:
        """See `Client.interrupt`."""
        self._transport.abort()

    def close(self) -> None:
        """See `Client.close`. The next request opens a new connection."""
        self._transport.close()

    def _send(self, batches: Sequence[Batch], seconds: float) -> list[BatchResult]:
        requests = [*map(transaction, batches), CLOSE]
        answer = self._transport.post(self._server.base, requests, seconds)
        return [self._parse(*each) for each in zip(answer.results, batches, strict=False)]

    def _parse(self, result: dict[str, object], batch: Batch) -> BatchResult:
        try:
            response = response_of(result)
            results = transaction_results(response, len(batch))
        except OutcomeUnknown:
            raise
        except Error as error:
            return error
        self._traffic.count(results)
        self._traffic.commits = replication_index(response)
        return results


def send_again(lost: OutcomeUnknown, send: Callable[[], list[BatchResult]]) -> list[BatchResult]:
    """Send changes a second time. Errors of this time do not tell what happened the first time."""
    try:
        results = send()
    except Error as error:
        if error.may_have_happened:
            raise
        raise lost from error
    for result in results:
        if isinstance(result, Error):
            result.may_have_happened = True
    return results
