"""Batches over a WebSocket, through `libsql-client`: the optional extra `ws`.

For self-hosted servers: Turso's cloud does not accept WebSockets in all of its regions. Each batch
is a message, not an HTTP request, and the server does not say how many rows it read.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from tracker_tui.net.errors import without_frames
from tracker_tui.turso.batches import only_reads
from tracker_tui.turso.client import Batch, BatchResult, Traffic, send_again
from tracker_tui.turso.errors import (
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
from tracker_tui.turso.statements import Statement, encode_statement
from tracker_tui.turso.urls import Endpoint, Token
from tracker_tui.turso.values import Row, StatementResult, checked_integer, decode

if TYPE_CHECKING:
    import libsql_client

T = TypeVar("T")

_CLOSING_SECONDS = 2.0
_CLOSED = "CLIENT_CLOSED"


class WebSocketClient:
    """Runs batches over one WebSocket, and reconnects after it broke."""

    def __init__(self, server: Endpoint, token: Token, seconds: float) -> None:
        self._traffic = Traffic()
        self._seconds = seconds
        self._url = server.base
        self._token = token
        create = _library()
        self._create: Callable[[], libsql_client.Client] = lambda: create(
            server.base, auth_token=token.reveal()
        )
        self._client: libsql_client.Client | None = None
        self._thread: _LoopThread | None = None

    @property
    def traffic(self) -> Traffic:
        """The requests so far; rows are not counted."""
        return self._traffic

    def batches(
        self, batches: Sequence[Batch], *, repeatable: bool = False, seconds: float | None = None
    ) -> list[BatchResult]:
        """See `Client.batches`. The deadline is for all messages together."""
        deadline = monotonic() + (self._seconds if seconds is None else seconds)
        return [
            self._batch(each, deadline, may_repeat=repeatable or only_reads(each))
            for each in batches
        ]

    def interrupt(self) -> None:
        """See `Client.interrupt`."""
        self._disconnect()

    def close(self) -> None:
        """Close the connection and end its thread."""
        self._disconnect()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()

    def _batch(self, batch: Batch, deadline: float, *, may_repeat: bool) -> BatchResult:
        statements = [_for_library(statement) for statement in batch]
        try:
            return self._send(statements, deadline)
        except OutcomeUnknown as lost:
            if not may_repeat:
                raise
            (result,) = send_again(lost, lambda: [self._send(statements, deadline)])
            return result

    def _send(self, statements: list[Any], deadline: float) -> BatchResult:
        from libsql_client import LibsqlError

        self._traffic.requests += 1
        if self._thread is None:
            self._thread = _LoopThread()
        try:
            # Wait here rather than in the loop: if cancelled, the library would log errors.
            return self._thread.start(self._run(statements)).result(deadline - monotonic())
        except LibsqlError as error:
            if error.code == _CLOSED:
                raise TimedOut("The request was aborted before its answer came") from error
            if not _is_broken(error):
                return self._statement_error(error)
            self._disconnect()
            raise OutcomeUnknown("The connection broke before the answer came") from error
        except TimeoutError as error:
            self._disconnect()
            raise TimedOut("No whole answer came in time") from error
        except Exception as error:  # anything from aiohttp, and malformed answers
            self._disconnect()
            raise _driver_error(error) from error

    async def _run(self, statements: list[Any]) -> list[StatementResult]:
        is_new = self._client is None
        try:
            client = self._client = self._client or self._create()
            answers = await client.batch(statements)
        except Exception as error:
            without_frames(error)  # those of the library hold the token
            if is_new and _is_broken(error):
                await _say_hello(self._url, self._token)
            raise
        return [
            StatementResult(
                [_checked(row.astuple()) for row in answer],
                answer.rows_affected,
                answer.columns,
                answer.last_insert_rowid,
            )
            for answer in answers
        ]

    def _statement_error(self, error: Any) -> Error:
        if error.code.startswith("AUTH"):
            self._disconnect()
            raise TokenRefused(f"The server rejected the token: {error.explanation}", error.code)
        return error_for(error.code, error.explanation)

    def _disconnect(self) -> None:
        """Close the connection in the background; the next request opens a new one.

        Calls that still wait for it fail with CLIENT_CLOSED.
        """
        client, self._client = self._client, None
        if client is not None and self._thread is not None:
            self._thread.start(client.close())


class _LoopThread:
    """A thread with an event loop, because the library needs one that always runs."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._last: Future[Any] | None = None
        # A daemon: Python does not wait for it at exit.
        self._thread = threading.Thread(target=self._serve, name="turso-websocket", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine in the loop."""
        started = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._last = started
        return started

    def stop(self) -> None:
        """End the thread, after the last coroutine, which closes a connection."""
        if self._last is not None:
            # The connection is given up anyway, so its errors do not matter.
            with suppress(Exception):
                self._last.result(_CLOSING_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSING_SECONDS)

    def _serve(self) -> None:
        # When it ends, the runner cancels pending tasks and waits for the loop's own threads.
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.get_loop().run_forever()


def _library() -> Any:
    try:
        from libsql_client import create_client
    except ImportError as error:
        message = "ws:// and wss:// need the extra: pip install 'tracker-tui[ws]'"
        raise NotSupportedError(message) from error
    return create_client


def _checked(row: Row) -> Row:
    for value in row:
        if isinstance(value, int):
            checked_integer(value)
    return row


def _for_library(statement: Statement) -> tuple[str, Any]:
    # Encode and decode, so that values mean the same as over HTTP.
    encoded = encode_statement(*statement)
    if "named_args" in encoded:
        named = {each["name"]: decode(each["value"]) for each in encoded["named_args"]}
        return encoded["sql"], named
    return encoded["sql"], [decode(value) for value in encoded["args"]]


async def _say_hello(url: str, token: Token) -> None:
    """Send only the hello message; raises LibsqlError if the server rejects the token.

    The library sends more at once, so the server may hang up before its reason arrives.
    """
    import aiohttp
    from libsql_client import LibsqlError

    with suppress(aiohttp.ClientError, TypeError, ValueError):
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, protocols=["hrana2"]) as socket,
        ):
            await socket.send_json({"type": "hello", "jwt": token.reveal()})
            answer = await socket.receive_json()
            if answer["type"] == "hello_error":
                error = answer["error"]
                raise LibsqlError(error["message"], error.get("code") or "UNKNOWN")


def _is_broken(error: Exception) -> bool:
    """Whether an error means that the connection broke, for an unknown reason."""
    import aiohttp
    from libsql_client import LibsqlError

    if isinstance(error, LibsqlError):
        code: str = error.code
        return code.startswith("HRANA_")
    return isinstance(error, aiohttp.ClientConnectionResetError)


def _driver_error(error: Exception) -> Error:
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return NoSuchHost("The name of the server is not known")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return TlsFailed("No trusted encrypted connection could be made")
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return NotSent(f"The server accepts no WebSocket here ({error.status})")
    if isinstance(error, aiohttp.ClientConnectorError):
        return NotSent("No connection to the server could be made")
    return OutcomeUnknown("The connection broke, or the answer is not what a server sends")
