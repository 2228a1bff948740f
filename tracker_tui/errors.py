"""The program's errors, each with a sentence for the player.

A message says what happened and what to do next. It never contains a secret, so it can be printed,
logged or shown as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TrackerError(Exception):
    """An error that the program can explain; `exit_status` is the command line's."""

    exit_status = 1


class UnexpectedError(TrackerError):
    """A bug in this program; `__cause__` is what Python raised."""


def fault_of(error: Exception) -> UnexpectedError:
    """Return the error to show for an unexpected exception."""
    return UnexpectedError(
        f"Something in the program itself went wrong ({type(error).__name__}). "
        "Changes that are not stored yet stay pending. Please report it."
    )


def explained(work: Callable[[], T]) -> T:
    """Return the result of `work`; turns every exception into a TrackerError."""
    try:
        return work()
    except TrackerError:
        raise
    except Exception as error:
        raise fault_of(error) from error


class UsageError(TrackerError):
    """The command line is invalid."""

    exit_status = 2


class OutputError(TrackerError):
    """The result could not be written, because the disk is full."""


class ReaderGone(OutputError):
    """The reader of standard output is gone, as after `| head`; there is nothing to print."""


class ConfigError(TrackerError):
    """A setting is missing, malformed, or contradicts another."""

    exit_status = 2


class NotPermitted(TrackerError):
    """The member lacks the right to do this."""

    exit_status = 3


class LedgerError(TrackerError):
    """The database can't serve: it is unreadable, full, or belongs to another program."""

    exit_status = 4

    def __init__(self, what: str = "", advice: str = "") -> None:
        """`advice` is for a request that is lost; a saved change is sent again without it."""
        super().__init__(f"{what} {advice}".rstrip())
        self.what = what
        """The sentence without the advice, which also fits a saved change."""


class NotATrackerDatabase(LedgerError):
    """The database works, but lacks the five tables."""


class DatabaseBusy(LedgerError):
    """Another program holds the database; the same call may succeed a moment later."""


class DatabaseUnreachable(LedgerError):
    """The server gave no answer, or asked to wait; the same call may succeed later."""

    retry_after: float | None = None
    """Seconds to wait, if the server named a time."""


class AnswerLost(DatabaseUnreachable):
    """The request may have been carried out or not; a change that is sent again applies once."""


class TokenRejected(LedgerError):
    """The server rejects the token."""


class WriteRejected(LedgerError):
    """The token may read, but not do this."""


class LocalFileError(TrackerError):
    """One of this program's files, such as the outbox, can't be read or written."""


class LocalFileDamaged(LocalFileError):
    """A file with this error is damaged and has to be set aside."""


class InvalidResource(TrackerError):
    """A resource has values that the data contract forbids."""


class StatementRejected(LedgerError):
    """The database rejects this statement, now and later: a constraint, a trigger."""


class InvalidPeriod(UsageError):
    """A text is not a period."""


class UnknownResource(TrackerError):
    """A name matches no resource, or several."""
