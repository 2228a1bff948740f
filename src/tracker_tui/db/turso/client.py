"""What every way to a server offers: whole transactions, many in one request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

from tracker_tui.db.turso.batches import only_reads, transaction, transaction_results
from tracker_tui.db.turso.errors import Error, OutcomeUnknown, PlainTextRefused
from tracker_tui.db.turso.results import StatementResult, response_of
from tracker_tui.db.turso.statements import Statement
from tracker_tui.db.turso.stream import CLOSE, Stream
from tracker_tui.db.turso.tokens import Token
from tracker_tui.db.turso.transport import Transport
from tracker_tui.db.turso.urls import Endpoint, endpoint

DEADLINE: Final = 15.0
"""Seconds that one request may take as a whole, unless the caller says otherwise."""

Batch = Sequence[Statement]
BatchResult = list[StatementResult] | Error
"""A result for each statement of a batch, or the error for which none of it was kept."""


@dataclass
class Traffic:
    """What has been exchanged with a server, as far as it counts it."""

    requests: int = 0
    rows_read: int = 0
    rows_written: int = 0

    def count(self, results: Sequence[StatementResult]) -> None:
        """Add what the server says of some statements."""
        self.rows_read += sum(result.rows_read for result in results)
        self.rows_written += sum(result.rows_written for result in results)


class Client(Protocol):
    """A way to a server."""

    @property
    def traffic(self) -> Traffic:
        """What has been exchanged so far."""

    def batches(
        self, batches: Sequence[Batch], *, repeatable: bool = False, seconds: float | None = None
    ) -> list[BatchResult]:
        """Run each batch in a transaction of its own, in this order.

        `repeatable` says that running one twice does no harm: then, as for batches that only read,
        what got lost on the way is sent once more. Raises what concerns them all; `seconds` is the
        deadline.
        """

    def interrupt(self) -> None:
        """Let what waits for the server in another thread fail at once."""

    def close(self) -> None:
        """Let go of the server."""


class HttpClient:
    """Speaks Hrana 3 over HTTP: any number of batches are one request."""

    def __init__(self, at: Endpoint, token: Token, seconds: float = DEADLINE) -> None:
        self._endpoint = at
        self._seconds = seconds
        self._transport = Transport(token)
        self._traffic = Traffic()

    @property
    def traffic(self) -> Traffic:
        """What has been exchanged so far."""
        self._traffic.requests = self._transport.requests_sent
        return self._traffic

    def stream(self) -> Stream:
        """Return a new stream, for statements that are sent one by one."""
        return Stream(self._transport, self._endpoint)

    def batches(
        self, batches: Sequence[Batch], *, repeatable: bool = False, seconds: float | None = None
    ) -> list[BatchResult]:
        """See `Client.batches`."""
        seconds = self._seconds if seconds is None else seconds
        deadline = monotonic() + seconds
        try:
            return self._ask(batches, seconds)
        except OutcomeUnknown as lost:
            left, reads = deadline - monotonic(), all(map(only_reads, batches))
            if left <= 0 or not (repeatable or reads):
                raise
            return self._ask(batches, left) if reads else self._ask_again(batches, left, lost)

    def interrupt(self) -> None:
        """See `Client.interrupt`."""
        self._transport.interrupt()

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()

    def _ask(self, batches: Sequence[Batch], seconds: float) -> list[BatchResult]:
        requests = [*map(transaction, batches), CLOSE]
        answers = self.stream().send(requests, seconds)
        return [self._read(*each) for each in zip(answers, batches, strict=False)]

    def _ask_again(
        self, batches: Sequence[Batch], seconds: float, lost: OutcomeUnknown
    ) -> list[BatchResult]:
        """Send changes a second time; what prevents them now says nothing of the first time."""
        try:
            results = self._ask(batches, seconds)
        except Error as error:
            if error.may_have_happened:
                raise
            raise lost from error
        for result in results:
            if isinstance(result, Error):
                result.may_have_happened = True
        return results

    def _read(self, result: dict[str, object], batch: Batch) -> BatchResult:
        try:
            results = transaction_results(response_of(result), len(batch))
        except OutcomeUnknown:
            raise
        except Error as error:
            return error
        self._traffic.count(results)
        return results


def client_for(
    url: str, token: str | Token | None, seconds: float = DEADLINE, *, allow_plain: bool = False
) -> Client:
    """Return a way to the server of this URL; nothing is sent yet.

    Raises InterfaceError for a URL or a token that is none, PlainTextRefused for a URL that would
    send the token in the clear to another machine, unless `allow_plain`; NotSupportedError where a
    WebSocket is wanted and the extra `ws` is not installed.
    """
    token = Token.of(token)
    token.check()
    at = endpoint(url)
    if not (at.is_encrypted or at.is_this_machine or allow_plain):
        raise PlainTextRefused(f"{at.scheme}:// would send the token in the clear to {at.host}")
    if at.is_websocket:
        from tracker_tui.db.turso.websocket import WebSocketClient

        return WebSocketClient(at, token, seconds)
    return HttpClient(at, token, seconds)
