"""HTTP requests within limits: one adapter for every session of requests.

    adapter = BoundedAdapter(seconds=10, max_bytes=256 * 1024)
    session = requests.Session()          # or requests_oauthlib.OAuth2Session(…)
    adapter.mount_on(session)
    response = session.post(url, data=form, timeout=5)

`timeout` is the deadline for the whole request, from the name server to the last byte of the body;
without one it is `seconds`. requests alone bounds only the pauses between two bytes, so a silent
name server, or headers that arrive byte by byte, would last forever. The request therefore runs in
a daemon thread. After the deadline, or after `abort()`, its connection is cut, and what it has not
sent by then is never sent. If `RequestFailed.was_sent` is false, nothing happened on the server.

A body of more than `max_bytes` (decompressed) and every redirect are errors; nothing is followed.
The adapter chooses certificates and proxies from the environment itself, and ignores the `verify`
and `proxies` of the session. The response holds its whole content; its connection is kept alive.
"""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from copy import copy
from http.cookiejar import DefaultCookiePolicy
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from tracker_tui import __version__
from tracker_tui.net.certificates import ca_bundle_for
from tracker_tui.net.errors import (
    ConnectFailed,
    DeadlineExceeded,
    Redirected,
    RequestAborted,
    RequestFailed,
    ResponseTooLarge,
    request_failed,
)
from tracker_tui.net.route import proxies_for

_REDIRECTS: Final = range(300, 400)
_CHUNK: Final = 64 * 1024
_ADDRESSES_TRIED: Final = 3
_MIN_CONNECT_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.5
_GRACE_SECONDS: Final = 1.0
"""The thread of an abandoned request ends at most this long after the deadline."""


class BoundedAdapter(HTTPAdapter):
    """Sends each request within a deadline and a size limit; see the module.

    Raises `RequestFailed` only. `abort` may be called from any thread.
    """

    def __init__(self, *, seconds: float, max_bytes: int) -> None:
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._calls: set[_Call] = set()
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def mount_on(self, session: requests.Session) -> None:
        """Send all requests of a session through this adapter, without netrc and cookies."""
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        session.headers["User-Agent"] = f"tracker-tui/{__version__}"
        for scheme in ("https://", "http://"):
            session.mount(scheme, self)

    def send(  # type: ignore[override]  # sessions pass all but the request by name
        self, request: requests.PreparedRequest, *, timeout: float | None = None, **_: Any
    ) -> requests.Response:
        """Return the whole response within `timeout` seconds; ignores the other options."""
        call = _Call(self._fetch, request, self._seconds if timeout is None else timeout)
        self._calls.add(call)
        try:
            call.start()
            return call.response()
        finally:
            self._calls.discard(call)
            if not call.is_over:
                # The connection would deliver the response to this request to the next one.
                call.give_up()
                self.close()

    def abort(self) -> None:
        """Make requests that other threads are waiting for fail at once."""
        for call in list(self._calls):
            call.abort()

    def _fetch(self, request: requests.PreparedRequest, seconds: float) -> requests.Response:
        url = request.url or ""
        response = super().send(
            request,
            stream=True,
            # The first limit is for each address of the host: if one leads nowhere, there is time
            # for the next. The second only ends an abandoned thread.
            timeout=(_connect_seconds(seconds), seconds + _GRACE_SECONDS),
            verify=ca_bundle_for(url) or True,
            proxies=proxies_for(url),
        )
        with response:
            if response.status_code in _REDIRECTS:
                raise Redirected(response.status_code)
            content = bytearray()
            for chunk in response.iter_content(_CHUNK):
                content += chunk
                if len(content) > self._max_bytes:
                    message = f"The answer is longer than {self._max_bytes:,} bytes"
                    raise ResponseTooLarge(message, was_sent=True)
        response._content = bytes(content)  # noqa: SLF001 - where requests keeps what it has read
        return response

    # Both managers make connections that report to their call.

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        # SOCKS has connections of another kind. They cannot be cut: they end with their time limit.
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = _POOLS
        return manager


def _connect_seconds(seconds: float) -> float:
    # TCP repeats a lost packet after one second, so less than two would rarely succeed.
    return min(seconds * 2 / 3, max(seconds / _ADDRESSES_TRIED, _MIN_CONNECT_SECONDS))


_Fetch = Callable[[requests.PreparedRequest, float], requests.Response]


class _Call(threading.Thread):
    """One request and its outcome, in a thread that can be left behind."""

    def __init__(self, fetch: _Fetch, request: requests.PreparedRequest, seconds: float) -> None:
        super().__init__(name="http-request", daemon=True)
        self._fetch = fetch
        self._seconds = seconds
        self._deadline = monotonic() + seconds
        self._body = _Body(request.body, self)
        self._request = copy(request)
        if request.body is not None:
            self._request.body = self._body  # type: ignore[assignment]  # a file will do
        self._outcome: SimpleQueue[requests.Response | RequestFailed | None] = SimpleQueue()
        self._socket: socket.socket | None = None
        self._is_given_up = False
        self.lock = threading.Lock()
        self.was_sent = False
        self.is_over = False

    def response(self) -> requests.Response:
        """Wait for the response; raises RequestFailed."""
        try:
            outcome = self._next_outcome()
        except Empty:
            if self.give_up():
                message = f"No whole answer came within {self._seconds:g} s"
                raise DeadlineExceeded(message, was_sent=True) from None
            raise DeadlineExceeded(f"Nothing could be sent within {self._seconds:g} s") from None
        if outcome is None:
            if self.give_up():
                message = "The request was aborted before its answer came"
                raise RequestAborted(message, was_sent=True)
            raise RequestAborted("The request was aborted before it was sent")
        if isinstance(outcome, RequestFailed):
            raise outcome
        return outcome

    def _next_outcome(self) -> requests.Response | RequestFailed | None:
        # Wait in short steps: on Windows nothing interrupts a long one.
        while True:
            left = self._deadline - monotonic()
            try:
                return self._outcome.get(timeout=max(0.0, min(left, _POLL_SECONDS)))
            except Empty:
                if left <= _POLL_SECONDS:
                    raise

    def abort(self) -> None:
        """End the wait for the response."""
        self._outcome.put(None)

    def give_up(self) -> bool:
        """Send nothing from now on and cut the connection; return whether all was sent before."""
        with self.lock:
            self._is_given_up = True
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
            return self.was_sent

    # In the thread itself

    def run(self) -> None:
        outcome: requests.Response | RequestFailed
        try:
            outcome = self._fetch(self._request, self._seconds)
        except Exception as error:  # noqa: BLE001 - passed on to the thread that waits
            outcome = request_failed(error, self._request.url or "", was_sent=self.was_sent)
        self.is_over = True
        self._outcome.put(outcome)

    def begin_sending(self, through: socket.socket | None) -> None:
        """Note the connection that the request goes through, which is open now."""
        with self.lock:
            self.require_wanted()
            self._socket = through
            self.was_sent = self._body.size == 0

    def require_wanted(self) -> None:
        """Raise if the request was given up; needs the lock."""
        if self._is_given_up:
            raise ConnectFailed("The request was given up before it was sent")


class _Body(io.BytesIO):
    """The body of a request. It knows when all of it was handed to the network."""

    def __init__(self, content: str | bytes | None, call: _Call) -> None:
        super().__init__(content.encode() if isinstance(content, str) else content or b"")
        self._call = call
        self.size = self.getbuffer().nbytes

    def read(self, size: int | None = -1, /) -> bytes:
        with self._call.lock:
            self._call.require_wanted()
            part = super().read(size)
            self._call.was_sent = self.tell() == self.size
            return part


def _begin_sending(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    call = threading.current_thread()
    if isinstance(call, _Call):
        call.begin_sending(connection.sock)


class _Plain(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _begin_sending(self)
        super().request(*args, **kwargs)


class _Encrypted(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _begin_sending(self)
        super().request(*args, **kwargs)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


_POOLS: Final = {"http": _PlainPool, "https": _EncryptedPool}
