"""Which way leads to the server of a URL."""

from __future__ import annotations

from tracker_tui.turso.client import DEADLINE, Client
from tracker_tui.turso.errors import PlainTextRefused
from tracker_tui.turso.http_client import HttpClient
from tracker_tui.turso.tokens import Token
from tracker_tui.turso.urls import endpoint


def create_client(
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
        from tracker_tui.turso.websocket import WebSocketClient

        return WebSocketClient(at, token, seconds)
    return HttpClient(at, token, seconds)
