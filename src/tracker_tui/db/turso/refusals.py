"""What an HTTP reply that holds no results means."""

from __future__ import annotations

import json
import re
from typing import Final

from tracker_tui.db.turso.errors import (
    Blocked,
    Error,
    Misdirected,
    NoSuchDatabase,
    NotAllowed,
    OperationalError,
    OutcomeUnknown,
    TokenRefused,
    TooManyRequests,
    TransactionLost,
)

_REDIRECTS: Final = range(300, 400)
_BAD_REQUEST: Final = 400
_REQUEST_TIMEOUT: Final = 408
_FAULTS_OF_OURS: Final = range(400, 500)
_FAULTS_OF_THE_SERVER: Final = range(500, 600)
_REFUSALS: Final[dict[int, tuple[type[Error], str]]] = {
    401: (TokenRefused, "The server refused the token"),
    403: (NotAllowed, "The token does not allow this"),
    404: (NoSuchDatabase, "The server has no such database"),
    413: (OperationalError, "The request was too long for the server"),
    429: (TooManyRequests, "The server has too many requests to serve"),
}
_STREAM = re.compile(r"\b(baton|stream)\b", re.IGNORECASE)
_MARKUP = re.compile(r"<[a-z!?/]", re.IGNORECASE)
_MOST_BYTES_READ: Final = 256 * 1024
_LONGEST_QUOTE: Final = 200


def refusal(status: int, content: bytes) -> Error:
    """Return the error for a reply with a status other than 200."""
    if status in _REDIRECTS:
        return Misdirected(f"The server answered with a redirect ({status}), not with data")
    message, code = _reported(content)
    kind, sentence = _kind(status, message, code)
    return kind(f"{sentence} ({status})" + (f": {message}" if message else ""), code)


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


def _reported(content: bytes) -> tuple[str, str]:
    """Return what a refusal says and its code; nothing of a page made for browsers."""
    text, code = content[:_MOST_BYTES_READ].decode("utf-8", "replace"), ""
    try:
        report = json.loads(text)
    except (ValueError, RecursionError):
        report = None
    if isinstance(report, dict):
        code = str(report.get("code") or "")
        text = str(report.get("error") or report.get("message") or "")
    elif _MARKUP.search(text):
        text = ""
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:_LONGEST_QUOTE], code[:_LONGEST_QUOTE]
