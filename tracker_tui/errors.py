"""The typed errors of the program, each with one clear sentence for the person in front of it.

A message says what happened and what to do next. It never holds a secret, so that it may be
printed, logged or put on a screen as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TrackerError(Exception):
    """Anything that the program can explain; `exit_status` is what the command line ends with."""

    exit_status = 1


class UnexpectedError(TrackerError):
    """A fault of the program's own; its cause is what Python raised."""


def fault_of(error: Exception) -> UnexpectedError:
    """Return what to tell of an exception that nobody expected."""
    return UnexpectedError(
        f"Something in the program itself went wrong ({type(error).__name__}). "
        "What was not stored stays pending; please report it."
    )


def explained(work: Callable[[], T]) -> T:
    """Return what `work` returns; raises TrackerError, whatever it raises."""
    try:
        return work()
    except TrackerError:
        raise
    except Exception as error:
        raise fault_of(error) from error


class UsageError(TrackerError):
    """What was typed on the command line makes no sense."""

    exit_status = 2


class OutputError(TrackerError):
    """The result could not be printed: the disk behind it is full."""


class ReaderGone(OutputError):
    """Whoever was to read the result has gone, as `head` does; nobody is left to be told."""


class ConfigError(TrackerError):
    """A setting is missing, malformed or contradicts another."""

    exit_status = 2


class NotPermitted(TrackerError):
    """Who is signed in may not do this."""

    exit_status = 3


class LedgerError(TrackerError):
    """The database cannot serve: unreadable, not ours, full, refused."""

    exit_status = 4

    def __init__(self, what: str = "", advice: str = "") -> None:
        """`advice` is for someone whose request is lost; what is saved is sent without them."""
        super().__init__(f"{what} {advice}".rstrip())
        self.what = what
        """The sentence without the advice: it is true of a change that is saved, too."""


class NotATrackerDatabase(LedgerError):
    """The file or server is fine, but the five tables are not in it."""


class DatabaseBusy(LedgerError):
    """Somebody else holds the database; the same call may succeed a moment later."""


class DatabaseUnreachable(LedgerError):
    """The server gave no answer, or asked to come back; the same call may succeed later."""

    retry_after: float | None = None
    """Seconds for which the server asked to be left alone, if it did."""


class AnswerLost(DatabaseUnreachable):
    """What was sent may have been carried out or not; a change may be sent again, and is once."""


class TokenRejected(LedgerError):
    """The server does not accept the token at all."""


class WriteRejected(LedgerError):
    """The token may read, and not do this."""


class LocalFileError(TrackerError):
    """A file of this program's own, outbox or replica, cannot be read or written."""


class LocalFileDamaged(LocalFileError):
    """What is in such a file makes no sense: it has to be set aside."""


class InvalidResource(TrackerError):
    """A resource was to be written with values that the data contract forbids."""


class StatementRejected(LedgerError):
    """The database refuses this one statement, now and later: a constraint, a trigger."""


class InvalidPeriod(UsageError):
    """A text was to name a period, and names none."""


class UnknownResource(TrackerError):
    """No resource, or more than one, goes by what was asked for."""
