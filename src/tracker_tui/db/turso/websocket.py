"""Batches over a WebSocket, through `libsql-client`: the optional extra `ws`.

For self-hosted servers; Turso's cloud takes no WebSockets everywhere. Each batch is a message of
its own, and the server does not say how many rows it read.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from tracker_tui.db.turso.batches import only_reads
from tracker_tui.db.turso.client import Batch, BatchResult, Traffic
from tracker_tui.db.turso.errors import (
    Error,
    NoSuchHost,
    NotSent,
    NotSupportedError,
    OutcomeUnknown,
    TimedOut,
    TlsFailed,
    TokenRefused,
    error_for,
)
from tracker_tui.db.turso.results import StatementResult
from tracker_tui.db.turso.statements import Statement, wired
from tracker_tui.db.turso.urls import Endpoint
from tracker_tui.db.turso.values import decode

if TYPE_CHECKING:
    from libsql_client import Client

_CLOSING_SECONDS = 2.0
_CONNECTION_CODES = ("HRANA_", "CLIENT_CLOSED")


class WebSocketClient:
    """Speaks to a server over one WebSocket, which is opened anew when it broke."""

    def __init__(self, at: Endpoint, token: str | None, seconds: float) -> None:
        self._traffic = Traffic()
        self._seconds = seconds
        create = _library()
        # A closure: whatever prints the object must not print the token.
        self._create: Callable[[], Client] = lambda: create(at.base, auth_token=token)
        self._client: Client | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: Future[list[StatementResult]] | None = None

    @property
    def traffic(self) -> Traffic:
        """What has been exchanged so far; rows are not counted."""
        return self._traffic

    def batches(
        self, batches: Sequence[Batch], *, repeatable: bool = False, seconds: float | None = None
    ) -> list[BatchResult]:
        """See `Client.batches`; the deadline is for all of them together."""
        deadline = monotonic() + (self._seconds if seconds is None else seconds)
        return [
            self._batch(each, deadline, may_repeat=repeatable or only_reads(each))
            for each in batches
        ]

    def interrupt(self) -> None:
        """See `Client.interrupt`."""
        work = self._work
        if work is not None:
            work.cancel()

    def close(self) -> None:
        """Let go of the connection and of the thread that served it."""
        self._drop()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._loop = None

    def _batch(self, batch: Batch, deadline: float, *, may_repeat: bool) -> BatchResult:
        statements = [_for_library(statement) for statement in batch]
        try:
            return self._ask(statements, deadline)
        except OutcomeUnknown:
            if not may_repeat:
                raise
            return self._ask(statements, deadline)

    def _ask(self, statements: list[Any], deadline: float) -> BatchResult:
        from libsql_client import LibsqlError

        self._traffic.requests += 1
        self._work = asyncio.run_coroutine_threadsafe(
            asyncio.wait_for(self._run(statements), deadline - monotonic()), self._running_loop()
        )
        try:
            return self._work.result()
        except LibsqlError as error:
            if not error.code.startswith(_CONNECTION_CODES):
                return self._reported(error)
            self._drop()
            raise OutcomeUnknown("The connection broke before the answer came") from error
        # asyncio's TimeoutError is the built-in one, which is an OSError too.
        except (TimeoutError, CancelledError) as error:
            self._drop()
            raise TimedOut("No whole answer came in time") from error
        except Exception as error:  # whatever aiohttp raises, and answers that make no sense
            self._drop()
            raise _explained(error) from error

    async def _run(self, statements: list[Any]) -> list[StatementResult]:
        if self._client is None:
            self._client = self._create()
        answers = await self._client.batch(statements)
        return [
            StatementResult(
                [row.astuple() for row in answer],
                answer.rows_affected,
                answer.columns,
                answer.last_insert_rowid,
            )
            for answer in answers
        ]

    def _reported(self, error: Any) -> Error:
        if error.code.startswith("AUTH"):
            self._drop()
            raise TokenRefused(f"The server refused the token: {error.explanation}", error.code)
        return error_for(error.code, error.explanation)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(
                target=self._loop.run_forever, name="turso-websocket", daemon=True
            ).start()
        return self._loop

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is None or self._loop is None:
            return
        closing = asyncio.run_coroutine_threadsafe(client.close(), self._loop)
        # It is broken already, so how its closing fails tells nothing.
        with suppress(Exception):
            closing.result(_CLOSING_SECONDS)


def _library() -> Any:
    try:
        from libsql_client import create_client
    except ImportError as error:
        message = "ws:// and wss:// need the extra: pip install 'tracker-tui[ws]'"
        raise NotSupportedError(message) from error
    return create_client


def _for_library(statement: Statement) -> tuple[str, Any]:
    # Through the wire's own form, so that values mean the same on both ways to a server.
    sent = wired(*statement)
    if "named_args" in sent:
        return sent["sql"], {each["name"]: decode(each["value"]) for each in sent["named_args"]}
    return sent["sql"], [decode(value) for value in sent["args"]]


def _explained(error: Exception) -> Error:
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NoSuchHost("The name of the server is not known")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return TlsFailed("No trusted encrypted connection could be made")
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return NotSent(f"The server takes no WebSocket here ({error.status})")
    if isinstance(error, aiohttp.ClientConnectorError):
        return NotSent("No connection to the server could be made")
    return OutcomeUnknown("The connection broke, or the answer is not what a server sends")
