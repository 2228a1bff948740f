"""What a server or the way to it does, in one sentence for the player with what to do next."""

from __future__ import annotations

from collections.abc import Callable
from time import localtime, strftime, time
from typing import Final, NamedTuple

from tracker_tui import turso
from tracker_tui.errors import (
    AnswerLost,
    DatabaseBusy,
    DatabaseUnreachable,
    LedgerError,
    StatementRejected,
    TokenRejected,
    WriteRejected,
)


class _Explanation(NamedTuple):
    """What one of the driver's errors means for us; the sentences follow the server's name."""

    of: type[turso.Error]
    error: Callable[[str, str], LedgerError]
    what: str
    advice: str = ""
    """What to do where nothing is saved that is sent by itself later."""


_UNKNOWN: Final = (turso.OutcomeUnknown, turso.TimedOut)
_AGAIN: Final = "Try again in a moment."
_BUSY_CODES: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "TRANSACTION_")
_TROUBLE_CODES: Final = tuple(
    f"SQLITE_{code}" for code in ("FULL", "IOERR", "NOMEM", "CORRUPT", "READONLY", "INTERRUPT")
)
"""What is wrong with the server for the time being, and not with a statement."""
_EXPLANATIONS: Final = (
    _Explanation(
        turso.NoSuchHost,
        DatabaseUnreachable,
        "cannot be found. Check the network, and TURSO_DATABASE_URL.",
    ),
    _Explanation(
        turso.TlsFailed,
        DatabaseUnreachable,
        "has no encryption that this machine trusts. Check TURSO_DATABASE_URL and the clock.",
    ),
    _Explanation(
        turso.NotSent,
        DatabaseUnreachable,
        "cannot be reached. Check the network.",
        "Then try again.",
    ),
    _Explanation(
        turso.ConnectionBlocked,
        DatabaseUnreachable,
        "cannot be reached: {said}.",
    ),
    _Explanation(
        turso.NotTheServer,
        DatabaseUnreachable,
        "cannot be reached. {said}: a proxy, or a network that you have to sign in to. "
        "Check the network, and TURSO_DATABASE_URL.",
    ),
    _Explanation(
        turso.Misdirected,
        DatabaseUnreachable,
        "points elsewhere, where your token must not go. Check the network, and "
        "TURSO_DATABASE_URL.",
    ),
    _Explanation(
        turso.TimedOut,
        AnswerLost,
        "did not answer in time. Check the network.",
        "Then try again.",
    ),
    _Explanation(
        turso.OutcomeUnknown,
        AnswerLost,
        "gave no usable answer. {said}.",
        _AGAIN,
    ),
    _Explanation(
        turso.TooManyRequests,
        DatabaseUnreachable,
        "has too many requests to serve{until}.",
        _AGAIN,
    ),
    _Explanation(
        turso.TokenRefused,
        TokenRejected,
        "refuses your TURSO_AUTH_TOKEN. Ask whoever runs the database for a new one.",
    ),
    _Explanation(
        turso.NotAllowed,
        WriteRejected,
        "does not allow your TURSO_AUTH_TOKEN to do this. Ask whoever runs it for one that may.",
    ),
    _Explanation(
        turso.NoSuchDatabase,
        LedgerError,
        "has no such database. Check TURSO_DATABASE_URL.",
    ),
    _Explanation(
        turso.Blocked,
        LedgerError,
        "is blocked, as when the limits of its plan are reached. Whoever runs it can raise them.",
    ),
    _Explanation(
        turso.TransactionLost,
        DatabaseBusy,
        "gave up on this.",
        _AGAIN,
    ),
)


def explain(error: object, where: str, *, has_token: bool = True) -> LedgerError:
    """Turn one of the driver's errors into one of ours; `where` is what to call the server."""
    if isinstance(error, turso.TokenRefused) and not has_token:
        return TokenRejected(f"{where} wants a token. Ask who runs it, and set TURSO_AUTH_TOKEN.")
    if getattr(error, "may_have_happened", False) and not isinstance(error, _UNKNOWN):
        # It tells of a second sending; what became of the first is not known.
        return AnswerLost(f"{where} lost an answer on the way.", _AGAIN)
    code = getattr(error, "code", "")
    if code.startswith(_BUSY_CODES):
        return DatabaseBusy(f"{where} is busy with somebody else's change.", _AGAIN)
    said = str(error).rstrip(".")
    if code.startswith(_TROUBLE_CODES):
        return LedgerError(f"{where} is in trouble: {said}. Tell whoever runs it.")
    for each in _EXPLANATIONS:
        if isinstance(error, each.of):
            return _explained(error, each, where, said)
    return StatementRejected(f"The database refused: {said}.")


def _explained(error: turso.Error, explanation: _Explanation, where: str, said: str) -> LedgerError:
    asked = error.retry_after
    until, advice = "", explanation.advice
    if asked is not None:
        until = (
            f", and wants to be left alone until {strftime('%H:%M:%S', localtime(time() + asked))}"
        )
        advice = "Try again after that."
    what = f"{where} {explanation.what.format(said=said, until=until)}"
    explained = explanation.error(what, advice)
    if isinstance(explained, DatabaseUnreachable):
        explained.retry_after = asked
    return explained
