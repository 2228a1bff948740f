"""A stream: one connection of the server's to its database (Hrana 3, "Hrana over HTTP")."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any, Final

from tracker_tui.turso.errors import Misdirected
from tracker_tui.turso.pipeline import Transport
from tracker_tui.turso.results import pipeline_of
from tracker_tui.turso.urls import Endpoint, endpoint, may_follow

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
        self._base: str | None = endpoint.base
        """Where the stream goes on; None where we do not follow it."""
        self._used = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the stream can go on, as far as can be told from here."""
        is_fresh = monotonic() - self._used < _SERVER_FORGETS_AFTER
        return self._baton is not None and self._base is not None and is_fresh

    def send(self, requests: Sequence[Request], seconds: float) -> list[dict[str, Any]]:
        """Return a StreamResult for each request, all sent as one pipeline.

        Raises the driver's errors; the stream is at its end then.
        """
        baton, base = self._baton, self._base
        self.forget()
        if base is None:
            raise Misdirected("The server sends this stream to a place where the token must not go")
        body = {"baton": baton, "requests": list(requests)}
        answer = self._transport.post(f"{base}/v3/pipeline", body, seconds)
        results, self._baton, elsewhere = pipeline_of(answer, len(requests))
        self._used = monotonic()
        self._base = base if elsewhere is None else self._allowed(elsewhere)
        return results

    def forget(self) -> None:
        """Begin a new stream with the next request."""
        self._baton, self._base = None, self._endpoint.base

    def close(self, seconds: float) -> None:
        """Tell the server that the stream is done, if it is worth telling."""
        if self.is_open:
            self.send([CLOSE], seconds)
        self.forget()

    def _allowed(self, base_url: str) -> str | None:
        # No error yet: what was asked is done, and outside a transaction the next request begins a
        # new stream anyhow.
        return endpoint(base_url).base if may_follow(self._endpoint, base_url) else None
