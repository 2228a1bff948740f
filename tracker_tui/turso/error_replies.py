"""What an HTTP reply that holds no results means."""

from __future__ import annotations

import json
import re
from typing import Final, NamedTuple

from tracker_tui.net.responses import is_web_page, parse_retry_after, printable_line
from tracker_tui.turso.errors import (
    Blocked,
    ConnectionBlocked,
    Error,
    Misdirected,
    NoSuchDatabase,
    NotAllowed,
    NotTheServer,
    OperationalError,
    OutcomeUnknown,
    TokenRefused,
    TooManyRequests,
    TransactionLost,
)

_REDIRECTS: Final = range(300, 400)
_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_PROXY_WANTS_A_PASSWORD: Final = 407
_REQUEST_TIMEOUT: Final = 408
_TOO_MANY: Final = 429
_MAY_SAY_ANYTHING: Final = (_UNAUTHORIZED, _REQUEST_TIMEOUT, _TOO_MANY)
"""Refusals that settle no change, so that it matters little who answers."""
_FAULTS_OF_OURS: Final = range(400, 500)
_FAULTS_OF_THE_SERVER: Final = range(500, 600)
_REFUSALS: Final[dict[int, tuple[type[Error], str]]] = {
    _UNAUTHORIZED: (TokenRefused, "The server refused the token"),
    403: (NotAllowed, "The token does not allow this"),
    404: (NoSuchDatabase, "The server has no such database"),
    413: (OperationalError, "The request was too long for the server"),
    _TOO_MANY: (TooManyRequests, "The server has too many requests to serve"),
}
_STREAM = re.compile(r"\b(baton|stream)\b", re.IGNORECASE)
_IN_PLAIN_TEXT = re.compile(rf"^Cannot deserialize client message|{_STREAM.pattern}", re.IGNORECASE)
"""What the server says, not as JSON, of a request that makes no sense to it."""
_MOST_BYTES_READ: Final = 256 * 1024
_LONGEST_QUOTE: Final = 200


class _Report(NamedTuple):
    """What came with a status."""

    message: str
    code: str
    is_servers: bool
    """Whether it is worded as libSQL servers word theirs."""
    is_page: bool = False


def refusal(status: int, content: bytes, retry_after: str = "", way: str = "") -> Error:
    """Return the error for a reply with a status other than 200.

    `way` says who else may have answered, if there is a proxy.
    """
    if status in _REDIRECTS:
        return Misdirected(f"The server answered with a redirect ({status}), not with data")
    report = _reported(content)
    if _is_from_elsewhere(status, report):
        # Not quoted: the words of a stranger only lead astray.
        if way:
            return ConnectionBlocked(way)
        return NotTheServer(f"Something on the way answered in place of the server ({status})")
    message, code = report.message, report.code
    kind, sentence = _kind(status, message, code)
    told = f"{sentence} ({status})" + (f": {message}" if message else "")
    if way and status in _FAULTS_OF_THE_SERVER and not report.is_servers:
        told += f"; {way}"
    error = kind(told, code)
    error.retry_after = parse_retry_after(retry_after)
    return error


def _is_from_elsewhere(status: int, report: _Report) -> bool:
    """Whether a refusal is not the server's own: a proxy's, or the page of a captive portal.

    It must not settle a change. The server failing to answer in time is another matter.
    """
    if status == _PROXY_WANTS_A_PASSWORD:
        return True
    if status not in _FAULTS_OF_OURS or report.is_servers:
        return False
    if status == _BAD_REQUEST and _IN_PLAIN_TEXT.search(report.message):
        return False
    return report.is_page or status not in _MAY_SAY_ANYTHING


def _kind(status: int, message: str, code: str) -> tuple[type[Error], str]:
    if code == "BLOCKED":
        return Blocked, "The database is blocked"
    if status in _REFUSALS:
        return _REFUSALS[status]
    if status in _FAULTS_OF_THE_SERVER:
        return OutcomeUnknown, "The server failed"
    if status not in _FAULTS_OF_OURS or status == _REQUEST_TIMEOUT:
        # A proxy says 408 also when it is the server that took too long.
        return OutcomeUnknown, "The server gave no results"
    if code == "STREAM_EXPIRED" or (status == _BAD_REQUEST and _STREAM.search(message)):
        return TransactionLost, "The server has closed the stream"
    return OperationalError, "The server did not take the request"


def _reported(content: bytes) -> _Report:
    """Return what a refusal says; nothing of a page made for browsers."""
    text, code = content[:_MOST_BYTES_READ].decode("utf-8", "replace"), ""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError):
        report = None
    is_servers, is_page = False, False
    if isinstance(report, dict):
        said, message = report.get("error"), report.get("message")
        code = str(report.get("code") or "")
        is_servers = isinstance(said, str) or (isinstance(message, str) and code != "")
        text = str(said or message or "")
    elif is_web_page(content):
        text, is_page = "", True
    return _Report(printable_line(text, _LONGEST_QUOTE), code[:_LONGEST_QUOTE], is_servers, is_page)
