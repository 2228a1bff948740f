"""Pipelines: requests to a stream, sent together in one HTTP request (Hrana 3).

A `Transport` posts pipelines over one kept-alive connection:

    transport.post(base, [transaction, {"type": "close"}], seconds=15)

A stream is the server's connection to its database. A pipeline that ends with "close" has a stream
for itself. A `Stream` stays open for an interactive transaction: each answer holds a baton, which
the next pipeline must carry. The server forgets a stream that is idle for 10 seconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import copy
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from tracker_tui.net.errors import (
    DeadlineExceeded,
    EncryptionFailed,
    HostNotFound,
    Redirected,
    RequestAborted,
    RequestFailed,
    RouteBlocked,
    request_failed,
    without_frames,
)
from tracker_tui.net.responses import is_web_page
from tracker_tui.net.route import proxy_instead_of
from tracker_tui.turso.errors import (
    ConnectionBlocked,
    Error,
    Misdirected,
    NoSuchHost,
    NotSent,
    OutcomeUnknown,
    TimedOut,
    TlsFailed,
    TooManyRequests,
    error_for_status,
)
from tracker_tui.turso.urls import Endpoint, Token, endpoint, may_follow
from tracker_tui.turso.values import PipelineAnswer, pipeline_answer, with_exact_floats

if TYPE_CHECKING:
    # requests takes as long to import as all else that a command needs: import it to send only.
    import requests

    from tracker_tui.net.bounded_adapter import BoundedAdapter

MAX_BYTES: Final = 64 * 1024 * 1024
"""The longest answer that is accepted, decompressed."""
_OK: Final = 200
_HEADERS: Final = {"Content-Type": "application/json"}

_BEFORE_SENDING: Final[dict[type[RequestFailed], type[Error]]] = {
    RouteBlocked: ConnectionBlocked,
    HostNotFound: NoSuchHost,
    EncryptionFailed: TlsFailed,
}
_AFTER_SENDING: Final[dict[type[RequestFailed], type[Error]]] = {
    DeadlineExceeded: TimedOut,
    RequestAborted: TimedOut,
}

Json = dict[str, Any]
CLOSE: Final[Json] = {"type": "close"}
_IDLE_SECONDS: Final = 8.0
"""A stream that was idle for longer is not used again: the server closes it after 10 seconds."""


class Transport:
    """Posts pipelines, one at a time."""

    def __init__(self, token: Token, seconds: float) -> None:
        self._token = token
        self._seconds = seconds
        self._adapter: BoundedAdapter | None = None
        self._prepared: dict[str, requests.PreparedRequest] = {}
        """A request without a body for each URL, because preparing one takes long."""
        self._quiet_until = 0.0
        self.requests_sent = 0

    def post(
        self, base: str, requests: Sequence[Json], seconds: float, *, baton: str | None = None
    ) -> PipelineAnswer:
        """Return a result for each request to a stream, within `seconds`.

        Raises the driver's errors. Sends nothing while the server wants to be left alone.
        """
        self._check_retry_after()
        url, body = f"{base}/v3/pipeline", {"baton": baton, "requests": requests}
        content = with_exact_floats(json.dumps(body, separators=(",", ":"))).encode("ascii")
        self.requests_sent += 1
        try:
            response = self._send(url, content, seconds)
        except RequestFailed as error:
            raise _driver_error(error) from without_frames(error)
        if response.status_code != _OK:
            raise self._rejection(url, response)
        return pipeline_answer(_parse(response.content), len(requests))

    def abort(self) -> None:
        """Make a `post` that waits in another thread fail at once."""
        if self._adapter is not None:
            self._adapter.abort()

    def close(self) -> None:
        """Close the connection; the next request opens a new one."""
        if self._adapter is not None:
            self._adapter.close()

    def _check_retry_after(self) -> None:
        left = self._quiet_until - monotonic()
        if left > 0:
            error = TooManyRequests(f"The server wants to be left alone for {left:.0f} s more")
            error.retry_after = left
            raise error

    def _send(self, url: str, content: bytes, seconds: float) -> requests.Response:
        # Past the session, whose share would take longer than all the rest of a request.
        adapter = self._adapter or self._new_adapter()
        prepared = self._prepared.get(url) or self._prepare(url, adapter)
        request = copy(prepared)
        request.headers = prepared.headers.copy()
        request.headers["Content-Length"] = str(len(content))
        request.body = content
        return adapter.send(request, timeout=seconds)

    def _new_adapter(self) -> BoundedAdapter:
        from tracker_tui.net.bounded_adapter import BoundedAdapter

        self._adapter = BoundedAdapter(seconds=self._seconds, max_bytes=MAX_BYTES)
        return self._adapter

    def _prepare(self, url: str, adapter: BoundedAdapter) -> requests.PreparedRequest:
        import requests

        session = requests.Session()
        adapter.mount_on(session)
        request = requests.Request("POST", url, headers=_HEADERS, auth=self._token)
        try:
            self._prepared[url] = session.prepare_request(request)
        except requests.RequestException as error:
            raise request_failed(error, url, was_sent=False) from None
        return self._prepared[url]

    def _rejection(self, url: str, response: requests.Response) -> Error:
        error = error_for_status(
            response.status_code,
            self._token.redact(response.content),
            response.headers.get("Retry-After", ""),
            proxy_instead_of(url, response.status_code),
        )
        if error.retry_after is not None:
            self._quiet_until = monotonic() + error.retry_after
        return error


class Stream:
    """An open stream on the server, for an interactive transaction."""

    def __init__(self, transport: Transport, server: Endpoint) -> None:
        self._transport = transport
        self._server = server
        self._baton: str | None = None
        self._base: str | None = server.base
        """Where the stream continues; None for a server that must not get the token."""
        self._last_used = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the stream can probably continue."""
        is_fresh = monotonic() - self._last_used < _IDLE_SECONDS
        return self._baton is not None and self._base is not None and is_fresh

    def send(self, requests: Sequence[Json], seconds: float) -> list[Json]:
        """Return a StreamResult for each request, all sent in one pipeline.

        Raises the driver's errors. An error ends the stream.
        """
        baton, base = self._baton, self._base
        self.forget()
        if base is None:
            raise Misdirected("The server sends this stream to a place where the token must not go")
        results, self._baton, moved_to = self._transport.post(base, requests, seconds, baton=baton)
        self._last_used = monotonic()
        self._base = base if moved_to is None else self._allowed(moved_to)
        return results

    def forget(self) -> None:
        """Begin a new stream with the next request."""
        self._baton, self._base = None, self._server.base

    def close(self, seconds: float) -> None:
        """Close the stream on the server, if it is still open there."""
        if self.is_open:
            self.send([CLOSE], seconds)
        self.forget()

    def _allowed(self, base_url: str) -> str | None:
        # Not an error yet: this pipeline is done, and outside a transaction the next one begins a
        # new stream anyway.
        return endpoint(base_url).base if may_follow(self._server, base_url) else None


def _driver_error(error: RequestFailed) -> Error:
    if isinstance(error, Redirected):
        return error_for_status(error.status, b"")
    kinds = _AFTER_SENDING if error.was_sent else _BEFORE_SENDING
    kind = kinds.get(type(error), OutcomeUnknown if error.was_sent else NotSent)
    return kind(str(error))


def _parse(content: bytes) -> Json:
    try:
        answer = json.loads(content)
        if b"\\ud" in content or b"\\uD" in content:
            # Fails for half of a surrogate pair, which could not be printed later.
            json.dumps(answer, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        subject = "The answer is a web page, and" if is_web_page(content) else "The answer is"
        raise OutcomeUnknown(f"{subject} not what a libSQL server sends") from error
    if not isinstance(answer, dict):
        raise OutcomeUnknown("The answer is not what a libSQL server sends")
    return answer
