"""Errors of one HTTP request: a class and a sentence for each case.

`BoundedAdapter` raises nothing else. Each error says whether the server may have received the
whole request (`was_sent`): if not, nothing happened there and the request can be repeated safely.
Its message is one line for the user, without a full stop, and never holds a password or a token.

    except RequestFailed as error:
        if error.was_sent: ...   # the request may have been carried out
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import TypeVar

E = TypeVar("E", bound=BaseException)


class RequestFailed(OSError):
    """Base class: no usable response came. The errors of requests are OSErrors, too."""

    def __init__(self, message: str, *, was_sent: bool = False) -> None:
        super().__init__(message)
        self.was_sent = was_sent


class RouteBlocked(RequestFailed):
    """A proxy, a certificate or a setting of this machine stands in the way.

    The message names it and says what to do. It begins with a small letter.
    """


class HostNotFound(RequestFailed):
    """No name server knows the host, or there is no network."""


class EncryptionFailed(RequestFailed):
    """The TLS handshake failed for a reason other than an untrusted certificate."""


class ConnectFailed(RequestFailed):
    """No connection could be made, or it broke before the whole request was sent."""


class DeadlineExceeded(RequestFailed):
    """The whole response did not arrive in time."""


class RequestAborted(RequestFailed):
    """Another thread called `BoundedAdapter.abort`."""


class ConnectionLost(RequestFailed):
    """The connection broke before the whole response arrived."""


class ResponseTooLarge(RequestFailed):
    """The body, decompressed, exceeds the size limit."""


class ResponseUnreadable(RequestFailed):
    """The body cannot be decompressed."""


class Redirected(RequestFailed):
    """The server answered with a redirect, which is never followed."""

    def __init__(self, status: int) -> None:
        super().__init__(f"The server answered with a redirect ({status})", was_sent=True)
        self.status = status


def request_failed(error: Exception, url: str, *, was_sent: bool) -> RequestFailed:
    """Return the error for what requests or urllib3 raised, which becomes its cause.

    Errors about a malformed address are left out: they quote it, with the password of a proxy.
    """
    from requests.exceptions import InvalidSchema, InvalidURL

    if isinstance(error, RequestFailed):
        error.was_sent = error.was_sent or was_sent
        return without_frames(error)
    mapped = _after_sending(error) if was_sent else _before_sending(error, url)
    mapped.__cause__ = (
        None if isinstance(error, InvalidSchema | InvalidURL) else without_frames(error)
    )
    return mapped


def _after_sending(error: Exception) -> RequestFailed:
    from requests.exceptions import ContentDecodingError

    if isinstance(error, ContentDecodingError):
        return ResponseUnreadable("The answer is not compressed as it says", was_sent=True)
    return ConnectionLost("The connection broke before the answer was whole", was_sent=True)


def _before_sending(error: Exception, url: str) -> RequestFailed:
    from tracker_tui.net.route import obstacle

    if named := obstacle(error, url):
        return RouteBlocked(named)
    # Judge by the root causes: the exceptions around them differ between versions of urllib3.
    causes = list(chain(error))
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return HostNotFound("The name of the server is not known")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return EncryptionFailed("No trusted encrypted connection could be made")
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return ConnectFailed("The server did not accept a connection in time")
    return ConnectFailed("No connection to the server could be made")


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and its causes, outermost first, each once.

    Includes the errors that urllib3 passes as arguments instead of chaining them.
    """
    pending, seen = [error], set[int]()
    while pending:
        each = pending.pop(0)
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        wrapped = [getattr(each, "reason", None), *each.args]
        pending += [each.__cause__ or each.__context__]
        pending += [part for part in wrapped if isinstance(part, BaseException)]


def without_frames(error: E) -> E:
    """Strip the tracebacks from an error and its causes: their variables hold secrets.

    Textual prints the variables of every frame when it ends with an error.
    """
    for each in chain(error):
        each.__traceback__ = None
    return error
