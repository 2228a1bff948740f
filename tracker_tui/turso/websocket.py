"""Batches over a WebSocket, through `libsql-client`: the optional extra `ws`.

For self-hosted servers; Turso's cloud takes no WebSockets everywhere. Each batch is a message of
its own, and the server does not say how many rows it read.
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
from tracker_tui.turso.client import Batch, BatchResult, Traffic, ask_again
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
from tracker_tui.turso.results import Row, StatementResult
from tracker_tui.turso.statements import Statement, wired
from tracker_tui.turso.tokens import Token
from tracker_tui.turso.urls import Endpoint
from tracker_tui.turso.values import checked_integer, decode

if TYPE_CHECKING:
    from libsql_client import Client

T = TypeVar("T")

_CLOSING_SECONDS = 2.0
_CLOSED = "CLIENT_CLOSED"


class WebSocketClient:
    """Speaks to a server over one WebSocket, which is opened anew when it broke."""

    def __init__(self, at: Endpoint, token: Token, seconds: float) -> None:
        self._traffic = Traffic()
        self._seconds = seconds
        self._url = at.base
        self._token = token
        create = _library()
        self._create: Callable[[], Client] = lambda: create(at.base, auth_token=token.reveal())
        self._client: Client | None = None
        self._thread: _LoopThread | None = None

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
        self._drop()

    def close(self) -> None:
        """Let go of the connection and of the thread that served it."""
        self._drop()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.stop()

    def _batch(self, batch: Batch, deadline: float, *, may_repeat: bool) -> BatchResult:
        statements = [_for_library(statement) for statement in batch]
        try:
            return self._ask(statements, deadline)
        except OutcomeUnknown as lost:
            if not may_repeat:
                raise
            (result,) = ask_again(lost, lambda: [self._ask(statements, deadline)])
            return result

    def _ask(self, statements: list[Any], deadline: float) -> BatchResult:
        from libsql_client import LibsqlError

        self._traffic.requests += 1
        if self._thread is None:
            self._thread = _LoopThread()
        try:
            # Waited for out here: cancelled, the library would log errors of its own.
            return self._thread.start(self._run(statements)).result(deadline - monotonic())
        except LibsqlError as error:
            if error.code == _CLOSED:
                raise TimedOut("The answer was not waited for any longer") from error
            if not _is_broken(error):
                return self._reported(error)
            self._drop()
            raise OutcomeUnknown("The connection broke before the answer came") from error
        except TimeoutError as error:
            self._drop()
            raise TimedOut("No whole answer came in time") from error
        except Exception as error:  # whatever aiohttp raises, and answers that make no sense
            self._drop()
            raise _explained(error) from error

    async def _run(self, statements: list[Any]) -> list[StatementResult]:
        is_new = self._client is None
        try:
            client = self._client = self._client or self._create()
            answers = await client.batch(statements)
        except Exception as error:
            without_frames(error)  # the library's: they hold the token
            if is_new and _is_broken(error):
                await _greet(self._url, self._token)
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

    def _reported(self, error: Any) -> Error:
        if error.code.startswith("AUTH"):
            self._drop()
            raise TokenRefused(f"The server refused the token: {error.explanation}", error.code)
        return error_for(error.code, error.explanation)

    def _drop(self) -> None:
        """Begin with a new connection next time; the old one closes by itself.

        What still waits for it fails with CLIENT_CLOSED.
        """
        client, self._client = self._client, None
        if client is not None and self._thread is not None:
            self._thread.start(client.close())


class _LoopThread:
    """A thread that serves an event loop, as the library needs one that never rests."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._last: Future[Any] | None = None
        # A daemon: at its end Python waits for no answer that nobody waits for.
        self._thread = threading.Thread(target=self._serve, name="turso-websocket", daemon=True)
        self._thread.start()

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine there."""
        started = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._last = started
        return started

    def stop(self) -> None:
        """End the thread; what was started last, a connection's closing, may take a moment."""
        if self._last is not None:
            # It is given up either way, so how it fails tells nothing.
            with suppress(Exception):
                self._last.result(_CLOSING_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSING_SECONDS)

    def _serve(self) -> None:
        # At its end the runner cancels what is left and waits for the loop's own threads.
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
    # Through the wire's own form, so that values mean the same on both ways to a server.
    sent = wired(*statement)
    if "named_args" in sent:
        return sent["sql"], {each["name"]: decode(each["value"]) for each in sent["named_args"]}
    return sent["sql"], [decode(value) for value in sent["args"]]


async def _greet(url: str, token: Token) -> None:
    """Say hello and no more; raises LibsqlError if the server refuses the token.

    The library says more in the same breath: then the server may hang up before its reason has
    come through.
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
    """Whether an error is about the connection, and says nothing of its reason."""
    import aiohttp
    from libsql_client import LibsqlError

    if isinstance(error, LibsqlError):
        code: str = error.code
        return code.startswith("HRANA_")
    return isinstance(error, aiohttp.ClientConnectionResetError)


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
