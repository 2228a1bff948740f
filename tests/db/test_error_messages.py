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

CODES: dict[type[LedgerError], str] = {
    DatabaseBusy: "SQLITE_BUSY SQLITE_BUSY_SNAPSHOT SQLITE_LOCKED TRANSACTION_TIMEOUT"
    " TRANSACTION_BUSY STREAM_EXPIRED",
    LedgerError: "SQLITE_FULL SQLITE_IOERR SQLITE_IOERR_WRITE SQLITE_NOMEM SQLITE_CORRUPT"
    " SQLITE_READONLY SQLITE_INTERRUPT BLOCKED",
    WriteRejected: "SQLITE_AUTH",
    StatementRejected: "SQLITE_ERROR SQLITE_CONSTRAINT SQLITE_CONSTRAINT_TRIGGER SQLITE_TOOBIG"
    " SQL_PARSE_ERROR",
}
WITHOUT_CODE: dict[type[LedgerError], tuple[type[turso.Error], ...]] = {
    DatabaseUnreachable: (
        *(turso.NotSent, turso.NoSuchHost, turso.TlsFailed, turso.TooManyRequests),
        *(turso.NotTheServer, turso.ConnectionBlocked, turso.Misdirected),
    ),
    AnswerLost: (turso.TimedOut, turso.OutcomeUnknown),
    TokenRejected: (turso.TokenRefused,),
    WriteRejected: (turso.NotAllowed,),
    LedgerError: (turso.NoSuchDatabase, turso.Blocked),
    DatabaseBusy: (turso.TransactionLost,),
    StatementRejected: (turso.OperationalError,),
}


def test_the_servers_code_decides_the_error() -> None:
    cases = [(code, kind) for kind, codes in CODES.items() for code in codes.split()]
    for code, kind in (*cases, ("", StatementRejected)):
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
    for kind, errors in WITHOUT_CODE.items():
        for error in errors:
            assert type(explain(error("so it is"), "guild.example")) is kind, error


def test_a_refused_token_and_a_missing_one_have_different_messages() -> None:
    for has_token, said in ((True, "refuses your"), (False, "wants a token")):
        explained = explain(turso.TokenRefused("no"), "guild.example", has_token=has_token)
        assert type(explained) is TokenRejected
        assert said in str(explained)


def test_server_trouble_is_quoted() -> None:
    explained = explain(error_for("SQLITE_FULL", "database or disk is full"), "guild.example")
    assert "guild.example" in str(explained)
    assert "database or disk is full" in str(explained)
