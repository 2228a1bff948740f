"""The exceptions of the driver: the tree of DB-API 2.0, and what can go wrong on the way.

Each is also the exception of that name in `sqlite3`, so that code written for `sqlite3` needs no
other `except`. Messages never hold a token.
"""

from __future__ import annotations

import re
import sqlite3
from typing import Final


class Error(sqlite3.Error):
    """Whatever the driver raises; `code` is the server's own word for it, "" if it gave none."""

    may_have_happened = False
    """Whether what was asked for may have been carried out all the same."""

    retry_after: float | None = None
    """Seconds for which the server asked to be left alone, if it did (Retry-After)."""

    def __init__(self, message: str = "", code: str = "") -> None:
        super().__init__(message)
        self.code = code


class Warning(sqlite3.Warning):  # noqa: A001 - the name is DB-API's
    """Never raised; DB-API 2.0 wants it."""


class InterfaceError(Error, sqlite3.InterfaceError):
    """The driver was used wrongly: a URL or a token that cannot be one."""


class PlainTextRefused(InterfaceError):
    """The token would go over the network unencrypted."""


class DatabaseError(Error, sqlite3.DatabaseError):
    """Something about the database."""


class DataError(DatabaseError, sqlite3.DataError):
    """A value that the database cannot take."""


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


# All of them right below OperationalError: Peewee looks no further up than that for its own class.


class NotSent(OperationalError):
    """The server never had the whole request, so nothing happened there."""


class NoSuchHost(OperationalError):
    """The name of the server is not known, or there is no network at all."""


class TlsFailed(OperationalError):
    """No encrypted connection could be made, or the certificate is not trusted."""


class ConnectionBlocked(OperationalError):
    """A proxy, a certificate or a setting of this machine stands in the way: nothing was sent.

    The message names it, without a capital and a stop, and says what to do.
    """


class OutcomeUnknown(OperationalError):
    """The request was sent and no usable answer came: it may have been carried out or not."""

    may_have_happened = True


class TimedOut(OperationalError):
    """No whole answer came before the deadline; it may have been carried out or not."""

    may_have_happened = True


class TransactionLost(OperationalError):
    """The server ended the stream or its transaction; nothing of the transaction was kept."""


class TokenRefused(OperationalError):
    """The server does not accept the token (401)."""


class NotAllowed(OperationalError):
    """The token is good, but not for this (403)."""


class NoSuchDatabase(OperationalError):
    """The server has no such database (404)."""


class TooManyRequests(OperationalError):
    """The server asks to come back later (429); nothing was carried out."""


class Blocked(OperationalError):
    """The plan's quota of the database is used up."""


class Misdirected(OperationalError):
    """The server sends us somewhere that the token must not go."""


class NotTheServer(OperationalError):
    """Something on the way answered as no libSQL server does: a proxy, the page of a network."""


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

# What SQLite says, between what the server puts around it.
_WRAPPED: Final = re.compile(
    r"SQL(?:ite)?(?: input)? error: (.*?)(?: \(at offset \d+\))?", re.DOTALL
)


def error_for(code: str, message: str) -> Error:
    """Return the exception for an error that the server reports of a statement."""
    wrapped = _WRAPPED.fullmatch(message)
    message = wrapped[1] if wrapped else message
    kinds = (kind for prefix, kind in _BY_CODE if code.startswith(prefix))
    return next(kinds, OperationalError)(message, code)
