"""What it means that a request failed before there was a whole reply."""

from __future__ import annotations

import socket
import ssl
from typing import TypeVar

from tracker_tui.net.error_chain import chain
from tracker_tui.net.route import obstacle
from tracker_tui.turso.errors import (
    ConnectionBlocked,
    Error,
    NoSuchHost,
    NotSent,
    OutcomeUnknown,
    TlsFailed,
)
from tracker_tui.turso.urls import is_local

E = TypeVar("E", bound=BaseException)


def failure(error: Exception, url: str, *, was_sent: bool) -> Error:
    """Return the driver's error for what requests raised; the reason stays as its cause."""
    explained = _of_the_reply(error) if was_sent else _of_the_way(error, url)
    explained.__cause__ = without_frames(error)
    return explained


def without_frames(error: E) -> E:
    """Return an error without its frames and those of its causes, whose variables hold the token.

    Textual prints the variables of every frame when it ends with an error.
    """
    for each in chain(error):
        each.__traceback__ = None
    return error


def _of_the_reply(error: Exception) -> Error:
    from requests.exceptions import ContentDecodingError

    if isinstance(error, ContentDecodingError):
        return OutcomeUnknown("The answer is not compressed as it says")
    return OutcomeUnknown("The connection broke before the answer was whole")


def _of_the_way(error: Exception, url: str) -> Error:
    named = obstacle(error, url, is_straight=is_local(url))
    if named:
        return ConnectionBlocked(named)
    # By the causes that the system gave: what wraps them differs between versions of urllib3.
    reasons = list(chain(error))
    if any(isinstance(reason, socket.gaierror) for reason in reasons):
        return NoSuchHost("The name of the server is not known")
    if any(isinstance(reason, ssl.SSLError) for reason in reasons):
        return TlsFailed("No trusted encrypted connection could be made")
    if any(isinstance(reason, TimeoutError) for reason in reasons):
        return NotSent("The server did not accept a connection in time")
    return NotSent("No connection to the server could be made")
