"""One kept-alive HTTP connection to a server."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from tracker_tui import __version__
from tracker_tui.turso.errors import Error, TooManyRequests
from tracker_tui.turso.request import Json, Request
from tracker_tui.turso.tokens import Token

if TYPE_CHECKING:
    # Costs as much as all else that a command imports: only when something is sent.
    import requests

    from tracker_tui.turso.abort import AbortableAdapter


class Transport:
    """Posts JSON and returns JSON; one request at a time."""

    def __init__(self, token: Token) -> None:
        self._token = token
        self._session: requests.Session | None = None
        self._adapter: AbortableAdapter | None = None
        self._exchange: Request | None = None
        self._quiet_until = 0.0
        self.requests_sent = 0

    def post(self, url: str, body: Json, seconds: float) -> Json:
        """Return the answer to one request; raises the driver's errors, after `seconds` at most.

        Redirects are never followed. Nothing is sent while the server wants to be left alone.
        """
        self._require_quiet_is_over()
        if self._session is None:
            self._session = self._new_session()
        self.requests_sent += 1
        exchange = Request(self._session, url, body, self._token, seconds)
        self._exchange = exchange
        try:
            return exchange.result()
        except Error as error:
            if error.retry_after is not None:
                self._quiet_until = monotonic() + error.retry_after
            raise
        finally:
            self._exchange = None
            if not exchange.is_over:
                # Whatever comes on this connection later belongs to a request that was given up.
                exchange.abandon()
                self._sever()
                self.close()

    def _require_quiet_is_over(self) -> None:
        left = self._quiet_until - monotonic()
        if left > 0:
            error = TooManyRequests(f"The server wants to be left alone for {left:.0f} s more")
            error.retry_after = left
            raise error

    def interrupt(self) -> None:
        """Let `post` fail at once that waits in another thread, as if its time were over."""
        exchange = self._exchange
        if exchange is not None:
            exchange.give_up()

    def close(self) -> None:
        """Let go of the connection; the next request makes a new one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _new_session(self) -> requests.Session:
        import requests

        from tracker_tui.turso.abort import AbortableAdapter

        session = requests.Session()
        session.headers["User-Agent"] = f"tracker-tui/{__version__}"
        self._adapter = AbortableAdapter()
        for scheme in ("http://", "https://"):
            session.mount(scheme, self._adapter)
        return session

    def _sever(self) -> None:
        if self._adapter is not None:
            self._adapter.sever()
