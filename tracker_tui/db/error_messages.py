"""Messages for the player when a server, or the network on the way to it, fails.

Each error of the driver becomes an error of ours with a sentence that says what to do next. For
example, `turso.NoSuchHost` becomes `DatabaseUnreachable("guild.example cannot be found. Check the
network, and TURSO_DATABASE_URL.")`. Files of SQLite have their messages in `tracker_tui.db.sqlite`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import localtime, strftime, time
from typing import Final

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


@dataclass(frozen=True, kw_only=True)
class _Message:
    """The meaning of a driver error for the player."""

    of: type[turso.Error]
    becomes: Callable[[str, str], LedgerError]
    text: str
    """A sentence that follows the name of the server."""
    advice: str = ""
    """Advice if nothing was saved that is sent later without the player."""


_UNKNOWN: Final = (turso.OutcomeUnknown, turso.TimedOut)
_AGAIN: Final = "Try again in a moment."
_BUSY_CODES: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "TRANSACTION_")
_TROUBLE_CODES: Final = tuple(
    f"SQLITE_{code}" for code in ("FULL", "IOERR", "NOMEM", "CORRUPT", "READONLY", "INTERRUPT")
)
"""Trouble of the server itself; the statement is not to blame."""
_MESSAGES: Final = (
    _Message(
        of=turso.NoSuchHost,
        becomes=DatabaseUnreachable,
        text="cannot be found. Check the network, and TURSO_DATABASE_URL.",
    ),
    _Message(
        of=turso.TlsFailed,
        becomes=DatabaseUnreachable,
        text="offers no encryption that we accept. Check TURSO_DATABASE_URL and the clock.",
    ),
    _Message(
        of=turso.NotSent,
        becomes=DatabaseUnreachable,
        text="cannot be reached. Check the network.",
        advice="Then try again.",
    ),
    _Message(
        of=turso.ConnectionBlocked,
        becomes=DatabaseUnreachable,
        text="cannot be reached: {reason}.",
    ),
    _Message(
        of=turso.NotTheServer,
        becomes=DatabaseUnreachable,
        text="cannot be reached. {reason}: a proxy, or a network that you have to sign in to. "
        "Check the network, and TURSO_DATABASE_URL.",
    ),
    _Message(
        of=turso.Misdirected,
        becomes=DatabaseUnreachable,
        text="points elsewhere, where your token must not go. Check the network, and "
        "TURSO_DATABASE_URL.",
    ),
    _Message(
        of=turso.TimedOut,
        becomes=AnswerLost,
        text="did not answer in time. Check the network.",
        advice="Then try again.",
    ),
    _Message(
        of=turso.OutcomeUnknown,
        becomes=AnswerLost,
        text="gave no usable answer. {reason}.",
        advice=_AGAIN,
    ),
    _Message(
        of=turso.TooManyRequests,
        becomes=DatabaseUnreachable,
        text="has too many requests to serve{until}.",
        advice=_AGAIN,
    ),
    _Message(
        of=turso.TokenRefused,
        becomes=TokenRejected,
        text="refuses your TURSO_AUTH_TOKEN. Ask whoever runs the database for a new one.",
    ),
    _Message(
        of=turso.NotAllowed,
        becomes=WriteRejected,
        text="does not allow your TURSO_AUTH_TOKEN to do this. Ask whoever runs it for one that "
        "may.",
    ),
    _Message(
        of=turso.NoSuchDatabase,
        becomes=LedgerError,
        text="has no such database. Check TURSO_DATABASE_URL.",
    ),
    _Message(
        of=turso.Blocked,
        becomes=LedgerError,
        text="is blocked, perhaps because it reached the limits of its plan. Tell whoever runs it.",
    ),
    _Message(
        of=turso.TransactionLost,
        becomes=DatabaseBusy,
        text="gave up on this.",
        advice=_AGAIN,
    ),
)


def explain(error: turso.Error, where: str, *, has_token: bool = True) -> LedgerError:
    """Turn an error of the driver into one of ours; `where` is the name of the server."""
    if isinstance(error, turso.TokenRefused) and not has_token:
        return TokenRejected(f"{where} wants a token. Ask who runs it, and set TURSO_AUTH_TOKEN.")
    if error.may_have_happened and not isinstance(error, _UNKNOWN):
        # The error tells of a second attempt; whether the first one succeeded is not known.
        return AnswerLost(f"{where} lost an answer on the way.", _AGAIN)
    if error.code.startswith(_BUSY_CODES):
        return DatabaseBusy(f"{where} is busy with somebody else's change.", _AGAIN)
    reason = str(error).rstrip(".")
    if error.code.startswith(_TROUBLE_CODES):
        return LedgerError(f"{where} is in trouble: {reason}. Tell whoever runs it.")
    for message in _MESSAGES:
        if isinstance(error, message.of):
            return _explained(error, message, where, reason)
    return StatementRejected(f"The database rejected it: {reason}.")


def _explained(error: turso.Error, message: _Message, where: str, reason: str) -> LedgerError:
    seconds = error.retry_after
    until, advice = "", message.advice
    if seconds is not None:
        until = f", and asks you to wait until {strftime('%H:%M:%S', localtime(time() + seconds))}"
        advice = "Try again after that."
    text = message.text.format(reason=reason, until=until)
    explained = message.becomes(f"{where} {text}", advice)
    if isinstance(explained, DatabaseUnreachable):
        explained.retry_after = seconds
    return explained
