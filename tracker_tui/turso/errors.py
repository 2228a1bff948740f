"""The driver's exceptions, and which of them an answer of the server means.

They are those of DB-API 2.0, with a subclass of OperationalError for each way in which a request
can fail. Each is also the exception of that name in `sqlite3`, so code written for `sqlite3` needs
no other `except`. Messages never hold a token.

    except turso.Error as error:
        if error.may_have_happened: ...   # the request may have been carried out
"""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from typing import Final

from tracker_tui.net.responses import is_web_page, parse_retry_after, printable_line


class Error(sqlite3.Error):
    """Base class; `code` is the server's code for the error, empty if it gave none."""

    may_have_happened = False
    """Whether the request may have been carried out all the same."""

    retry_after: float | None = None
    """For how many seconds the server asked to be left alone (Retry-After); None if it did not."""

    def __init__(self, message: str = "", code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Warning(sqlite3.Warning):  # noqa: A001 - the name is DB-API's
    """Never raised; DB-API 2.0 requires it."""


class InterfaceError(Error, sqlite3.InterfaceError):
    """The driver was used wrongly: a malformed URL or token."""


class PlainTextRefused(InterfaceError):
    """The token would go over the network unencrypted."""


class DatabaseError(Error, sqlite3.DatabaseError):
    """Something is wrong with the database."""


class DataError(DatabaseError, sqlite3.DataError):
    """A value that the database cannot store."""


class OperationalError(DatabaseError, sqlite3.OperationalError):
    """The database cannot do this now: no such table, busy, unreachable."""


class IntegrityError(DatabaseError, sqlite3.IntegrityError):
    """A constraint failed."""


class InternalError(DatabaseError, sqlite3.InternalError):
    """SQLite itself is at fault."""


class ProgrammingError(DatabaseError, sqlite3.ProgrammingError):
    """The caller is at fault: parameters that do not match, a closed cursor."""


class NotSupportedError(DatabaseError, sqlite3.NotSupportedError):
    """A remote database cannot do this at all."""


# Direct subclasses of OperationalError: Peewee looks up the class or its parent, no further.


class NotSent(OperationalError):
    """The server never received the whole request, so nothing happened there."""


class NoSuchHost(OperationalError):
    """No name server knows the host, or there is no network."""


class TlsFailed(OperationalError):
    """No encrypted connection could be made, or the certificate is not trusted."""


class ConnectionBlocked(OperationalError):
    """A proxy, a certificate or a setting of this machine stands in the way: nothing was sent.

    The message names it and says what to do. It begins with a small letter and has no full stop.
    """


class OutcomeUnknown(OperationalError):
    """The request was sent, but no usable answer came: it may have been carried out or not."""

    may_have_happened = True


class TimedOut(OperationalError):
    """No whole answer came before the deadline: the request may have been carried out or not."""

    may_have_happened = True


class TransactionLost(OperationalError):
    """The server ended the stream or its transaction; nothing of the transaction was kept."""


class TokenRefused(OperationalError):
    """The server does not accept the token (401)."""


class NotAllowed(OperationalError):
    """The token is valid, but does not allow this (403)."""


class NoSuchDatabase(OperationalError):
    """The server has no such database (404)."""


class TooManyRequests(OperationalError):
    """The server asks to wait (429); nothing was carried out."""


class Blocked(OperationalError):
    """The plan's quota of the database is used up."""


class Misdirected(OperationalError):
    """The server redirects to a place where the token must not go."""


class NotTheServer(OperationalError):
    """Something in between answered, not a libSQL server: a proxy, or a network's sign-in page."""


_BY_CODE: Final[tuple[tuple[str, type[Error]], ...]] = (
    ("SQLITE_CONSTRAINT", IntegrityError),
    ("SQLITE_MISMATCH", IntegrityError),
    ("SQLITE_TOOBIG", DataError),
    ("SQLITE_INTERNAL", InternalError),
    ("SQLITE_NOTFOUND", InternalError),
    ("SQLITE_MISUSE", InterfaceError),
    ("SQLITE_RANGE", InterfaceError),
    ("SQLITE_CORRUPT", DatabaseError),
    ("SQLITE_NOTADB", DatabaseError),
    ("SQLITE_AUTH", NotAllowed),
    ("ARGS_", ProgrammingError),
    ("SQL_MANY_STATEMENTS", ProgrammingError),
    ("STREAM_EXPIRED", TransactionLost),
    ("TRANSACTION_TIMEOUT", TransactionLost),
    ("TRANSACTION_BUSY", TransactionLost),
    ("BLOCKED", Blocked),
)

# SQLite's own message, inside the words that the server puts around it.
_WRAPPED: Final = re.compile(
    r"SQL(?:ite)?(?: input)? error: (.*?)(?: \(at offset \d+\))?", re.DOTALL
)


def error_for(code: str, message: str) -> Error:
    """Return the exception for an error of a statement, as the server reports it."""
    wrapped = _WRAPPED.fullmatch(message)
    message = wrapped[1] if wrapped else message
    kinds = (kind for prefix, kind in _BY_CODE if code.startswith(prefix))
    return next(kinds, OperationalError)(message, code)


# Answers with a status other than 200

_REDIRECTS: Final = range(300, 400)
_BAD_REQUEST: Final = 400
_UNAUTHORIZED: Final = 401
_PROXY_AUTHENTICATION: Final = 407
_REQUEST_TIMEOUT: Final = 408
_TOO_MANY: Final = 429
_HARMLESS: Final = (_UNAUTHORIZED, _REQUEST_TIMEOUT, _TOO_MANY)
"""Statuses after which a change stays pending, so it matters little who sent them."""
_CLIENT_ERRORS: Final = range(400, 500)
_SERVER_ERRORS: Final = range(500, 600)
_BY_STATUS: Final[dict[int, tuple[type[Error], str]]] = {
    _UNAUTHORIZED: (TokenRefused, "The server rejected the token"),
    403: (NotAllowed, "The token does not allow this"),
    404: (NoSuchDatabase, "The server has no such database"),
    413: (OperationalError, "The request was too long for the server"),
    _TOO_MANY: (TooManyRequests, "The server has too many requests to serve"),
}
_STREAM = re.compile(r"\b(baton|stream)\b", re.IGNORECASE)
_PLAIN_TEXT = re.compile(rf"^Cannot deserialize client message|{_STREAM.pattern}", re.IGNORECASE)
"""The server's messages about malformed requests, which are not JSON."""
_MAX_BYTES_READ: Final = 256 * 1024
_LONGEST_QUOTE: Final = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class _Report:
    """The body that came with a status."""

    message: str
    code: str = ""
    is_from_server: bool = False
    """Whether it is worded as libSQL servers word theirs."""
    is_web_page: bool = False


def error_for_status(status: int, content: bytes, retry_after: str = "", proxy: str = "") -> Error:
    """Return the exception for an answer with a status other than 200.

    `proxy` is a sentence about the proxy that may have answered, if there is one.
    """
    if status in _REDIRECTS:
        return Misdirected(f"The server answered with a redirect ({status}), not with data")
    report = _report(content)
    if _is_from_elsewhere(status, report):
        # Do not quote what a stranger says: it would mislead.
        if proxy:
            return ConnectionBlocked(proxy)
        return NotTheServer(f"Something on the way answered in place of the server ({status})")
    kind, sentence = _kind(status, report)
    message = f"{sentence} ({status})" + (f": {report.message}" if report.message else "")
    if proxy and status in _SERVER_ERRORS and not report.is_from_server:
        message += f"; {proxy}"
    error = kind(message, report.code)
    error.retry_after = parse_retry_after(retry_after)
    return error


def _is_from_elsewhere(status: int, report: _Report) -> bool:
    """Whether a proxy or the sign-in page of a network answered, not the server.

    Such an answer must not decide about a change, so the change stays pending.
    """
    if status == _PROXY_AUTHENTICATION:
        return True
    if status not in _CLIENT_ERRORS or report.is_from_server:
        return False
    if status == _BAD_REQUEST and _PLAIN_TEXT.search(report.message):
        return False
    return report.is_web_page or status not in _HARMLESS


def _kind(status: int, report: _Report) -> tuple[type[Error], str]:
    if report.code == "BLOCKED":
        return Blocked, "The database is blocked"
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status in _SERVER_ERRORS:
        return OutcomeUnknown, "The server failed"
    if status not in _CLIENT_ERRORS or status == _REQUEST_TIMEOUT:
        # A proxy sends 408 also if it was the server that took too long.
        return OutcomeUnknown, "The server gave no results"
    has_lost_stream = status == _BAD_REQUEST and _STREAM.search(report.message)
    if report.code == "STREAM_EXPIRED" or has_lost_stream:
        return TransactionLost, "The server has closed the stream"
    return OperationalError, "The server did not take the request"


def _report(content: bytes) -> _Report:
    """Parse the body of an error; nothing of a web page is kept."""
    text = content[:_MAX_BYTES_READ].decode("utf-8", "replace")
    try:
        report = json.loads(text)
    except (ValueError, RecursionError):
        report = None
    if isinstance(report, dict):
        error, message = report.get("error"), report.get("message")
        code = str(report.get("code") or "")
        return _Report(
            message=printable_line(str(error or message or ""), _LONGEST_QUOTE),
            code=code[:_LONGEST_QUOTE],
            is_from_server=isinstance(error, str) or (isinstance(message, str) and code != ""),
        )
    if is_web_page(content):
        return _Report(message="", is_web_page=True)
    return _Report(message=printable_line(text, _LONGEST_QUOTE))
