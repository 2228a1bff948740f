"""The driver's errors as messages for players: busy, server trouble, rejected, or unknown."""

from __future__ import annotations

from tracker_tui import turso
from tracker_tui.db.error_messages import explain
from tracker_tui.errors import (
    AnswerLost,
    DatabaseBusy,
    DatabaseUnreachable,
    LedgerError,
    StatementRejected,
    TokenRejected,
    WriteRejected,
)
from tracker_tui.turso.errors import error_for

CODES: tuple[tuple[str, type[LedgerError]], ...] = (
    ("SQLITE_BUSY", DatabaseBusy),
    ("SQLITE_BUSY_SNAPSHOT", DatabaseBusy),
    ("SQLITE_LOCKED", DatabaseBusy),
    ("TRANSACTION_TIMEOUT", DatabaseBusy),
    ("TRANSACTION_BUSY", DatabaseBusy),
    ("STREAM_EXPIRED", DatabaseBusy),
    ("SQLITE_FULL", LedgerError),
    ("SQLITE_IOERR", LedgerError),
    ("SQLITE_IOERR_WRITE", LedgerError),
    ("SQLITE_NOMEM", LedgerError),
    ("SQLITE_CORRUPT", LedgerError),
    ("SQLITE_READONLY", LedgerError),
    ("SQLITE_INTERRUPT", LedgerError),
    ("BLOCKED", LedgerError),
    ("SQLITE_AUTH", WriteRejected),
    ("SQLITE_ERROR", StatementRejected),
    ("SQLITE_CONSTRAINT", StatementRejected),
    ("SQLITE_CONSTRAINT_TRIGGER", StatementRejected),
    ("SQLITE_TOOBIG", StatementRejected),
    ("SQL_PARSE_ERROR", StatementRejected),
    ("", StatementRejected),
)
WITHOUT_CODE: tuple[tuple[type[turso.Error], type[LedgerError]], ...] = (
    (turso.NotSent, DatabaseUnreachable),
    (turso.NoSuchHost, DatabaseUnreachable),
    (turso.TlsFailed, DatabaseUnreachable),
    (turso.TooManyRequests, DatabaseUnreachable),
    (turso.TimedOut, AnswerLost),
    (turso.OutcomeUnknown, AnswerLost),
    (turso.TokenRefused, TokenRejected),
    (turso.NotAllowed, WriteRejected),
    (turso.NoSuchDatabase, LedgerError),
    (turso.Blocked, LedgerError),
    (turso.NotTheServer, DatabaseUnreachable),
    (turso.ConnectionBlocked, DatabaseUnreachable),
    (turso.Misdirected, DatabaseUnreachable),
    (turso.TransactionLost, DatabaseBusy),
    (turso.OperationalError, StatementRejected),
)


def test_the_servers_code_decides_the_error() -> None:
    for code, kind in CODES:
        explained = explain(error_for(code, "so it is"), "guild.example")
        assert type(explained) is kind, code
        assert str(explained).isprintable()
        assert str(explained).endswith(".")
        # After a second attempt the outcome of the first is unknown.
        error = error_for(code, "so it is")
        error.may_have_happened = True
        explained = explain(error, "guild.example")
        assert type(explained) is AnswerLost, code
        assert "lost an answer" in str(explained)


def test_the_exception_decides_an_error_without_a_code() -> None:
    found = {of: type(explain(of("so it is"), "guild.example")) for of, _ in WITHOUT_CODE}
    assert found == dict(WITHOUT_CODE)


def test_a_refused_token_and_a_missing_one_have_different_messages() -> None:
    for has_token, said in ((True, "refuses your"), (False, "wants a token")):
        explained = explain(turso.TokenRefused("no"), "guild.example", has_token=has_token)
        assert type(explained) is TokenRejected
        assert said in str(explained)


def test_server_trouble_is_quoted() -> None:
    explained = explain(error_for("SQLITE_FULL", "database or disk is full"), "guild.example")
    assert "guild.example" in str(explained)
    assert "database or disk is full" in str(explained)
