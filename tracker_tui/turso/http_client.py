"""The usual way to a server: Hrana 3 over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from tracker_tui.turso.batches import only_reads, transaction, transaction_results
from tracker_tui.turso.client import DEADLINE, Batch, BatchResult, Traffic, ask_again
from tracker_tui.turso.errors import Error, OutcomeUnknown
from tracker_tui.turso.pipeline import Transport
from tracker_tui.turso.results import replication_index, response_of
from tracker_tui.turso.stream import CLOSE, Stream
from tracker_tui.turso.tokens import Token
from tracker_tui.turso.urls import Endpoint


class HttpClient:
    """Speaks Hrana 3 over HTTP: any number of batches are one request."""

    def __init__(self, at: Endpoint, token: Token, seconds: float = DEADLINE) -> None:
        self._endpoint = at
        self._seconds = seconds
        self._transport = Transport(token, seconds)
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
            if reads:
                return self._ask(batches, left)
            return ask_again(lost, lambda: self._ask(batches, left))

    def interrupt(self) -> None:
        """See `Client.interrupt`."""
        self._transport.abort()

    def close(self) -> None:
        """Let go of the connection."""
        self._transport.close()

    def _ask(self, batches: Sequence[Batch], seconds: float) -> list[BatchResult]:
        requests = [*map(transaction, batches), CLOSE]
        answers = self.stream().send(requests, seconds)
        return [self._read(*each) for each in zip(answers, batches, strict=False)]

    def _read(self, result: dict[str, object], batch: Batch) -> BatchResult:
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
