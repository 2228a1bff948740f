"""A driver for libSQL servers such as Turso: batches, DB-API 2.0, and a database for Peewee.

    from tracker_tui.turso import TursoDatabase, connect, create_client

    client = create_client("libsql://guild-me.turso.io", token)
    client.batches([[("SELECT 1", ())], [("SELECT 2", ())]])   # one request, two transactions

    connection = connect("libsql://guild-me.turso.io", auth_token=token)
    database = TursoDatabase("libsql://guild-me.turso.io", auth_token=token)

It speaks Hrana 3 over HTTP through one kept-alive connection, and imports only `net` of this
program. The way of a batch: `client` encodes its `statements` as one `batches` transaction,
`pipeline` posts it, and `batches` and `values` parse the answer. `connection` and `cursor` build
DB-API 2.0 on the same pipeline, and `peewee_database` builds Peewee on them. No cookies are kept.

`connect` behaves like `sqlite3.connect`, except:

- Python functions, `ATTACH`, temporary tables and infinity do not work.
- `changes()` and `last_insert_rowid()` work only inside a transaction.
- A script with a syntax error may not run at all.
- `total_changes` omits the changes of triggers, and those of a statement that failed afterwards.
- A value that cannot be sent begins no transaction; `executemany` without values sends nothing.
- If a statement mixes names and `?`, a column named after a placeholder is called by its number.
- One in some hundred floats of 17 digits loses its last digit, because the server rounds twice (see
  `values`).
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

from tracker_tui.turso.client import Traffic, create_client
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
from tracker_tui.turso.values import StatementResult

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
    "create_client",
    "paramstyle",
    "threadsafety",
]
