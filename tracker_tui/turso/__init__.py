"""A driver for libSQL servers such as Turso: DB-API 2.0, and a database for Peewee.

    from tracker_tui.turso import TursoDatabase, connect

    connection = connect("libsql://guild-me.turso.io", auth_token=token)
    database = TursoDatabase("libsql://guild-me.turso.io", auth_token=token)

It speaks Hrana 3 over HTTP ("SQL over HTTP") through one kept-alive connection, and knows nothing
of the rest of this program. `connect` behaves as `sqlite3.connect` does, as far as a server can;
what it cannot: functions in Python, `ATTACH`, temporary tables, infinity, and `changes()` or
`last_insert_rowid()` in a statement of its own, since each stands alone outside a transaction. A
script with a syntax error may run not at all; `total_changes` leaves out what triggers changed, and
what a statement changed that then failed; a value that cannot be sent begins no transaction;
`executemany` of no values sends nothing; where names and `?` are mixed, a column named after a
placeholder is called by its number; and one float of 17 digits in some hundreds loses its last
place, as the server rounds what it reads twice (see `numerals`).
"""

from __future__ import annotations

from sqlite3.dbapi2 import (
    Binary,
    Date,
    DateFromTicks,
    Time,
    TimeFromTicks,
    Timestamp,
    TimestampFromTicks,
)
from typing import Final

from tracker_tui.turso.client import Traffic
from tracker_tui.turso.connection import Connection, connect
from tracker_tui.turso.cursor import Cursor
from tracker_tui.turso.errors import (
    Blocked,
    ConnectionBlocked,
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    Misdirected,
    NoSuchDatabase,
    NoSuchHost,
    NotAllowed,
    NotSent,
    NotSupportedError,
    NotTheServer,
    OperationalError,
    OutcomeUnknown,
    PlainTextRefused,
    ProgrammingError,
    TimedOut,
    TlsFailed,
    TokenRefused,
    TooManyRequests,
    TransactionLost,
    Warning,  # noqa: A004 - the name is DB-API's
)
from tracker_tui.turso.peewee_database import TursoDatabase
from tracker_tui.turso.results import StatementResult

apilevel: Final = "2.0"
threadsafety: Final = 1
paramstyle: Final = "qmark"

__all__ = [
    "Binary",
    "Blocked",
    "Connection",
    "ConnectionBlocked",
    "Cursor",
    "DataError",
    "DatabaseError",
    "Date",
    "DateFromTicks",
    "Error",
    "IntegrityError",
    "InterfaceError",
    "InternalError",
    "Misdirected",
    "NoSuchDatabase",
    "NoSuchHost",
    "NotAllowed",
    "NotSent",
    "NotSupportedError",
    "NotTheServer",
    "OperationalError",
    "OutcomeUnknown",
    "PlainTextRefused",
    "ProgrammingError",
    "StatementResult",
    "Time",
    "TimeFromTicks",
    "TimedOut",
    "Timestamp",
    "TimestampFromTicks",
    "TlsFailed",
    "TokenRefused",
    "TooManyRequests",
    "Traffic",
    "TransactionLost",
    "TursoDatabase",
    "Warning",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]
