"""A stream: one connection of the server's to its database (Hrana 3, "Hrana over HTTP")."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from tracker_tui.db.turso.errors import Misdirected, OutcomeUnknown
from tracker_tui.db.turso.transport import Transport
from tracker_tui.db.turso.urls import Endpoint, endpoint, may_follow

Request = dict[str, Any]
CLOSE: Final[Request] = {"type": "close"}
_SERVER_FORGETS_AFTER: Final = 8.0
"""Seconds after which a stream is not relied on: the server closes idle ones after 10."""


class Stream:
    """Sends requests that belong together, each with the baton that came with the last answer."""

    def __init__(self, transport: Transport, endpoint: Endpoint) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._baton: str | None = None
        self._base = endpoint.base
        self._used = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server still knows the stream, as far as can be told from here."""
        return self._baton is not None and monotonic() - self._used < _SERVER_FORGETS_AFTER

    def send(self, requests: Sequence[Request], seconds: float) -> list[dict[str, Any]]:
        """Return a StreamResult for each request, all sent as one pipeline.

        Raises the driver's errors; the stream is at its end then.
        """
        baton, base = self._baton, self._base
        self.forget()
        body = {"baton": baton, "requests": list(requests)}
        answer = self._transport.post(f"{base}/v3/pipeline", body, seconds)
        try:
            results: list[dict[str, Any]] = answer["results"]
            self._baton, elsewhere = answer["baton"], answer.get("base_url")
        except KeyError as error:
            raise OutcomeUnknown("The answer is not what a libSQL server sends") from error
        if not isinstance(results, list) or len(results) != len(requests):
            raise OutcomeUnknown("The server answered another number of requests")
        self._used = monotonic()
        self._base = base
        if elsewhere is not None and self._baton is not None:
            self._move(str(elsewhere))
        return results

    def forget(self) -> None:
        """Begin a new stream with the next request."""
        self._baton, self._base = None, self._endpoint.base

    def close(self, seconds: float) -> None:
        """Tell the server that the stream is done, if it is worth telling."""
        if self.is_open:
            self.send([CLOSE], seconds)
        self.forget()

    def _move(self, base_url: str) -> None:
        if not may_follow(self._endpoint, base_url):
            self.forget()
            raise Misdirected("The server sends this stream to a place where the token must not go")
        self._base = endpoint(base_url).base
